"""Owns the state of an open project: what can be seen of it, and how a step is done, undone and told. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from mobilenet_gui.i18n import tr
from mobilenet_gui.training.project_history import History, Step, change_of
from mobilenet_gui.training.project_index import PhotoIndex
from mobilenet_gui.training.project_types import (
    Change,
    Photo,
    PhotoClass,
    ProjectData,
    clean_name,
    name_key,
    name_problem,
)
from mobilenet_gui.training.training_settings import TrainingSettings

if TYPE_CHECKING:
    from filelock import BaseFileLock

Listener = Callable[[Change], None]


class ProjectCore:
    """What `Project` stands on.

    Attributes:
        folder: where it lies.
        id: its folder's name.
        problem: what was wrong with its file when it was opened, in words; empty where all was well.
    """

    def __init__(self, data: ProjectData, *, problem: str = "", lock: BaseFileLock | None = None) -> None:
        """Take a project as it was read; see `ProjectStore.open`."""
        self.folder, self.id, self.problem = data.folder, data.id, problem
        self._name, self._classes, self._settings = data.name, data.classes, data.settings
        self._created, self._next_photo, self._next_class = data.created, data.next_photo, data.next_class
        self._index = PhotoIndex(data.photos.values())
        self._revision = self._saved = data.revision
        self._turn = data.turn
        self._history = History()
        self._listeners: list[Listener] = []
        self._open_step: Step | None = None
        self._adding: Step | None = None
        self._lock = lock

    # --- looking

    @property
    def name(self) -> str:
        """As the user knows it."""
        return self._name

    @property
    def settings(self) -> TrainingSettings:
        """Of the next training."""
        return self._settings

    @property
    def classes(self) -> tuple[PhotoClass, ...]:
        """Every class, in order."""
        return self._classes

    @property
    def photos(self) -> Mapping[str, Photo]:
        """Every photo by id."""
        return MappingProxyType(self._index.photos)

    def photo(self, photo_id: str) -> Photo | None:
        """Return one photo, or None where there is none of that id."""
        return self._index.photos.get(photo_id)

    def ids_of(self, class_id: str) -> tuple[str, ...]:
        """Return the ids of a class' photos in the order of coming, left-out ones included."""
        return self._index.ids_of(class_id)

    def photos_of(self, class_id: str) -> tuple[Photo, ...]:
        """Return a class' photos in the order of coming, left-out ones included."""
        photos = self._index.photos
        return tuple(photos[photo_id] for photo_id in self._index.ids_of(class_id))

    def count(self, class_id: str | None = None) -> int:
        """Return how many photos take part, in one class or in all."""
        return self._index.count(class_id)

    def class_of(self, class_id: str) -> PhotoClass | None:
        """Return a class by id."""
        return next((c for c in self._classes if c.id == class_id), None)

    def class_named(self, name: str) -> PhotoClass | None:
        """Return a class by name: the one written just so, else one that differs in case alone."""
        name = clean_name(name)
        alike = [c for c in self._classes if name_key(c.name) == name_key(name)]
        return next((c for c in alike if c.name == name), alike[0] if alike else None)

    def class_name_problem(self, name: str, except_id: str = "") -> str:
        """Say why a class cannot be called `name`, in words; empty where it can. For a field while it is typed in.

        Args:
            name: the name.
            except_id: the class that is to have it.
        """
        same = self.class_named(name)
        if same is not None and same.id != except_id:
            return tr("There is a class of this name already.")
        return name_problem(name)

    @property
    def undo_text(self) -> str:
        """What `undo` would take back, in words; empty where there is nothing."""
        return self._history.undo_text

    @property
    def redo_text(self) -> str:
        """What `redo` would do again, in words; empty where there is nothing."""
        return self._history.redo_text

    @property
    def revision(self) -> int:
        """Rises with each change."""
        return self._revision

    @property
    def dirty(self) -> bool:
        """Something is not saved yet."""
        return self._saved != self._revision

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` after each step. Returns what ends that."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    # --- steps

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Make everything that is changed inside one step of that text; all of it is taken back if it raises."""
        if self._open_step is not None:
            yield  # the outermost counts
            return
        step = self._open_step = Step(text)
        try:
            yield
        except BaseException:
            self._open_step = None
            self._apply(step.reversed())
            raise
        self._open_step = None
        self._finish(step)

    def undo(self) -> str:
        """Take the last step back. Returns what it did, in words; empty where there is nothing."""
        step = self._history.take_undo()
        return "" if step is None else self._replay(step.reversed())

    def redo(self) -> str:
        """Do the step again that was taken back last. Returns what it does, in words."""
        step = self._history.take_redo()
        return "" if step is None else self._replay(step)

    def snapshot(self) -> ProjectData:
        """Return the project as it is now, for other threads; takes a millisecond for twenty thousand photos."""
        return ProjectData(
            self.folder,
            self.id,
            self._name,
            self._classes,
            self._index.photos.copy(),
            self._settings,
            self._created,
            self._next_photo,
            self._next_class,
            self._revision,
            self._turn,
        )

    # --- inside

    def _do(self, step: Step) -> None:
        self._apply(step)
        if self._open_step is not None:
            self._open_step.join(step)
        else:
            self._finish(step)

    def _finish(self, step: Step) -> None:
        if not step.is_empty:
            self._history.add(step)
            self._tell(step)

    def _replay(self, step: Step) -> str:
        self._apply(step)
        self._tell(step)
        return step.text

    def _apply(self, step: Step) -> None:
        self._index.apply(step.before, step.after)
        if step.classes is not None:
            self._classes = step.classes[1]
        if step.name is not None:
            self._name = step.name[1]
        if step.settings is not None:
            self._settings = step.settings[1]

    def _tell(self, step: Step) -> None:
        self._revision += 1
        change = change_of(step)
        for listener in list(self._listeners):
            listener(change)
