"""Owns removing a model from the list: it is gone at once, comes back while the toast is there, and then for good."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal

from mobilenet_gui.core import catalog
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.models.items import ModelItem, Shelf
from mobilenet_gui.ui.widgets.toast import ToastHost
from mobilenet_gui.workers.models import ModelTasks


class RemovalDesk(QObject):
    """Removes one model after another.

    Attributes:
        left: a model is to be seen no longer: its id.
        returned: it is there again: its id.
    """

    left = Signal(str)
    returned = Signal(str)

    def __init__(self, tasks: ModelTasks, toasts: ToastHost, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks, self._toasts = tasks, toasts
        self._latest = ""
        toasts.toast.installEventFilter(self)

    def remove(self, item: ModelItem) -> None:
        """Remove a model, if it can be, with a way back."""
        if not item.installed or item.builtin or self._tasks.is_leaving(item.id):
            return
        self._tasks.commit_leaving()
        self._tasks.leave(item.id)
        self._latest = item.id
        self.left.emit(item.id)
        self._toasts.show_message(tr("{model} removed").format(model=item.name), tr("Undo"), self.undo)

    def undo(self) -> None:
        """Bring the model back that was removed last, as long as the toast offers it."""
        model_id, self._latest = self._latest, ""
        if model_id:
            self._tasks.stay(model_id)
            self.returned.emit(model_id)
            self._toasts.dismiss()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Remove for good when the way back is gone."""
        if watched is self._toasts.toast and event.type() == QEvent.Type.Hide:
            # The toast hides itself before it calls what its Undo does.
            QTimer.singleShot(0, self, self._commit)
        return super().eventFilter(watched, event)

    def _commit(self) -> None:
        self._latest = ""
        self._tasks.commit_leaving()


def chosen_after(shelf: Shelf, tasks: ModelTasks, model_id: str) -> str:
    """Return the model that is chosen once `model_id` is gone: the one in use, else the one listed next to it."""
    staying = [item for item in shelf.installed if item.id == model_id or not tasks.is_leaving(item.id)]
    place = next(n for n, item in enumerate(staying) if item.id == model_id)
    others = [*staying[place + 1 :], *reversed(staying[:place])]
    used = [item for item in others if item.active]
    return next((item.id for item in [*used, *others]), catalog.DEFAULT_ID)
