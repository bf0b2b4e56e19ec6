"""Owns exporting a model: each format is built, tried on photos, compared with the program, then moved in place.

One format that fails does not keep the others from being made; only the disk's refusal ends everything. What is half
made lies in a hidden folder inside the target's folder, so that the last step is a rename on the same disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mobilenet_gui.core.atomic import staged_folder
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import Cancelled, ModelError, StorageError
from mobilenet_gui.core.phases import Phase
from mobilenet_gui.core.store_files import discard, rename, storage_error
from mobilenet_gui.core.tflite_describe import LABELS_NAME
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training import protocol
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.example_program import EXAMPLE_NAME
from mobilenet_gui.training.export_companions import PREPROCESSING_NAME, README_NAME, write_companions
from mobilenet_gui.training.export_formats import unavailable_reason
from mobilenet_gui.training.export_job import ExportFormat, ExportJob, ExportResult
from mobilenet_gui.training.export_making import Maker

_ROOM_BYTES: Final = 4 << 20
"""With less free than this, a failure to write counts as a full disk, whatever the writing library calls it."""


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
    """Make the hidden folder, telling the user what the disk refuses."""
    with contextlib.ExitStack() as stack:
        try:
            staging = stack.enter_context(staged_folder(job.output, job.staging))
        except OSError as error:
            raise storage_error(job.output, error) from error
        # TensorFlow's converter leaves its own files where temporary ones go: here, they go along with the rest.
        before, tempfile.tempdir = tempfile.tempdir, str(staging)
        try:
            yield staging
        finally:
            tempfile.tempdir = before


class _Exporter:
    """Has one format made after the other, and puts each in its place."""

    def __init__(self, job: ExportJob, bundle: Bundle, staging: Path, control: Control) -> None:
        self._job, self._bundle, self._staging, self._control = job, bundle, staging, control
        self._maker = Maker(job, bundle, control, self._say)
        self._number = 0

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
            result, ends = self._maker.make(kind, folder)
            result = _judged(result, on_samples=self._maker.on_samples)
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
        if not self._job.output.is_dir():
            return StorageError(str(self._job.output), tr("The folder was removed while the export was running."))
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
        return tr("Other files lie in {place}, so it is not replaced.").format(place=target)
    return ""


def _is_export(folder: Path) -> bool:
    """Say whether a folder holds an export and nothing besides."""
    try:
        about = json.loads((folder / PREPROCESSING_NAME).read_bytes())
        known = {LABELS_NAME, PREPROCESSING_NAME, README_NAME, EXAMPLE_NAME, "__pycache__", about["file"]}
        return not folder.is_symlink() and {entry.name for entry in folder.iterdir()} <= known
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
