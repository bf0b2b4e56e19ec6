"""Owns everything that takes time with models: downloads, imports, removals, speed measurements, each in a thread.

The window asks by a model's id and hears of it by signals; nothing here blocks it. Two downloads run at once, all else
one at a time within its lane; what has to wait says so. Stopped downloads are remembered, also over a restart.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Signal, Slot

from mobilenet_gui import builtin_models
from mobilenet_gui.core import catalog
from mobilenet_gui.core import speed as speeds
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ModelError, UserError
from mobilenet_gui.core.install import InstallProgress
from mobilenet_gui.core.speed import Speed, SpeedBook
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.i18n import tr
from mobilenet_gui.settings import Settings
from mobilenet_gui.workers.model_inspect import understand
from mobilenet_gui.workers.model_state import Kind, Phase, TaskState
from mobilenet_gui.workers.model_work import Gate, ImportRequest, ModelWork, rename_bundle
from mobilenet_gui.workers.task_lanes import Task, TaskLanes

LANES: Final[dict[Kind, int]] = {"download": 2, "import": 1, "remove": 1, "rename": 1, "measure": 1, "inspect": 2}
"""How many tasks of a kind run at once."""


class ModelTasks(QObject):
    """Runs tasks. All methods belong to the thread that made it, and all signals arrive there.

    Attributes:
        started: a task began or joined the queue: model id.
        progressed: model id, `TaskState`.
        returned: it is done: model id, result: `Bundle` of a download, import or renaming, `Speed` of a measurement,
            `Understood` of a look into a file, None of a removal.
        failed: model id, `UserError`; the state stays until it is dismissed or tried again.
        cancelled: the person stopped it: model id.
        models_changed: the models on this computer, or what is known of them, are others now.
    """

    started = Signal(str)
    progressed = Signal(str, object)
    returned = Signal(str, object)
    failed = Signal(str, object)
    cancelled = Signal(str)
    models_changed = Signal()

    def __init__(
        self,
        work: ModelWork,
        store: ModelStore,
        *,
        book: SpeedBook | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Work on `store` through `work`.

        Args:
            work: what is done to models; blocking, called from threads.
            store: the models on this computer.
            book: the measured speeds; by default the user's.
            parent: the owner.
        """
        super().__init__(parent)
        self._work = work
        self._store = store
        self._gate = Gate()
        self.book = book if book is not None else SpeedBook()
        self._tasks: dict[str, Task] = {}
        self._lanes = TaskLanes(LANES, self)
        self._leaving: list[str] = []
        self._down = False
        self._lanes.happened.connect(self._hear)

    # -- asking ---------------------------------------------------------------------------------------------------

    def set_settings(self, settings: Settings) -> None:
        """Use another download address, proxy and number of threads from now on."""
        self._work.settings = settings

    def state(self, model_id: str) -> TaskState | None:
        """Return what is being done to a model, or how it stopped; None where nothing."""
        task = self._tasks.get(model_id)
        return None if task is None else task.state

    def states(self) -> list[TaskState]:
        """Return all tasks, oldest first."""
        return [task.state for task in self._tasks.values()]

    def remember_partials(self) -> None:
        """Take up downloads that an earlier run left unfinished, as paused ones."""
        for entry in catalog.ENTRIES:
            if entry.id in self._tasks or self._store.has(entry.id):
                continue
            left = self._work.partial(entry.id)
            if left is not None:
                total = left.total or entry.download_bytes
                state = TaskState(entry.id, "download", "paused", entry.name, left.done, total)
                self._tasks[entry.id] = Task(state, _nothing)

    # -- telling --------------------------------------------------------------------------------------------------

    def download(self, model_id: str) -> None:
        """Download and install an official model, going on where an earlier try stopped.

        Raises:
            ModelError: no official model has this id.
        """
        entry = catalog.by_id(model_id)
        if entry is None:
            raise ModelError(model_id, tr("This is not one of the official models."))
        before = self._tasks.get(model_id)
        if before is not None and before.state.running:
            return
        done, total = (before.state.done, before.state.total) if before is not None else (0, None)
        state = TaskState(model_id, "download", "waiting", entry.name, done, total or entry.download_bytes)
        self._start(Task(state, lambda task: self._downloaded(model_id, task)))

    def resume(self, model_id: str) -> None:
        """Go on with a stopped download."""
        self.download(model_id)

    def pause(self, model_id: str) -> None:
        """Stop a download and keep what has arrived."""
        task = self._tasks.get(model_id)
        if task is None or not task.state.pausable:
            return
        task.keep_partial = True
        task.cancel.set()
        if self._lanes.take_back(task):
            self._set(task, phase="paused")

    def cancel(self, model_id: str) -> None:
        """Stop a task; a download loses what has arrived."""
        task = self._tasks.get(model_id)
        if task is None:
            return
        task.keep_partial = False
        task.cancel.set()
        if not self._lanes.is_running(task):
            self._lanes.take_back(task)
            self._end_cancelled(task)

    def dismiss(self, model_id: str) -> None:
        """Forget a failure; a download that can go on stays as a paused one."""
        task = self._tasks.get(model_id)
        if task is None or not task.state.failed:
            return
        if task.state.paused:
            self._set(task, phase="paused", error=None)
        else:
            del self._tasks[model_id]
            self.models_changed.emit()

    def inspect(self, path: Path) -> str:
        """Look into a file that might be imported; return the key under which `Understood` comes back."""
        key = f"inspect:{path}"
        self._start(
            Task(TaskState(key, "inspect", "inspecting", path.name), lambda task: understand(path, task.cancel))
        )
        return key

    def import_file(self, request: ImportRequest) -> str:
        """Import a model from a file.

        Returns:
            The key under which it is reported until its model is there.
        """
        key = f"import:{request.path}"
        state = TaskState(key, "import", "waiting", request.name or request.path.name)
        self._start(Task(state, lambda task: self._imported(request, task)))
        return key

    def install(self, key: str, title: str, work: Callable[[], Bundle]) -> None:
        """Have `work` put a model into the store, in a thread; it is heard of as an import, under `key`."""
        self._start(Task(TaskState(key, "import", "installing", title), lambda _task: work()))

    def make_builtin(self) -> None:
        """Make the model that comes with the program; it is heard of as an import, under the model's id."""
        state = TaskState(builtin_models.MODEL_ID, "import", "waiting", builtin_models.NAME)
        self._start(Task(state, self._made_builtin))

    def remove(self, model_id: str) -> None:
        """Delete an installed model and free its disk space."""
        state = TaskState(model_id, "remove", "removing")
        self._start(Task(state, lambda _task: self._work.remove(model_id)))

    def leave(self, model_id: str) -> None:
        """Mark a model to be removed by `commit_leaving`, or at the end of the program; until then it can `stay`."""
        if model_id not in self._leaving:
            self._leaving.append(model_id)

    def stay(self, model_id: str) -> None:
        """Take `leave` back."""
        if model_id in self._leaving:
            self._leaving.remove(model_id)

    def is_leaving(self, model_id: str) -> bool:
        """Say whether a model is marked, or being removed."""
        task = self._tasks.get(model_id)
        return model_id in self._leaving or (task is not None and task.state.phase == "removing")

    def commit_leaving(self) -> None:
        """Remove what is marked."""
        for model_id in self._leaving:
            self.remove(model_id)
        self._leaving.clear()

    def rename(self, model_id: str, name: str) -> None:
        """Give an installed model another name; its id stays."""
        state = TaskState(model_id, "rename", "renaming", name)
        self._start(Task(state, lambda _task: rename_bundle(self._store, model_id, name)))

    def measure(self, model_id: str) -> None:
        """Measure how fast an installed model is here."""
        state = TaskState(model_id, "measure", "measuring")
        self._start(Task(state, lambda task: self._measured(model_id, task.cancel)))

    def measure_new(self) -> None:
        """Measure the installed models whose speed here is not known yet, such as those of the command line."""
        for bundle in self._store.list():
            if not bundle.is_backbone and bundle.id not in self._tasks and self.book.get(bundle) is None:
                self.measure(bundle.id)

    def shut_down(self) -> bool:
        """Stop everything, keep what downloads have; say whether all ended in time."""
        self._down = True
        for model_id in [*self._leaving, *(t.state.id for t in self._lanes.queued() if t.state.kind == "remove")]:
            with contextlib.suppress(UserError):  # what cannot be removed is there again the next time
                self._work.remove(model_id)
        self._leaving.clear()
        return self._lanes.stop()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _start(self, task: Task) -> None:
        before = self._tasks.get(task.state.id)
        if self._down:
            return
        if before is not None and before.state.running:
            if before.state.kind != "measure":
                return
            # Measuring can be done again; nothing waits for it, and what it says after this is not heard.
            before.cancel.set()
            self._lanes.take_back(before)
        self._tasks[task.state.id] = task
        self.started.emit(task.state.id)
        self.progressed.emit(task.state.id, task.state)
        self._lanes.add(task)

    def _downloaded(self, model_id: str, task: Task) -> Bundle:
        report, leave = self._gate.guard(self._report_of(task), self._waiting_of(task), task.cancel)
        try:
            return self._work.download(model_id, report, task.cancel)
        finally:
            leave()

    def _imported(self, request: ImportRequest, task: Task) -> Bundle:
        report, leave = self._gate.guard(self._report_of(task), self._waiting_of(task), task.cancel)
        try:
            return self._work.import_file(
                request.path, request.labels, request.model_id, report, task.cancel,
                name=request.name, normalization=request.normalization, replace=request.replace,
            )  # fmt: skip
        finally:
            leave()

    def _made_builtin(self, task: Task) -> Bundle:
        report, leave = self._gate.guard(self._report_of(task), self._waiting_of(task), task.cancel)
        try:
            report(InstallProgress("preparing", "", None, 0.0))
            builtin_models.make(
                None,
                lambda text, share: report(InstallProgress("preparing", text, None, share)),
                task.cancel,
                polite=True,
            )
        finally:
            leave()
        return self._store.get(builtin_models.MODEL_ID)

    def _report_of(self, task: Task) -> Callable[[InstallProgress], None]:
        return lambda progress: self._lanes.tell(task, "progressed", _changes(progress))

    def _waiting_of(self, task: Task) -> Callable[[], None]:
        return lambda: self._lanes.tell(task, "progressed", {"phase": "queued", "share": None, "seconds_left": None})

    def _measured(self, model_id: str, cancel: threading.Event) -> Speed:
        bundle = self._store.get(model_id)
        result = speeds.measure(bundle, threads=self._work.settings.threads, cancel=cancel)
        self.book.put(model_id, result)
        return result

    @Slot(object, str, object)
    def _hear(self, task: Task, what: str, value: Any) -> None:
        if what == "progressed":
            if self._lanes.is_running(task) and not task.cancel.is_set() and self._tasks.get(task.state.id) is task:
                self._set(task, **value)
            return
        self._lanes.ended(task)
        if self._down:
            return
        # A measurement that was overtaken by something else ends unheard.
        if self._tasks.get(task.state.id) is task:
            if what == "returned":
                self._end_returned(task, value)
            elif what == "cancelled":
                self._end_cancelled(task)
            else:
                self._end_failed(task, value)
        self._lanes.drain()

    def _end_returned(self, task: Task, result: object) -> None:
        key, kind = task.state.id, task.state.kind
        self._tasks.pop(key, None)
        if kind == "remove":
            self.book.forget(key)
        self.returned.emit(key, result)
        if kind == "inspect":
            return
        self.models_changed.emit()
        if kind == "measure":
            return
        if kind in ("download", "import") and isinstance(result, Bundle) and not result.is_backbone:
            self.measure(result.id)

    def _end_cancelled(self, task: Task) -> None:
        if task.keep_partial:
            self._set(task, phase="paused")
            return
        key = task.state.id
        self._tasks.pop(key, None)
        entry = catalog.by_id(key) if task.state.kind == "download" else None
        if entry is not None:
            try:
                self._work.discard_partial(entry.id)
            except UserError as error:
                self.failed.emit(key, error)
        self.cancelled.emit(key)

    def _end_failed(self, task: Task, error: UserError) -> None:
        key = task.state.id
        if task.state.kind == "download" and (entry := catalog.by_id(key)) is not None:
            left = self._work.partial(entry.id)
            task.state = replace(task.state, done=left.done if left else 0)
            if left is not None and left.total:
                task.state = replace(task.state, total=left.total)
        task.state = replace(task.state, phase="failed", error=error, seconds_left=None)
        if task.state.kind == "inspect":
            del self._tasks[key]
        self.progressed.emit(key, task.state)
        self.failed.emit(key, error)

    def _set(self, task: Task, **changes: Any) -> None:
        task.state = replace(task.state, **changes)
        if not task.state.running:
            task.state = replace(task.state, seconds_left=None)
        self.progressed.emit(task.state.id, task.state)


def _nothing(_task: Task) -> None:
    """Work of a task that only remembers."""


def _changes(progress: InstallProgress) -> dict[str, Any]:
    """Return what an installation's progress changes in a `TaskState`."""
    phase: Phase = progress.step
    if phase == "downloading":
        return {"phase": phase, "done": progress.done, "seconds_left": progress.seconds_left} | (
            {"total": progress.total} if progress.total else {}
        )
    # The converter takes seconds to start before its first word: a bar that moves says more than an empty one.
    return {"phase": phase, "share": progress.step_fraction or None, "seconds_left": None}
