"""Runs in a process of its own for the tests: networks of every family as ONNX, asked by three runtimes.

Usage: python onnx_reference.py OUT.json. Writes, by family and input size, the largest differences from Keras.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from mobilenet_gui.core.tensors import normalized_range
from mobilenet_gui.training import keras_models
from mobilenet_gui.training.architectures import FAMILIES, Architecture
from mobilenet_gui.training.keras_look import usual_range
from mobilenet_gui.training.onnx_export import open_onnx, to_onnx

SIZES = (64, 75)
TRIED = tuple(family for family in FAMILIES if family not in ("lite1", "lite2", "lite3", "lite4", "v4-large"))
"""One of each kind; the others differ in numbers alone."""
CLASSES = 5
LABELS = ["a", "ü\n“"]


def main(out: Path) -> None:
    """Try every family in a size that halves evenly and one that does not."""
    import onnx
    import onnxruntime

    found: dict[str, Any] = {}
    for family in TRIED:
        for size in SIZES:
            model = _network(Architecture(family, 0.5 if family in ("v1", "v2") else 0.75, CLASSES), size)
            data = to_onnx(model, size, CLASSES, description="what “it” is", properties={"labels": LABELS, "n": "x"})
            loaded = onnx.load_from_string(data)
            onnx.checker.check_model(loaded, full_check=True)
            properties = {entry.key: entry.value for entry in loaded.metadata_props}
            assert properties == {"labels": json.dumps(LABELS, ensure_ascii=False), "n": "x"}
            assert loaded.doc_string == "what “it” is"
            assert not any(node.op_type == "BatchNormalization" for node in loaded.graph.node)
            normalization = usual_range(family)
            pixels = np.random.default_rng(size).integers(0, 256, (3, size, size, 3), np.uint8)
            tensor = normalized_range(normalization)[pixels]
            wanted = keras_models.predict(model, tensor)
            session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
            (given,) = session.run(None, {"photo": tensor.transpose(0, 3, 1, 2)})
            ask = open_onnx(data, normalization)
            found[f"{family} {size}"] = {
                "spread": float(wanted.std(axis=1).min()),
                "onnxruntime": float(np.abs(given - wanted).max()),
                "opencv": float(np.abs(ask(pixels) - wanted).max()),
                "opencv, one by one": float(np.abs(np.concatenate([ask(p[None]) for p in pixels]) - wanted).max()),
            }
    out.write_text(json.dumps(found), encoding="utf-8")


def _network(architecture: Architecture, size: int) -> Any:
    """Return a network whose every number, batch normalisation's too, is random."""
    model = keras_models.build(architecture, size)
    random = np.random.default_rng(4)
    steps = architecture.plan.steps if architecture.plan is not None else ()
    closing = {step.norm for step in steps if not step.activated}  # what a shortcut is added to must not double it
    for layer in model.layers:
        arrays = []
        for weight in layer.weights:
            if len(weight.shape) > 1:
                fan = np.prod(weight.shape[:2] if "depthwise" in weight.path else weight.shape[:-1])
                arrays.append(random.normal(0, (2 / fan) ** 0.5, weight.shape))
            elif any(word in weight.name for word in ("gamma", "variance")):
                share = 0.3 if layer.name in closing and "gamma" in weight.name else 1.0
                arrays.append(share * random.uniform(0.5, 1.5, weight.shape))
            else:
                arrays.append(random.normal(0, 0.1, weight.shape))
        layer.set_weights(arrays)
    return model


if __name__ == "__main__":
    main(Path(sys.argv[1]))
