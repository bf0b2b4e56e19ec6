"""EfficientNet-Lite 0 to 4, as Google published them with its TPU models (2020). Names as in Keras' EfficientNet.

Against EfficientNet: no squeeze-and-excitation, ReLU6 instead of swish, stem and top of one width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from mobilenet_gui.training.plan import Block, Plan, Step, round_channels

_STAGES: Final = (  # blocks, kernel, stride, expansion, channels: EfficientNet-B0 (Tan and Le, 2019), table 1
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)  # fmt: skip
_STEM, _TOP = 32, 1280
_MEAN, _SCALE = 127.0, 128.0


def _plan(name: str, size: int, width: float, depth: float) -> Plan:
    """Return a variant; the first and the last stage keep their depth."""
    colours = 3
    return Plan(
        name,
        size,
        tuple(_blocks(width, depth)),
        classifier="predictions",
        mean=(_MEAN,) * colours,
        scale=(_SCALE,) * colours,
        limit=6.0,
    )


def _blocks(width: float, depth: float) -> Iterator[Block]:
    yield Block("stem", (Step("stem_conv", "stem_bn", 3, 2, 3, _STEM),), adaptable=False)
    channels = _STEM
    for stage, (repeats, kernel, first_stride, expansion, wanted) in enumerate(_STAGES, start=1):
        outputs = round_channels(wanted * width)
        count = repeats if stage in {1, len(_STAGES)} else math.ceil(depth * repeats)
        for number in range(count):
            name = f"block{stage}{chr(ord('a') + number)}"
            stride, inner = first_stride if number == 0 else 1, channels * expansion
            expand = Step(f"{name}_expand_conv", f"{name}_expand_bn", 1, 1, channels, inner)
            steps = (
                *([expand] if expansion > 1 else []),
                Step(f"{name}_dwconv", f"{name}_bn", kernel, stride, inner, inner, depthwise=True),
                Step(f"{name}_project_conv", f"{name}_project_bn", 1, 1, inner, outputs, activated=False),
            )
            yield Block(name, steps, shortcut=stride == 1 and channels == outputs)
            channels = outputs
    yield Block("top", (Step("top_conv", "top_bn", 1, 1, channels, _TOP),), adaptable=False)


PLANS: Final = {
    "lite0": _plan("EfficientNet-Lite0", 224, 1.0, 1.0),
    "lite1": _plan("EfficientNet-Lite1", 240, 1.0, 1.1),
    "lite2": _plan("EfficientNet-Lite2", 260, 1.1, 1.2),
    "lite3": _plan("EfficientNet-Lite3", 280, 1.2, 1.4),
    "lite4": _plan("EfficientNet-Lite4", 300, 1.4, 1.8),
}
