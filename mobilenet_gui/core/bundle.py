"""Owns a model on disk: a folder with its manifest, the network, the labels, the classifier and the weights.

Reading believes nothing: the manifest is checked (`manifest.py`), each file's length when the bundle is opened and
its hash before its content is used. Writing is all or nothing into a folder that the caller then moves into place.
"""

from __future__ import annotations

import contextlib
import csv
import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_gui.core import manifest as manifests
from mobilenet_gui.core.bundle_files import (
    HashingFile,
    check_hash,
    copy_into,
    damaged,
    read_entry,
    read_file,
    sync_folder,
    unreadable,
    write_file,
)
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.groups import Kinds
from mobilenet_gui.core.manifest import MANIFEST_NAME, FileEntry, Manifest, Role
from mobilenet_gui.core.records import guarded, unguarded
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.core.types import Label, Preprocessing
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    # The window opens before it needs numpy; listing models must not make it wait.
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_gui.core.strangers import Shown
    from mobilenet_gui.core.twins import Twin

MODEL_FILE = "model.tflite"
LABELS_FILE = "labels.csv"
HEAD_FILE = "head.npz"
SHOWN_FILE = "shown.npz"
ACTIVATIONS = ("linear", "relu", "relu6", "hard_swish")
MAX_HEAD_LAYERS = 4
MAX_HEAD_VALUES = 200_000_000

_LABEL_COLUMNS = ["index", "id", "name", "synonyms"]
_MAX_LABEL_TEXT = 1000


@dataclass(frozen=True, slots=True, eq=False)
class HeadLayer:
    """One layer of a classifier: `activation(x @ kernel + bias)`.

    Attributes:
        kernel: float32, shape (inputs, outputs).
        bias: float32, shape (outputs,).
        activation: one of `ACTIVATIONS`; the last layer's is `linear`, its outputs are the logits.
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    activation: str = "linear"


@dataclass(frozen=True, slots=True, eq=False)
class ClassifierHead:
    """What stands between the mean of the last feature map and the logits; column k of the last layer is class k."""

    layers: tuple[HeadLayer, ...]

    @property
    def channels(self) -> int:
        """How many channels the feature map must have."""
        return int(self.layers[0].kernel.shape[0])

    @property
    def classes(self) -> int:
        """How many logits come out."""
        return int(self.layers[-1].kernel.shape[1])

    def without_background(self) -> ClassifierHead:
        """Return the head less its first class."""
        import numpy as np

        last = self.layers[-1]
        kernel = np.ascontiguousarray(last.kernel[:, 1:])
        return ClassifierHead((*self.layers[:-1], HeadLayer(kernel, last.bias[1:].copy(), last.activation)))


class Bundle:
    """An opened model. Immutable; its files are read when asked for, never kept open.

    Attributes:
        folder: where it lies.
        manifest: what it says about itself, checked.
        labels: one `Label` a class, in the order of the reported index; empty for a backbone.
        twin: the 8-bit network that is to answer in its place (`core.twins`); None for its own.
    """

    def __init__(self, folder: Path, manifest: Manifest, labels: tuple[Label, ...], twin: Twin | None = None) -> None:
        self.folder = folder
        self.manifest = manifest
        self.labels = labels
        self.twin = twin

    def with_twin(self, twin: Twin | None) -> Bundle:
        """Return the same model with another network to answer, or, with None, its own."""
        return Bundle(self.folder, self.manifest, self.labels, twin)

    @cached_property
    def kinds(self) -> Kinds:
        """The kinds that its classes belong to."""
        return Kinds(self.labels)

    @classmethod
    def open(cls, folder: Path) -> Bundle:
        """Open the bundle in `folder`; cheap: the big files' lengths are compared, their hashes only when used.

        Raises:
            ModelError: it is missing, damaged, hostile or from a newer version.
        """
        subject = str(folder)
        data = read_file(folder / MANIFEST_NAME, subject, limit=manifests.MAX_MANIFEST_BYTES)
        manifest = manifests.from_json(data, subject)
        for entry in manifest.files.values():
            path = folder / entry.name
            try:
                size = path.stat().st_size if path.is_file() and not path.is_symlink() else -1
            except OSError as error:
                raise unreadable(subject, entry.name, error) from error
            if size < 0:
                raise ModelError(subject, tr("The model is incomplete: {file} is missing.").format(file=entry.name))
            if size != entry.size:
                raise damaged(subject, entry.name)
        labels: tuple[Label, ...] = ()
        if not manifest.is_backbone:
            labels = parse_labels(read_entry(folder, manifest.files["labels"]), subject)
            if len(labels) != manifest.classes:
                raise ModelError(
                    subject,
                    tr("The model has {classes} classes but {labels} labels.").format(
                        classes=manifest.classes, labels=len(labels)
                    ),
                )
        return cls(folder, manifest, labels)

    def __repr__(self) -> str:
        return f"Bundle({self.id!r}, {str(self.folder)!r})"

    @property
    def id(self) -> str:
        """The model's id."""
        return self.manifest.id

    @property
    def name(self) -> str:
        """The name shown."""
        return self.manifest.name

    @property
    def preprocessing(self) -> Preprocessing:
        """How a photo becomes the network's input."""
        return self.manifest.preprocessing

    @property
    def temperature(self) -> float:
        """The calibration; 1 where none was measured."""
        return self.manifest.temperature

    @property
    def sure_from(self) -> float | None:
        """The probability from which this model's answers count as sure; None where the user's setting holds."""
        return self.manifest.sure_from

    @property
    def is_backbone(self) -> bool:
        """It has no classifier and is good for fine-tuning only."""
        return self.manifest.is_backbone

    @property
    def explainable(self) -> bool:
        """A heat map can be drawn."""
        return self.manifest.explainable

    @property
    def tells_strangers(self) -> bool:
        """It knows what it was shown."""
        return self.explainable and "shown" in self.manifest.files

    @property
    def trainable(self) -> bool:
        """The weights are there to fine-tune from."""
        return "weights" in self.manifest.files

    @property
    def builtin(self) -> bool:
        """It ships with the program and cannot be removed."""
        return self.manifest.builtin

    @property
    def size_bytes(self) -> int:
        """What it takes on disk, less the manifest."""
        return sum(entry.size for entry in self.manifest.files.values())

    @property
    def weights_path(self) -> Path | None:
        """The Keras weights file, None where there is none."""
        entry = self.manifest.files.get("weights")
        return None if entry is None else self.folder / entry.name

    def tflite_bytes(self) -> bytes:
        """Return the network, its hash checked.

        Raises:
            ModelError: it is a backbone, or the file is missing or was changed.
        """
        entry = self.manifest.files.get("model")
        if entry is None:
            raise ModelError(
                self.name,
                tr("These weights have no classifier. Fine-tune them with classes of your own to use them."),
            )
        return read_entry(self.folder, entry)

    def head(self) -> ClassifierHead | None:
        """Return the classifier, None where the model cannot be explained.

        Raises:
            ModelError: the file is missing or damaged.
        """
        entry = self.manifest.files.get("head") if self.explainable else None
        if entry is None:
            return None
        subject = str(self.folder)
        head = _parse_head(read_entry(self.folder, entry), subject)
        if head.classes != self.manifest.classes:
            raise damaged(subject, entry.name)
        return head

    def shown(self) -> Shown | None:
        """Return what tells strangers; None where that is not known.

        Raises:
            ModelError: the file is missing or damaged.
        """
        if not self.tells_strangers:
            return None
        entry = self.manifest.files["shown"]
        from mobilenet_gui.core.strangers import parse_shown

        try:
            return parse_shown(read_entry(self.folder, entry), self.manifest.classes)
        except ValueError as error:
            raise damaged(str(self.folder), entry.name) from error

    def discard(self) -> None:
        """Delete the bundle's files; for one that was just written and turned out to be no good."""
        for name in [MANIFEST_NAME, *(entry.name for entry in self.manifest.files.values())]:
            with contextlib.suppress(OSError):
                (self.folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def verify(self) -> None:
        """Read every file and compare its hash; for a bundle that is about to be installed.

        Raises:
            ModelError: a file is missing or was changed.
        """
        for entry in self.manifest.files.values():
            check_hash(self.folder, entry)
        self.head()
        self.shown()


def write_bundle(
    staging: Path,
    manifest: Manifest,
    *,
    tflite: bytes | None = None,
    labels: Sequence[Label] = (),
    head: ClassifierHead | None = None,
    weights: Path | None = None,
    shown: Shown | None = None,
) -> Bundle:
    """Write a bundle into `staging`, a folder that is empty or does not exist yet, and open it.

    The manifest is written last and everything is flushed to the disk, so that a folder with a manifest is complete.

    Args:
        staging: where; the caller moves it into place.
        manifest: what to say; `files` and `explainable` are filled in here.
        tflite: the network; None for a backbone.
        labels: one a class, in the order of the outputs (background left out), indices 0, 1, 2 ...
        head: the classifier, where the network's second output is the last feature map.
        weights: a Keras weights file to copy in, for fine-tuning.
        shown: what tells strangers; needs `head`.

    Raises:
        StorageError: the disk refused; nothing is left behind.
        ModelError: what was given does not make a valid bundle; nothing is left behind.
    """
    written: list[Path] = []
    made_folder = not staging.exists()
    files: dict[Role, FileEntry] = {}

    def put(role: Role, name: str, write: Callable[[HashingFile], None]) -> None:
        path = staging / name
        written.append(path)
        files[role] = write_file(path, write)

    try:
        staging.mkdir(parents=True, exist_ok=True)
        if tflite is not None:
            content = tflite
            put("model", MODEL_FILE, lambda out: out.write(content))
            put("labels", LABELS_FILE, lambda out: out.write(format_labels(labels)))
        if head is not None:
            packed = _pack_head(head)
            put("head", HEAD_FILE, lambda out: out.write(packed))
        if shown is not None and head is not None:
            told = shown.pack()
            put("shown", SHOWN_FILE, lambda out: out.write(told))
        if weights is not None:
            source = weights
            put("weights", _weights_name(weights), lambda out: copy_into(source, out))
        manifest = replace(manifest, files=files, explainable=head is not None)
        text = manifests.to_json(manifest).encode()
        written.append(staging / MANIFEST_NAME)
        write_file(staging / MANIFEST_NAME, lambda out: out.write(text))
        sync_folder(staging)
        return Bundle.open(staging)
    except BaseException as error:
        for path in written:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        if made_folder:
            with contextlib.suppress(OSError):
                staging.rmdir()
        if isinstance(error, OSError):
            raise storage_error(staging, error) from error
        raise


def format_labels(labels: Sequence[Label]) -> bytes:
    """Return the text of `labels.csv`: index, id, name, synonyms; `parse_labels` reads back what was given."""
    out = io.StringIO(newline="")
    # People open it in spreadsheets, too. Python's writer takes a lone return for no line's end; its reader does.
    rows = [[str(label.index), *map(guarded, (label.id, label.name, label.synonyms))] for label in labels]
    returns = any("\r" in text for row in rows for text in row[1:])
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL)
    writer.writerow(_LABEL_COLUMNS)
    writer.writerows(rows)
    return out.getvalue().encode()


def parse_labels(data: bytes, subject: str) -> tuple[Label, ...]:
    """Read `labels.csv`; indices must be 0, 1, 2 ... in order.

    Raises:
        ModelError: it is damaged.
    """
    bad = ModelError(subject, tr("The model's list of labels (labels.csv) is damaged."))
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
        if not rows or rows[0] != _LABEL_COLUMNS:
            raise bad
        texts = [(int(index), [unguarded(text) for text in (wnid, name, more)]) for index, wnid, name, more in rows[1:]]
        labels = tuple(Label(index, *row) for index, row in texts)
    except (ValueError, csv.Error) as error:
        raise bad from error
    for position, label in enumerate(labels):
        too_long = max(len(label.id), len(label.name), len(label.synonyms)) > _MAX_LABEL_TEXT
        if label.index != position or not label.name.strip() or too_long:
            raise bad
    return labels


def _weights_name(weights: Path) -> str:
    # Keras tells its layouts apart by these endings, so they are kept.
    name = weights.name.lower()
    return next(
        (
            f"weights{end}" if end != ".weights.h5" else "model.weights.h5"
            for end in (".weights.h5", ".keras")
            if name.endswith(end)
        ),
        "weights.h5",
    )


def _pack_head(head: ClassifierHead) -> bytes:
    import numpy as np

    arrays: dict[str, NDArray[np.generic]] = {}
    for number, layer in enumerate(head.layers):
        arrays[f"kernel_{number}"] = np.ascontiguousarray(layer.kernel, np.float32)
        arrays[f"bias_{number}"] = np.ascontiguousarray(layer.bias, np.float32)
        arrays[f"activation_{number}"] = np.array(layer.activation)
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **arrays)
    return out.getvalue()


def _parse_head(data: bytes, subject: str) -> ClassifierHead:
    import zipfile
    import zlib

    import numpy as np

    layers: list[HeadLayer] = []
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            count = sum(name.startswith("kernel_") for name in stored.files)
            if not 1 <= count <= MAX_HEAD_LAYERS:
                raise ValueError(count)
            declared = sum(info.file_size for info in stored.zip.infolist()) if stored.zip else 0
            if declared > 4 * MAX_HEAD_VALUES:
                raise ValueError(declared)
            for number in range(count):
                entries = [stored[f"{part}_{number}"] for part in ("kernel", "bias", "activation")]
                if not all(isinstance(entry, np.ndarray) for entry in entries):  # anything else in the archive is bytes
                    raise ValueError(number)
                kernel, bias, activation = *entries[:2], str(entries[2])
                fits = kernel.ndim == 2 and bias.shape == kernel.shape[1:] and activation in ACTIVATIONS
                chained = not layers or layers[-1].kernel.shape[1] == kernel.shape[0]
                numbers = kernel.dtype == np.float32 and bias.dtype == np.float32
                if not (fits and chained and numbers and np.isfinite(kernel).all() and np.isfinite(bias).all()):
                    raise ValueError(number)
                layers.append(HeadLayer(kernel, bias, activation))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, EOFError, SyntaxError, RuntimeError,
            OverflowError, MemoryError, struct.error, zlib.error, zipfile.BadZipFile) as error:  # fmt: skip
        raise damaged(subject, HEAD_FILE) from error
    return ClassifierHead(tuple(layers))
