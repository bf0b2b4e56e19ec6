"""Owns noticing that photos are not where they were: a drive that is unplugged, a folder that was moved.

Pictures that cannot be made give the hint; whether their files are gone is asked of the disk off the window's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.project import Change
from mobilenet_gui.ui.photos.notices import Notices
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.workers.lost_photos import lost_photos

AGAIN_MS = 4000
"""While photos are missing the disk is asked so often whether they are back."""
_KIND = "lost"


class LostNotice(QObject):
    """The notice, and what keeps it true."""

    def __init__(
        self,
        context: WizardContext,
        notices: Notices,
        *,
        find: Callable[[], None],
        repaint: Callable[[], None],
        parent: QObject,
    ) -> None:
        """Watch.

        Args:
            context: of the wizard.
            notices: where it is said.
            find: asks where the photos are now.
            repaint: asks for the pictures again.
            parent: the owner.
        """
        super().__init__(parent)
        self._context, self._notices, self._find, self._repaint = context, notices, find, repaint
        self._shown = self._asking = False
        self._lost = 0
        self._timer = QTimer(self)
        self._timer.setInterval(AGAIN_MS)
        self._timer.timeout.connect(self._ask)
        context.shelf.arrived.connect(self._pictures_arrived)
        context.hub.project_changed.connect(self._project_changed)

    def _pictures_arrived(self, photo_ids: Sequence[str]) -> None:
        if not self._shown and any(self._context.shelf.is_hopeless(photo_id) for photo_id in photo_ids):
            self._ask()

    def _project_changed(self, change: Change) -> None:
        if self._shown and (change.changed or change.removed):
            self._ask()

    def _ask(self) -> None:
        if self._asking:
            return
        self._asking = True
        photos = tuple(self._context.project.photos.values())
        self._context.tasks.runner.run(
            lambda _errand: len(lost_photos(photos)), done=self._tell, failed=self._give_up
        )  # fmt: skip

    def _tell(self, lost: int) -> None:
        back, self._lost = lost < self._lost, lost
        self._asking, self._shown = False, lost > 0
        if back:
            self._context.shelf.clear()
            self._repaint()
        if not lost:
            self.stop()
            self._notices.dismiss(_KIND)
            return
        self._timer.start()
        if _KIND in self._notices.shown() and not back:
            return
        words = trn(
            "{n} photo is missing. Is a drive unplugged?", "{n} photos are missing. Is a drive unplugged?", lost
        )
        self._notices.show_notice(
            _KIND, "warn", words, tr("Find them…"), self._find, on_close=self._timer.stop
        )  # fmt: skip

    def _give_up(self, _error: UserError) -> None:
        self._asking = False

    def stop(self) -> None:
        """Ask no more."""
        self._timer.stop()
