"""Owns what the window knows of a training that runs or has ended: one frozen value, made anew by every event."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.training import protocol
from mobilenet_gui.training.run_folder import EpochRecord

Status = Literal["starting", "running", "paused", "finished", "cancelled", "failed"]
Asked = Literal["", "pause", "resume", "finish", "cancel"]
LIVE: Final = frozenset({"starting", "running", "paused"})
PHASES: Final = ("compare", "photos", "head", "adapt", "test")
_SPANS: Final = {
    "compare": (0.0, 0.1),
    "photos": (0.1, 0.2),
    "head": (0.2, 0.3),
    "adapt": (0.3, 0.95),
    "test": (0.95, 1.0),
}
"""Where each phase begins and ends within the whole; adapting takes by far the longest."""
SETTLED_SECONDS: Final = 3.0
"""From then on a phase's pace is believed."""
_RECORD: Final = EpochRecord.__dataclass_fields__


@dataclass(frozen=True, slots=True)
class Order:
    """What is known of a training before it begins.

    Attributes:
        seconds: how long it will take, as was estimated; None where nobody knows.
        learnt: photos to learn from.
        seen: photos that are prepared: those to learn from and those for validation.
        epochs: all that are planned, where an earlier part of the training has told; 0 otherwise.
    """

    seconds: float | None = None
    learnt: int = 0
    seen: int = 0
    epochs: int = 0


@dataclass(frozen=True, slots=True)
class TrainingState:
    """A training as the window sees it.

    Attributes:
        project_id: whose.
        folder: its run folder; while it is being prepared that is not there yet, and this the folder of all runs.
        status: where it is; "starting" until the worker has said something of it.
        asked: what it was asked to do and has not done yet.
        phase: one of `PHASES`; empty before the first.
        fraction: share of the phase that is done, 0-1, None where unknown.
        history: the epochs so far, those before an interruption included.
        planned: how many epochs there will be at most, 0 where unknown.
        seconds_left: of the whole run when `left_at` was, None while unknown.
        left_at: the monotonic time at which `seconds_left` was said.
        photos_per_second: 0 where unknown.
        order: what was known of it before it began.
        phase_began: the monotonic time at which the phase began; pauses since then are added to it.
        notes: what the user should know, oldest first.
        error: why it failed.
        crashed: it failed because the process ended or broke down, not because of something the user could mend.
        result: what a finished one returned; see `TrainJob`.
        log: the worker's last lines, of one that failed.
        name: of the model.
    """

    project_id: str
    folder: Path
    status: Status = "starting"
    asked: Asked = ""
    phase: str = ""
    fraction: float | None = None
    history: tuple[EpochRecord, ...] = ()
    planned: int = 0
    seconds_left: float | None = None
    left_at: float = 0.0
    photos_per_second: float = 0.0
    order: Order = Order()
    phase_began: float = 0.0
    notes: tuple[protocol.Note, ...] = ()
    error: UserError | None = None
    crashed: bool = False
    result: dict[str, Any] = field(default_factory=dict)
    log: tuple[str, ...] = ()
    name: str = ""

    @property
    def preparing(self) -> bool:
        """There is no run yet: the photos are compared, and the project is frozen."""
        return self.status in LIVE and self.phase == "compare"

    def ordered(self, order: Order) -> TrainingState:
        """Return it with what is known of it beforehand."""
        now = time.monotonic()
        return replace(
            self, planned=order.epochs, seconds_left=order.seconds, left_at=now, order=order, phase_began=now
        )

    @property
    def live(self) -> bool:
        """It has not ended."""
        return self.status in LIVE

    @property
    def outcome(self) -> Literal["successful", "cancelled", "crashed", "failed"] | None:
        """How it ended; None while it is under way."""
        if self.status == "failed":
            return "crashed" if self.crashed else "failed"
        return {"finished": "successful", "cancelled": "cancelled"}.get(self.status)  # type: ignore[return-value]

    @property
    def best(self) -> EpochRecord | None:
        """The epoch with the highest validation accuracy, of equal ones the one with the lower loss."""
        good = [record for record in self.history if math.isfinite(record.val_accuracy)]
        return max(good, key=lambda record: (record.val_accuracy, -record.val_loss), default=None)

    @property
    def share(self) -> float | None:
        """How much of the whole run is done, about, 0-1: by its phases; None before the first."""
        if self.status == "finished":
            return 1.0
        if self.phase not in _SPANS:
            return None
        begin, end = _SPANS[self.phase]
        return begin + (end - begin) * (self.fraction or 0.0)

    def left_now(self, now: float | None = None) -> float | None:
        """Return the seconds left, counted down since they were told; it stands still while paused.

        None where nobody knows: it was told to stop, or takes longer than was thought beforehand.
        """
        if self.asked in ("finish", "cancel"):
            return None
        if self.seconds_left is None or self.status == "paused":
            return self.seconds_left
        left = self.seconds_left - ((time.monotonic() if now is None else now) - self.left_at)
        return None if left < 0 and self.seconds_left == self.order.seconds else max(0.0, left)

    @property
    def _adapting(self) -> bool:
        """Epochs of adapting have been measured."""
        return bool(self.history) and self.history[-1].phase == "adapt"

    def after(self, event: protocol.Event, now: float) -> TrainingState:
        """Return the state after an event that came at monotonic time `now`."""
        match event:
            case protocol.Progress():
                return self._after_progress(event, now)
            case protocol.PhaseChanged():
                phase = _known(event.phase, self.phase)
                return replace(
                    self, status=self._awake(), phase=phase, fraction=0.0, planned=event.epochs or self.planned,
                    photos_per_second=0.0, phase_began=now,
                )  # fmt: skip
            case protocol.Epoch():
                return self._after_epoch(event, now)
            case protocol.Note():
                return replace(self, notes=(*self.notes, event))
            case protocol.Paused():
                # The wait does not count: what was left when it stopped is left when it goes on.
                left = replace(self, seconds_left=self.left_now(now), left_at=now)
                asked: Asked = "" if self.asked in ("pause", "resume") else self.asked
                stood = now - self.left_at if self.status == "paused" else 0.0
                began = self.phase_began + stood
                return replace(left, status="paused" if event.paused else "running", asked=asked, phase_began=began)
        return self

    def _after_progress(self, event: protocol.Progress, now: float) -> TrainingState:
        """Return the state a little further on; before the first epoch has told, the pace so far says how fast."""
        phase = _known(event.phase, self.phase)
        # What comes before a phase's own work, such as building the network, says nothing of its pace.
        began = now if event.phase != self.phase else self.phase_began
        state = replace(self, status=self._awake(), phase=phase, fraction=event.fraction, phase_began=began)
        took, share = now - began, event.fraction or 0.0
        if took < SETTLED_SECONDS or share <= 0.0 or self.status == "paused":
            return state
        if phase == "photos":
            return replace(state, photos_per_second=share * self.order.seen / took)
        if phase != "adapt" or self._adapting:
            return state
        epochs = self.planned - sum(record.phase == "head" for record in self.history)
        speed = share * max(epochs, 0) * self.order.learnt / took
        return replace(state, seconds_left=took / share * (1 - share), left_at=now, photos_per_second=speed)

    def _after_epoch(self, event: protocol.Epoch, now: float) -> TrainingState:
        record = EpochRecord(**{name: getattr(event, name) for name in _RECORD})
        earlier = tuple(old for old in self.history if old.epoch < record.epoch)
        before = max((old.epoch for old in earlier if old.phase != record.phase), default=0)
        planned = record.epochs - before
        return replace(
            self,
            status=self._awake(),
            phase=_known(event.phase, self.phase),
            fraction=(record.epoch - before) / planned if planned > 0 else None,
            history=(*earlier, record),
            planned=record.epochs or self.planned,
            seconds_left=self.seconds_left if event.seconds_left is None else event.seconds_left,
            left_at=self.left_at if event.seconds_left is None else now,
            # While the classes are learnt no photo is looked at, only what the network made of them before.
            photos_per_second=0.0 if record.phase == "head" else event.photos_per_second or self.photos_per_second,
        )

    def _awake(self) -> Status:
        return "running" if self.status == "starting" else self.status


def _known(phase: str, before: str) -> str:
    return phase if phase in PHASES else before
