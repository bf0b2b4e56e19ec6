"""Owns what is dragged over the main window: the whole of it takes drops; each file goes to the page that opens it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDropEvent

from mobilenet_gui.ui.addresses import local_paths
from mobilenet_gui.ui.given_files import GivenFiles, sort_given
from mobilenet_gui.ui.photos.drop import photo_count
from mobilenet_gui.ui.photos.page import PhotosPage

if TYPE_CHECKING:
    from mobilenet_gui.ui.finetune.page import FinetunePage


class WindowDrops:
    """Sorts drops as `given_files` does what is opened; Fine-tune, while in front, begins a project with photos."""

    def __init__(
        self,
        photos: PhotosPage,
        *,
        show_page: Callable[[str], None],
        open_paths: Callable[[Sequence[str]], None],
        finetune: Callable[[], FinetunePage | None],
    ) -> None:
        """Make it.

        Args:
            photos: takes pixels, addresses and photos.
            show_page: brings a page to the front.
            open_paths: gives each file to the page that opens it.
            finetune: returns the Fine-tune page if it is in front.
        """
        self._photos = photos
        self._show_page = show_page
        self._open_paths = open_paths
        self._finetune = finetune
        self._over: FinetunePage | None = None

    def enter(self, event: QDropEvent) -> None:
        """Accept what a page can use, and show that the whole window takes it."""
        mime = event.mimeData()
        given = sort_given(map(str, local_paths(mime)))
        self._over = self._project_taker(mime, given)
        if self._over is None and not self._photos.can_take(mime):
            event.ignore()
            return
        accept_copy(event)
        if self._over is not None:
            self._over.set_dragging(True)
        elif given.videos:
            self._show_page("live")
        elif given.projects:
            self._show_page("finetune")
        elif not given.models:
            self._show_page("photos")
            self._photos.set_dragging(photo_count(mime) or 0)

    def leave(self) -> None:
        """Show the pages as they were."""
        self._photos.set_dragging(None)
        if self._over is not None:
            self._over.set_dragging(False)
            self._over = None

    def drop(self, event: QDropEvent) -> None:
        """Give the drop to the pages that can use it."""
        self.leave()
        accept_copy(event)
        mime = event.mimeData()
        paths = [str(path) for path in local_paths(mime)]
        given = sort_given(paths)
        if (finetune := self._project_taker(mime, given)) is not None:
            finetune.take(mime)
        elif given.videos or given.models or given.projects:
            self._open_paths(paths)
        else:
            # After the drop has returned: the source program waits for it, and must not wait for us.
            self._photos.handle_mime(mime)

    def _project_taker(self, mime: QMimeData, given: GivenFiles) -> FinetunePage | None:
        """Return the fine-tune page if a drop begins a project there: it is in front, and it is no model's file."""
        page = self._finetune()
        return page if page is not None and not given.models and page.can_take(mime) else None


def accept_copy(event: QDropEvent) -> None:
    """Accept what hovers or falls, as a copy: files that are dragged here stay where they are."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()
