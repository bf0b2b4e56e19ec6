"""Owns what is written on the live page: it reads the controller's state and answers and fills the frame with them."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer

from mobilenet_gui.core.answers import headline, names_tip, percent
from mobilenet_gui.core.confidence import Certainty, certainty, certainty_text, unlike_text
from mobilenet_gui.core.frames_types import Frame, Problem, SourceKind, SourceSpec
from mobilenet_gui.core.groups import group_text
from mobilenet_gui.core.live_session import LiveAnswer
from mobilenet_gui.core.types import Prediction
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.accessibility import announce
from mobilenet_gui.ui.live import words
from mobilenet_gui.ui.live.controller import LiveController, Phase
from mobilenet_gui.ui.live.figures import POINTS
from mobilenet_gui.ui.live.frame import LiveFrame
from mobilenet_gui.ui.live.pace import BARS_A_SECOND, TEXTS_A_SECOND, Ranges, RateLimit
from mobilenet_gui.ui.live.stage import LiveStage, Status
from mobilenet_gui.ui.photos.heat import heat_picture

SOON_MS = 16
"""So long a frame waits for its answer before it is shown; half of what a camera takes for the next one."""
LAST_MS = 200
"""So long after the last answer its words are shown too, if nothing newer came."""
SPOKEN_SECONDS = 2.0
STEADY_FROM = 1.0


class LivePresenter(QObject):
    """Keeps the frame's words, bars and picture up to date."""

    def __init__(self, frame: LiveFrame, controller: LiveController, sure_from: float) -> None:
        super().__init__(frame)
        self._frame = frame
        self._controller = controller
        self.sure_from = sure_from
        self.stage: LiveStage = frame.stage
        self.explain = False
        self.explained: int | None = None
        """The label that was chosen for the heat map; None for whichever leads."""
        self._bars = RateLimit(BARS_A_SECOND)
        self._texts = RateLimit(TEXTS_A_SECOND)
        self._ranges = Ranges()
        self._rows: tuple[int, ...] = ()
        self._pending: LiveAnswer | None = None
        self._spoken = ("", 0.0)
        self.bar_updates = self.text_updates = 0
        """How often bars and words were shown; for measuring."""
        self.latency: list[float] | None = None
        """While it is a list: seconds from a frame's arrival to its bars, one for each time they moved."""
        self._last = QTimer(self)
        self._last.setSingleShot(True)
        self._last.setInterval(LAST_MS)
        self._last.timeout.connect(self._show_last)
        self._next: Frame | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setTimerType(Qt.TimerType.PreciseTimer)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._put_next)

    # the source

    def show_state(self, invitation: words.Message, camera_index: int | None) -> None:
        """Write what the source is doing.

        Args:
            invitation: what is said while nothing runs.
            camera_index: the running camera's number, where it is known.
        """
        controller, frame = self._controller, self._frame
        phase, spec = controller.phase, controller.spec
        picture = self.stage.has_picture and phase not in (Phase.IDLE, Phase.FAILED)
        frame.show_picture(picture, is_file=controller.is_file)
        if phase is Phase.FAILED and controller.error is not None and spec is not None:
            frame.message.show_message(words.trouble(controller.error, spec, camera_index))
        elif phase is Phase.IDLE or spec is None:
            frame.message.show_message(invitation)
        elif not picture:
            frame.message.show_opening()
        self.stage.set_fill(not controller.is_file)
        self.stage.set_dimmed(phase is Phase.WAITING and not controller.frozen and not self._loading)
        self.stage.set_status(self._status())
        self._show_buttons()
        if phase is Phase.WAITING and spec is not None:
            name = controller.info.name if controller.info is not None else spec.shown
            self._notice("source", words.waiting(controller.error, spec.kind, name))
        elif phase is Phase.ENDED and controller.error is not None:
            self._notice("source", controller.error.reason)
        else:
            frame.notices.dismiss("source")
        if phase in (Phase.IDLE, Phase.FAILED):
            self._forget_answer()
        frame.inspector.figures.camera.set_name(_named(spec))
        self.show_head()

    def forget(self) -> None:
        """Show nothing of the former source."""
        self._forget_answer()
        self.stage.clear()
        self._frame.stage.clear()
        self._frame.inspector.figures.clear()
        self._frame.inspector.set_time(None)

    def _forget_answer(self) -> None:
        self._last.stop()
        self._soon.stop()
        self._next = None
        self._pending = None
        self._rows = ()
        self._ranges.clear()
        self._bars.reset()
        self._texts.reset()
        self.stage.set_caption("", "")
        self.stage.set_heat(None)

    @property
    def _loading(self) -> bool:
        error = self._controller.error
        return error is not None and error.problem is Problem.LOADING

    def _status(self) -> Status | None:
        controller = self._controller
        if controller.frozen and controller.phase in (Phase.RUNNING, Phase.WAITING):
            return Status(tr("Frozen"), "pause")
        if controller.phase is Phase.WAITING:
            return Status(tr("Loading") if self._loading else tr("Waiting"), "refresh")
        if controller.phase is Phase.ENDED:
            return Status(tr("Ended"), "stop")
        if controller.phase is not Phase.RUNNING:
            return None
        if controller.is_file:
            return Status(tr("Playing"), "play") if controller.playing else Status(tr("Paused"), "pause")
        return Status(tr("Live"))

    def _show_buttons(self) -> None:
        controller, frame = self._controller, self._frame
        if controller.is_file:
            if controller.phase is Phase.ENDED:
                text, icon = tr("Play again"), "refresh"
            else:
                text, icon = (tr("Pause"), "pause") if controller.playing else (tr("Play"), "play")
            frame.hint.setText(tr("Space plays and pauses, S saves a snapshot"))
            frame.stop.set_tooltip(tr("Close the video"))
        else:
            text, icon = (tr("Go on"), "play") if controller.frozen else (tr("Freeze"), "pause")
            frame.hint.setText(tr("Space freezes, S saves a snapshot"))
            camera = controller.spec is not None and controller.spec.kind is SourceKind.CAMERA
            frame.stop.set_tooltip(tr("Switch the camera off") if camera else tr("Leave the stream"))
        if frame.freeze.icon_name != icon:
            frame.freeze.set_icon(icon)
        if frame.freeze.text() != text:
            frame.freeze.set_text(text)
        info = controller.info
        if controller.is_file:
            frame.transport.set_duration(None if info is None else info.duration)
        frame.transport.analyse.setEnabled(controller.bundle is not None and not frame.transport.busy)

    def _notice(self, kind: str, text: str) -> None:
        if self._frame.notices.text_of(kind) != text:
            self._frame.notices.show_notice(kind, "warn", text)

    # the picture

    def show_frame(self, shown: Frame) -> None:
        """Put a frame on screen: with its answer if that is there within a blink, so that both have the processor."""
        moving = self._controller.bundle is not None and not self._controller.holding
        if moving and self.stage.has_picture and self._controller.phase is Phase.RUNNING:
            self._next = shown
            if not self._soon.isActive():
                self._soon.start()
        else:
            self._put(shown)

    def _put_next(self) -> None:
        self._soon.stop()
        shown, self._next = self._next, None
        if shown is not None:
            self._put(shown)

    def _put(self, shown: Frame) -> None:
        first = not self.stage.has_picture
        self.stage.set_frame(shown.pixels)
        if self._controller.is_file:
            self._frame.transport.set_position(self._controller.position)
        if first:
            self._frame.show_picture(True, is_file=self._controller.is_file)

    def change_stage(self, stage: LiveStage) -> None:
        """Show the picture on another stage: the full screen's, or the page's own."""
        former, self.stage = self.stage, stage
        if self._controller.frame is not None and former.has_picture:
            stage.set_frame(self._controller.frame.pixels)
        stage.set_status(former.status)
        stage.set_caption(*former.caption)
        if self._controller.answer is not None:
            self._show_heat(self._controller.answer)

    # the answer

    def show_answer(self, answer: LiveAnswer) -> None:
        """Show an answer, or keep it for a moment where the eye has had enough."""
        now = time.perf_counter()
        self._ranges.add(answer.frame.arrived, answer.raw)
        still = self._controller.holding or self._controller.phase is Phase.ENDED
        if still or self._bars.allow(now):
            self._pending = None
            self._show(answer, with_words=self._texts.allow(now) or still)
        else:
            self._pending = answer
        self._put_next()
        if still:
            self._last.stop()
        else:
            self._last.start()

    def _show_last(self) -> None:
        answer = self._pending or self._controller.answer
        if answer is not None and self._controller.phase not in (Phase.IDLE, Phase.FAILED):
            self._show(answer, with_words=True)
            self._pending = None

    def _show(self, answer: LiveAnswer, *, with_words: bool) -> None:
        bars = self._frame.inspector.bars
        rows = _ordered(answer)
        order = tuple(p.index for p in rows)
        self.bar_updates += 1
        with_words = with_words or not self._rows
        # Words take longer than bars to paint; where the same labels stay in their rows they can come a moment later.
        if not with_words or order == self._rows:
            shares = {p.index: p.probability for p in rows}
            bars.set_shares([shares.get(i) for i in self._rows], [self._ranges.of(i) for i in self._rows])
            self._paint_bars(answer)
        if with_words:
            self.text_updates += 1
            bars.set_predictions(
                [(headline(p.shown), p.probability) for p in rows],
                self.sure_from,
                animate=False,
                ranges=[self._ranges.of(i) for i in order],
                tips=[names_tip(p) for p in rows],
                sure=answer.winner is not None and not answer.steadily_unlike,
            )
            if self.explained is not None:
                # The marked row follows its label up and down.
                bars.set_selected(order.index(self.explained) if self.explained in order else -1)
            if order != self._rows:
                self._paint_bars(answer)
            self._rows = order
            self._write(answer)
        self._show_heat(answer)

    def _paint_bars(self, answer: LiveAnswer) -> None:
        """Have the bars on screen now, before the picture and the words: whatever waits is painted along with them."""
        if self._frame.inspector.bars.isVisible():
            self._frame.inspector.bars.paint_now()
        if self.latency is not None:
            self.latency.append(time.perf_counter() - answer.frame.arrived)

    def _show_heat(self, answer: LiveAnswer) -> None:
        if answer.heat is None or not self.explain:
            self.stage.set_heat(None)
        else:
            self.stage.set_heat(heat_picture(answer.heat), answer.crop)

    def index_at(self, place: int) -> int | None:
        """Return the class that a row of the bars is about."""
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def refresh_answer(self) -> None:
        """Write the last answer once more: a setting changed."""
        if self._controller.answer is not None:
            self._show(self._controller.answer, with_words=True)

    def _write(self, answer: LiveAnswer) -> None:
        inspector = self._frame.inspector
        winner = answer.winner
        if winner is None or answer.steadily_unlike:
            best = answer.predictions[0]
            guess = tr("Best guess: {label}, {percent}").format(
                label=best.shown, percent=percent(best.probability, 0)
            )  # fmt: skip
            title, verdict, hint = tr("Not sure"), "", tr("Move closer, hold still or add light.")
            if answer.steadily_unlike:
                title, hint = unlike_text(), tr("Its answer means little here.")
            elif answer.group is not None:
                title, hint = group_text(answer.group), guess
                verdict = certainty_text(certainty(answer.group.probability, self.sure_from))
            inspector.show_words(title, verdict, hint)
            self.stage.set_caption(title, guess)
            self._say(f"{title}. {guess}")
        else:
            name = headline(winner.shown)
            word = certainty(winner.probability, min(self.sure_from, winner.probability))
            steady = ""
            if answer.steady_seconds >= STEADY_FROM and not self._controller.holding:
                steady = tr("steady for {n} s").format(n=int(answer.steady_seconds))
            text = certainty_text(Certainty.FAIRLY if word is Certainty.NOT else word)
            inspector.show_words(name, text, steady)
            self.stage.set_caption(name, percent(winner.probability, 0))
            self._say(name)
        inspector.show_answer(True, running=True)
        inspector.show_model_buttons(False)

    def show_answer_error(self) -> None:
        """Say in the answer's place that pictures cannot be recognised, and why, for as long as they cannot."""
        self._put_next()
        self._forget_answer()
        error = self._controller.answer_error
        if error is not None:
            self.stage.set_caption(tr("No answer"), "")
            self._say(f"{tr('No answer')}. {error.reason}")
        self.show_head()

    def _say(self, text: str) -> None:
        """Tell screen readers what is seen, when it changes and at most every two seconds."""
        now = time.monotonic()
        if text.partition(".")[0] != self._spoken[0].partition(".")[0] and now - self._spoken[1] >= SPOKEN_SECONDS:
            self._spoken = (text, now)
            announce(self._frame, text)

    # what is beside the picture

    def show_head(self) -> None:
        """Write the inspector's words where there is no answer."""
        controller, inspector = self._controller, self._frame.inspector
        bundle = controller.loading or controller.bundle
        inspector.set_model(tr("No model") if bundle is None else bundle.name)
        inspector.set_explainable(bundle is None or bundle.explainable)
        running = controller.phase not in (Phase.IDLE, Phase.FAILED)
        if bundle is None:
            text = tr("Pictures are recognised as soon as there is a model. Download one, or take one you have.")
            inspector.show_words(tr("No model yet"), "", text)
            inspector.show_answer(False, running=False)
            inspector.show_model_buttons(True)
            self._forget_answer()
            return
        inspector.show_model_buttons(False)
        if not running:
            inspector.show_words(tr("No picture"), "", tr("Results start as soon as a source is running."))
            inspector.show_answer(False, running=False)
        elif controller.answer_error is not None:
            inspector.show_words(tr("No answer"), "", controller.answer_error.reason)
            inspector.show_answer(False, running=True)
        elif not self._rows:
            inspector.show_words(tr("Recognising…"), "", "")
            inspector.show_answer(False, running=True)

    def show_figures(self) -> None:
        """Write the figures."""
        controller, inspector = self._controller, self._frame.inspector
        session, stats = controller.session, controller.stats
        figures = session.times.figures()
        inspector.set_time(None if figures is None else figures.p50, session.precision)
        inspector.figures.show_times(figures, session.times.sparkline(POINTS))
        inspector.figures.show_rates(
            stats.fps, session.recognised.per_second(), controller.skipped, stats.dropped
        )  # fmt: skip


def _named(spec: SourceSpec | None) -> str:
    """Return what gives the frames, in one word."""
    if spec is None or spec.kind is SourceKind.CAMERA:
        return tr("camera")
    return tr("video") if spec.kind is SourceKind.FILE else tr("stream")


def _ordered(answer: LiveAnswer) -> list[Prediction]:
    """Return the predictions, the winner first: it may stay named a moment after another has come closer."""
    rows = list(answer.predictions)
    winner = answer.winner
    if winner is not None:
        rest = [p for p in rows if p.index != winner.index]
        rows = [winner, *rest][: len(rows)]
    return rows
