"""Owns finding the model to start from: each is tried on some of the photos, every one held out once.

A layer is learnt on each model's features of the same photos, as a training learns it, and the model is taken whose
held-out photos become most likely. Mean likelihood tells models apart with far fewer photos than the share of correct
answers does. Features stay in the cache for the training itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.explain import through
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.base import Report, feature_bundle, hidden_layers, open_base
from mobilenet_gui.training.calibration import fit_temperature
from mobilenet_gui.training.feature_store import FeatureStore
from mobilenet_gui.training.features import collect
from mobilenet_gui.training.head import HeadProblem, figures, make_folds
from mobilenet_gui.training.material import Item, Material

MOST_PHOTOS: Final = 240
LEAST_PHOTOS: Final = 96
_SHARE: Final = 0.2
"""So much of what a training looks at anyway, all further models together, within the numbers above."""
_A_CLASS: Final = 4
"""Of many classes so many photos each."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A model that was tried.

    Attributes:
        id: of the model.
        name: shown.
        folder: of its bundle.
        accuracy: share of the held-out photos that were answered correctly, 0-1.
        loss: their mean cross-entropy at the best temperature; what models are compared by.
    """

    id: str
    name: str
    folder: Path
    accuracy: float
    loss: float


def try_bases(
    folders: Sequence[Path],
    material: Material,
    cache_dir: Path,
    *,
    spare: Path | None = None,
    threads: int | None = None,
    seed: int = 0,
    report: Report = lambda *_: None,
    progress: Callable[[float], None] = lambda _fraction: None,
) -> tuple[Tried, ...]:
    """Return the models that could be tried, the best one first.

    Args:
        folders: of their bundles.
        material: what the training has to learn from.
        cache_dir: where features and networks are kept.
        spare: where a network is kept if the cache cannot be written to.
        threads: of the networks; by default one a core.
        seed: draws the photos.
        report: told the steps where a network has to be made first; may raise to stop.
        progress: told the share that is done; may raise to stop.

    Raises:
        StorageError: the disk refused.
    """
    wanted = _SHARE * (len(material.items) + len(material.test)) / max(1, len(folders) - 1)
    count = max(_A_CLASS * len(material.classes), round(min(MOST_PHOTOS, max(LEAST_PHOTOS, wanted))))
    items = _some(material, count, seed)
    labels = np.unique([item.label for item in items], return_inverse=True)[1].astype(np.int64)
    groups = [item.sample.group for item in items]
    folds = make_folds(labels, groups, seed)
    found: list[Tried] = []
    for number, folder in enumerate(folders):

        def tell(fraction: float, number: int = number) -> None:
            progress((number + fraction) / len(folders))

        try:
            base = open_base(folder)
            network = feature_bundle(base, base.input_size, cache_dir, report, spare)
            with FeatureStore(cache_dir) as store:
                shots = [item.shot for item in items]
                features = collect(shots, network, store, base.key, threads=threads, progress=tell)
        except ModelError:
            continue  # a damaged one is no candidate
        values, hidden = features.values, hidden_layers(network)
        if hidden is not None:
            values = through(hidden.layers, values)
        # Photos that cannot be read are rows of zeros for each of the models.
        _, logits, held = HeadProblem(values, labels, int(labels.max()) + 1).held_out(folds)
        judged = figures(logits / fit_temperature(logits, labels[held]), labels[held])
        found.append(Tried(base.bundle.id, base.bundle.name, folder, judged.accuracy, judged.loss))
        tell(1.0)
    return tuple(sorted(found, key=lambda tried: tried.loss))


def tried_text(tried: Sequence[Tried]) -> str:
    """Return what came of it, in words."""
    table = ", ".join(f"{one.name} {100 * one.accuracy:.1f} %" for one in tried)
    return tr("Starts from {model}, the best of the installed models on some of your photos: {table}.").format(
        model=tried[0].name, table=table
    )


def _some(material: Material, count: int, seed: int) -> list[Item]:
    """Return photos of each class in turn, as many of one as of another where there are."""
    random = np.random.default_rng(seed)
    plain = [item for item in material.items if item.view == "plain"]
    labels = np.array([item.label for item in plain], np.int64)
    turn: NDArray[np.int64] = np.zeros(len(plain), np.int64)
    for label in np.unique(labels):
        places = random.permutation(np.flatnonzero(labels == label))
        turn[places] = np.arange(len(places))
    return [plain[place] for place in sorted(np.argsort(turn, kind="stable")[:count])]
