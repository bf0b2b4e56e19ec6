"""How the models page writes numbers: sizes, parameters, times, shares and dates, each in one place."""

from __future__ import annotations

import math
from datetime import date, datetime

from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui.widgets.painting import NO_BREAK_SPACE

NBSP = NO_BREAK_SPACE
NOTHING = "–"
"""Stands where a figure is not known."""


def megabytes(count: int) -> str:
    """Return bytes as "13.6 MB"; small ones in kB, large ones in GB."""
    if count < 100_000:
        return f"{max(1, round(count / 1000)) if count else 0}{NBSP}kB"
    if count < 1_000_000_000:
        return f"{count / 1e6:.1f}{NBSP}MB"
    return f"{count / 1e9:.1f}{NBSP}GB"


def millions(count: int | None) -> str:
    """Return "3.5 M", "569 M" or "475 k"; a dash where unknown."""
    if count is None:
        return NOTHING
    if count < 1_000_000:
        return f"{count / 1e3:.0f}{NBSP}k"
    return f"{count / 1e6:.1f}{NBSP}M" if count < 100_000_000 else f"{count / 1e6:.0f}{NBSP}M"


def parameters(count: int) -> str:
    """Return "3.5 M parameters"."""
    return tr("{count} parameters").format(count=millions(count))


def milliseconds(value: float | None, *, estimated: bool = False) -> str:
    """Return "6.4 ms", or "about 8 ms" for an estimate; a dash where unknown."""
    if value is None:
        return NOTHING
    if not estimated:
        return tr("{number} ms").format(number=f"{value:.1f}" if value < 100 else f"{value:.0f}").replace(" ", NBSP)
    number = f"{value:.0f}" if value >= 1.5 else f"{value:.1f}"
    return tr("about {number} ms").format(number=number)


def correct(share: float | None) -> str:
    """Return "71.8 %", a dash where nobody published it."""
    return NOTHING if share is None else percent(share)


def download_text(done: int, total: int | None, seconds_left: float | None = None) -> str:
    """Return "13.6 of 21.9 MB, 4 s left", as far as it is known."""
    if total is None:
        return megabytes(done)
    text = tr("{done} of {total} MB").format(done=f"{done / 1e6:.1f}", total=f"{total / 1e6:.1f}")
    return (
        text if seconds_left is None else tr("{amount}, {time} left").format(amount=text, time=duration(seconds_left))
    )


def duration(seconds: float) -> str:
    """Return "4 s", "3 min", "2 h": rounded up, for time that is left."""
    if seconds < 60:
        return f"{max(1, math.ceil(seconds))}{NBSP}s"
    if seconds < 3600:
        return f"{math.ceil(seconds / 60)}{NBSP}min"
    return f"{math.ceil(seconds / 3600)}{NBSP}h"


def day(moment: str, today: date | None = None) -> str:
    """Return an ISO 8601 moment as "Today", "Yesterday" or "3 May 2026"; the text itself where it is not one."""
    try:
        when = datetime.fromisoformat(moment).astimezone().date()
    except ValueError:
        return moment
    ago = ((today or datetime.now().astimezone().date()) - when).days
    if ago == 0:
        return tr("Today")
    return tr("Yesterday") if ago == 1 else f"{when.day} {_months()[when.month - 1]} {when.year}"


def threads(count: int) -> str:
    """Return "1 thread", "4 threads"."""
    return trn("{n} thread", "{n} threads", count)


def _months() -> tuple[str, ...]:
    return (
        tr("January"), tr("February"), tr("March"), tr("April"), tr("May"), tr("June"), tr("July"),
        tr("August"), tr("September"), tr("October"), tr("November"), tr("December"),
    )  # fmt: skip
