"""Owns how a visible text becomes the reader's language.

Core and command line must run without Qt, so they cannot call `QObject.tr`. Everything visible goes through
`tr` here instead; the window installs Qt's translator behind it at start, the command line leaves it alone.
"""

from __future__ import annotations

from collections.abc import Callable

Translator = Callable[[str, int], str]
"""Takes an English text and a count (-1 where none applies); returns the text to show."""

_translator: Translator | None = None


def install(translator: Translator | None) -> None:
    """Put `translator` behind every later `tr`; None returns to English."""
    global _translator  # noqa: PLW0603 - one language a process, chosen once at start
    _translator = translator


def tr(text: str) -> str:
    """Return `text` in the reader's language; English where there is no translation."""
    return text if _translator is None else _translator(text, -1)


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
    return template.replace("{n}", f"{n:,}")
