"""Whole models of transfer learning, as Keras writes them, answer as they do in Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.training.job import ConvertJob
from mobilenet_gui.training.process import run_job
from tests.model_factory import make_labels
from tests.training.test_convert import TOLERANCE, ask_keras, noise

pytestmark = pytest.mark.keras

SIZE = 64
MODELS = {
    "tutorial.h5": "minus1_1",
    "tutorial.keras": "minus1_1",
    "v3.keras": "zero_255",
    "flattened-1..1.h5": "minus1_1",
    "odd.keras": "zero_255",
}


def test_they_answer_as_keras_does(tmp_path: Path) -> None:
    pixels = noise(SIZE, 4)
    np.save(tmp_path / "pixels.npy", pixels)
    made = tmp_path / "made"
    names = sorted({name.rpartition(".")[0] for name in MODELS})
    task: dict[str, Any] = {"do": "transfer", "models": names, "size": SIZE, "folder": str(made)}
    ask_keras(tmp_path, [task | {"pixels": str(tmp_path / "pixels.npy")}])
    for name, range_ in MODELS.items():
        wanted = np.load(made / f"{name.rpartition('.')[0]}.npy")
        if wanted.shape[1] == 1:
            wanted = np.concatenate([1 - wanted, wanted], axis=1)
        assert wanted.std(axis=0).max() > 1e-3, name  # it does tell the photos apart
        output, labels = tmp_path / f"{name}.bundle", make_labels(wanted.shape[1])
        run_job(ConvertJob(made / name, output, Naming("m", "M"), labels=labels))
        bundle = Bundle.open(output)
        assert (bundle.preprocessing.size, bundle.preprocessing.normalization) == (SIZE, range_)
        recognizer = LiteRTRecognizer(bundle)
        scores = np.stack([recognizer.probabilities(photo)[0] for photo in pixels])
        np.testing.assert_allclose(scores, wanted, atol=TOLERANCE, err_msg=name)
