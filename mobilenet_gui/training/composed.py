"""Owns understanding whole Keras models that stand on a MobileNet: Teachable Machine's, and those of transfer learning.

Such a model is a chain: rescaling and whatever varies photos in training, a MobileNet without its own classifier (a
model inside the model, or its layers among the others), a pooling, and dense layers. The chain is taken apart here;
what is built from it is ours, layer by layer, from a short list of kinds. Anything else is refused by its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.types import Normalization
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.architectures import ANY_ALPHAS, FAMILIES, OFFICIAL_ALPHAS, Architecture
from mobilenet_gui.training.keras_before import IGNORED, NOTHING_BEFORE, Before, Layer, read_before
from mobilenet_gui.training.keras_config import NotUnderstoodError, Settings, Step
from mobilenet_gui.training.keras_head import DenseLayer, cannot, read_head

Floats = NDArray[np.float32]
Arrays = dict[str, list[Floats]]
Pooling = Literal["avg", "max", "flatten", "avg window", "max window"]

_WEIGHTED: Final[dict[str, str]] = {
    "Conv2D": "conv", "DepthwiseConv2D": "depthwise", "BatchNormalization": "norm", "Dense": "dense",
}  # fmt: skip
_POOLINGS: Final[dict[str, Pooling]] = {
    "GlobalAveragePooling2D": "avg", "GlobalAvgPool2D": "avg", "GlobalMaxPooling2D": "max", "GlobalMaxPool2D": "max",
    "Flatten": "flatten", "AveragePooling2D": "avg window", "AvgPool2D": "avg window", "MaxPooling2D": "max window",
    "MaxPool2D": "max window",
}  # fmt: skip
_EPSILON: Final = 1e-3
_ALIKE: Final = 0.25
"""From this share of layers on that agree, a model that differs is worth comparing with a MobileNet."""


@dataclass(frozen=True, slots=True, eq=False)
class Composed:
    """A model on a MobileNet.

    Attributes:
        backbone: the network without classifier; a V3 here has no rescaling of its own.
        arrays: its weights by layer.
        before: what becomes of the input before it.
        pooling: how its feature map becomes a vector; what a window leaves is a vector when it is flattened.
        window: the settings of a pooling that has one.
        dense: the layers on top; the last one's activation is softmax, sigmoid, or linear for logits.
        normalization: the value range in which the model wants its pixels.
        told: the model tells that range; otherwise it is assumed.
        relu_limits: the limits of the backbone's ReLUs in their order, and `strides` of its convolutions, as the file
            has them, to be compared with those of the network that is built.
    """

    backbone: Architecture
    arrays: Arrays
    before: Before
    pooling: Pooling
    window: Settings
    dense: tuple[DenseLayer, ...]
    normalization: Normalization
    told: bool
    relu_limits: tuple[float | None, ...]
    strides: tuple[tuple[int, int], ...]

    @property
    def classes(self) -> int:
        """How many classes it tells apart."""
        return int(self.dense[-1].kernel.shape[1])

    @property
    def binary(self) -> bool:
        """Its two classes come of a single output."""
        last = self.dense[-1]
        return self.classes == 2 and not last.kernel[:, 0].any() and not last.bias[0]

    def as_official(self) -> tuple[Architecture, Arrays] | None:
        """Return it as a network of `keras.applications` with a classifier; None where it has another form."""
        usual = self.before == NOTHING_BEFORE and self.pooling == "avg" and len(self.dense) == 1
        if not usual or self.backbone.family not in ("v1", "v2") or self.dense[0].activation == "sigmoid":
            return None
        whole = replace(self.backbone, classes=self.classes)
        last = whole.layers[-1]
        kernel, bias = self.dense[0].kernel, self.dense[0].bias
        return whole, {**self.arrays, last.name: [kernel.reshape(last.shapes[0]), bias]}


def understand(layers: Sequence[Layer]) -> Composed:
    """Take a model apart.

    Args:
        layers: all its layers in the file's order.

    Raises:
        NotUnderstoodError: it does not stand on a MobileNet, or holds a layer that is not understood.
    """
    backbone, found = _backbone(layers)
    try:
        return _understand(layers, backbone, found)
    except NotUnderstoodError as error:
        error.on_mobilenet = True
        raise


def _understand(layers: Sequence[Layer], backbone: Architecture, found: dict[int, str]) -> Composed:
    code = next((layer for layer in layers if layer.step.kind == "Lambda"), None)
    if code is not None:
        text = tr("The layer “{layer}” is program code (Lambda), which is never run. Save the model without it.")
        raise NotUnderstoodError(text.format(layer=code.step.name))
    first, last = min(found), max(found)
    start = _start_of_backbone(layers, first)
    pool = next((n for n in range(last + 1, len(layers)) if _pooling(layers[n].step) is not None), None)
    if pool is None:
        raise NotUnderstoodError(tr("There is no pooling between the MobileNet and its classifier."))
    _check_backbone(layers, backbone, found, pool)
    _check_chain(layers, start, pool)
    before = read_before(layers[:first])
    normalization: Normalization
    range_there = before.range_before()
    if backbone.family in ("v1", "v2") and before.is_usual:
        before, normalization, told = before.not_rescaled(), "minus1_1", True
    else:
        normalization, told = range_there or "minus1_1", range_there is not None
    arrays = {name: layers[n].read() for n, name in found.items()}
    norms = (values for values in arrays.values() if len(values) == 4)
    if any(float(values[3].min()) < 0 for values in norms):
        raise NotUnderstoodError(tr("The file is damaged. Download it again."))
    channels = backbone.layers[-1].shapes[0][0]
    pooling = _pooling(layers[pool].step) or "avg"
    dense = read_head(
        [(layer.step, layer.read()) for layer in layers[pool + 1 :]], channels if pooling in ("avg", "max") else None
    )
    return Composed(
        backbone,
        arrays,
        before,
        pooling,
        layers[pool].step.settings,
        dense,
        normalization,
        told,
        tuple(_limit(s) for s in _between(layers, start, pool) if s.kind == "ReLU"),
        tuple(_pair(s.settings.get("strides", 1)) for s in _between(layers, start, pool) if "Conv2D" in s.kind),
    )


def _backbone(layers: Sequence[Layer]) -> tuple[Architecture, dict[int, str]]:
    """Return which MobileNet it is, and its layers' names by their places among all layers."""
    places = [n for n, layer in enumerate(layers) if layer.shapes and layer.step.kind in _WEIGHTED]
    by_name = {layers[n].step.name: n for n in places}
    best, where = 0.0, ""
    for alpha in (*OFFICIAL_ALPHAS, *ANY_ALPHAS):
        for family in FAMILIES:
            architecture = Architecture(family, alpha, None)
            wanted = architecture.layers
            named = all(layer.name in by_name for layer in wanted)
            if not places or (layers[places[0]].shapes[0][-1:] != wanted[0].shapes[0][-1:] and not named):
                continue
            chosen = [by_name[layer.name] for layer in wanted] if named else places[: len(wanted)]
            agreed = 0
            for place, layer in zip(chosen, wanted, strict=False):
                if _WEIGHTED[layers[place].step.kind] != layer.kind or layers[place].shapes != layer.shapes:
                    break
                agreed += 1
            if agreed == len(wanted):
                return architecture, {place: layer.name for place, layer in zip(chosen, wanted, strict=True)}
            if agreed / len(wanted) > best:
                best = agreed / len(wanted)
                stuck = chosen[agreed] if agreed < len(chosen) else None
                where = architecture.name if stuck is None else f"{architecture.name}, {layers[stuck].step.name}"
    if best < _ALIKE:
        raise NotUnderstoodError(tr("These weights belong to none of the MobileNets that can be imported."))
    raise NotUnderstoodError(tr("The model differs from the MobileNet it is most like: {where}.").format(where=where))


def _start_of_backbone(layers: Sequence[Layer], first: int) -> int:
    """Return the place of the first layer that belongs to the backbone: a padding may stand before its weights."""
    return first - 1 if first and layers[first - 1].step.kind == "ZeroPadding2D" else first


def _between(layers: Sequence[Layer], start: int, end: int) -> Iterator[Step]:
    return (layer.step for layer in layers[start:end])


def _pooling(step: Step) -> Pooling | None:
    return _POOLINGS.get(step.kind)


def _check_backbone(layers: Sequence[Layer], backbone: Architecture, found: Mapping[int, str], pool: int) -> None:
    """See that nothing foreign stands among the backbone's layers, and that its last activation is there."""
    last = max(found)
    foreign = next((n for n in range(min(found), last) if layers[n].shapes and n not in found), None)
    if foreign is not None:
        raise NotUnderstoodError(
            tr("The layer “{layer}” belongs to none of the MobileNets.").format(layer=layers[foreign].step.name)
        )
    behind = [layers[n].step for n in range(last + 1, pool)]
    strange = next((s for s in behind if s.kind not in IGNORED and not _is_activation(s)), None)
    if strange is not None or not any(_is_activation(s) for s in behind):
        raise NotUnderstoodError(cannot(layers[pool].step if strange is None else strange))
    for n in found:
        step = layers[n].step
        epsilon = step.settings.get("epsilon", _EPSILON) if step.kind == "BatchNormalization" else _EPSILON
        if not isinstance(epsilon, (int, float)) or abs(epsilon - _EPSILON) > 1e-9:
            raise NotUnderstoodError(
                tr("The model differs from the MobileNet it is most like: {where}.").format(
                    where=f"{backbone.name}, {step.name}"
                )
            )


def _is_activation(step: Step) -> bool:
    # V3's hard swish is one layer or, in files of Keras 2, several that add, cut and multiply.
    return step.kind in ("ReLU", "Activation", "Multiply", "Add", "Rescaling", "TFOpLambda", "HardSwish")


def _check_chain(layers: Sequence[Layer], start: int, pool: int) -> None:
    """See that before and behind the backbone each layer takes the answer of the one before it, and no other."""
    steps = [layer.step for layer in layers]
    for n in (*range(1, start), *range(pool + 1, len(steps))):
        follows = steps[n].follows
        if follows is None or (steps[n].kind == "InputLayer" and len(steps[n].place) == 1):
            continue
        before = steps[n - 1]
        # The answer of a container goes by the container's name.
        names = {before.name, *before.place}
        if len(follows) != 1 or follows[0] not in names:
            raise NotUnderstoodError(
                tr("The model branches at the layer “{layer}”, which is not supported.").format(layer=steps[n].name)
            )
    if not steps[-1].last:
        raise NotUnderstoodError(tr("The model does not end in its last layer, which is not supported."))


def _limit(step: Step) -> float | None:
    value = step.settings.get("max_value")
    return float(value) if isinstance(value, (int, float)) else None


def _pair(value: object) -> tuple[int, int]:
    both = value if isinstance(value, list) and len(value) == 2 else [value, value]
    first, second = both
    return (first, second) if isinstance(first, int) and isinstance(second, int) else (0, 0)
