"""Owns how the open project's state becomes the few figures that the wizard's rules ask for. Quick: no disk."""

from __future__ import annotations

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.ui.wizard.flow import BEGUN, FEWEST_PHOTOS, Situation, data_problem


def situation_of(context: WizardContext) -> Situation:
    """Return how the project stands."""
    project, latest = context.project, context.latest
    counts = _counts(context)
    presets = {"fast": tr("Fast"), "balanced": tr("Balanced"), "best": tr("Best")}
    return Situation(
        photos=sum(counts),
        lost=context.files.lost_by_class().total(),
        classes=len(counts),
        usable_classes=sum(count >= FEWEST_PHOTOS for count in counts),
        checked=context.checkup.revision >= 0,
        changed=context.checkup.outdated,
        to_fix=context.checkup.to_fix,
        to_look=context.checkup.to_look,
        settings=presets.get(project.settings.preset, "") if latest.status in BEGUN else "",
        run=latest.status,
        run_note=latest.note,
        accuracy=latest.accuracy,
        has_model=latest.has_model,
    )


def _counts(context: WizardContext) -> list[int]:
    """Return how many photos of each class take part and are there."""
    project, lost = context.project, context.files.lost_by_class()
    return [project.count(one.id) - lost[one.id] for one in project.classes]


def what_is_missing(context: WizardContext) -> str:
    """Return why the project's photos are not enough to learn from, in one sentence; empty where they are."""
    project = context.project
    counts = _counts(context)
    thin = tuple(one.name for one, count in zip(project.classes, counts, strict=True) if count < FEWEST_PHOTOS)
    return data_problem(situation_of(context), thin)
