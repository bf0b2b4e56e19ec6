"""Owns `manifest.json`, the description of a model bundle: its fields, their bounds, reading and writing.

A manifest may come from anybody, so nothing in it is believed: every value is checked for type and range before it
reaches the rest of the program, file names cannot leave the bundle's folder, and unknown keys are ignored.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, cast, get_args

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.store_files import MAX_ID_LENGTH, is_valid_id
from mobilenet_gui.core.types import Normalization, Preprocessing, ResizeFilter
from mobilenet_gui.i18n import tr

FORMAT_VERSION = 1
MANIFEST_NAME = "manifest.json"
MAX_MANIFEST_BYTES = 1 << 20
MAX_FILE_BYTES = 1 << 31
MAX_CLASSES = 100_000
MAX_INPUT_SIZE = 1024
MIN_INPUT_SIZE = 16
LEARNT_BYTES = 5
MOST_LEARNT = 100_000
"""Photos whose hashes a manifest holds: 7 kB for a thousand, 0.7 MB at most."""

Role = Literal["model", "labels", "head", "weights", "shown"]
OutputKind = Literal["probabilities", "logits"]

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WINDOWS_DEVICES = frozenset({"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(10)})


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a bundle: its plain name, its length in bytes, its sha256 in hexadecimal."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Metrics:
    """What is known of a model's quality. Fractions in 0-1, milliseconds; None where nobody measured.

    Attributes:
        top1: published share of photos whose first guess is correct.
        top5: published share of photos with the correct class among the first five.
        milliseconds: the network's time for one photo when it was measured on this machine.
        accuracy: share of this program's own test photos whose first guess is correct.
        accuracy_low: lower end of the 95 % interval of `accuracy`.
        accuracy_high: its upper end.
        test_photos: how many photos `accuracy` was measured on.
    """

    top1: float | None = None
    top5: float | None = None
    milliseconds: float | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    test_photos: int | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a model came from.

    Attributes:
        source: the address it was downloaded from, or empty for a file of the user's.
        file_name: the name of the file it was made from.
        sha256: that file's hash, or empty.
        created: ISO 8601 date of the making, or empty.
        project: the fine-tuning project of this user that it comes from, by id; empty for none.
        run: the training in that project.
        learnt: the photos that it, or a model it was made from, learnt from: the first `LEARNT_BYTES` bytes of each
            file's hash (`fingerprint.Fingerprint.digest`), sorted, in Base64. See `with_learnt`.
    """

    source: str = ""
    file_name: str = ""
    sha256: str = ""
    created: str = ""
    project: str = ""
    run: str = ""
    learnt: str = ""

    @property
    def learnt_photos(self) -> frozenset[bytes]:
        """What names the photos it learnt from; those of another file are the first `LEARNT_BYTES` of its hash.

        With 20,000 learnt and 20,000 new photos, one of these is taken for a learnt one by chance in 1 of 2,700 sets
        (20,000² / 2⁴⁰); it is trained on then, and no figure is wrong.
        """
        data = base64.b64decode(self.learnt)
        return frozenset(data[n : n + LEARNT_BYTES] for n in range(0, len(data), LEARNT_BYTES))

    def with_learnt(self, contents: Iterable[bytes]) -> Provenance:
        """Return it with these photos besides those that it has learnt from; of more than `MOST_LEARNT` the first.

        Args:
            contents: the hashes of files, or their beginnings.
        """
        names = sorted(self.learnt_photos.union(content[:LEARNT_BYTES] for content in contents))[:MOST_LEARNT]
        return replace(self, learnt=base64.b64encode(b"".join(names)).decode("ascii"))


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything a bundle says about itself.

    Attributes:
        id: the model's id, also its folder's name.
        name: the name shown.
        family: `v1`, `v2`, `v3-small` ... as in the catalogue; `other` for a foreign .tflite.
        alpha: the width multiplier, None where unknown.
        preprocessing: how a photo becomes the input; its `size` is the input's side.
        classes: how many classes are reported; 0 for a backbone.
        background: output 0 is a background class that is never reported.
        output: whether the network's output is probabilities already or still logits.
        explainable: the network's second output is the last feature map, and the head is stored.
        assumed_range: neither the file nor the user told in which value range the pixels go in.
        temperature: calibration; logits are divided by it. 1 leaves them alone.
        sure_from: the probability from which an answer of this model counts as sure, chosen on photos it had not
            learnt from; None where nobody measured, and the user's own setting holds.
        label_set: `imagenet-1k` or `custom`.
        parameters: number of weights, None where unknown.
        macs: multiply-accumulates for one photo, None where unknown.
        builtin: it ships with the program.
        files: what lies in the folder, by role.
    """

    id: str
    name: str
    family: str
    preprocessing: Preprocessing
    classes: int
    alpha: float | None = None
    background: bool = False
    output: OutputKind = "probabilities"
    explainable: bool = False
    assumed_range: bool = False
    temperature: float = 1.0
    sure_from: float | None = None
    label_set: str = "custom"
    description: str = ""
    licence: str = ""
    parameters: int | None = None
    macs: int | None = None
    metrics: Metrics = Metrics()
    provenance: Provenance = Provenance()
    builtin: bool = False
    files: Mapping[Role, FileEntry] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    @property
    def input_size(self) -> int:
        """The side of the square input in pixels."""
        return self.preprocessing.size

    @property
    def is_backbone(self) -> bool:
        """No classifier inside: good for fine-tuning only."""
        return self.classes == 0

    @property
    def outputs(self) -> int:
        """The length of the network's first output."""
        return self.classes + int(self.background)


def to_json(manifest: Manifest) -> str:
    """Return the text of `manifest.json`."""
    data = asdict(manifest)
    data["files"] = {role: asdict(entry) for role, entry in manifest.files.items()}
    data["input_size"] = manifest.input_size
    return (
        json.dumps({"format_version": manifest.format_version, **data}, indent=2, ensure_ascii=False, allow_nan=False)
        + "\n"
    )


class _Reader:
    """Takes checked values out of a JSON object. Every refusal is a `ModelError` that names the key."""

    def __init__(self, data: object, subject: str, where: str = "") -> None:
        if not isinstance(data, dict):
            raise ModelError(
                subject,
                tr("The model's description is damaged: {key} is not what it should be.").format(
                    key=where or MANIFEST_NAME
                ),
            )
        self._data = cast("dict[str, Any]", data)
        self._subject = subject
        self._where = where

    def refuse(self, key: str) -> ModelError:
        name = f"{self._where}.{key}" if self._where else key
        return ModelError(
            self._subject, tr("The model's description is damaged: “{key}” is missing or not allowed.").format(key=name)
        )

    def part(self, key: str) -> _Reader:
        return _Reader(self._data.get(key, {}), self._subject, key)

    def names(self) -> list[str]:
        return list(self._data)

    def text(self, key: str, *, limit: int = 300, default: str | None = None) -> str:
        value = self._data.get(key, default)
        if (
            not isinstance(value, str)
            or len(value) > limit
            or any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in value)
        ):
            raise self.refuse(key)
        return value

    def packed(self, key: str, size: int, most: int) -> str:
        """Return Base64 of at most so many pieces of `size` bytes; empty where there is none."""
        text = self.text(key, limit=(size * most + 2) // 3 * 4, default="")
        try:
            if len(base64.b64decode(text, validate=True)) % size == 0:
                return text
        except binascii.Error:
            pass
        raise self.refuse(key)

    def choice(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(key, default=default)
        if value not in allowed:
            raise self.refuse(key)
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        value = self._data.get(key, default)
        if not isinstance(value, bool):
            raise self.refuse(key)
        return value

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        value = self._data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.refuse(key)
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        value = self._data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise self.refuse(key)
        return float(value)

    def maybe_number(self, key: str, low: float, high: float) -> float | None:
        return None if self._data.get(key) is None else self.number(key, low, high)

    def maybe_whole(self, key: str, low: int, high: int) -> int | None:
        return None if self._data.get(key) is None else self.whole(key, low, high)


def _refuse_constant(text: str) -> float:
    raise ValueError(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def from_json(text: bytes, subject: str) -> Manifest:
    """Read a manifest that may be hostile.

    Args:
        text: the content of `manifest.json`.
        subject: what an error names: the bundle's folder.

    Raises:
        ModelError: it is damaged, holds a value that is not allowed, or was made by a newer version.
    """
    try:
        if len(text) > MAX_MANIFEST_BYTES:
            raise ValueError(len(text))
        data = json.loads(text.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise ModelError(subject, tr("The model's description (manifest.json) is damaged.")) from error
    read = _Reader(data, subject)
    if read.whole("format_version", 1, 1 << 31) > FORMAT_VERSION:
        raise ModelError(
            subject, tr("This model was made by a newer version of the program. Update the program to use it.")
        )
    classes = read.whole("classes", 0, MAX_CLASSES)
    files = _read_files(read.part("files"))
    manifest_id = read.text("id", limit=MAX_ID_LENGTH)
    if not is_valid_id(manifest_id):
        raise read.refuse("id")
    needed: set[Role] = {"weights"} if classes == 0 else {"model", "labels"}
    explainable = read.flag("explainable")
    if explainable:
        needed.add("head")
    for role in sorted(needed - set(files)):
        raise read.refuse(f"files.{role}")
    metrics, made = read.part("metrics"), read.part("provenance")
    return Manifest(
        id=manifest_id,
        name=read.text("name", limit=200),
        family=read.text("family", limit=40),
        alpha=read.maybe_number("alpha", 0.01, 10),
        preprocessing=_read_preprocessing(read.part("preprocessing")),
        classes=classes,
        background=read.flag("background"),
        output=cast("OutputKind", read.choice("output", get_args(OutputKind), "probabilities")),
        explainable=explainable,
        assumed_range=read.flag("assumed_range"),
        temperature=read.number("temperature", 0.05, 20, 1.0),
        sure_from=read.maybe_number("sure_from", 0.05, 0.99),
        label_set=read.text("label_set", limit=100, default="custom"),
        description=read.text("description", limit=2000, default=""),
        licence=read.text("licence", limit=200, default=""),
        parameters=read.maybe_whole("parameters", 1, 10**12),
        macs=read.maybe_whole("macs", 1, 10**15),
        metrics=Metrics(
            metrics.maybe_number("top1", 0, 1),
            metrics.maybe_number("top5", 0, 1),
            metrics.maybe_number("milliseconds", 0, 1e7),
            metrics.maybe_number("accuracy", 0, 1),
            metrics.maybe_number("accuracy_low", 0, 1),
            metrics.maybe_number("accuracy_high", 0, 1),
            metrics.maybe_whole("test_photos", 1, 10**9),
        ),
        provenance=Provenance(
            made.text("source", limit=2000, default=""),
            made.text("file_name", limit=300, default=""),
            made.text("sha256", limit=64, default=""),
            made.text("created", limit=40, default=""),
            made.text("project", limit=200, default=""),
            made.text("run", limit=200, default=""),
            made.packed("learnt", LEARNT_BYTES, MOST_LEARNT),
        ),
        builtin=read.flag("builtin"),
        files=files,
        format_version=read.whole("format_version", 1, FORMAT_VERSION),
    )


def _read_preprocessing(read: _Reader) -> Preprocessing:
    return Preprocessing(
        size=read.whole("size", MIN_INPUT_SIZE, MAX_INPUT_SIZE),
        crop_fraction=read.number("crop_fraction", 0.05, 1, 0.875),
        stretch=read.flag("stretch"),
        filter=cast("ResizeFilter", read.choice("filter", get_args(ResizeFilter), "bicubic")),
        normalization=cast("Normalization", read.choice("normalization", get_args(Normalization), "minus1_1")),
    )


def _read_files(read: _Reader) -> dict[Role, FileEntry]:
    files: dict[Role, FileEntry] = {}
    for key in read.names():
        if key not in get_args(Role):
            continue
        entry = read.part(key)
        name = entry.text("name", limit=100)
        digest = entry.text("sha256", limit=64)
        plain = (
            _FILE_NAME.fullmatch(name)
            and not name.endswith(".")
            and name.split(".", 1)[0].lower() not in _WINDOWS_DEVICES
        )
        if not plain or name == MANIFEST_NAME or any(name == other.name for other in files.values()):
            raise entry.refuse("name")
        if not _SHA256.fullmatch(digest):
            raise entry.refuse("sha256")
        files[cast("Role", key)] = FileEntry(name, entry.whole("size", 1, MAX_FILE_BYTES), digest)
    return files
