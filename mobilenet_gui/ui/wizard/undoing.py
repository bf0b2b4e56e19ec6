"""Owns telling what was just done to the project, with a way back for as long as it is the last thing done."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.workers.collector import many_photos


class Undoing(QObject):
    """Does things to the project, says so in a toast, and takes them back from there."""

    def __init__(self, context: WizardContext) -> None:
        super().__init__(context.hub)
        self._context = context
        self._told_at = -1
        context.hub.project_changed.connect(self._changed)

    def do(self, work: Callable[[], object], text: str) -> bool:
        """Do `work` to the project and say `text` if that changed anything; what goes wrong is said instead.

        Args:
            work: one step of the project's; may raise `UserError`.
            text: what was done, as a sentence without full stop; empty says nothing.

        Returns:
            Whether it was done.
        """
        before = self._context.project.revision
        try:
            with many_photos(len(self._context.project.photos)):
                work()
        except UserError as error:
            self._context.toasts.show_message(str(error))
            return False
        if text and self._context.project.revision != before:
            self.say(text)
        return True

    def say(self, text: str) -> None:
        """Tell of what was done last, with a way back."""
        self._told_at = self._context.project.revision
        self._context.toasts.show_message(text, tr("Undo"), self._take_back)

    def _take_back(self) -> None:
        if self._context.project.revision == self._told_at:
            self._told_at = -1
            with many_photos(len(self._context.project.photos)):
                self._context.project.undo()

    def _changed(self) -> None:
        # Its Undo would take something else back by now.
        if self._told_at >= 0 and self._context.project.revision > self._told_at:
            self._told_at = -1
            self._context.toasts.dismiss()
