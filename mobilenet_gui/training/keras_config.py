"""Owns reading a Keras model's configuration as data: which layers it has, in which order, with which arrays.

A configuration can name any class and hold any code (Lambda layers). None of it is ever turned into a Keras object:
what is read here are names, numbers and lists, each checked for its type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from mobilenet_gui.i18n import tr

Settings = Mapping[str, Any]
CONTAINERS: Final = frozenset({"Functional", "Model", "Sequential"})
MOST_STEPS: Final = 5000
_MOST_DEPTH: Final = 8
_FIRST_CAP = re.compile(r"(.)([A-Z][a-z]+)")
_OTHER_CAP = re.compile(r"([a-z])([A-Z])")


class NotUnderstoodError(ValueError):
    """The configuration is not that of a model we can read; the text is for the user.

    Attributes:
        on_mobilenet: it does hold a MobileNet, so that to go by its weights alone would be wrong.
    """

    on_mobilenet = False


@dataclass(frozen=True, slots=True)
class Step:
    """One layer that is no container.

    Attributes:
        kind: its class in Keras.
        name: its own name.
        settings: its configuration.
        place: where it stands, from the outermost model in: the names of the containers and its own.
        key: the same in the words of Keras 3's files: `functional/layers/conv2d_3`.
        follows: the names of the layers whose answers it takes, within its container; None in a Sequential, where it
            takes that of the one before.
        constants: the plain numbers it is called with beside those answers, as `x / 127.5` is.
        number_first: one of them stands before the answers, as in `1 - x`.
        last: it is the output of its container.
    """

    kind: str
    name: str
    settings: Settings
    place: tuple[str, ...]
    key: str
    follows: tuple[str, ...] | None
    constants: tuple[float, ...]
    last: bool
    number_first: bool = False


def steps_of(config: object) -> tuple[Step, ...]:
    """Return all layers of a model's configuration in the order of the file, containers opened.

    Raises:
        NotUnderstoodError: it is no such configuration, or has several inputs or outputs.
    """
    if not isinstance(config, dict) or config.get("class_name") not in CONTAINERS:
        raise NotUnderstoodError(tr("The file does not say what its layers are."))
    found = tuple(_walk(config, (), "", 0))
    if len(found) > MOST_STEPS:
        raise NotUnderstoodError(tr("The file is too big for a MobileNet."))
    return found


def snake_case(name: str) -> str:
    """Return a class's name as Keras 3 writes it into files."""
    return _OTHER_CAP.sub(r"\1_\2", _FIRST_CAP.sub(r"\1_\2", re.sub(r"\W+", "", name))).lower()


def _walk(model: Settings, place: tuple[str, ...], key: str, depth: int) -> Iterator[Step]:
    inner = model.get("config")
    if isinstance(inner, list):  # a Sequential of the first versions
        inner = {"layers": inner}
    layers = inner.get("layers") if isinstance(inner, dict) else None
    if not isinstance(inner, dict) or not isinstance(layers, list) or depth > _MOST_DEPTH or len(layers) > MOST_STEPS:
        raise NotUnderstoodError(tr("The file does not say what its layers are."))
    functional = model.get("class_name") != "Sequential"
    if functional and not (_is_one(inner.get("input_layers")) and _is_one(inner.get("output_layers"))):
        raise NotUnderstoodError(tr("The model has several inputs or outputs."))
    output = _first_name(inner.get("output_layers")) if functional else None
    counts: dict[str, int] = {}
    for number, layer in enumerate(layers):
        settings = layer.get("config") if isinstance(layer, dict) else None
        kind = layer.get("class_name") if isinstance(layer, dict) else None
        if not isinstance(kind, str) or not isinstance(settings, (dict, list)):
            raise NotUnderstoodError(tr("The file does not say what its layers are."))
        told = settings if isinstance(settings, dict) else {}
        name = str(layer.get("name") or told.get("name") or kind)
        base = snake_case(kind)
        count = counts[base] = counts.get(base, -1) + 1
        own_key = f"{key}layers/{base}_{count}" if count else f"{key}layers/{base}"
        last = name == output if functional else number == len(layers) - 1
        follows, constants, number_first = _inbound(layer.get("inbound_nodes")) if functional else (None, (), False)
        if kind in CONTAINERS:
            inside = _walk(layer, (*place, name), own_key + "/", depth + 1)
            for step in inside:  # what a model inside takes, its first layer does
                yield replace(step, follows=follows)
                break
            yield from inside
            continue
        yield Step(kind, name, told, (*place, name), own_key, follows, constants, last, number_first)


def _is_one(ends: object) -> bool:
    """Say whether a list of inputs or outputs has one: `[["x", 0, 0]]` or, newer, `["x", 0, 0]`."""
    return isinstance(ends, list) and (len(ends) == 1 or (len(ends) == 3 and isinstance(ends[0], str)))


def _first_name(ends: Any) -> str:
    first = ends[0] if isinstance(ends[0], str) else ends[0][0] if isinstance(ends[0], list) and ends[0] else ""
    return str(first)


def _inbound(nodes: object) -> tuple[tuple[str, ...], tuple[float, ...], bool]:
    """Return the names and the plain numbers of a layer's call, and whether a number comes first; Keras 3's or 2's."""
    names: list[str] = []
    numbers: list[float] = []
    number_first = False

    def visit(value: object, depth: int = 0) -> None:
        nonlocal number_first
        if depth > 12:
            raise NotUnderstoodError(tr("The file does not say what its layers are."))
        if isinstance(value, dict):
            history = value.get("keras_history")
            if isinstance(history, list) and history and isinstance(history[0], str):
                names.append(history[0])
                return
            for name, item in value.items():
                if name not in ("training", "mask", "name", "dtype"):
                    visit(item, depth + 1)
        elif isinstance(value, list):
            old = len(value) in (3, 4) and isinstance(value[0], str) and all(type(n) is int for n in value[1:3])
            if len(value) == 4 and value[0] == "_CONSTANT_VALUE":  # Keras 2 for what is no layer's answer
                visit(value[2], depth + 1)
                visit(value[3], depth + 1)
            elif old:
                names.append(value[0])
                visit(value[3:], depth + 1)
            else:
                for item in value:
                    visit(item, depth + 1)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            number_first = number_first or not names
            numbers.append(float(value))

    visit(nodes if isinstance(nodes, list) else [])
    return tuple(names), tuple(numbers), number_first
