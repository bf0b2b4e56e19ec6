"""Owns exports of trained models: one at a time, in a process of its own, remembered beside the training.

An export goes on when the wizard closes; whoever looks at the training next sees what came of it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal

from mobilenet_gui.core.atomic import write_atomically
from mobilenet_gui.core.errors import ModelError, UserError
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import protocol
from mobilenet_gui.training.export_job import ExportFormat, ExportResult
from mobilenet_gui.training.run_folder import RunFolder
from mobilenet_gui.workers.photo_tasks import Errand, TaskRunner

RESULTS_NAME: Final = "exports.json"
_MAX_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ExportState:
    """An export under way.

    Attributes:
        folder: of the training whose model is exported.
        formats: all that are wanted, in order.
        output: where they go.
        done: how many are finished.
        phase: what is being done; see `core.phases`.
        fraction: share of the whole, 0-1; None before anything is known.
        stopping: it was asked to stop.
    """

    folder: Path
    formats: tuple[ExportFormat, ...]
    output: Path
    done: int = 0
    phase: str = ""
    fraction: float | None = None
    stopping: bool = False

    @property
    def current(self) -> ExportFormat | None:
        """The format being made."""
        return self.formats[self.done] if self.done < len(self.formats) else None

    @property
    def share(self) -> float | None:
        """How much of the format being made is done, 0-1."""
        if self.fraction is None:
            return None
        return min(max(self.fraction * len(self.formats) - self.done, 0.0), 1.0)


class ExportRunner(QObject):
    """Runs exports. All methods belong to the thread that made it, and all signals arrive there.

    Attributes:
        changed: what is known of a training's exports is another: its folder.
        ended: an export is over: the folder of the training, and why it failed (`UserError`) or None.
    """

    changed = Signal(object)
    ended = Signal(object, object)

    def __init__(self, parent: QObject | None = None, *, command: Sequence[str] | None = None) -> None:
        super().__init__(parent)
        self._command = command
        self._tasks = TaskRunner(self)
        self._state: ExportState | None = None
        self._errand: Errand | None = None
        self._results: dict[Path, dict[ExportFormat, ExportResult]] = {}

    @property
    def state(self) -> ExportState | None:
        """The export under way, None where none is."""
        return self._state

    def results(self, folder: Path) -> Mapping[ExportFormat, ExportResult]:
        """Return what came of a training's exports so far, as far as `read` has brought it."""
        return self._results.get(folder, {})

    def read(self, folder: Path) -> None:
        """Read what earlier exports of a training came to; ends in `changed`."""
        if folder not in self._results:
            self._tasks.run(lambda _errand: _read(folder), done=lambda found: self._learn(folder, found), failed=_drop)

    def start(self, folder: Path, formats: Sequence[ExportFormat], output: Path) -> None:
        """Export what a training made.

        Args:
            folder: the run folder.
            formats: which.
            output: the folder that gets a folder for each format.

        Raises:
            ModelError: another export is under way.
        """
        if self._state is not None:
            raise ModelError("", tr("Another export is under way. Wait until it is done, or stop it."))
        self._state = ExportState(folder, tuple(formats), output)
        state = self._state
        self._errand = self._tasks.run(
            lambda errand: self._export(state, errand), done=lambda _results: self._end(None), failed=self._end,
            progress=self._hear,
        )  # fmt: skip
        self.changed.emit(folder)

    def cancel(self) -> None:
        """Stop the export; formats that are finished stay."""
        if self._state is not None and self._errand is not None:
            self._tasks.cancel(self._errand)
            self._end(None)

    def shut_down(self) -> None:
        """Stop everything."""
        self._tasks.stop()

    def _export(self, state: ExportState, errand: Errand) -> None:
        from mobilenet_gui.training.export_run import job_for_run, run_export
        from mobilenet_gui.training.process import WorkerProcess

        job = job_for_run(RunFolder(state.folder), state.formats, state.output)
        run_export(
            job, errand.report, errand.cancelled, on_result=errand.report,
            worker=WorkerProcess(self._command, polite=True),
        )  # fmt: skip

    def _hear(self, value: protocol.Event | ExportResult) -> None:
        if self._state is None:
            return
        folder = self._state.folder
        if isinstance(value, ExportResult):
            self._state = replace(self._state, done=self._state.done + 1)
            found = self._results.setdefault(folder, {})
            found[value.format] = value
            kept = list(found.values())
            self._tasks.run(lambda _errand: _write(folder, kept), done=lambda _none: None, failed=_drop)
        elif isinstance(value, protocol.Progress):
            self._state = replace(self._state, phase=value.phase, fraction=value.fraction)
        else:
            return
        self.changed.emit(folder)

    def _end(self, error: UserError | None) -> None:
        if self._state is None:
            return
        folder = self._state.folder
        self._state = self._errand = None
        self.changed.emit(folder)
        self.ended.emit(folder, error)

    def _learn(self, folder: Path, found: dict[ExportFormat, ExportResult]) -> None:
        self._results[folder] = found | self._results.get(folder, {})
        self.changed.emit(folder)


def _drop(_error: UserError) -> None:
    """Do without: what exports came to is a convenience, and the files themselves are where they are."""


def _read(folder: Path) -> dict[ExportFormat, ExportResult]:
    found: dict[ExportFormat, ExportResult] = {}
    with contextlib.suppress(OSError, ValueError, RecursionError), (folder / RESULTS_NAME).open("rb") as stream:
        rows = json.loads(stream.read(_MAX_BYTES))
        for row in rows if isinstance(rows, list) else ():
            with contextlib.suppress(ValueError):
                result = ExportResult.from_data(row)
                if result.path is not None and result.path.exists():
                    found[result.format] = result
    return found


def _write(folder: Path, results: Sequence[ExportResult]) -> None:
    with contextlib.suppress(OSError):
        write_atomically(folder / RESULTS_NAME, json.dumps([r.to_data() for r in results]).encode())
