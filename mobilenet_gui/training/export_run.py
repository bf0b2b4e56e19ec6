"""Owns running an export in a worker process, and leaving nothing half made behind, however it ends. Blocking."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mobilenet_gui.core.atomic import staging_name, sweep
from mobilenet_gui.training import protocol
from mobilenet_gui.training.export_job import ExportFormat, ExportJob, ExportResult, results_of
from mobilenet_gui.training.process import OnEvent, WorkerProcess
from mobilenet_gui.training.run_folder import RunFolder, RunSpec


def run_export(
    job: ExportJob,
    on_event: OnEvent | None = None,
    cancel: threading.Event | None = None,
    *,
    on_result: Callable[[ExportResult], None] | None = None,
    worker: WorkerProcess | None = None,
    command: Sequence[str] | None = None,
) -> tuple[ExportResult, ...]:
    """Export a model and return what came of each format.

    Args:
        job: what to do; `staging` is made up here.
        on_event: called in this thread with each event as it comes.
        cancel: set it from any thread to stop; what is finished by then stays, what is half made goes.
        on_result: called in this thread with each format's result as soon as it is there.
        worker: a process that waits already; it is closed in the end. By default one is started.
        command: what to start instead of this program's own worker.

    Raises:
        ModelError: the model cannot be exported at all, or the worker crashed.
        StorageError: the disk refused.
        Cancelled: `cancel` was set.
    """
    job = replace(job, staging=staging_name("export"))

    def hear(event: protocol.Event) -> None:
        if on_event is not None:
            on_event(event)
        if on_result is not None and isinstance(event, protocol.Exported):
            for result in results_of({"results": [event.result]}):
                on_result(result)

    try:
        with worker or WorkerProcess(command) as process:
            return results_of(process.run(job, hear, cancel))
    finally:
        sweep(job.output, again=True)  # the worker may have been ended with the folder half made


def job_for_run(
    run: RunFolder, formats: Sequence[ExportFormat], output: Path, *, replace_old: bool = True
) -> ExportJob:
    """Return the export of what a training made, proved on its validation photos (on the test photos without any).

    Raises:
        ProjectError: the run's description cannot be read.
    """
    spec = run.spec()
    check = _photos(spec, "validation") or _photos(spec, "test")
    return ExportJob(run.bundle_folder, output, tuple(formats), check, _photos(spec, "train"), replace_old)


def _photos(spec: RunSpec, split: str) -> tuple[Path, ...]:
    return tuple(sample.path for sample in spec.samples if sample.split == split)
