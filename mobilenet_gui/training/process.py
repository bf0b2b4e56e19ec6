"""Owns running the worker process: starting it, hearing it out, cancelling it for certain, telling its failures apart.

Blocking and without Qt: the command line calls it as it is, the window from a thread.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import IO, Any

from mobilenet_gui import paths
from mobilenet_gui.core.child import creation_flags, environment, process_group
from mobilenet_gui.core.errors import Cancelled, ModelError, StorageError
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import protocol
from mobilenet_gui.training.job import Job, LookJob, TfliteJob, TrainJob, subject_of, to_data
from mobilenet_gui.training.memory_kills import kills_so_far, was_memory
from mobilenet_gui.training.run_folder import RunFolder

CANCEL_SECONDS = 3.0
"""A cancelled worker has this long to end by itself, and half of it again after being told to terminate."""
STALL_SECONDS = 900.0
"""A worker that says nothing for so long hangs. The longest silent step, a conversion, takes well under a minute."""
TRIAL_SECONDS = 60.0
"""One that reads and tries a foreign file step by step; a network of theirs may run for ever."""
POLITE_NICENESS = 10
_POLL_SECONDS = 0.1
_LOG_LINES = 200
_SHOWN_LOG_LINES = 3
_ROUTINE = re.compile(r"[IW]\d{4} |E\d{4} .*\bcuda|WARNING: All log messages before absl")
"""What TensorFlow says on every start; it is never why a worker crashed."""
_SIGKILL = 9

OnEvent = Callable[[protocol.Event], None]


class WorkerProcess:
    """One worker process, good for one job. Close it, or use it in a `with` block.

    Attributes:
        log: the last lines that were no events, oldest first.
    """

    def __init__(self, command: Sequence[str] | None = None, *, polite: bool = False) -> None:
        """Start the process; TensorFlow is not loaded yet.

        Args:
            command: what to run; by default this program's own worker.
            polite: it gives way to all other programs, this one's window first of all, where processors are short.

        Raises:
            ModelError: it cannot be started.
        """
        self.log: deque[str] = deque(maxlen=_LOG_LINES)
        self._ended_by_us = False
        self._memory_kills = kills_so_far()
        self._events: queue.SimpleQueue[protocol.Event | None] = queue.SimpleQueue()
        try:
            self._process = subprocess.Popen(
                list(command or paths.worker_command()),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=environment(),
                process_group=process_group(),
                creationflags=creation_flags(polite=polite),
            )
        except OSError as error:
            raise ModelError(
                "", tr("The program's helper could not be started: {reason}.").format(reason=error.strerror or error)
            ) from error
        if polite:
            _lower(self._process.pid)
        self._readers = [
            threading.Thread(target=self._hear, args=(self._process.stdout,), name="worker-events", daemon=True),
            threading.Thread(target=self._note, args=(self._process.stderr,), name="worker-log", daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """It has not ended yet."""
        return self._process.poll() is None

    def warm(self) -> None:
        """Let it load TensorFlow while it waits for the job."""
        self._tell(protocol.command("warm"))

    def pause(self) -> None:
        """Let a training stand still after the batch it is at; it says `Paused`. From any thread."""
        self._tell(protocol.command("pause"))

    def go_on(self) -> None:
        """Let a paused training go on; it says `Paused(False)`. From any thread."""
        self._tell(protocol.command("resume"))

    def finish(self) -> None:
        """Let a training stop now and make its model from the best so far. From any thread."""
        self._tell(protocol.command("finish"))

    def run(self, job: Job, on_event: OnEvent | None = None, cancel: threading.Event | None = None) -> dict[str, Any]:
        """Run a job to its end.

        Args:
            job: what to do.
            on_event: called in this thread with each event as it comes.
            cancel: set it from any thread to stop; the process has ended when this raises.

        Returns:
            The job's result: `id`, `folder`, `backbone`; of a training, see `TrainJob`.

        Raises:
            ModelError: the job failed, or the worker crashed.
            StorageError: the disk refused.
            Cancelled: `cancel` was set.
        """
        subject = subject_of(job)
        self._tell(protocol.command("run", job=to_data(job)))
        silence, before = 0.0, time.monotonic()
        while True:
            if cancel is not None and cancel.is_set():
                self._cancel()
                raise Cancelled
            try:
                event = self._events.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                # A machine that was asleep in between has not been listening: no more than a moment is counted.
                now = time.monotonic()
                silence, before = silence + min(now - before, 1.0), now
                if silence > (TRIAL_SECONDS if isinstance(job, TfliteJob | LookJob) else STALL_SECONDS):
                    self._kill()
                    raise ModelError(subject, tr("The program's helper stopped answering.")) from None
                continue
            silence, before = 0.0, time.monotonic()
            if event is None:
                if cancel is not None and cancel.is_set():  # told to end together with us
                    raise Cancelled
                raise self._crashed(job)
            if isinstance(event, protocol.Log):
                self.log.extend(event.text.splitlines())
            if on_event is not None:
                on_event(event)
            if isinstance(event, protocol.Finished):
                return event.result
            if isinstance(event, protocol.Failed):
                raise self._failed(event, subject)

    def stop_at_once(self) -> None:
        """End the process without asking it. A training can go on from its last finished epoch. From any thread."""
        self._ended_by_us = True
        with contextlib.suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """End the process, if it still runs, and wait for it."""
        if self.running:
            self._cancel()
        self._process.wait()
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        for reader in self._readers:
            reader.join(timeout=CANCEL_SECONDS)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _tell(self, line: bytes) -> None:
        pipe = self._process.stdin
        if pipe is None:
            return
        with contextlib.suppress(OSError, ValueError):  # a dead worker is noticed where its events are read
            view = memoryview(line)
            while view:
                view = view[pipe.write(view) or 0 :]

    def _hear(self, pipe: IO[bytes]) -> None:
        for line in _lines(pipe):
            event = protocol.decode(line)
            if event is None:
                self.log.append(line.decode("utf-8", "replace").rstrip())
            else:
                self._events.put(event)
        self._events.put(None)

    def _note(self, pipe: IO[bytes]) -> None:
        for line in _lines(pipe):
            self.log.append(line.decode("utf-8", "replace").rstrip())

    def _cancel(self) -> None:
        """Ask, wait a little, terminate, wait a little, kill."""
        self._tell(protocol.command("cancel"))
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(CANCEL_SECONDS)
            return
        with contextlib.suppress(OSError):
            self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(CANCEL_SECONDS / 2)
            return
        self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()

    def _failed(self, event: protocol.Failed, subject: str) -> ModelError | StorageError:
        if event.kind == "storage":
            return StorageError(event.subject or subject, event.reason)
        if event.kind == "crash":
            return ModelError(subject, tr("The program's helper failed: {reason}").format(reason=event.reason))
        return ModelError(event.subject or subject, event.reason)

    def _crashed(self, job: Job) -> ModelError:
        subject = subject_of(job)
        code = self._process.wait()
        for reader in self._readers:
            reader.join(timeout=1)
        last = [line for line in self.log if line.strip() and not _ROUTINE.match(line)][-_SHOWN_LOG_LINES:]
        if code == -_SIGKILL and not self._ended_by_us and was_memory(self._memory_kills):
            reason = tr("The memory ran out, so the system stopped the program's helper.")
            if isinstance(job, TrainJob):
                RunFolder(job.run_folder).note_memory_ran_out()
        elif code == -_SIGKILL:
            reason = tr("The program's helper was stopped from outside.")
        else:
            reason = tr("The program's helper ended unexpectedly (code {code}).").format(code=code)
        return ModelError(subject, " ".join([reason, *last])[:1000])


def run_job(
    job: Job,
    on_event: OnEvent | None = None,
    cancel: threading.Event | None = None,
    *,
    command: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Run one job in a worker process of its own; see `WorkerProcess.run`."""
    with WorkerProcess(command) as worker:
        return worker.run(job, on_event, cancel)


def _lines(pipe: IO[bytes]) -> Iterator[bytes]:
    """Yield lines from an unbuffered pipe; one that never ends is cut."""
    rest = b""
    while True:
        try:
            block = pipe.read(1 << 16)
        except (OSError, ValueError):
            block = b""
        if not block:
            break
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
        if len(rest) > protocol.MAX_LINE:
            yield rest
            rest = b""
    if rest:
        yield rest


def _lower(pid: int) -> None:
    """Let a process that has just been started stand back; its threads, which are still to come, inherit it."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            # As far back as we are at least: root's would otherwise come to the front of a program that stands back.
            ours = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, pid, max(POLITE_NICENESS, ours))
