"""Owns projects as one file each: asking where they lie or go, reading and writing them, and saying how that went."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.training.archive import SUFFIX
from mobilenet_gui.training.project_summary import ProjectSummary
from mobilenet_gui.ui.photos.notices import Notices
from mobilenet_gui.ui.widgets.toast import ToastHost
from mobilenet_gui.workers.photo_tasks import Errand
from mobilenet_gui.workers.projects import ProjectTasks

if TYPE_CHECKING:
    from mobilenet_gui.training.archive_reading import Imported

ZIP = ".zip"
"""What is taken for a project; those that we write end in more than this."""
_NOTICE = "zip"


class ArchiveDesk(QObject):
    """Imports and exports projects.

    Attributes:
        open_requested: an imported project is to be opened; its id.
    """

    open_requested = Signal(str)

    def __init__(
        self, tasks: ProjectTasks, settings: SettingsStore, owner: QWidget, *, notices: Notices, toasts: ToastHost
    ) -> None:
        super().__init__(owner)
        self._tasks, self._settings, self._owner = tasks, settings, owner
        self._notices, self._toasts = notices, toasts

    def ask_for_import(self) -> None:
        """Let an exported project be chosen."""
        file, _ = QFileDialog.getOpenFileName(
            self._owner,
            tr("Import a project"),
            self._settings.values.open_from,
            tr("Projects ({p})").format(p=f"*{ZIP}"),
        )
        if file:
            self._settings.update(last_folder=str(Path(file).parent))
            self.import_zip(Path(file))

    def import_zip(self, source: Path) -> None:
        """Make a project of an exported one."""
        words = tr("Importing {file}").format(file=source.name)

        def done(made: Imported) -> None:
            self._notices.dismiss(_NOTICE)
            text = tr("{file} imported").format(file=source.name)
            if made.problems:
                missing = trn("{n} photo was left out", "{n} photos were left out", len(made.problems))
                why = tr("{what}: {why}").format(what=missing, why=made.problems[0].reason)
                self._notices.show_notice(_NOTICE, "warn", f"{text}. {why}")
            self._toasts.show_message(text, tr("Open"), lambda: self.open_requested.emit(made.id))

        self._begin(
            words,
            lambda progress: self._tasks.import_zip(source, done=done, failed=self._failed, progress=progress),
        )

    def ask_where_to_export(self, summary: ProjectSummary) -> None:
        """Let a file be chosen and write a project to it."""
        folder = self._settings.values.export_to
        safe = "".join(c if c.isalnum() or c in " -_." else "_" for c in summary.name).strip(" .") or "project"
        file, _ = QFileDialog.getSaveFileName(
            self._owner,
            tr("Export the project"),
            str(Path(folder) / f"{safe}{SUFFIX}"),
            tr("Projects ({p})").format(p=f"*{ZIP}"),
        )
        if file:
            target = Path(file if file.lower().endswith(ZIP) else file + SUFFIX)
            self._settings.update(last_export_folder=str(target.parent))
            self.export(summary.id, target)

    def export(self, project_id: str, target: Path) -> None:
        """Write a project with its photos to one file."""
        words = tr("Writing {file}").format(file=target.name)

        def done(exported: object) -> None:
            self._notices.dismiss(_NOTICE)
            missing = len(getattr(exported, "problems", ()))
            text = tr("{file} written").format(file=target.name)
            if missing:
                text += ". " + trn("{n} photo could not be read.", "{n} photos could not be read.", missing)
            self._toasts.show_message(text, tr("Show"), lambda: open_folder(target.parent))

        self._begin(
            words,
            lambda progress: self._tasks.export_zip(
                project_id, target, done=done, failed=self._failed, progress=progress
            ),
        )

    def _begin(self, words: str, work: Callable[[Callable[[float], None]], Errand]) -> None:
        """Start `work`, saying how far it is, with a way to stop it; it is given what to tell its progress to."""
        errands: list[Errand] = []

        def stop() -> None:
            for errand in errands:
                self._tasks.runner.cancel(errand)
            self._notices.dismiss(_NOTICE)

        def progress(share: float) -> None:
            self._notices.update_text(_NOTICE, tr("{what}, {n} %").format(what=words, n=round(share * 100)))

        self._notices.show_notice(_NOTICE, "info", words, tr("Stop"), stop, closable=False)
        errands.append(work(progress))

    def _failed(self, error: UserError) -> None:
        self._notices.show_notice(_NOTICE, "bad", str(error))


def open_folder(folder: Path) -> None:
    """Show a folder in the system's own way."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
