"""Owns what the data step says of files that came in: which of them are no photos, and how folders were understood.

What was understood can be had otherwise: the step that brought the photos in is taken back, and they are read anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from mobilenet_gui.core.file_kinds import LeftOut
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.dataset_types import Reading, Understood
from mobilenet_gui.ui.photos.notices import Notices
from mobilenet_gui.ui.wizard.context import WizardContext

OTHERS: Final = "others"
NOTE_KINDS: Final = ("understood", "understood 2", "understood 3")
"""Kinds of notices; more notes than these are rare, and would hide the classes."""


class LeftOutNotice:
    """Says which files are no photos; out of a video some can be taken."""

    def __init__(self, notices: Notices, take: Callable[[Path], None]) -> None:
        self._notices, self._take = notices, take

    def show(self, left_out: LeftOut) -> None:
        """Say what was left out, if anything."""
        words = left_out.words()
        if not words:
            self._notices.dismiss(OTHERS)
            return
        if not left_out.videos:
            self._notices.show_notice(OTHERS, "warn", words)
            return
        video = left_out.videos[0]

        def take() -> None:
            self._notices.dismiss(OTHERS)
            self._take(video)

        action = tr("Take photos from {video}…").replace("{video}", video.name)
        self._notices.show_notice(OTHERS, "warn", words, action, take)


class UnderstoodNotice:
    """Says how folders were understood, and reads them otherwise when asked to."""

    def __init__(self, context: WizardContext, notices: Notices) -> None:
        self._context, self._notices = context, notices
        self._revision = -1
        self._before = -1

    def show(self, notes: Sequence[Understood], read_as: Callable[[Reading], None]) -> None:
        """Say what was understood.

        Args:
            notes: each becomes a notice.
            read_as: reads the same files otherwise.
        """
        self._before, self._revision = self._context.project.revision, -1
        for kind in NOTE_KINDS:
            self._notices.dismiss(kind)
        for kind, note in zip(NOTE_KINDS, notes, strict=False):
            other = note.other

            def choose(other: Reading = other) -> None:
                self._choose(other, read_as)

            self._notices.show_notice(kind, "info", note.text, _action_words(other), choose)

    def added(self) -> None:
        """Note that what was read is in the project now, as its last step."""
        self._revision = self._context.project.revision

    def _choose(self, other: Reading, read_as: Callable[[Reading], None]) -> None:
        project = self._context.project
        if project.revision == self._revision:
            project.undo()
        elif project.revision != self._before:
            self._context.toasts.show_message(tr("Take the later changes back first, or drop the folder again"))
            return
        for kind in NOTE_KINDS:
            self._notices.dismiss(kind)
        read_as(other)


def _action_words(reading: Reading) -> str:
    words = {
        "folders": tr("Make each folder a class"),
        "subfolders": tr("Make the inner folders classes"),
        "names": tr("Read the classes from the names"),
    }
    return words.get(reading, "")
