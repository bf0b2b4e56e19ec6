"""Owns how commands tell of photos whose label may be wrong: lines for people, records for scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mobilenet_gui.cli_output import printable
from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import tr, trn

if TYPE_CHECKING:
    from mobilenet_gui.training.doctor_labels import Suspect

_SHOWN: Final = 20


def suspect_records(suspects: Sequence[Suspect], paths: Mapping[str, Path]) -> list[dict[str, Any]]:
    """Return each suspect as a JSON object; probabilities are 0-1.

    Args:
        suspects: the most suspicious first.
        paths: the files by the photos' ids; a photo that is not among them is left out.
    """
    return [
        {
            "path": str(paths[suspect.photo_id]),
            "class": suspect.given,
            "expected": suspect.expected,
            "probability": suspect.probability,
            "class_probability": 1 - suspect.suspicion,
        }
        for suspect in suspects
        if suspect.photo_id in paths
    ]


def suspect_lines(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what is printed of such records: the most suspicious, and how many more there are."""
    if not records:
        return []
    count = len(records)
    lines = [trn("{n} photo may have the wrong label:", "{n} photos may have the wrong label:", count).format(n=count)]
    for record in records[:_SHOWN]:
        text = tr("{given}, looks like {expected} ({percent})").format(
            given=record["class"], expected=record["expected"], percent=percent(record["probability"])
        )
        lines.append(f"  {printable(record['path'])}: {printable(text)}")
    if count > _SHOWN:
        lines.append("  " + tr("and {n} more; --format json names them all").format(n=count - _SHOWN))
    return lines
