"""How `classify` scales over the cores: all jobs beside one job, and beside the ceiling that the machine sets.

Run as `python -m benchmarks.classify_scaling [--photos N] [--rounds N] [--model ID]`. The ceiling is measured with
independent processes of one job each that share the photos out between them: what they lose, the machine takes
(shared caches and memory, clock speed under load, other work), not the program. Rounds alternate, the best counts.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.common import home_with_model, judge, photos, table
from mobilenet_gui.core.cores import usable_cores

DEMANDED = 0.85


@contextlib.contextmanager
def folders(count: int, parts: int) -> Iterator[list[Path]]:
    """Yield `parts` folders that hold `count` real photos between them."""
    sources = photos()
    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-bench-") as root:
        places = [Path(root) / str(part) for part in range(parts)]
        for place in places:
            place.mkdir()
        contents = [source.read_bytes() for source in sources]
        for number in range(count):
            (places[number % parts] / f"{number:06}.jpg").write_bytes(contents[number % len(contents)])
        yield places


@contextlib.contextmanager
def home(model: str | None) -> Iterator[dict[str, str]]:
    """Yield an environment with the benchmark model, or this one's when a model is named."""
    if model is None:
        with home_with_model() as environment:
            yield environment
    else:
        yield dict(os.environ)


def seconds(environment: dict[str, str], commands: Sequence[Sequence[str]]) -> float:
    """Run `classify` once for each list of arguments, all at the same time; return the seconds until the last ends."""
    start = time.perf_counter()
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "mobilenet_gui", "classify", "--format", "json", *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        for arguments in commands
    ]
    codes = [process.wait() for process in running]
    if any(codes):
        sys.exit(f"classify ended with {codes}")
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", help="an installed model's id (default: the benchmark model)")
    arguments = parser.parse_args()
    cores = usable_cores()
    model = [] if arguments.model is None else ["--model", arguments.model]
    best = {"one job": float("inf"), "all jobs": float("inf"), "independent": float("inf")}
    with home(arguments.model) as environment, folders(arguments.photos, cores) as places:
        everything = [str(place) for place in places]
        seconds(environment, [[everything[0], "--jobs", "1", *model]])  # fills the disk cache
        for _ in range(arguments.rounds):
            measured = {
                "one job": seconds(environment, [[*everything, "--jobs", "1", *model]]),
                "all jobs": seconds(environment, [[*everything, "--jobs", str(cores), *model]]),
                "independent": seconds(environment, [[each, "--jobs", "1", *model] for each in everything]),
            }
            best = {way: min(best[way], measured[way]) for way in best}
    share = best["one job"] / best["all jobs"] / cores
    ceiling = best["one job"] / best["independent"] / cores
    rate = {way: arguments.photos / spent for way, spent in best.items()}
    table(
        f"classify, {arguments.photos} photos, {cores} cores, whole processes, best of {arguments.rounds}",
        [
            ("1 job", f"{best['one job']:.2f} s, {rate['one job']:.0f} photos/s", ""),
            (f"{cores} jobs", f"{best['all jobs']:.2f} s, {rate['all jobs']:.0f} photos/s", ""),
            (f"{cores} processes", f"{best['independent']:.2f} s, {rate['independent']:.0f} photos/s", ""),
            (f"{cores} jobs, share of perfect", f"{share:.2f}", judge(share, DEMANDED, at_least=True)),
            (f"{cores} processes, share of perfect", f"{ceiling:.2f}", "(the ceiling here)"),
            (f"{cores} jobs : {cores} processes", f"{share / ceiling:.2f}", ""),
        ],
    )


if __name__ == "__main__":
    main()
