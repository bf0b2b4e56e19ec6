"""Owns the figures of a training: its phases, four numbers, and the curves of accuracy and loss."""

from __future__ import annotations

import math
from itertools import pairwise

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import percent
from mobilenet_gui.core.cores import usable_cores
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.run_folder import EpochRecord
from mobilenet_gui.training.training_settings import TrainingSettings
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.widgets.curve_chart import Curve, CurveChart
from mobilenet_gui.ui.widgets.phase_track import PhaseTrack
from mobilenet_gui.ui.widgets.stat_card import StatCard
from mobilenet_gui.ui.wizard.training_words import phase_title, phases_of, ready_at, span, time_left
from mobilenet_gui.workers.training_state import TrainingState

_BEST_WIDTH = 150
"""Of the card whose small line says most; the others share what is left of a narrow window."""

_CHART_LEAST = 140
_NARROW_BELOW = 500


class TrainFigures(QWidget):
    """Shows what it is given; asks nobody."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = TrainingSettings()
        self.track = PhaseTrack()
        self.left_card = StatCard(tr("Time left"))
        self.accuracy_card = StatCard(tr("Validation accuracy"))
        self.epoch_card = StatCard(tr("Epoch"))
        self.speed_card = StatCard(tr("Photos per second"))
        self.accuracy_card.setMinimumWidth(fonts.px(_BEST_WIDTH))
        empty = tr("The curve begins with the first epoch")
        self.accuracy_chart = CurveChart(
            tr("Accuracy"), tr("Epoch {n}"), top=1.0, text=percent, axis_text=lambda v: f"{v * 100:g}", empty=empty
        )
        self.loss_chart = CurveChart(
            tr("Loss"), tr("Epoch {n}"), text=lambda v: f"{v:.3f}", axis_text=_loss_text, empty=empty
        )
        self.loss_chart.setToolTip(tr("How far the answers are from the right ones (cross-entropy); lower is better"))
        cards, self._charts = QGridLayout(), QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._cards = cards
        for chart in (self.accuracy_chart, self.loss_chart):
            chart.setMinimumHeight(fonts.px(_CHART_LEAST))
            self._charts.addWidget(chart, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.track)
        column.addSpacing(8)
        column.addLayout(cards)
        column.addLayout(self._charts, 1)
        for layout in (cards, self._charts, column):
            layout.setSpacing(12)
        self._narrow = False
        self._lay_out_cards()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put less side by side where large text leaves little room."""
        super().resizeEvent(event)
        narrow = self.width() < fonts.px(_NARROW_BELOW)
        if narrow is not self._narrow:
            self._narrow = narrow
            self._lay_out_cards()

    def _lay_out_cards(self) -> None:
        """Four cards in a row and two charts side by side; where it is narrow, two and one."""
        across = 2 if self._narrow else 4
        for place, card in enumerate((self.left_card, self.accuracy_card, self.epoch_card, self.speed_card)):
            self._cards.addWidget(card, place // across, place % across)
        for column in range(4):
            self._cards.setColumnStretch(column, int(column < across))
        down = QBoxLayout.Direction.TopToBottom if self._narrow else QBoxLayout.Direction.LeftToRight
        self._charts.setDirection(down)

    def show_phase(self, settings: TrainingSettings, phase: str, fraction: float | None) -> None:
        """Show which phase runs and how far it is; the settings say which phases there are."""
        self._settings = settings
        names = phases_of(settings)
        self._show_track(names.index(phase) if phase in names else 0, fraction or 0.0)

    def show_done(self, settings: TrainingSettings, seconds: float) -> None:
        """Show that all is done, and how long it took."""
        self._settings = settings
        self._show_track(len(phases_of(settings)), 1.0)
        self.show_taken(seconds)

    def show_taken(self, seconds: float) -> None:
        """Show how long it has taken instead of what is left."""
        self.left_card.set_name(tr("Time taken"))
        # Rounded as it is in the sentence below; what is left is never said to be less than it is.
        self.left_card.show_value(*time_left(max(1, round(seconds))) if seconds else ("",))
        self.speed_card.show_value("")

    def show_left(self, live: TrainingState) -> None:
        """Show what is left of a training under way."""
        self.left_card.set_name(tr("Time left"))
        left = live.left_now()
        if left is None:
            self.left_card.show_value("")
        else:
            note = tr("Paused") if live.status == "paused" else ready_at(left)
            self.left_card.show_value(*time_left(left), note)

    def show_speed(self, photos_per_second: float) -> None:
        """Show how many photos a second go through the network (0 for none), and where it runs."""
        digits = 0 if photos_per_second >= 9.95 else 1
        speed = f"{photos_per_second:.{digits}f}" if photos_per_second > 0 else ""
        cores = self._settings.threads or usable_cores()
        self.speed_card.show_value(speed, "", tr("CPU, {n} cores").format(n=cores) if cores > 1 else tr("CPU, 1 core"))

    def show_history(self, history: tuple[EpochRecord, ...], planned: int) -> None:
        """Show the epochs so far, of `planned` in all."""
        marks = [before.epoch for before, after in pairwise(history) if before.phase != after.phase]
        for chart, ours, theirs in (
            (self.accuracy_chart, "val_accuracy", "accuracy"),
            (self.loss_chart, "val_loss", "loss"),
        ):
            curves = [
                Curve(tr("Training"), _values(history, theirs)),
                Curve(tr("Validation"), _values(history, ours), main=True),
            ]
            chart.show_curves(curves, planned, marks)
        good = [record for record in history if math.isfinite(record.val_accuracy)]
        best = max(good, key=lambda record: (record.val_accuracy, -record.val_loss), default=None)
        if best is None:
            self.accuracy_card.show_value("")
        else:
            note = tr("best {share}, epoch {n}").format(share=percent(best.val_accuracy), n=best.epoch)
            self.accuracy_card.show_value(f"{good[-1].val_accuracy * 100:.1f}", "%", note)
        if not history:
            self.epoch_card.show_value("", "", tr("up to {n}").format(n=planned) if planned else "")
            return
        unit = tr("of {n}").format(n=planned) if planned else ""
        self.epoch_card.show_value(str(history[-1].epoch), unit, tr("{time} each").format(time=_each(history)))

    def _show_track(self, place: int, fraction: float) -> None:
        self.track.set_phases([phase_title(name) for name in phases_of(self._settings)])
        self.track.show_progress(place, fraction)


def _loss_text(value: float) -> str:
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


def _values(history: tuple[EpochRecord, ...], name: str) -> tuple[float | None, ...]:
    """Return one value an epoch from the first on; None where there is none, or none that is a number."""
    values: list[float | None] = [None] * (history[-1].epoch if history else 0)
    for record in history:
        value = getattr(record, name)
        values[record.epoch - 1] = value if math.isfinite(value) else None
    return tuple(values)


def _each(history: tuple[EpochRecord, ...]) -> str:
    """Return how long an epoch of the present phase takes, in words."""
    seconds = sorted(record.seconds for record in history if record.phase == history[-1].phase)
    middle = seconds[len(seconds) // 2]
    return span(middle) if middle >= 1 else tr("under 1 s")
