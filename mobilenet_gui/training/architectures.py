"""Owns what each MobileNet is made of: the layers that hold weights, in order, with their shapes. No TensorFlow.

Weights are checked against this before anything heavy is imported, so that a wrong file is refused within moments and
with the name of the layer that differs. Names and order are those of `keras.applications`, which a test compares, and
of `plan` for networks that Keras lacks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, get_args

from mobilenet_gui.core.catalog import Family
from mobilenet_gui.training import efficientnet_lite, mobilenet_v4
from mobilenet_gui.training.plan import Plan, round_channels

Kind = Literal["conv", "depthwise", "norm", "dense"]
Shape = tuple[int, ...]

PLANS: Final[dict[str, Plan]] = {**efficientnet_lite.PLANS, **mobilenet_v4.PLANS}
"""The networks of one width that Keras lacks."""
FAMILIES: Final = get_args(Family)
OFFICIAL_ALPHAS = (1.0, 0.75, 0.5, 0.25, 0.35, 1.3, 1.4)
ANY_ALPHAS = tuple(n / 100 for n in range(10, 201))


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer with weights: its name in Keras, its kind, and the shapes of its arrays in Keras' order."""

    name: str
    kind: Kind
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Architecture:
    """One network, up to its input size.

    Attributes:
        family: which MobileNet.
        alpha: the width multiplier.
        classes: how many logits; None for a backbone without classifier.
    """

    family: Family
    alpha: float
    classes: int | None

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers with weights, in the order of `model.layers`."""
        return _layers(self.family, self.alpha, self.classes)

    @property
    def plan(self) -> Plan | None:
        """What a network that Keras lacks is made of."""
        return PLANS.get(self.family)

    @property
    def parameters(self) -> int:
        """How many numbers the weights hold, batch-norm statistics included."""
        return sum(math.prod(shape) for layer in self.layers for shape in layer.shapes)

    @property
    def name(self) -> str:
        """The name shown, such as `MobileNet V2 1.0`."""
        if self.plan is not None:
            return self.plan.name
        words = {"v1": "V1", "v2": "V2"}.get(self.family) or self.family.replace("-", " ").title().replace(
            "Minimalistic", "minimalistic"
        )
        return f"MobileNet {words} {self.alpha:g}" if self.alpha % 1 else f"MobileNet {words} {self.alpha:.1f}"


@cache
def _layers(family: Family, alpha: float, classes: int | None) -> tuple[Layer, ...]:
    if family == "v1":
        return tuple(_v1(alpha, classes))
    if family == "v2":
        return tuple(_v2(alpha, classes))
    if family in PLANS:
        return tuple(_planned(PLANS[family], classes))
    return tuple(_v3(family, alpha, classes))


def _conv(name: str, side: int, inputs: int, outputs: int, *, bias: bool = False) -> Layer:
    kernel = (side, side, inputs, outputs)
    return Layer(name, "conv", (kernel, (outputs,)) if bias else (kernel,))


def _depthwise(name: str, side: int, channels: int) -> Layer:
    return Layer(name, "depthwise", ((side, side, channels, 1),))


def _norm(name: str, channels: int) -> Layer:
    return Layer(name, "norm", ((channels,),) * 4)


def _v1(alpha: float, classes: int | None) -> Iterator[Layer]:
    channels = int(32 * alpha)
    yield _conv("conv1", 3, 3, channels)
    yield _norm("conv1_bn", channels)
    for block, width in enumerate((64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024), start=1):
        outputs = int(width * alpha)
        yield _depthwise(f"conv_dw_{block}", 3, channels)
        yield _norm(f"conv_dw_{block}_bn", channels)
        yield _conv(f"conv_pw_{block}", 1, channels, outputs)
        yield _norm(f"conv_pw_{block}_bn", outputs)
        channels = outputs
    if classes is not None:
        yield _conv("conv_preds", 1, channels, classes, bias=True)


def _v2(alpha: float, classes: int | None) -> Iterator[Layer]:
    channels = round_channels(32 * alpha)
    yield _conv("Conv1", 3, 3, channels)
    yield _norm("bn_Conv1", channels)
    widths = [16, *[24] * 2, *[32] * 3, *[64] * 4, *[96] * 3, *[160] * 3, 320]
    for block, width in enumerate(widths):
        prefix = f"block_{block}_" if block else "expanded_conv_"
        inner = 6 * channels if block else channels
        if block:
            yield _conv(f"{prefix}expand", 1, channels, inner)
            yield _norm(f"{prefix}expand_BN", inner)
        outputs = round_channels(int(width * alpha))
        yield _depthwise(f"{prefix}depthwise", 3, inner)
        yield _norm(f"{prefix}depthwise_BN", inner)
        yield _conv(f"{prefix}project", 1, inner, outputs)
        yield _norm(f"{prefix}project_BN", outputs)
        channels = outputs
    last = round_channels(1280 * alpha) if alpha > 1 else 1280
    yield _conv("Conv_1", 1, channels, last)
    yield _norm("Conv_1_bn", last)
    if classes is not None:
        yield Layer("predictions", "dense", ((last, classes), (classes,)))


@dataclass(frozen=True, slots=True)
class _Block:
    """One inverted residual block of V3: expansion, width before alpha, large kernel, squeeze-and-excite."""

    expansion: float
    width: int
    large: bool = False
    squeeze: bool = False


_V3_SMALL = (
    _Block(1, 16, squeeze=True), _Block(72 / 16, 24), _Block(88 / 24, 24),
    _Block(4, 40, True, True), _Block(6, 40, True, True), _Block(6, 40, True, True),
    _Block(3, 48, True, True), _Block(3, 48, True, True),
    _Block(6, 96, True, True), _Block(6, 96, True, True), _Block(6, 96, True, True),
)  # fmt: skip
_V3_LARGE = (
    _Block(1, 16), _Block(4, 24), _Block(3, 24),
    _Block(3, 40, True, True), _Block(3, 40, True, True), _Block(3, 40, True, True),
    _Block(6, 80), _Block(2.5, 80), _Block(2.3, 80), _Block(2.3, 80),
    _Block(6, 112, False, True), _Block(6, 112, False, True),
    _Block(6, 160, True, True), _Block(6, 160, True, True), _Block(6, 160, True, True),
)  # fmt: skip


def _v3(family: Family, alpha: float, classes: int | None) -> Iterator[Layer]:
    small, minimalistic = family.startswith("v3-small"), family.endswith("minimalistic")
    channels = 16
    yield _conv("conv", 3, 3, channels)
    yield _norm("conv_bn", channels)
    for number, block in enumerate(_V3_SMALL if small else _V3_LARGE):
        prefix = f"expanded_conv_{number}_" if number else "expanded_conv_"
        inner = round_channels(channels * block.expansion)
        if number:
            yield _conv(f"{prefix}expand", 1, channels, inner)
            yield _norm(f"{prefix}expand_bn", inner)
        else:
            inner = channels
        yield _depthwise(f"{prefix}depthwise", 5 if block.large and not minimalistic else 3, inner)
        yield _norm(f"{prefix}depthwise_bn", inner)
        if block.squeeze and not minimalistic:
            squeezed = round_channels(inner * 0.25)
            yield _conv(f"{prefix}squeeze_excite_conv", 1, inner, squeezed, bias=True)
            yield _conv(f"{prefix}squeeze_excite_conv_1", 1, squeezed, inner, bias=True)
        outputs = round_channels(block.width * alpha)
        yield _conv(f"{prefix}project", 1, inner, outputs)
        yield _norm(f"{prefix}project_bn", outputs)
        channels = outputs
    last = round_channels(channels * 6)
    yield _conv("conv_1", 1, channels, last)
    yield _norm("conv_1_bn", last)
    if classes is not None:
        hidden = 1024 if small else 1280
        hidden = round_channels(hidden * alpha) if alpha > 1 else hidden
        yield _conv("conv_2", 1, last, hidden, bias=True)
        yield _conv("logits", 1, hidden, classes, bias=True)


def _planned(plan: Plan, classes: int | None) -> Iterator[Layer]:
    steps = plan.steps
    if classes is not None and plan.hidden is not None:
        steps += (plan.hidden,)
    for step in steps:
        convolution = _depthwise(step.name, step.kernel, step.outputs)
        yield convolution if step.depthwise else _conv(step.name, step.kernel, step.inputs, step.outputs)
        yield _norm(step.norm, step.outputs)
    if classes is not None:
        yield Layer(plan.classifier, "dense", ((steps[-1].outputs, classes), (classes,)))
