"""Layouts of data sets as they are published: parts, masks, other systems' folders and links are no classes."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.training.dataset import FoundDataset, read_source
from mobilenet_gui.training.dataset_types import Reading
from mobilenet_gui.training.dataset_words import classes_in_names, part_of, parts_of


def make(root: Path, *names: str) -> Path:
    """Make empty photo files; nothing is decoded here."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def parts(found: FoundDataset) -> dict[str, set[str]]:
    """Return the parts of each class; of loose photos those of the empty class."""
    result: dict[str, set[str]] = {name: set() for name in found.classes}
    for photo in found.photos:
        result.setdefault(photo.class_name, set()).add(photo.split)
    return result


BOTH = {"train", "test"}
PUBLISHED = {
    "training_set": (
        ["training_set/Cat/1.jpg", "training_set/Dog/1.jpg", "test_set/Cat/2.jpg", "test_set/Dog/2.jpg"],
        {"Cat": BOTH, "Dog": BOTH},
    ),
    "packed twice": (
        [
            "seg_train/seg_train/sea/1.jpg",
            "seg_train/seg_train/ice/1.jpg",
            "seg_test/seg_test/sea/2.jpg",
            "seg_test/seg_test/ice/2.jpg",
            "seg_pred/seg_pred/1.jpg",
        ],
        {"ice": BOTH, "sea": BOTH},
    ),
    "train_images": (
        ["train_images/a/1.jpg", "train_images/b/1.jpg", "test_images/a/2.jpg", "test_images/b/2.jpg"],
        {"a": BOTH, "b": BOTH},
    ),
    "camel case": (
        ["TrainingSet/a/1.jpg", "TrainingSet/b/1.jpg", "TestSet/a/2.jpg", "TestSet/b/2.jpg"],
        {"a": BOTH, "b": BOTH},
    ),
    "years": (["train2017/a/1.jpg", "train2017/b/1.jpg", "val2017/a/2.jpg", "val2017/b/2.jpg"], {"a": BOTH, "b": BOTH}),
    "holdout": (["train/a/1.jpg", "train/b/1.jpg", "hold-out/a/2.jpg", "hold-out/b/2.jpg"], {"a": BOTH, "b": BOTH}),
    "German": (
        ["Trainingsdaten/a/1.jpg", "Trainingsdaten/b/1.jpg", "Validierung/a/2.jpg", "Testdaten/b/2.jpg"],
        {"a": {"train", "validation"}, "b": BOTH},
    ),
    "French": (
        ["entraînement/a/1.jpg", "entraînement/b/1.jpg", "test/a/2.jpg", "test/b/2.jpg"],
        {"a": BOTH, "b": BOTH},
    ),
    "Chinese": (["训练集/a/1.jpg", "训练集/b/1.jpg", "测试集/a/2.jpg", "测试集/b/2.jpg"], {"a": BOTH, "b": BOTH}),
    "prefix": (
        [
            "asl_alphabet_train/A/1.jpg",
            "asl_alphabet_train/B/1.jpg",
            "asl_alphabet_test/A/2.jpg",
            "asl_alphabet_test/B/2.jpg",
        ],
        {"A": BOTH, "B": BOTH},
    ),
    "wrapped": (
        [
            "set/README.txt",
            "set/in/train/a/1.jpg",
            "set/in/train/b/1.jpg",
            "set/in/validation/a/2.jpg",
            "set/in/validation/b/2.jpg",
        ],
        {"a": BOTH, "b": BOTH},
    ),
    "images beside annotations": (
        [
            "images/train/a/1.jpg",
            "images/train/b/1.jpg",
            "images/test/a/2.jpg",
            "images/test/b/2.jpg",
            "annotations/x.xml",
        ],
        {"a": BOTH, "b": BOTH},
    ),
    "images beside masks": (
        ["images/cat/1.png", "images/dog/1.png", "masks/cat/1.png", "masks/dog/1.png"],
        {"cat": {""}, "dog": {""}},
    ),
    "folds": ([f"fold{n}/{name}/{n}.jpg" for n in range(1, 6) for name in ("cat", "dog")], {"cat": {""}, "dog": {""}}),
    "folds of digits": (
        [f"fold{n}/{name}/{n}.jpg" for n in range(1, 3) for name in range(3)],
        {"0": {""}, "1": {""}, "2": {""}},
    ),
    "same folders": (
        [f"{day}/{name}/{day}.jpg" for day in ("monday", "tuesday") for name in ("cat", "dog")],
        {"cat": {""}, "dog": {""}},
    ),
    "Caltech": (
        [
            "c/101_ObjectCategories/ant/image_1.jpg",
            "c/101_ObjectCategories/bee/image_1.jpg",
            "c/Annotations/ant/1.mat",
            "c/show.m",
        ],
        {"ant": {""}, "bee": {""}},
    ),
    "wrapped beside a list that names no photos": (
        ["kaggle/input/set/cat/1.jpg", "kaggle/input/set/dog/1.jpg", "sample_submission.csv"],
        {"cat": {""}, "dog": {""}},
    ),
    "copy inside": (
        [
            "x/train/a/1.jpg",
            "x/train/b/1.jpg",
            "x/test/a/2.jpg",
            "x/test/b/2.jpg",
            "x/x/train/a/1.jpg",
            "__MACOSX/y/1.jpg",
        ],
        {"a": BOTH, "b": BOTH},
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_layouts(tmp_path: Path, name: str) -> None:
    files, expected = PUBLISHED[name]
    assert parts(read_source(make(tmp_path / "set", *files))) == expected


PLAIN = {
    "species": (["dogs/husky/1.jpg", "dogs/pug/2.jpg", "cats/siamese/3.jpg", "cats/persian/4.jpg"], {"cats", "dogs"}),
    "days": ([f"{name}/2024-01-0{n}/{n}.jpg" for name in ("cat", "dog") for n in (1, 2)], {"cat", "dog"}),
    "sides": ([f"{name}/{side}/1.jpg" for name in ("cat", "dog") for side in ("left", "right")], {"cat", "dog"}),
    "masks of each": (
        [f"{name}/{kind}/1.png" for name in ("cat", "dog") for kind in ("images", "masks")],
        {"cat", "dog"},
    ),
    "labels": (["labels/1.jpg", "bottles/2.jpg"], {"labels", "bottles"}),
    "a train": (["bus/1.jpg", "train/2.jpg"], {"bus", "train"}),
    "a bullet train": (["bullet train/1.jpg", "test/2.jpg"], {"bullet train", "test"}),
}


@pytest.mark.parametrize("name", PLAIN)
def test_folders_that_are_classes_stay_classes(tmp_path: Path, name: str) -> None:
    files, expected = PLAIN[name]
    found = read_source(make(tmp_path / "set", *files))
    assert set(found.classes) == expected
    assert {photo.split for photo in found.photos} == {""}
    if name == "masks of each":
        assert len(found.photos) == 2, "masks are no photos of their class"


def test_flat_parts_are_no_classes_and_that_is_said(tmp_path: Path) -> None:
    make(tmp_path, "train/p1.jpg", "train/p2.jpg", "test/p1.jpg", "test/p3.jpg")
    found = read_source(tmp_path)
    assert parts(found) == {"": BOTH}
    (note,) = found.notes
    assert "“train”, “test” are parts" in note.text
    assert note.other == "folders"
    assert set(read_source(tmp_path, reading="folders").classes) == {"train", "test"}


def test_classes_are_read_from_names_where_nothing_else_tells_them_and_that_is_said(tmp_path: Path) -> None:
    make(tmp_path, *(f"train/train/{name}.{n}.jpg" for name in ("cat", "dog") for n in range(3)))
    make(tmp_path, "test1/test1/1.jpg", "test1/test1/2.jpg")
    found = read_source(tmp_path)
    assert found.counts() == {"cat": 3, "dog": 3}
    assert "“cat.0.jpg” shows cat" in found.notes[0].text
    assert "2 photos" in found.notes[0].text


def test_names_that_cameras_give_tell_no_classes() -> None:
    assert not classes_in_names([Path(f"IMG_{n:04}.jpg") for n in range(9)])
    assert not classes_in_names([Path(f"{kind}_{n}.jpg") for kind in ("IMG", "DSC") for n in range(9)])
    assert not classes_in_names([Path("cat_1.jpg"), Path("cat_2.jpg")]), "one class is none"
    pets = classes_in_names([Path(f"{kind}_{n}.jpg") for kind in ("american_bulldog", "Abyssinian") for n in (1, 2)])
    assert set(pets.values()) == {"american_bulldog", "Abyssinian"}


def test_flat_images_beside_masks_are_one_thing_without_a_class(tmp_path: Path) -> None:
    make(tmp_path, "images/1.png", "images/2.png", "masks/1.png", "masks/2.png")
    found = read_source(tmp_path)
    assert (found.classes, len(found.photos), len(found.loose)) == ((), 2, 2)
    assert "“masks”" in found.notes[0].text


@pytest.mark.parametrize(
    ("reading", "expected"),
    [("auto", {"fresh", "rotten"}), ("folders", {"apple", "banana"}), ("subfolders", {"fresh", "rotten"})],
)
def test_what_was_understood_can_be_had_otherwise(tmp_path: Path, reading: Reading, expected: set[str]) -> None:
    make(tmp_path, *(f"{fruit}/{how}/1.jpg" for fruit in ("apple", "banana") for how in ("fresh", "rotten")))
    found = read_source(tmp_path, reading=reading)
    assert set(found.classes) == expected
    assert [note.other for note in found.notes] == ([] if reading == "folders" else ["folders"])


def test_parts_as_classes_beside_others_are_told_of(tmp_path: Path) -> None:
    found = read_source(make(tmp_path, "bus/1.jpg", "train/2.jpg", "test/3.jpg"))
    assert set(found.classes) == {"bus", "train", "test"}
    assert "were taken for classes" in found.notes[0].text


SYSTEM = ["@eaDir/cat/SYNO.jpg", "$RECYCLE.BIN/d.jpg", "#recycle/e.jpg", "System Volume Information/f.jpg",
          "lost+found/g.jpg", ".Trashes/h.jpg", ".thumbnails/i.jpg", "__MACOSX/j.jpg", "@__thumb/k.jpg",
          "found.000/l.jpg", "cat/@eaDir/m.jpg", "cat/.thumbnails/n.jpg"]  # fmt: skip


def test_folders_of_systems_are_no_classes(tmp_path: Path) -> None:
    found = read_source(make(tmp_path, "cat/1.jpg", "dog/2.jpg", *SYSTEM))
    assert found.counts() == {"cat": 1, "dog": 1}
    assert not found.problems


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_links_to_the_set_itself_or_to_a_class_are_no_classes(tmp_path: Path) -> None:
    set_, elsewhere = tmp_path / "set", tmp_path / "elsewhere"
    make(set_, "cat/1.jpg", "dog/2.jpg")
    make(elsewhere, "3.jpg")
    for name, target in (("all", "."), ("up", ".."), ("katze", "cat"), ("bird", elsewhere), ("broken", "none")):
        (set_ / name).symlink_to(target)
    (set_ / "cat" / "others").symlink_to(set_ / "dog")
    (set_ / "cat" / "again").symlink_to(set_ / "cat")
    found = read_source(set_)
    assert found.counts() == {"bird": 1, "cat": 1, "dog": 1}
    assert [Path(p.subject).name for p in found.problems] == ["katze"]


def test_files_that_are_no_photos_are_counted_by_kind(tmp_path: Path) -> None:
    make(tmp_path, "cat/1.jpg", "cat/a.CR2", "cat/b.pdf", "dog/2.jpg", "dog/c.pdf", "dog/clip.mp4", "dog/Thumbs.db")
    found = read_source(tmp_path)
    assert dict(found.left_out.kinds) == {"CR2": 1, "PDF": 2, "MP4": 1}
    assert found.left_out.words().startswith("4 files are not photos: PDF, CR2, MP4.")
    assert [video.name for video in found.left_out.videos] == ["clip.mp4"]


def test_files_of_unknown_kinds_come_last(tmp_path: Path) -> None:
    make(tmp_path, "a/1.jpg", "a/data", "a/more", "a/b.pdf")
    assert read_source(tmp_path).left_out.words() == "3 files are not photos: PDF, and others."
    (tmp_path / "a" / "b.pdf").unlink()
    assert read_source(tmp_path).left_out.words() == "2 files are not photos."


def test_a_file_alone_that_is_no_photo_is_refused_by_its_kind(tmp_path: Path) -> None:
    make(tmp_path, "a.pdf", "b.nef", "c.mp4")
    for name, kind in (("a.pdf", "PDF"), ("b.nef", "NEF")):
        with pytest.raises(ProjectError, match=rf"\({kind}\)"):
            read_source(tmp_path / name)
    found = read_source(tmp_path / "c.mp4")
    assert not found.photos
    assert found.left_out.videos


def test_parts_by_name() -> None:
    assert part_of("UNASSIGNED") == ""
    assert [part_of(name) for name in ("TRAIN", "Validation", "test-set", "Prüfung", "dev")] == [
        "train", "validation", "test", "test", "validation"
    ]  # fmt: skip
    assert parts_of(["seg_train", "seg_test", "seg_pred"]) == {"seg_train": "train", "seg_test": "test"}
    assert parts_of(["cat", "dog"]) == {}


@pytest.mark.shared
def test_the_layouts_that_were_got_wrong(shared: Path, tmp_path: Path) -> None:
    case = next((shared / "cases").glob("04-*"))
    assert parts(read_source(case / "Wtraining_settest_set")) == {"Cat": BOTH, "Dog": BOTH}
    assert parts(read_source(case / "D")) == {"": BOTH}
    copy = tmp_path / "set"
    shutil.copytree(next((shared / "cases").glob("08-*")) / "set", copy)
    copy.chmod(0o700)
    (copy / "all").symlink_to(".")
    assert read_source(copy).counts() == {"cat": 3, "dog": 3}


def test_imagenets_numbers_are_shown_by_its_names(tmp_path: Path) -> None:
    crane = "n02012849"  # a bird; the machine of the same name is n03126707
    root = make(tmp_path / "set", "n01440764/1.jpg", "n02124075/1.jpg", f"{crane}/1.jpg", "n99999999/1.jpg")
    found = read_source(root)
    assert found.classes == ("tench", crane, "Egyptian cat", "n99999999")
    assert {photo.class_name for photo in found.photos} == set(found.classes)
    assert [note.text for note in found.notes] == [
        "Classes named by ImageNet’s numbers are shown by its names: n01440764 is “tench”."
    ]


def test_a_name_that_is_taken_is_not_given_twice(tmp_path: Path) -> None:
    found = read_source(make(tmp_path / "set", "n01440764/1.jpg", "Tench/1.jpg"))
    assert set(found.classes) == {"n01440764", "Tench"}
    assert found.notes == ()
