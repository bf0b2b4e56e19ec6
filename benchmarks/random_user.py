"""A seeded random user in the real window with the real workers: no crash report, no hold over a second, a quick end.

Run as `python -m benchmarks.random_user [--minutes M] [--seeds N] [--jobs J]`, or `--seed S` to repeat one run. Each
seed has a process, a home and a copy of its data of its own; it clicks, types, drags, drops photos, folders and broken
files, answers dialogs, trains, damages files, closes windows, quits and starts the program again. A crash report, a
warning of Qt, a hold, something left behind by a quit, one that takes over three seconds, or a file written outside of
its sandbox fails the seed and prints the last actions; so does a crash of Qt itself, with the stack of every thread.
What was reached (pages, steps, dialogs, trainings) is printed for each, so that a run that saw little is noticed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import REPOSITORY, table

GRACE_SECONDS = 90.0
"""A run may take so much longer than it was given: making its data, and the last quit."""


@dataclass(frozen=True)
class Outcome:
    """How a seed's run ended.

    Attributes:
        code: 0 without a fault; negative where a signal ended it.
        output: all it said.
    """

    seed: int
    code: int
    output: str
    seconds: float

    @property
    def faults(self) -> list[str]:
        """The titles of what was found."""
        titles = [line.partition(": ")[2] for line in self.output.splitlines() if line.startswith("== fault ")]
        return titles or ([] if self.code == 0 else [f"the process ended with {self.code}"])


def play(seed: int, seconds: float, *, keep: Path | None = None, more: tuple[str, ...] = ()) -> Outcome:
    """Run one seed in a process of its own.

    Args:
        seed: which.
        seconds: for how long.
        keep: leave the sandbox in this folder; None throws it away.
        more: further arguments of `tests.journeys.play`.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-user-", ignore_cleanup_errors=True) as name:
        sandbox = Path(name) if keep is None else keep / f"seed {seed}"
        sandbox.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "tests.journeys.play", "--seed", str(seed), "--seconds", str(seconds),
                   "--sandbox", str(sandbox), *more]  # fmt: skip
        try:
            done = subprocess.run(
                command, cwd=REPOSITORY, text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=seconds + GRACE_SECONDS, check=False,
            )  # fmt: skip
            code, output = done.returncode, done.stdout
        except subprocess.TimeoutExpired as error:
            code = 124
            output = error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else str(error.stdout)
        if code not in (0, 1):
            # The program keeps the stacks of a crash in native code to itself.
            for file in sorted((sandbox / "home").rglob("fault*.txt")):
                output += f"\n{file.name}:\n{file.read_text(errors='replace')}"
            diary = sandbox / "actions.txt"
            last = diary.read_text(encoding="utf-8").splitlines()[-60:] if diary.is_file() else ["none"]
            output += "\nLast actions:\n" + "\n".join(last)
    return Outcome(seed, code, output, time.monotonic() - began)


def main() -> int:
    """Run the seeds and print; exit 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=5.0, help="for each seed")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--first", type=int, default=1, help="the first of the seeds")
    parser.add_argument("--jobs", type=int, default=1, help="how many at the same time")
    parser.add_argument("--keep", type=Path, help="keep the sandboxes and the reports in this folder")
    parser.add_argument("--verbose", action="store_true", help="print every action")
    options = parser.parse_args()
    seeds = [options.seed] if options.seed is not None else range(options.first, options.first + options.seeds)
    more = ("--verbose",) if options.verbose else ()
    failed = 0
    rows: list[tuple[str, str, str]] = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for outcome in pool.map(lambda seed: play(seed, options.minutes * 60, keep=options.keep, more=more), seeds):
            print(f"\n{'=' * 100}\n{outcome.output.rstrip()}", flush=True)
            if options.keep is not None:
                (options.keep / f"seed {outcome.seed}.txt").write_text(outcome.output, encoding="utf-8")
            failed += outcome.code != 0
            verdict = "; ".join(outcome.faults) or "no fault"
            rows.append((f"seed {outcome.seed}", f"{outcome.seconds:.0f} s", verdict[:300]))
    table("The random user", rows)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
