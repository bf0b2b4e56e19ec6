"""Owns a fine-tuning project while it is open: its classes and photos, each change as one step that can be undone.

One thread owns a `Project` and all its methods, and none of them touches the disk, except `save`, `runs` and
`new_run`. What takes time works on `snapshot()`, which any thread may read: see `project_file` for saving and
`project_spec` for what a training is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import repeat
from pathlib import Path

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training import project_adding, project_file, project_runs
from mobilenet_gui.training.project_core import ProjectCore
from mobilenet_gui.training.project_history import Step
from mobilenet_gui.training.project_spec import make_spec
from mobilenet_gui.training.project_types import (
    MAX_CLASSES,
    MAX_GROUP,
    Added,
    Change,
    NewPhoto,
    Photo,
    PhotoClass,
    PhotoSplit,
    clean_name,
    name_problem,
)
from mobilenet_gui.training.run_folder import RunFolder, RunSpec
from mobilenet_gui.training.sharing import Alike
from mobilenet_gui.training.training_settings import TrainingSettings

__all__ = ["Added", "Change", "NewPhoto", "Photo", "PhotoClass", "Project"]


class Project(ProjectCore):
    """An open project. `ProjectStore.open` gives one."""

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

    def add_photos(self, photos: Iterable[NewPhoto], name: str = "", empty: Iterable[str] = ()) -> Added:
        """Add photos; one whose file is in its class already is left alone.

        Args:
            photos: what to add.
            name: what the project is called from then on, as part of the same step; empty leaves its name.
            empty: names of classes that come along without a photo; those that are there stay as they are.

        Raises:
            ProjectError: a class that is not there and has no name, an empty name, or too many photos.
        """
        addition = project_adding.plan(photos, self._classes, self._index, self._next_photo, self._next_class, empty)
        if not addition.step.is_empty:
            self._next_photo, self._next_class = addition.next_photo, addition.next_class
            if not name_problem(name):
                addition.step.name = (self._name, clean_name(name))
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
        step = self._set(photo_ids, "group", group[:MAX_GROUP])
        self._say(step, trn("Group {n} photo", "Group {n} photos", len(step.before)))

    def set_paths(self, paths: Mapping[str, Path], *, copied: bool = False) -> None:
        """Say where photos are now, by id: after a folder was moved, or the files were copied into the project."""
        step = self._moved_files(paths, copied)
        self._say(step, trn("Find {n} photo", "Find {n} photos", len(step.before)))

    # --- the disk

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

    def spec_for_run(self, base_folder: Path, cache_dir: Path, alike: Alike | None = None, run_id: str = "") -> RunSpec:
        """Freeze the project into what a training is given; see `project_spec.make_spec`.

        Raises:
            ProjectError: nothing to train on.
        """
        return make_spec(self.snapshot(), base_folder, cache_dir, alike, run_id)

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
        photos, n = self._index.photos, Photo._fields.index(field)
        found = [photos[i] for i in dict.fromkeys(photo_ids) if i in photos]
        before: dict[str, Photo | None] = {photo.id: photo for photo in found if photo[n] != value}
        if not before:
            return Step("")
        # As `_replace` does, many times as fast: ten thousand photos are moved while the window waits.
        columns: list[Iterable[object]] = list(zip(*filter(None, before.values()), strict=True))
        columns[n] = repeat(value, len(before))
        changed = map(tuple.__new__, repeat(Photo), zip(*columns, strict=True))
        return Step("", before, dict(zip(before, changed, strict=True)))

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
