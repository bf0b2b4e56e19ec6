"""Names that a person takes for the same, and fixes that leave every class and part its photos."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from mobilenet_gui.cli_dataset import read_dataset
from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.training.dataset import read_source
from mobilenet_gui.training.doctor import Finding, PlainPhoto, examine
from mobilenet_gui.training.doctor_findings import Fix, FixStep
from mobilenet_gui.training.doctor_guard import guarded
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.project_types import name_key, shown_name
from tests.training.disguises import jpeg, picture

ALIKE = [
    ("CAFE", "cafe"), ("straße", "STRASSE"), ("é", "e\u0301"), ("É", "e\u0301"), ("\u200bcafe", "cafe"),
    ("ca\u00adfe", "cafe"), ("cafe ", "cafe"), ("\u202ecafe\u202c", "cafe"), ("c\u2060afe\ufeff", "CAFE"),
    ("two\u00a0words", "two  words"), ("\u2764\ufe0f", "\u2764"), ("Ｓ\u3000x", "ｓ x"), ("ﬁn", "FIN"),
    ("ΣΑΣ", "σας"), ("cafe\u3164", "cafe"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_the_same_name(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("café", "cafe"), ("cat", "cats"), ("two words", "twowords"), ("1", "l")])
def test_another_name(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_what_is_hidden_is_shown() -> None:
    assert shown_name("\u200bcafe") == "[U+200B]cafe"
    assert shown_name("straße") == "straße"


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_a_name_that_is_there_is_refused(tmp_path: Path, one: str, other: str) -> None:
    project = ProjectStore(tmp_path).create("x")
    project.add_class(one)
    with pytest.raises(ProjectError, match="already"):
        project.add_class(other)
    project.close()


def test_a_name_of_nothing_that_can_be_seen_is_refused(tmp_path: Path) -> None:
    project = ProjectStore(tmp_path).create("x")
    for name in ("\u200b", "\u3164 ", "\u00ad\u2060"):
        with pytest.raises(ProjectError, match="letter"):
            project.add_class(name)
    project.close()


def spelt(folder: Path) -> Path:
    for name in ("CAFE", "cafe", "\u200bcafe", "straße", "STRASSE", "other"):
        (folder / name).mkdir(parents=True)
        for n in range(3):
            (folder / name / f"{n}.jpg").write_bytes(b"x")
    return folder


def test_folders_stay_classes_of_their_own_until_somebody_merges_them(tmp_path: Path) -> None:
    found = read_source(spelt(tmp_path / "set"))
    assert len(found.classes) == 6
    assert [set(group) for group in found.alike] == [{"CAFE", "cafe", "\u200bcafe"}, {"STRASSE", "straße"}]
    merged = found.with_merged()
    assert sorted(merged.counts().values()) == [3, 6, 9]
    assert "\u200bcafe" not in merged.classes
    assert not merged.alike


@pytest.mark.parametrize(("merge", "classes"), [(False, 6), (True, 3)])
def test_the_command_line_says_it_once(tmp_path: Path, merge: bool, classes: int) -> None:
    arguments = argparse.Namespace(classes_from="auto", merge_alike=merge)
    told: list[tuple[str, str]] = []
    found = read_dataset(
        arguments, spelt(tmp_path / "set"), threading.Event(), lambda text, kind: told.append((kind, text))
    )
    assert len(found.classes) == classes
    said = [text for kind, text in told if kind == "understood"]
    assert len(said) == (0 if merge else 1)
    assert merge or ("[U+200B]cafe" in said[0] and "--merge-alike" in said[0])


def test_folders_of_one_name_in_two_encodings_are_told_of(tmp_path: Path) -> None:
    for name in ("\u00e9", "e\u0301", "x"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").write_bytes(b"x")
    if len(list(tmp_path.iterdir())) < 3:
        pytest.skip("one name here")
    found = read_source(tmp_path)
    assert found.counts() == {"\u00e9": 2, "x": 1}
    assert "encoded" in found.notes[0].text


# -- the doctor


def photos(tmp_path: Path, *rows: tuple[str, int, str]) -> list[PlainPhoto]:
    """Write a photo for each row: class, number of the picture (below 0 a damaged file), part."""
    made = []
    for n, (class_id, seed, part) in enumerate(rows):
        path = tmp_path / f"{n}.jpg"
        path.write_bytes(jpeg(picture(seed)) if seed >= 0 else b"\xff\xd8\xff" + bytes(90))
        made.append(PlainPhoto(str(n), path, class_id, part))
    return made


def fixed(tmp_path: Path, listed: Sequence[PlainPhoto], classes: Sequence[str]) -> dict[str, int]:
    """Return how many photos each class has after Fix all."""
    found = examine(listed, {name: name for name in classes}, cache_path=tmp_path / "cache.sqlite")
    gone = {
        photo_id
        for fix in guarded(found.fix_all(), listed, found.unusable).fixes
        for step in fix.steps
        if step.operation == "leave_out"
        for photo_id in step.photo_ids
    }
    return {name: sum(p.class_id == name and p.id not in gone for p in listed) for name in classes}


def test_fix_all_spares_classes_that_are_the_same_photos(tmp_path: Path) -> None:
    listed = photos(tmp_path, *((name, n, "") for name in ("a", "b") for n in range(4)))
    assert fixed(tmp_path, listed, ["a", "b"]) == {"a": 2, "b": 2}


def test_fix_all_spares_a_class_of_copies(tmp_path: Path) -> None:
    listed = photos(tmp_path, *(("a", 1, "") for _ in range(5)), *(("b", n, "") for n in range(20, 24)))
    assert fixed(tmp_path, listed, ["a", "b"])["a"] == 2


def test_fix_all_leaves_a_class_of_damaged_files_for_a_person(tmp_path: Path) -> None:
    listed = photos(tmp_path, *(("a", -1, "") for _ in range(3)), ("b", 20, ""), ("b", 21, ""), ("b", -1, ""))
    assert fixed(tmp_path, listed, ["a", "b"]) == {"a": 3, "b": 2}


def test_several_fixes_together_do_not_take_what_each_would_leave(tmp_path: Path) -> None:
    rows = [
        ("a", -1, ""),
        ("a", 1, ""),
        ("a", 1, ""),
        ("a", 2, ""),
        ("b", 1, ""),
        ("b", 2, ""),
        ("b", 30, ""),
        ("b", 31, ""),
    ]
    after = fixed(tmp_path, photos(tmp_path, *rows), ["a", "b"])
    assert after["a"] >= 2
    assert after["b"] >= 2


def test_the_parts_keep_photos_of_each_class() -> None:
    listed = [PlainPhoto(str(n), Path(f"{n}"), "a", part) for n, part in enumerate(["train"] * 3 + ["test"] * 3)]
    everything = Fix("", (FixStep("leave_out", ("0", "1", "2")),))
    safe = guarded([everything], listed, frozenset())
    assert safe.fixes[0].steps[0].photo_ids == ("0", "1")
    assert safe.spared == {"a": 1}
    pinned = guarded([Fix("", (FixStep("pin_split", ("3", "4", "5"), "train"),))], listed, frozenset())
    assert pinned.fixes[0].steps[0].photo_ids == ("3", "4")
    moved = guarded([Fix("", (FixStep("move", tuple("012345"), "b"),))], listed, frozenset())
    assert len(moved.fixes[0].steps[0].photo_ids) == 4


def only(found: Sequence[Finding], kind: str) -> Finding:
    (finding,) = [one for one in found if one.kind == kind]
    return finding


def test_alike_names_are_found_and_offered_to_be_merged(tmp_path: Path) -> None:
    listed = photos(tmp_path, ("c1", 1, ""), ("c2", 2, ""), ("c2", 3, ""), ("c3", 4, ""), ("c4", 5, ""))
    names = {"c1": "CAFE", "c2": "cafe", "c3": "\u200bcafe", "c4": "tea"}
    found = examine(listed, names, cache_path=tmp_path / "cache.sqlite")
    finding = only(found.findings, "alike_names")
    assert finding.title == "3 classes have names that look the same"
    assert "“[U+200B]cafe”" in finding.detail
    assert finding.fix is not None
    assert finding.fix.steps == (FixStep("merge", ("c1", "c3"), "c2"),)
    assert finding.fix not in found.fix_all(), "“a” and “A” may be meant to be two"


def test_missing_files_are_told_apart_from_damaged_ones(tmp_path: Path) -> None:
    listed = photos(tmp_path, ("a", 1, ""), ("a", -1, ""), ("a", 2, ""))
    listed[2].path.unlink()
    found = examine(listed, {"a": "a"}, cache_path=tmp_path / "cache.sqlite")
    assert only(found.findings, "missing").photos == ("2",)
    assert only(found.findings, "unreadable").photos == ("1",)
    assert found.unusable == {"1", "2"}
    assert all("2" not in step.photo_ids for fix in found.fix_all() for step in fix.steps), "its drive may come back"
