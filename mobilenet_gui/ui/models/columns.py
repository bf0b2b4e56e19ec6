"""Where the columns of the models list are at a given width, so that headings and rows agree."""

from __future__ import annotations

from dataclasses import dataclass

from mobilenet_gui.ui import fonts

MARGIN = 14
TILE = 36
"""Side of the icon's tile, in design pixels."""
_GAP = 14
_NAME_LEAST, _NAME_WISH = 122, 206
_COLUMN, _COLUMN_LEAST, _COLUMN_MOST = 80, 74, 112
_SPEED = 100
_ACTION, _ACTION_COMPACT = 100, 78
_KEYS = ("classes", "correct", "size", "speed")
_FEWER = (("correct", "size", "speed"), ("correct", "speed"), ("speed",), ())
"""What is left of them where there is less and less room."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions in pixels from the left edge of the list.

    Attributes:
        name_left: where names begin.
        name_right: where they must end.
        cells: each column that is shown with its left edge.
        cell_width: room for the text of one.
        action_left: where the buttons may begin.
        compact: buttons show icons alone.
        tile: there is room for the icon's tile.
    """

    name_left: float
    name_right: float
    cells: dict[str, float]
    cell_width: float
    action_left: float
    compact: bool
    tile: bool


def columns_for(width: int) -> Columns:
    """Return the columns for a list `width` pixels wide.

    What does not fit goes: first the texts of buttons, then columns, what matters least first, at last the tile.
    """
    forms = [(_KEYS, False, True), *((keys, True, True) for keys in (_KEYS, *_FEWER)), ((), True, False)]
    made = [_placed(width, keys, compact=compact, tile=tile) for keys, compact, tile in forms]
    least = _NAME_LEAST * fonts.scale()
    return next((columns for columns in made if columns.name_right - columns.name_left >= least), made[-1])


def _placed(width: int, keys: tuple[str, ...], *, compact: bool, tile: bool) -> Columns:
    unit = fonts.scale()
    left = MARGIN + (fonts.px(TILE) + _GAP if tile else 0)
    action_left = width - MARGIN - (_ACTION_COMPACT if compact else _ACTION) * unit
    if not keys:
        return Columns(left, action_left, {}, 0, action_left, compact, tile)
    column = (_COLUMN_LEAST if compact else _COLUMN) * unit
    last = action_left - _SPEED * unit
    # Width beyond the wish goes to names and columns alike; columns stop growing first.
    spare = max(0.0, last - left - (len(keys) - 1) * column - _NAME_WISH * unit)
    column = min(column + spare / (2 * len(keys)), max(column, _COLUMN_MOST * unit))
    cells = {key: last - column * (len(keys) - 1 - index) for index, key in enumerate(keys)}
    return Columns(left, next(iter(cells.values())) - 12, cells, column - 8, action_left, compact, tile)
