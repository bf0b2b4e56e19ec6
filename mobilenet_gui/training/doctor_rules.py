"""Owns what counts as a problem of a dataset, what is said about it, and how it is fixed in one click.

Photos that are left out are looked at, too: where all that a fix would do has been done, the problem is reported as
fixed, with the way back. So what is fixed follows from the project alone, whoever fixed it and when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.doctor_findings import CheckedPhoto, Finding, FindingKind, Fix, FixStep, Severity
from mobilenet_gui.training.doctor_labels import Suspect
from mobilenet_gui.training.duplicates import DuplicateGroups
from mobilenet_gui.training.fingerprint import Fingerprint

LEAST_SIDE: Final = 64
"""Pixels; a smaller photo has less to see than the smallest networks look at."""
DARK_BELOW: Final = 0.16
"""A photo whose brightest twentieth is darker than this (0-1) shows next to nothing."""
BLURRED_BELOW: Final = 4.0
"""See `fingerprint._sharpness`."""
LEAST_PHOTOS: Final = 2
"""A class needs one photo to learn from and one to be tested on."""
FEW_PHOTOS: Final = 20
UNEVEN_FROM: Final = 3.0
"""So many times more photos in one class than in another are worth a word."""

_Rule = Callable[["Dataset"], "Finding | None"]
_ORDER: Final[Mapping[Severity, int]] = {"error": 0, "warning": 1, "hint": 2}


@dataclass(frozen=True)
class Dataset:
    """What the rules look at.

    Attributes:
        photos: every photo.
        seen: its fingerprint, in the same order.
        classes: names by class id.
        groups: which photos belong together, by position.
        class_weights: the training makes up for uneven classes.
        suspects: photos whose label is doubted.
    """

    photos: tuple[CheckedPhoto, ...]
    seen: tuple[Fingerprint, ...]
    classes: Mapping[str, str]
    groups: DuplicateGroups
    class_weights: bool
    suspects: tuple[Suspect, ...]

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many photos each class learns from or is tested on, by class id."""
        counts = Counter(
            photo.class_id
            for photo, seen in zip(self.photos, self.seen, strict=True)
            if not photo.left_out and not seen.error
        )
        return {class_id: counts.get(class_id, 0) for class_id in self.classes}

    def active(self, group: Iterable[int]) -> tuple[int, ...]:
        """Return those positions whose photos take part."""
        return tuple(n for n in group if not self.photos[n].left_out)

    def ids(self, group: Iterable[int]) -> tuple[str, ...]:
        """Return the ids of photos by position."""
        return tuple(self.photos[n].id for n in group)

    def torn(self, group: Sequence[int]) -> bool:
        """Say whether the photos of a group bear different labels."""
        return len({self.photos[n].class_id for n in group}) > 1

    def divided(self, group: Sequence[int]) -> bool:
        """Say whether photos of a group were put on different sides of the split."""
        return len({self.photos[n].split for n in group} - {""}) > 1


def findings_of(data: Dataset) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Return the findings, open ones first, worst first; and short names of what is in order."""
    found = [finding for rule in _RULES for finding in (rule(data),) if finding is not None]
    found.sort(key=lambda finding: (finding.fixed, _ORDER[finding.severity]))
    kinds = {finding.kind for finding in found}
    fine = [words for names, words in _fine_words() if not kinds & set(names)]
    return tuple(found), tuple(fine)


def _fine_words() -> tuple[tuple[tuple[FindingKind, ...], str], ...]:
    return (
        (("unreadable",), tr("files")),
        (("duplicates",), tr("duplicates")),
        (("two_classes", "wrong_label"), tr("labels")),
        (("both_sides", "near_duplicates"), tr("training and test kept apart")),
        (("too_few", "uneven"), tr("class sizes")),
        (("too_small",), tr("photo sizes")),
        (("dark", "blurred"), tr("very dark or blurred photos")),
    )


def _leave_out(text: str, ids: Iterable[str]) -> Fix:
    return Fix(text, (FixStep("leave_out", tuple(ids)),))


def _take_back(ids: Iterable[str]) -> Fix:
    return Fix(tr("Undo"), (FixStep("take_back", tuple(ids)),))


def _single(
    data: Dataset,
    kind: FindingKind,
    severity: Severity,
    hits: Sequence[int],
    words: Callable[[int], tuple[str, str]],
    *,
    notes: Callable[[int], str] | None = None,
) -> Finding | None:
    """Return a finding about photos each for itself, fixed by leaving them out."""
    if not hits:
        return None
    open_hits = data.active(hits)
    shown = open_hits or tuple(hits)
    title, detail = words(len(shown))
    ids = data.ids(shown)
    return Finding(
        kind,
        severity,
        title,
        detail,
        tuple((photo,) for photo in ids),
        tuple(notes(n) for n in shown) if notes is not None else (),
        fix=_leave_out(tr("Leave out"), ids) if open_hits else None,
        fixed=not open_hits,
        fixed_text="" if open_hits else tr("Left out"),
        undo=None if open_hits else _take_back(ids),
    )


def _unreadable(data: Dataset) -> Finding | None:
    hits = [n for n, seen in enumerate(data.seen) if seen.error]

    def words(n: int) -> tuple[str, str]:
        title = trn("{n} file cannot be read", "{n} files cannot be read", n)
        return title, trn("It is damaged, missing or not a photo", "They are damaged, missing or not photos", n)

    return _single(data, "unreadable", "error", hits, words, notes=lambda n: data.seen[n].error)


def _too_small(data: Dataset) -> Finding | None:
    hits = [n for n, seen in enumerate(data.seen) if not seen.error and min(seen.size) < LEAST_SIDE]

    def words(n: int) -> tuple[str, str]:
        title = trn("{n} photo is very small", "{n} photos are very small", n)
        return title, tr("Less than {side} pixels wide or high: there is little to see").format(side=LEAST_SIDE)

    def note(n: int) -> str:
        width, height = data.seen[n].size
        return f"{width} × {height}"

    return _single(data, "too_small", "hint", sorted(hits, key=lambda n: min(data.seen[n].size)), words, notes=note)


def _dark(data: Dataset) -> Finding | None:
    hits = [n for n, seen in enumerate(data.seen) if not seen.error and seen.light < DARK_BELOW]

    def words(n: int) -> tuple[str, str]:
        return trn("{n} photo is very dark", "{n} photos are very dark", n), tr("Hardly anything can be seen")

    return _single(data, "dark", "hint", sorted(hits, key=lambda n: data.seen[n].light), words)


def _blurred(data: Dataset) -> Finding | None:
    hits = [
        n
        for n, seen in enumerate(data.seen)
        if not seen.error and seen.light >= DARK_BELOW and seen.sharpness < BLURRED_BELOW
    ]

    def words(n: int) -> tuple[str, str]:
        title = trn("{n} photo is blurred", "{n} photos are blurred", n)
        return title, tr("Nothing in it is sharp. If that is how it is meant, keep it")

    return _single(data, "blurred", "hint", sorted(hits, key=lambda n: data.seen[n].sharpness), words)


def _two_classes(data: Dataset) -> Finding | None:
    torn = [group for group in data.groups.copies if data.torn(group)]
    if not torn:
        return None
    open_groups = [active for active in map(data.active, torn) if data.torn(active)]
    shown = open_groups or torn
    count = len(shown)
    ids = tuple(data.ids(group) for group in shown)
    everything = [photo for group in ids for photo in group]
    left_out = [data.photos[n].id for group in torn for n in group if data.photos[n].left_out]
    return Finding(
        "two_classes",
        "error",
        trn("{n} photo is in two classes", "{n} photos are in two classes", count),
        tr("The same photo cannot be both. Move it to the right class, or leave it out"),
        ids,
        tuple(_names(data, group) for group in shown),
        fix=_leave_out(trn("Leave it out", "Leave them out", count), everything) if open_groups else None,
        fixed=not open_groups,
        fixed_text="" if open_groups else tr("Left out"),
        undo=None if open_groups else _take_back(left_out),
    )


def _names(data: Dataset, group: Iterable[int]) -> str:
    return ", ".join(dict.fromkeys(data.classes.get(data.photos[n].class_id, "?") for n in group))


def _both_sides(data: Dataset) -> Finding | None:
    divided = [active for active in map(data.active, data.groups.copies) if data.divided(active)]
    if not divided:
        return None
    count = len(divided)
    return Finding(
        "both_sides",
        "warning",
        trn("{n} photo is in both training and test", "{n} photos are in both training and test", count),
        tr("The test result would look too good"),
        tuple(data.ids(group) for group in divided),
        fix=_to_training(data, divided),
    )


def _to_training(data: Dataset, groups: Iterable[tuple[int, ...]]) -> Fix:
    moved = [data.photos[n].id for group in groups for n in group if data.photos[n].split not in ("", "train")]
    return Fix(tr("Move to training"), (FixStep("pin_split", tuple(moved), "train"),))


def _duplicates(data: Dataset) -> Finding | None:
    identical = {n: number for number, group in enumerate(data.groups.identical) for n in group}
    open_groups: list[tuple[int, ...]] = []
    done: list[tuple[int, ...]] = []
    same = spare = 0
    for group in data.groups.copies:
        chosen = _to_thin_out(data, group, identical)
        if len(chosen) < 2 or data.torn(chosen):
            continue
        active = data.active(chosen)
        if len(active) < 2:
            done.append(chosen)
            continue
        # One that is trained on stays rather than one that is tested on; of equals the best.
        active = tuple(sorted(active, key=lambda n: data.photos[n].split not in ("", "train")))
        open_groups.append(active)
        spare += len(active) - 1
        files = Counter(identical[n] for n in active if n in identical)
        same += sum(count - 1 for count in files.values())
    shown = open_groups or done
    if not shown:
        return None
    if not open_groups:
        spare = sum(len(group) - len(data.active(group)) for group in done)
    parts = []
    if open_groups and same:
        parts.append(tr("{n} identical").format(n=f"{same:,}"))
    if open_groups and spare - same:
        parts.append(tr("{n} nearly identical").format(n=f"{spare - same:,}"))
    spares = [photo for group in open_groups for photo in data.ids(group[1:])]
    left_out = [data.photos[n].id for group in done for n in group if data.photos[n].left_out]
    return Finding(
        "duplicates",
        "warning",
        trn("{n} duplicate", "{n} duplicates", spare),
        tr(" and ").join(parts) if parts else tr("One of each is kept"),
        tuple(data.ids(group) for group in shown),
        fix=_leave_out(tr("Keep one of each"), spares) if open_groups else None,
        fixed=not open_groups,
        fixed_text="" if open_groups else tr("Left out"),
        undo=None if open_groups else _take_back(left_out),
    )


def _to_thin_out(data: Dataset, group: Sequence[int], identical: Mapping[int, int]) -> tuple[int, ...]:
    """Return the photos of a group less those that are near-same because they are of one burst, as bursts are."""
    chosen: list[int] = []
    bursts: set[str] = set()
    files: set[int] = set()
    for n in group:
        burst, file = data.photos[n].group, identical.get(n, -1)
        if burst and burst in bursts and file not in files:
            continue
        chosen.append(n)
        bursts.add(burst)
        files.add(file)
    return tuple(chosen)


def _near_duplicates(data: Dataset) -> Finding | None:
    """Return the series of similar photos: divided by hand they spoil the test; otherwise they are kept together."""
    copies = {n for group in data.groups.copies for n in group[1:]}
    series = [tuple(n for n in group if n not in copies) for group in map(data.active, data.groups.alike)]
    series = [group for group in series if len(group) > 1]
    if not series:
        return None
    divided = [group for group in series if data.divided(group)]
    shown = divided or series
    count = len(shown)
    if divided:
        title = trn(
            "{n} series of similar photos is divided between training and test",
            "{n} series of similar photos are divided between training and test",
            count,
        )
        detail = tr("They were taken a moment apart: the test result would look a little too good")
    else:
        title = trn("{n} series of similar photos", "{n} series of similar photos", count)
        detail = tr("They were taken a moment apart. Each is kept in one part, so that the test stays honest")
    return Finding(
        "near_duplicates",
        "warning" if divided else "hint",
        title,
        detail,
        tuple(data.ids(group) for group in shown),
        fix=_to_training(data, divided) if divided else None,
        fixed=not divided,
        fixed_text="" if divided else tr("Kept together"),
    )


def _too_few(data: Dataset) -> Finding | None:
    few = sorted((count, class_id) for class_id, count in data.counts.items() if count < FEW_PHOTOS)
    if not few:
        return None
    hopeless = [class_id for count, class_id in few if count < LEAST_PHOTOS]
    if hopeless:
        names = _quoted(data.classes[class_id] for class_id in hopeless)
        title = trn("{n} class has too few photos to learn", "{n} classes have too few photos to learn", len(hopeless))
        detail = tr("{names}: add photos, or delete the class").format(names=names)
    else:
        names = _quoted(data.classes[class_id] for _, class_id in few)
        title = trn("{n} class has few photos", "{n} classes have few photos", len(few))
        detail = tr("{names}: with {n} or more it is recognised better").format(names=names, n=FEW_PHOTOS)
    notes = tuple(f"{data.classes[class_id]}: {trn('{n} photo', '{n} photos', count)}" for count, class_id in few)
    return Finding("too_few", "error" if hopeless else "hint", title, detail, notes=notes)


def _quoted(names: Iterable[str], most: int = 3) -> str:
    listed = list(names)
    shown = ", ".join(listed[:most])
    return shown if len(listed) <= most else tr("{names} and {n} more").format(names=shown, n=len(listed) - most)


def _uneven(data: Dataset) -> Finding | None:
    sizes = sorted((count, class_id) for class_id, count in data.counts.items() if count)
    if len(sizes) < 2 or sizes[-1][0] < UNEVEN_FROM * sizes[0][0]:
        return None
    (least, smallest), (most, largest) = sizes[0], sizes[-1]
    detail = tr("{large} has {times} times more photos than {small}").format(
        large=data.classes[largest], times=f"{most / least:.0f}", small=data.classes[smallest]
    )
    switch = {on: Fix(text, (FixStep("class_weights", (), on),)) for on, text in _switch_words()}
    balanced = data.class_weights
    return Finding(
        "uneven",
        "warning",
        tr("Uneven classes"),
        detail,
        fix=None if balanced else switch["on"],
        fixed=balanced,
        fixed_text=tr("Balanced while training") if balanced else "",
        undo=switch["off"] if balanced else None,
    )


def _switch_words() -> tuple[tuple[str, str], ...]:
    return (("on", tr("Balance while training")), ("off", tr("Undo")))


def _wrong_label(data: Dataset) -> Finding | None:
    by_id = {photo.id: photo for photo in data.photos}
    by_name = {name: class_id for class_id, name in data.classes.items()}
    shown: list[tuple[str, Suspect]] = []
    for suspect in data.suspects:
        photo = by_id.get(suspect.photo_id)
        # Moved, relabelled or left out since the model was trained: that is settled.
        settled = photo is None or photo.left_out or data.classes.get(photo.class_id) != suspect.given
        if not settled and suspect.expected in by_name:
            shown.append((suspect.photo_id, suspect))
    if not shown:
        return None
    targets: dict[str, list[str]] = {}
    for photo_id, suspect in shown:
        targets.setdefault(by_name[suspect.expected], []).append(photo_id)
    steps = tuple(FixStep("move", tuple(ids), target) for target, ids in targets.items())
    return Finding(
        "wrong_label",
        "hint",
        trn("{n} photo may have the wrong label", "{n} photos may have the wrong label", len(shown)),
        tr("The model takes them for another class. Look at them before you decide"),
        tuple((photo_id,) for photo_id, _ in shown),
        tuple(
            tr("{given}, looks like {expected} ({percent} %)").format(
                given=suspect.given, expected=suspect.expected, percent=f"{100 * suspect.probability:.0f}"
            )
            for _, suspect in shown
        ),
        fix=Fix(trn("Move it", "Move them", len(shown)), steps),
    )


_RULES: Final[tuple[_Rule, ...]] = (
    _unreadable,
    _two_classes,
    _too_few,
    _duplicates,
    _both_sides,
    _near_duplicates,
    _uneven,
    _wrong_label,
    _too_small,
    _dark,
    _blurred,
)
