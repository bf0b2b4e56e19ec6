"""Owns which colours hold now: follows the system's light, dark and high contrast, or the person's choice.

`theme()` is the application's one `Theme`. Widgets read `tokens()` whenever they paint and connect to `changed`
only when they keep something made of colours.
"""

from __future__ import annotations

import os
import sys
from typing import cast

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.tokens import DARK, LIGHT, Tokens, high_contrast, palette

MODES = ("system", "light", "dark")
MOTION_VARIABLE = "MOBILENET_GUI_REDUCED_MOTION"


class Theme(QObject):
    """The colours and motion of the whole application.

    Attributes:
        changed: the tokens are others now.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mode = "system"
        self._tokens = LIGHT
        self._applied = False
        self._reduced: bool | None = None
        self._style: QObject | None = None
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._follow)
        hints.accessibility().contrastPreferenceChanged.connect(self._follow)
        self._tokens = self._wanted()

    @property
    def tokens(self) -> Tokens:
        """The colours now."""
        return self._tokens

    @property
    def mode(self) -> str:
        """What was chosen: "system", "light" or "dark"."""
        return self._mode

    @property
    def is_high_contrast(self) -> bool:
        """Whether the system asks for high contrast; it then decides all colours."""
        # Asked anew each time: PySide takes the kept wrapper for dead once its parent's wrapper is gone.
        hints = QGuiApplication.styleHints()
        return hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast

    def set_mode(self, mode: str) -> None:
        """Choose "system", "light" or "dark".

        Raises:
            ValueError: another word.
        """
        if mode not in MODES:
            raise ValueError(f"mode must be one of {MODES}, got {mode!r}")
        self._mode = mode
        self._follow()

    def set_reduced_motion(self, reduced: bool | None) -> None:
        """Stop (True) or allow (False) all animation; None follows the system."""
        self._reduced = reduced

    def reduced_motion(self) -> bool:
        """Say whether animations are to be left out."""
        if self._reduced is not None:
            return self._reduced
        return _system_reduces_motion()

    def apply(self) -> None:
        """Put style, fonts and colours on the running `QApplication`; later changes follow by themselves."""
        # Imported here: the style draws with this module's tokens.
        from mobilenet_gui.ui.style import Style

        app = cast(QApplication, QApplication.instance())
        if not self._applied:
            self._applied = True
            fonts.load_fonts()
            style = Style()
            self._style = style
            app.setStyle(style)
            app.setFont(fonts.font("body"))
            QToolTip.setFont(fonts.font("small"))
            app.focusChanged.connect(_forget_keyboard)
        self._tokens = self._wanted()
        self._dress(app)

    def _follow(self) -> None:
        wanted = self._wanted()
        if wanted == self._tokens:
            return
        self._tokens = wanted
        app = QApplication.instance()
        if self._applied and isinstance(app, QApplication):
            self._dress(app)
        self.changed.emit()

    def _dress(self, app: QApplication) -> None:
        colours = palette(self._tokens)
        app.setPalette(colours)
        QToolTip.setPalette(colours)

    def _wanted(self) -> Tokens:
        if self.is_high_contrast:
            app = QApplication.instance()
            if isinstance(app, QApplication):
                app.setPalette(QPalette())  # the system's own colours come back
                return high_contrast(app.palette())
        if self._mode != "system":
            return DARK if self._mode == "dark" else LIGHT
        dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return DARK if dark else LIGHT


class _Holder:
    theme: Theme | None = None


def theme() -> Theme:
    """Return the application's theme, made on first use. Needs a `QApplication`."""
    held = _Holder.theme
    app = QApplication.instance()
    if held is None or held.parent() is not app:
        held = Theme(app)
        _Holder.theme = held
    return held


def tokens() -> Tokens:
    """Return the colours that hold now."""
    return theme().tokens


def reduced_motion() -> bool:
    """Say whether animations are to be left out."""
    return theme().reduced_motion()


def duration(milliseconds: int) -> int:
    """Return how long an animation lasts: `milliseconds`, or 0 where motion is reduced."""
    return 0 if reduced_motion() else milliseconds


def _forget_keyboard(_old: QWidget | None, now: QWidget | None) -> None:
    # Qt notes that the focus came by keyboard but never forgets it; a click ends the focus rings.
    if now is not None and QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
        now.window().setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange, False)


def _system_reduces_motion() -> bool:
    told = os.environ.get(MOTION_VARIABLE, "")
    if told:
        return told != "0"
    if sys.platform == "win32":
        import ctypes

        get_client_area_animation = 0x1042
        shown = ctypes.c_int(1)
        if ctypes.windll.user32.SystemParametersInfoW(get_client_area_animation, 0, ctypes.byref(shown), 0):
            return not shown.value
    return not QApplication.isEffectEnabled(Qt.UIEffect.UI_General) and _desktop_tells_effects()


def _desktop_tells_effects() -> bool:
    """Say whether Qt's effect flag means something: bare platforms leave it off without anybody's wish."""
    return sys.platform.startswith("linux") and bool(os.environ.get("XDG_CURRENT_DESKTOP"))
