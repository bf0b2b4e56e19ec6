"""What is said of a model task that is under way, has stopped or has failed."""

from __future__ import annotations

from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.models import words
from mobilenet_gui.workers.model_state import TaskState


def task_text(task: TaskState) -> str:
    """Return one short phrase: how far it is, or what it does."""
    if task.phase == "paused":
        return tr("{amount}, paused").format(amount=words.download_text(task.done, task.total))
    if task.phase == "downloading":
        if task.done == 0:
            return tr("Connecting…")
        return words.download_text(task.done, task.total, task.seconds_left)
    return {
        "waiting": tr("Waiting for its turn"),
        "queued": tr("Waiting for the one before"),
        "preparing": tr("Preparing for this computer…"),
        "trying": tr("Trying it out…"),
        "installing": tr("Putting it in its place…"),
        "measuring": tr("Measuring…"),
        "removing": tr("Removing…"),
        "failed": tr("Stopped"),
    }.get(task.phase, tr("Working…"))


def failure_text(name: str, task: TaskState) -> tuple[str, str, str]:
    """Return what a failed task's banner says, what it offers ("resume", "retry" or ""), and its tone."""
    error = task.error
    reason = error.reason if error is not None else ""
    if task.kind == "download":
        offer = "resume" if task.paused else "retry"
        tone = "warn" if isinstance(error, StorageError) else "bad"
        if task.paused and task.fraction is not None:
            text = tr("The download of {model} stopped at {percent}. {reason}")
            percent = f"{task.fraction * 100:.0f}{words.NBSP}%"
            return text.format(model=name, percent=percent, reason=reason), offer, tone
        text = tr("{model} was not downloaded. {reason}")
        return text.format(model=name, reason=reason), offer, tone
    templates = {
        "import": tr("{model} was not imported. {reason}"),
        "remove": tr("{model} was not removed. {reason}"),
        "rename": tr("{model} was not renamed. {reason}"),
        "measure": tr("{model} was not measured. {reason}"),
    }
    tone = "warn" if isinstance(error, StorageError) else "bad"
    return templates.get(task.kind, "{model}: {reason}").format(model=name, reason=reason), "", tone
