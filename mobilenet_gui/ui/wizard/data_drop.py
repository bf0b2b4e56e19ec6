"""Owns the dashed places of the data step: the strip below the cards, and the large one while there is no class yet."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CARD, RADIUS_ZONE
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.labels import ElidedLabel, text_label
from mobilenet_gui.ui.widgets.painting import rounded

_CIRCLE = 64


class _Dashed(QWidget):
    """A dashed frame that says whether something hovers."""

    def __init__(self, radius: float) -> None:
        super().__init__()
        self._radius = radius
        self._dragging = False

    def set_dragging(self, dragging: bool) -> None:
        """Show that a drop would be taken here."""
        if dragging != self._dragging:
            self._dragging = dragging
            self.update()

    def is_dragging(self) -> bool:
        """Say whether it shows that."""
        return self._dragging

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame."""
        colours = tokens()
        painter = QPainter(self)
        rect, radius = QRectF(self.rect()), self._radius
        rounded(painter, rect, radius, colours.soft if self._dragging else colours.zone)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(colours.accent if self._dragging else colours.line2, 2)
        pen.setDashPattern([4, 3])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), radius - 1, radius - 1)


class DropStrip(_Dashed):
    """The strip below the cards.

    Attributes:
        folders_requested: folders are to be chosen.
        files_requested: photos or a table are to be chosen.
    """

    folders_requested = Signal()
    files_requested = Signal()

    def __init__(self) -> None:
        super().__init__(RADIUS_CARD)
        self._title = ElidedLabel(tr("Drop folders here"), "body", "text", fonts.SEMIBOLD)
        self._words = ElidedLabel(
            tr("Each folder becomes a class. One folder of folders works too."), "small", "text2"
        )  # fmt: skip
        self.files = Button(tr("Choose files…"), kind="ghost")
        self.folders = Button(tr("Choose folders…"))
        self.files.clicked.connect(self.files_requested)
        self.folders.clicked.connect(self.folders_requested)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(self._title)
        words.addWidget(self._words)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(56, 0, 16, 0)
        row.setSpacing(8)
        row.addLayout(words, 1)
        row.addWidget(self.files)
        row.addWidget(self.folders)
        self.setFixedHeight(fonts.px(70))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_dragging(self, dragging: bool) -> None:
        """Show that a drop would be taken here."""
        super().set_dragging(dragging)
        self._title.setText(tr("Release to add") if dragging else tr("Drop folders here"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the lesser button out where the words need its room; the menu has it, too."""
        super().resizeEvent(event)
        self.files.setVisible(self.width() >= fonts.px(660))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw frame and icon."""
        super().paintEvent(event)
        colour = tokens().accentText if self.is_dragging() else tokens().text2
        paint_icon(QPainter(self), "folder", QRectF(20, 0, 22, self.height()), colour, 22)


class EmptyData(_Dashed):
    """The large place while there is no class.

    Attributes:
        folders_requested: folders are to be chosen.
        files_requested: photos or a table are to be chosen.
        camera_requested: photos are to be taken.
        class_requested: an empty class is to be added.
    """

    folders_requested = Signal()
    files_requested = Signal()
    camera_requested = Signal()
    class_requested = Signal()

    def __init__(self) -> None:
        super().__init__(RADIUS_ZONE)
        self._title = text_label("", "page", "text", fonts.SEMIBOLD, wrap=True)
        self._words = text_label("", "body", "text2", wrap=True)
        for label in (self._title, self._words):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.folders = Button(tr("Choose folders…"), "folder", "primary", 36)
        self.camera = Button(tr("From camera"), "camera", "secondary", 36)
        self.add = Button(tr("Add class"), "plus", "secondary", 36)
        self.files = Button(tr("Choose photos or a table…"), kind="link", height=28)
        for button, signal in (
            (self.folders, self.folders_requested), (self.camera, self.camera_requested),
            (self.add, self.class_requested), (self.files, self.files_requested),
        ):  # fmt: skip
            button.clicked.connect(signal)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        for button in (self.folders, self.camera, self.add):
            buttons.addWidget(button)
            # Hidden while something hovers, without the words moving.
            _keep_room(button)
        _keep_room(self.files)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 16, 32, 16)
        column.setSpacing(0)
        column.addStretch(4)
        column.addSpacing(fonts.px(_CIRCLE) + 16)
        column.addWidget(self._title)
        column.addSpacing(8)
        column.addWidget(self._words)
        column.addSpacing(20)
        column.addLayout(buttons)
        column.addSpacing(10)
        column.addWidget(self.files, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(5)
        self.set_dragging(False)
        self._say(dragging=False)

    def set_dragging(self, dragging: bool) -> None:
        """Show that a drop would be taken here."""
        super().set_dragging(dragging)
        self._say(dragging=dragging)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw frame and icon."""
        super().paintEvent(event)
        colours = tokens()
        side = fonts.px(_CIRCLE)
        spot = QRectF((self.width() - side) / 2, self._title.y() - side - 14, side, side)
        painter = QPainter(self)
        rounded(painter, spot, side / 2, colours.panel if self.is_dragging() else colours.soft)
        paint_icon(painter, "folder-plus", spot, colours.accentText, fonts.px(26))

    def _say(self, *, dragging: bool) -> None:
        for button in (self.folders, self.camera, self.add, self.files):
            button.setVisible(not dragging)
        self._title.setText(tr("Release to add") if dragging else tr("Drop one folder per class here"))
        self._words.setText(
            tr("Each folder becomes a class of its name. A folder of folders, train and test folders, "
               "and a table of paths and labels work too.")
        )  # fmt: skip


def _keep_room(widget: QWidget) -> None:
    policy = widget.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    widget.setSizePolicy(policy)
