"""Owns what a page says when an answer is to be corrected. Imports nothing that would hold up the window's opening."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.types import Pixels

Aim: TypeAlias = Literal["class", "new", "none"]
"""Where photos go: to a class that is asked for, to a new one, or to "none of these"."""


@dataclass(frozen=True, slots=True)
class CorrectionWish:
    """Answers that are wrong.

    Attributes:
        bundle: the model that gave them.
        photos: each a file, a file's content or a frame's pixels, with its name.
        said: the class that was answered; empty where they differ.
        place: where on the screen to ask for the right class.
        owner: the widget to ask over.
        over: called when the class was chosen, or nothing was.
        aim: where the photos go.
    """

    bundle: Bundle
    photos: Sequence[tuple[Path | bytes | Pixels, str]]
    said: str
    place: QPoint
    owner: QWidget
    over: Callable[[], None] = lambda: None
    aim: Aim = "class"


def can_correct(bundle: Bundle | None) -> bool:
    """Say whether a model learns from corrections: it was made from a project of this user."""
    return bundle is not None and bool(bundle.manifest.provenance.project)
