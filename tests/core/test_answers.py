"""How answers leave: words, tables, files, and copies sorted into folders."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from mobilenet_gui.core.answers import (
    CopyStep,
    answer_rows,
    as_record,
    as_text,
    copy_step,
    headline,
    milliseconds,
    percent,
    plan_copies,
    safe_name,
    sort_items,
    table_text,
    write_csv,
    write_json,
)
from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.core.photo_session import PhotoSession
from mobilenet_gui.core.types import Likeness
from tests.core.test_photo_session import answer


def photos(folder: Path) -> PhotoSession:
    """An owl, an unsure mink, an unreadable file, and one that still waits; the first two exist."""
    session = PhotoSession()
    for name in ("owl.jpg", "mink.jpg"):
        (folder / name).write_bytes(name.encode())
    keys, _ = session.add((folder / name, name) for name in ("owl.jpg", "mink.jpg", "bad.jpg", "new.jpg"))
    session.set_answer(keys[0], answer("great grey owl", 0.964, "great grey owl, Strix nebulosa"))
    session.set_answer(keys[1], answer("mink", 0.312))
    session.set_problem(keys[2], "the file is empty")
    return session


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_numbers_and_words() -> None:
    assert plain(percent(0.964)) == "96.4 %"
    assert plain(milliseconds(6.42)) == "6.4 ms"
    assert plain(milliseconds(123.6)) == "124 ms"
    assert plain(milliseconds(1310)) == "1.3 s"
    assert headline("great grey owl") == "Great grey owl"


def test_text_names_the_photo_the_verdict_and_the_labels() -> None:
    sure = plain(as_text("owl.jpg", answer("great grey owl", 0.964), 0.5))
    assert sure.splitlines() == ["owl.jpg: Great grey owl (Very sure)", "96.4 %  Great grey owl", "1.0 %  Other"]
    assert as_text("owl.jpg", answer("great grey owl", 0.4), 0.5).startswith("owl.jpg: Not sure\n")


def test_rows_leave_out_what_has_no_answer_yet(tmp_path: Path) -> None:
    rows = answer_rows(photos(tmp_path).photos())
    assert [row.name for row in rows] == ["owl.jpg", "mink.jpg", "bad.jpg"]


def test_csv_reads_back(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    write_csv(target, answer_rows(photos(tmp_path).photos()))
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")
    with target.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["model"] for row in rows] == ["model", "model", ""]
    assert rows[0]["label_1"] == "great grey owl"
    assert float(rows[0]["probability_1"]) == pytest.approx(0.964)
    assert rows[2]["error"] == "the file is empty"


def test_json_is_what_the_command_line_prints(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    write_json(target, answer_rows(photos(tmp_path).photos()))
    records = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert records[0] == as_record(str(tmp_path / "owl.jpg"), answer("great grey owl", 0.964))
    assert set(records[0]) == {"path", "model", "predictions", "milliseconds", "precision"}
    assert set(records[0]["predictions"][0]) == {"index", "id", "label", "probability", "name"}
    assert records[2] == {"path": str(tmp_path / "bad.jpg"), "error": "the file is empty"}


def test_a_table_has_one_line_a_photo_whatever_names_hold(tmp_path: Path) -> None:
    session = PhotoSession()
    keys, _ = session.add([(b"x", "two\nlines\tand a tab")])
    session.set_answer(keys[0], answer("owl", 0.9))
    lines = table_text(answer_rows(session.photos())).splitlines()
    assert len(lines) == 2
    assert lines[1].split("\t")[0] == r"two\nlines\tand a tab"


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        write_csv(tmp_path / "missing" / "out.csv", [])
    assert list(tmp_path.iterdir()) == []


def test_sorting_plans_folders_by_label_and_keeps_the_unsure_apart(tmp_path: Path) -> None:
    items = sort_items(photos(tmp_path).photos(), 0.5)
    steps = list(plan_copies(items, tmp_path / "sorted"))
    assert [step.target.relative_to(tmp_path / "sorted").as_posix() for step in steps] == [
        "Great grey owl/owl.jpg",
        "Not sure/mink.jpg",
    ]


def test_sorting_never_writes_over_a_file(tmp_path: Path) -> None:
    session = PhotoSession()
    keys, _ = session.add([(b"one", "a.jpg"), (b"two", "A.jpg")])
    for key in keys:
        session.set_answer(key, answer("owl", 0.9))
    (tmp_path / "Owl").mkdir()
    (tmp_path / "Owl" / "a.jpg").write_bytes(b"was here")
    for step in plan_copies(sort_items(session.photos(), 0.5), tmp_path):
        copy_step(step)
    assert {p.name: p.read_bytes() for p in (tmp_path / "Owl").iterdir()} == {
        "a.jpg": b"was here",
        "a (2).jpg": b"one",
        "A (3).jpg": b"two",
    }
    with pytest.raises(StorageError) as caught:
        copy_step(CopyStep(b"three", tmp_path / "Owl" / "a.jpg"))
    assert caught.value.subject.endswith("a.jpg")
    assert (tmp_path / "Owl" / "a.jpg").read_bytes() == b"was here"


def test_a_vanished_photo_is_the_subject_of_the_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught:
        copy_step(CopyStep(tmp_path / "gone.jpg", tmp_path / "out" / "gone.jpg"))
    assert caught.value.subject == str(tmp_path / "gone.jpg")
    assert not (tmp_path / "out" / "gone.jpg").exists()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a/b\\c:d", "a_b_c_d"),
        ("..", "_"),
        ("", "_"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("tab\tnew\nline", "tabnewline"),
        ("ends with dot. ", "ends with dot"),
        ("Füchse 狐", "Füchse 狐"),
    ],
)
def test_names_are_safe_on_every_system(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_stranger_is_told_in_words_in_tables_and_in_json(tmp_path: Path) -> None:
    (tmp_path / "bird.jpg").write_bytes(b"bird")
    session = PhotoSession()
    (key,), _ = session.add([(tmp_path / "bird.jpg", "bird.jpg")])
    bird = answer("bees", 0.95, likeness=Likeness(0.21, 0.4))
    session.set_answer(key, bird)
    assert plain(as_text("bird.jpg", bird, 0.5)).splitlines()[0] == "bird.jpg: Unlike anything it was shown"
    record = as_record("bird.jpg", bird)
    assert (record["unlike_shown"], record["likeness"], record["likeness_limit"]) == (True, 0.21, 0.4)
    assert "unlike_shown" not in as_record("bird.jpg", answer("bees", 0.95))  # a model that was not told
    write_csv(tmp_path / "out.csv", answer_rows(session.photos()))
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["likeness"], row["unlike_shown"]) == ("0.2100", "true")
    assert list(row)[-2:] == ["likeness", "unlike_shown"]
    assert [item.folder for item in sort_items(session.photos(), 0.5)] == ["Not sure"]
