"""Owns exporting a model: each format is built, tried on photos, compared with the program, then moved in place.

One format that fails does not keep the others from being made; only the disk's refusal ends everything. What is half
made lies in a hidden folder inside the target's folder, so that the last step is a rename on the same disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import Cancelled, ModelError, StorageError
from mobilenet_gui.core.phases import Phase
from mobilenet_gui.core.store_files import discard, rename, storage_error
from mobilenet_gui.core.tflite_describe import LABELS_NAME, Description, metadata
from mobilenet_gui.core.tflite_edit import only_first_output, scale_logits, with_metadata
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training import export_check as check
from mobilenet_gui.training import protocol
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.example_program import EXAMPLE_NAME
from mobilenet_gui.training.export_companions import (
    PREPROCESSING_NAME,
    README_NAME,
    Ends,
    labels_inside,
    one_line,
    preprocessing,
    preprocessing_text,
    write_companions,
)
from mobilenet_gui.training.export_formats import unavailable_reason
from mobilenet_gui.training.export_job import (
    FLOAT_DIFFERENCE,
    QUANTIZED_AGREEMENT,
    ExportFormat,
    ExportJob,
    ExportResult,
)
from mobilenet_gui.training.export_run import STAGING_PREFIX

if TYPE_CHECKING:
    from mobilenet_gui.training.export_keras import Network, Numbers

_LOCK_NAME: Final = "lock"
_ROOM_BYTES: Final = 4 << 20
"""With less free than this, a failure to write counts as a full disk, whatever the writing library calls it."""
_GOOD_FIRST_TRY: Final = 0.995
"""An 8-bit network that agrees as often as this on photos is left as the converter made it."""
_LADDER: Final[tuple[Numbers, ...]] = ("int8", "dynamic range", "16x8")
_SAVED_MODEL: Final = "saved_model"


def export(job: ExportJob, control: Control) -> dict[str, Any]:
    """Do an export.

    Args:
        job: what to do.
        control: told how it goes; each format's result is an `Exported` event.

    Returns:
        The job's result; see `ExportJob`.

    Raises:
        ModelError: the model cannot be opened or has no classifier.
        StorageError: the disk refused; what was finished before stays.
        Cancelled: it was to stop.
    """
    bundle = Bundle.open(job.bundle)
    if bundle.is_backbone:
        raise ModelError(bundle.name, tr("This model has no classifier. Fine-tune it first."))
    results: list[ExportResult] = []
    with _staging(job) as staging:
        exporter = _Exporter(job, bundle, staging, control)
        for number, kind in enumerate(job.formats):
            result = exporter.export(kind, number)
            control.say(protocol.Exported(result.to_data()))
            results.append(result)
    return {"results": [result.to_data() for result in results]}


@contextlib.contextmanager
def _staging(job: ExportJob) -> Iterator[Path]:
    """Make the hidden folder, hold its lock, clear away those that crashed exports left, and delete it in the end."""
    from filelock import FileLock, Timeout

    staging = job.output / job.staging
    try:
        job.output.mkdir(parents=True, exist_ok=True)
        for old in job.output.glob(STAGING_PREFIX + "*"):
            with contextlib.suppress(Timeout, OSError):
                with FileLock(old / _LOCK_NAME, timeout=0):
                    pass
                discard(old)
        staging.mkdir()
        lock = FileLock(staging / _LOCK_NAME)
        lock.acquire()
    except OSError as error:
        discard(staging)
        raise storage_error(job.output, error) from error
    try:
        yield staging
    finally:
        lock.release()
        discard(staging)


class _Exporter:
    """Makes one format after the other; what several need is made once."""

    def __init__(self, job: ExportJob, bundle: Bundle, staging: Path, control: Control) -> None:
        self._job, self._bundle, self._staging, self._control = job, bundle, staging, control
        self._number = 0
        self._network: Network | None = None
        self._check: check.CheckSet | None = None
        self._calibration: Pixels | None = None
        self._on_samples = not job.check

    def export(self, kind: ExportFormat, number: int) -> ExportResult:
        """Make, prove and place one format."""
        self._number = number
        self._say(Phase.START, 0.0)
        reason = unavailable_reason(kind, self._bundle)
        target = self._job.output / f"{self._bundle.id}-{kind}"
        if not reason and os.path.lexists(target):
            reason = _occupied(target, replace_old=self._job.replace)
        if reason:
            return ExportResult(kind, problem=reason)
        folder = self._staging / kind
        try:
            folder.mkdir()
            result, ends = self._make(kind, folder)
            result = _judged(result, on_samples=self._on_samples)
            self._say(Phase.WRITE, 0.97)
            write_companions(folder, self._bundle, result, ends)
            self._place(folder, target)
        except ModelError as error:
            discard(folder)
            return ExportResult(kind, problem=error.reason)
        except OSError as error:
            raise self._disk_error(error) from error
        except (StorageError, Cancelled):
            raise
        except Exception as error:
            # The libraries that write have names of their own for a full disk.
            if self._is_full():
                raise StorageError(str(self._job.output), tr("The disk is full.")) from error
            raise
        return result.moved(target)

    def _make(self, kind: ExportFormat, folder: Path) -> tuple[ExportResult, Ends]:
        name = self._bundle.id
        if kind == "tflite":
            return self._own_tflite(folder / f"{name}.tflite")
        if kind == "tflite-float16":
            return self._half(folder / f"{name}-float16.tflite")
        if kind == "tflite-int8":
            return self._quantized(folder / f"{name}-int8.tflite")
        if kind == "onnx":
            return self._onnx(folder / f"{name}.onnx")
        if kind == "keras":
            return self._keras(folder / f"{name}.keras")
        return self._saved_model(folder / _SAVED_MODEL)

    def _own_tflite(self, path: Path) -> tuple[ExportResult, Ends]:
        """Take the bundle's network as it is, with one output, its calibration worked in, and metadata."""
        bundle, manifest = self._bundle, self._bundle.manifest
        graph = only_first_output(bundle.tflite_bytes(), bundle.name)
        data, temperature = graph.data, bundle.temperature
        if temperature != 1 and (scaled := scale_logits(graph, 1 / temperature)) is not None:
            data, temperature = scaled, 1.0
        quantized = graph.input.dtype.kind != "f"
        numbers = graph.input.dtype.name if quantized else "float32"
        described = self._described(
            data,
            quantized=quantized,
            probabilities=manifest.output == "probabilities",
        )
        answer, ends = check.open_tflite(
            described,
            bundle,
            probabilities=manifest.output == "probabilities",
            temperature=temperature,
            background=manifest.background,
        )
        return self._finished(
            ExportResult("tflite", path, numbers=numbers), ends, answer, lambda: _write(path, described)
        )

    def _converted(self, numbers: Numbers) -> bytes:
        from mobilenet_gui.training import export_keras

        network = self._keras_network()
        photos = self._calibration_pixels() if numbers in ("int8", "16x8") else ()
        data = export_keras.tflite(network, numbers, photos)
        return self._described(data, quantized=numbers == "int8", probabilities=True)

    def _tried_tflite(self, kind: ExportFormat, numbers: Numbers, data: bytes, path: Path) -> tuple[ExportResult, Ends]:
        answer, ends = check.open_tflite(data, self._bundle)
        return self._finished(ExportResult(kind, path, numbers=numbers), ends, answer, lambda: _write(path, data))

    def _half(self, path: Path) -> tuple[ExportResult, Ends]:
        """Take 16 bits; where rounding shows in the probabilities, with better rounded weights."""
        self._say(Phase.CONVERT, 0.2)
        data = self._converted("float16")
        found = self._tried_tflite("tflite-float16", "float16", data, path)
        return found if found[0].largest_difference <= FLOAT_DIFFERENCE else self._refined(found, data, path)

    def _refined(self, found: tuple[ExportResult, Ends], data: bytes, path: Path) -> tuple[ExportResult, Ends]:
        """Round the weights anew, as photos show it is best, and keep whichever file agrees better."""
        from mobilenet_gui.training import export_keras
        from mobilenet_gui.training.rounding import refine

        self._say(Phase.CONVERT, 0.7)
        network = self._keras_network()
        exact = export_keras.tflite(network, "float32")
        better = refine(exact, data, self._calibration_pixels(), network.normalization, self._control)
        if better is None:
            return found
        self._say(Phase.COMPARE, 0.9)
        before = found[0]
        after = replace(before, checked=0)
        answer, ends = check.open_tflite(better, self._bundle)
        after = check.compare(after, answer, self._check_set(), self._control)
        if (after.agree, -after.largest_difference) <= (before.agree, -before.largest_difference):
            return found
        path.unlink()
        _write(path, better)
        return after, ends

    def _quantized(self, path: Path) -> tuple[ExportResult, Ends]:
        """Take 8 bits; where they disagree too much, the kinds that lie between 8 bits and floating point."""
        best: tuple[ExportResult, Ends] | None = None
        for step, numbers in enumerate(_LADDER):
            self._say(Phase.CONVERT, 0.1 + 0.25 * step)
            place = path.with_name(f"{self._bundle.id}-{numbers.replace(' ', '-')}.tflite")
            try:
                data = self._converted(numbers)
                found = self._tried_tflite("tflite-int8", numbers, data, place)
                if numbers == "int8" and found[0].agreement < _GOOD_FIRST_TRY and found[0].checked:
                    found = self._refined(found, data, place)
            except ModelError:
                if best is None and step == len(_LADDER) - 1:
                    raise
                continue
            if best is None or found[0].agreement > best[0].agreement:
                if best is not None and best[0].path is not None:
                    best[0].path.unlink()
                best = found
            else:
                place.unlink()
            if best[0].agreement >= QUANTIZED_AGREEMENT or not best[0].checked:
                break
        if best is None:
            raise ModelError(self._bundle.name, tr("TensorFlow's converter cannot write it with 8 bits."))
        if best[0].numbers != "int8":
            note = tr(
                "With 8 bits throughout it agreed with the program on too few photos, so it counts as “{numbers}” now."
            ).format(numbers=best[0].numbers)
            best = (replace(best[0], note=note), best[1])
        return best

    def _keras(self, path: Path) -> tuple[ExportResult, Ends]:
        from mobilenet_gui.training import export_keras

        network = self._keras_network()
        export_keras.write_keras(network, path)
        answer = export_keras.open_keras(path, network.normalization)
        return self._finished(ExportResult("keras", path), Ends(), answer, lambda: None, framework=True)

    def _saved_model(self, path: Path) -> tuple[ExportResult, Ends]:
        from mobilenet_gui.training import export_keras

        network = self._keras_network()
        export_keras.write_saved_model(network, path)
        answer = export_keras.open_saved_model(path, network.normalization)
        return self._finished(ExportResult("savedmodel", path), Ends(), answer, lambda: None, framework=True)

    def _onnx(self, path: Path) -> tuple[ExportResult, Ends]:
        from mobilenet_gui.training import onnx_export

        network, bundle = self._keras_network(), self._bundle
        ends, result = Ends(layout="NCHW"), ExportResult("onnx", path)
        self._say(Phase.CONVERT, 0.4)
        data = onnx_export.to_onnx(
            network.model,
            network.size,
            len(bundle.labels),
            description=self._about,
            properties={
                "name": bundle.name,
                "licence": bundle.manifest.licence,
                "labels": [one_line(label.name) for label in bundle.labels],
                "preprocessing": preprocessing(bundle, result, ends),
            },
        )
        answer = onnx_export.open_onnx(data, network.normalization)
        return self._finished(result, ends, answer, lambda: _write(path, data))

    def _finished(
        self,
        result: ExportResult,
        ends: Ends,
        answer: check.Answer,
        write: Callable[[], None],
        *,
        framework: bool = False,
    ) -> tuple[ExportResult, Ends]:
        """Write the file, if that is yet to be done, and compare its answers with the program's."""
        write()
        self._say(Phase.COMPARE, 0.6)
        text = preprocessing_text(self._bundle.preprocessing.normalization, ends)
        size = 0 if result.path is None else _size_of(result.path)
        result = replace(result, size_bytes=size, preprocessing=text)
        result = check.compare(result, answer, self._check_set(), self._control, batch=check.batch_of(framework))
        return result, ends

    def _keras_network(self) -> Network:
        if self._network is None:
            self._say(Phase.BUILD, 0.05)
            from mobilenet_gui.training import export_keras

            self._network = export_keras.load_network(self._bundle)
        return self._network

    def _check_set(self) -> check.CheckSet:
        if self._check is None:
            photos = self._job.check or check.sample_photos()
            found = check.check_set(self._bundle, photos, self._control)
            if not len(found) and self._job.check:  # not one of them can be read any more
                self._on_samples = True
                found = check.check_set(self._bundle, check.sample_photos(), self._control)
            self._check = found
        return self._check

    def _calibration_pixels(self) -> Pixels:
        if self._calibration is None:
            pre = self._bundle.preprocessing
            found = check.read_pixels(self._job.calibration, pre, check.MOST_CALIBRATION, self._control)
            if not len(found):
                found = self._check_set().pixels[: check.MOST_CALIBRATION]
            if not len(found):
                raise ModelError(
                    self._bundle.name, tr("Numbers of 8 bits are fitted to photos, and none of them can be read.")
                )
            self._calibration = check.calibration_pixels(found)
        return self._calibration

    def _described(self, data: bytes, *, quantized: bool, probabilities: bool) -> bytes:
        manifest = self._bundle.manifest
        about = Description(
            name=self._bundle.name,
            text=self._about,
            licence=manifest.licence,
            size=manifest.input_size,
            normalization=manifest.preprocessing.normalization,
            quantized=quantized,
            probabilities=probabilities,
        )
        return with_metadata(data, metadata(about), labels_inside(self._bundle))

    @property
    def _about(self) -> str:
        return self._bundle.manifest.description or tr("A photo classifier, exported by MobileNet GUI.")

    def _place(self, folder: Path, target: Path) -> None:
        """Move a finished folder into place; an old one gives way only then."""
        old = self._staging / f"{folder.name}-old"
        if os.path.lexists(target):
            rename(target, old)
        try:
            rename(folder, target)
        except OSError:
            if old.exists():
                rename(old, target)
            raise
        discard(old)

    def _say(self, phase: Phase, share: float) -> None:
        self._control.report(phase, (self._number + share) / len(self._job.formats))

    def _is_full(self) -> bool:
        try:
            return shutil.disk_usage(self._job.output).free < _ROOM_BYTES
        except OSError:
            return False

    def _disk_error(self, error: OSError) -> StorageError:
        if self._is_full():
            return StorageError(str(self._job.output), tr("The disk is full."))
        return storage_error(self._job.output, error)


def _judged(result: ExportResult, *, on_samples: bool) -> ExportResult:
    """Say in words what is doubtful about a result."""
    if not result.checked:
        return replace(result, problem=tr("No photo could be read, so it was not tried."))
    notes = [result.note] if result.note else []
    if on_samples:
        notes.append(
            trn(
                "It was tried on the {n} sample photo only.",
                "It was tried on the {n} sample photos only.",
                result.checked,
            )
        )
    problem = ""
    if not result.proved:
        problem = tr(
            "It gives the program's first guess on {agree} of {checked} photos only; a probability differs by up to "
            "{difference}."
        ).format(agree=result.agree, checked=result.checked, difference=f"{result.largest_difference:.2g}")
    return replace(result, note=" ".join(notes), problem=problem)


def _occupied(target: Path, *, replace_old: bool) -> str:
    """Return why a folder that is there already cannot be written; empty where an older export may be replaced."""
    if not replace_old:
        return tr("There is already something at {place}. Choose another folder, or remove it.").format(place=target)
    if not _is_export(target):
        return tr("{place} holds other files than an export, so it is not replaced.").format(place=target)
    return ""


def _is_export(folder: Path) -> bool:
    """Say whether a folder holds an export and nothing besides."""
    try:
        about = json.loads((folder / PREPROCESSING_NAME).read_bytes())
        known = {LABELS_NAME, PREPROCESSING_NAME, README_NAME, EXAMPLE_NAME, "__pycache__", about["file"]}
        return not folder.is_symlink() and {entry.name for entry in folder.iterdir()} <= known
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write(path: Path, data: bytes) -> None:
    from mobilenet_gui.core.bundle_files import write_file

    write_file(path, lambda out: out.write(data))


def _size_of(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(entry.stat().st_size for entry in path.rglob("*") if entry.is_file())
