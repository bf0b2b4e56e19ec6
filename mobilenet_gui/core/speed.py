"""Owns "speed here": measuring how long a model takes for one photo on this machine, and remembering it.

Speeds belong to the machine, not to the model, so they lie in the cache, apart from the bundles.
"""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobilenet_gui import paths
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import Cancelled
from mobilenet_gui.core.kept_json import UNREADABLE, read_kept, write_kept
from mobilenet_gui.core.sound_text import is_sound
from mobilenet_gui.core.store_files import storage_error

if TYPE_CHECKING:
    from mobilenet_gui.core.recognizer import Recognizer

WARM_UP: Final = 5
RUNS_LEAST: Final = 15
RUNS_MOST: Final = 100
SECONDS: Final = 1.2
"""How long to measure where the network is slow enough for fewer than `RUNS_MOST` runs."""


@dataclass(frozen=True, slots=True)
class Speed:
    """One measurement.

    Attributes:
        milliseconds: the median time of the network for one photo.
        threads: how many the network could use.
        measured: ISO 8601 moment, UTC.
        model_hash: sha256 of the network that was measured.
    """

    milliseconds: float
    threads: int
    measured: str
    model_hash: str


def measure(
    bundle: Bundle,
    *,
    threads: int = 0,
    cancel: threading.Event | None = None,
    factory: Callable[[Bundle, int | None], Recognizer] | None = None,
) -> Speed:
    """Measure a model in this thread.

    Args:
        bundle: the model; not a backbone.
        threads: for the network; 0 for as many as the program usually uses.
        cancel: set it to stop between two photos.
        factory: makes the recogniser; by default LiteRT's.

    Raises:
        ModelError: the model cannot be run.
        Cancelled: `cancel` was set.
    """
    # Imported late: only a measurement needs numpy and LiteRT, and the window opens without them.
    import numpy as np

    from mobilenet_gui.core.cores import default_threads
    from mobilenet_gui.core.recognizer import LiteRTRecognizer

    threads = threads or default_threads()
    side = bundle.preprocessing.size
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    recognizer = (factory or LiteRTRecognizer)(bundle, threads)
    times: list[float] = []
    try:
        until = time.perf_counter() + SECONDS
        while len(times) < WARM_UP + RUNS_MOST:
            if cancel is not None and cancel.is_set():
                raise Cancelled
            start = time.perf_counter()
            recognizer.probabilities(pixels)
            times.append((time.perf_counter() - start) * 1e3)
            if time.perf_counter() > until and len(times) >= WARM_UP + RUNS_LEAST:
                break
    finally:
        recognizer.close()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Speed(statistics.median(times[WARM_UP:]), threads, now, model_hash(bundle))


def model_hash(bundle: Bundle) -> str:
    """Return the hash of the bundle's network; empty for a backbone."""
    entry = bundle.manifest.files.get("model")
    return "" if entry is None else entry.sha256


class SpeedBook:
    """The measured speeds, one a model. Methods may be called from any thread."""

    def __init__(self, path: Path | None = None) -> None:
        """Use `path`, by default a file in the user's cache; it need not exist."""
        self._path = path if path is not None else paths.cache_dir() / "speeds.json"
        self._lock = threading.Lock()
        self._speeds = _read(self._path)

    def get(self, bundle: Bundle) -> Speed | None:
        """Return the speed of a model; None where never measured, or where it was another network under this id."""
        with self._lock:
            found = self._speeds.get(bundle.id)
        return found if found is not None and found.model_hash == model_hash(bundle) else None

    def put(self, model_id: str, speed: Speed) -> None:
        """Remember a speed.

        Raises:
            StorageError: it could not be written; it holds for this run all the same.
        """
        with self._lock:
            # The command line may have measured others meanwhile.
            self._speeds = {**_read(self._path), **self._speeds, model_id: speed}
            text = json.dumps({key: asdict(value) for key, value in sorted(self._speeds.items())}, indent=1)
            try:
                write_kept(self._path, text)
            except OSError as error:
                raise storage_error(self._path, error) from error

    def forget(self, model_id: str) -> None:
        """Drop the speed of a model that is gone; kept in the file until the next `put`."""
        with self._lock:
            self._speeds.pop(model_id, None)


def _read(path: Path) -> dict[str, Speed]:
    """Read what is sound of the file; speeds can be measured again, so nothing here is worth an error."""
    try:
        raw = read_kept(path)
    except UNREADABLE:
        return {}
    speeds: dict[str, Speed] = {}
    for key, value in raw.items() if isinstance(raw, dict) else ():
        try:
            speed = Speed(
                float(value["milliseconds"]), int(value["threads"]), str(value["measured"]), str(value["model_hash"])
            )
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
            continue
        if (
            0 < speed.milliseconds < 1e6
            and speed.threads > 0
            and is_sound(speed.measured)
            and is_sound(speed.model_hash)
        ):
            speeds[str(key)] = speed
    return speeds
