"""Owns buttons: with text, and with an icon only. The style draws them; these say what kind they are."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import icon as tinted
from mobilenet_gui.ui.tokens import HEIGHT_CONTROL
from mobilenet_gui.ui.widgets.clicks import is_second

KINDS = ("secondary", "primary", "ghost", "danger", "link")
_TONES = {"secondary": "text2", "primary": "onAccent", "ghost": "text2", "danger": "bad", "link": "accentText"}
ICON_SIZE = 16


class Button(QPushButton):
    """A push button with text. One "primary" a screen; "ghost" has no frame, "link" is text alone."""

    def __init__(self, text: str = "", icon: str | None = None, kind: str = "secondary", height: int = HEIGHT_CONTROL,
                 parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(text, parent)
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
        self._kind = kind
        self._icon_name = icon
        self._compact = False
        self._text = text
        self._tip = ""
        self.setProperty("kind", kind)
        self.setProperty("controlHeight", height)
        self.setFont(fonts.font("body", fonts.SEMIBOLD if kind == "link" else fonts.MEDIUM))
        self.setIconSize(QSize(fonts.px(ICON_SIZE), fonts.px(ICON_SIZE)))
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAutoDefault(False)
        if kind == "link":
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_icon(icon)

    @property
    def kind(self) -> str:
        """What it looks like."""
        return self._kind

    @property
    def icon_name(self) -> str | None:
        """The icon's name."""
        return self._icon_name

    def set_kind(self, kind: str) -> None:
        """Look like another kind of button."""
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {KINDS}, got {kind!r}")
        self._kind = kind
        self.setProperty("kind", kind)
        self.set_icon(self._icon_name)
        self.update()

    def set_icon(self, name: str | None) -> None:
        """Show icon `name`, or none."""
        self._icon_name = name
        if name is not None:
            self.setIcon(tinted(name, _TONES[self._kind]))
        elif not self.icon().isNull():
            self.setIcon(tinted("none", _TONES[self._kind]).__class__())
        self.updateGeometry()

    def set_text(self, text: str) -> None:
        """Say something else, also while compact."""
        self._text = text
        self._show_text()

    def keep_room_for(self, texts: Sequence[str]) -> None:
        """Never be narrower than with any of `texts`: a word that changes must not push what stands beside it."""
        face = QFontMetricsF(self.font())
        now = face.horizontalAdvance(self._text)
        longest = max(face.horizontalAdvance(text) for text in texts)
        self.setMinimumWidth(self.sizeHint().width() + math.ceil(longest - now))

    def set_compact(self, compact: bool) -> None:
        """Show the icon alone, and the text as a tooltip where there is no other; needs an icon."""
        self._compact = compact and self._icon_name is not None
        self._show_text()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Be pressed, once by a double click."""
        if not is_second(event):
            super().mousePressEvent(event)

    def _show_text(self) -> None:
        self.setText("" if self._compact else self._text)
        self.setAccessibleName(self._text.rstrip("…"))
        self._show_tip()

    def setToolTip(self, tip: str) -> None:
        """Say more of the button; that stays what is said while it is compact."""
        self._tip = tip
        self._show_tip()

    def _show_tip(self) -> None:
        super().setToolTip(self._tip or (self._text.rstrip("…") if self._compact else ""))


class IconButton(QPushButton):
    """A square button with an icon; the tooltip is its name for everybody.

    `repeats`: it goes on a step each time, so a double click is two.
    """

    def __init__(self, icon: str, tooltip: str, checkable: bool = False, *, framed: bool = False,
                 size: int = HEIGHT_CONTROL, tone: str = "text2", repeats: bool = False,
                 parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        self._repeats = repeats
        self._tone = tone
        self._icon_name = icon
        self.setProperty("kind", "secondary" if framed else "ghost")
        self.setProperty("controlHeight", size)
        self.setIcon(tinted(icon, tone))
        self.setIconSize(QSize(fonts.px(ICON_SIZE), fonts.px(ICON_SIZE)))
        self.setCheckable(checkable)
        self.setAutoDefault(False)
        self.setFixedSize(fonts.px(size), fonts.px(size))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_tooltip(tooltip)

    @property
    def icon_name(self) -> str:
        """The icon's name."""
        return self._icon_name

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Be pressed; once by a double click, unless it repeats."""
        if self._repeats or not is_second(event):
            super().mousePressEvent(event)

    def set_icon(self, name: str) -> None:
        """Show another icon."""
        self._icon_name = name
        self.setIcon(tinted(name, self._tone))

    def set_tooltip(self, tooltip: str) -> None:
        """Say something else."""
        self.setToolTip(tooltip)
        self.setAccessibleName(tooltip)
