"""The live page: source, picture, answer. It joins the parts and owns what the user can do.

The main window places it beside the rail, hands it video files, and hears from it what models are wanted. A camera is
opened when Start is pressed; once that was done, whenever the page is shown, and let go whenever it is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.frames import open_source
from mobilenet_gui.core.frames_reader import Opener
from mobilenet_gui.core.frames_types import Frame, SourceKind, SourceSpec
from mobilenet_gui.core.live_session import LiveAnswer
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.corrections.wish import CorrectionWish, can_correct
from mobilenet_gui.ui.live.analysis import AnalysisDesk
from mobilenet_gui.ui.live.choices import LiveChoices
from mobilenet_gui.ui.live.controller import LiveController, Phase
from mobilenet_gui.ui.live.files import video_files
from mobilenet_gui.ui.live.frame import LiveFrame
from mobilenet_gui.ui.live.fullscreen import FullScreenDesk
from mobilenet_gui.ui.live.keys import Action, LiveKeys
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
_CLOCK_MS = 100


class LivePage(QWidget):
    """The page.

    Attributes:
        models_requested: the Models page is wanted: "show", "download" or "import".
        model_chosen: id of an installed model that should answer from now on.
        trouble_read: the user closed what is said of a model that cannot be used.
        progress_changed: share of a video that is analysed while that runs, else None; for the rail's ring.
        correction_requested: an answer is wrong: a `CorrectionWish`.
    """

    models_requested = Signal(str)
    model_chosen = Signal(str)
    trouble_read = Signal()
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
        self._installed: Callable[[], Sequence[tuple[str, str]]] = tuple
        self._left: SourceSpec | None = None
        self._was_playing = False
        self.tasks = TaskRunner(self)
        self.controller = LiveController(inference, self, opener=opener)
        self.frame = LiveFrame(self)
        self._save = settings.update
        self.sources = SourceDesk(
            self.frame, self.controller, watcher or CameraWatcher(self), settings=settings, save=self._save
        )  # fmt: skip
        self.presenter = LivePresenter(self.frame, self.controller, settings.values.sure_from)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.frame)
        self.toasts = toasts or ToastHost(self)
        self.toasts.keep_clear_of(*self.frame.controls)
        self.snapshots = SnapshotDesk(
            self.controller,
            self.tasks,
            folder=lambda: settings.values.snapshot_folder,
            kind=lambda: settings.values.snapshot_format,
            save=self._save,
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
        self.choices = LiveChoices(
            self.frame,
            self.controller,
            self.presenter,
            settings=settings,
            limits=limits or SureLimits(settings),
            save=self._save,
            limit_settled=self.analysis.cut_again,
        )
        self.full_screen = FullScreenDesk(self, self.presenter, self.frame.stage, settings)
        self._keys = self._install_keys()
        self._clock = QTimer(self)
        self._clock.setInterval(_CLOCK_MS)
        self._clock.timeout.connect(self._run_on)
        self._connect()
        self._refresh()
        self._show_correctable()
        self.choices.follow_limit()

    def _connect(self) -> None:
        controller, frame = self.controller, self.frame
        controller.changed.connect(self._refresh)
        controller.frame_ready.connect(self._show_frame)
        controller.answered.connect(self._show_answer)
        controller.answer_failed.connect(self.presenter.show_answer_error)
        controller.stats_changed.connect(self.presenter.show_figures)
        controller.model_changed.connect(self._refresh)
        controller.model_changed.connect(self._show_correctable)
        self.sources.start_requested.connect(self.start)
        self.sources.stop_requested.connect(self.stop)
        self.sources.file_chosen.connect(self.play_file)
        self.sources.changed.connect(self._refresh)
        frame.freeze.clicked.connect(self.toggle_freeze)
        frame.snapshot.clicked.connect(self.snapshots.take)
        frame.snapshot.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        frame.snapshot.customContextMenuRequested.connect(
            lambda point: commands.pop_up(self.snapshots.menu(), frame.snapshot.mapToGlobal(point))
        )
        frame.stop.clicked.connect(self.stop)
        frame.full_screen.clicked.connect(self.toggle_full_screen)
        frame.stage.double_clicked.connect(self.toggle_full_screen)
        frame.show_inspector_button.clicked.connect(self.choices.toggle_inspector)
        self.full_screen.key_pressed.connect(self.keyPressEvent)
        self.full_screen.left.connect(self._refresh)
        transport = frame.transport
        transport.step_requested.connect(controller.step)
        transport.seek_requested.connect(controller.seek)
        transport.speed_changed.connect(controller.set_speed)
        self.analysis.progress_changed.connect(self.progress_changed)
        inspector = frame.inspector
        inspector.hide_requested.connect(self.choices.toggle_inspector)
        inspector.model_menu_requested.connect(self._show_model_menu)
        inspector.model_action.connect(self.models_requested)
        inspector.correct.clicked.connect(self.correct)

    def _install_keys(self) -> LiveKeys:
        controller, choices = self.controller, self.choices
        letters: dict[str, Action] = {
            "S": self.snapshots.take,
            "M": self.frame.mirror.toggle,
            "E": choices.toggle_explain,
            "C": self.correct,
            ",": lambda: controller.step(-1),
            ".": lambda: controller.step(1),
        }
        anywhere: dict[str, Action] = {
            "Ctrl+O": self.sources.open_video,
            "F9": choices.toggle_inspector,
            "F11": self.toggle_full_screen,
        }
        return LiveKeys(self, letters, anywhere)

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

    def set_model_trouble(self, text: str) -> None:
        """Say what is wrong with a model that was asked for; nothing for an empty text."""
        self.frame.notices.show_model_trouble(text, lambda: self.models_requested.emit("show"), self.trouble_read.emit)

    def set_installed_models(self, provider: Callable[[], Sequence[tuple[str, str]]]) -> None:
        """Tell how to learn the installed models, as pairs of id and name, for the chip's menu."""
        self._installed = provider

    def shut_down(self) -> None:
        """Stop what this page started; safe to call twice."""
        self.full_screen.close()
        self._clock.stop()
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
        self._clock.start()
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
        self._clock.stop()
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

    def toggle_freeze(self) -> None:
        """Hold the picture, or let it run; play a video again that has ended."""
        controller = self.controller
        if controller.is_file:
            controller.play(not controller.playing)
        else:
            controller.set_frozen(not controller.frozen)

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
        full = self.full_screen.window
        link, owner = self.frame.inspector.correct, full or self.frame
        beside = link.isVisible() and full is None
        place = link.below() if beside else owner.mapToGlobal(owner.rect().center())
        said = "" if answer.winner is None else answer.winner.label
        over = (lambda: None) if held else lambda: self.controller.set_frozen(False)
        self.correction_requested.emit(CorrectionWish(bundle, [(pixels, name)], said, place, owner, over))

    def toggle_full_screen(self) -> None:
        """Cover the screen with the picture, or no longer."""
        if self.full_screen.window is not None:
            self.full_screen.close()
        elif self.frame.shows_picture:
            self.full_screen.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Freeze by Space, wind by Left and Right; the full screen's other keys come here too."""
        plain: dict[Qt.Key, Action] = {}
        if self.frame.shows_picture:
            plain[Qt.Key.Key_Space] = self.toggle_freeze
        if self.controller.is_file:
            plain[Qt.Key.Key_Left] = lambda: self._wind(-_SKIP_SECONDS)
            plain[Qt.Key.Key_Right] = lambda: self._wind(_SKIP_SECONDS)
        if not self._keys.take(event, full_screen=self.full_screen.window is not None, plain=plain):
            super().keyPressEvent(event)

    def _wind(self, seconds: float) -> None:
        self.controller.seek(max(0.0, self.controller.position + seconds))

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
            self.frame.inspector.segments.mark(self.controller.position)

    @Slot()
    def _run_on(self) -> None:
        """Show where the video is while one picture of it stands still."""
        if self.controller.is_file and self.controller.playing:
            self.frame.transport.set_position(self.controller.position)
            if self.analysis.timeline is not None:
                self.frame.inspector.segments.mark(self.controller.position)

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

    def _toast(self, text: str, action: str = "", on_action: Callable[[], None] | None = None) -> None:
        self.toasts.show_message(text, action, on_action)
