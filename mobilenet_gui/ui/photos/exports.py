"""Owns the desk at which answers go out: copied as text, written to a file, photos sorted into folders."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from mobilenet_gui.core.answers import AnswerRow, answer_rows, as_record, as_text, sort_items, table_text
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.photo_session import Photo
from mobilenet_gui.core.records import json_line
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.notices import Notices
from mobilenet_gui.workers.photo_export import Sorted, StopSign, sort_into_folders, undo_sort, write_answers
from mobilenet_gui.workers.photo_tasks import TaskRunner

ShowToast = Callable[[str, str, Callable[[], None] | None], None]


class ExportDesk(QObject):
    """Hands answers out. `toast` shows what was done: a text, an action's words and the action."""

    def __init__(
        self,
        controller: PhotosController,
        *,
        tasks: TaskRunner,
        notices: Notices,
        settings: SettingsStore,
        toast: ShowToast,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._window = parent
        self._controller = controller
        self._tasks = tasks
        self._notices = notices
        self._settings = settings
        self._toast = toast

    # copying

    def copy_answer(self, photo: Photo | None) -> bool:
        """Put one answer on the clipboard, as text and as JSON; say whether there was one."""
        if photo is None or photo.recognition is None:
            return False
        mime = QMimeData()
        mime.setText(as_text(photo.name, photo.recognition, self._controller.session.sure_from))
        record = as_record(str(photo.path or photo.name), photo.recognition)
        mime.setData("application/json", json_line(record).encode())
        QGuiApplication.clipboard().setMimeData(mime)
        self._toast(tr("Answer copied"), "", None)
        return True

    def copy_table(self) -> None:
        """Put the visible photos' answers on the clipboard, as cells."""
        rows = answer_rows(self._visible())
        QGuiApplication.clipboard().setText(table_text(rows))
        self._toast(trn("{n} answer copied", "{n} answers copied", len(rows)), "", None)

    # files

    def export_one(self, photo: Photo | None) -> None:
        """Ask where to write one answer, and write it."""
        if photo is not None and photo.recognition is not None:
            self._ask_file(answer_rows([photo]), Path(photo.name).stem)

    def export_all(self) -> None:
        """Ask where to write the visible photos' answers, and write them."""
        rows = answer_rows(self._visible())
        if rows:
            self._ask_file(rows, tr("photos"))

    def write(self, rows: list[AnswerRow], target: Path) -> None:
        """Write answers to `target` in the background, then say so."""
        self._settings.update(last_export_folder=str(target.parent))

        def done(path: Path) -> None:
            text = trn("{n} answer written to {name}", "{n} answers written to {name}", len(rows))
            self._toast(text.format(name=path.name), "", None)

        def failed(error: UserError) -> None:
            text = tr("The answers were not written: {reason}. {path}").format(reason=error.reason, path=error.subject)
            again = partial(self._ask_file, rows, target.stem)
            self._notices.show_notice("export", "bad", text, tr("Choose another place…"), again)

        self._notices.dismiss("export")
        self._tasks.run(lambda errand: write_answers(errand, target, rows), done=done, failed=failed)

    def _ask_file(self, rows: list[AnswerRow], stem: str) -> None:
        dialog = QFileDialog(self._window, tr("Export answers"), self._folder())
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        csv, jsonl = tr("Table (*.csv)"), tr("JSON lines (*.jsonl)")
        dialog.setNameFilters([csv, jsonl])
        dialog.setDefaultSuffix("csv")
        dialog.selectFile(f"{stem}.csv")
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix("jsonl" if chosen == jsonl else "csv"))
        dialog.fileSelected.connect(lambda name: self.write(rows, Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # folders

    def ask_sort(self) -> None:
        """Ask for a folder, and sort copies of the visible photos into folders below it."""
        dialog = QFileDialog(self._window, tr("Folder for the sorted copies"), self._folder())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setLabelText(QFileDialog.DialogLabel.Accept, tr("Copy here"))
        dialog.fileSelected.connect(lambda name: self.sort_to(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def sort_to(self, target: Path) -> None:
        """Copy the visible photos with an answer into folders named after their labels, below `target`."""
        self._settings.update(last_export_folder=str(target))
        items = sort_items(self._visible(), self._controller.session.sure_from)
        if not items:
            return
        sign = StopSign()
        total = f"{len(items):,}"

        def say(number: int) -> None:
            text = tr("Copying {done} of {total} photos").format(done=f"{number:,}", total=total)
            self._notices.update_text("sorting", text)

        def stop() -> None:
            sign.stop = True

        def done(result: Sorted) -> None:
            self._notices.dismiss("sorting")
            self._say_sorted(result)

        def failed(error: UserError) -> None:
            self._notices.dismiss("sorting")
            self._notices.show_notice("sort", "bad", str(error))

        self._notices.dismiss("sort")
        text = tr("Copying {done} of {total} photos").format(done=0, total=total)
        self._notices.show_notice("sorting", "info", text, tr("Stop"), stop, closable=False)
        self._tasks.run(
            lambda errand: sort_into_folders(errand, items, target, sign), done=done, failed=failed, progress=say
        )

    def _say_sorted(self, result: Sorted) -> None:
        if result.copies:
            text = trn("{n} photo copied into folders", "{n} photos copied into folders", len(result.copies))
            self._toast(text, tr("Undo"), partial(self._undo_sort, result))
        if result.problems:
            first = result.problems[0]
            text = trn("{n} photo was not copied.", "{n} photos were not copied.", len(result.problems))
            if result.stopped:
                text = tr("Copying stopped.")
            self._notices.show_notice(
                "sort",
                "bad",
                tr("{what} {name}: {reason}.").format(what=text, name=Path(first.subject).name, reason=first.reason),
            )

    def _undo_sort(self, result: Sorted) -> None:
        def done(count: int) -> None:
            self._toast(trn("{n} copy removed", "{n} copies removed", count), "", None)

        def failed(error: UserError) -> None:
            self._notices.show_notice("sort", "bad", str(error))

        self._tasks.run(lambda errand: undo_sort(errand, result), done=done, failed=failed)

    # helpers

    def _visible(self) -> list[Photo]:
        session = self._controller.session
        return [photo for photo in (session.get(key) for key in session.visible()) if photo is not None]

    def _folder(self) -> str:
        return self._settings.values.last_export_folder or self._settings.values.open_from
