"""Owns how a network that Keras lacks is described: one table that weights are checked against and Keras builds from.

A new architecture is a file with such a table, and a line in `architectures`. No TensorFlow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Step(NamedTuple):
    """One convolution with its batch normalisation.

    Attributes:
        name: of the convolution.
        norm: name of the normalisation.
        kernel: its side.
        stride: in both directions.
        inputs: channels.
        outputs: channels.
        depthwise: one filter a channel.
        activated: a ReLU follows.
    """

    name: str
    norm: str
    kernel: int
    stride: int
    inputs: int
    outputs: int
    depthwise: bool = False
    activated: bool = True


class Block(NamedTuple):
    """Steps one after the other.

    Attributes:
        name: begins the names of its layers.
        steps: in order.
        shortcut: what goes in is added to what comes out.
        adaptable: it counts among the blocks that fine-tuning may adapt; stem and top do not.
    """

    name: str
    steps: tuple[Step, ...]
    shortcut: bool = False
    adaptable: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """A network of one width.

    Attributes:
        name: as its makers call it.
        size: side of the input that it was made for.
        blocks: from the photo to the last feature map.
        classifier: name of the last layer.
        mean: of the pixels, 0 to 255, for each colour.
        scale: pixels less `mean` are divided by it.
        hidden: a layer between the mean of the last feature map and the classifier.
        epsilon: of the batch normalisations.
        limit: of the ReLUs; None for none.
        symmetric: padding as PyTorch's, the same on both sides; otherwise as TensorFlow's "same".
    """

    name: str
    size: int
    blocks: tuple[Block, ...]
    classifier: str
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    hidden: Step | None = None
    epsilon: float = 1e-3
    limit: float | None = None
    symmetric: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps up to the last feature map."""
        return tuple(step for block in self.blocks for step in block.steps)

    def block_of(self, layer: str) -> int | None:
        """Return the number of the adaptable block that a layer belongs to; None for one of none."""
        return next(
            (
                number
                for number, block in enumerate(self.blocks)
                if block.adaptable and any(layer in (step.name, step.norm) for step in block.steps)
            ),
            None,
        )

    def macs(self, classes: int) -> int:
        """Return the multiply-adds for one photo of the plan's own size."""
        side, total = self.size, 0
        for step in self.steps:
            side = -(-side // step.stride)
            total += side * side * step.kernel**2 * step.outputs * (1 if step.depthwise else step.inputs)
        width = self.steps[-1].outputs
        if self.hidden is not None:
            total += self.hidden.inputs * self.hidden.outputs
            width = self.hidden.outputs
        return total + width * classes


def round_channels(wanted: float) -> int:
    """Return the multiple of 8 nearest to `wanted`, at least 8, and never more than a tenth below it."""
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded
