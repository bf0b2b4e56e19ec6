"""Owns which installed models a training can start from, and which of them is the one to recommend."""

from __future__ import annotations

from typing import Final

from mobilenet_gui.core import catalog
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.i18n import tr

BUILTIN_ID: Final = "efficientnet-lite0"


def trainable_models(store: ModelStore) -> list[Bundle]:
    """Return the installed models with weights to go on from, the recommended one first. Reads the disk.

    Official models come before the user's own: they have seen more of the world. Among them the usual choice comes
    first, then the one that ships with the program, then the others by their published share of correct answers.
    """
    return sorted((bundle for bundle in store.list() if bundle.trainable), key=_rank)


def recommended(store: ModelStore) -> Bundle:
    """Return the model to start from where the user names none.

    Raises:
        ModelError: none is installed.
    """
    found = trainable_models(store)
    if not found:
        raise ModelError(
            "",
            tr("There is no model to start from. Get one first: mobilenet-gui models download {id}").format(
                id=catalog.DEFAULT_ID
            ),
        )
    return found[0]


def candidates(store: ModelStore) -> list[Bundle]:
    """Return the models that are tried where the user leaves the choice to the program; fewer than two: no choice.

    They are the official ones: a model of the user's own may have learnt from the very photos that it is tried on.
    """
    found = [bundle for bundle in trainable_models(store) if not _rank(bundle)[0]]
    return found if len(found) > 1 else []


def _rank(bundle: Bundle) -> tuple[bool, bool, bool, float, str]:
    # Weights without classifier bear the official id with a word of their own.
    entry = bundle.id.removesuffix("-backbone")
    return (
        catalog.by_id(entry) is None and entry != BUILTIN_ID,
        entry != catalog.DEFAULT_ID,
        entry != BUILTIN_ID,
        -(bundle.manifest.metrics.top1 or 0.0),
        bundle.name,
    )
