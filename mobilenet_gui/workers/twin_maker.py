"""Owns having the 8-bit twin of the model in use made: beside the window, in the worker, when nobody waits.

It is begun when the first answers have been given and none was for `REST_SECONDS`, once a model. What has been answered
stays as it is: the twin answers from the next time on that the model is loaded, except where 8 bits were asked for.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QTimer

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import Cancelled, UserError
from mobilenet_gui.core.twins import find, hindrance
from mobilenet_gui.workers.active_model import ActiveModel
from mobilenet_gui.workers.executor import executor, tell
from mobilenet_gui.workers.inference import InferenceWorker

REST_SECONDS: Final = 20.0
_LOOK_MS: Final = 5000


class TwinMaker(QObject):
    """Makes twins. Lives in the window's thread."""

    def __init__(
        self, active: ActiveModel, inference: InferenceWorker, occupied: Callable[[], bool], parent: QObject
    ) -> None:
        """Make nothing before `inference` has answered.

        Args:
            active: says which model is in use, and with what precision.
            inference: whose answers show whether anybody waits.
            occupied: whether the computer is busy with what the user has asked for, such as a training.
            parent: as for every QObject.
        """
        super().__init__(parent)
        self._active, self._inference, self._occupied = active, inference, occupied
        self._answered = 0.0
        self._thread: threading.Thread | None = None
        self._cancel = threading.Event()
        self._tried: set[str] = set()
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.look)
        inference.delivered.connect(self._note)
        inference.live_answered.connect(self._note)

    def stop(self) -> None:
        """Make no more, and end what is being made; for the end of the program."""
        self._cancel.set()
        self._timer.stop()

    def _note(self, *_: object) -> None:
        self._answered = time.monotonic()
        if not self._timer.isActive() and not self._cancel.is_set():
            self._timer.start()

    def look(self) -> None:
        """Begin, if a twin is missing and nobody waits."""
        resting = time.monotonic() - self._answered >= REST_SECONDS
        if not resting or not self._inference.idle or self._active.busy or self._occupied():
            return
        self._timer.stop()  # until something is answered again
        bundle = self._active.bundle
        under_way = self._thread is not None and self._thread.is_alive()
        if bundle is None or under_way or self._active.precision == "float" or bundle.id in self._tried:
            return
        self._tried.add(bundle.id)
        if not hindrance(bundle) and find(bundle) is None:
            work = partial(self._make, bundle)
            self._thread = executor().start(work, "8-bit network", owner=self, cancel=self._cancel.set)

    def _make(self, bundle: Bundle) -> None:
        from mobilenet_gui.model_builder import make_twin

        with contextlib.suppress(UserError, Cancelled):  # the full network goes on answering, and nobody asked
            make_twin(bundle, self._cancel, polite=True)
            tell(self, self._made)

    def _made(self) -> None:
        if self._active.precision == "int8":
            self._active.reload()
