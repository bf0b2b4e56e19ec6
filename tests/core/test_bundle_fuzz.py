"""Every file of a model's folder, damaged in many ways with its hash set right: one clear error each, no traceback."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import random
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ModelError, UserError
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from tests.model_factory import make_bundle

ROUNDS = 60


def rehash(folder: Path) -> None:
    """Set the manifest's lengths and hashes right, as somebody would who wants to be believed."""
    place = folder / "manifest.json"
    manifest = json.loads(place.read_text())
    for entry in manifest["files"].values():
        data = (folder / entry["name"]).read_bytes()
        entry["size"], entry["sha256"] = len(data), hashlib.sha256(data).hexdigest()
    place.write_text(json.dumps(manifest))


def open_whole(folder: Path) -> None:
    bundle = Bundle.open(folder)
    bundle.verify()
    bundle.head()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "tiny").folder


@pytest.mark.parametrize("name", ["labels.csv", "head.npz", "manifest.json"])
def test_flipped_cut_and_doubled_bytes_end_in_an_error_that_names_the_folder_or_in_nothing(
    folder: Path, tmp_path: Path, name: str
) -> None:
    dice = random.Random(name)
    whole = (folder / name).read_bytes()
    told: list[tuple[str, UserError]] = []
    for number in range(ROUNDS):
        place = tmp_path / f"{number}"
        shutil.copytree(folder, place)
        data = bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            kind = dice.randrange(4)
            at = dice.randrange(max(1, len(data)))
            if kind == 0 and data:
                data[at] = dice.randrange(256)
            elif kind == 1:
                del data[at : at + dice.randrange(1, 40)]
            elif kind == 2:
                data[at:at] = data[at : at + dice.randrange(1, 40)]
            else:
                del data[at:]
        (place / name).write_bytes(data)
        try:
            if name != "manifest.json":
                rehash(place)
            open_whole(place)
        except UserError as error:
            told.append((str(place), error))
    assert len(told) > ROUNDS / 3
    assert all(place in error.subject and len(error.reason) > 10 for place, error in told)


def packed(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez(out, allow_pickle=True, **arrays)
    return out.getvalue()


def with_entry(data: bytes, name: str, content: bytes) -> bytes:
    """Return an archive with one entry exchanged for other bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for entry in source.namelist():
            target.writestr(entry, content if entry == name else source.read(entry))
    return out.getvalue()


HUGE = b"{'descr': '<f4', 'fortran_order': False, 'shape': (9000000000000,), }"


def head(
    kernel: Any = (8, 6), bias: Any = (6,), activation: str = "linear", dtype: str = "f4", number: int = 0
) -> bytes:
    """Return a head of one layer; a shape stands for zeros."""
    arrays = [np.zeros(value, dtype) if isinstance(value, tuple) else value for value in (kernel, bias)]
    names = [f"{part}_{number}" for part in ("kernel", "bias", "activation")]
    return packed(**dict(zip(names, [*arrays, np.array(activation)], strict=True)))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda _: head(np.array([{}], object)), id="object"),
        pytest.param(lambda _: head(bias=(5,)), id="shape"),
        pytest.param(lambda _: head(dtype="f8"), id="doubles"),
        pytest.param(lambda _: head(np.full((8, 6), np.nan, "f4")), id="nan"),
        pytest.param(lambda _: head(activation="exec"), id="activation"),
        pytest.param(lambda _: head(number=1), id="missing"),
        pytest.param(lambda _: head((8, 9), (9,)), id="classes"),
        pytest.param(lambda d: with_entry(d, "kernel_0.npy", b"no array"), id="no array"),
        pytest.param(lambda d: with_entry(d, "kernel_0.npy", b"\x93NUMPY\1\0\xff\xff" + b"{" * 65535), id="header"),
        pytest.param(
            lambda d: with_entry(d, "bias_0.npy", b"\x93NUMPY\1\0\x76\0" + HUGE.ljust(117) + b"\n"), id="huge"
        ),
        pytest.param(lambda _: b"PK\x05\x06" + b"\0" * 18, id="empty"),
        pytest.param(lambda _: b"\x93NUMPY\1\0x", id="npy"),
    ],
)
def test_a_head_of_another_kind_is_damaged(folder: Path, content: Any) -> None:
    place = folder / "head.npz"
    place.write_bytes(content(place.read_bytes()))
    rehash(folder)
    with pytest.raises(ModelError, match=r"head\.npz was changed or is damaged") as caught:
        open_whole(folder)
    assert caught.value.subject == str(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("classes", -1), ("classes", 10**9), ("classes", 6.5), ("classes", "6"), ("classes", True), ("classes", None),
        ("temperature", 0), ("temperature", 1e300), ("temperature", "hot"), ("alpha", -1), ("sure_from", 2),
        ("preprocessing", []), ("preprocessing", {"size": 0}), ("preprocessing", {"size": 10**6}),
        ("preprocessing", {"size": 32, "crop_fraction": -1}), ("preprocessing", {"size": 32, "normalization": "x"}),
        ("files", {}), ("files", {"model": {"name": "../model.tflite", "size": 1, "sha256": "0" * 64}}),
        ("files", {"model": {"name": "model.tflite", "size": -1, "sha256": "0" * 64}}), ("format_version", 99),
        ("id", "../x"), ("name", "x" * 999), ("output", "anything"), ("explainable", 1), ("assumed_range", "no"),
        ("metrics", {"top1": 7}), ("provenance", {"source": 3}),
    ],
)  # fmt: skip
def test_a_manifest_with_a_value_that_is_not_allowed(folder: Path, key: str, value: object) -> None:
    place = folder / "manifest.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | {key: value}))
    with pytest.raises(ModelError) as caught:
        open_whole(folder)
    assert caught.value.subject == str(folder)


@pytest.mark.parametrize("text", ["NaN", "1e999", "-Infinity"])
def test_numbers_that_are_none(folder: Path, text: str) -> None:
    place = folder / "manifest.json"
    place.write_text(place.read_text().replace('"temperature": 1.0', f'"temperature": {text}'))
    with pytest.raises(ModelError, match=r"manifest\.json"):
        open_whole(folder)


@pytest.mark.trial
def test_a_damaged_network_is_refused_or_answers(folder: Path, tmp_path: Path) -> None:
    dice = random.Random(3)
    for number in range(4):
        place = tmp_path / f"{number}"
        shutil.copytree(folder, place)
        data = bytearray((place / "model.tflite").read_bytes())
        for _ in range(3):
            data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        (place / "model.tflite").write_bytes(data)
        rehash(place)
        with contextlib.suppress(ModelError):
            LiteRTRecognizer(Bundle.open(place)).close()
