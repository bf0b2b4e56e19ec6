"""Where the columns of the models list are at a given width, so that headings and rows agree."""

from __future__ import annotations

from dataclasses import dataclass

from mobilenet_gui.ui import fonts

NAME_X = 68
"""Left edge of the names, after margin, icon tile and gap."""
MARGIN = 14
_NAME_LEAST, _NAME_WISH = 122, 206
_COLUMN, _COLUMN_LEAST, _COLUMN_MOST = 84, 74, 112
_SPEED = 96
_ACTION, _ACTION_COMPACT = 126, 78
_KEYS = ("classes", "size", "correct", "speed")


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions in pixels from the left edge of the list.

    Attributes:
        name_right: where names must end.
        cells: each column that is shown with its left edge.
        cell_width: room for the text of one.
        action_left: where the buttons may begin.
        compact: buttons show icons alone.
    """

    name_right: float
    cells: dict[str, float]
    cell_width: float
    action_left: float
    compact: bool


def columns_for(width: int) -> Columns:
    """Return the columns for a list `width` pixels wide: first buttons lose their texts, then columns go."""
    unit = fonts.scale()
    for compact in (False, True):
        action = (_ACTION_COMPACT if compact else _ACTION) * unit
        for keys in (_KEYS, *(() if not compact else (_KEYS[1:], _KEYS[2:], _KEYS[3:]))):
            least = _COLUMN if not compact else _COLUMN_LEAST
            needed = NAME_X + (_NAME_LEAST + least * (len(keys) - 1) + _SPEED) * unit + action + MARGIN
            if needed <= width or keys == _KEYS[3:]:
                return _placed(width, keys, action, least * unit, compact=compact)
    raise AssertionError("the last choice always fits")


def _placed(width: int, keys: tuple[str, ...], action: float, column: float, *, compact: bool) -> Columns:
    unit = fonts.scale()
    action_left = width - MARGIN - action
    free = action_left - NAME_X - (len(keys) - 1) * column - _SPEED * unit
    # Width beyond the wish goes to names and columns alike; columns stop growing first.
    spare = max(0.0, free - _NAME_WISH * unit)
    column = min(column + spare / (2 * len(keys)), max(column, _COLUMN_MOST * unit))
    right = action_left - _SPEED * unit
    cells = {key: right - column * (len(keys) - 1 - index) for index, key in enumerate(keys)}
    first = next(iter(cells.values()))
    return Columns(first - 12, cells, column - 8, action_left, compact)
