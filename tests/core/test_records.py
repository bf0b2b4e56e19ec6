"""What is written for others: no spreadsheet runs it, no terminal is steered, and it is UTF-8 whatever names hold."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from pathlib import Path

import pytest

from mobilenet_gui.core.answers import answer_rows, write_csv, write_json
from mobilenet_gui.core.bundle import format_labels, parse_labels
from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.core.photo_session import PhotoSession
from mobilenet_gui.core.records import csv_line, guarded, json_line, json_text, spelt_out, unguarded, write_whole
from mobilenet_gui.core.timeline import Segment
from mobilenet_gui.core.timeline_export import as_csv, as_srt
from mobilenet_gui.core.types import Label
from tests.core.test_photo_session import answer

FORMULAS = ["=1+1", "+1", "-1+1", "@SUM(1)", "=cmd|'/c calc'!A0", "＝1+1", "＋1", "－1", "＠x"]
HOSTILE = [
    *FORMULAS, "\t=1", "\r=1", "\n=1", "'=1", "''@x", "-", "a,b", 'a "b"', "two\nlines", "\x1b[31mred", "\x9b2J", "\0",
    "left\u202egpj.exe", "\u2066in\u2069", "line\u2028end", "byte\udcff.jpg", "half\ud800", "", " ", "שלום",
    "naïve 日本",
]  # fmt: skip


def cells_of(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_neither_runs_nor_steers_and_is_utf8(text: str) -> None:
    line = csv_line(["x", text, "y"])
    line.encode()
    (row,) = cells_of(line)
    assert (row[0], row[2]) == ("x", "y")
    assert row[1][:1] not in {*"=+-@\t\r\n", *"＝＋－＠"}
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029\u202e\u2066\u2069" for c in row[1])
    assert line.count("\n") == 1
    assert line.endswith("\n")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("owl", "owl"),
        ("it's", "it's"),
        ("'quoted'", "'quoted'"),
        ("a=b-c", "a=b-c"),
        ("two\nlines", r"two\nlines"),
        ("\x1b[1m", r"\x1b[1m"),
        ("a\udcff.jpg", r"a\xff.jpg"),
        ("a\ud800", r"a\ud800"),
        (r"C:\new\x1b.jpg", r"C:\new\x1b.jpg"),
    ],
)
def test_what_a_cell_reads(text: str, cell: str) -> None:
    assert cells_of(csv_line([text, "z"])) == [[cell, "z"]]


def test_numbers_stay_numbers() -> None:
    assert csv_line([-1.5, 2, "-1.5"]) == "-1.5,2,'-1.5\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_the_guard_comes_off_again(text: str) -> None:
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_json_says_the_same_and_is_utf8(text: str) -> None:
    for line in (json_line({"path": text, text: [text]}), json_text({"path": text}, indent=1)):
        line.encode()
        assert json.loads(line)["path"] == text
        assert spelt_out(line.replace("\n", "")) == line.replace("\n", "")
    assert "\n" not in json_line({"path": text})
    assert "naïve" in json_line({"path": "naïve"})


def test_json_has_only_numbers_that_json_has() -> None:
    assert json_line({"a": [float("nan"), 1.5], "b": {"c": -float("inf")}}) == '{"a": [null, 1.5], "b": {"c": null}}'


@pytest.mark.parametrize("text", [t for t in HOSTILE if t.strip() and "\ud800" not in t and "\udcff" not in t])
def test_labels_of_a_model_come_back(text: str) -> None:
    labels = (Label(0, "", text, text), Label(1, "n01440764", "tench", "tench, Tinca tinca"))
    data = format_labels(labels)
    assert parse_labels(data, "model") == labels
    assert all(row[2][:1] not in "=+-@" for row in cells_of(data.decode()))


def test_labels_written_before_the_guard_read_as_ever() -> None:
    assert parse_labels(b"index,id,name,synonyms\n0,,=1+1,\n1,,it's,\n", "model")[0].name == "=1+1"


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_the_windows_files_are_utf8_whatever_a_photo_is_called(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n=.jpg"))
    session = PhotoSession()
    keys, _ = session.add([(odd, odd.name), (tmp_path / "bad.jpg", "bad.jpg")])
    session.set_answer(keys[0], answer("=HYPERLINK(1)", 0.9))
    session.set_problem(keys[1], "-the file\nis empty")
    rows = answer_rows(session.photos())
    write_csv(tmp_path / "a.csv", rows)
    write_json(tmp_path / "a.jsonl", rows)
    heading, first, second = cells_of((tmp_path / "a.csv").read_bytes().decode("utf-8-sig"))
    assert first[heading.index("path")] == rf"{tmp_path}/caf\xe9\n=.jpg"
    assert first[heading.index("label_1")] == "'=HYPERLINK(1)"
    assert second[heading.index("error")] == r"'-the file\nis empty"
    record = json.loads((tmp_path / "a.jsonl").read_bytes().decode().splitlines()[0])
    assert os.fsencode(record["path"]) == os.fsencode(odd)


def test_a_timeline_runs_nothing_either() -> None:
    labels = ["=1+1", "<b>bold</b>", r"{\an8}top\N", "AT&amp;T & Co", "a --> b\x1b"]
    segments = [Segment(Label(n, "", name), n, n + 1, 0.5) for n, name in enumerate(labels)]
    assert [row[5] for row in cells_of(as_csv(segments))[1:]] == ["'=1+1", *labels[1:4], r"a --> b\x1b"]
    shown = as_srt(segments)
    for markup in ("<b>", "</b>", r"{\an8}", r"\N", "&amp;", "b\x1b"):
        assert markup not in shown
    assert r"{\an8}top\N" in shown.replace("\N{WORD JOINER}", "")
    assert "T & Co" in shown


def test_a_file_is_written_whole_and_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    place = tmp_path / "there" / "old.csv"
    place.write_text("old")
    link = tmp_path / "link.csv"
    link.symlink_to(place)
    write_whole(link, b"new")
    assert (link.is_symlink(), place.read_text()) == (True, "new")
    with pytest.raises(StorageError) as caught:
        write_whole(tmp_path / "none" / "a.csv", b"")
    assert caught.value.subject == str(tmp_path / "none" / "a.csv")
    assert [p.name for p in (tmp_path / "there").iterdir()] == ["old.csv"]
