"""Owns from which probability an answer counts as sure: a model's own limit where one was measured, else the setting.

Photos and Live share one of these. What a person sets beside a model's own limit holds for that model until the
program ends, and does not become the setting for all others.
"""

from __future__ import annotations

from collections.abc import Callable

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.settings import SettingsStore


class SureLimits:
    """The limits of all models."""

    def __init__(self, settings: SettingsStore) -> None:
        self._settings = settings
        self._moved: dict[tuple[str, float], float] = {}

    def of(self, bundle: Bundle | None) -> float:
        """Return the limit (0-1) for a model's answers, or without one."""
        usual = self._settings.values.sure_from
        own = None if bundle is None else bundle.sure_from
        if bundle is None or own is None:
            return usual
        return self._moved.get((bundle.id, own), own)

    def keep(self, bundle: Bundle | None, limit: float, save: Callable[[float], None]) -> None:
        """Remember what a person set while a model answered; `save` keeps the setting where the model has no limit."""
        if bundle is None or bundle.sure_from is None:
            save(limit)
        else:
            # A model that is learnt anew has another limit of its own, which then holds.
            self._moved[bundle.id, bundle.sure_from] = limit
