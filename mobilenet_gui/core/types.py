"""Owns the value types that travel between core, workers, window and command line. All are immutable."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mobilenet_gui.core.class_names import shown_name

if TYPE_CHECKING:
    # Only the names are needed here, and numpy would hold up the window's opening.
    import numpy as np
    from numpy.typing import NDArray

    Pixels: TypeAlias = NDArray[np.uint8]
else:
    Pixels = Any
"""RGB image, shape (height, width, 3), values 0-255, sRGB, upright."""

PhotoSource: TypeAlias = Path | bytes
"""A photo file: where it is, or its content."""

Normalization = Literal["minus1_1", "zero_1", "zero_255"]
"""What a float input expects of a pixel p in 0-255: p / 127.5 - 1, p / 255, or p unchanged."""

ResizeFilter = Literal["bilinear", "bicubic", "lanczos"]


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a photo becomes the network's input; a property of the bundle, so that every path agrees.

    Attributes:
        size: the network's input side in pixels; inputs are square.
        crop_fraction: side of the central square that is kept, as a share of the photo's short side, in (0, 1].
        stretch: squeeze the whole photo to the square instead of cropping (`load_img(target_size=...)`'s way).
        filter: the antialiased resampling filter; ignored when `stretch` is set.
        normalization: the value range of a float input; quantised inputs derive theirs from the tensor.
    """

    size: int
    crop_fraction: float = 0.875
    stretch: bool = False
    filter: ResizeFilter = "bicubic"
    normalization: Normalization = "minus1_1"


@dataclass(frozen=True, slots=True)
class CropBox:
    """The part of the upright photo that the network saw, as fractions of its width and height, 0 to 1."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Label:
    """One class of a model.

    Attributes:
        index: the class number that is reported (for ImageNet models 0-999, whatever the output's layout).
        id: WordNet id such as `n01622779`, or empty for classes of the user's own.
        name: the short name, lower case as published, spaces instead of underscores.
        synonyms: further names, comma separated; may be empty.
    """

    index: int
    id: str
    name: str
    synonyms: str = ""

    @property
    def shown(self) -> str:
        """The name for people: where this is one of ImageNet's classes, the reviewed one."""
        return shown_name(self.id, self.name)


@dataclass(frozen=True, slots=True)
class Prediction:
    """One of the top k. `probability` is in 0-1; `index`, `id`, `label` and `synonyms` are those of `Label`."""

    index: int
    id: str
    label: str
    probability: float
    synonyms: str = ""

    @property
    def shown(self) -> str:
        """The name for people, as `Label.shown`."""
        return shown_name(self.id, self.label)


@dataclass(frozen=True, slots=True)
class Group:
    """A kind of thing, such as `terrier`, with the sum of its classes' probabilities, 0-1."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds spent on one photo: reading and decoding, resizing and normalising, the network."""

    decode: float = 0.0
    prepare: float = 0.0
    network: float = 0.0

    @property
    def total(self) -> float:
        """All of it; the figure shown as 'time taken' and printed as `milliseconds`."""
        return self.decode + self.prepare + self.network


@dataclass(frozen=True, slots=True)
class Known:
    """A photo that a model was shown and that is among the most like the one it was asked about.

    Attributes:
        index: its class, as `Label.index`.
        label: the class's name.
        photo: its id in its project; empty where that is not kept.
        likeness: 0-1, on the scale of `Likeness.value`.
    """

    index: int
    label: str
    photo: str
    likeness: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like a photo is to those that the model was shown; see `core.strangers`.

    Attributes:
        value: 0-1; 1 is most like them.
        limit: below it the photo is a stranger, whatever the percentages say.
        nearest: the photos most like it, nearest first.
    """

    value: float
    limit: float
    nearest: tuple[Known, ...] = ()

    @property
    def unlike(self) -> bool:
        """The photo is unlike anything that the model was shown."""
        return self.value < self.limit


@dataclass(frozen=True, slots=True, eq=False)
class Recognition:
    """The answer for one photo.

    Attributes:
        model_id: the bundle that answered.
        predictions: the top k, most probable first.
        timing: what it took.
        crop: what the network saw of the photo.
        features: the last feature map, float32, shape (rows, columns, channels), for `explain`; None where the
            model has none or it was not asked for.
        note: what a person should know of the photo's file; mostly empty.
        groups: kinds that are likely as a whole (`core/groups`), the narrowest first.
        classes: how many the model knows; 0 where that is not known.
        likeness: how like it is to what the model was shown; None where the model does not know.
        precision: what the network that answered counts in.
    """

    model_id: str
    predictions: tuple[Prediction, ...]
    timing: Timing
    crop: CropBox
    features: NDArray[np.float32] | None = field(default=None, repr=False)
    note: str = ""
    groups: tuple[Group, ...] = ()
    classes: int = 0
    likeness: Likeness | None = None
    precision: Literal["float", "int8"] = "float"

    @property
    def best(self) -> Prediction:
        """The most probable class."""
        return self.predictions[0]

    @property
    def unlike(self) -> bool:
        """The photo is unlike anything that the model was shown, so its answer means little."""
        return self.likeness is not None and self.likeness.unlike
