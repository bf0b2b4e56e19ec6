"""Owns writing what a .tflite file says about itself: the published metadata, for MediaPipe, Android's readers and us.

The layout is that of `metadata_schema.fbs`, version 1.5 (TensorFlow Lite Support): a root with one graph, whose input
is a photo with a value range and whose output is named by `labels.txt` in the archive at the file's end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from mobilenet_gui.core.types import Normalization
from mobilenet_gui.i18n import tr

LABELS_NAME: Final = "labels.txt"
TABLE_NAME: Final = "labels.csv"
"""Our own table, with WordNet ids and synonyms; our importer prefers it, because it sorts first."""

_IDENTIFIER: Final = b"M001"
_PARSER_VERSION: Final = "1.5.0"
_IMAGE, _FEATURE = 2, 1
_RGB, _NORMALIZATION, _DESCRIPTIONS, _AXIS_LABELS = 1, 1, 1, 2
_MEAN_STD: Final[dict[Normalization, tuple[float, float]]] = {
    "minus1_1": (127.5, 127.5),
    "zero_1": (0.0, 255.0),
    "zero_255": (0.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class Description:
    """What is told of a model.

    Attributes:
        name: the model's name.
        text: what it is, in a sentence or two.
        licence: may be empty.
        size: the input's side in pixels.
        normalization: the value range of a float input; an 8-bit input takes the pixels as they are.
        quantized: the input takes pixels.
        probabilities: the output needs no softmax.
    """

    name: str
    text: str
    licence: str
    size: int
    normalization: Normalization
    quantized: bool = False
    probabilities: bool = True


def mean_and_deviation(normalization: Normalization) -> tuple[float, float]:
    """Return m and d of the value range (pixel - m) / d."""
    return _MEAN_STD[normalization]


def metadata(about: Description) -> bytes:
    """Return the content of the buffer `TFLITE_METADATA`."""
    import flatbuffers

    b = _Writer(flatbuffers.Builder(2048))
    mean, deviation = mean_and_deviation(about.normalization)
    low, high = (0.0, 255.0) if about.quantized else ((0 - mean) / deviation, (255 - mean) / deviation)
    size = b.table(2, {0: ("u32", about.size), 1: ("u32", about.size)})
    picture = b.table(2, {0: ("u8", _RGB), 1: ("offset", size)})
    unit = b.table(
        2,
        {
            0: ("u8", _NORMALIZATION),
            1: ("offset", b.table(2, {0: ("offset", b.floats([mean])), 1: ("offset", b.floats([deviation]))})),
        },
    )
    photo = b.tensor(
        "image",
        tr("A photo, cropped to a square and resized."),
        content=b.table(3, {0: ("u8", _IMAGE), 1: ("offset", picture)}),
        units=[unit],
        limits=(low, high),
    )
    labels = b.file(LABELS_NAME, tr("The classes, one a line."), _AXIS_LABELS)
    answer = b.tensor(
        "probability" if about.probabilities else "logit",
        tr("One number for each class."),
        content=b.table(3, {0: ("u8", _FEATURE), 1: ("offset", b.table(0, {}))}),
        files=[labels],
        limits=(0.0, 1.0) if about.probabilities else None,
    )
    graph = b.table(
        10,
        {0: ("offset", b.text("main")), 2: ("offset", b.tables([photo])), 3: ("offset", b.tables([answer]))},
    )
    fields = {
        0: ("offset", b.text(about.name)),
        1: ("offset", b.text(about.text)),
        3: ("offset", b.tables([graph])),
        6: ("offset", b.tables([b.file(TABLE_NAME, tr("The classes as a table."), _DESCRIPTIONS)])),
        7: ("offset", b.text(_PARSER_VERSION)),
    }
    if about.licence:
        fields[5] = ("offset", b.text(about.licence))
    return b.finish(fields)


class _Writer:
    """Builds flatbuffer tables field by field; children before parents."""

    def __init__(self, builder: Any) -> None:
        self._b = builder

    def text(self, value: str) -> int:
        return int(self._b.CreateString(value))

    def floats(self, values: Sequence[float]) -> int:
        self._b.StartVector(4, len(values), 4)
        for value in reversed(values):
            self._b.PrependFloat32(value)
        return int(self._b.EndVector())

    def tables(self, offsets: Sequence[int]) -> int:
        self._b.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self._b.PrependUOffsetTRelative(offset)
        return int(self._b.EndVector())

    def table(self, size: int, fields: dict[int, tuple[str, int]]) -> int:
        self._b.StartObject(size)
        for slot, (kind, value) in fields.items():
            if kind == "offset":
                self._b.PrependUOffsetTRelativeSlot(slot, value, 0)
            elif kind == "u32":
                self._b.PrependUint32Slot(slot, value, 0)
            else:
                self._b.PrependUint8Slot(slot, value, 0)
        return int(self._b.EndObject())

    def file(self, name: str, text: str, kind: int) -> int:
        fields = {0: ("offset", self.text(name)), 1: ("offset", self.text(text)), 2: ("u8", kind)}
        return self.table(5, fields)

    def tensor(
        self,
        name: str,
        text: str,
        *,
        content: int,
        units: Sequence[int] = (),
        files: Sequence[int] = (),
        limits: tuple[float, float] | None = None,
    ) -> int:
        fields = {0: ("offset", self.text(name)), 1: ("offset", self.text(text)), 3: ("offset", content)}
        if units:
            fields[4] = ("offset", self.tables(units))
        if limits is not None:
            stats = {0: ("offset", self.floats([limits[1]])), 1: ("offset", self.floats([limits[0]]))}
            fields[5] = ("offset", self.table(2, stats))
        if files:
            fields[6] = ("offset", self.tables(files))
        return self.table(7, fields)

    def finish(self, fields: dict[int, tuple[str, int]]) -> bytes:
        self._b.Finish(self.table(8, fields), file_identifier=_IDENTIFIER)
        return bytes(self._b.Output())
