"""Owns what a training's own photos were taken for while they were held out, kept in its folder for the doctor.

While the head's strength is chosen, each train and validation photo is left out once and answered by a layer that has
not learnt from it. Those answers tell wrong labels among the very photos that a model learns from. They are kept in
the form of an evaluation; as such they are too kind, because the strength was chosen by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.training.doctor_labels import Suspect, suspects
from mobilenet_gui.training.evaluation_file import read_evaluation, write_evaluation
from mobilenet_gui.training.evaluation_types import Answer, Evaluation, Guess

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mobilenet_gui.training.run_folder import RunFolder, Sample

_KEPT_GUESSES = 5


def write_held_out(
    path: Path,
    samples: Sequence[Sample],
    labels: Sequence[int],
    logits: NDArray[Any],
    classes: Sequence[str],
    *,
    temperature: float = 1.0,
) -> None:
    """Keep what photos were taken for while they were held out.

    Args:
        path: the file, `RunFolder.held_out_path`.
        samples: the photos.
        labels: their classes, positions in `classes`.
        logits: shape (photos, classes).
        classes: names by label.
        temperature: the calibration.

    Raises:
        StorageError: the disk refused.
    """
    from mobilenet_gui.training.calibration import probabilities_from_logits

    answers = []
    for sample, label, row in zip(
        samples, labels, probabilities_from_logits(logits, temperature).tolist(), strict=True
    ):
        best = sorted(range(len(row)), key=lambda k: -row[k])[:_KEPT_GUESSES]
        guesses = tuple(Guess(k, classes[k], row[k]) for k in best)
        answers.append(Answer(sample.id, sample.path, int(label), guesses, row[label], row[best[0]]))
    write_evaluation(path, Evaluation("", "", tuple(classes), tuple(answers), temperature))


def suspects_of_run(folder: RunFolder) -> tuple[Suspect, ...]:
    """Return the photos of a training whose label may be wrong, the most suspicious first.

    Test photos are judged by the finished model, the others by layers that had not learnt from them. What is missing
    or cannot be read says nothing against a label.
    """
    found: list[Suspect] = []
    for path in (folder.evaluation_path, folder.held_out_path):
        try:
            found += suspects(read_evaluation(path))
        except UserError:
            continue
    return tuple(sorted(found, key=lambda suspect: (-suspect.suspicion, suspect.photo_id)))
