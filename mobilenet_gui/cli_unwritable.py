"""Owns what is raised where stdout refuses; apart, so that the window's start need not load how commands print."""

from __future__ import annotations

import errno


class UnwritableError(Exception):
    """Stdout refused what was printed; `cause` is what the system said.

    No OSError itself, so that one from anywhere else (a report's folder, a photo) is never taken for it.
    """

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.cause = cause

    @property
    def reader_left(self) -> bool:
        """Nobody reads any more, as with `| head`. Windows calls that an invalid argument."""
        return isinstance(self.cause, BrokenPipeError) or self.cause.errno in {errno.EPIPE, errno.EINVAL}
