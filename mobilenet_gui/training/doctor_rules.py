"""Owns what counts as a problem of a dataset, what is said about it, and how it is fixed in one click.

Photos that are left out are looked at, too: where all that a fix would do has been done, the problem is reported as
fixed, with the way back. So what is fixed follows from the project alone, whoever fixed it and when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.doctor_class_rules import alike_names, too_few, uneven, wrong_label
from mobilenet_gui.training.doctor_dataset import Dataset
from mobilenet_gui.training.doctor_findings import Finding, FindingKind, Fix, FixStep, Severity

LEAST_SIDE: Final = 64
"""Pixels; a smaller photo has less to see than the smallest networks look at."""
DARK_BELOW: Final = 0.16
"""A photo whose brightest twentieth is darker than this (0-1) shows next to nothing."""
BLURRED_BELOW: Final = 5.0
"""See `fingerprint.Fingerprint.sharpness`. Measured: the least sharp of 445 photos that people took for good had 9.7;
a blur over a hundredth of the width brought 95 of 100 below 5, over a two-hundredth 9."""

_Rule = Callable[["Dataset"], "Finding | None"]
_ORDER: Final[Mapping[Severity, int]] = {"error": 0, "warning": 1, "hint": 2}


def findings_of(data: Dataset) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Return the findings, open ones first, worst first; and short names of what is in order."""
    found = [finding for rule in _RULES for finding in (rule(data),) if finding is not None]
    found.sort(key=lambda finding: (finding.fixed, _ORDER[finding.severity]))
    kinds = {finding.kind for finding in found}
    fine = [words for names, words in _fine_words() if not kinds & set(names)]
    return tuple(found), tuple(fine)


def _fine_words() -> tuple[tuple[tuple[FindingKind, ...], str], ...]:
    return (
        (("missing", "unreadable"), tr("files")),
        (("duplicates",), tr("duplicates")),
        (("two_classes", "wrong_label"), tr("labels")),
        (("both_sides", "near_duplicates"), tr("training and test kept apart")),
        (("alike_names",), tr("class names")),
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


def _missing(data: Dataset) -> Finding | None:
    def words(n: int) -> tuple[str, str]:
        title = trn("{n} photo is missing", "{n} photos are missing", n)
        detail = trn("Its file is not there. ", "Their files are not there. ", n)
        return title, detail + tr("Is a drive unplugged, or a folder moved?")

    return _single(data, "missing", "error", sorted(data.missing), words, notes=lambda n: str(data.photos[n].path))


def _unreadable(data: Dataset) -> Finding | None:
    hits = [n for n, seen in enumerate(data.seen) if seen.error and n not in data.missing]

    def words(n: int) -> tuple[str, str]:
        title = trn("{n} file cannot be read", "{n} files cannot be read", n)
        return title, trn("It is damaged or not a photo", "They are damaged or not photos", n)

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
        tr("It cannot be both. Move it to the right class, or leave it out"),
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
        fix=_out_of_the_test(data, divided),
    )


def _out_of_the_test(data: Dataset, groups: Iterable[tuple[int, ...]]) -> Fix:
    """Leave out those photos that flatter the result; what the others were given to stays."""
    out: list[str] = []
    for group in groups:
        parts = {data.photos[n].split for n in group}
        flattering = ("test", "validation") if "train" in parts else ("test",)
        out += [data.photos[n].id for n in group if data.photos[n].split in flattering]
    return _leave_out(trn("Leave it out", "Leave them out", len(out)), out)


def _duplicates(data: Dataset) -> Finding | None:
    open_groups: list[tuple[int, ...]] = []
    done: list[tuple[int, ...]] = []
    same = spare = 0
    for chosen in data.surplus:
        active = data.active(chosen)
        if data.torn(active):
            continue
        if len(active) < 2:
            if not data.torn(chosen):
                done.append(chosen)
            continue
        # One that is trained on stays rather than one that is tested on; of equals the best.
        active = tuple(sorted(active, key=lambda n: data.photos[n].split not in ("", "train")))
        open_groups.append(active)
        spare += len(active) - 1
        files = Counter(data.identical[n] for n in active if n in data.identical)
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


def _near_duplicates(data: Dataset) -> Finding | None:
    """Return the series of similar photos: divided by hand they spoil the test; otherwise they are kept together."""
    copies = {n for group in data.surplus for n in group[1:]}
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
        detail = tr("Taken a moment apart, or mirrored: the test result would look a little too good")
    else:
        title = trn("{n} series of similar photos", "{n} series of similar photos", count)
        detail = tr("Taken a moment apart, or mirrored. Each is kept in one part, so that the test stays honest")
    return Finding(
        "near_duplicates",
        "warning" if divided else "hint",
        title,
        detail,
        tuple(data.ids(group) for group in shown),
        fix=_out_of_the_test(data, divided) if divided else None,
        fixed=not divided,
        fixed_text="" if divided else tr("Kept together"),
    )


_RULES: Final[tuple[_Rule, ...]] = (
    _missing,
    _unreadable,
    alike_names,
    _two_classes,
    too_few,
    _duplicates,
    _both_sides,
    _near_duplicates,
    uneven,
    wrong_label,
    _too_small,
    _dark,
    _blurred,
)
