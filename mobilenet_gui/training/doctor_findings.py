"""Owns what the doctor can find in a dataset, as data: findings, their photos, and the fix for each.

A fix is a list of steps on a project, each with the name of the operation it stands for, so that the window can carry
it out as one undoable change and a file can hold it. Nothing here reads a photo.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol, cast, get_args

FindingKind = Literal[
    "missing",
    "unreadable",
    "alike_names",
    "too_small",
    "duplicates",
    "near_duplicates",
    "two_classes",
    "both_sides",
    "too_few",
    "uneven",
    "dark",
    "blurred",
    "wrong_label",
]

Severity = Literal["error", "warning", "hint"]
"""`error` spoils the training or its result, `warning` costs accuracy or honesty, `hint` is worth a look."""

Operation = Literal["leave_out", "take_back", "move", "pin_split", "class_weights", "merge"]
"""What a step does: `leave_out` and `take_back` photos, `move` them to the class `target`, `pin_split` them to the
split `target` (empty unpins), switch `class_weights` `on` or `off` (`target`), `merge` classes, which are named instead
of photos, into the class `target`."""

JUDGED: Final[frozenset[FindingKind]] = frozenset({"missing", "alike_names"})
"""Kinds that only a person can judge: the drive may be plugged in again; “a” and “A” may be meant to be two."""

LOOKING: Final = 0.9
"""Share of an examination that goes into looking at photos when none has been seen before: below it, the progress
counts photos; from there on they are compared."""


class CheckedPhoto(Protocol):
    """What the doctor needs to know of a photo; a project's photos have it."""

    @property
    def id(self) -> str:
        """The photo's id in its project."""

    @property
    def path(self) -> Path:
        """Where the file is."""

    @property
    def class_id(self) -> str:
        """The class it is in."""

    @property
    def split(self) -> str:
        """`train`, `validation` or `test` where that is given, else empty."""

    @property
    def group(self) -> str:
        """The burst it belongs to, or empty."""

    @property
    def left_out(self) -> bool:
        """It takes no part in training; the doctor remembers it only to say that a problem is fixed."""


@dataclass(frozen=True, slots=True)
class PlainPhoto:
    """A `CheckedPhoto` on its own: for datasets without a project, and between processes."""

    id: str
    path: Path
    class_id: str
    split: str = ""
    group: str = ""
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class FixStep:
    """One operation on a project: on which photos (or classes), and where to (a class id, a split, `on` or `off`)."""

    operation: Operation
    photo_ids: tuple[str, ...] = ()
    target: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do about a finding.

    Attributes:
        text: the words on the button.
        steps: to be carried out together, as one undoable change.
    """

    text: str
    steps: tuple[FixStep, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of problem with all the photos that have it.

    Attributes:
        kind: what it is.
        severity: how much it matters.
        title: one line: what was found, with its count.
        detail: one line: what it means.
        photo_ids: the photos, grouped where they belong together (copies of one photo); a group of one otherwise.
            Worst first. Empty for findings about classes alone.
        notes: one text a group, such as why a file cannot be read or which class was expected; empty where there is
            nothing to say.
        fix: the way out of one click; None where only a person can decide.
        fixed: nothing is left to do: the photos are left out, or training takes care of it.
        fixed_text: what was done, where `fixed`.
        undo: takes the fix back, where `fixed` and possible.
    """

    kind: FindingKind
    severity: Severity
    title: str
    detail: str
    photo_ids: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    fix: Fix | None = None
    fixed: bool = False
    fixed_text: str = ""
    undo: Fix | None = None

    @property
    def key(self) -> str:
        """The same for the same kind of problem, open or fixed apart; what a view tells findings apart by."""
        return f"{self.kind}-fixed" if self.fixed else self.kind

    @property
    def photos(self) -> tuple[str, ...]:
        """All photo ids, without their grouping."""
        return tuple(photo for group in self.photo_ids for photo in group)


@dataclass(frozen=True, slots=True)
class Examination:
    """The doctor's answer.

    Attributes:
        findings: open ones first, the worst first among them.
        seconds: how long it took.
        checked: how many photos were looked at, those left out included.
        fine: short names of what was checked and found in order, for one sentence.
        fresh: how many photos had to be read; the others were known from before.
    """

    findings: tuple[Finding, ...]
    seconds: float
    checked: int
    fine: tuple[str, ...] = ()
    fresh: int = 0

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that something is still to be done about."""
        return tuple(finding for finding in self.findings if not finding.fixed)

    def fix_all(self) -> tuple[Fix, ...]:
        """Return the fixes of all open errors and warnings, but for those that a person has to judge, as all hints."""
        return tuple(f.fix for f in self.open if f.fix is not None and f.severity != "hint" and f.kind not in JUDGED)

    @property
    def unusable(self) -> frozenset[str]:
        """The ids of photos whose files are gone or cannot be read."""
        return frozenset(p for f in self.findings if f.kind in ("missing", "unreadable") for p in f.photos)


def to_data(examination: Examination) -> dict[str, Any]:
    """Return an examination as plain data for JSON."""
    return {
        "format_version": 1,
        "seconds": examination.seconds,
        "checked": examination.checked,
        "fresh": examination.fresh,
        "fine": list(examination.fine),
        "findings": [_finding_data(finding) for finding in examination.findings],
    }


def from_data(data: Mapping[str, Any]) -> Examination:
    """Read an examination back.

    Raises:
        ValueError: it is none of ours.
    """
    try:
        return Examination(
            tuple(_finding(entry) for entry in data["findings"]),
            float(data["seconds"]),
            int(data["checked"]),
            tuple(str(word) for word in data["fine"]),
            int(data["fresh"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an examination: {error!r}") from error


def _finding_data(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "title": finding.title,
        "detail": finding.detail,
        "photo_ids": [list(group) for group in finding.photo_ids],
        "notes": list(finding.notes),
        "fix": _fix_data(finding.fix),
        "fixed": finding.fixed,
        "fixed_text": finding.fixed_text,
        "undo": _fix_data(finding.undo),
    }


def _fix_data(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    steps = [{"operation": s.operation, "photo_ids": list(s.photo_ids), "target": s.target} for s in fix.steps]
    return {"text": fix.text, "steps": steps}


def _finding(data: Mapping[str, Any]) -> Finding:
    if data["kind"] not in get_args(FindingKind) or data["severity"] not in get_args(Severity):
        raise ValueError(data["kind"])
    return Finding(
        cast("FindingKind", data["kind"]),
        cast("Severity", data["severity"]),
        str(data["title"]),
        str(data["detail"]),
        tuple(tuple(map(str, group)) for group in data["photo_ids"]),
        tuple(map(str, data["notes"])),
        _fix(data["fix"]),
        bool(data["fixed"]),
        str(data["fixed_text"]),
        _fix(data["undo"]),
    )


def _fix(data: Mapping[str, Any] | None) -> Fix | None:
    if data is None:
        return None
    steps = []
    for step in data["steps"]:
        if step["operation"] not in get_args(Operation):
            raise ValueError(step["operation"])
        operation = cast("Operation", step["operation"])
        steps.append(FixStep(operation, tuple(map(str, step["photo_ids"])), str(step["target"])))
    return Fix(str(data["text"]), tuple(steps))
