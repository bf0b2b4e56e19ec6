"""Owns knowing whether a project's photo files are where they were, and are the same: asked of the disk in a thread.

Files go and come back without a word: somebody cleans up, a drive is unplugged. Whoever tells counts or answers about
files asks when it comes to the front.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.training.project import Project
from mobilenet_gui.training.project_types import Photo
from mobilenet_gui.workers.lost_photos import file_state
from mobilenet_gui.workers.photo_tasks import Errand, TaskRunner

State = tuple[int, int] | None
"""A file's length and time of change; None where there is none."""


class _Answer(NamedTuple):
    """What the disk said of each photo's file, by photo id, and whether any of it is other than before."""

    states: Mapping[str, State]
    changed: bool


class PhotoWatch(QObject):
    """Watches the files of one project.

    Attributes:
        told: the disk was asked, and has answered.
        changed: files have gone, come back, or been written again since the disk was asked last.
        lost: the ids of photos whose files are gone.
    """

    told = Signal()
    changed = Signal()

    def __init__(self, project: Project, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project, self._runner = project, runner
        self._errand: Errand | None = None
        self._again = False
        self._states: Mapping[str, State] = {}
        self.lost: frozenset[str] = frozenset()
        self._counted = (-1, self.lost, Counter[str]())

    def ask(self) -> None:
        """Ask the disk; where it is being asked already, once more afterwards."""
        if self._errand is not None:
            self._again = True
            return
        photos, before = tuple(self._project.photos.values()), self._states
        self._errand = self._runner.run(
            lambda errand: _look(errand, photos, before), done=self._take, failed=self._give_up
        )  # fmt: skip

    def lost_by_class(self) -> Counter[str]:
        """Return how many photos that take part are gone, by class id; quick where nothing has changed."""
        revision, lost, counts = self._counted
        if (revision, lost) != (self._project.revision, self.lost):
            photos = (self._project.photo(photo_id) for photo_id in self.lost)
            counts = Counter(photo.class_id for photo in photos if photo is not None and not photo.left_out)
            self._counted = self._project.revision, self.lost, counts
        return counts

    def shut_down(self) -> None:
        """Hear no more."""
        if self._errand is not None:
            self._runner.cancel(self._errand)
            self._errand = None
        self._again = False

    def _take(self, answer: _Answer) -> None:
        self._errand, self._states = None, answer.states
        self.lost = frozenset(photo_id for photo_id, state in answer.states.items() if state is None)
        if answer.changed:
            self.changed.emit()
        self.told.emit()
        if self._again:
            self._again = False
            self.ask()

    def _give_up(self, _error: UserError) -> None:
        self._errand = None


def _look(errand: Errand, photos: Sequence[Photo], before: Mapping[str, State]) -> _Answer:
    states: dict[str, State] = {}
    for photo in photos:
        if errand.cancelled.is_set():
            break
        states[photo.id] = file_state(photo)
    # Photos that were not there before are no change of the disk's; who shows them has heard of them.
    return _Answer(states, any(before.get(photo_id, state) != state for photo_id, state in states.items()))
