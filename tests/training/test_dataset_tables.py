"""Tables of paths and labels as people have them: parts without a header, addresses, encodings, names on the disk."""

from __future__ import annotations

import os
import socket
import sys
import unicodedata
from pathlib import Path

import pytest

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.training.dataset import FoundDataset, read_source

FILES = ("cat/1.jpg", "dog/2.jpg", "cat/3.jpg")


def read(folder: Path, table: str | bytes, files: tuple[str, ...] = FILES) -> FoundDataset:
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    place = folder / "labels.csv"
    place.write_bytes(table if isinstance(table, bytes) else table.encode())
    return read_source(place)


def rows(found: FoundDataset) -> list[tuple[str, str, str]]:
    return [(photo.path.name, photo.class_name, photo.split) for photo in found.photos]


PARTED = [("1.jpg", "cat", "train"), ("2.jpg", "dog", "test"), ("3.jpg", "cat", "validation")]


@pytest.mark.parametrize(
    "table",
    [
        "TRAIN,gs://bucket/cat/1.jpg,cat\nTEST,gs://bucket/dog/2.jpg,dog\nVALIDATION,gs://bucket/cat/3.jpg,cat\n",
        "cat/1.jpg,cat,TRAIN\ndog/2.jpg,dog,TEST\ncat/3.jpg,cat,VALIDATION\n",
        "cat/1.jpg,cat,training\ndog/2.jpg,dog,Testing\ncat/3.jpg,cat,dev\n",
        "class id,filepaths,labels,data set\n0,cat/1.jpg,cat,train\n1,dog/2.jpg,dog,test\n0,cat/3.jpg,cat,valid\n",
        "filename,label,usage\ncat/1.jpg,cat,Train\ndog/2.jpg,dog,Test\ncat/3.jpg,cat,Validation\n",
    ],
)
def test_a_column_of_nothing_but_parts_is_parts(tmp_path: Path, table: str) -> None:
    assert rows(read(tmp_path, table)) == PARTED


def test_photos_given_to_no_part(tmp_path: Path) -> None:
    found = read(tmp_path, "TRAIN,cat/1.jpg,cat\nUNASSIGNED,dog/2.jpg,dog\nTEST,cat/3.jpg,cat\n")
    assert rows(found) == [("1.jpg", "cat", "train"), ("2.jpg", "dog", ""), ("3.jpg", "cat", "test")]


def test_yes_and_no_for_one_part(tmp_path: Path) -> None:
    table = "fname,label,is_valid\ncat/1.jpg,cat,False\ndog/2.jpg,dog,False\ncat/3.jpg,cat,True\n"
    assert rows(read(tmp_path, table)) == [
        ("1.jpg", "cat", "train"),
        ("2.jpg", "dog", "train"),
        ("3.jpg", "cat", "test"),
    ]


@pytest.mark.parametrize("header", ["", "filepath,split\n"])
def test_parts_without_labels_leave_the_folders_as_classes_and_that_is_said(tmp_path: Path, header: str) -> None:
    found = read(tmp_path, f"{header}cat/1.jpg,TRAIN\ndog/2.jpg,TRAIN\ncat/3.jpg,TEST\n")
    assert rows(found) == [("1.jpg", "cat", "train"), ("2.jpg", "dog", "train"), ("3.jpg", "cat", "test")]
    assert "no labels" in found.notes[0].text


def test_a_class_called_train_stays_one(tmp_path: Path) -> None:
    found = read(tmp_path, "cat/1.jpg,train\ndog/2.jpg,bus\ncat/3.jpg,train\n")
    assert found.counts() == {"train": 2, "bus": 1}


@pytest.mark.skipif(sys.platform == "win32", reason="paths of another form")
def test_addresses_of_files(tmp_path: Path) -> None:
    lines = [f"file://{host}{tmp_path}/cat/1.jpg,cat" for host in ("", "localhost", socket.gethostname())]
    found = read(tmp_path, "\n".join(["path,label", *lines, f"file://elsewhere{tmp_path}/dog/2.jpg,dog"]))
    assert found.counts() == {"cat": 3}
    assert "another computer" in found.problems[0].reason


def test_photos_that_were_moved_with_their_table_are_found(tmp_path: Path) -> None:
    table = (
        "path,label\nC:\\Users\\me\\set\\cat\\1.jpg,cat\n/home/me/set/dog/2.jpg,dog\nhttps://example.org/3.jpg,cat\n"
    )
    found = read(tmp_path, table)
    assert rows(found) == [("1.jpg", "cat", ""), ("2.jpg", "dog", "")]
    assert "Download" in found.problems[0].reason, "a name alone may be that of another photo"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_that_spreadsheets_write(tmp_path: Path, encoding: str, delimiter: str) -> None:
    table = f"path{delimiter}label\r\ncat/1.jpg{delimiter}Käfer\r\ndog/2.jpg{delimiter}dog\r\n"
    assert read(tmp_path, table.encode(encoding)).counts() == {"Käfer": 1, "dog": 1}


def test_lines_within_quotation_marks(tmp_path: Path) -> None:
    found = read(tmp_path, 'path;label;note\n"cat/1.jpg";"big\ncat";"one;\ntwo"\ndog/2.jpg;dog;""\n')
    assert found.counts() == {"big cat": 1, "dog": 1}


def test_a_quotation_mark_that_is_never_closed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="never closed"):
        read(tmp_path, 'path,label\ncat/1.jpg,"cat\ndog/2.jpg,dog\n')


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="these systems have text for names")
def test_names_on_the_disk_that_are_no_utf8(tmp_path: Path) -> None:
    found = read(tmp_path, b"path,label\nk\xe4fer.jpg,K\xe4fer\n", ("k\udce4fer.jpg",))
    assert [(os.fsencode(p.path.name), p.class_name) for p in found.photos] == [(b"k\xe4fer.jpg", "Käfer")]


@pytest.mark.skipif(sys.platform == "darwin", reason="both forms are one name there")
@pytest.mark.parametrize(("table", "disk"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents_of_another_form_on_the_disk(tmp_path: Path, table: str, disk: str) -> None:
    written, there = unicodedata.normalize(table, "käfer.jpg"), unicodedata.normalize(disk, "käfer.jpg")  # type: ignore[arg-type]
    assert rows(read(tmp_path, f"path,label\n{written},x\n", (there,))) == [(there, "x", "")]


def test_raw_files_in_a_table_are_refused(tmp_path: Path) -> None:
    found = read(tmp_path, "path,label\na.cr2,x\nb.jpg,y\n", ("a.cr2", "b.jpg"))
    assert found.counts() == {"y": 1}
    assert "(CR2)" in found.problems[0].reason


def test_a_table_for_each_part(tmp_path: Path) -> None:
    for name in ("images/1.jpg", "images/2.jpg", "images/3.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "train.csv").write_text("image,label\n1.jpg,cat\n2.jpg,dog\n")
    (tmp_path / "test.csv").write_text("image,label\n3.jpg,cat\n")
    assert rows(read_source(tmp_path)) == [
        ("3.jpg", "cat", "test"),
        ("1.jpg", "cat", "train"),
        ("2.jpg", "dog", "train"),
    ]
