"""Owns a stand-in for the training worker: a real process that speaks the protocol as a test's plan says."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

Step = dict[str, Any] | str
"""An event as data; "await NAME" (until that command comes), "crash", "die" (without a word) or "hang"."""

_SCRIPT = r"""
import json, os, sys
plan = json.loads(sys.argv[1])
out, heard = sys.stdout, []
def say(data):
    out.write(json.dumps(data) + "\n"); out.flush()
def await_command(name):
    while name not in heard:
        line = sys.stdin.readline()
        if not line:
            os._exit(3)
        command = json.loads(line)["command"]
        heard.append(command)
        if command == "cancel":
            os._exit(3)
    heard.remove(name)
say({"event": "ready"})
await_command("run")
for step in plan:
    if isinstance(step, dict):
        say(step)
    elif step.startswith("await "):
        await_command(step[6:])
    elif step == "crash":
        sys.stderr.write("Illegal thing at 0x1\n"); sys.stderr.flush(); os._exit(70)
    elif step == "die":
        os.kill(os.getpid(), 9)
    elif step == "hang":
        await_command("nothing")
"""


def command(*plan: Step) -> list[str]:
    """Return the command of a worker that does `plan` once it is given a job."""
    return [sys.executable, "-c", _SCRIPT, json.dumps(list(plan))]


def epoch(number: int, epochs: int = 3, *, phase: str = "head", **more: Any) -> dict[str, Any]:
    """Return the event of an epoch that is a little better than the one before it."""
    figures = {
        "loss": 1.0 / number, "accuracy": 1 - 0.4 / number, "val_loss": 1.2 / number,
        "val_accuracy": 1 - 0.5 / number, "seconds": 2.0, "learning_rate": 0.001,
        "seconds_left": 2.0 * (epochs - number), "photos_per_second": 40.0,
    }  # fmt: skip
    return {"event": "epoch", "phase": phase, "epoch": number, "epochs": epochs, **figures, **more}


def phase(name: str, epochs: int = 0) -> dict[str, Any]:
    """Return the event that a phase begins."""
    return {"event": "phase", "phase": name, "epochs": epochs}


def paused(now: bool) -> dict[str, Any]:
    """Return the event that it stands still, or goes on."""
    return {"event": "paused", "paused": now}


def finished(**result: Any) -> dict[str, Any]:
    """Return the last event of a training that came to its end."""
    return {"event": "finished", "result": {"accuracy": 0.95, "seconds": 6.0, **result}}


def fine(epochs: Sequence[int] = (1, 2, 3)) -> list[Step]:
    """Return the plan of a training without trouble."""
    return [phase("photos"), phase("head", len(epochs)), *(epoch(n, len(epochs)) for n in epochs), phase("test"),
            finished()]  # fmt: skip
