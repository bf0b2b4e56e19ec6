"""Owns the failures a person is told about: each names the thing and the reason, in one sentence.

Anything else that is raised is a fault of the program and ends in the crash dialog, never in these.
"""

from __future__ import annotations

from mobilenet_gui.i18n import shown


class UserError(Exception):
    """A failure with words for the user.

    Attributes:
        subject: what it is about, as the user knows it: a file path, a model id, a URL. May be empty.
        reason: one plain sentence, already translated: what happened and, where it helps, what to do.
    """

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(subject, reason)
        self.subject = subject
        self.reason = reason

    def __str__(self) -> str:
        return f"{shown(self.subject)}: {self.reason}" if self.subject else self.reason


class PhotoError(UserError):
    """A photo that cannot be read. `subject` is its path or name."""


class ModelError(UserError):
    """A model, weights or labels file that cannot be used. `subject` is its id or path."""


class ProjectError(UserError):
    """A fine-tuning project, its photos or one of its runs that cannot be used. `subject` is its name or path."""


class DownloadError(UserError):
    """A download that stopped. `subject` is the model's name or file.

    Attributes:
        resumable: what has arrived is kept, and trying again goes on from there.
    """

    def __init__(self, subject: str, reason: str, *, resumable: bool) -> None:
        super().__init__(subject, reason)
        self.resumable = resumable


class StorageError(UserError):
    """The disk refused: full, read-only, no permission. `subject` is the path."""


class Cancelled(Exception):  # noqa: N818 - a decision of the user's, not an error
    """The user stopped it. Not shown as a failure."""
