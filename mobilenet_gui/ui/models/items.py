"""What the models page lists, worked out from catalogue, store and measured speeds. Knows no widget."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mobilenet_gui.core import catalog
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.catalog import CatalogEntry
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui.models import words

MOST_BEST = 6
"""So many are called the best to get; those behind them are quicker still, which few need."""
_CLASSES = 1000
"""Models of other classes cannot be compared by how often they are correct."""
LIVE_MILLISECONDS = 1000 / 30
"""A network that takes no longer keeps up with live video."""

FAMILIES = {"v4": "V4", "lite": "Lite", "v3": "V3", "v2": "V2", "v1": "V1"}
"""How the names of a generation's families begin, and what it is called in short."""

_OTHER_FAMILY_PENALTY = 0.7
"""How much further, in powers of e of MACs, a model of another family counts as being when a speed is estimated."""


@dataclass(frozen=True, slots=True)
class ModelItem:
    """One row: an installed model, or an official one to download.

    Attributes:
        id: of the model.
        name: shown in bold.
        subtitle: one short line below it.
        classes: how many it tells apart; 0 for a backbone.
        size_bytes: on the disk when installed, else of the download.
        correct: share of correct first answers: as published, of one of the user's in its own test; None where neither.
        milliseconds: one photo on this machine, None where nothing is known.
        estimated: `milliseconds` was worked out from other models' measured times.
        active: it is the one in use.
        builtin: it ships with the program.
        entry: the official model it is; None for one of the user's.
        bundle: the installed model; None for one to download.
        origin: of one of the user's: the name of the model it was taught from, or its file's; empty where unknown.
    """

    id: str
    name: str
    subtitle: str
    classes: int
    size_bytes: int
    correct: float | None
    milliseconds: float | None = None
    estimated: bool = False
    active: bool = False
    builtin: bool = False
    entry: CatalogEntry | None = None
    bundle: Bundle | None = None
    origin: str = ""

    @property
    def installed(self) -> bool:
        """It is on this computer."""
        return self.bundle is not None

    @property
    def backbone(self) -> bool:
        """It has no classifier and cannot be used as it is."""
        return self.bundle is not None and self.bundle.is_backbone

    @property
    def published(self) -> bool:
        """`correct` was published, for photos that other models were tried on too."""
        return self.correct is not None and (self.bundle is None or self.bundle.manifest.metrics.top1 is not None)

    @property
    def comparable(self) -> bool:
        """`correct` can be compared with that of the official models: it was published, for the same classes."""
        return self.published and self.classes == _CLASSES

    @property
    def macs(self) -> int | None:
        """Multiply-adds for one photo."""
        return self.bundle.manifest.macs if self.bundle is not None else self.entry.macs if self.entry else None

    @property
    def family(self) -> str:
        """The architecture."""
        return self.bundle.manifest.family if self.bundle is not None else self.entry.family if self.entry else "other"

    @property
    def short_name(self) -> str:
        """The label of its dot: "V2", "V3 L", "V1 0.75 192 px"."""
        if self.entry is None:
            return self.name
        short = self.name.replace("MobileNet ", "").replace("EfficientNet-", "")
        short = short.replace(" Large", " L").replace(" Medium", " M").replace(" Small", " S")
        return short.replace(" minimalistic", " min").replace(",", "")

    def matches(self, text: str) -> bool:
        """Say whether every word of a search is somewhere in name, subtitle or id."""
        hay = f"{self.name} {self.subtitle} {self.id}".casefold()
        return all(word in hay for word in text.casefold().split())


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything the page can list.

    Attributes:
        installed: on this computer: the one in use first, then by name.
        official: not on this computer, in the catalogue's order.
    """

    installed: tuple[ModelItem, ...]
    official: tuple[ModelItem, ...]

    def find(self, model_id: str) -> ModelItem | None:
        """Return the row of that id, or None."""
        return next((item for item in (*self.installed, *self.official) if item.id == model_id), None)

    def best(self) -> tuple[ModelItem, ...]:
        """Return the official models worth getting on this computer, most often correct first.

        They keep up with live video, as far as their speed here is known, and no other model is both as quick and as
        often correct, those that are here already among them. Without any speed their work stands for it.
        """
        pool = [i for i in (*self.installed, *self.official) if i.comparable and i.macs]
        timed = all(item.milliseconds is not None for item in pool)

        def cost(item: ModelItem) -> float:
            return (item.milliseconds if timed else item.macs) or 0.0

        ordered = sorted(pool, key=lambda item: (cost(item), -(item.correct or 0.0)))
        best: list[ModelItem] = []
        for item in ordered:
            if timed and cost(item) > LIVE_MILLISECONDS:
                break
            if not best or (item.correct or 0.0) > (best[-1].correct or 0.0):
                best.append(item)
        return tuple(item for item in reversed(best) if not item.installed)[:MOST_BEST]


def plot_items(shelf: Shelf, chosen: str) -> list[ModelItem]:
    """Return the models worth a dot: those here, the best to get and the chosen one, where both figures exist.

    One's own are tested on photos of their own: nothing to compare with the published figures.
    """
    wanted = {item.id: item for item in (*shelf.installed, *shelf.best())}
    found = shelf.find(chosen)
    if found is not None:
        wanted.setdefault(found.id, found)
    return [i for i in wanted.values() if i.milliseconds is not None and i.comparable]


def build_shelf(bundles: Iterable[Bundle], *, active_id: str | None, speeds: Mapping[str, float]) -> Shelf:
    """Return what to list.

    Args:
        bundles: every usable installed or built-in model.
        active_id: the one in use.
        speeds: measured milliseconds by model id.
    """
    found = list(bundles)
    names = {b.id: b.name for b in found}
    installed = [_of_bundle(b, names, active=b.id == active_id, speed=speeds.get(b.id)) for b in found]
    installed.sort(key=lambda item: (not item.active, item.builtin, item.name.casefold()))
    here = {item.id for item in installed}
    measured = [item for item in installed if item.milliseconds is not None and item.macs]
    installed = [_with_estimate(item, measured) for item in installed]
    official = tuple(_with_estimate(_of_entry(e), measured) for e in catalog.ENTRIES if e.id not in here)
    return Shelf(tuple(installed), official)


def estimate(macs: int, family: str, measured: Sequence[ModelItem]) -> float | None:
    """Return milliseconds for a network of `macs`, scaled from the most similar measured one; None where none is."""
    best: ModelItem | None = None
    nearest = math.inf
    for item in measured:
        if not item.macs or item.milliseconds is None:
            continue
        distance = abs(math.log(item.macs / macs))
        if item.family != family:
            distance += _OTHER_FAMILY_PENALTY
        if distance < nearest:
            best, nearest = item, distance
    if best is None or not best.macs or best.milliseconds is None:
        return None
    return best.milliseconds * macs / best.macs


def _with_estimate(item: ModelItem, measured: Sequence[ModelItem]) -> ModelItem:
    if item.milliseconds is not None or not item.macs or item.backbone:
        return item
    guess = estimate(item.macs, item.family, measured)
    return item if guess is None else replace(item, milliseconds=guess, estimated=True)


def _of_entry(entry: CatalogEntry) -> ModelItem:
    return ModelItem(
        id=entry.id,
        name=entry.name,
        subtitle=words.parameters(entry.parameters),
        classes=entry.classes,
        size_bytes=entry.download_bytes,
        correct=entry.top1,
        entry=entry,
    )


def _of_bundle(bundle: Bundle, names: Mapping[str, str], *, active: bool, speed: float | None) -> ModelItem:
    manifest, origin = bundle.manifest, _origin(bundle, names)
    return ModelItem(
        id=bundle.id,
        name=bundle.name,
        subtitle=_subtitle(bundle, origin),
        classes=manifest.classes,
        size_bytes=bundle.size_bytes,
        correct=manifest.metrics.accuracy if manifest.metrics.top1 is None else manifest.metrics.top1,
        milliseconds=speed,
        active=active,
        builtin=bundle.builtin,
        entry=catalog.by_id(bundle.id),
        bundle=bundle,
        origin=origin,
    )


def _origin(bundle: Bundle, names: Mapping[str, str]) -> str:
    """Return what a model of the user's was made from, by name where that is a model."""
    source = bundle.manifest.provenance.file_name
    if catalog.by_id(bundle.id) is not None or bundle.builtin:
        return ""
    entry = catalog.by_id(source)
    return names.get(source) or (entry.name if entry is not None else source)


def _subtitle(bundle: Bundle, origin: str) -> str:
    manifest = bundle.manifest
    if bundle.builtin:
        return trn("Built in, {n} class", "Built in, {n} classes", manifest.classes)
    if bundle.is_backbone:
        return tr("For fine-tuning only")
    if origin:
        return tr("Yours, from {file}").format(file=origin)
    return words.parameters(manifest.parameters) if manifest.parameters else tr("Yours")
