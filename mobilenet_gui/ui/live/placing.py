"""Owns where a frame stands on the stage, and where words may be laid over it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize

from mobilenet_gui.ui import fonts

_SEEN = 0.9
"""Share of a frame's short side that is never cut away when it fills the stage: the network looks at 0.875 of it."""
_LEAST = (240, 150)
"""A picture that is narrower or lower on the screen has its words partly beside it."""


def placed(frame: tuple[int, int], room: QRectF, *, fill: bool) -> QRectF:
    """Return where a frame of this width and height is painted; with `fill` its edges may lie outside `room`.

    It never grows so far that part of what the network sees would be cut away.
    """
    across, down = room.width() / frame[0], room.height() / frame[1]
    scale = min(across, down)
    if fill:
        most = min(room.width(), room.height()) / (_SEEN * min(frame))
        scale = max(scale, min(max(across, down), most))
    size = QSize(max(1, round(frame[0] * scale)), max(1, round(frame[1] * scale)))
    return QRectF(
        room.x() + (room.width() - size.width()) / 2,
        room.y() + (room.height() - size.height()) / 2,
        size.width(),
        size.height(),
    )


def roomy(area: QRectF, room: QRectF) -> QRectF:
    """Return where words are laid over a picture: beyond it where it is so narrow or low that they would collide."""
    wide, high = area.width() >= fonts.px(_LEAST[0]), area.height() >= fonts.px(_LEAST[1])
    return QRectF(
        area.x() if wide else room.x(),
        area.y() if high else room.y(),
        area.width() if wide else room.width(),
        area.height() if high else room.height(),
    )
