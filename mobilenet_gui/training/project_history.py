"""Owns undo and redo of a project: each step as what was before and after, so that undo cannot miss a thing."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from mobilenet_gui.training.project_types import Change, Photo, PhotoClass
from mobilenet_gui.training.training_settings import TrainingSettings

MAX_STEPS: Final = 200
MAX_PHOTOS_HELD: Final = 400_000
"""Photos in all the steps together; older steps are forgotten beyond that, about 100 MB."""


@dataclass(slots=True)
class Step:
    """One step, both ways. None stands for what the step did not touch.

    Attributes:
        text: what it did, in words.
        before: by id, each photo it touched, as it was; None for one that was not there.
        after: the same photos as the step left them; None for one that it removed.
        classes: the list of classes before and after.
        name: the project's name before and after.
        settings: the settings before and after.
    """

    text: str
    before: dict[str, Photo | None] = field(default_factory=dict)
    after: dict[str, Photo | None] = field(default_factory=dict)
    classes: tuple[tuple[PhotoClass, ...], tuple[PhotoClass, ...]] | None = None
    name: tuple[str, str] | None = None
    settings: tuple[TrainingSettings, TrainingSettings] | None = None

    @property
    def is_empty(self) -> bool:
        """It changed nothing."""
        return not self.before and self.classes is None and self.name is None and self.settings is None

    def reversed(self) -> Step:
        """Return the step that takes this one back."""
        return Step(
            self.text,
            self.after,
            self.before,
            None if self.classes is None else self.classes[::-1],
            None if self.name is None else self.name[::-1],
            None if self.settings is None else self.settings[::-1],
        )

    def join(self, later: Step) -> None:
        """Take a later step in, so that both are one."""
        for photo_id, photo in later.before.items():
            self.before.setdefault(photo_id, photo)
        self.after.update(later.after)
        if later.classes is not None:
            self.classes = (later.classes if self.classes is None else self.classes)[0], later.classes[1]
        if later.name is not None:
            self.name = (later.name if self.name is None else self.name)[0], later.name[1]
        if later.settings is not None:
            self.settings = (later.settings if self.settings is None else self.settings)[0], later.settings[1]


class History:
    """The steps that can be taken back, and those that can be done again."""

    def __init__(self) -> None:
        self._done: deque[Step] = deque()
        self._undone: list[Step] = []
        self._held = 0

    @property
    def last(self) -> Step | None:
        """The step done last, if it can be taken back and nothing was undone after it."""
        return self._done[-1] if self._done and not self._undone else None

    @property
    def undo_text(self) -> str:
        """What undo would take back; empty where there is nothing."""
        return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        """What redo would do again; empty where there is nothing."""
        return self._undone[-1].text if self._undone else ""

    def add(self, step: Step) -> None:
        """Remember a step just done; what was undone before it is gone."""
        self._undone.clear()
        self._done.append(step)
        self._held += len(step.before)
        while len(self._done) > MAX_STEPS or (self._held > MAX_PHOTOS_HELD and len(self._done) > 1):
            self._held -= len(self._done.popleft().before)

    def grown(self, photos: int) -> None:
        """Note that the last step has taken in a later one that touches so many photos."""
        self._held += photos

    def take_undo(self) -> Step | None:
        """Return the step to take back, if any."""
        if not self._done:
            return None
        step = self._done.pop()
        self._held -= len(step.before)
        self._undone.append(step)
        return step

    def take_redo(self) -> Step | None:
        """Return the step to do again, if any."""
        if not self._undone:
            return None
        step = self._undone.pop()
        self._done.append(step)
        self._held += len(step.before)
        return step


def change_of(step: Step) -> Change:
    """Return what a step changed, for those who show it."""
    before, after = step.before, step.after
    added = tuple([i for i, photo in before.items() if photo is None])
    removed = tuple([i for i, photo in after.items() if photo is None])
    if not added and not removed:
        changed = tuple(before)
    elif len(added) + len(removed) == len(before):
        changed = ()
    else:
        changed = tuple([i for i, photo in before.items() if photo is not None and after[i] is not None])
    classes = {photo.class_id for side in (before, after) for photo in side.values() if photo is not None}
    order = False
    if step.classes is not None:
        old, new = step.classes
        classes |= {c.id for c in {*old} ^ {*new}}
        order = [c.id for c in old] != [c.id for c in new]
    return Change(added, removed, changed, frozenset(classes), order, step.name is not None, step.settings is not None)
