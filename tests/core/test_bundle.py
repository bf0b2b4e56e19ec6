"""Bundles: what is written reads back, the damaged and hostile is refused, a full disk leaves nothing behind."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobilenet_gui.core import bundle as bundles
from mobilenet_gui.core.bundle import Bundle, ClassifierHead, HeadLayer, write_bundle
from mobilenet_gui.core.errors import ModelError, StorageError
from mobilenet_gui.core.manifest import MANIFEST_NAME, FileEntry, Manifest, Metrics, Provenance, from_json, to_json
from mobilenet_gui.core.types import Label, Preprocessing
from tests.model_factory import CHANNELS, CLASSES, make_bundle, make_labels, make_tflite


def edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / MANIFEST_NAME
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")


def test_written_bundle_reads_back(tmp_path: Path) -> None:
    made = make_bundle(tmp_path / "tiny")
    again = Bundle.open(tmp_path / "tiny")
    again.verify()
    assert again.manifest == made.manifest
    assert again.labels == make_labels()
    assert (again.id, again.name, again.is_backbone, again.explainable, again.trainable) == (
        "tiny",
        "Tiny",
        False,
        True,
        False,
    )
    assert again.preprocessing == Preprocessing(size=32)
    assert again.size_bytes == sum(p.stat().st_size for p in again.folder.iterdir() if p.name != MANIFEST_NAME)
    head = again.head()
    assert head is not None
    assert (head.channels, head.classes) == (CHANNELS, CLASSES)


def test_manifest_keeps_every_field() -> None:
    manifest = Manifest(
        id="a.b-c_1",
        name="Ünï ☃",
        family="v2",
        preprocessing=Preprocessing(96, 1.0, True, "lanczos", "zero_1"),
        classes=0,
        alpha=0.35,
        output="logits",
        temperature=1.5,
        label_set="x",
        description="d",
        licence="MIT",
        parameters=12,
        macs=34,
        metrics=Metrics(0.7, 0.9, 4.5),
        provenance=Provenance("https://example.org/a", "a.h5", "0" * 64, "2026-01-01", "garden", "run-0002"),
        builtin=True,
        files={"weights": FileEntry("w.h5", 3, "a" * 64)},
    )
    assert from_json(to_json(manifest).encode(), "x") == manifest


def test_backbone_needs_weights_only_and_says_what_it_is_good_for(tmp_path: Path) -> None:
    weights = tmp_path / "some.weights.h5"
    weights.write_bytes(b"weights")
    manifest = Manifest("b", "B", "v1", Preprocessing(64), classes=0)
    made = write_bundle(tmp_path / "b", manifest, weights=weights)
    assert made.is_backbone
    assert made.trainable
    assert made.labels == ()
    assert made.weights_path == tmp_path / "b" / "model.weights.h5"
    assert made.weights_path.read_bytes() == b"weights"
    with pytest.raises(ModelError, match="no classifier"):
        made.tflite_bytes()


@pytest.mark.parametrize(
    ("given", "kept"), [("A B.h5", "weights.h5"), ("x.KERAS", "weights.keras"), ("y.Weights.H5", "model.weights.h5")]
)
def test_weights_keep_the_ending_that_tells_their_layout(tmp_path: Path, given: str, kept: str) -> None:
    source = tmp_path / given
    source.write_bytes(b"1")
    made = write_bundle(tmp_path / "b", Manifest("b", "B", "v1", Preprocessing(64), classes=0), weights=source)
    assert made.weights_path is not None
    assert made.weights_path.name == kept


@pytest.mark.parametrize("name", ["model.tflite", "labels.csv", "head.npz"])
def test_changed_file_is_refused_when_used(tmp_path: Path, name: str) -> None:
    made = make_bundle(tmp_path / "tiny")
    path = made.folder / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ModelError, match="damaged"):
        Bundle.open(made.folder).verify()
    used: dict[str, Callable[[], object]] = {
        "model.tflite": made.tflite_bytes,
        "head.npz": made.head,
        "labels.csv": lambda: Bundle.open(made.folder),
    }
    with pytest.raises(ModelError, match="damaged"):
        used[name]()


@pytest.mark.parametrize("name", ["model.tflite", "labels.csv", "head.npz", MANIFEST_NAME])
def test_missing_file_is_named(tmp_path: Path, name: str) -> None:
    made = make_bundle(tmp_path / "tiny")
    (made.folder / name).unlink()
    with pytest.raises(ModelError, match="no model in this folder" if name == MANIFEST_NAME else name) as caught:
        Bundle.open(made.folder)
    assert caught.value.subject == str(made.folder)


def test_shortened_file_is_noticed_on_opening(tmp_path: Path) -> None:
    made = make_bundle(tmp_path / "tiny")
    (made.folder / "model.tflite").write_bytes(b"short")
    with pytest.raises(ModelError, match=r"model\.tflite"):
        Bundle.open(made.folder)


def test_newer_format_asks_for_an_update(tmp_path: Path) -> None:
    made = make_bundle(tmp_path / "tiny")
    edit(made.folder, lambda d: d.update(format_version=2, id=7))
    with pytest.raises(ModelError, match="newer version"):
        Bundle.open(made.folder)


def _set(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        *parents, last = path.split("/")
        for parent in parents:
            data = data[parent]
        data[last] = value

    return change


HOSTILE = [
    ("id", "../evil"),
    ("id", "con"),
    ("id", ""),
    ("id", 5),
    ("name", "x" * 500),
    ("name", "a\nb"),
    ("name", None),
    ("classes", -1),
    ("classes", True),
    ("classes", 6.0),
    ("classes", 10**9),
    ("classes", 10**400),
    ("temperature", 0),
    ("temperature", "1"),
    ("preprocessing/size", 100_000),
    ("preprocessing/size", 0),
    ("preprocessing/crop_fraction", 0),
    ("preprocessing/crop_fraction", 2),
    ("preprocessing/filter", "magic"),
    ("preprocessing/normalization", ["minus1_1"]),
    ("preprocessing", []),
    ("output", "guesses"),
    ("files", "model.tflite"),
    ("files/model/name", "../../etc/passwd"),
    ("files/model/name", "/etc/passwd"),
    ("files/model/name", "a\\b"),
    ("files/model/name", "C:evil"),
    ("files/model/name", "NUL.tflite"),
    ("files/model/name", "manifest.json"),
    ("files/model/name", "labels.csv"),
    ("files/model/size", 1 << 60),
    ("files/model/size", -1),
    ("files/model/sha256", "zz"),
    ("files/model", None),
    ("metrics/top1", 3),
    ("parameters", "many"),
    ("explainable", "yes"),
    ("format_version", 0),
    ("format_version", "1"),
]


@pytest.mark.parametrize(("key", "value"), HOSTILE)
def test_hostile_manifest_is_refused(tmp_path: Path, key: str, value: object) -> None:
    made = make_bundle(tmp_path / "tiny")
    edit(made.folder, _set(key, value))
    with pytest.raises(ModelError):
        Bundle.open(made.folder)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"format_version": NaN}', b'{"a": 1e999}',
        b" " * (2 << 20),
     b'{"format_version": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_damaged_manifest_is_refused(tmp_path: Path, text: bytes) -> None:
    made = make_bundle(tmp_path / "tiny")
    (made.folder / MANIFEST_NAME).write_bytes(text)
    with pytest.raises(ModelError):
        Bundle.open(made.folder)


def test_link_instead_of_a_file_is_refused(tmp_path: Path) -> None:
    made = make_bundle(tmp_path / "tiny")
    target = tmp_path / "elsewhere.tflite"
    (made.folder / "model.tflite").rename(target)
    try:
        (made.folder / "model.tflite").symlink_to(target)
    except OSError:
        pytest.skip("this system lets nobody make links")
    with pytest.raises(ModelError):
        Bundle.open(made.folder)


def test_labels_must_match_the_classes(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="6 classes but 5 labels"):
        write_bundle(
            tmp_path / "b",
            Manifest("b", "B", "other", Preprocessing(32), classes=6),
            tflite=make_tflite(),
            labels=make_labels(5),
        )
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    "text",
    [
        b"index,id,name,synonyms\n1,,a,\n",
        b"index,id,name,synonyms\n0,,,\n",
        b"index,id,name,synonyms\nx,,a,\n",
        b"index,id,name\n0,,a\n",
        b'index,id,name,synonyms\n0,,"a,\n',
        b"index,id,name,synonyms\n0,,a,,\n",
        b"\xff\xff",
        b"",
    ],
)
def test_damaged_labels_are_refused(text: bytes) -> None:
    with pytest.raises(ModelError, match="labels"):
        bundles.parse_labels(text, "x")


def test_labels_survive_commas_quotes_and_unicode() -> None:
    labels = (Label(0, "n1", 'a "b", c', "d\ne"), Label(1, "", "ß☃", ""))
    assert bundles.parse_labels(bundles.format_labels(labels), "x") == labels


def _swap_head(folder: Path, content: bytes) -> None:
    (folder / "head.npz").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    edit(folder, lambda d: d["files"]["head"].update(size=len(content), sha256=digest))


def _npz(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


LINEAR = np.array("linear")
F32 = np.float32


@pytest.mark.parametrize(
    "content",
    [
        b"no archive",
        _npz(),
        _npz(kernel_0=np.array([object()], dtype=object), bias_0=np.zeros(6, F32), activation_0=LINEAR),
        _npz(kernel_0=np.zeros((8, 6), F32), bias_0=np.zeros(5, F32), activation_0=LINEAR),
        _npz(kernel_0=np.zeros((8, 6), np.float64), bias_0=np.zeros(6, F32), activation_0=LINEAR),
        _npz(kernel_0=np.full((8, 6), np.nan, F32), bias_0=np.zeros(6, F32), activation_0=LINEAR),
        _npz(kernel_0=np.zeros((8, 6), F32), bias_0=np.zeros(6, F32), activation_0=np.array("evil")),
        _npz(kernel_0=np.zeros((8, 4), F32), bias_0=np.zeros(4, F32), activation_0=LINEAR),
        _npz(kernel_0=np.zeros((8, 6), F32)),
    ],
)
def test_damaged_or_hostile_head_is_refused(tmp_path: Path, content: bytes) -> None:
    made = make_bundle(tmp_path / "tiny")
    _swap_head(made.folder, content)
    with pytest.raises(ModelError, match="head"):
        Bundle.open(made.folder).head()


def test_several_layers_survive(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    first = HeadLayer(random.normal(size=(8, 5)).astype(F32), random.normal(size=5).astype(F32), "hard_swish")
    last = HeadLayer(random.normal(size=(5, 6)).astype(F32), random.normal(size=6).astype(F32))
    manifest = Manifest("b", "B", "other", Preprocessing(32), classes=6)
    made = write_bundle(
        tmp_path / "b", manifest, tflite=make_tflite(), labels=make_labels(), head=ClassifierHead((first, last))
    )
    head = made.head()
    assert head is not None
    assert [layer.activation for layer in head.layers] == ["hard_swish", "linear"]
    np.testing.assert_array_equal(head.layers[0].kernel, first.kernel)
    np.testing.assert_array_equal(head.layers[1].bias, last.bias)


@pytest.mark.parametrize(
    ("code", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "permission"), (errno.EIO, "."), (errno.EROFS, ".")],
)
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_disk_that_refuses_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str, at: int
) -> None:
    calls = 0
    real = os.fsync

    def fsync(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise OSError(code, "no")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageError, match=words) as caught:
        make_bundle(tmp_path / "tiny")
    assert caught.value.subject == str(tmp_path / "tiny")
    assert not (tmp_path / "tiny").exists()


def test_given_folder_is_emptied_but_kept_when_the_disk_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging = tmp_path / "staging"
    staging.mkdir()

    def fsync(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageError):
        make_bundle(staging)
    assert list(staging.iterdir()) == []
