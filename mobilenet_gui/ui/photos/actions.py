"""Owns what a person can do on the photos page, however it is asked for: by key, menu or button."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

from mobilenet_gui.core.imaging_formats import SUPPORTED_SUFFIXES
from mobilenet_gui.core.photo_session import Photo
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.corrections.wish import Aim
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.exports import ExportDesk
from mobilenet_gui.ui.photos.frame import PageFrame
from mobilenet_gui.ui.photos.intake import IntakeDesk
from mobilenet_gui.ui.photos.looking import LookingDesk
from mobilenet_gui.ui.photos.pictures import PictureShelf
from mobilenet_gui.ui.widgets.toast import ToastHost

GRID: Final = "grid"
SINGLE: Final = "single"


class PhotoActions(QObject):
    """The page's `commands.PageActions`.

    Attributes:
        correction_requested: answers are wrong: a `CorrectionWish`.
        correction_undo_requested: the latest correction is to be taken back.
        changed: what is shown, or how, has changed.
        example_wanted: there is no photo to explain: a sample one is to be.
    """

    correction_requested = Signal(object)
    correction_undo_requested = Signal()
    changed = Signal()
    example_wanted = Signal()

    def __init__(
        self,
        frame: PageFrame,
        controller: PhotosController,
        shelf: PictureShelf,
        *,
        intake: IntakeDesk,
        exports: ExportDesk,
        looking: LookingDesk,
        settings: SettingsStore,
        save: Callable[..., None],
        toasts: ToastHost,
    ) -> None:
        super().__init__(frame)
        self._frame = frame
        self._controller = controller
        self._shelf = shelf
        self._intake = intake
        self._exports = exports
        self._looking = looking
        self._settings = settings
        self._save = save
        self._toasts = toasts
        self._corrected_at = -math.inf
        self._removed_at: list[float] = []

    # photos come in

    def open_photos(self) -> None:
        """Ask for photos."""
        dialog = self._dialog(tr("Open photos"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        patterns = " ".join(f"*{suffix}" for suffix in sorted(SUPPORTED_SUFFIXES))
        dialog.setNameFilters([tr("Photos ({patterns})").format(patterns=patterns), tr("All files (*)")])
        dialog.open()

    def open_folder(self) -> None:
        """Ask for a folder."""
        dialog = self._dialog(tr("Open folder"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.open()

    def _dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self._frame, title, self._settings.values.open_from)
        dialog.filesSelected.connect(self._opened)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    @Slot(list)
    def _opened(self, names: list[str]) -> None:
        if names:
            self._save(last_folder=str(Path(names[0]).parent))
            self._intake.add_paths(names)

    def paste(self) -> None:
        """Take what was copied: photos, files, or an address."""
        mime = QGuiApplication.clipboard().mimeData()
        if mime is None or not self._intake.take_mime(mime, pasted=True):
            self._toasts.show_message(tr("There is no photo to paste"))

    # answers go out

    def copy_answer(self) -> None:
        """Copy the answer of the photo on screen, or in the grid the table."""
        if self.view == GRID and len(self._frame.grid.selected_keys()) != 1:
            self._exports.copy_table()
        else:
            self._exports.copy_answer(self._controller.current)

    def copy_one(self, photo: Photo) -> None:
        """Copy the answer of one photo."""
        self._exports.copy_answer(photo)

    def export_answers(self) -> None:
        """Export the answer of the photo on screen, or in the grid all."""
        if self.view == GRID:
            self._exports.export_all()
        else:
            self._exports.export_one(self._controller.current)

    def correct(self, keys: Sequence[int] = ()) -> None:
        """Send photos that were answered wrongly to their class: these, the chosen tiles, or the one on screen."""
        from mobilenet_gui.ui.photos.correcting import wish_for

        wish = wish_for(self._frame, self._controller, keys)
        if wish is not None:
            self.correction_requested.emit(wish)

    def adopt(self, aim: Aim) -> None:
        """Give the photo on screen, a stranger to the model, a class of its own, or keep it as none of the classes."""
        from mobilenet_gui.ui.photos.correcting import wish_for

        if self.view == GRID or not self._frame.inspector.result.stranger:
            return
        wish = wish_for(self._frame, self._controller)
        if wish is not None:
            self.correction_requested.emit(replace(wish, aim=aim))

    # photos go

    @property
    def can_undo_correction(self) -> bool:
        """A correction can be taken back."""
        return self._corrected_at > -math.inf

    def set_corrected_at(self, when: float) -> None:
        """Learn the monotonic time of the latest correction that can be taken back; minus infinity: there is none."""
        self._corrected_at = when

    def undo_correction(self) -> None:
        """Take the latest correction back."""
        self.correction_undo_requested.emit()

    def undo(self) -> None:
        """Bring back what was removed last, or take the latest correction back if that came after it."""
        removed = self._removed_at[-1] if self._removed_at else -math.inf
        if self._corrected_at > removed:
            self.undo_correction()
            return
        del self._removed_at[-1:]
        if self._controller.undo():
            self._toasts.dismiss()
            self.changed.emit()

    def remove_chosen(self) -> None:
        """Remove the photo on screen, or the tiles chosen in the grid."""
        if self.view == GRID:
            self.remove(self._frame.grid.selected_keys())
        elif self._controller.current is not None:
            self.remove([self._controller.current.key])

    def remove(self, keys: Sequence[int]) -> None:
        """Remove photos; a toast brings them back."""
        names = [photo.name for photo in (self._controller.session.get(key) for key in keys) if photo is not None]
        count = self._controller.remove(keys)
        if count:
            self._removed_at.append(time.monotonic())
            one = tr("{name} removed").format(name=names[0])
            text = one if count == 1 else trn("{n} photo removed", "{n} photos removed", count)
            self._toasts.show_message(text, tr("Undo"), self.undo)
            self.changed.emit()

    def clear_all(self) -> None:
        """Remove all photos; a toast brings them back."""
        self.remove([photo.key for photo in self._controller.session.photos()])

    def retry(self, keys: Sequence[int]) -> None:
        """Read and recognise photos once more."""
        for key in keys:
            self._shelf.forget(key)
        self._controller.retry(keys)
        if self._controller.current is not None and self._controller.current.key in keys:
            self._frame.single.reload()

    def retry_current(self) -> None:
        """Read and recognise the photo on screen once more."""
        if self._controller.current is not None:
            self.retry([self._controller.current.key])

    # how they are looked at

    @property
    def view(self) -> str:
        """The view that is shown: "single" or "grid"."""
        return self._frame.views.current()

    def set_view(self, view: str) -> None:
        """Show one photo ("single") or many ("grid")."""
        self._frame.views.set_current(view)
        self._save(photos_view=view)
        self.changed.emit()
        grid = self._frame.grid.grid
        if view == GRID:
            grid.show_current(self._controller.current_row)
            grid.scrollTo(grid.currentIndex())
        self._focus_photos()

    def welcome(self) -> None:
        """Let the arrow keys act on photos that have come in, unless somebody is writing."""
        if len(self._controller.session) and not isinstance(QApplication.focusWidget(), QLineEdit):
            self._focus_photos()

    def _focus_photos(self) -> None:
        self._frame.keys_home().setFocus()

    def open_single(self, key: int) -> None:
        """Show one photo large."""
        self._controller.set_current(key)
        self.set_view(SINGLE)

    def toggle_grid(self) -> None:
        """Go from one photo to many, or back."""
        if len(self._controller.session):
            self.set_view(SINGLE if self.view == GRID else GRID)

    def toggle_explain(self) -> None:
        """Explain, or no longer."""
        if not len(self._controller.session):
            self.example_wanted.emit()
        elif self.view == SINGLE:
            self._looking.toggle_explain()

    def toggle_inspector(self) -> None:
        """Hide or show the inspector."""
        shown = self._frame.inspector.isHidden()
        self._frame.set_inspector_visible(shown)
        self._save(inspector_visible=shown)

    def fit(self) -> None:
        """Show the whole photo."""
        self._looking.canvas.fit()

    def zoom(self, steps: int) -> None:
        """Zoom in (positive) or out."""
        if self.view == SINGLE:
            self._looking.canvas.zoom(steps)

    def toggle_full_screen(self) -> None:
        """Cover the screen with the photo, or no longer."""
        self._looking.toggle_full_screen()
