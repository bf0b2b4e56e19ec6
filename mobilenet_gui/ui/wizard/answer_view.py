"""Owns one tested photo large: where the model looked for what it said and for what it is; its label can be mended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core.types import CropBox
from mobilenet_gui.i18n import shown, tr
from mobilenet_gui.training.evaluation_types import Answer
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import announce
from mobilenet_gui.ui.photos.heat import heat_picture
from mobilenet_gui.ui.photos.overlay import crop_rect, paint_heat
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CARD
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.labels import ElidedLabel
from mobilenet_gui.ui.widgets.painting import draw_text, rounded
from mobilenet_gui.ui.widgets.segmented import Segmented
from mobilenet_gui.ui.wizard.answer_list import HEAT_STRENGTH, is_words, said_words
from mobilenet_gui.workers.heat_desk import Heat, HeatDesk, HeatWish

_SIDE = 1200
_GAP = 8


class AnswerCanvas(QWidget):
    """A photo, and over it where the model looked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = QImage()
        self._heat: QImage | None = None
        self._crop: CropBox | None = None
        self._message = ""
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_photo(self, picture: QImage, heat: QImage | None, crop: CropBox | None) -> None:
        """Show a photo with or without heat."""
        self._picture, self._heat, self._crop, self._message = picture, heat, crop, ""
        self.update()

    def show_message(self, text: str) -> None:
        """Say why there is no photo."""
        self._picture, self._heat, self._message = QImage(), None, text
        self.update()

    def heat_shown(self) -> bool:
        """Say whether heat is drawn."""
        return self._heat is not None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        whole = QRectF(self.rect())
        rounded(painter, whole, RADIUS_CARD, tokens().canvas)
        if self._picture.isNull():
            draw_text(painter, whole.adjusted(16, 0, -16, 0), self._message, fonts.font("body"), tokens().text2,
                      align=Qt.AlignmentFlag.AlignHCenter)  # fmt: skip
            return
        room = whole.adjusted(12, 12, -12, -12)
        size = QSizeF(self._picture.size()).scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        photo = QRectF(room.center().x() - size.width() / 2, room.center().y() - size.height() / 2,
                       size.width(), size.height())  # fmt: skip
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(photo, self._picture)
        if self._heat is not None:
            inner = crop_rect(photo, self._crop)
            paint_heat(painter, photo, inner, self._heat, view=whole, strength=HEAT_STRENGTH)


class AnswerView(QWidget):
    """The view. Left and Right go through the photos, F mends the label, Escape goes back.

    Attributes:
        closed: go back.
        fix_requested: the label is to be mended: the answer, and where on the screen a menu belongs.
    """

    closed = Signal()
    fix_requested = Signal(object, object)

    def __init__(self, desk: HeatDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._answers: tuple[Answer, ...] = ()
        self._classes: tuple[str, ...] = ()
        self._bundle: Path | None = None
        self._fixed: Callable[[Answer], str] = lambda _answer: ""
        self._place = 0
        self._wish: HeatWish | None = None
        self.back = IconButton("arrow-left", tr("Back to the overview (Esc)"))
        self.earlier = IconButton("chevron-left", tr("Photo before"), framed=True, repeats=True)
        self.later = IconButton("chevron-right", tr("Next photo"), framed=True, repeats=True)
        self.title = ElidedLabel("", "card", "text", fonts.SEMIBOLD)
        self.words = ElidedLabel("", "small", "text2")
        self.canvas = AnswerCanvas()
        self.modes = Segmented(
            [
                ("said", tr("Why this answer"), None),
                ("truth", tr("Why the right one"), None),
                ("plain", tr("Photo"), None),
            ]
        )
        self.fix = Button(tr("Wrong label? Fix it"), "pencil", height=28)
        self._lay_out()
        self.back.clicked.connect(self.closed)
        self.earlier.clicked.connect(lambda: self.step(-1))
        self.later.clicked.connect(lambda: self.step(1))
        self.modes.changed.connect(lambda _key: self._ask())
        self.fix.clicked.connect(self._ask_fix)
        desk.ready.connect(self._take)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.title)
        words.addWidget(self.words)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.back)
        head.addLayout(words, 1)
        head.addWidget(self.earlier)
        head.addWidget(self.later)
        below = QHBoxLayout()
        below.setSpacing(_GAP)
        below.addWidget(self.modes)
        below.addStretch(1)
        below.addWidget(self.fix)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(self.canvas, 1)
        column.addLayout(below)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the words below the photo be read where large text leaves little room."""
        super().resizeEvent(event)
        for even, compact in ((True, False), (False, False), (False, True)):
            self.modes.set_even(even)
            self.fix.set_compact(compact)
            if self.modes.sizeHint().width() + _GAP + self.fix.sizeHint().width() <= self.width():
                break

    def show_answers(
        self, answers: Sequence[Answer], place: int, classes: Sequence[str], bundle: Path,
        fixed: Callable[[Answer], str],
    ) -> None:  # fmt: skip
        """Show one of several photos.

        Args:
            answers: all that can be gone through.
            place: which comes first.
            classes: names by label.
            bundle: the folder of the model that answered.
            fixed: says what has become of a photo since.
        """
        self._answers, self._classes, self._bundle, self._fixed = tuple(answers), tuple(classes), bundle, fixed
        self._place = place
        self._show()

    @property
    def answer(self) -> Answer | None:
        """The photo that is shown."""
        return self._answers[self._place] if self._answers else None

    def step(self, by: int) -> None:
        """Go on by so many photos."""
        place = min(max(self._place + by, 0), len(self._answers) - 1)
        if self._answers and place != self._place:
            self._place = place
            self._show()

    def refresh(self) -> None:
        """Show what has become of the photo."""
        answer = self.answer
        if answer is not None:
            fixed = self._fixed(answer)
            words = [is_words(answer, self._classes), shown(answer.path.name), *([fixed] if fixed else [])]
            self.words.setText(" · ".join(words))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go through the photos, mend, go back."""
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.step(-1 if key == Qt.Key.Key_Left else 1)
        elif key == Qt.Key.Key_Escape:
            self.closed.emit()
        elif key == Qt.Key.Key_F and not event.modifiers():
            self._ask_fix()
        else:
            super().keyPressEvent(event)

    def _show(self) -> None:
        answer = self.answer
        if answer is None:
            return
        place = tr("{n} of {all}").format(n=self._place + 1, all=len(self._answers))
        self.title.setText(f"{said_words(answer)}  ·  {place}")
        self.earlier.setEnabled(self._place > 0)
        self.later.setEnabled(self._place < len(self._answers) - 1)
        self.modes.set_enabled("truth", answer.guess != answer.truth)
        if answer.guess == answer.truth and self.modes.current() == "truth":
            self.modes.set_current("said")
        self.refresh()
        announce(self, f"{self.title.text()}, {self.words.text()}")
        self.canvas.show_message("")
        self._ask()

    def _ask(self) -> None:
        answer = self.answer
        if answer is None or self._bundle is None:
            return
        label = self._classes[answer.truth] if self.modes.current() == "truth" else answer.said
        self._wish = HeatWish(self._bundle, answer.path, label, _SIDE)
        self._desk.want(self._wish)

    def _take(self, wish: HeatWish, heat: Heat) -> None:
        if wish != self._wish:
            return
        if heat.error is not None:
            self.canvas.show_message(heat.error.reason)
            return
        plain = self.modes.current() == "plain" or heat.heat is None
        self.canvas.show_photo(heat.picture, None if plain else heat_picture(heat.heat), heat.crop)  # type: ignore[arg-type]

    def _ask_fix(self) -> None:
        if self.answer is not None:
            self.fix_requested.emit(self.answer, self.fix.mapToGlobal(QPoint(0, self.fix.height())))
