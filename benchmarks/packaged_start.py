"""Start of what ships beside the start from source, pair by pair: `python -m benchmarks.packaged_start PROGRAM [RUNS]`.

From starting the process to the line that says the window is shown, by this process's clock; the installed program may
take one and a half times as long.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from benchmarks.common import home_with_model, judge, median, photos, table
from benchmarks.startup import display

LIMIT = 1.5


def start(command: Sequence[str], environment: dict[str, str], photo: str) -> tuple[float, float]:
    """Start the window with a photo; return the seconds until it is shown and until the photo's answer is there."""
    words = [*command, "--startup-trace", "--new-window", photo]
    begun = time.monotonic()
    process = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    shown = 0.0
    for line in process.stderr:
        if line.startswith("window shown"):
            shown = time.monotonic() - begun
        if line.startswith("first result"):
            break
    result = time.monotonic() - begun
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    return shown, result


def main() -> None:
    """Measure in pairs and print the ratios."""
    if len(sys.argv) < 2:
        sys.exit("Name the installed program: python -m benchmarks.packaged_start PROGRAM [RUNS]")
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    photo = str(photos()[0])
    source = [sys.executable, "-m", "mobilenet_gui"]
    with home_with_model() as environment, display(environment) as kind:
        packaged_environment = {key: value for key, value in environment.items() if key != "PYTHONPATH"}
        ours, theirs = [], []
        for run in range(runs + 1):
            pair = start(source, environment, photo), start([sys.argv[1]], packaged_environment, photo)
            if run:  # the first pair fills the disk cache
                ours.append(pair[0])
                theirs.append(pair[1])
    rows = []
    for number, name in enumerate(("window shown", "first result")):
        before, after = median([one[number] for one in ours]), median([one[number] for one in theirs])
        rows.append((f"{name}, from source", f"{before:.2f} s", ""))
        rows.append((f"{name}, installed", f"{after:.2f} s", ""))
        rows.append(("ratio", f"{after / before:.2f}", "" if number else judge(after / before, LIMIT)))
    table(f"{runs} pairs on {kind}", rows)


if __name__ == "__main__":
    main()
