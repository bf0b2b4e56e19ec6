"""Owns the names of the steps of an import, so that the worker process can say them and the window translate them."""

from __future__ import annotations

from enum import StrEnum

from mobilenet_gui.i18n import tr


class Phase(StrEnum):
    """A step of making a bundle."""

    START = "start"
    READ = "read"
    CHECK = "check"
    BUILD = "build"
    CONVERT = "convert"
    COMPARE = "compare"
    WRITE = "write"
    TRY = "try"


def phase_text(phase: str) -> str:
    """Return a step in words; an unknown one as it is."""
    words: dict[str, str] = {
        Phase.START: tr("Starting"),
        Phase.READ: tr("Reading the file"),
        Phase.CHECK: tr("Checking the network"),
        Phase.BUILD: tr("Building the network"),
        Phase.CONVERT: tr("Converting"),
        Phase.COMPARE: tr("Comparing with the original"),
        Phase.WRITE: tr("Saving"),
        Phase.TRY: tr("Trying the network"),
    }
    return words.get(phase, phase)
