"""Owns what is known of a model before it is a bundle: its id, its name, where it came from."""

from __future__ import annotations

from dataclasses import dataclass

from mobilenet_gui.core.types import Preprocessing


@dataclass(frozen=True, slots=True)
class Naming:
    """What a new bundle is called and where it came from; what is unknown stays at its default."""

    id: str
    name: str
    family: str = "other"
    alpha: float | None = None
    licence: str = ""
    description: str = ""
    source: str = ""
    parameters: int | None = None
    macs: int | None = None
    top1: float | None = None
    top5: float | None = None
    preprocessing: Preprocessing | None = None
    """Overrides crop, filter and value range; its size must be the network's."""
