"""Owns making bundles in the worker process: `core.install`'s requests as `training`'s jobs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import cast

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.catalog import Family
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.install import BuilderError, BuildRequest
from mobilenet_gui.core.install_import import TFLITE_SUFFIX
from mobilenet_gui.core.phases import phase_text
from mobilenet_gui.training import protocol
from mobilenet_gui.training.job import ConvertJob, Job, TfliteJob, TwinJob
from mobilenet_gui.training.process import WorkerProcess


class WorkerBuilder:
    """A `core.install.Builder` with a process of its own, good for one bundle. Use it in a `with` block."""

    def __init__(self, *, polite: bool = False) -> None:
        """Start nothing yet; see `WorkerProcess` for `polite`."""
        self._polite = polite
        self._process: WorkerProcess | None = None

    def __enter__(self) -> WorkerBuilder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.close()

    def warm(self) -> None:
        """Start the process and let it load what converting needs; once.

        Raises:
            ModelError: it cannot be started.
        """
        if self._process is None:
            self._process = WorkerProcess(polite=self._polite)
            self._process.warm()

    def __call__(
        self, request: BuildRequest, progress: Callable[[str, float | None], None], cancel: threading.Event
    ) -> None:
        """Build `request.output`; see `core.install.Builder`."""
        judged = False

        def on_event(event: protocol.Event) -> None:
            nonlocal judged
            if isinstance(event, protocol.Progress):
                progress(phase_text(event.phase), event.fraction)
            elif isinstance(event, protocol.Failed):
                judged = event.kind == "model"

        try:
            if self._process is None:
                self._process = WorkerProcess(polite=self._polite)
            self._process.run(_job(request), on_event, cancel)
        except ModelError as error:
            if judged:
                raise
            raise BuilderError(error.subject, error.reason) from error


def make_twin(bundle: Bundle, cancel: threading.Event, *, polite: bool = False) -> None:
    """Make the 8-bit twin of a model, or find out that it can have none; see `core.twins.find` for what came of it.

    Args:
        bundle: the model.
        cancel: set it from any thread to stop; nothing is left behind then.
        polite: the worker gives way to all other programs.

    Raises:
        ModelError: the worker crashed.
        StorageError: the disk refused.
        Cancelled: `cancel` was set.
    """
    with WorkerProcess(polite=polite) as worker:
        worker.run(TwinJob(bundle.folder.absolute()), cancel=cancel)


def _job(request: BuildRequest) -> Job:
    if request.source.suffix.lower() == TFLITE_SUFFIX:
        return TfliteJob(
            request.source, request.output, request.naming, request.labels, request.beside, request.normalization
        )
    return ConvertJob(
        weights=request.source,
        output=request.output,
        naming=request.naming,
        family=cast("Family | None", request.family),
        alpha=request.alpha,
        input_size=request.input_size,
        labels=request.labels,
        beside=request.beside,
        normalization=request.normalization,
    )
