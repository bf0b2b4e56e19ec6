"""Networks that timm knows, with weights that anybody can make again, and what timm answers with them.

    python -m tests.training.timm_networks      # where torch and timm are: writes the answers that the tests expect

Weights, photos and file are made here, with NumPy alone; timm's answers are kept in `timm_answers.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.catalog import Family
from mobilenet_gui.training.architectures import PLANS, Architecture

Floats = NDArray[np.float32]

ANSWERS: Final = Path(__file__).with_name("timm_answers.json")
CLASSES, SIZE, PHOTOS = 7, 96, 2
NAMES: Final = {
    "v4-small": "mobilenetv4_conv_small",
    "v4-medium": "mobilenetv4_conv_medium",
    "v4-large": "mobilenetv4_conv_large",
} | {f"lite{number}": f"tf_efficientnet_lite{number}" for number in range(5)}
FAMILIES: Final = tuple(family for family in get_args(Family) if family in PLANS)


def make_arrays(architecture: Architecture) -> dict[str, list[Floats]]:
    """Return weights by layer as Keras has them; statistics are random, too, and signals keep their size."""
    random = np.random.default_rng(16)
    closing = {step.norm for step in PLANS[architecture.family].steps if not step.activated}
    arrays: dict[str, list[Floats]] = {}
    for layer in architecture.layers:
        if layer.kind == "norm":
            gamma, beta, mean, variance = (random.random(shape) for shape in layer.shapes)
            share = 0.3 if layer.name in closing else 1.0  # what is added to a shortcut would double it
            values = [share * (0.5 + gamma), 0.4 * beta - 0.2, 0.4 * mean - 0.2, 0.5 + variance]
        else:
            kernel = layer.shapes[0]
            fan_in = np.prod(kernel[:2] if layer.kind == "depthwise" else kernel[:-1])
            values = [
                random.normal(0, (2 / fan_in) ** 0.5, kernel),
                *(random.normal(0, 0.1, s) for s in layer.shapes[1:]),
            ]
        arrays[layer.name] = [value.astype(np.float32) for value in values]
    return arrays


def make_photos() -> NDArray[np.uint8]:
    """Return pixels, shape (PHOTOS, SIZE, SIZE, 3)."""
    return np.random.default_rng(61).integers(0, 256, (PHOTOS, SIZE, SIZE, 3), np.uint8)


def timm_state(architecture: Architecture, arrays: Mapping[str, list[Floats]]) -> dict[str, Floats]:
    """Return the weights as timm names and turns them."""
    names = _timm_names(architecture)
    state: dict[str, Floats] = {}
    parts: tuple[str, ...]
    for layer in architecture.layers:
        values = arrays[layer.name]
        if layer.kind == "norm":
            parts = ("weight", "bias", "running_mean", "running_var")
        else:
            turned = {"conv": (3, 2, 0, 1), "depthwise": (2, 3, 0, 1), "dense": (1, 0)}[layer.kind]
            values, parts = [values[0].transpose(turned), *values[1:]], ("weight", "bias")
        state |= {f"{names[layer.name]}.{part}": value for part, value in zip(parts, values, strict=False)}
    return state


def _timm_names(architecture: Architecture) -> dict[str, str]:
    plan = PLANS[architecture.family]
    names = {plan.classifier: "classifier"}
    if plan.hidden is not None:
        names |= {plan.hidden.name: plan.hidden.name, plan.hidden.norm: plan.hidden.norm}
    for block in plan.blocks:
        lettered = re.fullmatch(r"block(\d)([a-z])", block.name)
        for number, step in enumerate(block.steps, start=1):
            if lettered is not None:
                place = f"blocks.{int(lettered[1]) - 1}.{ord(lettered[2]) - ord('a')}"
                kinds = ["conv_dw", "conv_pw"] if len(block.steps) == 2 else ["conv_pw", "conv_dw", "conv_pwl"]
                pair = f"{place}.{kinds[number - 1]}", f"{place}.bn{number}"
            elif block.name in ("stem", "top") and not plan.symmetric:
                pair = ("conv_stem", "bn1") if block.name == "stem" else ("conv_head", "bn2")
            else:
                pair = _dotted(step.name), _dotted(step.norm)
            names |= dict(zip((step.name, step.norm), pair, strict=True))
    return names


def _dotted(name: str) -> str:
    match = re.fullmatch(r"blocks_(\d+)_(\d+)_((?:dw|pw)_[a-z]+)_(\w+)|blocks_(\d+)_(\d+)_(\w+)", name)
    return name if match is None else ".".join(("blocks", *(part for part in match.groups() if part is not None)))


def safetensors(state: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the bytes of a file as the library writes it: sorted by name, with its table padded to eight bytes."""
    table: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = bytearray()
    types = {"float32": "F32", "float16": "F16", "float64": "F64", "int64": "I64", "uint8": "U8"}
    for name in sorted(state):
        data = np.ascontiguousarray(state[name])
        table[name] = {
            "dtype": types[data.dtype.name],
            "shape": list(state[name].shape),
            "data_offsets": [len(body), len(body) + data.nbytes],
        }
        body += data.tobytes()
    head = json.dumps(table, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    return len(head).to_bytes(8, "little") + head + bytes(body)


def ask_timm(family: Family) -> NDArray[np.float32]:
    """Return timm's logits for the photos, shape (PHOTOS, CLASSES)."""
    import timm  # type: ignore[import-not-found,unused-ignore]
    import torch

    architecture, plan = Architecture(family, 1.0, CLASSES), PLANS[family]
    model = timm.create_model(NAMES[family], num_classes=CLASSES)
    state = {
        key: torch.from_numpy(np.array(value))
        for key, value in timm_state(architecture, make_arrays(architecture)).items()
    }
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected
    assert all(name.endswith("num_batches_tracked") for name in missing)
    model.eval()
    mean, scale = np.array(plan.mean, np.float32), np.array(plan.scale, np.float32)
    pixels = (make_photos() - mean) / scale
    with torch.no_grad():
        answer: NDArray[np.float32] = model(torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())).numpy()
    return answer


if __name__ == "__main__":
    found = {family: [[round(float(n), 6) for n in row] for row in ask_timm(family)] for family in FAMILIES}
    ANSWERS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
