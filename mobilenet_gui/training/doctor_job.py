"""Owns examining a dataset in the worker process: the order, and its two files, photos in and examination out.

Files carry what may be long; the lines between the processes only say where they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.i18n import isolate_names, tr
from mobilenet_gui.training import json_rows
from mobilenet_gui.training.doctor_findings import CheckedPhoto, Examination, PlainPhoto, from_data, to_data
from mobilenet_gui.training.doctor_labels import Suspect

PHASE: Final = "check-photos"
_REPORT_SECONDS: Final = 0.1
_FORMAT_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class DoctorJob:
    """Examine a dataset; see `doctor.examine`.

    Attributes:
        order: the file that `write_order` wrote.
        answer: the file that `read_answer` will read.
        cache: the file of fingerprints; None for the default one.
        threads: how many photos at once; None for one a core.

    The result: `findings` (how many are open), `checked`, `fresh`, `seconds`, `answer` (the file).
    """

    order: Path
    answer: Path
    cache: Path | None = None
    threads: int | None = None
    kind: ClassVar[str] = "doctor"

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        return {
            "kind": self.kind,
            "order": str(self.order),
            "answer": str(self.answer),
            "cache": None if self.cache is None else str(self.cache),
            "threads": self.threads,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> DoctorJob:
        """Read it back.

        Raises:
            ValueError: it is none of ours.
        """
        try:
            cache, threads = data.get("cache"), data.get("threads")
            if threads is not None and (not isinstance(threads, int) or not 1 <= threads <= 256):
                raise ValueError(f"not a number of threads: {threads!r}")
            return cls(Path(data["order"]), Path(data["answer"]), None if cache is None else Path(cache), threads)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not an examination: {error!r}") from error


@dataclass(frozen=True, slots=True)
class Order:
    """What `doctor.examine` is given."""

    photos: tuple[PlainPhoto, ...]
    classes: Mapping[str, str]
    class_weights: bool
    suspects: tuple[Suspect, ...]


def write_order(
    path: Path,
    photos: Iterable[CheckedPhoto],
    classes: Mapping[str, str],
    *,
    class_weights: bool = True,
    suspects: Iterable[Suspect] = (),
) -> None:
    """Write what is to be examined.

    Raises:
        StorageError: the disk refused.
    """
    head = {
        "format_version": _FORMAT_VERSION,
        "classes": dict(classes),
        "class_weights": class_weights,
        "suspects": [[s.photo_id, s.given, s.expected, s.probability, s.suspicion] for s in suspects],
    }
    rows = ([p.id, str(p.path), p.class_id, p.split, p.group, int(p.left_out)] for p in photos)
    try:
        json_rows.write(path, head, "photos", rows)
    except OSError as error:
        raise storage_error(path, error) from error


def read_order(path: Path) -> Order:
    """Read what is to be examined.

    Raises:
        ProjectError: it is missing or damaged.
    """
    try:
        head, rows = json_rows.read(path, "photos")
        return Order(
            tuple(PlainPhoto(p, Path(at), label, split, group, bool(out)) for p, at, label, split, group, out in rows),
            {str(key): str(name) for key, name in head["classes"].items()},
            head["class_weights"] is True,
            tuple(Suspect(*entry) for entry in head["suspects"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProjectError(str(path), tr("The list of photos to check cannot be read.")) from error


def write_answer(path: Path, examination: Examination) -> None:
    """Write an examination.

    Raises:
        StorageError: the disk refused.
    """
    data = to_data(examination)
    findings = data.pop("findings")
    try:
        json_rows.write(path, data, "findings", findings)
    except OSError as error:
        raise storage_error(path, error) from error


def read_answer(path: Path) -> Examination:
    """Read an examination.

    Raises:
        ProjectError: it is missing or damaged.
    """
    try:
        head, findings = json_rows.read(path, "findings")
        return from_data(head | {"findings": findings})
    except (OSError, ValueError) as error:
        raise ProjectError(str(path), tr("The result of the check cannot be read. Check the photos again.")) from error


def run(job: DoctorJob, report: Callable[[str, float | None], None]) -> dict[str, Any]:
    """Examine what the order names, and return the result for the parent.

    Args:
        job: the order.
        report: told the phase and how far it is, 0-1; it raises to stop the work.

    Raises:
        UserError: the order cannot be read, or the answer not be written.
    """
    from mobilenet_gui.training.doctor import examine

    order = read_order(job.order)
    last = 0.0

    def progress(fraction: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _REPORT_SECONDS:
            last = now
            report(PHASE, fraction)

    isolate_names(True)  # findings are sentences for the window
    try:
        examination = examine(
            order.photos,
            order.classes,
            cache_path=job.cache,
            class_weights=order.class_weights,
            suspects=order.suspects,
            threads=job.threads,
            progress=progress,
        )
    finally:
        isolate_names(False)
    write_answer(job.answer, examination)
    return {
        "findings": len(examination.open),
        "checked": examination.checked,
        "fresh": examination.fresh,
        "seconds": examination.seconds,
        "answer": str(job.answer),
    }
