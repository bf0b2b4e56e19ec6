"""Owns taking snapshots: asking once where they go, writing them behind the window, saying where they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.live_session import LiveAnswer
from mobilenet_gui.core.live_snapshot import SnapshotKind, save_snapshot
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.icons import icon
from mobilenet_gui.ui.live.controller import LiveController
from mobilenet_gui.workers.photo_tasks import TaskRunner

Toast = Callable[[str, str, Callable[[], None] | None], None]


class SnapshotDesk(QObject):
    """Saves what is on screen."""

    def __init__(
        self,
        controller: LiveController,
        tasks: TaskRunner,
        *,
        folder: Callable[[], str],
        kind: Callable[[], SnapshotKind] = lambda: "jpeg",
        save: Callable[..., None],
        toast: Toast,
        parent: QWidget,
    ) -> None:
        """Make it.

        Args:
            controller: where the picture and its answer are.
            tasks: runs the writing.
            folder: returns where snapshots go; empty until somebody was asked.
            kind: returns what kind of file is wanted.
            save: changes settings by name.
            toast: says what was done: words, an action's words, the action.
            parent: the window that asks.
        """
        super().__init__(parent)
        self._controller, self._tasks = controller, tasks
        self._folder, self._kind, self._keep, self._toast = folder, kind, save, toast
        self._window = parent
        self.dialog: QFileDialog | None = None

    def take(self) -> None:
        """Save the picture on screen with its answer; the first time, ask where to."""
        picture = self.picture()
        if picture is None:
            return
        folder = self._folder()
        if folder:
            self._save(Path(folder), *picture)
        else:
            self._ask(picture)

    def change_folder(self) -> None:
        """Ask where snapshots go from now on."""
        self._ask(None)

    def menu(self) -> QMenu:
        """Return the menu of where snapshots go and what kind of file they are."""
        menu = QMenu(self._window)
        menu.addAction(icon("folder", "text2"), tr("Choose where snapshots go…")).triggered.connect(
            lambda _checked=False: self.change_folder()
        )
        whole = menu.addAction(tr("Save as PNG, without loss"))
        whole.setCheckable(True)
        whole.setChecked(self._kind() == "png")
        whole.toggled.connect(lambda on: self._keep(snapshot_format="png" if on else "jpeg"))
        return menu

    def picture(self) -> tuple[Pixels, LiveAnswer | None, str] | None:
        """Return the picture and what was recognised in just that one; without any answer, the newest picture."""
        controller = self._controller
        frame, answer, spec = controller.frame, controller.answer, controller.spec
        if frame is None or spec is None:
            return None
        if answer is None or (controller.holding and answer.frame is not frame):
            return frame.pixels, None, spec.shown
        return answer.frame.pixels, answer, spec.shown

    def _ask(self, picture: tuple[Pixels, LiveAnswer | None, str] | None) -> None:
        pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        # A folder that is not there could not be chosen, and the dialog would not say why.
        start = next((name for name in (self._folder(), pictures) if name and Path(name).is_dir()), str(Path.home()))
        dialog = QFileDialog(self._window, tr("Choose a folder for snapshots"), start)
        dialog.setFileMode(QFileDialog.FileMode.Directory)

        def chosen(names: list[str]) -> None:
            if names:
                self._keep(snapshot_folder=names[0])
                if picture is not None:
                    self._save(Path(names[0]), *picture)

        def finished(_result: int) -> None:
            self.dialog = None
            dialog.deleteLater()

        dialog.filesSelected.connect(chosen)
        dialog.finished.connect(finished)
        self.dialog = dialog
        dialog.open()

    def _save(self, folder: Path, pixels: Pixels, answer: LiveAnswer | None, source: str) -> None:
        kind = self._kind()
        self._tasks.run(
            lambda _errand: save_snapshot(folder, pixels, answer, source=source, kind=kind),
            done=self._saved,
            failed=self._failed,
        )

    def _saved(self, path: Path) -> None:
        place = QUrl.fromLocalFile(str(path.parent))
        self._toast(
            tr("{name} saved").format(name=path.name),
            tr("Show in folder"),
            lambda: (QDesktopServices.openUrl(place), None)[1],
        )

    def _failed(self, error: UserError) -> None:
        text = tr("The snapshot could not be saved in {folder}: {reason}")
        self._toast(text.format(folder=error.subject, reason=error.reason), tr("Choose a folder"), self.change_folder)
