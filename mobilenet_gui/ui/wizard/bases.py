"""Owns how the models that a training can start from are shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.bases import candidates, trainable_models


@dataclass(frozen=True, slots=True)
class BaseChoice:
    """A model to start from.

    Attributes:
        id: of the model.
        name: shown.
        folder: of its bundle.
        size: the input's side in pixels.
        tried: it is among those that are tried where the choice is left to the program.
    """

    id: str
    name: str
    folder: Path
    size: int
    tried: bool = False


def bases_of(store: ModelStore) -> tuple[BaseChoice, ...]:
    """Return the installed models that can be trained further, the recommended one first. Reads the disk."""
    tried = {bundle.id for bundle in candidates(store)}
    return tuple(_choice(bundle, bundle.id in tried) for bundle in trainable_models(store))


def _choice(bundle: Bundle, tried: bool) -> BaseChoice:
    name = tr("{model} (no classifier)").format(model=bundle.name) if bundle.is_backbone else bundle.name
    return BaseChoice(bundle.id, name, bundle.folder, bundle.preprocessing.size, tried)
