"""Finding labelled photos: every layout that people have, and what is wrong with some of them."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from mobilenet_gui.cli_train import _alike
from mobilenet_gui.cli_train_teller import TrainTeller
from mobilenet_gui.core.errors import Cancelled, ProjectError
from mobilenet_gui.training.archive import export_zip
from mobilenet_gui.training.dataset import FoundDataset, read_source
from mobilenet_gui.training.dataset_reader import FolderReader
from mobilenet_gui.training.dataset_types import name_for
from mobilenet_gui.training.project import NewPhoto, Project
from mobilenet_gui.training.project_copies import copy_photos
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.training_settings import TrainingSettings
from tests.training.disguises import jpeg, picture
from tests.training.painted import KINDS, paint


def make(root: Path, *names: str) -> Path:
    """Make empty photo files; nothing is decoded here."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def layout(found: FoundDataset) -> dict[str, list[str]]:
    """Return the file names of each class, with the part they are given to."""
    result: dict[str, list[str]] = {name: [] for name in found.classes}
    for photo in found.photos:
        result.setdefault(photo.class_name, []).append(photo.path.name + (f":{photo.split}" if photo.split else ""))
    return result


def test_a_folder_of_folders(tmp_path: Path) -> None:
    make(tmp_path, "birds/b10.jpg", "birds/b2.JPG", "birds/far/below/b3.png", "frogs/f.webp", "empty/note.txt")
    make(tmp_path, ".git/x.jpg", "__MACOSX/frogs/y.jpg", "frogs/.hidden.jpg", "frogs/read.me", "labels.txt")
    found = read_source(tmp_path)
    assert layout(found) == {"birds": ["b2.JPG", "b10.jpg", "b3.png"], "empty": [], "frogs": ["f.webp"]}
    assert [p.subject for p in found.problems] == [str(tmp_path / "empty")]
    assert found.photos[0].size == 1
    assert found.photos[0].mtime_ns == (tmp_path / "birds/b2.JPG").stat().st_mtime_ns


@pytest.mark.parametrize("name", ["val", "Valid", "validation", "test", "TESTING", "eval"])
def test_one_given_part_beside_train_is_the_test_part(tmp_path: Path, name: str) -> None:
    make(tmp_path, "Train/ants/1.jpg", "Train/bees/2.jpg", f"{name}/ants/3.jpg", f"{name}/bees/4.jpg")
    assert layout(read_source(tmp_path)) == {
        "ants": ["1.jpg:train", "3.jpg:test"],
        "bees": ["2.jpg:train", "4.jpg:test"],
    }


def test_three_given_parts_are_kept(tmp_path: Path) -> None:
    make(tmp_path, *(f"{part}/{name}/{part}.jpg" for part in ("train", "val", "test") for name in ("ants", "bees")))
    assert layout(read_source(tmp_path))["ants"] == ["train.jpg:train", "val.jpg:validation", "test.jpg:test"]


def test_a_test_part_without_classes_is_a_problem(tmp_path: Path) -> None:
    make(tmp_path, "train/ants/1.jpg", "train/bees/2.jpg", "test/3.jpg")
    found = read_source(tmp_path)
    assert layout(found) == {"ants": ["1.jpg"], "bees": ["2.jpg"]}  # a train part alone says nothing
    assert [p.subject for p in found.problems] == [str(tmp_path / "test")]


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    make(tmp_path, "bus/1.jpg", "train/2.jpg", "test/3.jpg")
    assert layout(read_source(tmp_path)) == {"bus": ["1.jpg"], "test": ["3.jpg"], "train": ["2.jpg"]}


def test_parts_inside_of_the_classes(tmp_path: Path) -> None:
    make(tmp_path, "cat/train/1.jpg", "cat/val/2.jpg", "dog/train/3.jpg", "dog/val/4.jpg")
    expected = {"cat": ["1.jpg:train", "2.jpg:test"], "dog": ["3.jpg:train", "4.jpg:test"]}
    assert layout(read_source(tmp_path)) == expected
    make(tmp_path, "dog/outdoors/5.jpg")
    assert layout(read_source(tmp_path))["cat"] == ["1.jpg", "2.jpg"]


def test_one_class_tells_that_the_others_hold_no_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, *(f"class {n}/{n}.jpg" for n in range(9)))
    listed: list[str] = []
    real = FolderReader._listed

    def counted(self: FolderReader, folder: Path) -> tuple[list[Path], list[Path]]:
        listed.append(folder.name)
        return real(self, folder)

    monkeypatch.setattr(FolderReader, "_listed", counted)
    assert len(read_source(tmp_path).photos) == 9
    assert listed.count("class 0") == 1
    assert "class 1" not in listed, "the listing of twenty thousand photos is done once, by what takes them in"


def test_a_class_is_written_as_the_first_part_writes_it(tmp_path: Path) -> None:
    make(tmp_path, "train/Cat/1.jpg", "train/dog/2.jpg", "val/cat/3.jpg", "val/DOG/4.jpg")
    assert layout(read_source(tmp_path)) == {"Cat": ["1.jpg:train", "3.jpg:test"], "dog": ["2.jpg:train", "4.jpg:test"]}


def test_a_link_back_to_a_folder_around_brings_no_photos_of_others(tmp_path: Path) -> None:
    make(tmp_path, "cat/1.jpg", "dog/2.jpg")
    try:
        (tmp_path / "cat" / "up").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("no links here")
    assert layout(read_source(tmp_path)) == {"cat": ["1.jpg"], "dog": ["2.jpg"]}


def test_folders_around_the_data_say_nothing(tmp_path: Path) -> None:
    make(tmp_path, "archive/pets/cats/1.jpg", "archive/pets/dogs/2.jpg")
    assert layout(read_source(tmp_path)) == {"cats": ["1.jpg"], "dogs": ["2.jpg"]}
    make(tmp_path / "other", "data/train/cats/1.jpg", "data/val/cats/2.jpg")
    assert layout(read_source(tmp_path / "other")) == {"cats": ["1.jpg:train", "2.jpg:test"]}


def test_a_folder_of_photos_is_one_class(tmp_path: Path) -> None:
    make(tmp_path, "My  birds/1.jpg", "My  birds/more/2.jpg")
    assert layout(read_source(tmp_path / "My  birds")) == {"My birds": ["1.jpg", "2.jpg"]}


def test_photos_beside_class_folders_are_reported(tmp_path: Path) -> None:
    make(tmp_path, "birds/1.jpg", "frogs/2.jpg", "stray.jpg")
    found = read_source(tmp_path)
    assert layout(found) == {"birds": ["1.jpg"], "frogs": ["2.jpg"]}
    assert [p.subject for p in found.problems] == [str(tmp_path / "stray.jpg")]


def test_several_things_dropped_at_once(tmp_path: Path) -> None:
    make(tmp_path, "birds/1.jpg", "pets/cats/2.jpg", "pets/dogs/3.jpg", "loose.jpg")
    found = read_source([tmp_path / "birds", tmp_path / "pets", tmp_path / "loose.jpg", tmp_path / "gone.jpg"])
    assert layout(found) == {"birds": ["1.jpg"], "cats": ["2.jpg"], "dogs": ["3.jpg"], "": ["loose.jpg"]}
    assert [p.path.name for p in found.loose] == ["loose.jpg"]
    assert [p.subject for p in found.problems] == [str(tmp_path / "gone.jpg")]
    assert [p.class_name for p in found.new_photos()] == ["birds", "cats", "dogs"]
    assert found.new_photos("c7")[-1].class_id == "c7"


def test_train_and_val_folders_dropped_together(tmp_path: Path) -> None:
    make(tmp_path, "train/cats/1.jpg", "val/cats/2.jpg")
    found = read_source([tmp_path / "val", tmp_path / "train"])
    assert layout(found) == {"cats": ["1.jpg:train", "2.jpg:test"]}


def test_names_of_any_kind(tmp_path: Path) -> None:
    names = ["ñandú", "e\u0301tude", "鳥", "a" * 150, "with 'quotes' & spaces"]
    make(tmp_path, *(f"{name}/photo {name[:50]}.jpg" for name in names))
    assert set(read_source(tmp_path).classes) == {"ñandú", "étude", "鳥", "a" * 100, "with 'quotes' & spaces"}


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="these systems have text for names")
def test_names_that_are_no_text(tmp_path: Path) -> None:
    make(tmp_path, "caf\udce9/\udcff.jpg")
    found = read_source(tmp_path / "caf\udce9")
    assert found.classes == ("caf?",)
    assert os.fsencode(found.photos[0].path).endswith(b"/\xff.jpg")


def test_very_deep_folders_and_circles(tmp_path: Path) -> None:
    deep = "/".join(["d" * 20] * 40)
    make(tmp_path, f"birds/{deep}/1.jpg", "frogs/2.jpg")
    if sys.platform != "win32":
        (tmp_path / "birds" / "circle").symlink_to(tmp_path / "birds", target_is_directory=True)
    assert layout(read_source(tmp_path)) == {"birds": ["1.jpg"], "frogs": ["2.jpg"]}


def test_nothing_found_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no photos"):
        read_source(tmp_path)
    make(tmp_path, "a/x.txt", "b/y.txt")
    with pytest.raises(ProjectError, match="no photos"):
        read_source(tmp_path)
    with pytest.raises(ProjectError, match="no such file"):
        read_source(tmp_path / "missing")
    with pytest.raises(ProjectError):
        read_source([])


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    make(tmp_path, "birds/1.jpg", "frogs/2.jpg")
    (tmp_path / "frogs").chmod(0)
    found = read_source(tmp_path)
    (tmp_path / "frogs").chmod(0o700)
    assert layout(found)["birds"] == ["1.jpg"]
    assert "permission" in found.problems[0].reason


def test_it_can_be_cancelled_and_tells_how_far_it_is(tmp_path: Path) -> None:
    make(tmp_path, *(f"birds/{n}.jpg" for n in range(450)), "frogs/1.jpg")
    cancel, seen = threading.Event(), list[int]()

    def progress(count: int) -> None:
        seen.append(count)
        if count >= 200:
            cancel.set()

    with pytest.raises(Cancelled):
        read_source(tmp_path, cancel, progress)
    assert seen[-1] == 200


# --- tables


def table(tmp_path: Path, text: str | bytes, name: str = "labels.csv") -> Path:
    make(tmp_path, "img/1.jpg", "img/2.jpg", "img/dé.jpg")
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "path,label\nimg/1.jpg,cat\nimg/2.jpg,dog\n",
        "img/1.jpg,cat\nimg/2.jpg,dog",
        "\ufeffFilename;Class\r\nimg/1.jpg;cat\r\nimg/2.jpg;dog\r\n",
        "label\tfile\ncat\timg/1.jpg\ndog\timg/2.jpg\n",
        'id,species,filename\n7,"cat",img/1.jpg\n8,"dog",img\\2.jpg\n',
        "cat,img/1.jpg\n\n dog , img/2.jpg \n",
        "img/1.jpg|cat\nimg/2.jpg|dog\n",
        "x;y\nimg/1.jpg;cat\nimg/2.jpg;dog\n",
    ],
)
def test_tables_of_every_kind(tmp_path: Path, text: str) -> None:
    found = read_source(table(tmp_path, text))
    assert layout(found) == {"cat": ["1.jpg"], "dog": ["2.jpg"]}
    assert found.problems == ()
    assert all(photo.path.is_absolute() for photo in found.photos)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_tables_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    found = read_source(table(tmp_path, "path,label\nimg/dé.jpg,Käfer\n".encode(encoding)))
    assert layout(found) == {"Käfer": ["dé.jpg"]}


def test_a_table_with_parts(tmp_path: Path) -> None:
    found = read_source(table(tmp_path, "path,label,split\nimg/1.jpg,cat,train\nimg/2.jpg,cat,valid\n"))
    assert layout(found) == {"cat": ["1.jpg:train", "2.jpg:test"]}


def test_bad_lines_are_named(tmp_path: Path) -> None:
    text = "path,label\nimg/1.jpg,cat\nimg/gone.jpg,cat\n,dog\nimg/2.jpg\nhttps://example.org/1.jpg,cat\n"
    found = read_source(table(tmp_path, text))
    assert layout(found) == {"cat": ["1.jpg"]}
    assert len(found.problems) == 4
    assert found.problems[0].subject == str(tmp_path / "img" / "gone.jpg")
    assert found.problems[1].subject.endswith("labels.csv (4)")
    assert "Download" in found.problems[3].reason


def test_a_table_beside_its_photos(tmp_path: Path) -> None:
    make(tmp_path, "1.jpg", "2.jpg")
    (tmp_path / "labels.csv").write_text("file,label\n1.jpg,cat\n2.jpg,dog\n")
    assert layout(read_source(tmp_path)) == {"cat": ["1.jpg"], "dog": ["2.jpg"]}
    (tmp_path / "labels.csv").write_text("a,b\n1,2\n")
    assert layout(read_source(tmp_path)) == {tmp_path.name: ["1.jpg", "2.jpg"]}


@pytest.mark.parametrize(
    "text",
    [
        "0,1.jpg,cat\n1,3.jpg,cat\n2,2.jpg,dog\n",
        "sep=;\npath;label\n1.jpg;cat\n3.jpg;cat\n2.jpg;dog\n",
        "image_id,breed\n1,cat\n3,cat\n2,dog\n",
        "filename, cat, dog\n1.jpg,1,0\n3.jpg,1,0\n2.jpg,0,1\n",
    ],
)
def test_a_table_beside_the_folder_of_its_photos(tmp_path: Path, text: str) -> None:
    make(tmp_path, "images/1.jpg", "images/2.jpg", "images/3.jpg", "more/4.jpg")
    (tmp_path / "labels.csv").write_text(text)
    found = read_source(tmp_path / "labels.csv")
    assert layout(found) == {"cat": ["1.jpg", "3.jpg"], "dog": ["2.jpg"]}
    assert found.problems == ()


def test_a_folder_of_a_table_and_photos(tmp_path: Path) -> None:
    make(tmp_path, "images/1.jpg", "images/2.jpg")
    table = tmp_path / "labels.csv"
    table.write_text("file,label\n1.jpg,cat\n2.jpg,dog\n")
    assert layout(read_source(tmp_path)) == {"cat": ["1.jpg"], "dog": ["2.jpg"]}
    table.write_text("file,width\n1.jpg,320\n2.jpg,320\n")  # about the photos, but not what they show
    assert layout(read_source(tmp_path)) == {"images": ["1.jpg", "2.jpg"]}


def test_parts_of_photos_with_a_table_each(tmp_path: Path) -> None:
    make(tmp_path, "train/1.jpg", "train/2.jpg", "valid/3.jpg")
    (tmp_path / "train" / "_classes.csv").write_text("filename,cat,dog\n1.jpg,1,0\n2.jpg,0,1\n")
    (tmp_path / "valid" / "_classes.csv").write_text("filename,cat,dog\n3.jpg,1,0\n")
    assert layout(read_source(tmp_path)) == {"cat": ["1.jpg:train", "3.jpg:test"], "dog": ["2.jpg:train"]}


def test_a_line_that_marks_several_classes_is_named(tmp_path: Path) -> None:
    found = read_source(table(tmp_path, "path,cat,dog\nimg/1.jpg,1,0\nimg/2.jpg,0,1\nimg/dé.jpg,1,1\n"))
    assert layout(found) == {"cat": ["1.jpg"], "dog": ["2.jpg"]}
    assert found.problems[0].subject.endswith("labels.csv (4)")


def test_addresses_of_files_of_this_computer_are_paths(tmp_path: Path) -> None:
    place = tmp_path / "img" / "dé.jpg"
    assert layout(read_source(table(tmp_path, f"path,label\n{place.as_uri()},cat\n"))) == {"cat": ["dé.jpg"]}


def test_an_error_about_a_table_names_the_table(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        read_source(table(tmp_path, "path\nimg/1.jpg\n"))
    assert caught.value.subject == str(tmp_path / "labels.csv")


@pytest.mark.parametrize("data", [b"", b"\0\1\2\xff", b"one column\nonly\n", b"path,label\n"])
def test_what_is_no_table_is_an_error_in_words(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ProjectError) as caught:
        read_source(table(tmp_path, data))
    assert caught.value.reason.endswith(".")


# --- what a run is given


def test_samples_for_a_run(tmp_path: Path) -> None:
    make(tmp_path, *(f"{name}/{n}.jpg" for name in ("ants", "bees") for n in range(10)), "none/x.txt")
    classes, samples, shared = read_source(tmp_path).samples(TrainingSettings())
    assert shared.notes == ()
    assert classes == ("ants", "bees")
    assert [sum(s.split == part for s in samples) for part in ("train", "validation", "test")] == [12, 4, 4]
    assert len({s.id for s in samples}) == 20
    moved = tmp_path.with_name(tmp_path.name + " moved")
    tmp_path.rename(moved)
    again = read_source(moved).samples(TrainingSettings())[1]
    assert [s.split for s in again] == [s.split for s in samples]


def test_the_command_line_keeps_copies_on_one_side_of_the_split(tmp_path: Path) -> None:
    for n in range(12):
        for name in ("ants", "bees"):
            place = tmp_path / name / f"{n}.jpg"
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(jpeg(picture(n // 3 + 10 * (name == "bees")), 40 + 10 * (n % 3)))
    found = read_source(tmp_path)
    looked: list[tuple[int, int]] = []
    alike = _alike(found, threading.Event(), lambda done, wanted: looked.append((done, wanted)))
    assert looked[-1] == (24, 24)
    samples = found.samples(TrainingSettings(), alike)[1]
    parts: dict[tuple[int, int], set[str]] = {}
    for sample in samples:
        parts.setdefault((sample.label, int(sample.path.stem) // 3), set()).add(sample.split)
    assert [len(part) for part in parts.values()] == [1] * 8
    assert {part for found_parts in parts.values() for part in found_parts} == {"train", "validation", "test"}


def test_given_parts_stay_though_photos_in_them_are_alike(tmp_path: Path) -> None:
    for part, name, n in [(p, c, n) for p in ("train", "test") for c in ("ants", "bees") for n in range(6)]:
        place = tmp_path / part / name / f"{n}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        twin = part == "test" and n < 2  # of the first two to learn from
        seed = n + 20 * (name == "bees") + 40 * (part == "test" and not twin)
        place.write_bytes(jpeg(picture(seed), 60 if twin else 90))
    found = read_source(tmp_path)
    alike = _alike(found, threading.Event())
    for leave_out, left in ((False, 6), (True, 4)):
        _, samples, shared = found.samples(TrainingSettings(), alike, leave_out=leave_out)
        assert len(shared.resembling) == 4
        assert all((s.split == "test") == ("test" in s.path.parts) for s in samples)
        assert [sum(s.split == "test" and s.label == label for s in samples) for label in (0, 1)] == [left, left]
    contents = _alike(found, threading.Event(), compare=False)
    assert contents.groups == {}
    assert contents.contents == alike.contents


@pytest.mark.shared
def test_the_well_known_layout(shared: Path) -> None:
    found = read_source(shared / "datasets" / "hymenoptera")
    assert found.counts() == {"ants": 194, "bees": 204}
    samples = found.samples(TrainingSettings())[1]
    assert sum(s.split == "test" for s in samples) == 153


def test_what_a_project_is_called_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    place, both = tmp_path / "My  insects", ("ants", "bees")
    assert name_for([place], both) == "My insects"
    assert name_for([place / "train"], both) == "My insects"
    assert name_for([place / "ants", place / "bees"], both) == "My insects"
    assert name_for([place / "train" / "ants", place / "train" / "bees"], both) == "My insects"
    assert name_for([place / "ants", tmp_path / "bees"], both) == ""
    assert name_for([tmp_path / "Downloads" / "ants", tmp_path / "Downloads" / "bees"], both) == ""
    assert name_for([place / "ants"], ("ants",)) == ""
    make(tmp_path, "My  insects/labels.csv")
    assert name_for([place / "labels.csv"], both) == "My insects"


# -- fine-tuning projects -------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Ten photos of two classes and of what is neither; one is left out, one is a copy of the project's."""
    project = ProjectStore(tmp_path / "projects").create("Pets & Co")
    for seed, kind in enumerate(KINDS):
        made = project.add_class(kind, background=kind == KINDS[-1])
        folder = tmp_path / "mine" / kind
        folder.mkdir(parents=True)
        for n in range(10):
            Image.fromarray(paint(kind, 100 * seed + n)).save(folder / f"{n}.png")
        project.add_photos([NewPhoto(path, made.id) for path in sorted(folder.iterdir())])
    first = project.ids_of(project.classes[0].id)[0]
    project.leave_out([first])
    second = project.ids_of(project.classes[1].id)[0]
    project.pin_split([second], "test")
    copies = copy_photos(project.folder, [project.photos[second].path])
    project.set_paths({second: next(iter(copies.paths.values()))}, copied=True)
    project.set_settings(TrainingSettings(split=(50, 20, 30), seed=5))
    project.save()
    return project


def test_a_project_is_read_with_its_own_classes_and_split(project: Project) -> None:
    wanted = project.spec_for_run(project.folder, project.folder)
    project.close()
    found = read_source(project.folder)
    assert (found.name, found.classes, found.background) == ("Pets & Co", KINDS, KINDS[-1])
    assert len(found.photos) == 29
    assert {p.path: (p.class_name, p.split) for p in found.photos} == {
        s.path: (wanted.classes[s.label], s.split) for s in wanted.samples
    }
    classes, samples, _ = found.samples(TrainingSettings(split=(80, 10, 10), seed=1))
    assert classes == wanted.classes
    assert {s.path: s.split for s in samples} == {s.path: s.split for s in wanted.samples}


def test_a_project_s_bursts_stay_together_for_whoever_trains_on_it(project: Project) -> None:
    shown = project.photos[project.ids_of(project.classes[0].id)[1]].path
    extra = [shown.with_name(f"burst-{n}.png") for n in range(3)]
    for number, path in enumerate(extra):
        Image.new("RGB", (64, 64), (40 * number, 200 - 60 * number, 90)).save(path)
    project.add_photos([NewPhoto(path, project.classes[0].id, group="burst") for path in extra])
    project.save()
    project.close()
    found = read_source(project.folder)
    assert found.is_project
    groups = {sample.path: sample.group for sample in found.samples(TrainingSettings())[1]}
    assert groups[extra[0]]
    assert len({groups[path] for path in extra}) == 1


def test_an_exported_project_is_read_from_where_it_was_unpacked(project: Project, tmp_path: Path) -> None:
    project.close()
    target = tmp_path / "out.mobilenet.zip"
    export_zip(project.snapshot(), target)
    with pytest.raises(ProjectError, match="Unpack it"):
        read_source(target)
    with zipfile.ZipFile(target) as archive:
        archive.extractall(tmp_path / "unpacked")
    found = read_source(tmp_path / "unpacked")
    assert found.counts() == read_source(project.folder).counts()
    assert all(photo.path.is_relative_to(tmp_path / "unpacked") and photo.path.is_file() for photo in found.photos)


def test_a_project_that_cannot_be_read_is_left_as_it_is(project: Project) -> None:
    project.close()
    kept = project.folder / "project.json"
    kept.write_bytes(kept.read_bytes()[:200])
    (project.folder / "project.json.bak").unlink(missing_ok=True)
    with pytest.raises(ProjectError, match="damaged"):
        read_source(project.folder)
    assert kept.is_file()


def test_an_empty_project_says_so(tmp_path: Path) -> None:
    project = ProjectStore(tmp_path).create("Empty")
    project.close()
    with pytest.raises(ProjectError, match="no photos in this project"):
        read_source(project.folder)


@pytest.mark.parametrize("as_json", [True, False])
def test_a_long_look_at_the_photos_is_told_of(monkeypatch: pytest.MonkeyPatch, as_json: bool) -> None:
    now = [100.0]
    monkeypatch.setattr("mobilenet_gui.cli_train_teller.time.monotonic", lambda: now[0])
    out = io.StringIO()
    teller = TrainTeller(out, kind="json" if as_json else "text")
    for done in range(1, 9):
        teller.comparing(done, 8)
        now[0] += 0.4
    lines = out.getvalue().splitlines()
    if as_json:
        told = [json.loads(line) for line in lines]
        assert [(one["event"], one["phase"], one["fraction"]) for one in told] == [
            ("progress", "compare", 0.5),
            ("progress", "compare", 0.875),
        ]
    else:
        assert lines == ["Looking for near-identical photos"]
