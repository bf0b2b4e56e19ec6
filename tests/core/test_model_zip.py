"""Models that come as a zip, as Teachable Machine gives them out, and labels that lie beside a model."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from mobilenet_gui.core import model_zip, zip_entries
from mobilenet_gui.core.errors import ModelError, StorageError
from mobilenet_gui.core.install_import import file_in_folder, labels_beside
from tests.model_factory import make_tflite

LABELS = b"0 Cat\n1 Dog\n"


def pack(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("entries", "model", "labels"),
    [
        ({"model_unquant.tflite": b"net", "labels.txt": LABELS}, "model_unquant.tflite", "labels.txt"),
        ({"keras_model.h5": b"net", "labels.txt": LABELS}, "keras_model.h5", "labels.txt"),
        ({"a/model.tflite": b"net", "a/labels.txt": LABELS, "labels.txt": b"x"}, "model.tflite", "labels.txt"),
        ({"m.keras": b"net", "notes.txt": b"x"}, "m.keras", None),
        (
            {"m.tflite": b"net", "M_LABELS.txt": LABELS, "__MACOSX/._m.tflite": b"x", ".m.h5": b"x"},
            "m.tflite",
            "M_LABELS.txt",
        ),
    ],
)
def test_what_people_have_is_unpacked(
    tmp_path: Path, entries: dict[str, bytes], model: str, labels: str | None
) -> None:
    place = pack(tmp_path / "converted_tflite.zip", entries)
    out = tmp_path / "out"
    out.mkdir()
    assert model_zip.holds_model(place)
    found = model_zip.unpack(place, out)
    assert found.model == out / model
    assert found.model.read_bytes() == b"net"
    assert (None if found.labels is None else found.labels.name) == labels
    assert model_zip.labels_in(place) == labels
    if found.labels is not None:
        assert found.labels.read_bytes() == LABELS
    assert sorted(out.iterdir()) == sorted(p for p in (found.model, found.labels) if p is not None)


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ({"/model.tflite": b"x"}, "not safe"),
        ({"../model.tflite": b"x"}, "not safe"),
        ({"a/../../model.tflite": b"x"}, "not safe"),
        ({"C:model.tflite": b"x"}, "not safe"),
        ({"model.tflite": b"x", "..\\evil.dll": b"x"}, "not safe"),
        ({"photo.jpg": b"x"}, "no model in this zip"),
        ({"a.tflite": b"x", "b.h5": b"x"}, "several models: a.tflite, b.h5"),
    ],
)
def test_what_is_refused(tmp_path: Path, entries: dict[str, bytes], why: str) -> None:
    place = pack(tmp_path / "x.zip", entries)
    with pytest.raises(ModelError, match=why) as caught:
        model_zip.unpack(place, tmp_path)
    assert caught.value.subject == str(place)
    assert list(tmp_path.iterdir()) == [place]


def test_links_bombs_locks_and_damage_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = zipfile.ZipInfo("model.tflite")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ModelError, match="not safe"):
        model_zip.unpack(tmp_path / "link.zip", tmp_path)
    monkeypatch.setattr(zip_entries, "_BOMB_BYTES", 1 << 16)
    bomb = pack(tmp_path / "bomb.zip", {"model.tflite": bytes(1 << 20)})
    with pytest.raises(ModelError, match="far more than it holds"):
        model_zip.unpack(bomb, tmp_path)
    whole = pack(tmp_path / "whole.zip", {"model.tflite": make_tflite()}).read_bytes()
    for name, data in (("half", whole[: len(whole) // 2]), ("none", b"no zip"), ("empty", b"PK\5\6" + bytes(18))):
        place = tmp_path / f"{name}.zip"
        place.write_bytes(data)
        with pytest.raises(ModelError):
            model_zip.unpack(place, tmp_path)
        assert not model_zip.holds_model(place)
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 0xFF
    (tmp_path / "flipped.zip").write_bytes(flipped)
    with pytest.raises(ModelError, match="damaged"):
        model_zip.unpack(tmp_path / "flipped.zip", tmp_path)
    monkeypatch.setattr(model_zip, "_MOST_ENTRIES", 3)
    many = pack(tmp_path / "many.zip", {f"{n}.tflite": b"x" for n in range(5)})
    with pytest.raises(ModelError, match="far too much else"):
        model_zip.unpack(many, tmp_path)


def test_labels_beside_a_model_are_found(tmp_path: Path) -> None:
    model = tmp_path / "birds.tflite"
    assert labels_beside(model) is None
    (tmp_path / "labels.txt").write_text("a\n\nb\n")
    unsound = labels_beside(model)
    assert unsound is not None
    assert (unsound.labels, unsound.reason[:16]) == ((), "Line 2 is empty;")
    (tmp_path / "labels.txt").write_text("robin\nwren\n")
    found = labels_beside(model)
    assert found is not None
    assert (found.file, [label.name for label in found.labels]) == ("labels.txt", ["robin", "wren"])
    (tmp_path / "birds_labels.txt").write_text("tit\nowl\n")
    found = labels_beside(model)
    assert found is not None
    assert found.file == "birds_labels.txt"


def test_the_one_model_in_a_folder_is_found(tmp_path: Path) -> None:
    assert file_in_folder(tmp_path) is None
    (tmp_path / "a.tflite").write_bytes(b"x")
    (tmp_path / "._a.tflite").write_bytes(b"x")
    assert file_in_folder(tmp_path) == tmp_path / "a.tflite"
    (tmp_path / "b.h5").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"several models: a\.tflite, b\.h5"):
        file_in_folder(tmp_path)


def test_a_disk_without_room_is_told_of_by_the_folder_that_a_person_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=1000))
    staging = tmp_path / "models" / ".new-1234"
    staging.mkdir(parents=True)
    with pytest.raises(StorageError, match="The disk is full") as caught:
        model_zip.unpack(pack(tmp_path / "m.zip", {"model.tflite": b"x" * 2000}), staging)
    assert caught.value.subject == str(staging.parent)
