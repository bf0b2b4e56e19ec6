"""Owns how labelled photos come into the parts of a training, and the sentences that say so. No TensorFlow, no Qt.

What is given to a part stays there. What resembles across given parts is told and may be left out; photos that the
model to start from has learnt are not tested on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.run_folder import Split
from mobilenet_gui.training.split import split_samples
from mobilenet_gui.training.training_settings import TrainingSettings


class Alike(NamedTuple):
    """What a split is to know of photos, each by its id.

    Attributes:
        groups: the group of each photo that must stay on one side with others.
        contents: the hash of each file's content, as far as it was looked at; see `fingerprint.Fingerprint.digest`.
        uniform: ids of the classes whose photos all look alike; see `duplicates.DuplicateGroups`.
        seconds: how long looking and comparing took.
    """

    groups: Mapping[str, str] = MappingProxyType({})
    contents: Mapping[str, bytes] = MappingProxyType({})
    uniform: frozenset[str] = frozenset()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Shared:
    """Photos shared out.

    Attributes:
        parts: the part of each; None for one that takes no part.
        resembling: positions of given test photos that resemble photos to learn from.
        notes: what was done and why, a sentence each.
        given: some photos were given to parts.
    """

    parts: tuple[Split | None, ...]
    resembling: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    given: bool = False


def share_out(  # noqa: PLR0917 - columns of one table
    labels: Sequence[int],
    groups: Sequence[str],
    given: Sequence[str],
    settings: TrainingSettings,
    keys: Sequence[str],
    learnt: Sequence[bool] = (),
    *,
    alike_by_nature: Iterable[str] = (),
    leave_out: bool = False,
) -> Shared:
    """Share photos out and say how.

    Args:
        labels: the class of each photo.
        groups: the group of each, such as a burst or copies; empty for none. See `split.split_samples`.
        given: the part each is given to; empty where it is to be drawn.
        settings: the shares and the seed.
        keys: what each photo is known by, see `split.split_samples`.
        learnt: of each whether the model to start from has learnt it; by default none.
        alike_by_nature: names of classes whose photos all look alike.
        leave_out: leave out given test photos that resemble photos to learn from.
    """
    known = list(learnt) or [False] * len(labels)
    wanted = [part or ("train" if seen else "") for part, seen in zip(given, known, strict=True)]
    parts: list[Split | None] = [*split_samples(labels, groups, wanted, settings.split, settings.seed, keys)]
    to_learn = {group for group, part in zip(groups, parts, strict=True) if group and part != "test"}
    resembling = tuple(n for n, part in enumerate(given) if part == "test" and groups[n] in to_learn)
    untested = [n for n, part in enumerate(parts) if part == "test" and known[n]]
    for n in (*untested, *(resembling if leave_out else ())):
        parts[n] = None
    notes: list[str] = []
    if any(given):
        notes.append(_given_words({part for part in given if part}, drawn="" in given))
    free = Counter(group for group, part in zip(groups, wanted, strict=True) if group and not part)
    together = [count for count in free.values() if count > 1]
    if together:
        text = trn(
            "{n} photo is a copy or of a burst; each group stays in one part.",
            "{n} photos are copies or of one burst; each group stays in one part.",
            sum(together),
        )
        notes.append(text.format(n=f"{sum(together):,}"))
    if resembling:
        notes.append(resembling_words(len(resembling), leave_out=leave_out))
    if pinned := sum(seen and not part for seen, part in zip(known, given, strict=True)):
        text = trn(
            "{n} photo stays in training, because the model to start from has learnt it.",
            "{n} photos stay in training, because the model to start from has learnt them.",
            pinned,
        )
        notes.append(text.format(n=f"{pinned:,}"))
    if untested:
        text = trn(
            "{n} test photo does not count, because the model to start from has learnt it.",
            "{n} test photos do not count, because the model to start from has learnt them.",
            len(untested),
        )
        notes.append(text.format(n=f"{len(untested):,}"))
    if names := sorted(alike_by_nature):
        text = tr("The photos of {names} look much alike, so only true copies among them are kept together.")
        notes.append(text.replace("{names}", ", ".join(f"“{name}”" for name in names[:3]) + ("…" if names[3:] else "")))
    return Shared(tuple(parts), resembling, tuple(notes), any(given))


def learnt_by(folder: Path) -> frozenset[bytes]:
    """Return what names the photos that a model has learnt from, as `Provenance.learnt_photos`; none where unknown."""
    try:
        return Bundle.open(folder).manifest.provenance.learnt_photos
    except UserError:
        return frozenset()


def _given_words(parts: set[str], *, drawn: bool) -> str:
    names = {"train": tr("train"), "validation": tr("validation"), "test": tr("test")}
    words = [names[part] for part in names if part in parts]
    listed = tr(" and ").join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    text = trn("Your own {parts} part is used as given.", "Your own {parts} parts are used as given.", len(words))
    return text.format(parts=listed) + (" " + tr("The other photos are drawn at random.") if drawn else "")


def resembling_words(count: int, *, leave_out: bool = False) -> str:
    """Say that so many test photos resemble training photos, or that they are left out for it."""
    if leave_out:
        text = trn(
            "{n} test photo that resembles training photos is left out.",
            "{n} test photos that resemble training photos are left out.",
            count,
        )
    else:
        text = trn(
            "{n} test photo resembles training photos, which flatters the result.",
            "{n} test photos resemble training photos, which flatters the result.",
            count,
        )
    return text.format(n=f"{count:,}")
