"""Owns asking where the report or the model card of a training goes, having it written, and saying so."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.workers.run_account import write_account
from mobilenet_gui.workers.run_book import RunBook

if TYPE_CHECKING:
    from mobilenet_gui.training.evaluation_types import Evaluation


class ReportDesk(QObject):
    """Writes reports."""

    def __init__(self, context: WizardContext, book: RunBook, parent: QWidget) -> None:
        super().__init__(parent)
        self._context, self._book, self._place = context, book, parent

    def ask(self, folder: Path, earlier: Evaluation | None) -> None:
        """Ask for a file, and write the report or the model card of a training into it.

        Args:
            folder: the run folder.
            earlier: the test result of the training before it.
        """
        start = self._context.settings.values.export_to
        dialog = QFileDialog(self._place, tr("Save the report"), start)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([tr("Report (*.html)"), tr("Model card (*.md)")])
        dialog.selectFile(f"{file_name(self._context.project.name)}.html")
        dialog.fileSelected.connect(
            lambda name: self.write(with_ending(name, dialog.selectedNameFilter()), folder, earlier)
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def write(self, path: Path, folder: Path, earlier: Evaluation | None) -> None:
        """Write the report (`.html`) or the model card (`.md`) of a training."""
        self._book.tasks.run(
            lambda errand: write_account(path, folder, earlier, errand.cancelled), done=self._saved, failed=self._failed
        )

    def _saved(self, path: Path) -> None:
        with contextlib.suppress(UserError):  # where it was saved is worth remembering, but not worth an alarm
            self._context.settings.update(last_export_folder=str(path.parent))
        self._context.toasts.show_message(tr("{name} saved").format(name=path.name), tr("Open"), lambda: _open(path))

    def _failed(self, error: UserError) -> None:
        self._context.toasts.show_message(str(error))


def file_name(name: str) -> str:
    """Return a project's name as a file can bear it."""
    plain = "".join("-" if letter in '<>:"/\\|?*' or ord(letter) < 32 else letter for letter in name)
    return plain.strip(" .") or tr("report")


def with_ending(name: str, chosen: str) -> Path:
    """Return a path with the ending of the chosen kind of file.

    Args:
        name: what was typed or left as offered, which ends as a report does.
        chosen: the chosen kind, as the dialog shows it.
    """
    path = Path(name)
    if path.suffix.lower() == ".md":
        return path
    card = "*.md" in chosen
    if path.suffix.lower() in (".html", ".htm"):
        return path.with_suffix(".md") if card else path
    return path.with_name(path.name + (".md" if card else ".html"))


def _open(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
