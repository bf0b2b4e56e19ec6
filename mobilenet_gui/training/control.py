"""Owns what a training hears and says while it runs: cancel, pause, go on, finish now; progress and notes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from mobilenet_gui.core.errors import Cancelled
from mobilenet_gui.training import protocol

_HEARTBEAT_SECONDS: Final = 20.0
"""How often a paused training says that it is still there; its parent takes a long silence for a hang."""


class Control:
    """Stands between a training and whoever started it. `obey` is called from any thread, all else by the training."""

    def __init__(
        self, say: Callable[[protocol.Event], None] | None = None, cancel: threading.Event | None = None
    ) -> None:
        """Take where events go (nowhere by default) and what cancels."""
        self._say = say
        self._cancel = cancel or threading.Event()
        self._go = threading.Event()
        self._go.set()
        self._finish = threading.Event()
        self._cancel_heard: list[Callable[[], None]] = []
        self._pause_heard: list[Callable[[bool], None]] = []
        self.paused_seconds = 0.0
        """How long it stood still altogether."""

    def on_cancel(self, listener: Callable[[], None]) -> None:
        """Have `listener` called as soon as it is told to stop, in whatever thread hears it."""
        self._cancel_heard.append(listener)

    def on_pause(self, listener: Callable[[bool], None]) -> None:
        """Have `listener` called with whether it stands still, by the training."""
        self._pause_heard.append(listener)

    def obey(self, command: str) -> None:
        """Take `pause`, `resume`, `finish` or `cancel`; anything else is ignored."""
        if command == "pause":
            self._go.clear()
        elif command in ("resume", "finish", "cancel"):
            if command == "finish":
                self._finish.set()
            elif command == "cancel":
                # First, because the process may end as soon as the training notices.
                for listener in self._cancel_heard:
                    listener()
                self._cancel.set()
            self._go.set()

    @property
    def finishing(self) -> bool:
        """The best so far is good enough: stop now."""
        return self._finish.is_set()

    def say(self, event: protocol.Event) -> None:
        """Pass an event on."""
        if self._say is not None:
            self._say(event)

    def report(self, phase: str, fraction: float | None) -> None:
        """Say how far a step is; stands still while paused.

        Raises:
            Cancelled: it is to stop.
        """
        self.check()
        self.say(protocol.Progress(phase, fraction))

    def note(self, text: str, kind: str = "info") -> None:
        """Tell the user something."""
        self.say(protocol.Note(text, kind))

    def check(self) -> None:
        """Return at once, or stand still while paused.

        Raises:
            Cancelled: it is to stop.
        """
        if not self._go.is_set() and not self._cancel.is_set():
            since = time.monotonic()
            self._tell_paused(True)
            while not self._go.wait(_HEARTBEAT_SECONDS):
                self.say(protocol.Paused(True))
            self.paused_seconds += time.monotonic() - since
            self._tell_paused(False)
        if self._cancel.is_set():
            raise Cancelled

    def _tell_paused(self, paused: bool) -> None:
        self.say(protocol.Paused(paused))
        for listener in self._pause_heard:
            listener(paused)
