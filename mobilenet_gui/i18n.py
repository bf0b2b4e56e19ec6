"""Owns how a visible text becomes the reader's language.

Core and command line must run without Qt, so they cannot call `QObject.tr`. Everything visible goes through
`tr` here instead; the window installs Qt's translator behind it at start, the command line leaves it alone.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

Translator = Callable[[str, int], str]
"""Takes an English text and a count (-1 where none applies); returns the text to show."""

_translator: Translator | None = None

# Letters written from right to left, and the marks that turn the direction.
_TURNS = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# What would reach beyond the name it stands in.
_STRAY = {ord(mark): None for mark in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067"}


class _Thread(threading.local):
    """What holds in one thread.

    Attributes:
        isolates: names are set apart in sentences: in the window's thread. What others write, files above all, holds
            names as they are.
    """

    isolates = False


_thread = _Thread()


def install(translator: Translator | None) -> None:
    """Put `translator` behind every later `tr`; None returns to English."""
    global _translator  # noqa: PLW0603 - one language a process, chosen once at start
    _translator = translator


def isolate_names(on: bool) -> None:
    """Set names apart in the sentences of this thread from now on, or no longer; see `shown`."""
    _thread.isolates = on


def shown(name: str) -> str:
    """Return a name as a sentence of the window can hold it.

    One in a script that runs from right to left would turn what stands beside it: "3 :<name>" for "<name>: 3". Set
    apart by Unicode's isolates (FSI, PDI), it keeps its own direction and the sentence keeps its. Every sentence of
    `tr` and `trn` does so by itself with what `format` and `replace` put into it; where a name is put beside something
    in another way, this does. Other names, and all threads but the window's, are left as they are.
    """
    if not _thread.isolates or _TURNS.search(name) is None:
        return name
    return f"\N{FIRST STRONG ISOLATE}{name.translate(_STRAY)}\N{POP DIRECTIONAL ISOLATE}"


class _Sentence(str):
    """A text that sets apart what is put into it."""

    __slots__ = ()

    def format(self, *values: object, **named: object) -> str:
        """Fill the gaps."""
        return str.format(self, *map(_shown, values), **{key: _shown(value) for key, value in named.items()})

    def replace(self, old: str, new: str, count: Any = -1) -> _Sentence:
        """Fill one gap."""
        return _Sentence(str.replace(self, old, shown(new) if old.startswith("{") else new, count))


def _shown(value: object) -> object:
    return shown(value) if isinstance(value, str) else value


def _told(text: str) -> str:
    return _Sentence(text) if _thread.isolates else text


def tr(text: str) -> str:
    """Return `text` in the reader's language; English where there is no translation."""
    return _told(text if _translator is None else _translator(text, -1))


def trn(one: str, many: str, n: int) -> str:
    """Return the form of a counted text for `n`, with `{n}` filled in.

    `one` is the English text for exactly one, `many` for every other count.
    """
    if _translator is None:
        template = one if n == 1 else many
    else:
        template = _translator(many, n)
        if template == many and n == 1:
            template = one
    return _told(template).replace("{n}", f"{n:,}")
