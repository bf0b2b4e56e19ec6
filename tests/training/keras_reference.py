"""Runs Keras in a process of its own for the tests: writes models in Keras' formats, and Keras' own answers.

Usage: python keras_reference.py TASK.json. The task is a list of objects with `do` = `spec`, `save`, `answer` or
`transfer`.
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
        {"spec": spec, "save": save, "answer": answer, "transfer": transfer}[task["do"]](keras, task)


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


def settle(model: Any, seed: int) -> None:
    """Give a network random but well-behaved weights: its answers depend on its photos."""
    import numpy as np

    random = np.random.default_rng(seed)
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


def transfer(keras: Any, task: dict[str, Any]) -> None:
    """Write models of transfer learning, as people make them, and their answers for pixels 0-255."""
    import numpy as np

    folder, pixels = Path(task["folder"]), np.load(task["pixels"])
    folder.mkdir()
    for name in task["models"]:
        model = TRANSFERS[name](keras, task["size"])
        inside = next((layer for layer in model.layers if len(getattr(layer, "layers", ())) > 20), model)
        settle(inside, 3)
        values = pixels / 127.5 - 1 if name.endswith("-1..1") else pixels
        last = next(layer for layer in reversed(model.layers) if isinstance(layer, keras.layers.Dense))
        answers = model.predict(values.astype(np.float32), verbose=0)
        while max(answers.max(), 1 - answers.min() if answers.shape[1] == 1 else 0) > 0.95:  # too sure to compare
            last.set_weights([weight / 2 for weight in last.get_weights()])
            answers = model.predict(values.astype(np.float32), verbose=0)
        np.save(folder / f"{name}.npy", answers)
        model.save(folder / f"{name}.keras")
        model.save(folder / f"{name}.h5")


def tutorial(keras: Any, size: int) -> Any:
    """TensorFlow's tutorial on transfer learning, for two classes."""
    layers = keras.layers
    base = make(keras, "v2", 0.35, size, None)
    photo = keras.Input((size, size, 3))
    x = keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.2)])(photo)
    x = keras.applications.mobilenet_v2.preprocess_input(x)
    x = layers.GlobalAveragePooling2D()(base(x, training=False))
    return keras.Model(photo, layers.Dense(1, activation="sigmoid")(layers.Dropout(0.2)(x)))


def large_v3(keras: Any, size: int) -> Any:
    """A V3 that pools itself, under a dense layer."""
    base = keras.applications.MobileNetV3Large(
        (size, size, 3), alpha=0.75, include_top=False, weights=None, pooling="avg"
    )
    return keras.Sequential([base, keras.layers.Dense(3, activation="softmax")])


def flattened(keras: Any, size: int) -> Any:
    """The feature map flattened; it says nothing of its range."""
    base = make(keras, "v1", 0.25, size, None)
    head = [keras.layers.Flatten(), keras.layers.Dense(8), keras.layers.LeakyReLU(), keras.layers.Dense(3)]
    return keras.Sequential([base, *head, keras.layers.Softmax()])


def odd_ends(keras: Any, size: int) -> Any:
    """A model that resizes, normalises by colour and pools by a window."""
    layers = keras.layers
    base = make(keras, "v2", 0.35, size // 2, None)
    photo = keras.Input((size, size, 3))
    x = layers.Rescaling(1 / 255)(layers.Resizing(size // 2, size // 2)(photo))
    x = layers.Normalization(mean=[0.485, 0.456, 0.406], variance=[0.0524, 0.0502, 0.0506])(x)
    x = layers.Flatten()(layers.AveragePooling2D((1, 1))(base(x, training=False)))
    return keras.Model(photo, layers.Dense(3, activation="softmax")(x))


TRANSFERS: dict[str, Any] = {"tutorial": tutorial, "v3": large_v3, "flattened-1..1": flattened, "odd": odd_ends}


def save(keras: Any, task: dict[str, Any]) -> None:
    """Write a network with random but well-behaved weights in several formats, and its answers for a tensor."""
    import h5py
    import numpy as np
    from keras.src.legacy.saving import legacy_h5_format

    model = make(keras, task["family"], task["alpha"], task["size"], task["classes"])
    settle(model, task["seed"])
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
