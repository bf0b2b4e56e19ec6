"""Kills the trainer at random moments and looks whether anything is lost: `python -m benchmarks.fine_tune_crash`.

One run with blocks to adapt is started, killed with SIGKILL after a random while, and gone on with, again and again.
Each time the run's folder must be readable, an older model beside it must work, and of the finished epochs at most the
last may be lost. A training that comes to its end before its kill is followed by another. The last is let finish.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import threading
from pathlib import Path

from benchmarks.common import shared, table
from benchmarks.fine_tune_accuracy import BASE, home_with_base
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.training.dataset import read_source
from mobilenet_gui.training.job import TrainJob
from mobilenet_gui.training.process import WorkerProcess
from mobilenet_gui.training.run_folder import RunFolder, RunSpec
from mobilenet_gui.training.training_settings import TrainingSettings


def _works(folder: Path) -> bool:
    bundle = Bundle.open(folder)
    bundle.verify()
    LiteRTRecognizer(bundle, threads=1).close()
    return True


def _order(place: Path, home: Path, settings: TrainingSettings) -> RunFolder:
    classes, samples, _ = read_source(shared() / "datasets" / "hymenoptera").samples(settings)
    run = RunFolder(place)
    base = home / "models" / BASE
    run.write_spec(RunSpec("1", "", "Crash", classes, samples, settings, base, place.parent / "features"))
    return run


def _epochs(run: RunFolder) -> int:
    return sum(record.phase == "adapt" for record in run.state().history)


def _killed(run: RunFolder, after: float) -> bool:
    """Train until `after` seconds have gone by; returns whether it came to its end before."""
    with WorkerProcess() as worker:
        timer = threading.Timer(after, worker.stop_at_once)
        timer.start()
        try:
            worker.run(TrainJob(run.path))
        except ModelError:
            return False
        finally:
            timer.cancel()
    return True


def main() -> int:
    """Kill, look, go on; return 1 where something was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    moments = random.Random(arguments.seed)
    kept = lost = 0
    with home_with_base() as environment, tempfile.TemporaryDirectory() as folder:
        home = Path(environment["MOBILENET_GUI_HOME"])
        settings = TrainingSettings(epochs=40, unfreeze_blocks=1, patience=0)
        runs = (_order(Path(folder) / f"run-{number}", home, settings) for number in itertools.count())
        run = next(runs)
        while kept + lost < arguments.kills:
            before = _epochs(run)
            if _killed(run, moments.uniform(1.0, 45.0)):
                run = next(runs)
                continue
            state = run.state()
            sound = state.status in ("interrupted", "new") and run.spec().name == "Crash"
            sound = sound and _works(home / "models" / BASE) and _epochs(run) >= before - 1
            kept += sound
            lost += not sound
        with WorkerProcess() as worker:
            result = worker.run(TrainJob(run.path))
        finished = _works(Path(result["bundle"]))
    table(
        "Killing the trainer at random moments",
        [("kills survived", f"{kept} of {arguments.kills}", f"{arguments.kills} demanded"),
         ("finished afterwards", str(finished), ""), ("accuracy then", f"{100 * result['accuracy']:.1f} %", "")],
    )  # fmt: skip
    return int(bool(lost) or not finished)


if __name__ == "__main__":
    sys.exit(main())
