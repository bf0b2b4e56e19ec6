"""The ImageNet table, and the dialects of labels files."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from mobilenet_gui.core import labels
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.types import Label


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def names(path: Path, content: str | bytes, classes: int | None = None) -> list[str]:
    return [label.name for label in labels.parse_labels_file(write(path / "labels.txt", content), classes)]


def test_the_imagenet_table_is_whole() -> None:
    table = labels.imagenet()
    assert [label.index for label in table] == list(range(1000))
    assert len({label.id for label in table}) == 1000
    assert all(len(label.id) == 9 and label.id.startswith("n") for label in table)
    assert table[0] == Label(0, "n01440764", "tench", "Tinca tinca")
    assert (table[207].name, table[999].name) == ("golden retriever", "toilet tissue")


def test_the_known_quirks_of_the_names() -> None:
    table = labels.imagenet()
    assert (table[134].name, table[134].id) == ("crane", "n02012849")
    assert (table[517].name, table[517].id) == ("crane", "n03126707")
    assert (table[638].name, table[639].name) == ("maillot", "maillot")
    assert (table[836].name, table[837].name) == ("sunglass", "sunglasses")
    assert table[49].name == "African crocodile"
    assert table[607].name == "jack-o'-lantern"
    twice = sorted({label.name for label in table if sum(other.name == label.name for other in table) > 1})
    assert twice == ["crane", "maillot"]


@pytest.mark.shared
def test_the_table_agrees_with_the_published_list(shared: Path) -> None:
    published = (shared / "weights" / "tflite" / "imagenet_labels.txt").read_text().splitlines()
    assert published[0] == "background"
    ours = [label.name + (", " + label.synonyms if label.synonyms else "") for label in labels.imagenet()]
    assert ours == published[1:]


@pytest.mark.shared
@pytest.mark.parametrize("classes", [None, 1000, 1001])
def test_the_published_list_gets_its_wordnet_ids(shared: Path, classes: int | None) -> None:
    path = shared / "weights" / "tflite" / "imagenet_labels.txt"
    assert labels.parse_labels_file(path, classes) == labels.imagenet()


@pytest.mark.parametrize(
    "content",
    [
        "cat\ndog\ngreat owl\n",
        "cat\r\ndog\r\ngreat owl\r\n\r\n",
        "\ufeffcat\ndog\ngreat owl",
        "cat\ndog\ngreat owl".encode("utf-16"),
        "0 cat\n1 dog\n2 great owl\n",
        "0: cat\n1: dog\n2: great owl\n",
        "0\tcat\n1\tdog\n2\tgreat owl\n",
        "1, cat\n2, dog\n3, great owl\n",
        "index,name\n0,cat\n1,dog\n2,great owl\n",
        "index,label\n2,great owl\n1,dog\n0,cat\n",
        "1. cat\n2. dog\n3. great owl\n",
        "1) cat\n2) dog\n3) great owl\n",
        "- cat\n- dog\n- great owl\n",
        '"cat"\n"dog"\n"great owl"\n',
        "id;name\n0;cat\n1;dog\n2;great owl\n",
        "name\tcount\ncat\t3\ndog\t4\ngreat owl\t5\n",
        '["cat", "dog", "great owl"]',
        '{"modelName": "x", "labels": ["cat", "dog", "great owl"], "imageSize": 224}',
        '{"0": "cat", "1": "dog", "2": "great owl"}',
        '{"great owl": 2, "cat": 0, "dog": 1}',
    ],
)
def test_dialects(tmp_path: Path, content: str | bytes) -> None:
    assert names(tmp_path, content, 3) == ["cat", "dog", "great owl"]


def test_wordnet_dialects(tmp_path: Path) -> None:
    expected = (
        Label(0, "n01440764", "tench", "Tinca tinca"),
        Label(1, "n01491361", "tiger shark", "Galeocerdo cuvieri"),
    )
    lines = "n01440764 tench, Tinca tinca\nn01491361 tiger_shark, Galeocerdo cuvieri\n"
    assert labels.parse_labels_file(write(tmp_path / "a", lines), 2) == expected
    keras = json.dumps({"0": ["n01440764", "tench"], "1": ["n01491361", "tiger_shark"]})
    assert [(x.id, x.name) for x in labels.parse_labels_file(write(tmp_path / "b", keras), 2)] == [
        ("n01440764", "tench"),
        ("n01491361", "tiger shark"),
    ]
    ours = "index,id,name,synonyms\n0,n01440764,tench,Tinca tinca\n1,n01491361,tiger shark,Galeocerdo cuvieri\n"
    assert labels.parse_labels_file(write(tmp_path / "c", ours), 2) == expected


def test_names_of_ones_own_keep_their_commas_and_underscores(tmp_path: Path) -> None:
    assert names(tmp_path, "salt, fine\nsalt_coarse\n") == ["salt, fine", "salt_coarse"]


def test_a_number_is_a_name_where_the_numbers_do_not_count(tmp_path: Path) -> None:
    assert names(tmp_path, "7 up\n50 cent\n") == ["7 up", "50 cent"]


def test_keras_class_index_is_imagenet(tmp_path: Path) -> None:
    index = {str(x.index): [x.id, x.name.replace(" ", "_")] for x in labels.imagenet()}
    assert labels.parse_labels_file(write(tmp_path / "x.json", json.dumps(index)), 1000) == labels.imagenet()


@pytest.mark.parametrize("classes", [1000, 1001])
def test_plain_names_in_order_are_imagenet_too(tmp_path: Path, classes: int) -> None:
    text = "\n".join(x.name.replace(" ", "_") for x in labels.imagenet())
    assert labels.parse_labels_file(write(tmp_path / "x.txt", text), classes) == labels.imagenet()


def test_imagenet_in_another_order_is_not_taken_for_it(tmp_path: Path) -> None:
    text = "\n".join(x.name for x in reversed(labels.imagenet()))
    found = labels.parse_labels_file(write(tmp_path / "x.txt", text), 1000)
    assert found[0].name == "toilet tissue"
    assert found[0].id == ""


def test_a_class_called_background_is_a_class_of_its_own(tmp_path: Path) -> None:
    assert names(tmp_path, "background\ncat\ndog\n", 3) == ["background", "cat", "dog"]
    assert names(tmp_path, "0 Background\n1 Cat\n2 Dog\n") == ["Background", "Cat", "Dog"]
    assert names(tmp_path, "cat\nbackground\ndog\n", 3) == ["cat", "background", "dog"]


def test_a_background_without_an_output_is_no_label(tmp_path: Path) -> None:
    assert names(tmp_path, "Background\ncat\ndog\n", 2) == ["cat", "dog"]
    found = labels.parse_labels_file(write(tmp_path / "x.txt", "background\ncat\ndog\n"))
    assert labels.fitted(found, 2) == (Label(0, "", "cat"), Label(1, "", "dog"))
    assert labels.fitted(found, 3) == found
    assert labels.fitted(found, 4) == found
    assert labels.fitted(found, 5) is None
    assert labels.fitted(found[1:], 1) is None
    thousand = "background\n" + "\n".join(x.name for x in labels.imagenet())
    assert labels.parse_labels_file(write(tmp_path / "y.txt", thousand), 1001) == labels.imagenet()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("1 Euro\n2 Euro\n", ["1 Euro", "2 Euro"]),
        ("1 Euro\n2 euro\n", ["1 Euro", "2 euro"]),
        ("1 Euro\n2 Cent\n", ["1 Euro", "2 Cent"]),
        ("0 Euro\n1 Euro\n2 Euro\n", ["0 Euro", "1 Euro", "2 Euro"]),
        ("1 Cent\n2 Cent\n5 Cent\n", ["1 Cent", "2 Cent", "5 Cent"]),
        ("2 cats\n1 dog\n", ["2 cats", "1 dog"]),
        ("0 1 Euro\n1 2 Euro\n", ["1 Euro", "2 Euro"]),
        ("0 cat\n1 dog\n", ["cat", "dog"]),
        ("1: cat\n2: dog\n", ["cat", "dog"]),
        ("1\tcat\n2\tdog\n", ["cat", "dog"]),
        ("0 Class 1\n1 Class 2\n", ["Class 1", "Class 2"]),
    ],
)
def test_only_running_numbers_before_different_names_are_indices(
    tmp_path: Path, content: str, expected: list[str]
) -> None:
    assert names(tmp_path, content) == expected


@pytest.mark.parametrize("first", ["[unknown]", "{other}", "[other] things", "[1]", "{}"])
def test_a_first_label_in_brackets_is_no_json(tmp_path: Path, first: str) -> None:
    assert names(tmp_path, f"{first}\ncat\ndog\n", 3) == [first, "cat", "dog"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"  \n \n", "empty"),
        (b"cat\n\ndog\n", "Line 2"),
        (b"cat\ndog\nowl\n", "3 labels, but the model answers with 2"),
        (b"\x89PNG\r\n\0\0", "not a text file"),
        (b"{", "JSON"),
        (b'{"0": "cat", "2": "dog"}', "without gaps"),
        (b'{"0": 1, "1": {}}', "list of labels"),
        (b'[["a", "b", "c"], 3]', "list of labels"),
        (b"index,name\n0,cat\n5,dog\n", "without gaps"),
        (b"index,name\nx,cat\n", "Line 2"),
        (b"index,name\n0\n", "Line 2"),
        (b"[" * 100_000, "JSON"),
        (b'["cat", ""]', "Label 2"),
        (b"cat\n" + b"x" * 2000, "Label 2"),
        (b"x" * 200_000, "not a text file with labels"),
        (b"index,name\n0," + b"x" * 200_000, "not a text file with labels"),
        (b"[1" + b"1" * 5000 + b"]", "not a text file with labels"),
        (b"1" * 5000 + b" cat", "not a text file with labels"),
        (b'["cat", "\\ud83d"]', "Label 2 holds a broken character"),
    ],
)
def test_refusals_name_the_file_and_the_reason(tmp_path: Path, content: bytes, why: str) -> None:
    path = write(tmp_path / "labels.txt", content)
    with pytest.raises(ModelError, match=why) as caught:
        labels.parse_labels_file(path, 2)
    assert caught.value.subject == str(path)


@pytest.mark.skipif(sys.platform == "win32", reason="has no named pipes in folders")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelError, match="a device or a pipe"):
        labels.parse_labels_file(tmp_path / "pipe")


def test_unreadable_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path / "missing.txt", tmp_path):
        with pytest.raises(ModelError):
            labels.parse_labels_file(path, 2)
    monkeypatch.setattr(labels, "MAX_LABELS_BYTES", 3)
    with pytest.raises(ModelError, match="too large"):
        labels.parse_labels_file(write(tmp_path / "big", b"cats"), 1)
