"""What every benchmark shares: the real data, a home with the model installed, whole-process timing, tables."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[1]
MODEL_ID = "mobilenet-v1-0.75-192"
WEIGHTS = "mobilenet_7_5_192_tf.h5"


def shared() -> Path:
    """Return the folder of real weights and photos, or end with a word on how to name it."""
    named = os.environ.get("MOBILENET_GUI_SHARED")
    place = Path(named) if named else REPOSITORY.parent / "shared"
    if not (place / "weights").is_dir():
        sys.exit("These benchmarks need the real weights and photos: set MOBILENET_GUI_SHARED or put them in ../shared")
    return place


def photos() -> list[Path]:
    """Return the real photos, sorted."""
    return sorted((shared() / "photos").glob("*.JPEG"))


@contextlib.contextmanager
def home_with_model() -> Iterator[dict[str, str]]:
    """Yield an environment whose home has the benchmark model installed and active.

    The same weights are laid out as Keras' download cache too, for the rival.
    """
    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-bench-") as folder:
        home = Path(folder)
        keras_models = home / "keras" / "models"
        keras_models.mkdir(parents=True)
        shutil.copy(shared() / "weights" / "keras" / WEIGHTS, keras_models)
        _write_class_index(keras_models / "imagenet_class_index.json")
        environment = os.environ | {
            "HOME": folder,
            "MOBILENET_GUI_HOME": str(home / "mobilenet-gui"),
            "KERAS_HOME": str(home / "keras"),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONPATH": str(REPOSITORY),
        }
        environment.pop("MOBILENET_GUI_WEIGHTS_URL", None)
        program(environment, "models", "import", str(shared() / "weights" / "keras" / WEIGHTS), "--id", MODEL_ID)
        program(environment, "models", "activate", MODEL_ID)
        yield environment


def program(environment: dict[str, str], *arguments: str) -> str:
    """Run our command line and return what it printed."""
    command = [sys.executable, "-m", "mobilenet_gui", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(arguments)} failed with {done.returncode}:\n{done.stderr}")
    return done.stdout


def _write_class_index(path: Path) -> None:
    """Write the file `decode_predictions` would download, from our own table of the same labels."""
    from mobilenet_gui.core import labels

    index = {str(label.index): [label.id, label.name.replace(" ", "_")] for label in labels.imagenet()}
    path.write_text(json.dumps(index), encoding="utf-8")


class Tiny:
    """Tiny-imagenet's pictures, 64 x 64 pixels, by class: its train parts, `train-0.npz` to `-3`, or `val.npz`."""

    def __init__(self, *names: str) -> None:
        self._pictures: dict[int, list[bytes]] = {}
        for name in names:
            with np.load(shared() / "tiny-imagenet" / name, allow_pickle=False) as stored:
                content, ends, labels = stored["webp"].tobytes(), stored["offsets"].tolist(), stored["labels"].tolist()
            for n, label in enumerate(labels):
                self._pictures.setdefault(label, []).append(content[ends[n] : ends[n + 1]])

    def of(self, label: int, count: int, skip: int = 0) -> list[bytes]:
        """Return up to `count` pictures of a class, as WebP files."""
        return self._pictures[label][skip : skip + count]


def spread(values: Sequence[float], *, percent: bool = True, digits: int = 1) -> str:
    """Return the mean over seeds, with the least and the most, in words."""
    mean, low, high = (f"{(100 if percent else 1) * f(values):.{digits}f}" for f in (statistics.mean, min, max))
    return f"{mean}{' %' if percent else ''} ({low} - {high})"


def median(values: Sequence[float]) -> float:
    """Return the median; the figure to quote on a machine shared with others."""
    return statistics.median(values)


def table(title: str, rows: Sequence[tuple[str, str, str]]) -> None:
    """Print rows of (what, figure, demanded)."""
    print(f"\n{title}")
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    for what, figure, demanded in rows:
        print(f"  {what:<{widths[0]}}  {figure:>{widths[1]}}  {demanded:<{widths[2]}}".rstrip())


def judge(value: float, limit: float, *, at_least: bool = False) -> str:
    """Return the demand in words with whether `value` meets it."""
    met = value >= limit if at_least else value <= limit
    return f"({'at least' if at_least else 'at most'} {limit:g}: {'met' if met else 'MISSED'})"
