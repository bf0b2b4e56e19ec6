"""Owns a fine-tuning project while it is open: its classes and photos, each change as one step that can be undone.

One thread owns a `Project` and all its methods, and none of them touches the disk, except `save`, `runs` and
`new_run`. What takes time works on `snapshot()`, which any thread may read: see `project_file` for saving and
`project_spec` for what a training is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training import project_adding, project_file, project_runs
from mobilenet_gui.training.project_history import History, Step, change_of
from mobilenet_gui.training.project_index import PhotoIndex
from mobilenet_gui.training.project_spec import make_spec
from mobilenet_gui.training.project_types import (
    MAX_CLASSES,
    Added,
    Change,
    NewPhoto,
    Photo,
    PhotoClass,
    PhotoSplit,
    ProjectData,
    clean_name,
    name_key,
    name_problem,
)
from mobilenet_gui.training.run_folder import RunFolder, RunSpec
from mobilenet_gui.training.training_settings import TrainingSettings

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["Added", "Change", "NewPhoto", "Photo", "PhotoClass", "Project"]

Listener = Callable[[Change], None]


class Project:
    """An open project.

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
        """Return a class by name, whatever the case."""
        key = name_key(clean_name(name))
        return next((c for c in self._classes if name_key(c.name) == key), None)

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

    # --- changing: each call is one step

    def rename(self, name: str) -> None:
        """Give the project another name.

        Raises:
            ProjectError: an empty name.
        """
        name = self._checked(name, name_problem(name))
        if name != self._name:
            self._do(Step(tr("Rename project"), name=(self._name, name)))

    def set_settings(self, settings: TrainingSettings) -> None:
        """Change the settings of the next training."""
        if settings != self._settings:
            self._do(Step(tr("Change settings"), settings=(self._settings, settings)))

    def add_class(self, name: str, *, background: bool = False) -> PhotoClass:
        """Add a class at the end.

        Raises:
            ProjectError: an empty name, one that is taken, or too many classes.
        """
        name = self._checked(name, self.class_name_problem(name))
        new = self._new_class(name, background)
        self._do(Step(tr("Add class"), classes=(self._classes, (*self._classes, new))))
        return new

    def rename_class(self, class_id: str, name: str) -> None:
        """Give a class another name.

        Raises:
            ProjectError: an empty name, one that is taken, or no such class.
        """
        name = self._checked(name, self.class_name_problem(name, class_id))
        self._change_class(tr("Rename class"), PhotoClass(class_id, name, self._existing(class_id).background))

    def set_background(self, class_id: str, background: bool) -> None:
        """Say whether a class holds photos of what is none of the others.

        Raises:
            ProjectError: no such class.
        """
        text = tr("Mark as none of these") if background else tr("Mark as a class of its own")
        self._change_class(text, PhotoClass(class_id, self._existing(class_id).name, background))

    def merge_classes(self, class_ids: Iterable[str], into: str) -> None:
        """Move all photos of some classes to another, and delete the emptied ones.

        Raises:
            ProjectError: one of them is not there.
        """
        gone = {self._existing(c).id for c in class_ids} - {self._existing(into).id}
        if gone:
            with self.step(tr("Merge classes")):
                for class_id in sorted(gone):
                    self.move_photos(self.ids_of(class_id), into)
                self._set_classes(tuple(c for c in self._classes if c.id not in gone))

    def split_class(self, photo_ids: Iterable[str], name: str) -> PhotoClass:
        """Make a class of some photos.

        Raises:
            ProjectError: an empty name, one that is taken, or too many classes.
        """
        with self.step(tr("Make a new class")):
            new = self.add_class(name)
            self.move_photos(photo_ids, new.id)
        return new

    def delete_class(self, class_id: str) -> None:
        """Delete a class and take its photos out of the project; the files stay where they are.

        Raises:
            ProjectError: no such class.
        """
        self._existing(class_id)
        with self.step(tr("Delete class")):
            self.remove_photos(self.ids_of(class_id))
            self._set_classes(tuple(c for c in self._classes if c.id != class_id))

    def order_classes(self, class_ids: Iterable[str]) -> None:
        """Put the classes into another order; those not named keep theirs, behind."""
        rank = {class_id: n for n, class_id in enumerate(class_ids)}
        with self.step(tr("Order classes")):
            self._set_classes(tuple(sorted(self._classes, key=lambda c: rank.get(c.id, len(rank)))))

    def add_more(self, photos: Iterable[NewPhoto]) -> Added:
        """Add photos as `add_photos` does, and where the last step did that, too, as a part of it.

        So a window can take thousands in, a few hundred at a time, and take them all back at once.

        Raises:
            ProjectError: as `add_photos`.
        """
        last = self._history.last if self._history.last is self._adding else None
        if last is None or self._open_step is not None:
            return self.add_photos(photos)
        part = self._open_step = Step("")
        try:
            added = self.add_photos(photos)
        finally:
            self._open_step, self._adding = None, last
        if not part.is_empty:
            last.join(part)
            last.text = project_adding.adding_text(len(last.before))
            self._history.grown(len(part.before))
            self._tell(part)
        return added

    def add_photos(self, photos: Iterable[NewPhoto]) -> Added:
        """Add photos; one whose file is in its class already is left alone.

        Raises:
            ProjectError: a class that is not there and has no name, an empty name, or too many photos.
        """
        addition = project_adding.plan(photos, self._classes, self._index, self._next_photo, self._next_class)
        if not addition.step.is_empty:
            self._next_photo, self._next_class = addition.next_photo, addition.next_class
            self._do(addition.step)
            self._adding = addition.step
        return Added(addition.ids, addition.known)

    def move_photos(self, photo_ids: Iterable[str], class_id: str) -> None:
        """Move photos to a class.

        Raises:
            ProjectError: no such class.
        """
        self._existing(class_id)
        step = self._set(photo_ids, "class_id", class_id)
        self._say(step, trn("Move {n} photo", "Move {n} photos", len(step.before)))

    def remove_photos(self, photo_ids: Iterable[str]) -> None:
        """Take photos out of the project; the files stay where they are."""
        step = self._removal(photo_ids)
        self._say(step, trn("Remove {n} photo", "Remove {n} photos", len(step.before)))

    def leave_out(self, photo_ids: Iterable[str]) -> None:
        """Keep photos in the project, but out of training."""
        step = self._set(photo_ids, "left_out", True)
        self._say(step, trn("Leave out {n} photo", "Leave out {n} photos", len(step.before)))

    def take_back(self, photo_ids: Iterable[str]) -> None:
        """Let photos that were left out take part again."""
        step = self._set(photo_ids, "left_out", False)
        self._say(step, trn("Take {n} photo back", "Take {n} photos back", len(step.before)))

    def pin_split(self, photo_ids: Iterable[str], split: PhotoSplit) -> None:
        """Give photos to one part of the data; with an empty `split` that is drawn again."""
        step = self._set(photo_ids, "split", split)
        self._say(step, trn("Assign {n} photo", "Assign {n} photos", len(step.before)))

    def set_group(self, photo_ids: Iterable[str], group: str) -> None:
        """Keep photos together in one part of the data; with an empty `group` each goes its own way."""
        step = self._set(photo_ids, "group", group)
        self._say(step, trn("Group {n} photo", "Group {n} photos", len(step.before)))

    def set_paths(self, paths: Mapping[str, Path], *, copied: bool = False) -> None:
        """Say where photos are now, by id: after a folder was moved, or the files were copied into the project."""
        step = self._moved_files(paths, copied)
        self._say(step, trn("Find {n} photo", "Find {n} photos", len(step.before)))

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

    # --- the disk

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

    def save(self) -> None:
        """Write the project, from this thread.

        A window does it elsewhere: `project_file.save(project.snapshot())`, and `saved(revision)` here afterwards.

        Raises:
            StorageError: the disk refused; the last saved state still stands.
        """
        data = self.snapshot()
        project_file.save(data)
        self.saved(data.revision)

    def saved(self, revision: int) -> None:
        """Note that the project is on the disk as it was at `revision`."""
        self._saved = max(self._saved, revision)

    def runs(self) -> list[RunFolder]:
        """Return the trainings, the newest first; reads the disk."""
        return project_runs.runs_of(self.folder)

    def new_run(self) -> RunFolder:
        """Make the folder of the next training.

        Raises:
            StorageError: the disk refused.
        """
        return project_runs.new_run(self.folder)

    def spec_for_run(
        self, base_folder: Path, cache_dir: Path, groups: Mapping[str, str] | None = None, run_id: str = ""
    ) -> RunSpec:
        """Freeze the project into what a training is given; see `project_spec.make_spec`.

        Raises:
            ProjectError: nothing to train on.
        """
        return make_spec(self.snapshot(), base_folder, cache_dir, groups, run_id)

    def close(self) -> None:
        """Let other programs open it. Saves nothing."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # --- inside

    def _existing(self, class_id: str) -> PhotoClass:
        found = self.class_of(class_id)
        if found is None:
            raise ProjectError(self._name, tr("This class is not there any more."))
        return found

    def _checked(self, name: str, problem: str) -> str:
        if problem:
            raise ProjectError(name, problem)
        return clean_name(name)

    def _new_class(self, name: str, background: bool, more: int = 0) -> PhotoClass:
        if len(self._classes) + more >= MAX_CLASSES:
            raise ProjectError(name, tr("There are too many classes."))
        new = PhotoClass(f"c{self._next_class}", name, background)
        self._next_class += 1
        return new

    def _change_class(self, text: str, new: PhotoClass) -> None:
        with self.step(text):
            self._set_classes(tuple(new if c.id == new.id else c for c in self._classes))

    def _set_classes(self, classes: tuple[PhotoClass, ...]) -> None:
        if classes != self._classes:
            self._do(Step("", classes=(self._classes, classes)))

    def _set(self, photo_ids: Iterable[str], field: str, value: object) -> Step:
        """Return the step that gives photos a field; those that are gone or have it already take no part."""
        step, photos, n = Step(""), self._index.photos, Photo._fields.index(field)
        before, after = step.before, step.after
        for photo_id in photo_ids:
            photo = photos.get(photo_id)
            if photo is not None and photo[n] != value:
                before[photo_id] = photo
                # As `_replace` does, four times as fast.
                after[photo_id] = tuple.__new__(Photo, (*photo[:n], value, *photo[n + 1 :]))
        return step

    def _removal(self, photo_ids: Iterable[str]) -> Step:
        photos = self._index.photos
        before: dict[str, Photo | None] = {i: photos[i] for i in photo_ids if i in photos}
        return Step("", before, dict.fromkeys(before))

    def _moved_files(self, paths: Mapping[str, Path], copied: bool) -> Step:
        step, photos = Step(""), self._index.photos
        for photo_id, path in paths.items():
            photo = photos.get(photo_id)
            if photo is not None and (photo.path, photo.copied) != (path, copied):
                step.before[photo_id], step.after[photo_id] = photo, photo._replace(path=path, copied=copied)
        return step

    def _say(self, step: Step, text: str) -> None:
        step.text = text
        self._do(step)

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
