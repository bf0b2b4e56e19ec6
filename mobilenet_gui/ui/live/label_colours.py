"""Owns the colours of a video's labels: the same in the timeline and in the list beside it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtGui import QColor

from mobilenet_gui.core.timeline import Segment
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import mix

HUES = 8
_STEP = 3
"""Labels that follow each other get hues far apart: 0, 3, 6, 1, 4 ... of eight."""
_SHARE = 0.5


class LabelColours:
    """Gives each label of a video a calm colour, by the order in which labels come first; names say which it is."""

    def __init__(self, segments: Iterable[Segment] = ()) -> None:
        self._places: dict[int, int] = {}
        for segment in segments:
            self._places.setdefault(segment.label.index, len(self._places))

    def of(self, segment: Segment) -> QColor:
        """Return the colour of a segment's label under the present theme."""
        place = self._places.get(segment.label.index, 0)
        pure = QColor.fromHsvF(place * _STEP % HUES / HUES, 0.62, 0.85)
        return mix(tokens().panel, pure, _SHARE)
