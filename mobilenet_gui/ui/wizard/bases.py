"""Owns which models a training can start from, and which of them is the one to recommend."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mobilenet_gui.core import catalog
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.i18n import tr


@dataclass(frozen=True, slots=True)
class BaseChoice:
    """A model to start from.

    Attributes:
        id: of the model.
        name: shown.
        folder: of its bundle.
        size: the input's side in pixels.
        official: one of the official models, not one of the user's own.
    """

    id: str
    name: str
    folder: Path
    size: int
    official: bool


def bases_of(store: ModelStore) -> tuple[BaseChoice, ...]:
    """Return the installed models that can be trained further, the recommended one first. Reads the disk.

    Official models come before the user's own: they have seen more of the world. Among them the usual choice comes
    first, then the others by their published share of correct answers.
    """
    good = [bundle for bundle in store.list() if bundle.trainable]
    return tuple(_choice(bundle) for bundle in sorted(good, key=_rank))


def _rank(bundle: Bundle) -> tuple[bool, bool, float, str]:
    official = catalog.by_id(_entry_id(bundle))
    published = bundle.manifest.metrics.top1 or 0.0
    return official is None, _entry_id(bundle) != catalog.DEFAULT_ID, -published, bundle.name


def _entry_id(bundle: Bundle) -> str:
    """Return the catalogue's id of a model; that of weights without classifier ends in a word of its own."""
    return bundle.id.removesuffix("-backbone")


def _choice(bundle: Bundle) -> BaseChoice:
    name = tr("{model} (no classifier)").format(model=bundle.name) if bundle.is_backbone else bundle.name
    official = catalog.by_id(_entry_id(bundle)) is not None
    return BaseChoice(bundle.id, name, bundle.folder, bundle.preprocessing.size, official)
