"""Owns what the worker process and its parent say to each other: one JSON object a line. No TensorFlow.

Parent to worker, on stdin: `{"command": "warm"}` (load TensorFlow while waiting), `{"command": "run", "job": {...}}`
(once), `{"command": "cancel"}`; closing stdin cancels too. A training also obeys `pause`, `resume` and `finish` (stop
now, keep the best so far). Worker to parent, on stdout: the events below. A line that
is no such object is log text.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, cast

EXIT_FINISHED = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_CANCELLED = 3
EXIT_CRASHED = 4

MAX_LINE = 4 << 20


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker listens."""

    event: ClassVar[str] = "ready"


@dataclass(frozen=True, slots=True)
class Progress:
    """Work goes on: the step (`core.phases`) and the share of the whole that is done, 0-1, None where unknown."""

    phase: str
    fraction: float | None = None
    event: ClassVar[str] = "progress"


@dataclass(frozen=True, slots=True)
class Log:
    """A line for the log, not for the user."""

    text: str
    event: ClassVar[str] = "log"


@dataclass(frozen=True, slots=True)
class Finished:
    """The job is done; `result` depends on the job."""

    result: dict[str, Any] = field(default_factory=dict)
    event: ClassVar[str] = "finished"


@dataclass(frozen=True, slots=True)
class Failed:
    """The job failed; `kind` is `model` or `storage` for a `UserError` with words, `crash` for a fault of ours."""

    subject: str
    reason: str
    kind: str = "model"
    event: ClassVar[str] = "failed"


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    """A training entered a phase.

    Attributes:
        phase: `photos` (prepare photos), `head` (learn the classes), `adapt` (adapt the last layers) or `test`.
        epochs: how many are planned for the whole run, 0 where unknown.
    """

    phase: str
    epochs: int = 0
    event: ClassVar[str] = "phase"


@dataclass(frozen=True, slots=True)
class Epoch:
    """A training finished an epoch; the fields of `run_folder.EpochRecord`, and how it goes on.

    Attributes:
        phase: `head` or `adapt`.
        epoch: 1-based over the whole run.
        epochs: how many are planned.
        loss: mean cross-entropy on the training photos, and so on; nan where unknown.
        seconds: what this epoch took.
        seconds_left: what is left of the whole run, None while unknown.
        photos_per_second: 0 where unknown.
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
    seconds_left: float | None = None
    photos_per_second: float = 0.0
    event: ClassVar[str] = "epoch"


@dataclass(frozen=True, slots=True)
class Note:
    """Something the user should know of a training that goes on.

    Attributes:
        text: in words, translated.
        kind: `batch` (it was halved), `nan`, `missing` (photos left out), `resumed`, `early` (stopped early),
            `base` (which model it starts from), `info`.
    """

    text: str
    kind: str = "info"
    event: ClassVar[str] = "note"


@dataclass(frozen=True, slots=True)
class Bases:
    """Models were tried; `tried` of the result holds `id`, `name`, `accuracy` and `loss` of each, the best first."""

    result: dict[str, Any] = field(default_factory=dict)
    event: ClassVar[str] = "bases"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A training goes on without a photo, because it could not be read; `reason` in words, translated."""

    path: str
    reason: str
    event: ClassVar[str] = "unreadable"


@dataclass(frozen=True, slots=True)
class Paused:
    """A training stands still (`paused`) or goes on."""

    paused: bool
    event: ClassVar[str] = "paused"


@dataclass(frozen=True, slots=True)
class Exported:
    """An export is done with one format; `result` is an `export_job.ExportResult` as data."""

    result: dict[str, Any] = field(default_factory=dict)
    event: ClassVar[str] = "exported"


Event = (
    Ready | Progress | Log | Finished | Failed | PhaseChanged | Epoch | Note | Bases | Unreadable | Paused | Exported
)


_RESULTS: dict[str, type[Finished | Exported | Bases]] = {kind.event: kind for kind in (Finished, Exported, Bases)}


def encode(event: Event) -> bytes:
    """Return an event as one line with its line end."""
    return (json.dumps({"event": event.event, **asdict(event)}, ensure_ascii=True) + "\n").encode("ascii")


def decode(line: bytes) -> Event | None:
    """Return the event in a line, None where it is none."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not isinstance(data.get("event"), str):
        return None
    text = {key: value for key, value in data.items() if isinstance(value, str)}
    result = data["result"] if isinstance(data.get("result"), dict) else {}
    event: Event | None = None
    match data["event"]:
        case "ready":
            event = Ready()
        case "progress":
            event = Progress(text.get("phase", ""), _fraction(data.get("fraction")))
        case "log":
            event = Log(text.get("text", ""))
        case "finished" | "exported" | "bases" as kind:
            event = _RESULTS[kind](result)
        case "failed":
            event = Failed(text.get("subject", ""), text.get("reason", ""), text.get("kind", "model"))
        case "phase":
            event = PhaseChanged(text.get("phase", ""), _whole(data.get("epochs")))
        case "epoch":
            event = _epoch(text.get("phase", ""), data)
        case "note":
            event = Note(text.get("text", ""), text.get("kind", "info"))
        case "unreadable":
            event = Unreadable(text.get("path", ""), text.get("reason", ""))
        case "paused":
            event = Paused(data.get("paused") is True)
    return event


def _epoch(phase: str, data: dict[str, Any]) -> Epoch:
    left = _number(data.get("seconds_left"))
    speed = _number(data.get("photos_per_second"))
    return Epoch(
        phase,
        _whole(data.get("epoch")),
        _whole(data.get("epochs")),
        _number(data.get("loss")),
        _number(data.get("accuracy")),
        _number(data.get("val_loss")),
        _number(data.get("val_accuracy")),
        _number(data.get("seconds")),
        _number(data.get("learning_rate")),
        seconds_left=left if math.isfinite(left) else None,
        photos_per_second=speed if math.isfinite(speed) else 0.0,
    )


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _number(value: object) -> float:
    usable = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(cast("float", value)) if usable else math.nan


def _fraction(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value <= 1 else None


def command(name: str, **more: Any) -> bytes:
    """Return a command to the worker as one line with its line end."""
    return (json.dumps({"command": name, **more}, ensure_ascii=True) + "\n").encode("ascii")


def decode_command(line: bytes) -> tuple[str, dict[str, Any]] | None:
    """Return a command's name and the rest of it, None where the line is no command."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not isinstance(data.get("command"), str):
        return None
    return data.pop("command"), data
