"""Owns how trainings are put into words: times, presets, phases, and what a training in progress says of itself."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from mobilenet_gui.i18n import tr
from mobilenet_gui.training.presets import Recipe, recipe_for
from mobilenet_gui.training.training_settings import TrainingSettings
from mobilenet_gui.ui.widgets.painting import NO_BREAK_SPACE as NBSP
from mobilenet_gui.workers.training_state import PHASES, TrainingState

_ANY_SIZE = 224
STEADY_EPOCHS = 3
"""After so many epochs without progress the page says that it stops soon."""


def preset_title(preset: str) -> str:
    """Return a preset's name."""
    return {"fast": tr("Fast"), "balanced": tr("Balanced"), "best": tr("Best")}.get(preset, preset)


def settings_summary(recipe: Recipe) -> str:
    """Return the advanced settings in a line."""
    parts = [tr("photo size {n}").format(n=recipe.input_size)]
    if recipe.adapts:
        variations = augmentation_title(recipe.augmentation).lower()
        parts += [
            tr("epochs {n}").format(n=recipe.epochs),
            tr("learning rate {n}").format(n=f"{recipe.learning_rate:g}"),
            tr("batch {n}").format(n=recipe.batch_size),
            tr("variations {how}").format(how=variations),
        ]
    parts.append(tr("seed {n}").format(n=recipe.seed))
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def augmentation_title(key: str) -> str:
    """Return how much photos are varied, in a word."""
    return {"none": tr("None"), "light": tr("Light"), "medium": tr("Medium"), "strong": tr("Strong")}.get(key, key)


def phase_title(phase: str) -> str:
    """Return a phase's name."""
    return {
        "compare": tr("Compare photos"),
        "photos": tr("Prepare photos"),
        "head": tr("Learn the classes"),
        "adapt": tr("Adapt last layers"),
        "test": tr("Test"),
    }[phase]


def phases_of(settings: TrainingSettings) -> tuple[str, ...]:
    """Return the phases that a training goes through."""
    adapts = recipe_for(settings, _ANY_SIZE).adapts
    return tuple(phase for phase in PHASES if phase != "adapt" or adapts)


def time_left(seconds: float) -> tuple[str, str]:
    """Return a time as a number and its unit, counted down: ("45", "s"), ("3:40", "min"), ("1:20", "h")."""
    whole = math.ceil(seconds)
    if whole < 100:
        return str(whole), tr("s")
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02}", tr("min")
    return f"{whole // 3600}:{whole % 3600 // 60:02}", tr("h")


def span(seconds: float) -> str:
    """Return how long something took or will take: "12 s", "9 min", "1 h 20 min"."""
    if seconds < 99.5:
        return f"{max(1, round(seconds))}{NBSP}{tr('s')}"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes}{NBSP}{tr('min')}"
    hours, rest = divmod(minutes, 60)
    whole = f"{hours}{NBSP}{tr('h')}"
    return whole if rest == 0 or hours >= 10 else f"{whole} {rest}{NBSP}{tr('min')}"


def ready_at(seconds: float, now: datetime | None = None) -> str:
    """Return the clock time that lies so many seconds ahead: "about 16:22"."""
    when = (now or datetime.now().astimezone()) + timedelta(seconds=seconds)
    return tr("about {time}").format(time=f"{when.hour}:{when.minute:02}")


def left_words(state: TrainingState) -> str:
    """Return the few words below the step's name while a training is under way."""
    if state.asked in ("finish", "cancel"):
        return tr("Finishing") if state.asked == "finish" else tr("Stopping")
    if state.status == "paused":
        return tr("Paused")
    left = state.left_now()
    if left is None:
        return phase_title(state.phase) if state.phase else tr("Starting")
    number, unit = time_left(left)
    return tr("{time} left").format(time=number if ":" in number else f"{number}{NBSP}{unit}")


def cut_short(state: TrainingState) -> str:
    """Return what ending the program means for a training under way."""
    last = next((record for record in reversed(state.history) if record.phase == "adapt"), None)
    if last is None:
        then = tr("Quitting stops it; at the next start it can begin anew.")
    else:
        then = tr("Quitting stops it; at the next start it can go on after epoch {n} of {all}.")
        then = then.format(n=last.epoch, all=last.epochs)
    return tr("{name} is being trained. {then}").format(name=state.name or tr("A model"), then=then)


def advice(state: TrainingState, patience: int | None = None) -> str:
    """Return one sentence on how a training under way is doing."""
    asked = {"cancel": tr("Stopping…"), "finish": tr("Finishing with the best so far…")}
    if state.asked in asked:
        return asked[state.asked]
    if state.status == "paused":
        return tr("Paused. Nothing is lost; it goes on where it stands.")
    if state.phase in ("head", "adapt"):
        return _progress_words(state, patience)
    return {
        "compare": tr("Photos that look alike stay together, so that none is both learnt from and tested on."),
        "photos": tr("Each photo is looked at only once: the next training on the same photos starts right away."),
        "test": tr("Trying it on photos it has never seen."),
    }.get(state.phase, tr("Getting ready…"))


def _progress_words(state: TrainingState, patience: int | None) -> str:
    best = state.best
    last = state.history[-1] if state.history else None
    if best is None or last is None:
        return tr("The first figures are here after the first epoch.")
    if last.phase != state.phase:
        return tr("The classes are learnt. Now the last layers adapt to your photos.")
    since = sum(record.phase == last.phase for record in state.history)
    behind = min(last.epoch - best.epoch, since)
    if behind < STEADY_EPOCHS:
        if patience == 0:
            return tr("Still getting better.")
        return tr("Still getting better. It stops by itself when it no longer improves.")
    if best.phase != last.phase:
        text = tr("No better than before the last layers adapted.")
    else:
        text = tr("No better since epoch {n}.").format(n=best.epoch)
    return text if patience == 0 else tr("{text} If that stays so, it stops by itself.").format(text=text)
