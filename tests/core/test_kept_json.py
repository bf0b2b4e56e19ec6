"""What the program keeps as JSON for itself may have become anything on the disk: no start waits for it or fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mobilenet_gui import paths
from mobilenet_gui.core import trial
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.kept_json import UNREADABLE, read_kept, write_kept
from mobilenet_gui.core.store import ModelStore
from tests.model_factory import make_bundle

BAD: dict[str, Callable[[Path], object]] = {
    "deep": lambda path: path.write_text("[" * 100_000),
    "huge": lambda path: path.write_bytes(bytes(20 << 20)),
    "bytes": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "digits": lambda path: path.write_text('{"active": ' + "9" * 6000 + "}"),
    "folder": lambda path: path.mkdir(),
}
if sys.platform != "win32":
    BAD["pipe"] = os.mkfifo


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
def test_it_is_refused_at_once(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "a.json")
    with pytest.raises(UNREADABLE):
        read_kept(tmp_path / "a.json")


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
def test_nobody_waits_for_it(make: Callable[[Path], object]) -> None:
    for path in (paths.models_dir() / ".state.json", paths.cache_dir() / "tried-networks.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)
    assert ModelStore().chosen_id() is None
    assert trial._read_book() == []


@pytest.mark.skipif(sys.platform == "win32", reason="pipes with names")
def test_a_pipe_in_its_place_goes(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    write_kept(tmp_path / "a.json", "{}")
    assert read_kept(tmp_path / "a.json") == {}


@pytest.mark.skipif(sys.platform == "win32", reason="pipes with names")
def test_a_model_with_a_pipe_in_it_is_refused_at_once(tmp_path: Path) -> None:
    make_bundle(tmp_path / "tiny")
    for name in ("manifest.json", "labels.csv"):
        (tmp_path / "tiny" / name).unlink()
        os.mkfifo(tmp_path / "tiny" / name)
        with pytest.raises(ModelError):
            Bundle.open(tmp_path / "tiny")
