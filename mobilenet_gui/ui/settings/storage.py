"""Owns where the program's data lies, as rows of the settings page: the folder, its size, and emptying what may go.

Sizes are added up, and caches emptied, in threads: there may be many files.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from mobilenet_gui import paths
from mobilenet_gui.core.errors import Cancelled, UserError
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.models.words import megabytes
from mobilenet_gui.ui.settings.rows import Row
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.workers.photo_tasks import TaskRunner


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of the program's.

    Attributes:
        title: what lies in it.
        folder: where; it need not exist.
        empty: forgets what is in it and returns how many bytes that freed; None where that would be missed.
        meaning: what it is good for, where the title does not say.
    """

    title: str
    folder: Path
    empty: Callable[[], int] | None = None
    meaning: str = ""


def places() -> list[Place]:
    """Return the folders, what would be missed first."""
    return [
        Place(tr("Models"), paths.models_dir()),
        Place(tr("Projects"), paths.projects_dir()),
        Place(
            tr("Remembered for trainings"),
            paths.features_dir(),
            _forget_features,
            tr("What networks made of your photos. Without it the next training takes longer."),
        ),
        Place(tr("Unfinished downloads"), paths.downloads_dir()),
        Place(tr("Reports and logs"), paths.log_dir()),
    ]


class StorageDesk(QObject):
    """Makes the rows and does what they ask for.

    Attributes:
        opened: a folder is to be shown: a `Path`.
        emptied: a cache is empty now; how many bytes that freed.
        failed: it could not be emptied: a `UserError`.
    """

    opened = Signal(object)
    emptied = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner(self)
        self._empties: list[Button] = []
        self.rows: list[tuple[Row, Place]] = [(Row(each.title, "", self._buttons(each)), each) for each in places()]
        for number in range(len(self.rows)):
            self._say(number, None)

    def measure(self) -> None:
        """Look up the sizes anew."""
        for number in range(len(self.rows)):
            self._measure(number)

    def stop(self) -> None:
        """Add up no more, and tell nobody what came of emptying: nobody is looking."""
        self._tasks.stop()
        for button in self._empties:
            button.setEnabled(True)

    def _buttons(self, place: Place) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        if place.empty is not None:
            empty = Button(tr("Empty"), "trash")
            empty.setAccessibleName(tr("Empty: {name}").format(name=place.title))
            empty.clicked.connect(lambda: self._empty(empty, place.empty))
            self._empties.append(empty)
            row.addWidget(empty)
        folder = Button(tr("Open folder"), "folder")
        folder.setAccessibleName(tr("Open folder: {name}").format(name=place.title))
        folder.clicked.connect(lambda: self.opened.emit(place.folder))
        row.addWidget(folder)
        return made

    def _measure(self, number: int) -> None:
        folder = self.rows[number][1].folder
        self._tasks.run(
            lambda errand: folder_size(folder, errand.cancelled.is_set),
            done=lambda size: self._say(number, size),
            failed=lambda _error: None,
        )

    def _say(self, number: int, size: int | None) -> None:
        row, place = self.rows[number]
        where = str(place.folder) if size is None else f"{place.folder}  ·  {megabytes(size)}"
        row.set_help(f"{place.meaning}\n{where}" if place.meaning else where)

    def _empty(self, button: Button, work: Callable[[], int] | None) -> None:
        if work is None:
            return

        def done(freed: int) -> None:
            button.setEnabled(True)
            self.emptied.emit(freed)
            self.measure()

        def failed(error: UserError) -> None:
            button.setEnabled(True)
            self.failed.emit(error)

        button.setEnabled(False)
        self._tasks.run(lambda _errand: work(), done=done, failed=failed)


def folder_size(place: Path, is_cancelled: Callable[[], bool] = lambda: False) -> int:
    """Return the bytes of all files below a folder; what cannot be read counts nothing.

    Raises:
        Cancelled: nobody wants to know any more.
    """
    total = 0
    for folder, _, names in os.walk(place, onerror=None):
        if is_cancelled():
            raise Cancelled
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 - thousands of them, fast
            except OSError:
                continue
    return total


def _forget_features() -> int:
    from mobilenet_gui.training.feature_store import forget_all

    return forget_all(paths.features_dir())
