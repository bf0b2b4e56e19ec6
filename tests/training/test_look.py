"""A look into a model file before it is imported: which labels it will get, or why it has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobilenet_gui.training.look import Understood, understand
from tests.model_factory import make_tflite


def looked(folder: Path, data: bytes, beside: str | None) -> Understood:
    path = folder / "model.tflite"
    path.write_bytes(data)
    if beside is not None:
        (folder / "labels.txt").write_text(beside)
    found = understand(path)
    assert Understood.from_data(path, found.to_data()) == found
    return found


@pytest.mark.parametrize("beside", ["cat\ndog\n", "dog\n"])
def test_one_output_is_two_classes(tmp_path: Path, beside: str) -> None:
    found = looked(tmp_path, make_tflite(classes=1, sigmoid=True), beside)
    assert (found.outputs, found.binary, found.labels, found.needs_labels) == (
        2,
        True,
        "The labels in labels.txt",
        False,
    )
    assert found.summary.endswith("2 classes.")


@pytest.mark.parametrize(
    ("beside", "why"),
    [
        (None, "The model has 3 classes without names. Choose its labels file as well."),
        ("a\nb\n" * 4, "The model has 3 classes, but labels.txt beside it names 8. Choose the right labels file."),
        ("a\n\nb\n", "labels.txt beside the model cannot be used for its 3 classes: Line 2 is empty"),
    ],
)
def test_why_classes_have_no_names(tmp_path: Path, beside: str | None, why: str) -> None:
    found = looked(tmp_path, make_tflite(classes=3), beside)
    assert found.needs_labels
    assert found.unnamed.startswith(why)
