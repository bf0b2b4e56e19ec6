"""The store of models: installs, replaces, activates, removes; two programs at once; a disk that refuses."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from mobilenet_gui.core.bundle import MODEL_FILE, Bundle
from mobilenet_gui.core.errors import ModelError, StorageError
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.core.store_files import id_from_name, is_valid_id
from tests.bundles import make_bundle


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", tmp_path / "builtin")


def put(store: ModelStore, bundle_id: str, *, content: bytes = b"network", backbone: bool = False) -> None:
    with store.staging_folder() as folder:
        make_bundle(folder / "bundle", bundle_id, content=content, backbone=backbone)
        store.install(folder / "bundle")


def ids(store: ModelStore) -> list[str]:
    return [bundle.id for bundle in store.list()]


def leftovers(store: ModelStore) -> list[str]:
    return sorted(f.name for f in store.models_dir.iterdir() if f.name.startswith((".new", ".old", ".gone")))


def test_an_empty_store_reads_without_writing(store: ModelStore) -> None:
    assert store.list() == []
    assert store.broken() == []
    assert store.active() is None
    assert store.active_id is None
    assert not store.models_dir.exists()


def test_install_list_get(store: ModelStore) -> None:
    put(store, "dogs")
    put(store, "cats")
    assert ids(store) == ["cats", "dogs"]
    assert store.get("cats").tflite_bytes() == b"network"
    assert store.disk_usage("cats") > len(b"network")
    assert store.disk_usage("birds") == 0
    assert leftovers(store) == []


def test_the_staging_folder_itself_may_be_the_bundle(store: ModelStore) -> None:
    with store.staging_folder() as folder:
        make_bundle(folder, "cats")
        store.install(folder)
    assert ids(store) == ["cats"]
    assert leftovers(store) == []


def test_installing_again_replaces(store: ModelStore) -> None:
    put(store, "cats", content=b"old")
    put(store, "cats", content=b"new")
    assert store.get("cats").tflite_bytes() == b"new"
    assert leftovers(store) == []


def test_installing_again_can_be_refused(store: ModelStore) -> None:
    put(store, "cats", content=b"old")
    with store.staging_folder() as folder:
        make_bundle(folder, "cats", content=b"new")
        with pytest.raises(ModelError, match="installed already"):
            store.install(folder, replace=False)
    assert store.get("cats").tflite_bytes() == b"old"


def test_a_damaged_bundle_is_not_installed(store: ModelStore) -> None:
    put(store, "cats", content=b"old")
    with store.staging_folder() as folder:
        make_bundle(folder, "cats", content=b"new")
        (folder / MODEL_FILE).write_bytes(b"bad")  # same length, other bytes: only the hash tells
        with pytest.raises(ModelError):
            store.install(folder)
    assert store.get("cats").tflite_bytes() == b"old"
    assert leftovers(store) == []


def test_a_broken_folder_is_told_and_stops_nothing(store: ModelStore) -> None:
    put(store, "cats")
    put(store, "dogs")
    (store.models_dir / "dogs" / "manifest.json").write_text("{")
    (store.models_dir / "notes").mkdir()
    (store.models_dir / "readme.txt").write_text("not a folder")
    (store.models_dir / "cats").rename(store.models_dir / "renamed")
    put(store, "cats")
    assert ids(store) == ["cats"]
    told = {broken.path.name: broken.reason for broken in store.broken()}
    assert set(told) == {"dogs", "notes", "renamed"}
    assert "cats" in told["renamed"]
    assert all(told.values())
    with pytest.raises(ModelError):
        store.get("dogs")
    store.remove("dogs")
    assert not (store.models_dir / "dogs").exists()


@pytest.mark.parametrize(
    "bad", ["../cats", "", ".", "..", "a/b", "a\\b", "/etc", "con", "nul.h5", "Cats", "a" * 81, "x."]
)
def test_ids_that_are_paths_or_devices_never_reach_the_disk(store: ModelStore, bad: str) -> None:
    put(store, "cats")
    assert not is_valid_id(bad)
    for call in (store.get, store.remove, store.activate):
        with pytest.raises(ModelError, match="not installed"):
            call(bad)
    assert store.disk_usage(bad) == 0
    assert ids(store) == ["cats"]


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("My Cats & Dogs (2)", "my-cats-dogs-2"),
        ("mobilenet_v1_0.75_192_quant", "mobilenet-v1-0.75-192-quant"),
        ("../../etc/passwd", "etc-passwd"),
        ("Größe Été", "grosse-ete"),
        ("Кошки", "model"),
        ("con", "model-con"),
        ("", "model"),
        ("x" * 200, "x" * 80),
    ],
)
def test_any_name_makes_a_valid_id(name: str, made: str) -> None:
    assert id_from_name(name) == made
    assert is_valid_id(made)


# --- active


def test_activate_remember_roll_back(store: ModelStore) -> None:
    put(store, "cats")
    put(store, "dogs")
    assert store.active_id == "cats"  # any usable one, as none was chosen
    assert store.chosen_id() is None
    store.activate("dogs")
    assert store.active_id == store.chosen_id() == "dogs"
    store.activate("cats")
    store.activate("cats")
    assert store.rollback().id == "dogs"
    assert store.active_id == "dogs"
    assert store.rollback().id == "cats"


def test_rolling_back_to_nothing(store: ModelStore) -> None:
    put(store, "cats")
    with pytest.raises(ModelError, match="No other model"):
        store.rollback()


def test_a_backbone_never_becomes_active(store: ModelStore) -> None:
    put(store, "body", backbone=True)
    assert store.active() is None
    with pytest.raises(ModelError, match="no classifier"):
        store.activate("body")
    assert ids(store) == ["body"]


def test_removing_the_active_one_brings_the_one_before_back(store: ModelStore) -> None:
    for name in ("birds", "cats", "dogs"):
        put(store, name)
    store.activate("dogs")
    store.activate("cats")
    store.remove("cats")
    assert store.active_id == store.chosen_id() == "dogs"
    store.remove("dogs")
    assert store.chosen_id() is None
    assert store.active_id == "birds"
    store.remove("birds")
    assert store.active() is None
    assert leftovers(store) == []


def test_a_damaged_active_model_is_passed_over(store: ModelStore) -> None:
    for name in ("cats", "dogs", "birds"):
        put(store, name)
    store.activate("cats")
    store.activate("dogs")
    (store.models_dir / "dogs" / MODEL_FILE).unlink()
    assert store.active_id == "cats"
    (store.models_dir / "cats" / MODEL_FILE).unlink()
    assert store.active_id == "birds"


@pytest.mark.parametrize("record", ["", "[]", "{", '{"active": 3}', '{"active": "../x"}', '{"active": "gone"}', "\0"])
def test_a_damaged_record_of_the_active_model(store: ModelStore, record: str) -> None:
    put(store, "cats")
    (store.models_dir / ".state.json").write_text(record)
    assert store.active_id == "cats"
    store.activate("cats")
    assert json.loads((store.models_dir / ".state.json").read_text())["active"] == "cats"


def test_a_built_in_model_serves_until_another_is_chosen(store: ModelStore, tmp_path: Path) -> None:
    make_bundle(tmp_path / "builtin" / "starter", "starter")
    put(store, "cats")
    assert store.active_id == "starter"
    assert ids(store) == ["cats", "starter"]
    assert store.is_builtin("starter")
    assert not store.is_builtin("cats")
    store.activate("cats")
    assert store.active_id == "cats"
    store.remove("cats")
    assert store.active_id == "starter"
    with pytest.raises(ModelError, match="comes with the program"):
        store.remove("starter")


def test_an_installed_model_hides_the_built_in_one_of_its_id(store: ModelStore, tmp_path: Path) -> None:
    make_bundle(tmp_path / "builtin" / "starter", "starter", content=b"built in")
    put(store, "starter", content=b"mine")
    assert ids(store) == ["starter"]
    assert store.get("starter").tflite_bytes() == b"mine"
    store.remove("starter")
    assert store.get("starter").tflite_bytes() == b"built in"


def test_a_damaged_installed_model_does_not_hide_the_built_in_one(store: ModelStore, tmp_path: Path) -> None:
    make_bundle(tmp_path / "builtin" / "starter", "starter", content=b"built in")
    put(store, "starter", content=b"mine")
    (store.models_dir / "starter" / MODEL_FILE).unlink()
    assert store.get("starter").tflite_bytes() == b"built in"
    assert store.active_id == "starter"
    assert ids(store) == ["starter"]
    assert len(store.broken()) == 1
    store.remove("starter")
    assert store.broken() == []


# --- other programs, and a disk that refuses


def test_a_model_removed_while_in_use(store: ModelStore) -> None:
    put(store, "cats")
    bundle = store.get("cats")
    network = bundle.tflite_bytes()
    ModelStore(store.models_dir, None).remove("cats")
    assert network == b"network"
    with pytest.raises(ModelError):
        bundle.tflite_bytes()
    assert store.active() is None


def test_a_staging_folder_in_use_is_left_alone_and_a_crashs_is_cleaned(store: ModelStore) -> None:
    other = ModelStore(store.models_dir, None)
    with store.staging_folder() as mine:
        (mine / "half").write_bytes(b"x")
        dead = store.models_dir / ".new-deadbeef"
        dead.mkdir()
        (dead / "half").write_bytes(b"x")
        (store.models_dir / ".gone-deadbeef-cats").mkdir()
        with other.staging_folder() as theirs:
            assert mine.exists()
            assert theirs.exists()
            assert not dead.exists()
        assert (mine / "half").exists()
        assert leftovers(store) == [mine.name, mine.name + ".lock"]
    assert leftovers(store) == []


def test_a_removal_frees_what_crashes_left(store: ModelStore) -> None:
    put(store, "cats")
    (store.models_dir / ".new-deadbeef").mkdir()
    (store.models_dir / ".new-deadbeef" / "half").write_bytes(b"x")
    with store.staging_folder() as mine:
        (store.models_dir / ".new-0badf00d").mkdir()
        ModelStore(store.models_dir, None).remove("cats")
        assert leftovers(store) == [mine.name, mine.name + ".lock"]
    assert leftovers(store) == []


def test_a_replacement_cut_in_half_is_undone_when_read(store: ModelStore) -> None:
    put(store, "cats", content=b"good")
    (store.models_dir / "cats").rename(store.models_dir / ".old-0badf00d-cats")
    assert ModelStore(store.models_dir, None).get("cats").tflite_bytes() == b"good"
    assert leftovers(store) == []


def test_a_replacement_that_was_done_keeps_the_new_one(store: ModelStore) -> None:
    put(store, "cats", content=b"new")
    make_bundle(store.models_dir / ".old-0badf00d-cats", "cats", content=b"old")
    assert store.get("cats").tflite_bytes() == b"new"
    assert leftovers(store) == []


def test_a_busy_store_says_so(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from filelock import FileLock

    put(store, "cats")
    monkeypatch.setattr("mobilenet_gui.core.store_folder.LOCK_SECONDS", 0.05)
    with FileLock(store.models_dir / ".lock"), pytest.raises(StorageError, match="Another program"):
        store.activate("cats")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = ModelStore(tmp_path / "file" / "models", tmp_path / "builtin")
    assert store.list() == []
    with pytest.raises(StorageError) as caught, store.staging_folder():
        pass
    assert str(tmp_path / "file" / "models") == caught.value.subject


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_read_only_home_still_reads(store: ModelStore) -> None:
    put(store, "cats")
    store.models_dir.chmod(0o500)
    try:
        assert store.active_id == "cats"
        with pytest.raises(StorageError, match="permission"):
            store.activate("cats")
        with pytest.raises(StorageError, match="permission"):
            store.remove("cats")
    finally:
        store.models_dir.chmod(0o700)


def test_a_bundle_replaced_while_it_is_opened_is_opened_anew(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "cats", content=b"old")
    real = Bundle.open
    calls: list[Path] = []

    def torn(folder: Path) -> Bundle:
        calls.append(folder)
        if len(calls) == 1:  # another program swaps it between the manifest and the files
            folder.rename(tmp_path / "gone")
            make_bundle(folder, "cats", content=b"new and longer")
            raise ModelError(str(folder), "damaged")
        return real(folder)

    monkeypatch.setattr(Bundle, "open", torn)
    assert store.get("cats").tflite_bytes() == b"new and longer"
    assert len(calls) > 1


def _churn(folder: str, name: str, rounds: int) -> None:
    store = ModelStore(Path(folder), Path(folder) / "none")
    for number in range(rounds):
        put(store, name, content=f"{name} {number}".encode())
        put(store, "shared", content=f"{name} {number}".encode())
        store.activate("shared")
        assert store.active() is not None
        store.remove(name)


def test_several_programs_at_once(store: ModelStore) -> None:
    context = multiprocessing.get_context("spawn")
    programs = [
        context.Process(target=_churn, args=(str(store.models_dir), name, 12)) for name in ("one", "two", "three")
    ]
    for program in programs:
        program.start()
    done = threading.Event()
    seen: list[str] = []

    def look() -> None:
        # Whenever one looks, what is listed is whole.
        while not done.is_set():
            seen.extend(
                f"{b.path.name}: {b.reason}" for b in store.broken() if b.path.name == "shared" and b.path.exists()
            )

    watcher = threading.Thread(target=look)
    watcher.start()
    for program in programs:
        program.join(60)
    done.set()
    watcher.join()
    assert [program.exitcode for program in programs] == [0, 0, 0]
    assert ids(store) == ["shared"]
    assert store.active_id == "shared"
    assert leftovers(store) == []
