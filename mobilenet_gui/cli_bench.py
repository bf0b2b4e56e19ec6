"""Owns `mobilenet-gui bench`: how fast this machine is with a model, on photos that the command makes itself."""

from __future__ import annotations

import argparse
import io
import itertools
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mobilenet_gui.cli_command import EXIT_FAILED, EXIT_OK, EXIT_USAGE, command
from mobilenet_gui.cli_model import add_model_option, find_model
from mobilenet_gui.cli_output import Records, complain, prepare_stdout
from mobilenet_gui.cli_parser import add_format_option, at_least_one
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import Bundle

LARGE: Final = (4000, 3000)
"""Width and height of the large photo: 12 megapixels, what a phone takes."""

SMALL: Final = (500, 375)
"""Width and height of the photo that the speed over many is measured with."""

_WARM_UP: Final = 5
_NETWORK_RUNS: Final = 100
_DECODE_RUNS: Final = 10
_BATCH_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured. Times in milliseconds.

    Attributes:
        model: the model's id.
        machine: processor and system, in words.
        cores: how many cores the program may use.
        threads: how many the network used for the figures of a single photo.
        load_ms: from nothing to a network that is ready, LiteRT's own start included.
        network_p50_ms: the network's time for one photo, the median.
        network_p95_ms: the same, what 95 of 100 stay below.
        large_decode_ms: reading a 12-megapixel JPEG as far as this model needs it.
        large_prepare_ms: cropping and resizing it.
        photos_per_second_one: photos of 500 x 375 a second on one core, all steps included.
        photos_per_second_all: the same on all cores.
    """

    model: str
    machine: str
    cores: int
    threads: int
    load_ms: float
    network_p50_ms: float
    network_p95_ms: float
    large_decode_ms: float
    large_prepare_ms: float
    photos_per_second_one: float
    photos_per_second_all: float


def add_parser(subparsers: Any) -> None:
    """Add the `bench` command to the command line's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "bench",
        help=tr("measure how fast this computer is"),
        description=tr("Measure how fast this computer recognises photos. This takes a few seconds."),
        epilog=tr(
            "Exit status: 0 success, 1 the speed could not be measured, 2 the command line is wrong or the model "
            "cannot be used."
        ),
    )
    add_model_option(parser)
    parser.add_argument(
        "-t",
        "--threads",
        type=at_least_one,
        metavar="N",
        help=tr("how many threads work on a single photo (default: as many as the window uses)"),
    )
    add_format_option(parser, tr("model"), json=tr("one JSON object"))
    parser.set_defaults(run=run)


@command
def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from mobilenet_gui.core.errors import ModelError

    try:
        figures = measure(find_model(arguments.model), arguments.threads)
    except ModelError as error:
        complain(str(error))
        return EXIT_USAGE
    except OSError as error:  # no room for the photos to measure with
        complain(tr("The speed cannot be measured: {reason}.").replace("{reason}", error.strerror or str(error)))
        return EXIT_FAILED
    out = prepare_stdout()
    if arguments.format == "text":
        out.write(as_text(figures) + "\n")
    else:
        Records(out, arguments.format, [field.name for field in fields(Figures)]).write(asdict(figures))
    return EXIT_OK


def measure(bundle: Bundle, threads: int | None = None, *, batch_seconds: float = _BATCH_SECONDS) -> Figures:
    """Measure the machine with one model.

    Args:
        bundle: the model.
        threads: for a single photo; by default as many as the window uses.
        batch_seconds: how long each of the two runs over many photos lasts.

    Raises:
        ModelError: the model cannot be used.
    """
    start = time.perf_counter()
    from mobilenet_gui.core import imaging
    from mobilenet_gui.core.cores import default_threads, usable_cores
    from mobilenet_gui.core.recognizer import LiteRTRecognizer

    used = threads if threads is not None else default_threads()
    recognizer = LiteRTRecognizer(bundle, threads=used)
    load_ms = (time.perf_counter() - start) * 1e3
    try:
        pre = bundle.preprocessing
        large = _jpeg(LARGE)
        decode_ms = _median_ms(lambda: imaging.decode_for(large, pre), _DECODE_RUNS)
        photo = imaging.decode_for(large, pre)
        prepare_ms = _median_ms(lambda: imaging.prepare(photo, pre), _DECODE_RUNS)
        pixels = imaging.prepare(photo, pre).pixels
        network = sorted(_times_ms(lambda: recognizer.probabilities(pixels), _NETWORK_RUNS))
    finally:
        recognizer.close()
    return Figures(
        model=bundle.id,
        machine=_machine(),
        cores=usable_cores(),
        threads=used,
        load_ms=round(load_ms, 1),
        network_p50_ms=round(statistics.median(network), 3),
        network_p95_ms=round(network[int(0.95 * (len(network) - 1))], 3),
        large_decode_ms=round(decode_ms, 3),
        large_prepare_ms=round(prepare_ms, 3),
        photos_per_second_one=round(_photos_per_second(bundle, 1, batch_seconds), 1),
        photos_per_second_all=round(_photos_per_second(bundle, usable_cores(), batch_seconds), 1),
    )


def as_text(figures: Figures) -> str:
    """Return the figures as aligned lines."""
    rows = (
        (tr("Model"), figures.model),
        (tr("Machine"), figures.machine),
        (tr("Cores"), str(figures.cores)),
        (tr("Loading the model"), f"{figures.load_ms:.0f} ms"),
        (
            tr("Network, one photo ({threads} threads)").replace("{threads}", str(figures.threads)),
            f"{figures.network_p50_ms:.2f} ms (95 %: {figures.network_p95_ms:.2f} ms)",
        ),
        (tr("Reading a 12-megapixel JPEG"), f"{figures.large_decode_ms:.1f} ms"),
        (tr("Cropping and resizing it"), f"{figures.large_prepare_ms:.2f} ms"),
        (tr("Photos per second, one core"), f"{figures.photos_per_second_one:.0f}"),
        (tr("Photos per second, all cores"), f"{figures.photos_per_second_all:.0f}"),
    )
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def _photos_per_second(bundle: Bundle, jobs: int, seconds: float) -> float:
    """Return the steady rate over many small photos read from the disk."""
    from mobilenet_gui.core import batch

    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-bench-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "photo.jpg"
        path.write_bytes(_jpeg(SMALL))
        results = batch.classify(itertools.repeat(path), bundle, jobs=jobs)
        try:
            for _ in range(_WARM_UP * jobs):
                next(results)
            start, done = time.perf_counter(), 0
            while (spent := time.perf_counter() - start) < seconds:
                next(results)
                done += 1
        finally:
            results.close()
        return done / spent


def _jpeg(size: tuple[int, int]) -> bytes:
    """Return a JPEG with about as much detail as a photo: soft shapes below fine grain; the same at every call."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(7)
    width, height = size
    coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    medium = Image.fromarray(rng.integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8))
    soft = Image.blend(coarse, medium.resize(size, Image.Resampling.BILINEAR), 0.25)
    grain = rng.integers(0, 24, (height, width, 1), dtype=np.uint8)
    pixels = np.clip(np.asarray(soft).astype(np.int16) + grain - 12, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=88)
    return out.getvalue()


def _times_ms(action: Callable[[], object], runs: int) -> list[float]:
    for _ in range(_WARM_UP):
        action()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def _median_ms(action: Callable[[], object], runs: int) -> float:
    return statistics.median(_times_ms(action, runs))


def _machine() -> str:
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return f"{name}, {platform.system()} {platform.release()}" if os.name != "nt" else f"{name}, {platform.platform()}"
