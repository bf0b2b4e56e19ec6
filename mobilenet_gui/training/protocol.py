"""Owns what the worker process and its parent say to each other: one JSON object a line. No TensorFlow.

Parent to worker, on stdin: `{"command": "warm"}` (load TensorFlow while waiting), `{"command": "run", "job": {...}}`
(once), `{"command": "cancel"}`; closing stdin cancels too. Worker to parent, on stdout: the events below. A line that
is no such object is log text.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

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


Event = Ready | Progress | Log | Finished | Failed


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
    result = data.get("result")
    event: Event | None = None
    match data["event"]:
        case "ready":
            event = Ready()
        case "progress":
            event = Progress(text.get("phase", ""), _fraction(data.get("fraction")))
        case "log":
            event = Log(text.get("text", ""))
        case "finished":
            event = Finished(result if isinstance(result, dict) else {})
        case "failed":
            event = Failed(text.get("subject", ""), text.get("reason", ""), text.get("kind", "model"))
    return event


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
