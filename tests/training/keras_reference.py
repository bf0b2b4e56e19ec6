"""Runs Keras in a process of its own for the tests: writes models in Keras' formats, and Keras' own answers.

Usage: python keras_reference.py TASK.json. The task is a list of objects with `do` = `spec`, `save` or `answer`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Do every task of the file given."""
    import keras

    for task in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        {"spec": spec, "save": save, "answer": answer}[task["do"]](keras, task)


def make(keras: Any, family: str, alpha: float, size: int, classes: int | None, weights: str | None = None) -> Any:
    """Return a network of `keras.applications`."""
    common: dict[str, Any] = {
        "alpha": alpha,
        "input_shape": (size, size, 3),
        "weights": weights,
        "include_top": classes is not None,
        "classes": classes or 1000,
    }
    apps = keras.applications
    if family == "v1":
        return apps.MobileNet(**common)
    if family == "v2":
        return apps.MobileNetV2(**common)
    build = apps.MobileNetV3Small if family.startswith("v3-small") else apps.MobileNetV3Large
    return build(**common, minimalistic=family.endswith("minimalistic"))


def spec(keras: Any, task: dict[str, Any]) -> None:
    """Write the layers with weights of each architecture."""
    found = []
    for family, alpha, classes in task["architectures"]:
        model = make(keras, family, alpha, 96, classes)
        layers = [[x.name, type(x).__name__, [list(w.shape) for w in x.weights]] for x in model.layers if x.weights]
        found.append({"layers": layers, "parameters": model.count_params()})
    Path(task["out"]).write_text(json.dumps(found), encoding="utf-8")


def save(keras: Any, task: dict[str, Any]) -> None:
    """Write a network with random but well-behaved weights in several formats, and its answers for a tensor."""
    import h5py
    import numpy as np
    from keras.src.legacy.saving import legacy_h5_format

    model = make(keras, task["family"], task["alpha"], task["size"], task["classes"])
    random = np.random.default_rng(task["seed"])
    for layer in model.layers:
        arrays = []
        for weight in layer.weights:
            positive = any(word in weight.name for word in ("gamma", "variance"))
            fan = (
                np.prod(weight.shape[:2] if weight.shape[-1] == 1 else weight.shape[:-1])
                if len(weight.shape) > 1
                else 100
            )
            values = (
                np.abs(random.normal(1, 0.2, weight.shape))
                if positive
                else random.normal(0, (2 / fan) ** 0.5, weight.shape)
            )
            arrays.append(values.astype(np.float32))
        layer.set_weights(arrays)
    folder = Path(task["folder"])
    folder.mkdir()
    with h5py.File(folder / "legacy.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)
    model.save_weights(folder / "modern.weights.h5")
    model.save(folder / "archive.keras")
    model.save(folder / "whole.h5")
    if task["classes"] is not None:
        tensor = np.load(task["tensor"])
        np.save(folder / "answers.npy", model.predict(tensor, verbose=0))


def answer(keras: Any, task: dict[str, Any]) -> None:
    """Load real weights the usual way; write the answers for a tensor and the five labels of each."""
    import numpy as np

    model = make(keras, task["family"], task["alpha"], task["size"], 1000, task["weights"])
    answers = model.predict(np.load(task["tensor"]), verbose=0)
    np.save(task["out"], answers)
    decoded = keras.applications.mobilenet.decode_predictions(answers, top=5)
    text = [[[wnid, name, float(p)] for wnid, name, p in one] for one in decoded]
    Path(task["out"]).with_suffix(".json").write_text(json.dumps(text), encoding="utf-8")


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    main()
