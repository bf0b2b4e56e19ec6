"""Owns recognising any number of photos at once: over the cores, in order, in flat memory, until told to stop.

Threads, each with a network of its own on one core. Decoding, resizing and the network all let go of Python's lock,
so threads scale as processes do (measured: 8.5 ms of processor time a photo with one thread, 8.8 with four), start
at once, share the program's memory, and need nothing special in a frozen program.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from mobilenet_gui.core import imaging
from mobilenet_gui.core.cores import usable_cores
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.types import Recognition

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import Bundle

LOOK_AHEAD: Final = 8
"""How many photos a thread may be ahead of the slowest; what bounds the memory, and how late a stop takes effect."""

MOST_JOBS_A_CORE: Final = 4
"""No more threads than this a core, whatever is asked for: each holds a network of its own, tens of megabytes."""

_WAKE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class BatchResult:
    """The outcome for one photo: exactly one of `recognition` and `error` is set."""

    path: Path
    recognition: Recognition | None = None
    error: PhotoError | None = None


@dataclass(frozen=True, slots=True, eq=False)
class GivenPhoto:
    """A photo that is no file but bytes, and what it goes by."""

    path: Path
    data: bytes


Item: TypeAlias = Path | GivenPhoto | PhotoError

RecognizerFactory = Callable[["Bundle"], LiteRTRecognizer]


def single_core_recognizer(bundle: Bundle) -> LiteRTRecognizer:
    """Load the network of `bundle` for one core; the others have photos of their own."""
    return LiteRTRecognizer(bundle, threads=1)


def classify(
    paths: Iterable[Item],
    bundle: Bundle,
    *,
    top_k: int = 5,
    jobs: int | None = None,
    cancel: threading.Event | None = None,
    make_recognizer: RecognizerFactory = single_core_recognizer,
) -> Generator[BatchResult, None, None]:
    """Recognise photos and yield the answers in the order of `paths`, each as soon as it and all before it are ready.

    Args:
        paths: photos, or errors that take their place in the order, as `imaging.scan` yields them. Taken as needed,
            a few photos ahead, from one thread at a time.
        bundle: the model.
        top_k: how many classes a photo.
        jobs: how many photos at once, at most `MOST_JOBS_A_CORE` a core; the number of usable cores by default.
        cancel: stops it when set: the photos that are under way are finished and thrown away.
        make_recognizer: loads the network, once a job.

    Yields:
        One result a photo. Closing the generator early stops the work, too.

    Raises:
        ModelError: the model cannot be used.
    """
    items = iter(paths)
    cores = usable_cores()
    wanted = cores if jobs is None else min(jobs, MOST_JOBS_A_CORE * cores)
    # No more networks are loaded than there are photos.
    first = list(itertools.islice(items, wanted)) if wanted > 1 else []
    workers = min(wanted, len(first))
    task = _Task(bundle, top_k, cancel or threading.Event(), make_recognizer)
    everything = itertools.chain(first, items)
    if workers <= 1:
        yield from _one_by_one(everything, task)
        return
    try:
        pool = _Pool(everything, task, workers)
    except RuntimeError:  # the system grants no thread at all
        yield from _one_by_one(everything, task)
        return
    with contextlib.closing(pool):
        yield from pool.results()


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What is the same for every photo and thread."""

    bundle: Bundle
    top_k: int
    cancel: threading.Event
    make_recognizer: RecognizerFactory


def _one_by_one(items: Iterator[Item], task: _Task) -> Iterator[BatchResult]:
    recognizer: LiteRTRecognizer | None = None
    try:
        for item in items:
            if task.cancel.is_set():
                return
            if recognizer is None:
                recognizer = task.make_recognizer(task.bundle)
            yield _recognize(item, recognizer, task.top_k)
    finally:
        if recognizer is not None:
            recognizer.close()


def _recognize(item: Item, recognizer: LiteRTRecognizer, top_k: int) -> BatchResult:
    if isinstance(item, PhotoError):
        return BatchResult(Path(item.subject), error=item)
    path, source = (item.path, item.data) if isinstance(item, GivenPhoto) else (item, item)
    start = time.perf_counter()
    try:
        photo = imaging.decode_for(source, recognizer.bundle.preprocessing)
    except PhotoError as error:
        return BatchResult(path, error=error if source is path else PhotoError(str(path), error.reason))
    decode_ms = (time.perf_counter() - start) * 1e3
    return BatchResult(path, recognizer.recognize(photo, top_k=top_k, decode_ms=decode_ms))


class _Pool:
    """Threads that take photos from one iterator and put answers where one reader takes them out in order."""

    def __init__(self, items: Iterator[Item], task: _Task, workers: int) -> None:
        self._items, self._task = items, task
        self._ahead = workers * LOOK_AHEAD
        # `_taking` guards the iterator, `_lock` all else: listing a slow folder must not hold up finished answers.
        self._taking = threading.Lock()
        self._lock = threading.Lock()
        self._answered = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._taken = 0
        self._given = 0
        self._exhausted = False
        self._stopped = False
        self._failure: BaseException | None = None
        self._answers: dict[int, BatchResult] = {}
        self._threads = [threading.Thread(target=self._work, name=f"classify-{n}", daemon=True) for n in range(workers)]
        self._start()

    def _start(self) -> None:
        """Start the threads, or as many as the system allows."""
        for number, thread in enumerate(self._threads):
            try:
                thread.start()
            except RuntimeError:
                if number == 0:
                    raise
                del self._threads[number:]
                return

    def results(self) -> Iterator[BatchResult]:
        while True:
            with self._lock:
                # Woken now and then, because Windows delivers Ctrl+C only between waits.
                while not self._ready():
                    self._answered.wait(_WAKE_SECONDS)
                if self._task.cancel.is_set():
                    return
                if self._failure is not None:
                    raise self._failure
                if self._given not in self._answers:
                    return
                result = self._answers.pop(self._given)
                self._given += 1
                self._room.notify()
            yield result

    def close(self) -> None:
        """Stop the threads and wait for the photos they are busy with."""
        with self._lock:
            self._stopped = True
            self._room.notify_all()
        for thread in self._threads:
            thread.join()

    def _ready(self) -> bool:
        if self._failure is not None or self._task.cancel.is_set() or self._given in self._answers:
            return True
        return self._exhausted and self._given >= self._taken

    def _take(self) -> tuple[int, Item] | None:
        with self._taking:
            with self._lock:
                while not self._stopped and not self._exhausted and self._taken - self._given >= self._ahead:
                    self._room.wait()
                if self._stopped or self._exhausted or self._task.cancel.is_set():
                    return None
            item = next(self._items, None)
            with self._lock:
                if item is None:
                    self._exhausted = True
                    self._answered.notify()
                    return None
                number = self._taken
                self._taken += 1
            return number, item

    def _work(self) -> None:
        recognizer: LiteRTRecognizer | None = None
        try:
            while (taken := self._take()) is not None:
                if recognizer is None:
                    recognizer = self._task.make_recognizer(self._task.bundle)
                number, item = taken
                result = _recognize(item, recognizer, self._task.top_k)
                with self._lock:
                    self._answers[number] = result
                    if number == self._given:
                        self._answered.notify()
        except BaseException as error:  # handed to the reader, whose thread can show it
            with self._lock:
                self._failure = self._failure or error
                self._stopped = True
                self._answered.notify()
                self._room.notify_all()
        finally:
            if recognizer is not None:
                recognizer.close()
