"""Owns what the worker can be asked to do, and its form as JSON. No TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, cast, get_args

from mobilenet_gui.core.catalog import Family
from mobilenet_gui.core.labels import LabelsBeside
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.types import Label, Normalization, Preprocessing
from mobilenet_gui.training.architectures import FAMILIES
from mobilenet_gui.training.doctor_job import DoctorJob
from mobilenet_gui.training.export_job import ExportJob


@dataclass(frozen=True, slots=True)
class ConvertJob:
    """Make a bundle out of Keras weights.

    Attributes:
        weights: an `.h5`, `.weights.h5` or `.keras` file.
        output: an empty or missing folder that becomes the bundle.
        naming: id, name, licence; `family`, `alpha` and `preprocessing` are completed from what the file turns out to
            be, and an empty name is made from it.
        family: what the file must hold; None takes what it holds.
        alpha: as `family`.
        input_size: the input's side; None takes what the file says, or 224.
        labels: one a class; None for ImageNet's thousand.
        beside: labels that lie beside the file; taken where they fit and `labels` are not given.
        normalization: the value range in which the pixels go in; None to find it out.
    """

    weights: Path
    output: Path
    naming: Naming
    family: Family | None = None
    alpha: float | None = None
    input_size: int | None = None
    labels: tuple[Label, ...] | None = None
    beside: LabelsBeside | None = None
    normalization: Normalization | None = None
    kind: ClassVar[str] = "convert"


@dataclass(frozen=True, slots=True)
class TfliteJob:
    """Make a bundle out of a .tflite classifier; see `core.tflite_import`."""

    model: Path
    output: Path
    naming: Naming
    labels: tuple[Label, ...] | None = None
    beside: LabelsBeside | None = None
    normalization: Normalization | None = None
    kind: ClassVar[str] = "tflite"


@dataclass(frozen=True, slots=True)
class LookJob:
    """Look into a file that might be imported; see `look.understand`, whose answer as data is the result."""

    path: Path
    kind: ClassVar[str] = "look"


@dataclass(frozen=True, slots=True)
class TrainJob:
    """Train what a run folder says; see `run_folder.RunFolder` and `trainer`.

    Attributes:
        run_folder: holds the frozen `RunSpec`; the bundle, the evaluation and the state are written into it.
        resume: go on after the last finished epoch, where there is one; otherwise from the start.

    The result: `accuracy` (on the test part, None without one), `seconds`, `bundle` (folder), `photos` (tested),
    `status` (`finished`), `notes`.
    """

    run_folder: Path
    resume: bool = True
    kind: ClassVar[str] = "train"


@dataclass(frozen=True, slots=True)
class TwinJob:
    """Make the 8-bit twin of the model in a folder; see `twin_making`. The result is empty."""

    path: Path
    kind: ClassVar[str] = "twin"


Job = ConvertJob | TfliteJob | LookJob | TrainJob | ExportJob | DoctorJob | TwinJob


def subject_of(job: Job) -> str:
    """Return what an error of a job names."""
    if isinstance(job, TrainJob):
        return job.run_folder.name
    if isinstance(job, ExportJob):
        return str(job.bundle)
    if isinstance(job, DoctorJob):
        return str(job.order)
    if isinstance(job, LookJob | TwinJob):
        return str(job.path)
    return str(job.weights if isinstance(job, ConvertJob) else job.model)


def to_data(job: Job) -> dict[str, Any]:
    """Return a job as plain data for JSON."""
    if isinstance(job, TrainJob):
        return {"kind": job.kind, "run_folder": str(job.run_folder), "resume": job.resume}
    if isinstance(job, ExportJob | DoctorJob):
        return job.to_data()
    if isinstance(job, LookJob | TwinJob):
        return {"kind": job.kind, "path": str(job.path)}
    data: dict[str, Any] = {
        "kind": job.kind,
        "output": str(job.output),
        "naming": asdict(job.naming),
        "labels": _rows(job.labels),
        "beside": None if job.beside is None else _beside_rows(job.beside),
        "normalization": job.normalization,
    }
    if isinstance(job, ConvertJob):
        return data | {
            "weights": str(job.weights),
            "family": job.family,
            "alpha": job.alpha,
            "input_size": job.input_size,
        }
    return data | {"model": str(job.model)}


def from_data(data: dict[str, Any]) -> Job:
    """Read a job back.

    Raises:
        ValueError: it is none of ours.
    """
    try:
        if data["kind"] == TrainJob.kind:
            return TrainJob(Path(data["run_folder"]), data.get("resume", True) is not False)
        if data["kind"] == ExportJob.kind:
            return ExportJob.from_data(data)
        if data["kind"] == DoctorJob.kind:
            return DoctorJob.from_data(data)
        if data["kind"] in (LookJob.kind, TwinJob.kind):
            return (LookJob if data["kind"] == LookJob.kind else TwinJob)(Path(data["path"]))
        naming = _naming(data["naming"])
        beside, normalization = _beside(data.get("beside")), data.get("normalization")
        if normalization not in (None, *get_args(Normalization)):
            raise ValueError(normalization)
        labels = _labels(data.get("labels"))
        output = Path(data["output"])
        if data["kind"] == TfliteJob.kind:
            return TfliteJob(Path(data["model"]), output, naming, labels, beside, normalization)
        family = data.get("family")
        if data["kind"] != ConvertJob.kind or family not in (None, *FAMILIES):
            raise ValueError(data["kind"])
        return ConvertJob(
            Path(data["weights"]),
            output,
            naming,
            cast("Family | None", family),
            data.get("alpha"),
            data.get("input_size"),
            labels,
            beside,
            normalization,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a job: {error!r}") from error


def _naming(data: dict[str, Any]) -> Naming:
    preprocessing = data.pop("preprocessing", None)
    naming = Naming(**data)
    return naming if preprocessing is None else replace(naming, preprocessing=Preprocessing(**preprocessing))


def _rows(labels: tuple[Label, ...] | None) -> list[list[str]] | None:
    return None if labels is None else [[x.id, x.name, x.synonyms] for x in labels]


def _labels(rows: Sequence[Sequence[str]] | None) -> tuple[Label, ...] | None:
    if rows is None:
        return None
    return tuple(Label(n, wnid, name, more) for n, (wnid, name, more) in enumerate(rows))


def _beside_rows(beside: LabelsBeside) -> dict[str, Any]:
    return {"file": beside.file, "labels": _rows(beside.labels), "reason": beside.reason}


def _beside(data: dict[str, Any] | None) -> LabelsBeside | None:
    if data is None:
        return None
    return LabelsBeside(data["file"], _labels(data["labels"]) or (), data["reason"])
