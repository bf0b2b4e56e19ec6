"""The live page: source, picture, answer. It joins the parts and owns what the user can do.

The main window places it beside the rail, hands it video files, and hears from it what models are wanted. A camera is
opened when Start is pressed; once that was done, whenever the page is shown, and let go whenever it is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QVBoxLayout, QWidget

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.frames import open_source
from mobilenet_gui.core.frames_reader import Opener
from mobilenet_gui.core.frames_types import Frame, SourceKind, SourceSpec
from mobilenet_gui.core.live_session import LiveAnswer
from mobilenet_gui.i18n import tr
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.corrections.wish import CorrectionWish, can_correct
from mobilenet_gui.ui.icons import icon
from mobilenet_gui.ui.inspected_page import saver
from mobilenet_gui.ui.live.analysis import AnalysisDesk
from mobilenet_gui.ui.live.controller import LiveController, Phase
from mobilenet_gui.ui.live.files import VIDEO_SUFFIXES, video_files
from mobilenet_gui.ui.live.frame import LiveFrame
from mobilenet_gui.ui.live.fullscreen import LiveFullScreen
from mobilenet_gui.ui.live.presenter import LivePresenter
from mobilenet_gui.ui.live.snapshots import SnapshotDesk
from mobilenet_gui.ui.live.sources import SourceDesk
from mobilenet_gui.ui.photos import commands
from mobilenet_gui.ui.sure_limits import SureLimits
from mobilenet_gui.ui.widgets.toast import ToastHost
from mobilenet_gui.workers.capture import CameraWatcher
from mobilenet_gui.workers.inference import InferenceWorker
from mobilenet_gui.workers.photo_tasks import TaskRunner

_SKIP_SECONDS = 5.0


class LivePage(QWidget):
    """The page.

    Attributes:
        models_requested: the Models page is wanted: "show", "download" or "import".
        model_chosen: id of an installed model that should answer from now on.
        progress_changed: share of a video that is analysed while that runs, else None; for the rail's ring.
        correction_requested: an answer is wrong: a `CorrectionWish`.
    """

    models_requested = Signal(str)
    model_chosen = Signal(str)
    progress_changed = Signal(object)
    correction_requested = Signal(object)

    def __init__(
        self,
        settings: SettingsStore,
        inference: InferenceWorker,
        parent: QWidget | None = None,
        *,
        toasts: ToastHost | None = None,
        limits: SureLimits | None = None,
        opener: Opener = open_source,
        watcher: CameraWatcher | None = None,
    ) -> None:
        """Make it; nothing is opened before the page is shown.

        Args:
            settings: what was chosen last.
            inference: the photos' recogniser, which has live frames done as well.
            parent: as for every widget.
            toasts: where to say what was done; the page's own by default.
            limits: each model's limit of 'not sure', shared with Photos.
            opener: opens sources; tests pass their own.
            watcher: tells which cameras there are; tests pass their own.
        """
        super().__init__(parent)
        self._settings = settings
        self._limits = limits or SureLimits(settings)
        self._limit_of: str | None = None
        self._installed: Callable[[], Sequence[tuple[str, str]]] = tuple
        self._full_screen: LiveFullScreen | None = None
        self._left: SourceSpec | None = None
        self._was_playing = False
        self.tasks = TaskRunner(self)
        self.controller = LiveController(inference, self, opener=opener)
        self.frame = LiveFrame(self)
        self._save = saver(settings, self.frame.notices)
        self.sources = SourceDesk(
            self.frame, self.controller, watcher or CameraWatcher(self), settings=settings, save=self._save
        )  # fmt: skip
        self.presenter = LivePresenter(self.frame, self.controller, settings.values.sure_from)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.frame)
        self.toasts = toasts or ToastHost(self)
        self.snapshots = SnapshotDesk(
            self.controller,
            self.tasks,
            folder=lambda: settings.values.snapshot_folder,
            remember=lambda folder: self._save(snapshot_folder=folder),
            kind=lambda: settings.values.snapshot_format,
            toast=self._toast,
            parent=self,
        )
        self.analysis = AnalysisDesk(
            self.frame,
            self.controller,
            self.tasks,
            sure_from=lambda: self.presenter.sure_from,
            smoothing=lambda: self.frame.inspector.steadiness.seconds,
            export_folder=lambda: settings.values.last_export_folder,
            remember_folder=lambda folder: self._save(last_export_folder=folder),
            toast=self._toast,
        )
        self._take_settings()
        self._connect()
        self._install_shortcuts()
        self._refresh()
        self._show_correctable()
        self._follow_limit()

    def _connect(self) -> None:
        controller, frame = self.controller, self.frame
        controller.changed.connect(self._refresh)
        controller.frame_ready.connect(self._show_frame)
        controller.answered.connect(self._show_answer)
        controller.stats_changed.connect(self.presenter.show_figures)
        controller.model_changed.connect(self._refresh)
        controller.model_changed.connect(self._show_correctable)
        controller.model_changed.connect(self._follow_limit)
        self.sources.start_requested.connect(self.start)
        self.sources.stop_requested.connect(self.stop)
        self.sources.file_requested.connect(self.open_video)
        self.sources.changed.connect(self._refresh)
        frame.freeze.clicked.connect(self.toggle_freeze)
        frame.snapshot.clicked.connect(self.snapshots.take)
        frame.snapshot.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        frame.snapshot.customContextMenuRequested.connect(self._show_snapshot_menu)
        frame.stop.clicked.connect(self.stop)
        frame.mirror.toggled.connect(self._set_mirror)
        frame.full_screen.clicked.connect(self.toggle_full_screen)
        frame.stage.double_clicked.connect(self.toggle_full_screen)
        frame.show_inspector_button.clicked.connect(self.toggle_inspector)
        transport = frame.transport
        transport.step_requested.connect(controller.step)
        transport.seek_requested.connect(controller.seek)
        transport.speed_changed.connect(controller.set_speed)
        self.analysis.progress_changed.connect(self.progress_changed)
        inspector = frame.inspector
        inspector.hide_requested.connect(self.toggle_inspector)
        inspector.width_changed.connect(lambda width: self._save(inspector_width=width))
        inspector.model_menu_requested.connect(self._show_model_menu)
        inspector.model_action.connect(self.models_requested)
        inspector.bars.chosen.connect(self._explain_label)
        inspector.correct.clicked.connect(self.correct)
        inspector.explain.toggled.connect(self._set_explain)
        inspector.steadiness.toggled.connect(lambda on: self._save(live_smooth=on))
        inspector.steadiness.moved.connect(controller.set_steadiness)
        inspector.steadiness.settled.connect(lambda seconds: self._save(live_smoothing=seconds))
        inspector.sure.moved.connect(self._set_sure_from)
        inspector.sure.settled.connect(self._sure_settled)

    def _take_settings(self) -> None:
        values, frame = self._settings.values, self.frame
        inspector = frame.inspector
        inspector.set_chosen_width(values.inspector_width)
        frame.set_inspector_visible(values.inspector_visible)
        inspector.steadiness.set_state(on=values.live_smooth, seconds=values.live_smoothing)
        self.controller.set_steadiness(inspector.steadiness.seconds)
        self.controller.set_sure_from(values.sure_from)
        inspector.sure.set_value(values.sure_from)
        inspector.explain.set_on(values.live_explain)
        self.presenter.explain = values.live_explain
        self.controller.set_explain(values.live_explain)
        frame.stage.set_strength(values.explain_strength)
        frame.mirror.setChecked(values.live_mirror)
        frame.stage.set_mirror(values.live_mirror)

    def _install_shortcuts(self) -> None:
        bindings: list[tuple[str, Callable[[], object]]] = [
            ("S", self.snapshots.take),
            ("M", self.frame.mirror.toggle),
            ("E", self.toggle_explain),
            ("C", self.correct),
            (",", lambda: self.controller.step(-1)),
            (".", lambda: self.controller.step(1)),
            ("Ctrl+O", self.open_video),
            ("F9", self.toggle_inspector),
            ("F11", self.toggle_full_screen),
        ]
        for keys, action in bindings:
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(action)

    # what the main window says

    def can_take(self, mime: QMimeData) -> bool:
        """Say whether a drag holds a video."""
        return bool(video_files(mime))

    def handle_mime(self, mime: QMimeData) -> bool:
        """Play the first video that was dropped; say whether there was one."""
        files = video_files(mime)
        if files:
            self.play_file(files[0])
        return bool(files)

    def set_bundle(self, bundle: Bundle | None) -> None:
        """Learn which model answers at the moment; later changes are heard of from the recogniser itself."""
        self.controller.set_bundle(bundle)

    def set_installed_models(self, provider: Callable[[], Sequence[tuple[str, str]]]) -> None:
        """Tell how to learn the installed models, as pairs of id and name, for the chip's menu."""
        self._installed = provider

    def shut_down(self) -> None:
        """Stop what this page started; safe to call twice."""
        if self._full_screen is not None:
            self._full_screen.close()
        self.sources.unwatch()
        self.analysis.shut_down()
        self.controller.shut_down()
        self.tasks.stop()

    def showEvent(self, event: QShowEvent) -> None:
        """Look for cameras, and go on with what ran when the page was left."""
        super().showEvent(event)
        if event.spontaneous():
            return
        self.sources.watch()
        self.frame.take_focus()
        left, self._left = self._left, None
        if left is not None:
            self.start(left)
        elif self._was_playing:
            self.controller.play(True)
        self._was_playing = False

    def hideEvent(self, event: QHideEvent) -> None:
        """Let camera or stream go, and hold a video: nobody is looking. A minimised window goes on."""
        super().hideEvent(event)
        if event.spontaneous():
            return
        self.sources.unwatch()
        controller = self.controller
        if controller.is_file:
            self._was_playing = controller.playing
            controller.play(False)
        elif controller.phase not in (Phase.IDLE, Phase.FAILED):
            self._left = controller.spec
            self.stop()

    # what the user does

    def start(self, spec: SourceSpec) -> None:
        """Show a source in place of another."""
        self.analysis.forget()
        self.frame.notices.dismiss("analysis")
        self.presenter.forget()
        self.frame.transport.reset()
        self.controller.start(spec)

    def stop(self) -> None:
        """Let the source go."""
        self.analysis.forget()
        self.controller.stop()
        self.presenter.forget()
        self._refresh()

    def play_file(self, path: Path | str) -> None:
        """Play a video file."""
        self.sources.choose_file(str(path))
        self.start(SourceSpec(SourceKind.FILE, str(path)))

    def open_video(self) -> None:
        """Ask for a video file."""
        values = self._settings.values
        folder = str(Path(values.live_file).parent) if values.live_file else values.last_folder
        dialog = QFileDialog(self, tr("Open a video file"), folder or str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        patterns = " ".join(f"*{suffix}" for suffix in sorted(VIDEO_SUFFIXES))
        dialog.setNameFilters([tr("Videos ({patterns})").format(patterns=patterns), tr("All files (*)")])
        dialog.filesSelected.connect(lambda names: self.play_file(names[0]))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def toggle_freeze(self) -> None:
        """Hold the picture, or let it run; play a video again that has ended."""
        controller = self.controller
        if controller.is_file:
            controller.play(not controller.playing)
        else:
            controller.set_frozen(not controller.frozen)

    def toggle_explain(self) -> None:
        """Show where the model looks, or no longer."""
        switch = self.frame.inspector.explain.switch
        if switch.isEnabled() and self.controller.phase is not Phase.IDLE:
            switch.toggle()

    def correct(self) -> None:
        """Send the picture that was answered wrongly to its class; it stands still while that is chosen."""
        picture, bundle = self.snapshots.picture(), self.controller.bundle
        if picture is None or bundle is None:
            return
        pixels, answer, name = picture
        if answer is None:
            return
        held = self.controller.holding or self.controller.phase is not Phase.RUNNING
        if not held:
            self.controller.set_frozen(True)
        link, owner = self.frame.inspector.correct, self._full_screen or self.frame
        beside = link.isVisible() and self._full_screen is None
        place = link.below() if beside else owner.mapToGlobal(owner.rect().center())
        said = "" if answer.winner is None else answer.winner.label
        over = (lambda: None) if held else lambda: self.controller.set_frozen(False)
        self.correction_requested.emit(CorrectionWish(bundle, [(pixels, name)], said, place, owner, over))

    def toggle_inspector(self) -> None:
        """Hide or show the inspector."""
        shown = self.frame.inspector.isHidden()
        self.frame.set_inspector_visible(shown)
        self._save(inspector_visible=shown)

    def toggle_full_screen(self) -> None:
        """Cover the screen with the picture, or no longer."""
        if self._full_screen is not None:
            self._full_screen.close()
        elif self.frame.shows_picture:
            full = LiveFullScreen(self)
            full.left.connect(self._left_full_screen)
            full.key_pressed.connect(self.keyPressEvent)
            full.stage.set_mirror(self._settings.values.live_mirror)
            full.stage.set_strength(self._settings.values.explain_strength)
            self._full_screen = full
            self.presenter.change_stage(full.stage)
            full.open()

    def _left_full_screen(self) -> None:
        if self._full_screen is not None:
            self._full_screen.deleteLater()
            self._full_screen = None
            self.presenter.change_stage(self.frame.stage)
            self._refresh()
            self.frame.stage.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Freeze by Space, wind by Left and Right; the full screen's other keys come here too."""
        key = Qt.Key(event.key())
        full = self._full_screen is not None
        position = 0.0 if self.controller.frame is None else self.controller.frame.timestamp
        if key == Qt.Key.Key_Space and self.frame.shows_picture:
            self.toggle_freeze()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self.controller.is_file:
            self.controller.seek(max(0.0, position + (_SKIP_SECONDS if key == Qt.Key.Key_Right else -_SKIP_SECONDS)))
        elif full and key == Qt.Key.Key_S:
            self.snapshots.take()
        elif full and key == Qt.Key.Key_M:
            self.frame.mirror.toggle()
        elif full and key == Qt.Key.Key_E:
            self.toggle_explain()
        elif full and key == Qt.Key.Key_C:
            self.correct()
        elif full and key in (Qt.Key.Key_Comma, Qt.Key.Key_Period):
            self.controller.step(1 if key == Qt.Key.Key_Period else -1)
        else:
            super().keyPressEvent(event)

    # settings

    @Slot(bool)
    def _set_mirror(self, on: bool) -> None:
        self._save(live_mirror=on)
        self.frame.stage.set_mirror(on)
        self.presenter.stage.set_mirror(on)

    @Slot(bool)
    def _set_explain(self, on: bool) -> None:
        self._save(live_explain=on)
        self.presenter.explain, self.presenter.explained = on, None
        self.frame.inspector.bars.set_selected(-1)
        self.controller.set_explain(on)
        if not on:
            self.presenter.stage.set_heat(None)

    @Slot(int)
    def _explain_label(self, place: int) -> None:
        inspector, answer = self.frame.inspector, self.controller.answer
        if answer is None or not inspector.explain.switch.isEnabled():
            return
        index = self.presenter.index_at(place)
        again = inspector.bars.selected() == place
        inspector.explain.switch.setChecked(True)
        self.presenter.explained = None if again else index
        inspector.bars.set_selected(-1 if again else place)
        self.controller.set_explain(True, None if again else index)

    @Slot(float)
    def _set_sure_from(self, limit: float) -> None:
        self.presenter.sure_from = limit
        self.controller.set_sure_from(limit)
        self.presenter.refresh_answer()

    @Slot(float)
    def _sure_settled(self, limit: float) -> None:
        self._limits.keep(self.controller.bundle, limit, lambda value: self._save(sure_from=value))
        self.analysis.cut_again()

    @Slot()
    def _follow_limit(self) -> None:
        """Take the limit that goes with the model, when another one answers."""
        bundle = self.controller.bundle
        key = "" if bundle is None else f"{bundle.id} {bundle.sure_from}"
        if key != self._limit_of:
            self._limit_of = key
            limit = self._limits.of(bundle)
            if limit != self.presenter.sure_from:
                self.frame.inspector.sure.set_value(limit)
                self._set_sure_from(limit)

    # what the controller says

    @Slot()
    def _refresh(self) -> None:
        self.presenter.show_state(self.sources.invitation(), self.sources.camera_index())

    @Slot()
    def _show_correctable(self) -> None:
        self.frame.inspector.correct.set_possible(can_correct(self.controller.bundle))

    @Slot(object)
    def _show_frame(self, frame: Frame) -> None:
        self.presenter.show_frame(frame)
        if self.analysis.timeline is not None:
            self.frame.inspector.segments.mark(frame.timestamp)

    @Slot(object)
    def _show_answer(self, answer: LiveAnswer) -> None:
        self.presenter.show_answer(answer)

    @Slot(QPoint)
    def _show_model_menu(self, place: QPoint) -> None:
        bundle = self.controller.bundle
        current = "" if bundle is None else bundle.id
        menu = commands.model_menu(
            self,
            self._installed(),
            current,
            choose=self.model_chosen.emit,
            manage=lambda: self.models_requested.emit("show"),
        )
        commands.pop_up(menu, place)

    @Slot(QPoint)
    def _show_snapshot_menu(self, point: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction(icon("folder", "text2"), tr("Choose where snapshots go…")).triggered.connect(
            lambda _checked=False: self.snapshots.change_folder()
        )
        whole = menu.addAction(tr("Save as PNG, without loss"))
        whole.setCheckable(True)
        whole.setChecked(self._settings.values.snapshot_format == "png")
        whole.toggled.connect(lambda on: self._save(snapshot_format="png" if on else "jpeg"))
        commands.pop_up(menu, self.frame.snapshot.mapToGlobal(point))

    def _toast(self, text: str, action: str = "", on_action: Callable[[], None] | None = None) -> None:
        self.toasts.show_message(text, action, on_action)
