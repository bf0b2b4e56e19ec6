"""Owns the words on the cards of step 3: what each effort does, and what may be expected of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.doctor_class_rules import FEW_PHOTOS, UNEVEN_FROM, few_words
from mobilenet_gui.training.expected import TRIAL_PHOTOS, expected
from mobilenet_gui.training.training_settings import Preset

if TYPE_CHECKING:
    from mobilenet_gui.training.project import Project

_SUGGESTED = "balanced"


def sentence(name: Preset) -> str:
    """Return what an effort does."""
    return {
        "fast": tr("Learns the classes on top of what the model knows"),
        "balanced": tr("Also adapts the last layers to your photos"),
        "best": tr("Adapts more of the model, with more photo variations"),
    }[name]


def promise(name: Preset, base_id: str) -> tuple[str, str]:
    """Return what an effort gave when it was measured, and with what; without a measurement, what it is good for."""
    share = expected(base_id, name)
    if share is None:
        uses = {"fast": tr("For a first look"), "balanced": tr("For most purposes"), "best": tr("When it matters")}
        return uses[name], ""
    low, high = round(100 * share.low), round(100 * share.high)
    words = tr("{low} to {high} % in our trial") if low != high else tr("About {low} % in our trial")
    tip = trn(
        "Correct in our trial, with {n} photo of ants and bees to learn from. Yours may be easier or harder.",
        "Correct in our trial, with {n} photos of ants and bees to learn from. Yours may be easier or harder.",
        TRIAL_PHOTOS,
    )
    return words.format(low=low, high=high), tip


def badge(name: Preset) -> str:
    """Return the word beside the name of the effort that is suggested."""
    return tr("Suggested") if name == _SUGGESTED else ""


def few_photos_words(project: Project) -> str:
    """Return what classes of few photos beside large ones are worth; empty where there is none."""
    counts = {one.name: project.count(one.id) for one in project.classes if not one.background}
    most = min(FEW_PHOTOS, max(counts.values(), default=0) / UNEVEN_FROM)
    few = [name for name, count in counts.items() if 0 < count < most]
    return few_words(few) if few else ""
