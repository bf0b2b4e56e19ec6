"""Settings: tolerant reading, sparse atomic saving."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mobilenet_gui.core.atomic import write_atomically
from mobilenet_gui.core.errors import StorageError, UserError
from mobilenet_gui.settings import Settings, SettingsStore


def test_only_changed_values_are_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.json"
    store = SettingsStore(path)
    store.update(theme="dark", sure_from=0.7)
    assert json.loads(path.read_text()) == {"theme": "dark", "sure_from": 0.7}
    store.update(theme="system")
    assert json.loads(path.read_text()) == {"sure_from": 0.7}
    assert SettingsStore(path).values.sure_from == 0.7


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '"x"', "\x00\x01", '{"theme": ' * 2000, '{"threads": 1' + "1" * 5000 + "}"]
)
def test_a_damaged_file_gives_defaults_and_is_kept_aside(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    store = SettingsStore(path)
    assert store.values == Settings()
    assert store.problem is not None
    assert (tmp_path / "settings.json.damaged").read_text() == text
    store.update(threads=2)
    assert SettingsStore(path).values.threads == 2


@pytest.mark.skipif(sys.platform == "win32", reason="has no named pipes in folders")
def test_what_is_no_file_neither_hangs_nor_stops(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    os.mkfifo(path)
    assert "it is not a file" in (SettingsStore(path).problem or "")
    path.mkdir()
    assert "it is not a file" in (SettingsStore(path).problem or "")
    (tmp_path / "file").write_text("not a folder")
    problem = SettingsStore(tmp_path / "file" / "settings.json").problem or ""
    assert problem.startswith(str(tmp_path / "file"))
    assert "kept" not in problem


def test_a_mark_in_front_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('\ufeff{"theme": "dark"}', encoding="utf-8")
    store = SettingsStore(path)
    assert (store.values.theme, store.problem) == ("dark", None)


def test_folder_names_that_are_no_text_survive(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    SettingsStore(path).update(last_folder="/photos/caf\udce9", proxy="http://bücher:1")
    values = SettingsStore(path).values
    assert (values.last_folder, values.proxy) == ("/photos/caf\udce9", "http://bücher:1")


def test_bad_values_fall_back_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(
        json.dumps(
            {
                "theme": "pink",
                "threads": True,
                "sure_from": 7,
                "explain": True,
                "inspector_width": "wide",
                "x": 1,
                "explain_strength": 10**400,
            }
        )
    )
    store = SettingsStore(path)
    assert store.values == Settings(explain=True)
    assert store.problem is None


def test_what_a_newer_version_has_set_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"explain": True, "holograms": {"depth": 3}}))
    SettingsStore(path).update(explain=False, theme="dark")
    assert json.loads(path.read_text()) == {"theme": "dark", "holograms": {"depth": 3}}


def test_update_refuses_what_the_table_refuses(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.json")
    with pytest.raises(KeyError):
        store.update(nonsense=1)
    for change in ({"theme": "pink"}, {"sure_from": 2}, {"threads": -1}, {"explain": 1}, {"sure_from": float("nan")}):
        with pytest.raises(ValueError, match="setting"):
            store.update(**change)
    assert store.values == Settings()


def test_listeners_hear_only_real_changes(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.json")
    heard: list[frozenset[str]] = []
    store.subscribe(heard.append)
    store.update(theme="dark")
    store.update(theme="dark")
    store.update(theme="light", sure_from=0.6)
    assert heard == [frozenset({"theme"}), frozenset({"theme", "sure_from"})]


def test_an_unwritable_folder_is_said_and_the_value_holds(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    store = SettingsStore(blocker / "settings.json")
    heard: list[UserError | None] = []
    store.save_by(lambda write, then: then(_error_of(write)), heard.append)
    store.update(theme="dark")
    assert store.values.theme == "dark"
    assert isinstance(heard[0], StorageError)
    assert heard[0].subject == str(blocker / "settings.json")
    SettingsStore(blocker / "settings.json").update(theme="dark")  # with nobody to tell


def _error_of(write: Callable[[], None]) -> UserError | None:
    try:
        write()
    except UserError as error:
        return error
    return None


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, b"old")

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
