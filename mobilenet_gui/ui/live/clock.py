"""Owns how a place in a video is written."""

from __future__ import annotations


def clock(seconds: float, *, exact: bool = False, tenths: bool = False) -> str:
    """Return `1:02:03` or `2:03`; with `exact` also the hundredths, `2:03.45`; with `tenths` those, `2:03.4`."""
    if tenths:
        return clock(round(max(0.0, seconds), 1), exact=True)[:-1]
    hundredths = max(0, round(seconds * 100)) if exact else max(0, int(seconds)) * 100
    whole, rest = divmod(hundredths, 100)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
    return f"{text}.{rest:02}" if exact else text
