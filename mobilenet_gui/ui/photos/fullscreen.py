"""Owns the full screen: nothing but the photo and, at the bottom, its answer."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mobilenet_gui.core.answers import group_answer, headline, percent
from mobilenet_gui.core.confidence import unlike_text
from mobilenet_gui.core.groups import group_text
from mobilenet_gui.core.photo_session import Photo, PhotoState
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.owned_window import close_with_owner
from mobilenet_gui.ui.photos.canvas import PhotoCanvas
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.pictures import PictureShelf
from mobilenet_gui.ui.photos.single_view import PhotoStage
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.widgets.painting import draw_text, rounded

_HEIGHT = 48
_BOTTOM = 20


class _AnswerPill(QWidget):
    """The answer, white on dark."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._strong = ""
        self._plain = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_answer(self, strong: str, plain: str) -> None:
        """Show two pieces of text side by side."""
        self._strong, self._plain = strong, plain
        self.setAccessibleName(f"{strong} {plain}".strip())
        self.setVisible(bool(strong))
        self.place()
        self.update()

    def place(self) -> None:
        """Go to the middle of the lower edge."""
        parent = self.window()
        card, body = fonts.font("card", fonts.SEMIBOLD), fonts.font("body")
        self.setFont(card)
        width = self.fontMetrics().horizontalAdvance(self._strong) + 40
        self.setFont(body)
        width += self.fontMetrics().horizontalAdvance(self._plain) + 12
        width = min(width, parent.width() - 32)
        self.setGeometry((parent.width() - width) // 2, parent.height() - _HEIGHT - _BOTTOM, width, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pill."""
        painter = QPainter(self)
        rect = QRectF(self.rect())
        colours = tokens()
        rounded(painter, rect, _HEIGHT / 2, colours.overlay)
        inner = rect.adjusted(20, 0, -20, 0)
        used = draw_text(painter, inner, self._strong, fonts.font("card", fonts.SEMIBOLD), colours.onOverlay)
        draw_text(painter, inner.adjusted(used + 12, 0, 0, 0), self._plain, fonts.font("body"), colours.onOverlay)


class FullScreen(QWidget):
    """A window over the whole screen.

    Attributes:
        left: it was closed.
        key_pressed: a key that the page should handle.
    """

    left = Signal()
    key_pressed = Signal(object)

    def __init__(self, controller: PhotosController, shelf: PictureShelf, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        close_with_owner(self)
        self.setWindowTitle(tr("Photo"))
        self._controller = controller
        self._place = parent
        self.canvas = PhotoCanvas(self, plain=True)
        self.stage = PhotoStage(self.canvas, controller, shelf)
        self._pill = _AnswerPill(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.canvas)
        self.setFocusProxy(self.canvas)
        controller.current_changed.connect(self._changed)
        controller.current_updated.connect(self._updated)

    def open(self) -> None:
        """Cover the screen and show the photo."""
        self.stage.active = True
        # Without a window manager nobody else makes it that large.
        self.setGeometry(self._place.screen().geometry())
        self.showFullScreen()
        self.canvas.setFocus()
        self._changed()

    def _changed(self) -> None:
        if self.stage.active:
            self.stage.show_current()
            self._updated()

    def _updated(self) -> None:
        if self.stage.active:
            self.stage.update_answer()
            self._show_answer(self._controller.current)

    def _show_answer(self, photo: Photo | None) -> None:
        if photo is None:
            self._pill.show_answer("", "")
        elif photo.state is PhotoState.FAILED:
            self._pill.show_answer(tr("Cannot be read"), photo.name)
        elif photo.recognition is None:
            self._pill.show_answer("", "")
        else:
            best = photo.recognition.best
            number = percent(best.probability)
            if self._controller.session.is_unsure(photo):
                guess = tr("Best guess: {label}, {percent}").format(label=best.shown, percent=number)
                group = group_answer(photo.recognition, self._controller.session.sure_from)
                title = tr("Not sure") if group is None else group_text(group)
                self._pill.show_answer(unlike_text() if photo.unlike else title, guess)
            else:
                self._pill.show_answer(headline(best.shown), number)
        self._pill.raise_()

    def resizeEvent(self, event: object) -> None:
        """Keep the answer at the lower edge."""
        self._pill.place()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave by Esc or F11; the page has the other keys."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F11):
            self.close()
        else:
            self.key_pressed.emit(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Give the photo back to the window."""
        self.stage.active = False
        super().closeEvent(event)
        self.left.emit()
