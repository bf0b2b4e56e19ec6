"""Owns sparing Python's garbage collector the photos of large projects.

A collection goes through every object there is, and twenty thousand photos make it hold the window for 40 ms. They
hold no reference cycles: counting references frees them. So they are made with the collector at rest, and then put
out of its sight.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MANY: Final = 2000


@contextmanager
def many_photos(count: int = MANY) -> Iterator[None]:
    """Make or change what belongs to `count` photos without a collection; for fewer than `MANY` it does nothing."""
    if count < MANY:
        yield
        return
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
