"""Start: our window and its first result beside the rival's first result, pair by pair; and the idle window's memory.

Run as `python -m benchmarks.startup [RUNS]`. Uses the display there is, else an Xvfb, else Qt's offscreen platform.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil

from benchmarks.common import home_with_model, judge, median, photos, table
from tests.xvfb import AVAILABLE, xvfb

IDLE_SECONDS = 3.0


@contextlib.contextmanager
def display(environment: dict[str, str]) -> Iterator[str]:
    """Yield the kind of display; adds what it needs to `environment`."""
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        yield "the desktop's display"
        return
    if not AVAILABLE:
        environment["QT_QPA_PLATFORM"] = "offscreen"
        yield "offscreen"
        return
    with xvfb(environment, (1440, 900)) as changed:
        environment.clear()
        environment.update(changed)
        yield "Xvfb"


def start_window(environment: dict[str, str], photo: str) -> tuple[dict[str, float], float]:
    """Start the window with a photo; return its milestones in seconds and its idle resident memory in MB."""
    command = [sys.executable, "-m", "mobilenet_gui", "--startup-trace", "--new-window", photo]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    milestones: dict[str, float] = {}
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.match(r"(window shown|model ready|first result): ([0-9.]+) s", line):
            milestones[found[1]] = float(found[2])
        if "first result" in milestones:
            break
    time.sleep(IDLE_SECONDS)  # let start-up's own garbage settle; this is a measurement, not a test
    resident = psutil.Process(process.pid).memory_info().rss / 1e6
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    return milestones, resident


def main() -> None:
    """Measure in pairs and print the ratios."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    few = [str(p) for p in photos()[:8]]
    with home_with_model() as environment, display(environment) as kind:
        shown, first, memory, rival, rival_memory, ready = [], [], [], [], [], []
        for run in range(runs + 1):
            out = subprocess.run(
                [sys.executable, "-m", "benchmarks.rival", *few],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            theirs = json.loads(out.stdout.splitlines()[-1])
            ours, resident = start_window(environment, few[0])
            if run == 0:
                continue  # the first pair fills the page cache
            rival.append(theirs["first_result"])
            rival_memory.append(theirs["peak_mb"])
            shown.append(ours["window shown"])
            ready.append(ours["model ready"])
            first.append(ours["first result"])
            memory.append(resident)
    window_ratio = median([r / s for r, s in zip(rival, shown, strict=True)])
    first_ratio = median([r / f for r, f in zip(rival, first, strict=True)])
    table(
        f"Start, {runs} pairs on {kind}",
        [
            ("rival, first result", f"{median(rival):.2f} s", ""),
            ("rival, peak memory", f"{median(rival_memory):.0f} MB", ""),
            ("window shown", f"{median(shown):.2f} s", ""),
            ("model ready", f"{median(ready):.2f} s", ""),
            ("first result in the window", f"{median(first):.2f} s", ""),
            ("rival / window shown", f"{window_ratio:.1f}", judge(window_ratio, 8, at_least=True)),
            ("rival / first result", f"{first_ratio:.1f}", judge(first_ratio, 5, at_least=True)),
            ("window idle, resident", f"{median(memory):.0f} MB", judge(median(memory), 260)),
        ],
    )


if __name__ == "__main__":
    main()
