"""Owns the way in for model files: the dialogs that choose them, their queue, and the panel that asks about each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.install_import import KERAS_SUFFIXES, TFLITE_SUFFIX
from mobilenet_gui.core.model_zip import ZIP_SUFFIX
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.given_files import is_model
from mobilenet_gui.ui.models.import_panel import ImportPanel
from mobilenet_gui.ui.tokens import PAGE_MARGIN
from mobilenet_gui.workers.model_inspect import Understood
from mobilenet_gui.workers.model_work import ImportRequest
from mobilenet_gui.workers.models import ModelTasks

MODEL_SUFFIXES = frozenset({*KERAS_SUFFIXES, TFLITE_SUFFIX, ZIP_SUFFIX})
MOST_FILES = 50
"""How many files are asked about in a row."""


class ImportDesk(QWidget):
    """Shows the panel while there are files to ask about, and takes no room otherwise.

    Attributes:
        panel: what asks.
        refused: a folder could not be used: a tone and a sentence.
        taken: files were taken up.
        done: the last file was dealt with.
    """

    refused = Signal(str, str)
    taken = Signal()
    done = Signal()

    def __init__(self, store: ModelStore, tasks: ModelTasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._queue: list[Path] = []
        self._inspected = ""
        self.panel = ImportPanel(store.has)
        column = QVBoxLayout(self)
        column.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN - 4, 10)
        column.addWidget(self.panel)
        self.hide()
        self.panel.confirmed.connect(self._import)
        self.panel.closed.connect(self._next)
        tasks.returned.connect(self._on_returned)
        tasks.failed.connect(self._on_failed)

    def ask_for_files(self) -> None:
        """Ask for model files."""
        patterns = " ".join(f"*{suffix}" for suffix in sorted(MODEL_SUFFIXES))
        dialog = QFileDialog(
            self.window(),
            tr("Import a model"),
            _where_downloads_land(),
            tr("Models ({patterns})").format(patterns=patterns),
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: self.take([Path(name) for name in names]))
        dialog.open()

    def ask_for_folder(self) -> None:
        """Ask for a folder and offer the model files in it."""
        dialog = QFileDialog(self.window(), tr("Choose a folder with model files"), _where_downloads_land())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.take_folder(Path(name)))
        dialog.open()

    def take_folder(self, folder: Path) -> None:
        """Offer the model files of a folder for import, or the folder itself if it is a model's own."""
        if is_model(folder):
            self.take([folder])
            return
        try:
            files = sorted(path for path in folder.iterdir() if path.is_file())
        except OSError as error:
            self.refused.emit("bad", f"{folder}: {error.strerror or error}")
            return
        if not self.take(files):
            text = tr("There is no model file in {folder} (.h5, .weights.h5, .keras, .tflite or a zip with one).")
            self.refused.emit("warn", text.format(folder=folder))

    def take(self, paths: Sequence[Path]) -> bool:
        """Ask about model files, one after another; say whether there was any."""
        models = [path for path in paths if is_model(path)][:MOST_FILES]
        if not models:
            return False
        self._queue.extend(path for path in models if path not in self._queue)
        self.taken.emit()
        if self.isHidden():
            self._next()
        return True

    def _next(self) -> None:
        if not self._queue:
            self.hide()
            self.done.emit()
            return
        path = self._queue.pop(0)
        self.show()
        self.panel.begin(path, len(self._queue))
        self._inspected = self._tasks.inspect(path)

    def _import(self, request: ImportRequest) -> None:
        self._tasks.import_file(request)
        self._next()

    def _on_returned(self, key: str, result: object) -> None:
        if key == self._inspected and isinstance(result, Understood):
            self.panel.understood(result)

    def _on_failed(self, key: str, error: UserError) -> None:
        if key == self._inspected:
            self.panel.failed(error)


def _where_downloads_land() -> str:
    """Return the folder in which a model's file most likely is; never wherever the program happened to be started."""
    downloads = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
    return downloads if downloads and Path(downloads).is_dir() else str(Path.home())
