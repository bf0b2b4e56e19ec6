"""Owns the training process as the window sees it: a warm worker, one training at a time, and an outcome.

A training belongs to the program, not to the wizard, from the press on Start: photos are compared, the project is
frozen into a run, and that is trained, while windows come and go. When the program ends the process ends at once; the
run goes on from its last finished epoch the next time. Other jobs of the worker (exports, examinations) run beside it,
each in a process of its own.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Signal, Slot

from mobilenet_gui.core.errors import Cancelled, ModelError, UserError
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import protocol
from mobilenet_gui.training.run_folder import EpochRecord, RunFolder
from mobilenet_gui.workers.exports import ExportRunner
from mobilenet_gui.workers.photo_tasks import Errand, TaskRunner
from mobilenet_gui.workers.training_state import Order, TrainingState
from mobilenet_gui.workers.training_thread import Listener, Token

if TYPE_CHECKING:
    from mobilenet_gui.training.job import Job, TrainJob
    from mobilenet_gui.training.process import WorkerProcess
    from mobilenet_gui.workers.run_order import RunOrder

STOP_SECONDS: Final = 3.0


class TrainingController(QObject):
    """Runs trainings. All methods belong to the thread that made it, and all signals arrive there.

    Attributes:
        changed: the training that runs, or ran last, is another or further on: its `TrainingState`.
        ended: it has come to its end: its `TrainingState`, whose `outcome` says which. `changed` was told before.
        jobs: runs other jobs; see `run_job`.
        exports: runs exports of what was trained.
    """

    changed = Signal(object)
    ended = Signal(object)
    _happened = Signal(int, str, object)

    def __init__(self, parent: QObject | None = None, *, command: Sequence[str] | None = None) -> None:
        """Start nothing yet.

        Args:
            parent: the owner.
            command: what to run as the worker; by default this program's own.
        """
        super().__init__(parent)
        self._command = command
        self._state: TrainingState | None = None
        self._number = 0
        self._thread: threading.Thread | None = None
        self._cancel = threading.Event()
        self._lock = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._spare: WorkerProcess | None = None
        self._heating: threading.Thread | None = None
        self._cooling: list[threading.Thread] = []
        self._keep_warm = False
        self._down = False
        self.jobs = TaskRunner(self)
        self.exports = ExportRunner(self, command=command)
        self._happened.connect(self._hear)

    # -- asking ---------------------------------------------------------------------------------------------------

    @property
    def state(self) -> TrainingState | None:
        """The training that runs, or ran last in this program; None before the first."""
        return self._state

    @property
    def busy(self) -> bool:
        """A training runs or is paused."""
        return self._state is not None and self._state.live

    def state_of(self, project_id: str) -> TrainingState | None:
        """Return the state where it is one of this project's trainings."""
        return self._state if self._state is not None and self._state.project_id == project_id else None

    # -- telling --------------------------------------------------------------------------------------------------

    def warm(self) -> None:
        """Have a worker ready from now on, TensorFlow loaded: also after each training, until `cool`."""
        self._keep_warm = True
        if self._down or self.busy or self._spare_runs() or (self._heating is not None and self._heating.is_alive()):
            return
        self._heating = threading.Thread(target=self._heat, name="worker-warm-up", daemon=True)
        self._heating.start()

    def cool(self) -> None:
        """Let the ready worker go; a training goes on."""
        self._keep_warm = False
        self._cooling = [thread for thread in self._cooling if thread.is_alive()]
        thread = threading.Thread(target=self._let_go, name="worker-cool-down", daemon=True)
        self._cooling.append(thread)
        thread.start()

    def start(
        self,
        project_id: str,
        folder: Path,
        *,
        resume: bool = False,
        history: Sequence[EpochRecord] = (),
        order: Order | None = None,
        name: str = "",
    ) -> None:
        """Train what a run folder says.

        Args:
            project_id: whose run it is.
            folder: the run folder.
            resume: go on after the last finished epoch.
            history: the epochs that lie behind it then.
            order: what is known of it beforehand.
            name: of the model.

        Raises:
            ModelError: another training is under way.
        """
        if self._down:
            return
        self._refuse_second()
        from mobilenet_gui.training.job import TrainJob

        job = TrainJob(folder, resume)
        state = TrainingState(project_id, folder, history=tuple(history), name=name)
        self._launch(state.ordered(order or Order()), lambda _: job)

    def begin(self, order: RunOrder) -> None:
        """Freeze a project into a new run, and train that.

        Raises:
            ModelError: another training is under way.
        """
        if self._down:
            return
        self._refuse_second()
        from mobilenet_gui.training.project_runs import RUNS_NAME

        state = TrainingState(order.data.id, order.data.folder / RUNS_NAME, phase="compare", name=order.data.name)
        self._launch(state, lambda told: self._prepared(order, told))

    def pause(self) -> None:
        """Let it stand still, keeping its place and its memory."""
        self._ask("pause")

    def resume(self) -> None:
        """Let a paused one go on."""
        self._ask("resume")

    def finish(self) -> None:
        """Stop now and make the model from the best epoch so far."""
        self._ask("finish")

    def cancel(self) -> None:
        """Stop; there will be no model."""
        if self.busy and self._state is not None:
            self._set(replace(self._state, asked="cancel"))
            self._cancel.set()
            if self._state.preparing:
                # Nothing is on the disk yet, and comparing hears of it only between two looks at many photos.
                self._hear(self._number, "cancelled", None)

    def run_job(
        self,
        job: Job,
        *,
        done: Callable[[dict[str, Any]], None],
        failed: Callable[[UserError], None],
        event: Callable[[protocol.Event], None] | None = None,
        receiver: QObject | None = None,
    ) -> Errand:
        """Run another job, such as an export, in a process of its own; `jobs.cancel` stops it.

        Args:
            job: what to do.
            done: called with its result.
            failed: called with why it failed.
            event: called with each event.
            receiver: as for `TaskRunner.run`.
        """
        return self.jobs.run(
            lambda errand: self._run_job(job, errand), done=done, failed=failed, progress=event, receiver=receiver
        )  # fmt: skip

    def shut_down(self) -> None:
        """End everything at once. A training that ran can go on from its last finished epoch; safe to call twice."""
        self._down = True
        self._keep_warm = False
        with self._lock:
            worker = self._worker
        if worker is not None:
            worker.stop_at_once()
        self._cancel.set()
        self.jobs.stop()
        self.exports.shut_down()
        self._let_go()
        deadline = time.monotonic() + STOP_SECONDS
        for thread in (self._thread, self._heating, *self._cooling):
            if thread is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        self._let_go()  # what was still being started meanwhile

    # -- inside: the window's thread ------------------------------------------------------------------------------

    def _refuse_second(self) -> None:
        if self.busy:
            raise ModelError("", tr("Another training is under way. Wait until it is done, or stop it."))

    def _launch(self, state: TrainingState, make_job: Callable[[Token], TrainJob]) -> None:
        self._number += 1
        self._cancel = threading.Event()
        self._set(state)
        self._thread = threading.Thread(
            target=self._train,
            args=(make_job, Token(self._number, self._cancel)),
            name="training",
            daemon=True,  # should the process not end in time, the program still does
        )
        self._thread.start()

    def _ask(self, what: str) -> None:
        state = self._state
        if state is None or not state.live or state.asked == "cancel":
            return
        with self._lock:
            worker = self._worker
        if worker is None:
            return
        {"pause": worker.pause, "resume": worker.go_on, "finish": worker.finish}[what]()
        self._set(replace(state, asked=what))  # type: ignore[arg-type]

    def _set(self, state: TrainingState) -> None:
        self._state = state
        self.changed.emit(state)

    @Slot(int, str, object)
    def _hear(self, number: int, what: str, value: Any) -> None:
        state = self._state
        if number != self._number or state is None or self._down:
            return
        if what == "event":
            self._set(state.after(*value))
            return
        if what == "frozen":
            folder, order = value
            self._set(replace(state, folder=folder, phase="").ordered(order))
            return
        if not state.live:  # that it was cancelled was told already; now the disk knows as well
            self.ended.emit(state)
            return
        ends = {
            "returned": lambda: replace(state, status="finished", result=value, seconds_left=0.0),
            "cancelled": lambda: replace(state, status="cancelled"),
            "failed": lambda: replace(state, status="failed", error=value[0], crashed=value[1], log=value[2]),
        }
        self._set(replace(ends[what](), asked=""))
        if self._keep_warm:
            self.warm()
        if self._state is not None:
            self.ended.emit(self._state)

    # -- inside: other threads ------------------------------------------------------------------------------------

    def _spare_runs(self) -> bool:
        with self._lock:
            return self._spare is not None and self._spare.running

    def _new_worker(self) -> WorkerProcess:
        from mobilenet_gui.training.process import WorkerProcess

        return WorkerProcess(self._command, polite=True)

    def _heat(self) -> None:
        try:
            worker = self._new_worker()
        except UserError:
            return  # whoever needs one will hear of it
        worker.warm()
        with self._lock:
            old, self._spare = self._spare, worker
        if old is not None:
            old.close()
        if not self._keep_warm:
            self._let_go()

    def _let_go(self) -> None:
        with self._lock:
            worker, self._spare = self._spare, None
        if worker is not None:
            worker.stop_at_once()
            worker.close()

    def _ready_worker(self) -> WorkerProcess:
        heating = self._heating
        if heating is not None:
            heating.join()
        with self._lock:
            worker, self._spare = self._spare, None
        if worker is not None and worker.running:
            return worker
        if worker is not None:
            worker.close()
        return self._new_worker()

    def _prepared(self, order: RunOrder, told: Token) -> TrainJob:
        """Freeze a project into a run, in the training's thread."""
        from mobilenet_gui.training.job import TrainJob
        from mobilenet_gui.workers.run_order import freeze

        listener = Listener(lambda event, now: self._tell(told.number, "event", (event, now)))
        frozen = freeze(order, told.cancel, lambda share: listener.hear(protocol.Progress("compare", share)))
        self._tell(told.number, "frozen", frozen)
        return TrainJob(frozen[0], resume=False)

    def _train(self, make_job: Callable[[Token], TrainJob], told: Token) -> None:
        number, cancel = told.number, told.cancel
        job: TrainJob | None = None
        log: tuple[str, ...] = ()
        listener = Listener(lambda event, now: self._tell(number, "event", (event, now)))
        try:
            job = make_job(told)
            worker = self._ready_worker()
            with worker:
                with self._lock:
                    self._worker = worker
                try:
                    if self._down or cancel.is_set():
                        raise Cancelled
                    result = worker.run(job, listener.hear, cancel)
                finally:
                    with self._lock:
                        self._worker = None
                    log = tuple(worker.log)
        except Cancelled:
            if job is not None and not self._down:
                RunFolder(job.run_folder).end("cancelled")
            self._tell(number, "cancelled", None)
        except UserError as error:
            # Without a word from the worker about it, it was the process that broke down; or it never came to it.
            crashed = listener.failed_kind == "crash" or (listener.begun and not listener.failed_kind)
            if job is not None and not crashed:
                RunFolder(job.run_folder).end("failed", error.reason)
            self._tell(number, "failed", (error, crashed, log))
        except Exception as error:
            # Not foreseen: the crash report shows it, and the page says that something went wrong.
            sys.excepthook(type(error), error, error.__traceback__)
            reason = tr("Something went wrong in the program itself. The report says more.")
            self._tell(number, "failed", (ModelError("", reason), True, log))
        else:
            self._tell(number, "returned", result)

    def _run_job(self, job: Job, errand: Errand) -> dict[str, Any]:
        listener = Listener(lambda event, _now: errand.report(event))
        with self._new_worker() as worker:
            return worker.run(job, listener.hear, errand.cancelled)

    def _tell(self, number: int, what: str, value: object) -> None:
        try:
            self._happened.emit(number, what, value)
        except RuntimeError:  # the window is gone
            self._cancel.set()
