"""Owns the proof of an export: photos prepared once as the program does it, its answers, and how another's compare."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobilenet_gui import paths
from mobilenet_gui.core import imaging
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.confidence import calibrate, softmax
from mobilenet_gui.core.cores import default_threads, usable_cores
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.litert import load_interpreter
from mobilenet_gui.core.recognizer import LiteRTRecognizer, top
from mobilenet_gui.core.tensors import dequantize, input_table
from mobilenet_gui.core.types import Pixels, Preprocessing
from mobilenet_gui.training.export_companions import Ends
from mobilenet_gui.training.export_job import ExportResult

if TYPE_CHECKING:
    from mobilenet_gui.training.control import Control

Floats = NDArray[np.float32]
Answer = Callable[[Pixels], Floats]
"""Probabilities, shape (photos, classes), for finished pixels, uint8, shape (photos, size, size, 3)."""

MOST_CHECKED: Final = 500
"""Photos that an export is tried on: each costs up to 30 ms a format, and a share of 0.5 % shows among as many."""
MOST_CALIBRATION: Final = 200
"""Photos that 8-bit ranges are fitted to; TensorFlow advises one to five hundred."""
ENOUGH_CALIBRATION: Final = 100
"""With fewer, cuts and mirrored ones of them are added."""
MOST_UNDECIDED: Final = 64
_SMALLEST: Final = 1e-5
"""Probabilities below are of few digits."""
_TIE: Final = 1e-5
"""Classes that the program itself holds for as likely as this closely are one first guess: which is named is chance."""
_MOST_BYTES: Final = 256 << 20
_BATCH: Final = 16
_CUTS: Final = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5))
_CUT: Final = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class CheckSet:
    """Photos as the network sees them, with the program's own answers.

    Attributes:
        pixels: uint8, shape (photos, size, size, 3).
        answers: the program's probabilities, shape (photos, classes).
    """

    pixels: Pixels
    answers: Floats

    def __len__(self) -> int:
        return len(self.pixels)


def spread(photos: Sequence[Path], most: int) -> list[Path]:
    """Return at most `most` of the photos, evenly spread."""
    if len(photos) <= most:
        return list(photos)
    return [photos[number * len(photos) // most] for number in range(most)]


def sample_photos() -> tuple[Path, ...]:
    """Return the photos that ship with the program."""
    return paths.sample_photos()


def read_pixels(photos: Sequence[Path], pre: Preprocessing, most: int, control: Control) -> Pixels:
    """Return the network's view of at most `most` photos, shape (photos, size, size, 3); unreadable ones are left out.

    Raises:
        Cancelled: it is to stop.
    """
    most = max(1, min(most, _MOST_BYTES // (3 * pre.size**2)))

    def one(path: Path) -> Pixels | None:
        try:
            return imaging.prepare(imaging.decode_for(path, pre), pre).pixels
        except PhotoError:
            return None

    found: list[Pixels] = []
    with ThreadPoolExecutor(usable_cores(), thread_name_prefix="export-photos") as pool:
        try:
            for pixels in pool.map(one, spread(photos, most)):
                control.check()
                if pixels is not None:
                    found.append(pixels)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return np.stack(found) if found else np.zeros((0, pre.size, pre.size, 3), np.uint8)


def check_set(bundle: Bundle, photos: Sequence[Path], control: Control) -> CheckSet:
    """Prepare the photos and ask the program's own recogniser.

    Raises:
        ModelError: the bundle's own network cannot be used.
        Cancelled: it is to stop.
    """
    return answered(bundle, read_pixels(photos, bundle.preprocessing, MOST_CHECKED, control), control)


def answered(bundle: Bundle, pixels: Pixels, control: Control) -> CheckSet:
    """Return finished pixels, shape (photos, size, size, 3), with the answers of the program's own recogniser.

    Raises:
        ModelError: the bundle's own network cannot be used.
        Cancelled: it is to stop.
    """
    recognizer = LiteRTRecognizer(bundle)
    answers = np.zeros((len(pixels), len(bundle.labels)), np.float32)
    try:
        for number, photo in enumerate(pixels):
            control.check()
            answers[number] = recognizer.probabilities(photo)[0]
    finally:
        recognizer.close()
    return CheckSet(pixels, answers)


def calibration_pixels(pixels: Pixels) -> Pixels:
    """Return enough photos to fit 8-bit ranges to: where there are few, with mirrored ones and magnified cuts."""
    missing = ENOUGH_CALIBRATION - len(pixels)
    if not len(pixels) or missing <= 0:
        return pixels
    return np.concatenate([pixels, varied(pixels, missing)])


def varied(pixels: Pixels, most: int) -> Pixels:
    """Return at most `most` mirrored ones and magnified cuts of photos, shape (views, size, size, 3)."""
    return np.stack(list(itertools.islice(_varied(pixels), most)))


def _varied(pixels: Pixels) -> Iterator[Pixels]:
    for photo in pixels:
        yield np.ascontiguousarray(photo[:, ::-1])
    size = pixels.shape[1]
    side = _CUT * size
    for down, across in _CUTS:
        left, top_edge = across * (size - side), down * (size - side)
        for photo in pixels:
            box = (left, top_edge, left + side, top_edge + side)
            yield np.asarray(Image.fromarray(photo).resize((size, size), Image.Resampling.BICUBIC, box=box))


def compare(
    result: ExportResult, answer: Answer, wanted: CheckSet, control: Control, *, batch: int = 1
) -> ExportResult:
    """Ask an exported file about every photo and return the result with the figures filled in.

    Args:
        result: what is known so far.
        answer: asks the exported file.
        wanted: the photos and the program's answers.
        control: told nothing, but may stop it.
        batch: how many photos are asked about at once.

    Raises:
        Cancelled: it is to stop.
    """
    if not len(wanted):
        return result
    answer(wanted.pixels[:batch])  # the first takes longer: memory is set up
    agree, largest, seconds = 0, 0.0, 0.0
    for start in range(0, len(wanted), batch):
        control.check()
        began = time.perf_counter()
        given = answer(wanted.pixels[start : start + batch])
        seconds += time.perf_counter() - began
        for mine, theirs in zip(wanted.answers[start : start + batch], given, strict=True):
            agree += bool(mine[top(theirs, 1)[0]] >= mine.max() - _TIE)
            difference = float(np.abs(mine - theirs).max())
            largest = max(largest, difference if np.isfinite(difference) else 1.0)
    return replace(
        result,
        checked=len(wanted),
        agree=agree,
        largest_difference=largest,
        milliseconds=seconds / len(wanted) * 1e3,
    )


def largest_if_undecided(answer: Answer, wanted: CheckSet, control: Control) -> float:
    """Return by how much a probability would differ at most if the program were torn between its two first guesses.

    Where it is sure, an error hardly shows in the probabilities: those of a photo that it is not sure of show all of
    it. The error is the difference d of log(first / second); torn, a probability changes by d / 4.

    Args:
        answer: asks the exported file.
        wanted: the photos and the program's answers; `MOST_UNDECIDED` of them are asked about.
        control: may stop it.

    Raises:
        Cancelled: it is to stop.
    """
    most = 0.0
    step = max(1, len(wanted) // MOST_UNDECIDED)
    for photo, mine in zip(wanted.pixels[::step], wanted.answers[::step], strict=True):
        control.check()
        first, second = top(mine, 2)
        theirs = answer(photo[None])[0]
        if min(mine[second], theirs[first], theirs[second]) > _SMALLEST:
            error = np.log(theirs[first] / theirs[second]) - np.log(mine[first] / mine[second])
            most = max(most, abs(float(error)) / 4)
    return most


def batch_of(framework: bool) -> int:
    """Return how many photos to ask about at once: TensorFlow takes long to start, the others go one by one."""
    return _BATCH if framework else 1


def open_tflite(
    data: bytes, bundle: Bundle, *, probabilities: bool = True, temperature: float = 1.0, background: bool = False
) -> tuple[Answer, Ends]:
    """Load a .tflite file with LiteRT and return how to ask it, and what its ends are.

    Args:
        data: the file.
        bundle: the model that it was made from.
        probabilities: its output needs no softmax.
        temperature: what its logits are yet to be divided by.
        background: its output 0 is a class that is never reported.

    Raises:
        ModelError: LiteRT refuses it.
    """
    interpreter: Any = load_interpreter(data, bundle.name, default_threads())
    photo, output = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    dtype = np.dtype(photo["dtype"])
    table = input_table(dtype, photo["quantization"], bundle.preprocessing.normalization)

    def ask(pixels: Pixels) -> Floats:
        rows = []
        for one in pixels:
            values = one if table is None else table[one]
            interpreter.set_tensor(photo["index"], values.astype(dtype)[None])
            interpreter.invoke()
            row = dequantize(interpreter.get_tensor(output["index"]).reshape(-1), output["quantization"])
            row = calibrate(row, temperature) if probabilities else softmax(row, temperature)
            rows.append(row[int(background) :])
        return np.stack(rows)

    scale, zero = photo["quantization"]
    ends = Ends(
        dtype=dtype.name,
        quantization=(float(scale), int(zero)),
        probabilities=probabilities,
        temperature=temperature,
        background=background,
    )
    return ask, ends
