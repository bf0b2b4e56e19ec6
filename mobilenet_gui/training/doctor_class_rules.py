"""Owns what the doctor says about classes: too few photos, uneven sizes, and labels that a trained model doubts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mobilenet_gui.i18n import shown, tr, trn
from mobilenet_gui.training.doctor_dataset import Dataset
from mobilenet_gui.training.doctor_findings import Finding, Fix, FixStep
from mobilenet_gui.training.doctor_labels import Suspect
from mobilenet_gui.training.project_types import name_key, shown_name

LEAST_PHOTOS: Final = 2
"""A class needs one photo to learn from and one to be tested on."""
FEW_PHOTOS: Final = 20
UNEVEN_FROM: Final = 3.0
"""So many times more photos in one class than in another are worth a word."""


def too_few(data: Dataset) -> Finding | None:
    """Find classes that cannot be learnt or hardly; where one cannot, those come first."""
    few = [(count, class_id) for class_id, count in data.counts.items() if count < FEW_PHOTOS]
    few.sort(key=lambda each: each[0])  # of equals the first stays the first
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
        detail = few_words([data.classes[class_id] for _, class_id in few])
    told = ((shown(data.classes[class_id]), trn("{n} photo", "{n} photos", count)) for count, class_id in few)
    notes = tuple(f"{name}: {photos}" for name, photos in told)
    return Finding("too_few", "error" if hopeless else "hint", title, detail, notes=notes)


def few_words(names: Sequence[str]) -> str:
    """Return what classes of few photos are worth, which is measured by `benchmarks/small_classes.py`."""
    return tr(
        "With {n} photos or more a class is recognised better; of 100 photos of one with 8, 10 to 40 fewer are: {names}"
    ).format(names=_quoted(names), n=FEW_PHOTOS)


def alike_names(data: Dataset) -> Finding | None:
    """Find classes whose names a person takes for the same; each is offered to be merged into its largest."""
    groups: dict[str, list[str]] = {}
    for class_id, name in data.classes.items():
        groups.setdefault(name_key(name), []).append(class_id)
    alike = [ids for ids in groups.values() if len(ids) > 1]
    if not alike:
        return None
    steps = []
    for ids in alike:
        # The name without anything hidden in it stays, of those the one with most photos.
        into = max(ids, key=lambda one: (shown_name(data.classes[one]) == data.classes[one], data.counts[one]))
        steps.append(FixStep("merge", tuple(one for one in ids if one != into), into))
    names = [", ".join(f"“{shown_name(data.classes[one])}”" for one in ids) for ids in alike]
    count = sum(map(len, alike))
    return Finding(
        "alike_names",
        "warning",
        trn("{n} classes have names that look the same", "{n} classes have names that look the same", count),
        tr("{names}: only case, accents or hidden characters differ").format(names=_quoted(names)),
        notes=tuple(names),
        fix=Fix(tr("Merge"), tuple(steps)),
    )


def _quoted(names: Iterable[str], most: int = 3) -> str:
    listed = list(names)
    some = ", ".join(map(shown, listed[:most]))
    return some if len(listed) <= most else tr("{names} and {n} more").format(names=some, n=len(listed) - most)


def uneven(data: Dataset) -> Finding | None:
    """Find classes of very different size, which a training can make up for."""
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


def wrong_label(data: Dataset) -> Finding | None:
    """Find photos that a trained model takes for another class, unless they were moved or left out since."""
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
