"""Owns type: the bundled Inter, its sizes by role, and the one factor by which all text and its controls grow.

Sizes are given in points worked out from the design's pixels, so that a person's larger system text enlarges
everything here as well.
"""

from __future__ import annotations

import logging
import os
import sys
from functools import lru_cache

from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication

from mobilenet_gui.paths import resources_dir

ROLES: dict[str, int] = {
    "caption": 11, "small": 12, "body": 13, "card": 15, "page": 20, "result": 24, "drop": 26,
}  # fmt: skip
"""Role to size in design pixels."""
REGULAR, MEDIUM, SEMIBOLD = 400, 500, 600
FAMILY = "Inter"
TITLE_FAMILY = "Inter Display"
"""The cut of Inter that is drawn for titles; only its semi-bold is bundled."""
SCALE_VARIABLE = "MOBILENET_GUI_TEXT_SCALE"
SCALE_MIN, SCALE_MAX = 1.0, 2.0

_FILES = ("Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf", "InterDisplay-SemiBold.otf")
_TABULAR = QFont.Tag("tnum")


class _State:
    """What is known about this process's type."""

    loaded = False
    scale: float | None = None
    families: tuple[str, ...] = ()


def load_fonts() -> bool:
    """Make the bundled Inter known to Qt, once; return whether all weights are there.

    Without the files the system's font is used: text stays readable, only its look changes.
    """
    if _State.loaded:
        return bool(_State.families)
    _State.loaded = True
    folder = resources_dir() / "fonts"
    good = all(QFontDatabase.addApplicationFont(str(folder / name)) >= 0 for name in _FILES)
    if not good:
        logging.getLogger(__name__).warning("The bundled font could not be loaded from %s", folder)
    # The system's own family comes second: it covers Chinese, Japanese, Korean and other scripts.
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    _State.families = (FAMILY, system) if good else (system,)
    font.cache_clear()
    return good


def scale() -> float:
    """Return the factor of text against the design's sizes, 1 to 2."""
    if _State.scale is None:
        _State.scale = _system_scale()
    return _State.scale


def set_scale(factor: float | None) -> None:
    """Set the factor of text (clamped to 1..2); None follows the system again. Widgets made later take it up."""
    _State.scale = None if factor is None else min(max(factor, SCALE_MIN), SCALE_MAX)
    font.cache_clear()


def px(design: float) -> int:
    """Return a height or width that holds text, given in the design's pixels, at the present scale."""
    return round(design * scale())


@lru_cache(maxsize=64)
def font(role: str, weight: int = REGULAR) -> QFont:
    """Return the font of a role (see `ROLES`) with tabular digits. Treat it as read-only: it is shared.

    Raises:
        KeyError: no such role.
    """
    load_fonts()
    families = list(_State.families)
    if ROLES[role] >= ROLES["page"] and weight >= SEMIBOLD and families[0] == FAMILY:
        families.insert(0, TITLE_FAMILY)
    result = QFont(families)
    result.setPointSizeF(ROLES[role] * scale() * _points_per_pixel())
    result.setWeight(QFont.Weight(weight))
    result.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    result.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
    result.setFeature(_TABULAR, 1)
    return result


def _points_per_pixel() -> float:
    screen = QGuiApplication.primaryScreen()
    return 72.0 / (screen.logicalDotsPerInch() if screen is not None else 96.0)


def _system_scale() -> float:
    """Return how much larger than usual this system's text is set."""
    told = os.environ.get(SCALE_VARIABLE, "")
    try:
        return min(max(float(told), SCALE_MIN), SCALE_MAX)
    except ValueError:
        pass
    if sys.platform == "win32":
        usual = 9.0
    elif sys.platform == "darwin":
        usual = 13.0
    else:
        # Desktops start at 10 or 11 points; below that is no wish for smaller text than the design's.
        usual = 11.0
    points = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).pointSizeF()
    screen = QGuiApplication.primaryScreen()
    base = 72.0 if sys.platform == "darwin" else 96.0
    dots = screen.logicalDotsPerInch() / base if screen is not None else 1.0
    return min(max(dots * max(points, usual) / usual, SCALE_MIN), SCALE_MAX)
