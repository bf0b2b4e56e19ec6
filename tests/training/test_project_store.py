"""Projects on the disk: opened by one program at a time, saved whole, deleted and brought back, copies kept once."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mobilenet_gui.core.errors import Cancelled, PhotoError, ProjectError, StorageError
from mobilenet_gui.training import project_file
from mobilenet_gui.training.project import NewPhoto, Project
from mobilenet_gui.training.project_copies import copy_photos, keep, sweep
from mobilenet_gui.training.project_store import KEEP_DELETED_SECONDS, ProjectStore
from mobilenet_gui.training.run_folder import RunState
from tests.photo_samples import encoded, shapes


@pytest.fixture
def store(tmp_path: Path) -> ProjectStore:
    return ProjectStore(tmp_path / "projects")


def photo_file(path: Path, seed: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(shapes(32, 24, seed), "PNG"))
    return path


def filled(store: ProjectStore, tmp_path: Path, name: str = "Garden wildlife") -> Project:
    """Make a saved project with two referenced photos and a copied one."""
    project = store.create(name)
    files = [photo_file(tmp_path / "pictures" / f"{n}.png", n) for n in range(3)]
    copied = copy_photos(project.folder, files[2:]).paths[files[2]]
    project.add_photos([NewPhoto(path, class_name="Birds") for path in files[:2]])
    project.add_photos([NewPhoto(copied, class_name="Frogs", copied=True)])
    project.save()
    return project


def full_disk(*_args: object, **_options: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_nothing_is_there_and_nothing_is_made_by_asking(store: ProjectStore) -> None:
    assert store.summaries() == []
    store.clean()
    with pytest.raises(ProjectError, match="not there"):
        store.open("garden")
    with pytest.raises(ProjectError, match="not there"):
        store.delete("../projects")


def test_a_project_is_told_of_without_opening_it(store: ProjectStore, tmp_path: Path) -> None:
    project = filled(store, tmp_path)
    project.leave_out(["1"])
    project.add_class("Empty")
    project.save()
    (summary,) = store.summaries()
    assert (summary.id, summary.name, summary.classes, summary.photos) == ("garden-wildlife", "Garden wildlife", 3, 2)
    assert list(summary.covers) == [p.path for p in project.photos.values()][1:]
    assert (summary.run, summary.state, summary.problem) == (None, None, "")
    run = project.new_run()
    run.write_spec(project.spec_for_run(tmp_path, tmp_path, run_id=run.path.name))
    run.write_state(RunState("finished", accuracy=0.9))
    project.new_run()  # ordered by nobody
    (summary,) = store.summaries()
    assert summary.state == RunState("finished", accuracy=0.9)
    assert summary.trained > 0
    given_up = project.new_run()
    given_up.write_spec(project.spec_for_run(tmp_path, tmp_path, run_id=given_up.path.name))
    given_up.write_state(RunState("cancelled"))
    (summary,) = store.summaries()
    assert summary.state == RunState("finished", accuracy=0.9)
    run.write_state(RunState("cancelled", accuracy=0.9))
    (summary,) = store.summaries()
    assert summary.state == RunState("cancelled")
    project.close()


def test_a_second_program_is_told_that_it_is_open(store: ProjectStore, tmp_path: Path) -> None:
    project = filled(store, tmp_path)
    program = (
        "import sys; from pathlib import Path\n"
        "from mobilenet_gui.training.project_store import ProjectStore\n"
        "try: ProjectStore(Path(sys.argv[1])).open('garden-wildlife').close()\n"
        "except Exception as error: print(error)\n"
    )

    def other() -> str:
        command = [sys.executable, "-c", program, str(store.projects_dir)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert other().startswith("Garden wildlife: This project is open in another window")
    assert store.is_open(project.id)
    with pytest.raises(ProjectError, match="Close it there first"):
        store.delete(project.id)
    project.close()
    assert other() == ""
    assert not store.is_open(project.id)


def test_names_of_any_kind_get_folders_of_their_own(store: ProjectStore) -> None:
    names = ["Garden", "Garden", "鳥", "鳥", "../..", "CON", "x" * 300]
    made = [store.create(name) for name in names]
    assert len({project.folder for project in made}) == len(names)
    assert all(project.folder.parent == store.projects_dir for project in made)
    assert [project.name for project in made] == [*names[:6], "x" * 100]
    for project in made:
        project.close()
    with pytest.raises(ProjectError, match="letter"):
        store.create(" ")
    assert len(store.summaries()) == len(names)


def test_a_duplicate_is_a_project_of_its_own(store: ProjectStore, tmp_path: Path) -> None:
    project = filled(store, tmp_path)
    other = store.open(store.duplicate(project.id, "Second"))
    assert (other.name, other.count(), [c.name for c in other.classes]) == ("Second", 3, ["Birds", "Frogs"])
    mine, theirs = (one.photo("3") for one in (project, other))
    assert mine is not None
    assert theirs is not None
    assert mine.path != theirs.path
    assert mine.path.read_bytes() == theirs.path.read_bytes()
    project.remove_photos(["3"])
    project.save()
    project.save()
    assert sweep(project.folder, project.photos.values()) == 1
    assert theirs.path.is_file()
    for one in (project, other):
        one.close()


def test_deleted_projects_come_back(store: ProjectStore, tmp_path: Path) -> None:
    filled(store, tmp_path).close()
    token = store.delete("garden-wildlife")
    assert store.summaries() == []
    store.clean()
    store.create("Garden wildlife").close()  # its name was free
    assert store.restore(token) == "garden-wildlife-2"
    project = store.open("garden-wildlife-2")
    assert project.count() == 3
    assert all(photo.path.is_file() for photo in project.photos.values())
    project.close()
    with pytest.raises(ProjectError, match="gone for good"):
        store.restore(token)
    with pytest.raises(ProjectError, match="gone for good"):
        store.restore("../../etc")


def test_after_a_week_they_are_gone(store: ProjectStore, tmp_path: Path) -> None:
    filled(store, tmp_path).close()
    token = store.delete("garden-wildlife")
    before = time.time() - KEEP_DELETED_SECONDS - 60
    os.utime(store.projects_dir / token, (before, before))
    (store.projects_dir / ".new-0123abcd").mkdir()
    store.clean()
    assert [path.name for path in store.projects_dir.iterdir()] == [".lock"]


# --- files that are no good


def test_a_damaged_file_is_set_aside_and_the_backup_serves(store: ProjectStore, tmp_path: Path) -> None:
    project = filled(store, tmp_path)
    project.rename("Newer name")
    project.save()
    project.close()
    path = project.folder / project_file.FILE_NAME
    path.write_bytes(path.read_bytes()[:-200])
    (summary,) = store.summaries()
    assert summary.problem == ""
    again = store.open(project.id)
    assert again.count() == 3
    assert again.name == "Garden wildlife"
    assert "damaged" in again.problem
    assert (project.folder / project_file.DAMAGED_NAME).is_file()
    again.save()
    again.close()
    assert store.open(project.id).problem == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("classes", [["c1", "A", False], ["c1", "B", False]]),
        ("classes", [["c1", "A", False], ["c2", "A", False]]),
        ("classes", [["../x", "A", False]]),
        ("classes", [["c1", "", False]]),
        ("classes", {}),
        ("name", 5),
        ("photos", [[1, "relative.jpg", 0, "", "", 0, 0, 0]]),
        ("photos", [[1, "photos/../../x.jpg", 0, "", "", 2, 0, 0]]),
        ("photos", [[1, "/x.jpg", 9, "", "", 0, 0, 0]]),
        ("photos", [[1, "/x.jpg", 0, "later", "", 0, 0, 0]]),
        ("photos", [[1, "/x\0.jpg", 0, "", "", 0, 0, 0]]),
        ("photos", [[True, "/x.jpg", 0, "", "", 0, 0, 0]]),
        ("photos", [[1, "/x.jpg", 0, "", "", 0, 0, 1 << 70]]),
        ("photos", [[1, "/x.jpg", 0, [], "", 0, 0, 0]]),
        ("photos", [[1, "/x.jpg", 0, "", "", 0, 0, 0]] * 2),
        ("photos", [{}]),
        ("format_version", "1"),
    ],
)
def test_nothing_in_a_file_is_believed(store: ProjectStore, tmp_path: Path, key: str, value: object) -> None:
    project = filled(store, tmp_path)
    project.close()
    path = project.folder / project_file.FILE_NAME
    data = json.loads(path.read_text())
    path.write_text(json.dumps(data | {key: value}))
    (project.folder / project_file.BACKUP_NAME).unlink()
    with pytest.raises(ProjectError, match="damaged"):
        store.open(project.id)
    assert json.loads(path.read_text())[key] == value  # still there for whoever can mend it
    assert len(store.summaries()) == 1


def test_a_project_from_a_newer_version_is_left_alone(store: ProjectStore, tmp_path: Path) -> None:
    project = filled(store, tmp_path)
    project.close()
    path = project.folder / project_file.FILE_NAME
    text = path.read_text().replace('"format_version": 1', '"format_version": 2')
    path.write_text(text)
    before = {file.name: file.read_bytes() for file in project.folder.iterdir() if file.is_file()}
    with pytest.raises(ProjectError, match="newer version"):
        store.open(project.id)
    assert "newer version" in store.summaries()[0].problem
    assert before == {file.name: file.read_bytes() for file in project.folder.iterdir() if file.is_file()}


def test_a_folder_without_a_project(store: ProjectStore) -> None:
    (store.projects_dir / "empty").mkdir(parents=True)
    (summary,) = store.summaries()
    assert summary.problem
    with pytest.raises(ProjectError, match="no project"):
        store.open("empty")


# --- a disk that refuses


def test_a_full_disk_keeps_what_was_saved(store: ProjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = filled(store, tmp_path)
    project.rename("Unsaved")
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full_disk)
        with pytest.raises(StorageError, match="The disk is full"):
            project.save()
    assert project_file.load(project.folder)[0].name == "Garden wildlife"
    assert not list(project.folder.glob("*.tmp"))
    assert project.dirty
    project.save()
    assert project_file.load(project.folder)[0].name == "Unsaved"
    project.close()


def test_the_folder_is_gone(store: ProjectStore, tmp_path: Path) -> None:
    project = filled(store, tmp_path)
    project.close()
    moved = project.folder.rename(tmp_path / "moved")
    project.rename("Still here")
    project.save()  # what is open is not lost: the folder is made again
    assert project_file.load(project.folder)[0].name == "Still here"
    assert (moved / project_file.FILE_NAME).is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a small disk of its own")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can make a disk")
    try:
        store = ProjectStore(disk / "projects")
        project = store.create("Small")
        project.add_photos([NewPhoto(Path(f"/photos/{n}.jpg"), class_name="Birds") for n in range(100)])
        project.save()
        project.add_photos([NewPhoto(Path(f"/photos/{n}.jpg"), class_name="Birds") for n in range(100, 9000)])
        with pytest.raises(StorageError, match="The disk is full"):
            project.save()
        big = tmp_path / "big.png"
        big.write_bytes(encoded(shapes(32, 24), "PNG") + bytes(400_000))
        with pytest.raises(StorageError, match="The disk is full"):
            copy_photos(project.folder, [big])
        assert project_file.load(project.folder)[0].photos.keys() == {str(n) for n in range(1, 101)}
        project.undo()
        project.save()
        project.close()
    finally:
        subprocess.run(["umount", str(disk)], check=False)


# --- copies


def test_copies_lie_under_their_content_once(store: ProjectStore, tmp_path: Path) -> None:
    project = store.create("Copies")
    one, two = photo_file(tmp_path / "a.PNG"), photo_file(tmp_path / "b.png")
    other = photo_file(tmp_path / "c.png", 2)
    (tmp_path / "no.jpg").write_text("not a photo")
    seen: list[tuple[int, int]] = []
    wanted = [one, two, other, tmp_path / "no.jpg", tmp_path / "gone.jpg", tmp_path]
    copied = copy_photos(project.folder, wanted, progress=lambda *at: seen.append(at))
    assert copied.paths[one] == copied.paths[two] != copied.paths[other]
    assert all(path.read_bytes() == source.read_bytes() for source, path in copied.paths.items())
    assert [problem.subject for problem in copied.problems] == [str(path) for path in wanted[3:]]
    assert seen[-1] == (6, 6)
    assert project_file.is_copy_name(copied.paths[one].relative_to(project.folder).as_posix())
    assert not list((project.folder / "photos").glob(".new-*"))
    project.close()


def test_pasted_bytes_get_the_ending_of_their_kind(tmp_path: Path) -> None:
    assert keep(tmp_path, io.BytesIO(encoded(shapes(), "WEBP"))).suffix == ".webp"
    assert keep(tmp_path, io.BytesIO(encoded(shapes(), "JPEG")), ".exe").suffix == ".jpg"
    with pytest.raises(PhotoError, match="not a photo"):
        keep(tmp_path, io.BytesIO(b""), name="Pasted photo")


def test_copying_can_be_cancelled(tmp_path: Path) -> None:
    import threading

    cancel = threading.Event()
    files = [photo_file(tmp_path / f"{n}.png", n) for n in range(3)]
    with pytest.raises(Cancelled):
        copy_photos(tmp_path / "p", files, cancel, lambda n, _: cancel.set() if n == 1 else None)
    assert not list((tmp_path / "p" / "photos").glob(".new-*"))


def test_copies_that_nobody_needs_are_swept(store: ProjectStore, tmp_path: Path) -> None:
    project = store.create("Sweep")
    files = [photo_file(tmp_path / f"{n}.png", n) for n in range(4)]
    paths = list(copy_photos(project.folder, files).paths.values())
    project.add_photos([NewPhoto(path, class_name="A", copied=True) for path in paths])
    project.save()
    run = project.new_run()
    project.leave_out(["3", "4"])
    run.write_spec(project.spec_for_run(tmp_path, tmp_path, run_id="run-0001"))
    project.remove_photos(["2", "3", "4"])
    project.save()
    assert sweep(project.folder, project.photos.values()) == 0  # the backup still names them
    project.rename("Sweep more")
    project.save()
    assert sweep(project.folder, project.photos.values()) == 2
    assert [path.is_file() for path in paths] == [True, True, False, False]  # the training needs the second
    run.spec_path.write_text("damaged")
    assert sweep(project.folder, ()) == 0
    project.close()


def test_closing_reads_no_backup_while_no_copy_is_spare(
    store: ProjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = store.create("Sweep")
    copied = copy_photos(project.folder, [photo_file(tmp_path / "1.png", 1)]).paths
    project.add_photos([NewPhoto(path, class_name="A", copied=True) for path in copied.values()])
    project.save()
    project.save()
    read: list[Path] = []

    def backup(folder: Path) -> list[Path]:
        read.append(folder)
        return []

    monkeypatch.setattr("mobilenet_gui.training.project_copies.backup_copies", backup)
    assert sweep(project.folder, project.photos.values()) == 0
    assert read == []
    assert sweep(project.folder, ()) == 1
    assert read == [project.folder]
    project.close()
