"""Owns analysing the video that is shown: its progress, its timeline and segments, and writing them to files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from mobilenet_gui.core import timeline_export
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.timeline import AnalysisProgress, Segment, Timeline
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.live.controller import LiveController
from mobilenet_gui.ui.live.frame import LiveFrame
from mobilenet_gui.ui.live.snapshots import Toast
from mobilenet_gui.workers.photo_tasks import Errand, TaskRunner
from mobilenet_gui.workers.video_analysis import VideoAnalysis

MIN_SECONDS = 0.5
_FILTERS = {
    "csv": lambda: tr("Table (*.csv)"),
    "json": lambda: tr("JSON (*.json)"),
    "srt": lambda: tr("Subtitles (*.srt)"),
}


class AnalysisDesk(QObject):
    """Runs analyses of the running video and shows what comes out.

    Attributes:
        progress_changed: share that is done while one runs, else None; for the rail's ring.
    """

    progress_changed = Signal(object)

    def __init__(
        self,
        frame: LiveFrame,
        controller: LiveController,
        tasks: TaskRunner,
        *,
        sure_from: Callable[[], float],
        smoothing: Callable[[], float],
        export_folder: Callable[[], str],
        remember_folder: Callable[[str], None],
        toast: Toast,
    ) -> None:
        """Make it.

        Args:
            frame: the page's parts.
            controller: where the video is.
            tasks: runs short work behind the window.
            sure_from: returns the probability from which a label is named.
            smoothing: returns the time constant, in seconds.
            export_folder: returns where exports went last.
            remember_folder: keeps where they go.
            toast: says what was done.
        """
        super().__init__(frame)
        self._frame, self._controller, self._tasks = frame, controller, tasks
        self._sure_from, self._smoothing = sure_from, smoothing
        self._export_folder, self._remember_folder, self._toast = export_folder, remember_folder, toast
        self.analysis = VideoAnalysis(self)
        self.timeline: Timeline | None = None
        self._asked: Bundle | None = None
        self._by: Bundle | None = None
        self.dialog: QFileDialog | None = None
        self._cutting: Errand | None = None
        self.analysis.progressed.connect(self._progressed)
        self.analysis.succeeded.connect(self._succeeded)
        self.analysis.failed.connect(self._failed)
        self.analysis.finished.connect(self._finished)
        controller.model_changed.connect(self._compare)
        frame.transport.analyse_requested.connect(self.start)
        frame.transport.cancel_requested.connect(self.analysis.cancel)
        frame.inspector.segments.chosen.connect(self._go_to)
        frame.inspector.segments.export_requested.connect(self.export)

    def start(self) -> None:
        """Analyse the video that is shown; its playing is held, so that all cores are free for it."""
        controller = self._controller
        spec, bundle = controller.spec, controller.bundle
        if spec is None or bundle is None or not controller.is_file:
            return
        controller.play(False)
        # A video on a web server is read from there; its address stands for its path.
        self._frame.transport.show_progress(AnalysisProgress(0.0, None, 0, 0.0, None))
        self._frame.transport.analyse.setEnabled(False)
        self.progress_changed.emit(0.0)
        self._frame.notices.dismiss("timeline")
        self._asked = bundle
        self.analysis.start(spec.address, bundle, smoothing=self._smoothing())

    def forget(self) -> None:
        """Another source: stop, and show nothing of the former one."""
        if self.analysis.running:
            self.analysis.cancel()
        self._drop_errand()
        self.timeline = self._by = None
        self._frame.notices.dismiss("timeline")
        self._frame.transport.timeline.hide()
        self._frame.inspector.set_segments_available(False)

    def shut_down(self) -> None:
        """Stop for good."""
        self.analysis.shutdown()

    def cut_again(self) -> None:
        """Find the segments anew: another limit holds."""
        if self.timeline is None:
            return
        self._drop_errand()
        timeline, limit = self.timeline, self._sure_from()
        # An hour of video takes a few tenths of a second.
        self._cutting = self._tasks.run(
            lambda _errand: timeline.segments(limit, MIN_SECONDS),
            done=lambda segments: self._show(timeline, segments),
            failed=lambda error: self._toast(str(error), "", None),
        )

    def export(self, kind: str) -> None:
        """Ask for a file and write the segments there: "csv", "json" or "srt"."""
        timeline = self.timeline
        if timeline is None:
            return
        segments = tuple(self._frame.inspector.segments.segments())
        beside = str(Path(timeline.source).parent)
        # A folder that is gone could not be chosen, and a video on a web server has none.
        folder = next((name for name in (self._export_folder(), beside) if name and Path(name).is_dir()), Path.home())
        dialog = QFileDialog(self._frame, tr("Export the timeline"), str(folder), _FILTERS[kind]())
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.selectFile(f"{Path(timeline.source).stem}.{kind}")

        def chosen(names: list[str]) -> None:
            if names:
                self._remember_folder(str(Path(names[0]).parent))
                self.write(Path(names[0]), timeline, segments, kind)

        def finished(_result: int) -> None:
            self.dialog = None
            dialog.deleteLater()

        dialog.filesSelected.connect(chosen)
        dialog.finished.connect(finished)
        self.dialog = dialog
        dialog.open()

    def write(self, target: Path, timeline: Timeline, segments: tuple[Segment, ...], kind: str) -> None:
        """Write to `target` behind the window."""
        self._tasks.run(
            lambda _errand: timeline_export.export(target, timeline, segments, kind),
            done=lambda _nothing: self._toast(tr("{name} saved").format(name=target.name), "", None),
            failed=lambda error: self._toast(
                tr("{name} could not be saved: {reason}").format(name=target.name, reason=error.reason), "", None
            ),
        )

    def _progressed(self, progress: AnalysisProgress) -> None:
        self._frame.transport.show_progress(progress)
        self.progress_changed.emit(progress.fraction or 0.0)

    def _succeeded(self, timeline: Timeline) -> None:
        self.timeline, self._by = timeline, self._asked
        self._frame.inspector.set_segments_available(True)
        self._frame.inspector.show_tab("segments")
        if timeline.note is not None:
            self._frame.notices.show_notice("analysis", "warn", timeline.note.reason)
        self._compare()
        self.cut_again()

    def _compare(self) -> None:
        """Say whose answers the timeline shows where another model answers by now, and offer to ask that one."""
        now, notices = self._controller.bundle, self._frame.notices
        if self.timeline is None or self.analysis.running:
            return
        other = self._other()
        self._frame.inspector.segments.show_origin("" if other is None else other.name)
        if other is None or now is None:
            notices.dismiss("timeline")
            return
        if other.id == now.id:  # it has learnt from corrections, or was installed anew
            text = tr("“{other}” has changed since it made this timeline.")
        else:
            text = tr("This timeline shows the answers of “{model}”. Now “{other}” answers.")
        text = text.format(model=other.name, other=now.name)
        if notices.text_of("timeline") != text:
            notices.show_notice("timeline", "info", text, tr("Analyse again"), self.start)

    def _other(self) -> Bundle | None:
        """Return the model that made the timeline where it is not the one that answers now."""
        now, by = self._controller.bundle, self._by
        if now is None or by is None or (by.id, by.manifest.files) == (now.id, now.manifest.files):
            return None
        return by

    def _failed(self, error: UserError) -> None:
        text = tr("The video could not be analysed: {reason}").format(reason=error.reason)
        self._frame.notices.show_notice("analysis", "bad", text, tr("Try again"), self.start)

    def _finished(self) -> None:
        self._frame.transport.show_progress(None)
        self._compare()
        self.progress_changed.emit(None)

    def _show(self, timeline: Timeline, segments: tuple[Segment, ...]) -> None:
        self._cutting = None
        transport = self._frame.transport
        transport.timeline.set_segments(segments, timeline.duration)
        transport.timeline.show()
        speed = timeline.duration / timeline.elapsed if timeline.elapsed > 0 else 0.0
        summary = tr("Analysed {n}× as fast as it plays.").format(n=f"{speed:.0f}") if speed >= 2 else ""
        self._frame.inspector.segments.show_segments(segments, summary)
        if self._controller.frame is not None:
            transport.timeline.set_position(self._controller.position)
            self._frame.inspector.segments.mark(self._controller.position)

    def _go_to(self, segment: Segment) -> None:
        self._controller.seek(segment.start)

    def _drop_errand(self) -> None:
        if self._cutting is not None:
            self._tasks.cancel(self._cutting)
            self._cutting = None
