"""Owns a training run on the disk: what was asked for, how far it is, and where its results lie. No TensorFlow, no Qt.

A run folder holds `run.json` (the frozen order: classes, photos with their split, settings), `state.json` (how far it
is), `checkpoint/`, and at the end `bundle/` and `evaluation.json`. Who trains holds `run.lock`; a run that says it is
running while nobody holds the lock was interrupted and can go on. Other programs may look at any time: each file is
replaced in one step.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from mobilenet_gui.core.atomic import write_atomically
from mobilenet_gui.core.errors import ProjectError, StorageError
from mobilenet_gui.core.kept_json import read_kept
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import json_rows
from mobilenet_gui.training.run_state import EpochRecord, RunState, RunStatus, as_list, as_number, as_text, as_whole
from mobilenet_gui.training.training_settings import Augmentation, Preset, Schedule, TrainingSettings

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = [
    "Augmentation",
    "EpochRecord",
    "Preset",
    "RunFolder",
    "RunSpec",
    "RunState",
    "RunStatus",
    "Sample",
    "Schedule",
    "Split",
    "TrainingSettings",
]

FORMAT_VERSION: Final = 1
LOCK_SECONDS: Final = 5.0
"""How long to wait for a run's lock: others only touch it to see whether it is held."""
_MAX_STATE_BYTES: Final = 16 << 20

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One photo of a run.

    Attributes:
        id: the photo's id in its project, unique in the run.
        path: the file.
        label: index into the run's classes.
        split: the part it belongs to.
        group: photos of one group (a burst, duplicates) are all in one part; empty for none.
    """

    id: str
    path: Path
    label: int
    split: Split
    group: str = ""


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What is to be trained, frozen: the same again after a crash, and no different when the project changes.

    Attributes:
        id: the run's id, unique in its project.
        project_id: empty for a run from the command line.
        name: the name of the model that comes out.
        classes: names by label.
        samples: every photo with its part.
        settings: how to train.
        base_folder: the bundle to start from.
        cache_dir: where features may be kept between runs.
        created: ISO 8601 time.
        background: label of the class for what is none of the others; it may have no samples. None without one.
        notes: how the photos were shared out, to be told when the training begins.
        prepared: seconds that went into finding photos that are alike; they count as the training's.
        candidates: bundles of which the best is to be found first; then it is the `base_folder`, and they are none.
    """

    id: str
    project_id: str
    name: str
    classes: tuple[str, ...]
    samples: tuple[Sample, ...]
    settings: TrainingSettings
    base_folder: Path
    cache_dir: Path
    created: str = ""
    background: int | None = None
    notes: tuple[str, ...] = ()
    prepared: float = 0.0
    candidates: tuple[Path, ...] = ()

    @property
    def resembling(self) -> frozenset[str]:
        """Ids of the test photos that resemble photos to learn from; only parts that were given bring that about."""
        learnt = {sample.group for sample in self.samples if sample.group and sample.split != "test"}
        return frozenset(sample.id for sample in self.samples if sample.split == "test" and sample.group in learnt)


class RunFolder:
    """One run's folder. Holds no state of its own: the disk is the truth. It need not exist before `write_spec`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def spec_path(self) -> Path:
        """The frozen order."""
        return self.path / "run.json"

    @property
    def state_path(self) -> Path:
        """How far the run is."""
        return self.path / "state.json"

    @property
    def bundle_folder(self) -> Path:
        """The model that came out; there once the run has finished."""
        return self.path / "bundle"

    @property
    def evaluation_path(self) -> Path:
        """What the test found; there once the run has finished."""
        return self.path / "evaluation.json"

    @property
    def held_out_path(self) -> Path:
        """What its own photos were taken for while they were held out; see `held_out`."""
        return self.path / "held-out.json"

    @property
    def checkpoint_dir(self) -> Path:
        """What the trainer needs to go on."""
        return self.path / "checkpoint"

    @property
    def spare_dir(self) -> Path:
        """What would lie in the cache, if that could be written to; gone when the run has finished."""
        return self.path / "spare"

    @property
    def exists(self) -> bool:
        """A run was ordered here."""
        return self.spec_path.is_file()

    @property
    def begun(self) -> bool:
        """Somebody has begun to train it. Reads the disk."""
        return self._read_state().status != "new"

    def write_spec(self, spec: RunSpec, state: RunState | None = None) -> None:
        """Freeze what is to be trained.

        Args:
            spec: that.
            state: what it begins with; by default that of a new one.

        Raises:
            StorageError: the disk refused.
        """
        head = {
            "format_version": FORMAT_VERSION,
            "id": spec.id,
            "project_id": spec.project_id,
            "name": spec.name,
            "classes": list(spec.classes),
            "settings": spec.settings.to_data(),
            "base_folder": str(spec.base_folder),
            "cache_dir": str(spec.cache_dir),
            "created": spec.created,
            "background": spec.background,
            "notes": list(spec.notes),
            "prepared": spec.prepared,
            "candidates": [str(folder) for folder in spec.candidates],
        }
        rows = ([s.id, str(s.path), s.label, s.split, s.group] for s in spec.samples)
        try:
            json_rows.write(self.spec_path, head, "samples", rows)
        except OSError as error:
            raise storage_error(self.path, error) from error
        self.write_state(state or RunState())

    def spec(self) -> RunSpec:
        """Return what is to be trained.

        Raises:
            ProjectError: there is none, it is damaged, or it comes from a newer version.
        """
        try:
            head, rows = json_rows.read(self.spec_path, "samples")
            if as_whole(head.get("format_version")) > FORMAT_VERSION:
                raise ProjectError(str(self.path), tr("This training was begun by a newer version of the program."))
            classes = tuple(as_text(name) for name in as_list(head.get("classes")))
            return RunSpec(
                id=as_text(head.get("id")),
                project_id=as_text(head.get("project_id")),
                name=as_text(head.get("name")),
                classes=classes,
                samples=tuple(_sample(row, len(classes)) for row in rows),
                settings=TrainingSettings.from_data(head.get("settings")),
                base_folder=Path(as_text(head.get("base_folder"))),
                cache_dir=Path(as_text(head.get("cache_dir"))),
                created=as_text(head.get("created", "")),
                background=_label(head.get("background"), len(classes)),
                notes=tuple(as_text(note) for note in as_list(head.get("notes", []))),
                prepared=as_number(head.get("prepared", 0.0)),
                candidates=tuple(Path(as_text(folder)) for folder in as_list(head.get("candidates", []))),
            )
        except FileNotFoundError as error:
            raise ProjectError(str(self.path), tr("There is no training in this folder.")) from error
        except (OSError, ValueError) as error:
            raise ProjectError(
                str(self.path), tr("The description of this training (run.json) cannot be read.")
            ) from error

    def write_state(self, state: RunState) -> None:
        """Record how far the run is.

        Raises:
            StorageError: the disk refused; the state before it still stands.
        """
        try:
            write_atomically(self.state_path, json.dumps(state.to_data(), allow_nan=False).encode("ascii"))
        except OSError as error:
            raise storage_error(self.path, error) from error

    def state(self) -> RunState:
        """Return how far the run is; one whose process is gone is `interrupted`. A damaged state counts as that, too.

        A paused one keeps its process; where that is gone it is `interrupted` as well.
        """
        state = self._read_state()
        if state.status in ("running", "paused") and not self.is_locked():
            # It may have ended between our reading and our look at the lock.
            state = self._read_state()
            if state.status in ("running", "paused"):
                state.status = "interrupted"
        return state

    def end(self, status: RunStatus, error: str = "") -> None:
        """Record how it ended where its process did not come to it. Never raises: it is offered again then.

        Args:
            status: `cancelled`: a person stopped it for good; `failed`: before there was anything to go on from.
            error: why it failed, in words.
        """
        state = self.state()
        if state.can_go_on and not (status == "failed" and state.history):
            state.status, state.error = status, error
            with suppress(StorageError):
                self.write_state(state)

    def note_memory_ran_out(self) -> None:
        """Record that the system ended the run's process for want of memory. Never raises: it is for another time."""
        state = self._read_state()
        if state.phase == "adapt" and state.status in ("running", "paused"):
            state.memory_ran_out = True
            with suppress(StorageError):
                self.write_state(state)

    def _read_state(self) -> RunState:
        try:
            return RunState.from_data(read_kept(self.state_path, _MAX_STATE_BYTES))
        except FileNotFoundError:
            return RunState()
        except (OSError, ValueError, RecursionError):
            return RunState(status="interrupted")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run as the one process that trains it.

        Raises:
            ProjectError: another process holds it.
            StorageError: the disk refused.
        """
        from filelock import Timeout

        lock = self._lock()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=LOCK_SECONDS)
        except Timeout as error:
            raise ProjectError(str(self.path), tr("This training is already running in another program.")) from error
        except OSError as error:
            raise storage_error(self.path, error) from error
        try:
            yield
        finally:
            lock.release()

    def is_locked(self) -> bool:
        """Say whether a process trains here right now."""
        from filelock import Timeout

        if not self._lock_path.exists():
            return False
        lock = self._lock()
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        except OSError:
            return False  # a folder that may not be written is trained by nobody
        lock.release()
        return False

    @property
    def _lock_path(self) -> Path:
        return self.path / "run.lock"

    def _lock(self) -> BaseFileLock:
        from filelock import FileLock

        return FileLock(self._lock_path, thread_local=False)


def _sample(row: object, classes: int) -> Sample:
    fields = as_list(row)
    if len(fields) != 5:
        raise ValueError("not a photo")
    label = _label(fields[2], classes)
    if label is None or fields[3] not in get_args(Split):
        raise ValueError("not a photo")
    return Sample(as_text(fields[0]), Path(as_text(fields[1])), label, cast("Split", fields[3]), as_text(fields[4]))


def _label(value: object, classes: int) -> int | None:
    if value is not None and as_whole(value) >= classes:
        raise ValueError("not a label")
    return None if value is None else as_whole(value)
