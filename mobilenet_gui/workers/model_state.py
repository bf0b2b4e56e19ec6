"""What is known of one task on a model at one moment. Plain values, sent from the tasks to the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mobilenet_gui.core.errors import DownloadError, UserError

Kind = Literal["download", "import", "remove", "rename", "measure", "inspect"]
Phase = Literal[
    "waiting", "downloading", "queued", "preparing", "trying", "installing",
    "measuring", "removing", "renaming", "inspecting", "paused", "failed",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaskState:
    """How far a task is.

    Attributes:
        id: the model's id; for an import whose id is not known yet, a key of its own.
        kind: what is done.
        phase: what is done just now, or how it ended.
        title: what to call it where no model of that id is listed.
        done: bytes of a download that are here.
        total: bytes of the whole download, None where unknown.
        seconds_left: of the download, None where unknown.
        share: how much of a later phase is done, 0-1; None where nobody knows.
        error: why it failed.
    """

    id: str
    kind: Kind
    phase: Phase
    title: str = ""
    done: int = 0
    total: int | None = None
    seconds_left: float | None = None
    share: float | None = None
    error: UserError | None = None

    @property
    def running(self) -> bool:
        """It is at work or waiting for its turn."""
        return self.phase not in ("paused", "failed")

    @property
    def failed(self) -> bool:
        """It ended with an error."""
        return self.phase == "failed"

    @property
    def paused(self) -> bool:
        """A download that can go on from where it stopped, whether the person or the network stopped it."""
        if self.phase == "paused":
            return True
        return self.failed and isinstance(self.error, DownloadError) and self.error.resumable and self.done > 0

    @property
    def pausable(self) -> bool:
        """Pausing would keep something and lose nothing."""
        return self.kind == "download" and self.phase in ("waiting", "downloading")

    @property
    def cancellable(self) -> bool:
        """It can be stopped."""
        return self.running and self.kind in ("download", "import", "measure")

    @property
    def shows_progress(self) -> bool:
        """It is worth a bar."""
        return self.kind in ("download", "import") and (self.running or self.paused)

    @property
    def fraction(self) -> float | None:
        """Share done of what the bar is about, 0-1; None where unknown."""
        if self.kind == "download" and self.phase in ("waiting", "downloading", "paused", "failed"):
            return min(1.0, self.done / self.total) if self.total else None if self.phase == "downloading" else 0.0
        return 0.0 if self.phase in ("waiting", "queued") else self.share
