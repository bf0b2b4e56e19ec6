"""Owns what a training's thread works with: its number, what stops it, and what passes its events on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mobilenet_gui.training import protocol

PROGRESS_SECONDS: Final = 0.1
"""Mere progress is told to the window no more often than this."""


@dataclass(frozen=True, slots=True)
class Token:
    """One training, as its thread knows it.

    Attributes:
        number: tells it from those before and after it.
        cancel: set to stop it.
    """

    number: int
    cancel: threading.Event


class Listener:
    """Passes events on, but of mere progress only so many a second, and keeps how a failure was told."""

    def __init__(self, tell: Callable[[protocol.Event, float], None]) -> None:
        self._tell = tell
        self._last = 0.0
        self.failed_kind = ""
        self.begun = False

    def hear(self, event: protocol.Event) -> None:
        """Take an event; called in the training's thread."""
        now = time.monotonic()
        self.begun = True
        if isinstance(event, protocol.Failed):
            self.failed_kind = event.kind
        elif isinstance(event, protocol.Progress):
            if now - self._last < PROGRESS_SECONDS:
                return
            self._last = now
        elif isinstance(event, (protocol.Log, protocol.Ready, protocol.Finished)):
            return
        self._tell(event, now)
