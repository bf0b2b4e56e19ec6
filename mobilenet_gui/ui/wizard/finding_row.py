"""Owns one finding of the check: its icon, what was found, some of its photos, and the way out of one click."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.doctor_findings import Finding
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.photos.tiles import paint_cover
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CARD, RADIUS_CONTROL, RADIUS_SMALL
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.clicks import is_second
from mobilenet_gui.ui.widgets.labels import ElidedLabel, text_label
from mobilenet_gui.ui.widgets.painting import focus_ring, outline, rounded
from mobilenet_gui.ui.wizard.photo_shelf import PhotoShelf

HEIGHT = 67
_NARROW_HEIGHT = 104
_NARROW_BELOW = 480
"""A narrower row, which large text makes of any, has what can be done below what was found."""
_TILE, _THUMB, _LEFT, _GAP = 36, 40, 16, 10
ICONS = {
    "missing": "search", "unreadable": "file-x", "alike_names": "tag", "too_small": "zoom-in", "duplicates": "copy",
    "near_duplicates": "copy", "two_classes": "swap", "both_sides": "swap", "too_few": "image", "uneven": "chart",
    "dark": "moon", "blurred": "eye-off", "wrong_label": "tag",
}  # fmt: skip
TONES = {"error": ("badSoft", "bad"), "warning": ("warnSoft", "warn"), "hint": ("soft", "accentText")}
THUMBS = 3


class _Thumbs(QWidget):
    """Up to three of the finding's photos; a click looks at all of them."""

    pressed = Signal()

    def __init__(self, shelf: PhotoShelf) -> None:
        super().__init__()
        self._shelf = shelf
        self._ids: tuple[str, ...] = ()
        self._bad = False
        self._hovered = False
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_photos(self, ids: Sequence[str], *, bad: bool) -> None:
        self._ids, self._bad = tuple(ids[:THUMBS]), bad
        self.setVisible(bool(self._ids))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if self._ids else Qt.FocusPolicy.NoFocus)
        self.setToolTip(trn("Look at the photo", "Look at the {n} photos", len(ids)))
        self.setAccessibleName(self.toolTip())
        self.updateGeometry()
        self.update()

    def ids(self) -> tuple[str, ...]:
        return self._ids

    def sizeHint(self) -> QSize:
        return QSize(len(self._ids) * (_THUMB + 4) + 4, _THUMB + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = tokens()
        for place, photo_id in enumerate(self._ids):
            rect = QRectF(4 + place * (_THUMB + 4), 4, _THUMB, _THUMB)
            image = None if self._bad else self._shelf.get(photo_id)
            if self._bad or self._shelf.is_hopeless(photo_id):
                rounded(painter, rect, RADIUS_SMALL, colours.badSoft, outline(colours))
                paint_icon(painter, "file-x", rect, colours.bad, 16)
            elif image is None:
                rounded(painter, rect, RADIUS_SMALL, colours.track)
            else:
                paint_cover(painter, image, rect, RADIUS_SMALL)
            if self.underMouse():
                rounded(painter, rect, RADIUS_SMALL, None, colours.accentText, width=2)
        if shows_focus(self):
            focus_ring(painter, QRectF(self.rect()), RADIUS_CONTROL)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the press, so that the release comes here as well."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.pressed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)


class FindingRow(QWidget):
    """The row.

    Attributes:
        fix_requested: the way out was pressed.
        undo_requested: what was done is to be taken back.
        look_requested: the finding's photos are to be shown.
        find_requested: the photos are missing, and somebody wants to say where they are.
    """

    fix_requested = Signal()
    undo_requested = Signal()
    look_requested = Signal()
    find_requested = Signal()

    def __init__(self, shelf: PhotoShelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._down = False
        self.finding: Finding | None = None
        self._title = ElidedLabel("", "body", "text", fonts.SEMIBOLD)
        self._detail = ElidedLabel("", "small", "text2")
        for label in (self._title, self._detail):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.thumbs = _Thumbs(shelf)
        self.thumbs.pressed.connect(self.look_requested)
        self.fix = Button("")
        self.fix.clicked.connect(self.fix_requested)
        self.look = Button(tr("Look"))
        self.look.clicked.connect(self.look_requested)
        self.search = Button(tr("Find them…"))
        self.search.clicked.connect(self.find_requested)
        self._done = text_label("", "body", "ok", fonts.MEDIUM)
        self.undo = Button(tr("Undo"), "undo", "ghost")
        self.undo.clicked.connect(self.undo_requested)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(self._title)
        words.addWidget(self._detail)
        words.addStretch(1)
        end = QHBoxLayout()
        end.addStretch(1)
        for widget in (self.thumbs, self._done, self.look, self.search, self.fix, self.undo):
            end.addWidget(widget)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(_LEFT - 1 + _TILE + _GAP, 0, 15, 0)
        self._row.addLayout(words, 1)
        self._row.addLayout(end)
        for layout in (end, self._row):
            layout.setSpacing(8)
        self.setFixedHeight(fonts.px(HEIGHT))
        shelf.arrived.connect(self._pictures_arrived)

    def show_finding(self, finding: Finding) -> None:
        """Show what was found."""
        self.finding = finding
        self._title.setText(finding.title)
        self._detail.setText(finding.detail)
        # Of what is missing there is nothing to see; its words have the room.
        shown = () if finding.kind == "missing" else finding.photos
        self.thumbs.show_photos(shown, bad=finding.kind == "unreadable")
        self.search.setVisible(finding.kind == "missing" and not finding.fixed)
        fix = finding.fix if not finding.fixed else None
        self.fix.setVisible(fix is not None)
        if fix is not None:
            self.fix.set_text(fix.text)
        self.look.setVisible(fix is None and not finding.fixed)
        self.look.set_text(tr("Look") if finding.photo_ids else tr("Add photos"))
        self._done.setText(finding.fixed_text)
        self._done.setVisible(finding.fixed)
        self.undo.setVisible(finding.fixed and finding.undo is not None)
        self.setAccessibleName(f"{finding.title}. {finding.detail}")
        if finding.photo_ids:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.unsetCursor()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put what can be done below what was found, where there is no room beside it."""
        super().resizeEvent(event)
        narrow = self.width() < fonts.px(_NARROW_BELOW)
        self._row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
        self._row.setContentsMargins(_LEFT - 1 + _TILE + _GAP, 8 if narrow else 0, 15, 8 if narrow else 0)
        self.setFixedHeight(fonts.px(_NARROW_HEIGHT if narrow else HEIGHT))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the press, so that the release comes here as well."""
        self._down = not is_second(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Look at the photos by a click anywhere in the row; the keyboard has the photos and the buttons for it."""
        inside = event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint())
        if inside and self._down and self.finding is not None and self.finding.photo_ids:
            self.look_requested.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the icon's tile."""
        if self.finding is None:
            return
        colours = tokens()
        painter = QPainter(self)
        fill, ink = ("okSoft", "ok") if self.finding.fixed else TONES[self.finding.severity]
        tile = QRectF(_LEFT - 1, (self.height() - _TILE) / 2, _TILE, _TILE)
        rounded(painter, tile, RADIUS_CONTROL, colours.named(fill), outline(colours))
        paint_icon(painter, ICONS[self.finding.kind], tile, colours.named(ink), 18)

    def _pictures_arrived(self, ids: Sequence[str]) -> None:
        if set(ids).intersection(self.thumbs.ids()):
            self.thumbs.update()


class FindingList(QWidget):
    """The rows on one panel, a hairline between them."""

    def __init__(self, shelf: PhotoShelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shelf = shelf
        self.rows: list[FindingRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(1, 1, 1, 1)
        self._column.setSpacing(0)

    def show_findings(self, findings: Sequence[Finding]) -> list[FindingRow]:
        """Show these; return the rows that are new, so that somebody listens to them."""
        new = []
        while len(self.rows) < len(findings):
            row = FindingRow(self._shelf)
            self.rows.append(row)
            self._column.addWidget(row)
            new.append(row)
        for place, row in enumerate(self.rows):
            row.setVisible(place < len(findings))
            if place < len(findings):
                row.show_finding(findings[place])
        self.setVisible(bool(findings))
        self.update()
        return new

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the panel and the lines."""
        colours = tokens()
        painter = QPainter(self)
        rounded(painter, QRectF(self.rect()), RADIUS_CARD, colours.panel, colours.line)
        for row in self.rows[1:]:
            if not row.isHidden():
                left = _LEFT + _TILE + _GAP
                painter.fillRect(QRectF(left, row.y(), self.width() - left - 1, 1), colours.line)
