"""Owns the photos page without its looks: it joins the list of photos, the recogniser and the makers of pictures.

Widgets tell it what the user did and hear from it what changed. Nothing here waits for anything.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.photo_session import Counts, Order, Photo, PhotoSession, PhotoState, Show
from mobilenet_gui.core.types import PhotoSource
from mobilenet_gui.ui.photos.list_model import PhotoListModel
from mobilenet_gui.ui.photos.pace import Pace
from mobilenet_gui.ui.photos.thumbs import ThumbnailCache
from mobilenet_gui.workers.inference import Answer, Delivery, InferenceWorker
from mobilenet_gui.workers.photo_loader import PhotoLoader
from mobilenet_gui.workers.photo_queue import Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COUNT_MS = 150
ARRANGE_MS = 250
ARRANGE_PAUSE = 20
"""Sorting while answers come in takes at most one part in so many of the window's time."""
FEATURES_KEPT = 16
"""Photos whose feature map is kept, 250 kB each, so that going back and forth explains at once."""


class PhotosController(QObject):
    """The state of the page and what changes it."""

    current_changed = Signal()
    """Another photo is on screen, or none."""
    current_updated = Signal()
    """Something about the photo on screen changed."""
    counts_changed = Signal(object)
    """The `Counts`, a few times a second at most."""
    arranged = Signal()
    """The visible rows are others, or in another order."""
    model_changed = Signal()
    """`bundle`, `loading` or `model_error` changed."""
    heat_ready = Signal(object)
    """The heat map of the photo on screen for `explained_index`; None where there is none."""
    first_result = Signal()
    """The first answer of this run was written down."""

    def __init__(
        self,
        inference: InferenceWorker,
        loader: PhotoLoader,
        sure_from: float,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.inference = inference
        self.loader = loader
        self.session = PhotoSession(sure_from)
        self.thumbs = ThumbnailCache(self)
        self.rows = PhotoListModel(self.session, self)
        self.bundle: Bundle | None = None
        self.loading: Bundle | None = None
        self.pace = Pace()
        self.paused = False
        self.stopped = False
        self.explained_index: int | None = None
        self._generation = 0
        self._current: int | None = None
        self._explain = False
        self._features: OrderedDict[int, NDArray[np.float32]] = OrderedDict()
        self._had_result = False
        self._count_timer = _single_shot(self, COUNT_MS, self._count)
        self._later: list[int] = []
        self._later_timer = _single_shot(self, 0, self._submit_later)
        self._arrange_timer = _single_shot(self, ARRANGE_MS, self._rearrange)
        inference.delivered.connect(self._delivered)
        inference.model_loading.connect(self._model_loading)
        inference.model_ready.connect(self._model_ready)
        inference.model_failed.connect(self._model_failed)
        inference.explained.connect(self._explained)
        loader.thumbnail_ready.connect(self._thumbnail_ready)
        self.thumbs.wanted.connect(self._thumbnails_wanted)

    # the photo on screen

    @property
    def current(self) -> Photo | None:
        """The photo on screen."""
        return None if self._current is None else self.session.get(self._current)

    @property
    def current_row(self) -> int:
        """Its row; -1 when it is not among the visible ones."""
        return self.rows.row_of(self._current)

    def set_current(self, key: int | None) -> None:
        """Put a photo on screen and recognise it before all others."""
        if key is not None and key not in self.session:
            return
        changed = key != self._current
        self._current = key
        if changed:
            self.explained_index = None
            self.current_changed.emit()
        self._recognise_current()

    def step(self, by: int) -> None:
        """Go `by` photos on (back when negative), staying within the visible ones."""
        keys = self.rows.keys
        if keys:
            row = self.current_row
            target = 0 if row < 0 else min(max(row + by, 0), len(keys) - 1)
            self.set_current(keys[target])

    def go_to(self, row: int) -> None:
        """Go to a row; -1 is the last one."""
        keys = self.rows.keys
        if keys:
            self.set_current(keys[min(row, len(keys) - 1)])

    # the list

    def add(self, sources: Iterable[tuple[PhotoSource, str]], *, select: bool = True) -> list[int]:
        """Add photos and recognise them; return the keys of the new ones.

        Args:
            sources: each a source and its name.
            select: put the first of them on screen.
        """
        new, known = self.session.add(sources)
        if self.session.arranged:
            self._rearrange()
        else:
            self.rows.append(new)
        if select and (new or known):
            self.set_current((new or known)[0])
        elif self._current is None and new:
            self.set_current(new[0])
        # After the list has been painted: laying it out takes all of this thread's share for a moment.
        self._later.extend(new)
        if not self._later_timer.isActive():
            self._later_timer.start()
        self._count_soon()
        return new

    @Slot()
    def _submit_later(self) -> None:
        keys, self._later = self._later, []
        waiting = [k for k in keys if (p := self.session.get(k)) is not None and p.state is PhotoState.WAITING]
        self._submit(key for key in waiting if key != self._current)

    def remove(self, keys: Iterable[int]) -> int:
        """Take photos out of the list; return how many. `undo` brings them back."""
        gone = list(keys)
        row = self.current_row
        count = self.session.remove(gone)
        if not count:
            return 0
        self.inference.withdraw(gone)
        self._rearrange()
        if self._current not in self.session:
            visible = self.rows.keys
            self.set_current(visible[min(max(row, 0), len(visible) - 1)] if visible else None)
        self._count()
        return count

    def clear(self) -> int:
        """Take all photos out of the list; return how many. `undo` brings them back."""
        return self.remove([photo.key for photo in self.session.photos()])

    def undo(self) -> int:
        """Bring back what was removed last; return how many photos."""
        back = self.session.undo()
        if not back:
            return 0
        self._rearrange()
        waiting = [k for k in back if (p := self.session.get(k)) is not None and p.state is PhotoState.WAITING]
        self.set_current(back[0])
        self._submit(key for key in waiting if key != self._current)
        self._count()
        return len(back)

    def retry(self, keys: Iterable[int]) -> None:
        """Read and recognise photos once more."""
        chosen = self.session.restart(keys)
        for key in chosen:
            self.thumbs.drop(key)
            self._features.pop(key, None)
        self.rows.refresh(chosen)
        self._submit(key for key in chosen if key != self._current)
        if self._current in chosen:
            self.current_updated.emit()
            self._recognise_current()
        self._count_soon()

    def set_problem(self, key: int, reason: str) -> None:
        """Note that a photo cannot be read; it is not tried any more."""
        if self.session.set_problem(key, reason):
            self.inference.withdraw([key])
            self.rows.refresh([key])
            if key == self._current:
                self.current_updated.emit()
            self._count_soon()

    def set_sure_from(self, limit: float) -> None:
        """Count answers as sure from this probability on."""
        self.session.sure_from = limit
        self.rows.refresh()
        if self.session.show is Show.NOT_SURE:
            self._arrange_soon()
        self.current_updated.emit()
        self._count_soon()

    def set_view(self, *, search: str | None = None, show: Show | None = None, order: Order | None = None) -> None:
        """Show other photos, or in another order."""
        if search is not None:
            self.session.search = search
        if show is not None:
            self.session.show = show
        if order is not None:
            self.session.order = order
        self._rearrange()

    def set_in_view(self, keys: list[int]) -> None:
        """Tell which photos can be seen; they are recognised before the rest."""
        self.inference.prefer(keys)

    # pace

    def pause(self, paused: bool) -> None:
        """Hold recognition back, or let it go on."""
        self.paused = paused
        self.inference.pause(paused)
        self.pace.restart()
        self._count()

    def stop(self) -> None:
        """Give up what still waits; `resume` takes it up again."""
        self.inference.clear()
        self.stopped = True
        self.rows.refresh(self.session.rest())
        if self.paused:
            self.pause(False)
        self._count()

    def resume(self) -> None:
        """Take up again what was stopped."""
        self.stopped = False
        self._submit(self.session.pending())
        self._count()

    # the model

    @Slot(object)
    def _model_loading(self, bundle: Bundle) -> None:
        self.loading = bundle
        self.model_changed.emit()

    @Slot(object, int)
    def _model_ready(self, bundle: Bundle | None, generation: int) -> None:
        self.bundle = bundle
        self.loading = None
        self._generation = generation
        self._features.clear()
        self.explained_index = None
        self.stopped = False
        waiting = self.session.restart()
        self.rows.refresh()
        self.model_changed.emit()
        self.current_updated.emit()
        if bundle is not None:
            self._recognise_current()
            self._submit(key for key in waiting if key != self._current)
        self._count()

    @Slot(object, object)
    def _model_failed(self, _bundle: Bundle, _error: UserError) -> None:
        self.loading = None
        self.model_changed.emit()

    # explaining

    def set_explain(self, on: bool) -> None:
        """Make heat maps of the photo on screen, or no longer."""
        self._explain = on
        if on:
            self._ask_heat()

    def explain_label(self, index: int | None) -> None:
        """Explain this label of the photo on screen; None for the best one."""
        self.explained_index = index
        if self._explain:
            self._ask_heat()

    def _ask_heat(self) -> None:
        photo = self.current
        if photo is None or photo.recognition is None or photo.stale:
            return
        features = self._features.get(photo.key)
        if features is None:
            self.heat_ready.emit(None)
            return
        index = self.explained_index
        if index is None:
            index = photo.recognition.best.index
        self.inference.explain(photo.key, features, index)

    @Slot(int, int, object)
    def _explained(self, key: int, index: int, heat: NDArray[np.float32] | None) -> None:
        photo = self.current
        if not self._explain or photo is None or photo.key != key or photo.recognition is None:
            return
        wanted = photo.recognition.best.index if self.explained_index is None else self.explained_index
        if wanted == index:
            self.heat_ready.emit(heat)

    # what the workers say

    @Slot(object)
    def _delivered(self, delivery: Delivery) -> None:
        changed = {key for key in delivery.started if self.session.set_running(key)}
        for seen in delivery.seen:
            if self.session.set_size(seen.key, seen.size):
                changed.add(seen.key)
            if seen.thumbnail is not None and seen.key in self.session:
                self.thumbs.put(seen.key, seen.thumbnail)
                changed.add(seen.key)
        answered = False
        for answer in delivery.answers:
            if answer.generation == self._generation and self._write_down(answer):
                changed.add(answer.key)
                answered = True
        if not changed:
            return
        self.rows.refresh(changed)
        if self._current in changed:
            self.current_updated.emit()
            if self._explain:
                self._ask_heat()
        if answered:
            self._count_soon()
            if self.session.arranged:
                self._arrange_soon()

    def _write_down(self, answer: Answer) -> bool:
        recognition = answer.recognition
        if recognition is None:
            reason = "" if answer.error is None else answer.error.reason
            return self.session.set_problem(answer.key, reason)
        if not self.session.set_answer(answer.key, recognition):
            return False
        self.pace.step(time.monotonic())
        if recognition.features is not None:
            self._features[answer.key] = recognition.features
            self._features.move_to_end(answer.key)
            while len(self._features) > FEATURES_KEPT:
                self._features.popitem(last=False)
        if not self._had_result:
            self._had_result = True
            # After the window has painted it.
            QTimer.singleShot(0, self, self.first_result.emit)
        return True

    @Slot(int, object)
    def _thumbnail_ready(self, key: int, image: QImage) -> None:
        if key in self.session:
            self.thumbs.put(key, image)
            self.rows.refresh([key])

    @Slot(object)
    def _thumbnails_wanted(self, keys: list[int]) -> None:
        # A photo in the recogniser's queue gets its picture on the way; asking twice would decode it twice.
        idle = self.bundle is None or self.paused or self.stopped
        photos = [p for p in (self.session.get(key) for key in keys) if p is not None]
        wanted = [p for p in photos if p.state is PhotoState.DONE or (idle and p.state is PhotoState.WAITING)]
        self.loader.want_thumbnails((p.key, p.source, p.name) for p in wanted)

    # helpers

    def _recognise_current(self) -> None:
        photo = self.current
        if photo is None or self.bundle is None or photo.state is PhotoState.FAILED:
            return
        if photo.state is PhotoState.DONE and not photo.stale and photo.key in self._features:
            if self._explain:
                self._ask_heat()
            return
        self.inference.submit_now(self._request(photo, explain=True))

    def _submit(self, keys: Iterable[int]) -> None:
        photos = [p for p in (self.session.get(key) for key in keys) if p is not None]
        if photos and self.bundle is not None:
            self.pace.restart()
            self.inference.submit([self._request(photo, explain=False) for photo in photos])

    def _request(self, photo: Photo, *, explain: bool) -> Request:
        return Request(photo.key, photo.source, photo.name, explain, thumbnail=photo.key not in self.thumbs)

    def _count_soon(self) -> None:
        if not self._count_timer.isActive():
            self._count_timer.start()

    @Slot()
    def _count(self) -> None:
        self._count_timer.stop()
        counts: Counts = self.session.counts()
        if counts.pending == 0:
            self.stopped = False
        self.counts_changed.emit(counts)

    def _arrange_soon(self) -> None:
        if not self._arrange_timer.isActive():
            self._arrange_timer.start()

    @Slot()
    def _rearrange(self) -> None:
        self._arrange_timer.stop()
        begin = time.monotonic()
        self.rows.arrange()
        self.arranged.emit()
        # Sorting very many photos takes its time; it is then done less often.
        taken = (time.monotonic() - begin) * 1000
        self._arrange_timer.setInterval(max(ARRANGE_MS, round(ARRANGE_PAUSE * taken)))


def _single_shot(parent: QObject, milliseconds: int, slot: object) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(slot)
    return timer
