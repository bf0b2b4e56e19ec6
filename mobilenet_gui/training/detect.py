"""Owns telling which MobileNet a weights file holds, and saying layer by layer where it is none.

The shapes decide: every architecture is tried, and only one whose layers all agree is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core import catalog
from mobilenet_gui.core.catalog import Family
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.architectures import (
    ANY_ALPHAS,
    FAMILIES,
    OFFICIAL_ALPHAS,
    PLANS,
    Architecture,
    Layer,
    Shape,
)
from mobilenet_gui.training.weights import FileLayer, WeightsFile

DEFAULT_SIZE = 224
USUAL_SIZES = (96, 128, 160, 192, 224, 256, 384)
_SIZE_IN_NAME = re.compile(r"(?<![\d.])(\d{2,3})(?![\d.]*\d)")


@dataclass(frozen=True, slots=True)
class Declared:
    """What is known beforehand; None leaves it to the file."""

    family: Family | None = None
    alpha: float | None = None
    input_size: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Detected:
    """A file's architecture, with the file's layer for each of its layers, in its order."""

    architecture: Architecture
    layers: tuple[FileLayer, ...]

    def read(self, subject: str) -> dict[str, list[NDArray[np.float32]]]:
        """Read the arrays, by Keras' names of the layers.

        Raises:
            ModelError: a layer holds values that are no numbers.
        """
        arrays: dict[str, list[NDArray[np.float32]]] = {}
        for layer, found in zip(self.architecture.layers, self.layers, strict=True):
            try:
                arrays[layer.name] = found.read()
            except ValueError as error:
                raise ModelError(
                    subject, tr("The weights of layer “{layer}” are damaged.").format(layer=layer.name)
                ) from error
            variances = arrays[layer.name][3] if layer.kind == "norm" else None
            if variances is not None and float(variances.min()) < 0:
                raise ModelError(subject, tr("The weights of layer “{layer}” are damaged.").format(layer=layer.name))
        return arrays


@dataclass(frozen=True, slots=True)
class _Mismatch:
    """Where a file stops agreeing with an architecture: how many layers did, and what is wrong, in words."""

    agreed: int
    text: str


def detect(file: WeightsFile, declared: Declared, subject: str) -> Detected:
    """Find the architecture whose layers are those of `file`.

    Args:
        file: the opened weights.
        declared: what the file should be; another architecture is refused.
        subject: what an error names.

    Raises:
        ModelError: the file holds no MobileNet, or another one than declared; the reason names the layer that differs.
    """
    best: tuple[_Mismatch, Architecture] | None = None
    for architecture in _candidates(declared, file.layers):
        found = _match(architecture, file.layers)
        if not isinstance(found, _Mismatch):
            return Detected(architecture, found)
        if best is None or found.agreed > best[0].agreed:
            best = (found, architecture)
    if declared.family is not None and (other := _other(file, declared)) is not None:
        raise ModelError(
            subject,
            tr("These are the weights of {found}, not of {wanted}.").format(
                found=other.name, wanted=Architecture(declared.family, declared.alpha or 1.0, None).name
            ),
        )
    if best is None or best[0].agreed == 0:
        if declared.family is not None:
            wanted = Architecture(declared.family, declared.alpha or 1.0, None).name
            raise ModelError(subject, tr("These are not the weights of {wanted}.").format(wanted=wanted))
        raise ModelError(subject, tr("These weights belong to none of the MobileNets that can be imported."))
    mismatch, architecture = best
    raise ModelError(
        subject,
        tr("The weights do not fit {name}: {difference}").format(name=architecture.name, difference=mismatch.text),
    )


def input_size(file: WeightsFile, declared: Declared, path: Path, family: Family) -> int:
    """Return the side of the input: as declared, else as the file, the catalogue or the file's name says, else 224."""
    entry = catalog.find_by_file_name(path.name)
    size = declared.input_size or file.input_size or (entry[0].input_size if entry is not None else None)
    if size is None and not family.startswith("v3"):
        named = [int(n) for n in _SIZE_IN_NAME.findall(path.stem)]
        size = next((n for n in named if n in USUAL_SIZES), None)
    return size or (PLANS[family].size if family in PLANS else DEFAULT_SIZE)


def _other(file: WeightsFile, declared: Declared) -> Architecture | None:
    for architecture in _candidates(Declared(), file.layers):
        if not isinstance(_match(architecture, file.layers), _Mismatch):
            same = architecture.family == declared.family and declared.alpha in (None, architecture.alpha)
            return None if same else architecture
    return None


def _candidates(declared: Declared, layers: Sequence[FileLayer]) -> Iterator[Architecture]:
    """Every architecture worth trying: with the classifier that the file's last layer would be, and without."""
    families = (declared.family,) if declared.family is not None else FAMILIES
    alphas = (declared.alpha,) if declared.alpha is not None else (*OFFICIAL_ALPHAS, *ANY_ALPHAS)
    counts = {layer.shapes[-1][-1] for layer in layers if len(layer.shapes) == 2 and layer.shapes[-1]}
    biased = [layer for layer in layers if len(layer.shapes) == 2]
    last = biased[-1].shapes[-1][-1] if biased else None
    classes: list[int | None] = [None, *sorted({last} if last is not None else set())]
    # In the modern layout layers are sorted by kind, so a dense layer need not stand last.
    dense = [layer.shapes[-1][-1] for layer in layers if layer.kind == "dense" and layer.shapes[-1]]
    classes.extend(n for n in dense if n in counts and n not in classes)
    for alpha in alphas:
        for family in families:
            if family in PLANS and alpha != 1.0:
                continue
            for count in classes:
                yield Architecture(family, alpha, count)


def _match(architecture: Architecture, layers: Sequence[FileLayer]) -> tuple[FileLayer, ...] | _Mismatch:
    wanted = architecture.layers
    by_name = {layer.name: layer for layer in layers}
    if all(layer.name in by_name for layer in wanted) and len(wanted) == len(layers):
        found: list[FileLayer | None] = [by_name[layer.name] for layer in wanted]
    elif any(layer.kind is not None for layer in layers):
        queues: dict[str, list[FileLayer]] = {}
        for layer in layers:
            queues.setdefault(layer.kind or "", []).append(layer)
        found = [queue.pop(0) if (queue := queues.get(layer.kind)) else None for layer in wanted]
    else:
        found = [layers[n] if n < len(layers) else None for n in range(len(wanted))]
    matched: list[FileLayer] = []
    for number, (expected, candidate) in enumerate(zip(wanted, found, strict=True)):
        if candidate is None:
            return _Mismatch(number, tr("the layer “{layer}” is missing.").format(layer=expected.name))
        if expected.shapes != candidate.shapes:
            return _Mismatch(number, _difference(expected, candidate))
        matched.append(candidate)
    if len(layers) > len(wanted):
        extra = next(layer for layer in layers if layer not in matched)
        return _Mismatch(len(wanted), tr("the layer “{layer}” is one too many.").format(layer=extra.name))
    return tuple(matched)


def _difference(layer: Layer, found: FileLayer) -> str:
    return tr("the layer “{layer}” should have {wanted}, but the file has {found}.").format(
        layer=layer.name, wanted=_words(layer.shapes), found=_words(found.shapes)
    )


def _words(shapes: tuple[Shape, ...]) -> str:
    if len(shapes) == 4 and len(set(shapes)) == 1:
        return "4 × " + "×".join(map(str, shapes[0]))
    return " + ".join("×".join(map(str, shape)) for shape in shapes) or "0"
