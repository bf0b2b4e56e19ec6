"""Owns a run's state while it is trained: written to the disk step by step, told to whoever watches."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import asdict, replace
from typing import Any

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.training import protocol
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.run_folder import EpochRecord, RunFolder, RunState, RunStatus


class Journal:
    """The run's state on the disk, kept by the one who trains. Once stopped it stays as it is.

    Attributes:
        state: as it was written last, or will be next.
        resumed: epochs of adapting lie behind it; the history begins with theirs.
    """

    def __init__(self, folder: RunFolder, control: Control, state: RunState, *, resumed: bool = False) -> None:
        self._folder, self._control, self._lock = folder, control, threading.Lock()
        self.state = state
        self.resumed = resumed
        self._before = state.seconds
        self._began = time.monotonic()
        self._closed = False
        control.on_cancel(self._cancelled)
        control.on_pause(self._paused)

    @property
    def seconds(self) -> float:
        """Time spent training, without pauses, earlier sessions included."""
        return self._before + time.monotonic() - self._began - self._control.paused_seconds

    def phase(self, name: str, epochs: int = 0) -> None:
        """Enter a phase."""
        self.record(phase=name)
        self._control.say(protocol.PhaseChanged(name, epochs))

    def epoch(self, record: EpochRecord, *, seconds_left: float | None = None, speed: float = 0.0) -> None:
        """Add an epoch to the history; it is on the disk with the next `record`."""
        self.state.history = (*self.state.history, record)
        self._control.say(protocol.Epoch(**asdict(record), seconds_left=seconds_left, photos_per_second=speed))

    @property
    def head_epochs(self) -> int:
        """How many epochs the first phase took."""
        return sum(record.phase == "head" for record in self.state.history)

    def head_done(self) -> None:
        """Record that the first phase is over."""
        self.record(best_epoch=self.head_epochs)

    def keep_epochs(self, epochs: int, last: dict[str, Any]) -> None:
        """Forget those epochs of adapting that the checkpoint does not hold, and learn of the one that it alone holds.

        Args:
            epochs: how many it holds.
            last: the figures of the last of them, as `EpochRecord.to_data`; may be empty.
        """
        head = [record for record in self.state.history if record.phase == "head"]
        adapted = [record for record in self.state.history if record.phase != "head"][:epochs]
        with contextlib.suppress(ValueError):
            if len(adapted) == epochs - 1:
                adapted.append(EpochRecord.from_data(last))
        self.state.history = (*head, *adapted)

    def note(self, text: str, kind: str = "info") -> None:
        """Tell the user something, now and in the record of the run; the same thing once."""
        if text not in self.state.notes:
            self.state.notes = (*self.state.notes, text)
            self._control.note(text, kind)

    def record(self, **changes: Any) -> None:
        """Write the state with some of it changed.

        Raises:
            StorageError: the disk refused; the state before it still stands.
        """
        with self._lock:
            for name, value in changes.items():
                setattr(self.state, name, value)
            self.state.seconds = self.seconds
            if not self._closed:
                self._folder.write_state(self.state)

    def close(self, status: RunStatus, **changes: Any) -> None:
        """Write the last state; nothing is written after it."""
        try:
            self.record(status=status, **changes)
        finally:
            with self._lock:
                self._closed = True

    def _cancelled(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                with contextlib.suppress(UserError):  # then it counts as interrupted
                    self._folder.write_state(replace(self.state, status="cancelled", seconds=self.seconds))

    def _paused(self, paused: bool) -> None:
        with contextlib.suppress(UserError):  # the training itself will hear of it soon enough
            self.record(status="paused" if paused else "running")
