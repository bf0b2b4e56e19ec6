"""What a training took its own photos for while they were held out, and the labels it doubts by that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.training.evaluation_file import read_evaluation, write_evaluation
from mobilenet_gui.training.evaluation_types import Answer, Evaluation, Guess
from mobilenet_gui.training.head import Head
from mobilenet_gui.training.head_training import LearntHead
from mobilenet_gui.training.held_out import suspects_of_run, write_held_out
from mobilenet_gui.training.material import Item, Material
from mobilenet_gui.training.run_folder import RunFolder, Sample
from mobilenet_gui.training.trainer import few_text

CLASSES = ("ants", "bees")


def test_doubts_from_both_parts(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    assert suspects_of_run(run) == ()
    samples = [Sample(f"p{n}", tmp_path / f"{n}.jpg", n % 2, "train") for n in range(20)]
    logits = np.array([[3.0, 0.0] if sample.label == 0 else [0.0, 3.0] for sample in samples])
    logits[4] = [-4, 4]
    labels = [sample.label for sample in samples]
    write_held_out(run.held_out_path, samples, labels, logits, CLASSES, temperature=2.0)
    kept = read_evaluation(run.held_out_path)
    assert kept.answers[0].probability == pytest.approx(1 / (1 + np.exp(-1.5)))
    assert [answer.id for answer in kept.mistakes] == ["p4"]
    assert [(s.photo_id, s.given, s.expected) for s in suspects_of_run(run)] == [("p4", "ants", "bees")]
    tested = [
        Answer(f"t{n}", Path(f"t{n}.jpg"), 0, (Guess(0, "ants", 0.9), Guess(1, "bees", 0.1)), 0.9) for n in range(9)
    ]
    tested += [
        Answer(f"u{n}", Path(f"u{n}.jpg"), 1, (Guess(1, "bees", 0.9), Guess(0, "ants", 0.1)), 0.9) for n in range(9)
    ]
    odd = Answer("odd", Path("odd.jpg"), 0, (Guess(1, "bees", 0.999), Guess(0, "ants", 0.001)), 0.001)
    write_evaluation(run.evaluation_path, Evaluation("m", "M", CLASSES, (*tested, odd)))
    assert [suspect.photo_id for suspect in suspects_of_run(run)] == ["odd", "p4"]
    run.held_out_path.write_bytes(b"damaged")
    assert [suspect.photo_id for suspect in suspects_of_run(run)] == ["odd"]


def test_classes_of_few_photos_are_told_with_what_they_are_worth() -> None:
    labels = [0] * 25 + [1] * 4 + [2] * 3
    samples = [Sample(str(n), Path(f"{n}.jpg"), label, "train") for n, label in enumerate(labels)]
    items = tuple(Item(sample, sample.label) for sample in samples)
    logits = np.eye(3, dtype=np.float32)[labels]
    logits[25] = (1, 0, 0)
    layer = Head(np.zeros((1, 3), np.float32), np.zeros(3, np.float32))
    held = np.arange(32)[::-1]
    head = LearntHead(layer, layer, 1.0, 1.0, 0.5, logits, held, logits[held])
    text = few_text(Material(("many", "some", "few"), items, ()), head)
    assert text.endswith("“few” 3 of 3, “some” 3 of 4.")
    assert (
        few_text(Material(("many",), items[:25], ()), replace(head, held=np.arange(25), held_logits=logits[:25])) == ""
    )


def test_no_place_for_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        write_held_out(tmp_path / "file" / "held-out.json", [], [], np.zeros((0, 2)), CLASSES)
