"""Owns the inspector's body for one photo: the answer, its five bars, Explain, and the limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import group_answer, headline, names_tip, percent, second_name
from mobilenet_gui.core.confidence import Certainty, certainty, certainty_text
from mobilenet_gui.core.groups import group_text
from mobilenet_gui.core.photo_session import Photo, PhotoState
from mobilenet_gui.core.types import Recognition
from mobilenet_gui.i18n import shown as shown_text
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.corrections.link import CorrectLink
from mobilenet_gui.ui.photos.closest import ClosestPhotos
from mobilenet_gui.ui.photos.sure_slider import SureSlider
from mobilenet_gui.ui.photos.switch_row import SwitchRow
from mobilenet_gui.ui.widgets.labels import Divider, text_label
from mobilenet_gui.ui.widgets.prediction_bars import GhostBars, PredictionBars
from mobilenet_gui.ui.widgets.slider import Slider

MANY_CLASSES = 100
_NAMED: Final = 3
"""So many classes are named; of more, their number is."""


def advice(classes: int) -> str:
    """Return what may help where the model is not sure; of many classes the right one is often simply missing."""
    if classes < MANY_CLASSES:
        return tr("A closer or brighter photo may help.")
    return tr("The model knows {n} things; this may be none of them.").format(n=f"{classes:,}")


class ResultPanel(QWidget):
    """The answer for the photo on screen.

    Attributes:
        label_chosen: place of the bar that was chosen, from 0.
        explain_toggled, crop_toggled: a switch was moved.
        strength_changed: of the heat map, 0 to 1.
    """

    label_chosen = Signal(int)
    explain_toggled = Signal(bool)
    crop_toggled = Signal(bool)
    strength_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._short = False
        self._photo: Photo | None = None
        self._sure_from = 0.5
        self.title = text_label("", "result", "text", fonts.SEMIBOLD, wrap=True)
        self.beside = text_label("", "body", "accentText", fonts.SEMIBOLD)
        self.verdict = text_label("", "body", "accentText", fonts.SEMIBOLD)
        self.second = text_label("", "body", "text2", wrap=True)
        self.second.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.note = text_label("", "small", "text2", wrap=True)
        self.bars = PredictionBars()
        self.bars.chosen.connect(self.label_chosen)
        self.ghosts = GhostBars()
        self.closest = ClosestPhotos()
        self._classes: Sequence[str] = ()
        self.correct = CorrectLink()
        self.explain = SwitchRow("eye", tr("Explain"), tr("Show where the model looked"))
        self.explain.toggled.connect(self._explain_moved)
        self.strength = Slider(0.62)
        self.strength.setAccessibleName(tr("Strength of the heat map"))
        self.strength.changed01.connect(self._strength_moved)
        self._strength_number = text_label("", "small", "text2")
        self._strength_row = QWidget()
        self.crop = SwitchRow("crop", tr("What the model saw"), tr("Show the pixels it was given"))
        self.crop.toggled.connect(self.crop_toggled)
        self.sure = SureSlider()
        self.sure.sentence.setText(tr("Below this, the answer is “Not sure”."))
        self._build()
        self._strength_moved(self.strength.value01())
        self.show_photo(None, 0.5)

    def _build(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.title, 1)
        top.addWidget(self.beside)
        words = QHBoxLayout()
        words.setSpacing(9)
        words.addWidget(self.verdict)
        words.addWidget(self.second, 1)
        bars = QVBoxLayout()
        bars.setContentsMargins(0, 0, 0, 0)
        for widget in (self.bars, self.ghosts):
            bars.addWidget(widget)
        row = QHBoxLayout(self._strength_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(text_label(tr("Strength"), "small", "text2"))
        row.addWidget(self.strength, 1)
        row.addWidget(self._strength_number)
        self._strength_row.hide()
        self._inner, self._below = QWidget(), QWidget()
        self._build_inner()
        self._head = QWidget()
        head = QVBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(4)
        head.addLayout(top)
        head.addLayout(words)
        head.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addSpacing(10)
        column.addLayout(bars)
        column.addWidget(self.closest)
        column.addWidget(self.correct, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._inner)
        column.addStretch(1)

    def _build_inner(self) -> None:
        inner = QVBoxLayout(self._inner)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addSpacing(12)
        inner.addWidget(Divider())
        inner.addSpacing(10)
        inner.addWidget(self.explain)
        inner.addWidget(self._strength_row)
        inner.addWidget(self._below)
        below = QVBoxLayout(self._below)
        below.setContentsMargins(0, 4, 0, 0)
        below.setSpacing(0)
        below.addWidget(self.crop)
        below.addSpacing(10)
        below.addWidget(Divider())
        below.addSpacing(14)
        below.addWidget(self.sure)

    def set_short(self, short: bool) -> None:
        """Leave helping sentences out where the window is low."""
        if short != self._short:
            self._short = short
            self.explain.set_short(short)
            self.crop.set_short(short)
            self.sure.sentence.setVisible(not short)
            self._show_words()

    def set_classes(self, names: Sequence[str]) -> None:
        """Learn what the model knows."""
        self._classes = names

    @property
    def stranger(self) -> bool:
        """The photo shown is unlike anything that the model was shown."""
        photo = self._photo
        return photo is not None and photo.state is not PhotoState.FAILED and not photo.stale and photo.unlike

    def set_explainable(self, possible: bool) -> None:
        """Offer Explain, or say why there is none."""
        self.explain.set_available(possible, "" if possible else tr("This model does not tell where it looked"))

    def show_photo(self, photo: Photo | None, sure_from: float) -> None:
        """Show what is known of a photo."""
        same = self._photo is not None and photo is not None and photo.key == self._photo.key
        self._photo = photo
        self._sure_from = sure_from
        self._show_words()
        answer = None if photo is None or photo.state is PhotoState.FAILED else photo.recognition
        self.note.setText("" if answer is None else answer.note)
        self.note.setVisible(answer is not None and bool(answer.note))
        self.bars.setVisible(answer is not None)
        likeness = answer.likeness if answer is not None and self.stranger else None
        self.closest.show_likeness(likeness)
        self._below.setVisible(likeness is None)  # what it saw, and how sure is sure, matter little here
        self.correct.set_answered(answer is not None and likeness is None)
        self.ghosts.setVisible(answer is None)
        if answer is None:
            return
        shown = [(headline(p.shown), p.probability) for p in answer.predictions]
        stale = photo is not None and photo.stale
        self.bars.setEnabled(not stale)
        limit = 2.0 if stale or likeness is not None else sure_from
        if self.bars.predictions() != shown or not same:
            tips = [names_tip(p) for p in answer.predictions]
            self.bars.set_predictions(shown, limit, same or self.bars.isVisible(), tips=tips)
            if not same:
                self.bars.set_selected(-1)
        else:
            self.bars.set_sure_from(limit)

    def _show_words(self) -> None:
        title, verdict, second, tone = self._words()
        self.title.setText(title)
        self.verdict.setText(verdict)
        self.beside.setText(verdict)
        for label in (self.verdict, self.beside):
            label.set_tone(tone)
        self.second.setText(second)
        self.beside.setVisible(self._short and bool(verdict))
        self.verdict.setVisible(not self._short and bool(verdict))
        self.second.setVisible(bool(second) and not (self._short and bool(verdict)))

    def _words(self) -> tuple[str, str, str, str]:
        photo = self._photo
        if photo is None:
            return "", "", "", "text2"
        if photo.state is PhotoState.FAILED:
            return tr("Cannot be read"), "", tr("There is no answer for this photo."), "bad"
        answer = photo.recognition
        if answer is None:
            return tr("Recognising…"), "", "", "text2"
        return self._answer_words(photo, answer)

    def _answer_words(self, photo: Photo, answer: Recognition) -> tuple[str, str, str, str]:
        best = answer.best
        if photo.stale:
            return headline(best.shown), tr("Recognising anew"), "", "text2"
        if self.stranger:
            return tr("Unlike anything\nit was shown"), "", _little_words(self._classes), "text2"
        word = certainty(best.probability, self._sure_from)
        if word is Certainty.NOT:
            return self._unsure_words(answer)
        return headline(best.shown), certainty_text(word), second_name(best), "accentText"

    def _unsure_words(self, answer: Recognition) -> tuple[str, str, str, str]:
        best = answer.best
        guess = tr("Best guess: {label}, {percent}.").format(label=best.shown, percent=percent(best.probability))
        group = group_answer(answer, self._sure_from)
        if group is None:
            return tr("Not sure"), "", f"{guess} {advice(answer.classes)}", "text2"
        word = certainty_text(certainty(group.probability, self._sure_from))
        return group_text(group), f"{word}, {percent(group.probability)}", guess, "accentText"

    def _explain_moved(self, on: bool) -> None:
        self._strength_row.setVisible(on)
        self.explain.set_hint_visible(not on)
        self.explain_toggled.emit(on)

    def _strength_moved(self, value: float) -> None:
        self._strength_number.setText(percent(value, 0))
        self.strength_changed.emit(value)


def _little_words(classes: Sequence[str]) -> str:
    """Return that an answer means little, and what the model knows."""
    if not 2 <= len(classes) <= _NAMED:
        knows = trn("This model knows {n} class.", "This model knows {n} classes.", len(classes)).format(n=len(classes))
    else:
        *some, last = map(shown_text, classes)
        knows = tr("This model knows {classes} and {last}.").format(classes=", ".join(some), last=last)
    return f"{knows} {tr('Its answer means little here.')}"
