"""A project as one zip: there and back, and what hostile, damaged and newer ones come to."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mobilenet_gui.core import zip_entries
from mobilenet_gui.core.errors import Cancelled, ProjectError, StorageError
from mobilenet_gui.training import archive_reading, project_file
from mobilenet_gui.training.archive import export_zip
from mobilenet_gui.training.archive_reading import import_zip
from mobilenet_gui.training.project import NewPhoto, Project
from mobilenet_gui.training.project_copies import copy_photos
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.training_settings import TrainingSettings
from tests.photo_samples import encoded, shapes


@pytest.fixture
def store(tmp_path: Path) -> ProjectStore:
    return ProjectStore(tmp_path / "projects")


@pytest.fixture
def project(store: ProjectStore, tmp_path: Path) -> Project:
    """Four photos: three referenced (two of the same content), one copied; settings, flags and a group."""
    project = store.create("Gärten 🌱")
    files = []
    for n in range(4):
        files.append(tmp_path / "pictures" / f"фото {n}.PNG")
        files[-1].parent.mkdir(exist_ok=True)
        files[-1].write_bytes(encoded(shapes(32, 24, max(n, 1)), "PNG"))
    copied = copy_photos(project.folder, files[3:]).paths[files[3]]
    project.add_photos([NewPhoto(path, class_name="Birds", group="burst") for path in files[:3]])
    project.add_photos([NewPhoto(copied, class_name="None", copied=True, split="test")])
    project.set_background("c2", True)
    project.leave_out(["2"])
    project.set_settings(TrainingSettings(preset="best", seed=7))
    project.save()
    project.close()
    return project


def contents(project: Project) -> object:
    photos = [(p.id, p.class_id, p.split, p.group, p.left_out, p.path.read_bytes()) for p in project.photos.values()]
    return project.name, project.classes, project.settings, photos


def opened(store: ProjectStore, project_id: str) -> Project:
    project = store.open(project_id)
    project.close()
    return project


def rewritten(
    source: Path,
    target: Path,
    change: Callable[[dict[str, bytes]], None] = lambda _: None,
    prefix: str = "",
) -> Path:
    """Write a zip anew, its entries changed."""
    with zipfile.ZipFile(source) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(prefix + name, data)
    return target


def nothing_left(store: ProjectStore) -> bool:
    return [path.name for path in store.projects_dir.iterdir() if path.name.startswith(".new")] == []


def test_there_and_back(store: ProjectStore, project: Project, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    made = export_zip(project.snapshot(), tmp_path / "garden.zip", progress=lambda *at: seen.append(at))
    assert (made.photos, made.problems) == (3, ())  # the same content is in it once
    assert seen[-1] == (4, 4)
    back = import_zip(store, made.path)
    assert (back.photos, back.problems) == (4, ())
    again = opened(store, back.id)
    assert again.id != project.id
    assert contents(again) == contents(project)
    assert all(p.copied and p.path.is_relative_to(again.folder) for p in again.photos.values())
    assert nothing_left(store)
    assert sorted(path.name for path in again.folder.iterdir()) == ["photos", "project.json", "project.lock"]


def test_the_same_project_makes_the_same_zip(project: Project, tmp_path: Path) -> None:
    one, two = (export_zip(project.snapshot(), tmp_path / name).path for name in ("1.zip", "2.zip"))
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert archive.testzip() is None
        assert all(name == "project.json" or project_file.is_copy_name(name) for name in archive.namelist())


def test_without_photos_they_are_found_where_they_are(store: ProjectStore, project: Project, tmp_path: Path) -> None:
    made = store.export_zip(project.id, tmp_path / "small.zip", include_photos=False)
    assert made.photos == 1
    again = opened(store, store.import_zip(made.path).id)
    assert contents(again) == contents(project)
    assert [p.copied for p in again.photos.values()] == [False, False, False, True]


def test_a_photo_that_is_gone_is_named_and_stays_in_the_project(
    store: ProjectStore, project: Project, tmp_path: Path
) -> None:
    gone = project.photos["1"].path
    gone.unlink()
    made = export_zip(project.snapshot(), tmp_path / "garden.zip")
    assert [problem.subject for problem in made.problems] == [str(gone)]
    again = opened(store, import_zip(store, made.path).id)
    assert again.photos["1"].path == gone
    assert again.count() == project.count()


def test_export_can_be_cancelled_and_keeps_the_old_file(project: Project, tmp_path: Path) -> None:
    target, cancel = tmp_path / "garden.zip", threading.Event()
    target.write_text("the old one")
    with pytest.raises(Cancelled):
        export_zip(project.snapshot(), target, cancel=cancel, progress=lambda n, _: cancel.set() if n == 2 else None)
    assert target.read_text() == "the old one"
    assert not list(tmp_path.glob(".garden*"))


def test_a_full_disk_keeps_the_old_file(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "garden.zip"
    target.write_text("the old one")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="The disk is full"):
        export_zip(project.snapshot(), target)
    assert target.read_text() == "the old one"
    assert not list(tmp_path.glob(".garden*"))


def test_import_can_be_cancelled_and_leaves_nothing(store: ProjectStore, project: Project, tmp_path: Path) -> None:
    made, cancel = export_zip(project.snapshot(), tmp_path / "garden.zip"), threading.Event()
    with pytest.raises(Cancelled):
        import_zip(store, made.path, cancel=cancel, progress=lambda n, _: cancel.set() if n == 1 else None)
    assert len(store.summaries()) == 1
    assert nothing_left(store)


def test_a_folder_packed_by_hand_is_taken_too(store: ProjectStore, project: Project, tmp_path: Path) -> None:
    made = export_zip(project.snapshot(), tmp_path / "garden.zip")

    def extras(entries: dict[str, bytes]) -> None:
        entries[".DS_Store"] = b"x"
        entries["runs/run-0001/run.json"] = b"x"

    packed = rewritten(made.path, tmp_path / "packed.zip", extras, prefix="My garden/")
    assert contents(opened(store, import_zip(store, packed).id)) == contents(project)


# --- hostile ones


@pytest.mark.parametrize(
    "name",
    [
        "../outside.txt",
        "photos/../../outside.txt",
        "/etc/outside.txt",
        "C:/outside.txt",
        "c:outside.txt",
        "\\\\server\\share\\outside.txt",
        "photos\\..\\..\\outside.txt",
        "..",
    ],
)
def test_an_entry_that_points_outside_is_refused(
    store: ProjectStore, project: Project, tmp_path: Path, name: str
) -> None:
    made = export_zip(project.snapshot(), tmp_path / "garden.zip")
    bad = rewritten(made.path, tmp_path / "bad.zip", lambda entries: entries.update({name: b"x"}))
    with pytest.raises(ProjectError, match="not safe") as caught:
        import_zip(store, bad)
    assert caught.value.subject == str(bad)
    assert len(store.summaries()) == 1
    assert nothing_left(store)
    assert not list(tmp_path.rglob("outside*"))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(store: ProjectStore, project: Project, tmp_path: Path, kind: int) -> None:
    made = export_zip(project.snapshot(), tmp_path / "garden.zip")
    with zipfile.ZipFile(made.path, "a") as archive:
        entry = zipfile.ZipInfo(f"photos/aa/{'a' * 64}.jpg")
        entry.external_attr = (kind | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(ProjectError, match="not safe"):
        import_zip(store, made.path)
    assert nothing_left(store)


def test_device_names_are_never_written(store: ProjectStore, project: Project, tmp_path: Path) -> None:
    made = export_zip(project.snapshot(), tmp_path / "garden.zip")
    names = ("photos/aux.jpg", "NUL", "com1.txt", "photos/ab/con")
    odd = rewritten(made.path, tmp_path / "odd.zip", lambda entries: entries.update(dict.fromkeys(names, b"x")))
    again = opened(store, import_zip(store, odd).id)
    written = {path.name for path in again.folder.rglob("*") if path.is_file()}
    assert written == {p.path.name for p in again.photos.values()} | {"project.json", "project.lock"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_entry_twice_is_refused(store: ProjectStore, project: Project, tmp_path: Path) -> None:
    made = export_zip(project.snapshot(), tmp_path / "garden.zip")
    with zipfile.ZipFile(made.path, "a") as archive:
        archive.writestr("project.json", "{}")
    with pytest.raises(ProjectError, match="twice"):
        import_zip(store, made.path)


def test_bombs_are_refused_before_they_go_off(
    store: ProjectStore, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_entries, "_BOMB_BYTES", 1 << 20)
    made = export_zip(project.snapshot(), tmp_path / "garden.zip")
    zeros = bytes(4 << 20)
    bomb = rewritten(made.path, tmp_path / "b1.zip", lambda e: e.update({"project.json": e["project.json"] + zeros}))
    with pytest.raises(ProjectError, match="unpack to far more"):
        import_zip(store, bomb)
    photo = next(name for name in zipfile.ZipFile(made.path).namelist() if name.startswith("photos"))
    bomb = rewritten(made.path, tmp_path / "b2.zip", lambda e: e.update({photo: zeros}))
    with pytest.raises(ProjectError, match="unpack to far more"):
        import_zip(store, bomb)
    monkeypatch.setattr(archive_reading, "MAX_DIRECTORY_BYTES", 100)
    with pytest.raises(ProjectError, match="too many entries"):
        import_zip(store, made.path)
    assert nothing_left(store)


def test_a_disk_without_room_is_told_before_anything_is_written(
    store: ProjectStore, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = export_zip(project.snapshot(), tmp_path / "garden.zip")
    monkeypatch.setattr(archive_reading, "_SPARE_BYTES", 1 << 60)
    with pytest.raises(StorageError, match="too full"):
        import_zip(store, made.path)
    assert nothing_left(store)


def test_a_newer_project_is_refused(store: ProjectStore, project: Project, tmp_path: Path) -> None:
    made = export_zip(project.snapshot(), tmp_path / "garden.zip")

    def newer(entries: dict[str, bytes]) -> None:
        entries["project.json"] = entries["project.json"].replace(b'"format_version": 1', b'"format_version": 9')

    with pytest.raises(ProjectError, match="newer version"):
        import_zip(store, rewritten(made.path, tmp_path / "newer.zip", newer))
    assert nothing_left(store)


def test_paths_in_the_project_lead_nowhere(store: ProjectStore, project: Project, tmp_path: Path) -> None:
    made = export_zip(project.snapshot(), tmp_path / "garden.zip")

    def change(row: int, path: str, flags: int) -> Path:
        def edit(entries: dict[str, bytes]) -> None:
            data = json.loads(entries["project.json"])
            data["photos"][row][1], data["photos"][row][5] = path, flags
            entries["project.json"] = json.dumps(data).encode()

        return rewritten(made.path, tmp_path / "changed.zip", edit)

    for path in ("photos/../../../etc/passwd", "photos/aa/../x.jpg", "relative.jpg", "runs/x"):
        with pytest.raises(ProjectError, match="damaged"):
            import_zip(store, change(0, path, 2))
    for path in ("//server/share/x.jpg", "\\\\server\\share\\x.jpg"):
        back = import_zip(store, change(0, path, 0))
        assert back.photos == 3
        assert [problem.subject for problem in back.problems] == [path]
    if sys.platform != "win32":  # a photo of another system keeps its place, and is missing
        back = import_zip(store, change(0, "D:\\Photos\\bird.jpg", 0))
        photo = opened(store, back.id).photos["1"]
        assert photo.path.is_absolute()
        assert photo.path.parts[-2:] == ("Photos", "bird.jpg")


def test_photos_that_are_not_what_their_name_says_are_left_out(
    store: ProjectStore, project: Project, tmp_path: Path
) -> None:
    made = export_zip(project.snapshot(), tmp_path / "garden.zip")
    names = [name for name in zipfile.ZipFile(made.path).namelist() if name.startswith("photos")]

    def spoil(entries: dict[str, bytes]) -> None:
        entries[names[0]] = b"no photo"
        entries[names[1]] = encoded(shapes(20, 20, 77), "PNG")
        del entries[names[2]]

    back = import_zip(store, rewritten(made.path, tmp_path / "spoilt.zip", spoil))
    assert back.photos == 0
    assert {problem.reason[-1] for problem in back.problems} == {"."}
    assert len(back.problems) == 4  # two photos share a content


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"PK\x05\x06" + bytes(18), b"not a zip" * 100, b"PK\x03\x04"])
def test_what_is_no_project_is_an_error_in_words(store: ProjectStore, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with pytest.raises(ProjectError):
        import_zip(store, path)
    with pytest.raises(ProjectError, match="no such file"):
        import_zip(store, tmp_path / "missing.zip")
    with pytest.raises(ProjectError):
        import_zip(store, tmp_path)


def test_entries_before_the_zip_begins_are_damage(store: ProjectStore, project: Project, tmp_path: Path) -> None:
    data = bytearray(export_zip(project.snapshot(), tmp_path / "garden.zip").path.read_bytes())
    at = data.rfind(b"PK\x05\x06") + 16  # where the table of contents is said to begin
    data[at + 2] ^= 0xFF
    path = tmp_path / "bad.zip"
    path.write_bytes(data)
    with pytest.raises(ProjectError, match="damaged"):
        import_zip(store, path)
    assert nothing_left(store)


def test_a_zip_cut_or_changed_anywhere_never_crashes(store: ProjectStore, project: Project, tmp_path: Path) -> None:
    data = bytearray(export_zip(project.snapshot(), tmp_path / "garden.zip").path.read_bytes())
    path = tmp_path / "bad.zip"
    for n in range(0, len(data), max(1, len(data) // 60)):
        path.write_bytes(data[:n])
        with pytest.raises(ProjectError):
            import_zip(store, path)
    good = 0
    for n in range(0, len(data), max(1, len(data) // 150)):
        changed = bytearray(data)
        changed[n] ^= 0xFF
        path.write_bytes(changed)
        try:
            store.delete(import_zip(store, path).id)
            good += 1
        except ProjectError:
            continue
    assert good > 10  # a spoilt photo is left out, the rest stays
    assert nothing_left(store)
    assert len(store.summaries()) == 1
