"""Owns which text from a file may be shown, compared and used as a path: what the system could have given itself."""

from __future__ import annotations

import sys
from typing import TypeGuard

_ERRORS = "surrogatepass" if sys.platform == "win32" else "surrogateescape"


def is_sound(value: object, most: int | None = None) -> TypeGuard[str]:
    r"""Say whether a value out of a file is text of at most `most` characters that can become bytes again.

    JSON can hold halves of characters (`\ud83d`), which no encoding takes: whoever printed or opened such a text later
    would fail. Bytes of a file name that are no UTF-8 are carried in a few of them, and are sound.
    """
    if not isinstance(value, str) or (most is not None and len(value) > most) or "\0" in value:
        return False
    if value.isascii():
        return True
    try:
        value.encode("utf-8", _ERRORS)
    except UnicodeEncodeError:
        return False
    return True
