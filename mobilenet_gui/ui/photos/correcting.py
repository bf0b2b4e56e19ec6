"""Owns which photos of the page a correction is about, and where it asks for their class."""

from __future__ import annotations

from collections.abc import Sequence

from mobilenet_gui.core.photo_session import PhotoState
from mobilenet_gui.ui.corrections.wish import CorrectionWish
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.frame import PageFrame


def wish_for(frame: PageFrame, controller: PhotosController, keys: Sequence[int] = ()) -> CorrectionWish | None:
    """Return the correction of photos that have an answer; None where none has.

    Args:
        frame: the page.
        controller: its photos.
        keys: which; by default the chosen tiles, or the photo on screen.
    """
    grid = frame.centre() == "grid"
    if not keys:
        current = controller.current
        keys = frame.grid.selected_keys() if grid else [] if current is None else [current.key]
    found = [photo for photo in map(controller.session.get, keys) if photo is not None]
    photos = [photo for photo in found if photo.recognition is not None and photo.state is not PhotoState.FAILED]
    if not photos or controller.bundle is None:
        return None
    said = {photo.recognition.best.label for photo in photos if photo.recognition is not None}
    link, centre = frame.inspector.result.correct, frame.grid if grid else frame.single
    place = link.below() if link.isVisible() else centre.mapToGlobal(centre.rect().center())
    return CorrectionWish(
        controller.bundle,
        [(photo.source, photo.name) for photo in photos],
        said.pop() if len(said) == 1 else "",
        place,
        frame,
    )
