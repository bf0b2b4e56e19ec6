"""Owns the project's card on the fine-tune page: its photos, its name, and how far its model is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.i18n import shown, tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_ZONE
from mobilenet_gui.ui.widgets.buttons import IconButton
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.clicks import is_second
from mobilenet_gui.ui.widgets.covers import paint_covers
from mobilenet_gui.ui.widgets.labels import ElidedLabel
from mobilenet_gui.ui.widgets.painting import focus_ring, rounded
from mobilenet_gui.ui.widgets.progress import ThinProgress
from mobilenet_gui.ui.wizard.inline_name import InlineName

HEIGHT = 231
COVER_HEIGHT = 132
_MARGIN, _TEXT = 10, 16


@dataclass(frozen=True, slots=True)
class CardLook:
    """What a card shows.

    Attributes:
        id: the project's.
        name: its name.
        counts: classes and photos, in words.
        state: how far its model is, in words; may be empty.
        tone: "quiet", "warn" or "busy".
        progress: share of a running training that is done; None for none, and for one nobody knows of.
        covers: files of the photos to show.
        photos: how many there are.
        usable: it can be opened.
    """

    id: str
    name: str
    counts: str
    state: str
    tone: Literal["quiet", "warn", "busy"]
    progress: float | None
    covers: tuple[str, ...]
    photos: int
    usable: bool = True


class _Covers(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._images: list[QImage | None] = []
        self._photos = 0
        self.setFixedHeight(COVER_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_images(self, images: Sequence[QImage | None], photos: int) -> None:
        self._images, self._photos = list(images), photos
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_covers(QPainter(self), QRectF(self.rect()), self._images, self._photos)


class _StateLine(QWidget):
    """The third line: words, a warning, or a bar and what is left."""

    def __init__(self) -> None:
        super().__init__()
        self._tone = "quiet"
        self.bar = ThinProgress()
        self.words = ElidedLabel("", "small", "text2", fonts.MEDIUM)
        self._room = QWidget()
        self._room.setFixedSize(fonts.px(14), fonts.px(14))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._room)
        row.addWidget(self.bar, 1)
        row.addWidget(self.words, 0)
        row.addStretch(0)
        self.setFixedHeight(fonts.px(20))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_state(self, words: str, tone: str, progress: float | None) -> None:
        self._tone = tone
        self.words.setText(words)
        self.words.set_tone({"warn": "warn", "busy": "accentText"}.get(tone, "text2"))
        self._room.setVisible(tone == "warn")
        self.bar.setVisible(tone == "busy")
        if tone == "busy":
            self.bar.set_fraction(progress)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._tone == "warn":
            paint_icon(QPainter(self), "alert", QRectF(self._room.geometry()), tokens().warn)


class ProjectCard(Card):
    """One project.

    Attributes:
        menu_requested: position on the screen for the card's menu.
        renamed: another name was typed.
        remove_requested: Delete was pressed.
    """

    menu_requested = Signal(object)
    renamed = Signal(str)
    remove_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, clickable=True, margin=0)
        self.look = CardLook("", "", "", "", "quiet", None, (), 0)
        self.covers = _Covers()
        self.name = InlineName(tr("Rename the project"))
        self.name.renamed.connect(self.renamed)
        self._counts = ElidedLabel("", "small", "text2")
        self._counts.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.state = _StateLine()
        self.more = IconButton("more", tr("More"), size=28)
        self.more.clicked.connect(self._menu_at_button)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.name, 1)
        head.addWidget(self.more)
        words = QVBoxLayout()
        words.setContentsMargins(_TEXT - _MARGIN, 0, _TEXT - _MARGIN - 6, 0)
        words.setSpacing(0)
        words.addLayout(head)
        words.addWidget(self._counts)
        words.addSpacing(3)
        words.addWidget(self.state)
        self.body.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        self.body.setSpacing(0)
        self.body.addWidget(self.covers)
        self.body.addSpacing(7)
        self.body.addLayout(words)
        self.body.addStretch(1)
        self.name.set_editable_by_click(False)
        self.setFixedHeight(fonts.px(HEIGHT - COVER_HEIGHT) + COVER_HEIGHT)

    def show_look(self, look: CardLook) -> None:
        """Show how the project stands."""
        self.look = look
        self.name.set_name(look.name)
        self._counts.setText(look.counts)
        self.state.show_state(look.state, look.tone, look.progress)
        self.setAccessibleName(", ".join(part for part in (shown(look.name), look.counts, look.state) if part))
        self.more.set_tooltip(tr("More for {project}").format(project=look.name))

    def show_covers(self, images: Sequence[QImage | None]) -> None:
        """Show its pictures."""
        self.covers.show_images(images, self.look.photos)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu by the right button or the menu key."""
        self.menu_requested.emit(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Rename by F2, remove by Delete."""
        if event.key() == Qt.Key.Key_F2:
            self.name.edit()
        elif event.key() == Qt.Key.Key_Delete:
            self.remove_requested.emit()
        else:
            super().keyPressEvent(event)

    def _menu_at_button(self) -> None:
        self.menu_requested.emit(self.more.mapToGlobal(QPoint(0, self.more.height() + 4)))


class NewCard(QWidget):
    """The dashed card: begins a new project, and says that folders can be dropped.

    Attributes:
        clicked: a new project is wanted.
    """

    clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dragging = False
        self._down = False
        self._title = ElidedLabel(tr("New model"), "card", "text", fonts.SEMIBOLD)
        self._words = ElidedLabel(tr("Drop one folder per class here"), "small", "text2")
        for label in (self._title, self._words):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(4)
        column.addStretch(5)
        column.addSpacing(fonts.px(52 + 10))
        column.addWidget(self._title)
        column.addWidget(self._words)
        column.addStretch(4)
        self.setFixedHeight(fonts.px(HEIGHT - COVER_HEIGHT) + COVER_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(tr("New model"))
        self.setAccessibleDescription(tr("Drop one folder per class here"))

    def sizeHint(self) -> QSize:
        """Return a useful size."""
        return QSize(fonts.px(300), self.height())

    def set_dragging(self, dragging: bool) -> None:
        """Show that folders hover over the window."""
        self._dragging = dragging
        self._words.setText(tr("Release to begin with these") if dragging else tr("Drop one folder per class here"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the dashed frame and the plus."""
        colours = tokens()
        painter = QPainter(self)
        rect = QRectF(self.rect())
        hot = self._dragging or self.underMouse()
        rounded(painter, rect, RADIUS_ZONE, colours.soft if self._dragging else colours.zone)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(colours.accent if hot else colours.line2, 2)
        pen.setDashPattern([4, 3])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), RADIUS_ZONE - 1, RADIUS_ZONE - 1)
        side = fonts.px(52)
        spot = QRectF((rect.width() - side) / 2, self._title.y() - side - 10, side, side)
        rounded(painter, spot, side / 2, colours.panel if self._dragging else colours.soft)
        paint_icon(painter, "plus", spot, colours.accentText, fonts.px(20))
        if shows_focus(self):
            focus_ring(painter, rect, RADIUS_ZONE)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the press, so that the release comes here as well."""
        self._down = event.button() == Qt.MouseButton.LeftButton and not is_second(event)

    def mouseReleaseEvent(self, event: object) -> None:
        """Begin a project by a click."""
        if self._down and self.underMouse():
            self.clicked.emit()
        self._down = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Begin a project by Space or Enter."""
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self.clicked.emit()
        else:
            super().keyPressEvent(event)
