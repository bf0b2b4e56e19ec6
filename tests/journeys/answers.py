"""Answers what asks a random user: file dialogs (a file, a folder, where to save), questions, menus."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMenu, QWidget

from tests.journeys import hands
from tests.journeys.bait import Bait


class Answers:
    """Chooses answers; all paths it gives lie in the sandbox."""

    def __init__(self, rng: random.Random, bait: Bait, out: Path) -> None:
        """Make it.

        Args:
            rng: of the user.
            bait: what there is to open.
            out: where to save.
        """
        self._rng, self._bait, self._out = rng, bait, out
        self.wish: Path | None = None
        """What a story wants to open or save next; it is given once."""
        out.mkdir(parents=True, exist_ok=True)

    def file_dialog(self, dialog: QFileDialog) -> str:
        """Answer a file dialog; return what was done in words."""
        rng = self._rng
        title = dialog.windowTitle()
        if self.wish is None and rng.random() < 0.25:
            hands.key(dialog, Qt.Key.Key_Escape)
            if dialog.isVisible():
                dialog.reject()
            return f"cancel “{title}”"
        path = self._path_for(dialog)
        vanishes = self._vanishing(path) if self.wish is None and rng.random() < 0.1 else None
        if vanishes is not None:
            path = vanishes
        self.wish = None
        field = dialog.findChild(QLineEdit, "fileNameEdit")
        if field is None:
            dialog.reject()
            return f"cancel “{title}”, which has no field"
        dialog.setDirectory(str(path.parent))
        field.setText(str(path) if rng.random() < 0.7 else path.name)
        if vanishes is not None:
            shutil.rmtree(vanishes.parent, ignore_errors=True)
        field.setFocus()
        hands.key(dialog, Qt.Key.Key_Return)
        return f"answer “{title}” with {path}{', which is gone' if vanishes is not None else ''}"

    def _path_for(self, dialog: QFileDialog) -> Path:
        if self.wish is not None:
            return self.wish
        rng, bait = self._rng, self._bait
        if dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave:
            return rng.choice([
                self._out / f"saved {rng.randrange(5)}{rng.choice(['', '.csv', '.json', '.html', '.srt', '.zip'])}",
                self._out / "no such folder" / "file.csv",
                self._out,  # a folder of that name
                bait.pick(rng, "photo"),  # exists
                self._out / ("n" * 260),
            ])  # fmt: skip
        if dialog.fileMode() is QFileDialog.FileMode.Directory:
            return rng.choice([
                bait.pick(rng, "set"), bait.pick(rng, "class"), bait.pick(rng, "odd folder"), self._out,
                bait.root / "photos", bait.root / "broken", bait.root / "models", bait.root / "gone folder",
            ])  # fmt: skip
        kinds = [
            "photo",
            "photo",
            "broken",
            "model",
            "broken model",
            "video",
            "broken video",
            "table",
            "labels",
            "other",
        ]
        return bait.pick(rng, rng.choice(kinds))

    def _vanishing(self, path: Path) -> Path | None:
        place = self._out / f"vanishing {self._rng.randrange(10**6)}"
        place.mkdir(parents=True, exist_ok=True)
        target = place / path.name
        try:
            if path.is_file() and not path.is_symlink():
                shutil.copy(path, target)
            elif path.is_dir():
                target.mkdir()
        except OSError:
            return None
        return target

    def menu(self, menu: QMenu, wanted: str = "") -> str:
        """Choose an entry of a menu, or leave it; return what was done."""
        rng = self._rng
        entries = hands.menu_entries(menu)
        if not entries or (not wanted and rng.random() < 0.15):
            hands.key(menu, Qt.Key.Key_Escape)
            if menu.isVisible():
                menu.close()
            return "leave the menu"
        fitting = [entry for entry in entries if wanted and entry[0].startswith(wanted)]
        text, at = rng.choice(fitting or entries)
        if rng.random() < 0.85:
            hands.click(menu, at)
        else:
            for _ in range(rng.randint(1, len(entries))):
                hands.key(menu, Qt.Key.Key_Down)
            hands.key(menu, Qt.Key.Key_Return)
            text = "by keys"
        return f"choose “{text}” in the menu"


def file_dialog_open() -> QFileDialog | None:
    """Return the file dialog that is open and in reach, if there is one."""
    modal = QApplication.activeModalWidget()
    return modal if isinstance(modal, QFileDialog) and modal.isVisible() else None


def is_question(window: QWidget) -> bool:
    """Say whether a window asks something and blocks the others."""
    return window.isModal()
