"""Owns the wizard's rules as data: which steps there are, which can be gone to, and what each says of itself.

No Qt here. A `Situation` tells how the project stands; `steps` turns it into what the list at the left shows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import tr, trn

Key = Literal["data", "check", "settings", "train", "evaluate", "use"]
KEYS: Final[tuple[Key, ...]] = ("data", "check", "settings", "train", "evaluate", "use")
FEWEST_CLASSES: Final = 2
FEWEST_PHOTOS: Final = 2
"""Classes, and photos in each of them, without which nothing can be learnt and tested."""
GOOD_PHOTOS: Final = 50
"""Photos of one class from which the result is usually good; the design's figure."""
BUSY: Final = frozenset({"running", "paused"})
"""Statuses of a run that is at work."""
BEGUN: Final = BUSY | {"interrupted", "finished", "failed", "cancelled"}


@dataclass(frozen=True, slots=True)
class Situation:
    """How a project stands.

    Attributes:
        photos: photos that take part and are there.
        lost: photos that would take part, whose files are gone.
        classes: classes there are.
        usable_classes: classes with at least `FEWEST_PHOTOS` photos.
        checked: the photos as they are now have been checked.
        changed: the photos have changed in this sitting and were not checked since.
        to_fix: what the check found and nobody has fixed.
        to_look: hints of the check that are still open; they hold nobody up.
        settings: the chosen effort in a word ("Balanced"); empty before it was looked at.
        run: status of the latest run ("running", "paused", "interrupted", "finished", ...); empty without one.
        run_note: what the latest run says of itself in a few words ("3:40 left", "Finished in 8 min").
        accuracy: share of test photos that the latest finished run answers correctly, 0..1; None without one.
        has_model: a run came to its end with a model, tested or, with too few photos, not.
    """

    photos: int = 0
    lost: int = 0
    classes: int = 0
    usable_classes: int = 0
    checked: bool = False
    changed: bool = False
    to_fix: int = 0
    to_look: int = 0
    settings: str = ""
    run: str = ""
    run_note: str = ""
    accuracy: float | None = None
    has_model: bool = False

    @property
    def data_ready(self) -> bool:
        """There is enough to learn from."""
        return self.usable_classes >= FEWEST_CLASSES and self.usable_classes == self.classes

    @property
    def has_result(self) -> bool:
        """A run of this project has come to an end with a model."""
        return self.has_model or self.accuracy is not None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the list.

    Attributes:
        key: which.
        title: its name.
        detail: a few words below the name; may be empty.
        state: "done", "current" or "todo".
        enabled: it can be gone to.
    """

    key: Key
    title: str
    detail: str
    state: Literal["done", "current", "todo"]
    enabled: bool


def titles() -> dict[Key, str]:
    """Return the steps' names."""
    return {
        "data": tr("Data"), "check": tr("Check"), "settings": tr("Settings"),
        "train": tr("Train"), "evaluate": tr("Evaluate"), "use": tr("Use it"),
    }  # fmt: skip


def reachable(situation: Situation, key: Key) -> bool:
    """Say whether a step can be gone to."""
    if key == "data":
        return True
    if key in ("check", "settings"):
        return situation.data_ready
    if key == "train":
        return situation.run in BEGUN
    return situation.has_result


def steps(situation: Situation, current: Key) -> tuple[Step, ...]:
    """Return all steps as the list shows them."""
    details: dict[Key, str] = {
        "data": trn("{n} photo", "{n} photos", situation.photos) if situation.photos else "",
        "check": _check_words(situation),
        "settings": situation.settings,
        "train": situation.run_note,
        "evaluate": "" if situation.accuracy is None else tr("{p} correct").format(p=percent(situation.accuracy)),
        "use": "",
    }
    done: dict[Key, bool] = {
        "data": situation.data_ready,
        "check": _is_checked(situation),
        "settings": situation.run in BEGUN,
        "train": situation.has_result and situation.run not in BUSY,
        "evaluate": situation.has_result,
        "use": False,
    }
    names, at = titles(), KEYS.index(current)
    made = []
    for place, key in enumerate(KEYS):
        # A tick says that a step lies behind; what was done before and may be done again is no news.
        behind = done[key] and (place < at or situation.has_result)
        state: Literal["done", "current", "todo"] = "current" if key == current else "done" if behind else "todo"
        quiet = key == current and key == "data"
        made.append(Step(key, names[key], "" if quiet else details[key], state, reachable(situation, key)))
    return tuple(made)


def first_step(situation: Situation) -> Key:
    """Return where a project is opened: where its owner left off."""
    if situation.run in BUSY or situation.run == "interrupted":
        return "train"
    if situation.has_result:
        return "evaluate"
    return "data"


def _is_checked(situation: Situation) -> bool:
    """Say whether the check lies behind; a project that was trained before has passed it in an earlier sitting."""
    if situation.checked:
        return not situation.to_fix
    return situation.run in BEGUN and not situation.changed


def _check_words(situation: Situation) -> str:
    if not situation.checked or not situation.photos:
        return ""
    if situation.to_fix:
        return trn("{n} left to fix", "{n} left to fix", situation.to_fix)
    if situation.to_look:
        return trn("{n} to look at", "{n} to look at", situation.to_look)
    return tr("All fixed")


def lost_words(situation: Situation) -> str:
    """Say how many photos are missing, in one sentence; empty for none."""
    return trn("{n} photo is missing.", "{n} photos are missing.", situation.lost) if situation.lost else ""


def data_problem(situation: Situation, names: tuple[str, ...] = ()) -> str:
    """Return what keeps the data step from being done, in one sentence; empty where nothing does.

    Args:
        situation: how the project stands.
        names: classes with fewer than `FEWEST_PHOTOS` photos.
    """
    if situation.data_ready:
        return ""
    gone = lost_words(situation)
    if gone and names:
        return f"{data_problem(replace(situation, lost=0), names)} {gone}"
    if situation.classes == 0:
        return tr("Add at least two classes with two photos each.")
    if situation.classes == 1:
        return tr("One more class is needed: what else could a photo show?")
    if len(names) == 1:
        return tr("“{name}” needs at least two photos.").format(name=names[0])
    return trn("{n} class needs at least two photos.", "{n} classes need at least two photos each.", len(names))
