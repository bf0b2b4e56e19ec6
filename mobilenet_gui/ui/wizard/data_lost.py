"""Owns noticing that photos are not where they were: a drive that is unplugged, a folder that was moved.

The disk is asked whenever a step is entered, and when pictures cannot be made; see `PhotoWatch`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.project import Change
from mobilenet_gui.ui.photos.notices import Notices
from mobilenet_gui.ui.wizard.context import WizardContext

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
        self._shown = False
        self._lost = 0
        self._timer = QTimer(self)
        self._timer.setInterval(AGAIN_MS)
        self._timer.timeout.connect(context.files.ask)
        context.shelf.arrived.connect(self._pictures_arrived)
        context.hub.project_changed.connect(self._project_changed)
        context.files.told.connect(self._tell)

    def _pictures_arrived(self, photo_ids: Sequence[str]) -> None:
        if not self._shown and any(self._context.shelf.is_hopeless(photo_id) for photo_id in photo_ids):
            self._context.files.ask()

    def _project_changed(self, change: Change) -> None:
        if self._shown and (change.changed or change.removed):
            self._context.files.ask()

    def _tell(self) -> None:
        lost = len(self._context.files.lost)
        back, same, self._lost = lost < self._lost, lost == self._lost, lost
        self._shown = lost > 0
        if back:
            self._context.shelf.clear()
            self._repaint()
        if not lost:
            self.stop()
            self._notices.dismiss(_KIND)
            return
        if same and self._lost:
            return  # it stands, or somebody has closed it
        self._timer.start()
        words = trn(
            "{n} photo is missing. Is a drive unplugged?", "{n} photos are missing. Is a drive unplugged?", lost
        )
        self._notices.show_notice(
            _KIND, "warn", words, tr("Find them…"), self._find, on_close=self._timer.stop
        )  # fmt: skip

    def stop(self) -> None:
        """Ask no more."""
        self._timer.stop()
