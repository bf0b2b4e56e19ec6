"""Owns plain text, lines and signs: labels in the type's roles and the theme's tones, dividers, elided text, icons."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from mobilenet_gui.ui.fonts import font, px
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import theme, tokens
from mobilenet_gui.ui.widgets.painting import draw_text


class TextLabel(QLabel):
    """A label in a type role whose colour follows a token through changes of theme."""

    def __init__(self, text: str = "", role: str = "body", tone: str = "text", weight: int = 400,
                 parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(text, parent)
        self._tone = tone
        self.setFont(font(role, weight))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setBackgroundRole(QPalette.ColorRole.NoRole)
        theme().changed.connect(self._tint)
        self._tint()

    def set_tone(self, tone: str) -> None:
        """Take the colour of token `tone`."""
        self._tone = tone
        self._tint()

    def _tint(self) -> None:
        colours = QPalette()
        colours.setColor(QPalette.ColorRole.WindowText, tokens().named(self._tone))
        colours.setColor(QPalette.ColorRole.Link, tokens().accentText)
        colours.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText, tokens().disabledText)
        self.setPalette(colours)


def text_label(text: str = "", role: str = "body", tone: str = "text", weight: int = 400, *,
               wrap: bool = False, parent: QWidget | None = None) -> TextLabel:  # fmt: skip
    """Return a label; `wrap` lets it take several lines."""
    label = TextLabel(text, role, tone, weight, parent)
    if wrap:
        label.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        label.setSizePolicy(policy)
    return label


class IconLabel(QWidget):
    """An icon in the colour of secondary text, to stand before words; `size` grows with the text."""

    def __init__(self, name: str, size: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.setFixedSize(px(size), px(size))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it as large as the room."""
        paint_icon(QPainter(self), self._name, self.rect(), tokens().text2)


class Divider(QWidget):
    """A hairline across its parent, or down it."""

    def __init__(self, *, vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        fixed, grow = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding
        self.setSizePolicy(fixed if vertical else grow, grow if vertical else fixed)
        if vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill with the line colour."""
        QPainter(self).fillRect(self.rect(), tokens().line)


class ElidedLabel(QWidget):
    """One line of text that shortens itself with "…" and then shows the whole in a tooltip."""

    def __init__(self, text: str = "", role: str = "body", tone: str = "text", weight: int = 400,
                 parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        self._text = text
        self._tone = tone
        self._align = Qt.AlignmentFlag.AlignLeft
        self.setFont(font(role, weight))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def text(self) -> str:
        """Return the whole text."""
        return self._text

    def setText(self, text: str) -> None:
        """Show another text."""
        self._text = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self._explain()
        self.update()

    def setAlignment(self, align: Qt.AlignmentFlag) -> None:
        """Align left, right or in the middle."""
        self._align = align
        self.update()

    def set_tone(self, tone: str) -> None:
        """Take the colour of token `tone`."""
        self._tone = tone
        self.update()

    def is_elided(self) -> bool:
        """Say whether the text does not fit."""
        return self._needed() > self.width() + 0.5

    def sizeHint(self) -> QSize:
        """Return the size of the whole text."""
        return QSize(int(self._needed()) + 1, round(QFontMetricsF(self.font()).height()))

    def minimumSizeHint(self) -> QSize:
        """Return the size of a few letters."""
        return QSize(min(self.sizeHint().width(), round(QFontMetricsF(self.font()).averageCharWidth() * 4)),
                     self.sizeHint().height())  # fmt: skip

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Offer the tooltip only while the text is cut."""
        self._explain()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = tokens().named(self._tone) if self.isEnabled() else tokens().disabledText
        draw_text(painter, QRectF(self.rect()), self._text, self.font(), colour, align=self._align)

    def _needed(self) -> float:
        return QFontMetricsF(self.font()).horizontalAdvance(self._text)

    def _explain(self) -> None:
        self.setToolTip(self._text if self.is_elided() else "")
