"""Owns learning beforehand how long each effort would take, and how photos will be shared out and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, get_args

from PySide6.QtCore import QObject, Signal

from mobilenet_gui import paths
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.training.estimate import PROBE_PHOTOS, Estimate, PaceBook, estimate, network_of, probe
from mobilenet_gui.training.project import Project
from mobilenet_gui.training.project_spec import make_spec
from mobilenet_gui.training.project_types import Photo, ProjectData
from mobilenet_gui.training.run_folder import RunSpec
from mobilenet_gui.training.split import split_samples
from mobilenet_gui.training.training_settings import Preset, TrainingSettings
from mobilenet_gui.ui.widgets.split_bar import Parts
from mobilenet_gui.workers.photo_tasks import Errand, TaskRunner

Times = dict[Preset, Estimate]
_TESTABLE: Final = 3
"""Photos of a class of which the split gives one to the test."""
_PRESETS: Final[tuple[Preset, ...]] = get_args(Preset)


def actual_parts(photos: Iterable[Photo], wanted: Parts) -> Parts:
    """Return how photos are shared out, in percent, where some are given to a part already or are too few to test.

    Args:
        photos: all of a project; those left out count nothing.
        wanted: percent for training, validation and test of those that are free.
    """
    taking_part = [photo for photo in photos if not photo.left_out]
    given = Counter(photo.split for photo in taking_part)
    total, free = sum(given.values()), given[""]
    if total == free:
        return wanted if _can_test(taking_part) else _drawn_parts(taking_part, wanted)
    fixed = (given["train"], given["validation"], given["test"])
    counts = [number + free * share / 100 for number, share in zip(fixed, wanted, strict=True)]
    if not counts[1]:
        # Train and test folders: the validation part is lent by the train photos.
        counts[1] = counts[0] * wanted[1] / (wanted[0] + wanted[1])
        counts[0] -= counts[1]
    validation, test = round(counts[1] / total * 100), round(counts[2] / total * 100)
    return 100 - validation - test, validation, test


def _can_test(photos: Sequence[Photo]) -> bool:
    """Say whether any class has enough photos to give one to the test; a burst counts as one."""
    units: defaultdict[str, set[str]] = defaultdict(set)
    for photo in photos:
        units[photo.class_id].add(f"g{photo.group}" if photo.group else photo.id)
        if len(units[photo.class_id]) >= _TESTABLE:
            return True
    return not photos


def _drawn_parts(photos: Sequence[Photo], wanted: Parts) -> Parts:
    """Return the parts as the split draws them; for a few photos only, since it looks at each."""
    labels = {class_id: number for number, class_id in enumerate(dict.fromkeys(photo.class_id for photo in photos))}
    drawn = Counter(
        split_samples(
            [labels[photo.class_id] for photo in photos],
            [photo.group for photo in photos],
            [""] * len(photos),
            wanted,
            0,
        )
    )
    validation, test = (round(drawn[part] / len(photos) * 100) for part in ("validation", "test"))
    return 100 - validation - test, validation, test


class TimeDesk(QObject):
    """Works times out, in a thread; measures this machine once where nobody has yet.

    Attributes:
        changed: the times are others now.
        times: by preset; empty before they are known.
    """

    changed = Signal()

    def __init__(self, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.times: Times = {}
        self._tasks = tasks
        self._asked: object = None
        self._errand: Errand | None = None

    def ask(
        self,
        base: Path,
        photos: Sequence[Photo],
        settings: TrainingSettings,
        *,
        cached: bool,
        latest: Path | None = None,
    ) -> None:
        """Work out the times of all presets; the same question is not answered twice.

        Args:
            base: the folder of the model to start from.
            photos: those that take part.
            settings: how to train, whatever preset they name; their split is the actual one.
            cached: the network has seen these photos before.
            latest: the training that finished last; it has shown how long it takes.
        """
        asked = (base, len(photos), replace(settings, preset="fast"), cached, latest)
        if asked == self._asked:
            return
        self._asked = asked
        if self._errand is not None:
            self._tasks.cancel(self._errand)
        step = max(1, len(photos) // PROBE_PHOTOS)
        some, count = [photo.path for photo in photos[::step]][:PROBE_PHOTOS], len(photos)
        self._errand = self._tasks.run(
            lambda _errand: _times(base, some, count, settings, cached), done=self._take, failed=self._fail
        )

    def _take(self, times: Times) -> None:
        self._errand = None
        self.times = times
        self.changed.emit()

    def _fail(self, _error: UserError) -> None:
        # A model that cannot be run says so when it is trained; a time is not worth an alarm.
        self._errand = None
        self.times = {}
        self.changed.emit()


class ShareDesk(QObject):
    """Works out, in a thread, how photos will be shared out.

    Attributes:
        changed: the answer is another now.
        notes: what is done and why, a sentence each; None before it is known.
        resembling: ids of test photos that resemble photos to learn from.
    """

    changed = Signal()

    def __init__(self, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.notes: tuple[str, ...] | None = None
        self.resembling: frozenset[str] = frozenset()
        self._tasks = tasks
        self._asked: object = None
        self._errand: Errand | None = None

    def ask(self, project: Project, base: Path) -> None:
        """Work it out for a project as it is now; the same question is not answered twice.

        Args:
            project: whose photos; those that the check has not looked at count as unlike any.
            base: the folder of the model to start from.
        """
        asked = (project.revision, base)
        if asked == self._asked:
            return
        self._asked = asked
        if self._errand is not None:
            self._tasks.cancel(self._errand)
        data = project.snapshot()
        self._errand = self._tasks.run(
            lambda errand: _shared(data, base, errand), done=self._take, failed=self._take_failure
        )

    def _take(self, spec: RunSpec) -> None:
        self._errand, self.notes, self.resembling = None, spec.notes, spec.resembling
        self.changed.emit()

    def _take_failure(self, _error: UserError) -> None:
        self._errand, self.notes, self.resembling = None, None, frozenset()
        self.changed.emit()


def _shared(data: ProjectData, base: Path, errand: Errand) -> RunSpec:
    from mobilenet_gui.training.duplicates import duplicate_groups

    return make_spec(data, base, base, duplicate_groups(data.photos.values(), cancel=errand.cancelled))


def _times(base: Path, photos: Sequence[Path], count: int, settings: TrainingSettings, cached: bool) -> Times:
    from mobilenet_gui.core.bundle import Bundle

    bundle, place = Bundle.open(base), paths.features_dir()
    if PaceBook(place).get("seen", network_of(bundle, bundle.preprocessing.size)) is None:
        probe(bundle, photos, place)
    return {
        preset: estimate(bundle, count, replace(settings, preset=preset), place, cached=cached) for preset in _PRESETS
    }
