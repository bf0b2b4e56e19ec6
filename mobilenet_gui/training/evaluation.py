"""Owns judging a model on photos that it has never seen, with the program's own recogniser.

Every photo goes the way it goes in the window and on the command line (`core.batch`), so the figures are those of the
model as it will be used, to the last digit. What follows from the answers is `evaluation_types`' business, the file
`evaluation_file`'s, two models beside each other `comparison`'s.
"""

from __future__ import annotations

import math
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from mobilenet_gui.core.errors import Cancelled, UserError
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.comparison import Comparison, compare
from mobilenet_gui.training.evaluation_file import from_data, read_evaluation, to_data, write_evaluation
from mobilenet_gui.training.evaluation_types import OTHER, Answer, ClassFigures, Evaluation, Guess, SureFigures, wilson
from mobilenet_gui.training.project_types import name_key

if TYPE_CHECKING:
    from mobilenet_gui.core.batch import BatchResult
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.core.types import Label, Prediction

__all__ = [
    "OTHER",
    "Answer",
    "ClassFigures",
    "Comparison",
    "Evaluation",
    "Guess",
    "SureFigures",
    "compare",
    "evaluate",
    "from_data",
    "match_classes",
    "read_evaluation",
    "to_data",
    "wilson",
    "write_evaluation",
]

OnProgress = Callable[[int, int], None]
"""Told how many photos are done, and of how many."""

KEPT_GUESSES: Final = 5
"""So many of the most probable classes are kept of each photo."""


class KnownPhoto(Protocol):
    """What is needed of a photo; `run_folder.Sample` has it."""

    @property
    def id(self) -> str:
        """What the photo is called in its project."""

    @property
    def path(self) -> Path:
        """Where the file is."""

    @property
    def label(self) -> int:
        """Its true class: position in the list of classes."""

    @property
    def group(self) -> str:
        """What it belongs to, such as a burst; empty for none."""


def evaluate(
    bundle: Bundle,
    samples: Iterable[KnownPhoto],
    classes: Sequence[str],
    *,
    threads: int | None = None,
    progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
) -> Evaluation:
    """Ask a model about photos whose class is known.

    Args:
        bundle: the model. Its classes are matched with `classes` by name, so it need not be one that was trained on
            them; photos of a class that it does not know are left out, and naming none of the classes is a mistake.
        samples: the photos; none that the model has learnt from.
        classes: the names of the classes, by label.
        threads: how many photos at once; one a core by default.
        progress: called after each photo, in this thread; it may raise to stop the work.
        cancel: stops it when set.

    Raises:
        ModelError: the model cannot be used.
        UserError: the model knows none of the classes.
        Cancelled: `cancel` was set.
    """
    from mobilenet_gui.core import batch

    start = time.monotonic()
    places = match_classes(bundle, classes)
    known = set(places.values())
    photos = tuple(sample for sample in samples if sample.label in known)
    results = batch.classify(
        (photo.path for photo in photos), bundle, top_k=max(1, len(bundle.labels)), jobs=threads, cancel=cancel
    )
    answers: list[Answer] = []
    precision = "float"
    try:
        for photo, result in zip(photos, results, strict=False):
            if result.recognition is not None:
                precision = result.recognition.precision
            answers.append(_answer(photo, result, places, classes, bundle.temperature))
            if progress is not None:
                progress(len(answers), len(photos))
    finally:
        results.close()
    if len(answers) < len(photos):
        raise Cancelled
    shown = bundle.shown()
    return Evaluation(
        model_id=bundle.id,
        model_name=bundle.name,
        classes=tuple(classes),
        answers=tuple(answers),
        temperature=bundle.temperature,
        sure_from=bundle.sure_from,
        seconds=time.monotonic() - start,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        unknown=tuple(name for label, name in enumerate(classes) if label not in known),
        near_accepted=None if shown is None else shown.near_accepted,
        precision=precision,
    )


def match_classes(bundle: Bundle, classes: Sequence[str]) -> dict[int, int]:
    """Return which of `classes` each class of the model is, by the model's index; those that are none are missing.

    Names are compared without regard to case, encoding, underscores and hyphens, unless a class bears the very name;
    where none bears the name itself, WordNet ids, further names, and names in the plural count, too.

    Raises:
        UserError: the model knows none of them.
    """
    places: dict[int, int] = {}
    # A name beats a further name, or ImageNet's second "crane" would take the first one's photos.
    _place(places, bundle.labels, classes, lambda label: [label.name], lambda name: name)
    _place(places, bundle.labels, classes, lambda label: [label.shown])
    _place(places, bundle.labels, classes, lambda label: [label.name])
    _place(places, bundle.labels, classes, lambda label: [label.id])
    _place(places, bundle.labels, classes, lambda label: label.synonyms.split(","))
    _place(
        places, bundle.labels, classes, lambda label: [label.shown, label.name, *label.synonyms.split(",")], _singular
    )
    if not places:
        raise UserError(
            bundle.name,
            tr(
                "The model knows none of these classes: {names}. Choose a dataset whose folders are named like them."
            ).format(names=", ".join(list(classes)[:5])),
        )
    return places


def _place(
    places: dict[int, int],
    labels: Iterable[Label],
    classes: Sequence[str],
    names_of: Callable[[Label], list[str]],
    form: Callable[[str], str] | None = None,
) -> None:
    """Add to `places` what matches by these names, less what has been matched already."""
    form = form or _plain
    taken = set(places.values())
    wanted = {form(name): n for n, name in reversed(list(enumerate(classes))) if n not in taken}
    for label in labels:
        if label.index in places:
            continue
        found = next((wanted[n] for n in map(form, names_of(label)) if n and n in wanted), None)
        if found is not None and found not in taken:
            places[label.index] = found
            taken.add(found)


def _singular(name: str) -> str:
    return _plain(name).removesuffix("s")


def _plain(name: str) -> str:
    return name_key(unicodedata.normalize("NFKC", name).replace("_", " ").replace("-", " "))


def _answer(
    photo: KnownPhoto,
    result: BatchResult,
    places: Mapping[int, int],
    classes: Sequence[str],
    temperature: float,
) -> Answer:
    if result.recognition is None:
        reason = "" if result.error is None else result.error.reason
        return Answer(photo.id, photo.path, photo.label, error=reason or tr("The photo cannot be read."))
    predictions = result.recognition.predictions
    guesses = []
    for prediction in predictions[:KEPT_GUESSES]:
        place = places.get(prediction.index, OTHER)
        name = prediction.shown if place == OTHER else classes[place]
        guesses.append(Guess(place, name, prediction.probability))
    own = next((p.probability for p in predictions if places.get(p.index) == photo.label), 0.0)
    raw = _uncalibrated(predictions, temperature)
    likeness = result.recognition.likeness
    unlike = None if likeness is None else likeness.unlike
    return Answer(photo.id, photo.path, photo.label, tuple(guesses), own, raw, unlike=unlike, group=photo.group)


def _uncalibrated(predictions: Sequence[Prediction], temperature: float) -> float:
    """Return the first guess's probability without the temperature."""
    if temperature == 1.0:
        return predictions[0].probability
    # In proportion to the first, p_k ** T; zeros stay zero.
    best = predictions[0].probability
    shares = math.fsum((p.probability / best) ** temperature for p in predictions if p.probability > 0)
    return 1.0 / shares
