"""MobileNet V4 with convolutions only: small, medium, large (Qin et al. 2024, tables 11 to 13).

Layers are named as in timm, whose weights these are, with `_` for its dots. Padding and epsilon are PyTorch's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mobilenet_gui.training.plan import Block, Plan, Step, round_channels

_MEAN: Final = (123.675, 116.28, 103.53)
_SCALE: Final = (58.395, 57.12, 57.375)
"""ImageNet's mean and deviation, as PyTorch's models use them, for pixels of 0 to 255."""
_LAST, _TOP = 960, 1280

# A stage is a row of blocks. `conv`: kernel, stride, channels. `fused`: stride, channels, a full 3x3 convolution that
# expands by 4. Anything else is a universal inverted bottleneck: sides of the depthwise kernels before the expansion
# and behind it (0: none), stride, expansion, channels.
_Row = tuple[str, int, int, int] | tuple[int, int, int, int, int]

_SMALL: Final[tuple[tuple[_Row, ...], ...]] = (
    (("conv", 3, 2, 32), ("conv", 1, 1, 32)),
    (("conv", 3, 2, 96), ("conv", 1, 1, 64)),
    ((5, 5, 2, 3, 96), *[(0, 3, 1, 2, 96)] * 4, (3, 0, 1, 4, 96)),
    ((3, 3, 2, 6, 128), (5, 5, 1, 4, 128), (0, 5, 1, 4, 128), (0, 5, 1, 3, 128), *[(0, 3, 1, 4, 128)] * 2),
)
_MEDIUM: Final[tuple[tuple[_Row, ...], ...]] = (
    (("fused", 3, 2, 48),),
    ((3, 5, 2, 4, 80), (3, 3, 1, 2, 80)),
    (
        (3, 5, 2, 6, 160), *[(3, 3, 1, 4, 160)] * 2, (3, 5, 1, 4, 160), (3, 3, 1, 4, 160),
        (3, 0, 1, 4, 160), (0, 0, 1, 2, 160), (3, 0, 1, 4, 160),
    ),
    (
        (5, 5, 2, 6, 256), (5, 5, 1, 4, 256), *[(3, 5, 1, 4, 256)] * 2, (0, 0, 1, 4, 256), (3, 0, 1, 4, 256),
        (3, 5, 1, 2, 256), (5, 5, 1, 4, 256), *[(0, 0, 1, 4, 256)] * 2, (5, 0, 1, 2, 256),
    ),
)  # fmt: skip
_LARGE: Final[tuple[tuple[_Row, ...], ...]] = (
    (("fused", 3, 2, 48),),
    ((3, 5, 2, 4, 96), (3, 3, 1, 4, 96)),
    ((3, 5, 2, 4, 192), *[(3, 3, 1, 4, 192)] * 3, (3, 5, 1, 4, 192), *[(5, 3, 1, 4, 192)] * 5, (3, 0, 1, 4, 192)),
    (
        (5, 5, 2, 4, 512), *[(5, 5, 1, 4, 512)] * 3, (5, 0, 1, 4, 512), (5, 3, 1, 4, 512), *[(5, 0, 1, 4, 512)] * 2,
        (5, 3, 1, 4, 512), (5, 5, 1, 4, 512), *[(5, 0, 1, 4, 512)] * 3,
    ),
)  # fmt: skip


def _plan(word: str, size: int, stem: int, stages: tuple[tuple[_Row, ...], ...]) -> Plan:
    return Plan(
        f"MobileNet V4 {word}",
        size,
        tuple(_blocks(stem, stages)),
        classifier="classifier",
        mean=_MEAN,
        scale=_SCALE,
        hidden=Step("conv_head", "norm_head", 1, 1, _LAST, _TOP),
        epsilon=1e-5,
        symmetric=True,
    )


def _blocks(stem: int, stages: tuple[tuple[_Row, ...], ...]) -> Iterator[Block]:
    yield Block("stem", (Step("conv_stem", "bn1", 3, 2, 3, stem),), adaptable=False)
    channels = stem
    for stage, rows in enumerate((*stages, (("conv", 1, 1, _LAST),))):
        for number, row in enumerate(rows):
            name = f"blocks_{stage}_{number}"
            match row:
                case ("conv", kernel, stride, outputs):
                    step = Step(f"{name}_conv", f"{name}_bn1", kernel, stride, channels, outputs)
                    yield Block(name, (step,), adaptable=outputs != _LAST)
                case ("fused", kernel, stride, outputs):
                    inner = round_channels(4 * channels)
                    expand = Step(f"{name}_conv_exp", f"{name}_bn1", kernel, stride, channels, inner)
                    yield Block(
                        name, (expand, Step(f"{name}_conv_pwl", f"{name}_bn2", 1, 1, inner, outputs, activated=False))
                    )
                case (int(before), int(between), stride, expansion, outputs):
                    yield Block(
                        name,
                        tuple(_inverted(name, (before, between), stride, (channels, expansion * channels, outputs))),
                        shortcut=stride == 1 and channels == outputs,
                    )
            channels = outputs


def _inverted(name: str, kernels: tuple[int, int], stride: int, widths: tuple[int, int, int]) -> Iterator[Step]:
    """Yield the steps of a universal inverted bottleneck."""
    before, between = kernels
    inputs, wanted, outputs = widths
    inner = round_channels(wanted)

    def names(part: str) -> tuple[str, str]:
        return f"{name}_{part}_conv", f"{name}_{part}_bn"

    if before:
        first_stride = 1 if between else stride
        yield Step(*names("dw_start"), before, first_stride, inputs, inputs, depthwise=True, activated=False)
    yield Step(*names("pw_exp"), 1, 1, inputs, inner)
    if between:
        yield Step(*names("dw_mid"), between, stride, inner, inner, depthwise=True)
    yield Step(*names("pw_proj"), 1, 1, inner, outputs, activated=False)


PLANS: Final = {
    "v4-small": _plan("Small", 224, 32, _SMALL),
    "v4-medium": _plan("Medium", 256, 32, _MEDIUM),
    "v4-large": _plan("Large", 384, 24, _LARGE),
}
