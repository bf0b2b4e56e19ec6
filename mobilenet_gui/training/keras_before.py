"""Owns what a Keras model does to its input before its MobileNet: rescaling, resizing, what only training does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.tflite_range import range_of_rescaling
from mobilenet_gui.core.types import Normalization
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.keras_config import NotUnderstoodError, Step
from mobilenet_gui.training.keras_head import cannot

Floats = NDArray[np.float32]
Colours = tuple[float, float, float]
Interpolation = Literal["bilinear", "nearest"]

IGNORED: Final = frozenset(
    {"InputLayer", "Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "AlphaDropout",
     "ActivityRegularization", "Identity"}
)  # fmt: skip
_ONLY_IN_TRAINING: Final = frozenset(
    {"RandomFlip", "RandomRotation", "RandomZoom", "RandomContrast", "RandomBrightness", "RandomTranslation",
     "RandomHeight", "RandomWidth", "RandomHue", "RandomSaturation", "RandomShear", "RandomErasing",
     "RandomColorJitter", "RandomGaussianBlur", "RandomSharpness", "RandomGrayscale", "RandomInvert"}
)  # fmt: skip
_USUAL: Final = (1 / 127.5, -1.0)
_MOST_PIXELS: Final = 1024


@dataclass(frozen=True, slots=True)
class Before:
    """What becomes of the input: each colour * factor + offset, then another size.

    Attributes:
        factor, offset: one for each colour.
        side: the side of the square to which photos are resized; None where they stay as they are.
        interpolation: how.
    """

    factor: Colours = (1.0, 1.0, 1.0)
    offset: Colours = (0.0, 0.0, 0.0)
    side: int | None = None
    interpolation: Interpolation = "bilinear"

    @property
    def rescales(self) -> bool:
        """It changes the numbers."""
        return self.not_rescaled() != self

    @property
    def is_usual(self) -> bool:
        """It brings 0-255 to -1-1, as Keras' networks want it."""
        return all(abs(n - _USUAL[0]) < 1e-6 for n in self.factor) and all(
            abs(n - _USUAL[1]) < 1e-5 for n in self.offset
        )

    def not_rescaled(self) -> Before:
        """Return the same without a change of numbers."""
        return replace(self, factor=(1.0, 1.0, 1.0), offset=(0.0, 0.0, 0.0))

    def range_before(self) -> Normalization | None:
        """Return the value range that goes in, where the change of numbers tells it."""
        return range_of_rescaling(float(np.mean(self.factor)), float(np.mean(self.offset)))


NOTHING_BEFORE: Final = Before()


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A step with the shapes of its arrays, and a way to read them."""

    step: Step
    shapes: tuple[tuple[int, ...], ...]
    data: tuple[Any, ...]

    def read(self) -> list[Floats]:
        """Return the arrays.

        Raises:
            NotUnderstoodError: a value is no finite number.
        """
        arrays = [np.asarray(item[()], np.float32) for item in self.data]
        if not all(np.isfinite(array).all() for array in arrays):
            raise NotUnderstoodError(tr("The weights of layer “{layer}” are damaged.").format(layer=self.step.name))
        return arrays


def read_before(layers: Sequence[Layer]) -> Before:
    """Return what the layers before a backbone make of the input.

    Raises:
        NotUnderstoodError: there is a layer of another kind.
    """
    factor, offset, found = np.ones(3), np.zeros(3), NOTHING_BEFORE
    for layer in layers:
        step = layer.step
        if step.kind in IGNORED or step.kind in _ONLY_IN_TRAINING or step.kind == "ZeroPadding2D":
            continue
        if _function(step) in ("Cast", "cast"):
            continue
        if step.kind == "Resizing":
            found = _resized(step, found)
            continue
        by, plus = _one_rescaling(layer)
        factor, offset = factor * by, offset * by + plus
    if not np.isfinite([factor, offset]).all() or not factor.all():
        raise NotUnderstoodError(tr("The file is damaged. Download it again."))
    return replace(found, factor=_colours(factor), offset=_colours(offset))


def _colours(values: Any) -> Colours:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def _resized(step: Step, before: Before) -> Before:
    """Take a resizing to a square into account; it may come before or after a rescaling, which makes no difference."""
    settings = step.settings
    side, interpolation = settings.get("height"), settings.get("interpolation", "bilinear")
    plain = settings.get("width") == side and isinstance(side, int) and 32 <= side <= _MOST_PIXELS
    if not plain or before.side is not None or interpolation not in get_args(Interpolation):
        raise NotUnderstoodError(cannot(step))
    return replace(before, side=side, interpolation=interpolation)


def _one_rescaling(layer: Layer) -> tuple[Any, Any]:
    """Return factor and offset of a layer, each one number or three."""
    step = layer.step
    if step.kind == "Rescaling":
        return _number(step, "scale", 1.0), _number(step, "offset", 0.0)
    if step.kind == "Normalization":
        return _normalization(layer)
    function = _function(step)
    if len(step.constants) == 1:
        value = step.constants[0]
        divides = function in ("TrueDivide", "Divide", "truediv", "divide", "realdiv")
        if divides and value and not step.number_first:
            return 1 / value, 0.0
        if function in ("Multiply", "multiply", "mul"):
            return value, 0.0
        if function in ("Subtract", "subtract", "sub"):
            return (-1.0, value) if step.number_first else (1.0, -value)
        if function in ("Add", "add"):
            return 1.0, value
    raise NotUnderstoodError(cannot(step))


def _function(step: Step) -> str:
    """Return what a step that is an operation does, in the words of Keras 3 or of TensorFlow."""
    return str(step.settings.get("function", "")).rsplit(".", 1)[-1] if step.kind == "TFOpLambda" else step.kind


def _normalization(layer: Layer) -> tuple[Any, Any]:
    """Return (x - mean) / deviation of a layer, from its settings or its arrays."""
    settings = layer.step.settings
    mean, variance = settings.get("mean"), settings.get("variance")
    if mean is None or variance is None:
        if len(layer.data) < 2:
            raise NotUnderstoodError(cannot(layer.step))
        mean, variance = layer.read()[:2]
    means, variances = (_three(value, layer.step) for value in (mean, variance))
    if settings.get("invert") is True or variances.min() < 0:
        raise NotUnderstoodError(cannot(layer.step))
    deviations = np.maximum(np.sqrt(variances), 1e-7)
    return 1 / deviations, -means / deviations


def _three(value: Any, step: Step) -> NDArray[np.float64]:
    """Return one number or three as three."""
    try:
        values = np.asarray(value, np.float64).reshape(-1)
    except (TypeError, ValueError) as error:
        raise NotUnderstoodError(cannot(step)) from error
    if values.size not in (1, 3) or not np.isfinite(values).all():
        raise NotUnderstoodError(cannot(step))
    return np.broadcast_to(values, 3)


def _number(step: Step, key: str, usual: float) -> NDArray[np.float64]:
    return _three(step.settings.get(key, usual), step)
