"""Owns how far a training run is, as a value and as JSON. No TensorFlow, no Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from mobilenet_gui.core.sound_text import is_sound

_MAX_TEXT: Final = 40_000

RunStatus = Literal["new", "running", "paused", "finished", "cancelled", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """The figures of one pass over the photos.

    Attributes:
        phase: `head` (only the last layer learns) or `adapt`.
        epoch: from 1, counted over the whole run.
        epochs: how many there will be at most.
        loss: mean over the train photos; NaN where the figures broke down.
        accuracy: share of the train photos answered correctly, 0-1.
        val_loss: mean over the validation photos.
        val_accuracy: share of the validation photos answered correctly, 0-1.
        seconds: what the epoch took.
        learning_rate: at its end.
    """

    phase: str
    epoch: int
    epochs: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
    learning_rate: float

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data for JSON; NaN and infinity become None."""
        return {name: finite(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_data(cls, data: object) -> EpochRecord:
        """Read it back.

        Raises:
            ValueError: it is none.
        """
        if not isinstance(data, dict):
            raise ValueError("not an epoch")
        return cls(
            phase=as_text(data.get("phase", "")),
            epoch=as_whole(data.get("epoch")),
            epochs=as_whole(data.get("epochs")),
            **{name: as_number(data.get(name)) for name in _NUMBERS},
        )


_NUMBERS: Final = ("loss", "accuracy", "val_loss", "val_accuracy", "seconds", "learning_rate")


@dataclass(slots=True)
class RunState:
    """How far a run is.

    Attributes:
        status: `interrupted` is never written: it is what a running one is called whose process is gone.
        phase: what it was doing last.
        history: the epochs so far, oldest first.
        best_epoch: the epoch whose model is kept; 0 before the first.
        seconds: time spent training, without pauses.
        accuracy: share of the test photos answered correctly, 0-1; None until tested.
        notes: what the user should know (photos missing, batch halved), in words.
        error: why it failed, in words.
        batch_size: photos a step, where the memory did not do for as many as were asked for; 0 otherwise.
        memory_ran_out: the system ended its process for want of memory while it was adapting; whoever goes on takes
            half as many photos at a time.
    """

    status: RunStatus = "new"
    phase: str = ""
    history: tuple[EpochRecord, ...] = ()
    best_epoch: int = 0
    seconds: float = 0.0
    accuracy: float | None = None
    notes: tuple[str, ...] = field(default=())
    error: str = ""
    batch_size: int = 0
    memory_ran_out: bool = False

    @property
    def can_go_on(self) -> bool:
        """It was stopped in between, or failed after an epoch that was kept, and can be taken up where it was."""
        if self.status == "failed":  # the disk was full, say; an epoch is told once it is on the disk
            return self.kept_epochs > 0
        return self.status in ("interrupted", "paused")

    @property
    def kept_epochs(self) -> int:
        """How many epochs need not be done again by who goes on; before the network is adapted it begins anew."""
        return self.history[-1].epoch if any(record.phase == "adapt" for record in self.history) else 0

    @property
    def standing(self) -> RunStatus:
        """`status`; a failed one that can go on waits for that like one that was interrupted."""
        return "interrupted" if self.status == "failed" and self.can_go_on else self.status

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        return {
            "status": self.status,
            "phase": self.phase,
            "history": [record.to_data() for record in self.history],
            "best_epoch": self.best_epoch,
            "seconds": finite(self.seconds),
            "accuracy": finite(self.accuracy),
            "notes": list(self.notes),
            "error": self.error,
            "batch_size": self.batch_size,
            "memory_ran_out": self.memory_ran_out,
        }

    @classmethod
    def from_data(cls, data: object) -> RunState:
        """Read it back.

        Raises:
            ValueError: it is none.
        """
        if not isinstance(data, dict) or data.get("status") not in get_args(RunStatus):
            raise ValueError("not the state of a run")
        accuracy = data.get("accuracy")
        return cls(
            status=data["status"],
            phase=as_text(data.get("phase", "")),
            history=tuple(EpochRecord.from_data(record) for record in as_list(data.get("history", []))),
            best_epoch=as_whole(data.get("best_epoch", 0)),
            seconds=_duration(data.get("seconds", 0.0)),
            accuracy=None if accuracy is None else as_number(accuracy),
            notes=tuple(as_text(note) for note in as_list(data.get("notes", []))),
            error=as_text(data.get("error", "")),
            batch_size=as_whole(data.get("batch_size", 0)),
            memory_ran_out=data.get("memory_ran_out") is True,
        )


def as_list(value: object) -> list[Any]:
    """Return a value of JSON that must be a list."""
    if not isinstance(value, list):
        raise ValueError("not a list")
    return value


def as_text(value: object) -> str:
    """Return one that must be a text of sensible length."""
    if not is_sound(value, _MAX_TEXT):
        raise ValueError("not a text")
    return value


def as_whole(value: object) -> int:
    """Return one that must be a whole number from 0 up."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("not a number")
    return value


def as_number(value: object) -> float:
    """Read a number; what JSON could not hold was written as None."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("not a number")
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError("not a number") from error


def _duration(value: object) -> float:
    seconds = as_number(value)
    return seconds if math.isfinite(seconds) else 0.0


def finite(value: Any) -> Any:
    """Return a value that JSON can hold: None for NaN and infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
