"""Owns saving a live frame as a photo, with its answer beside it in a small text file (JSON) of the same name."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from PIL import Image

from mobilenet_gui.core.answers import prediction_records
from mobilenet_gui.core.atomic import staged_file, write_atomically
from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.core.live_session import LiveAnswer
from mobilenet_gui.core.records import json_text
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.i18n import tr

SnapshotKind: TypeAlias = Literal["jpeg", "png"]

_SUFFIXES: Final[dict[SnapshotKind, str]] = {"jpeg": ".jpg", "png": ".png"}
_QUALITY = 95
_COMPRESSION = 4
_TRIES = 1000


def save_snapshot(
    folder: Path,
    pixels: Pixels,
    answer: LiveAnswer | None,
    *,
    source: str,
    when: float | None = None,
    kind: SnapshotKind = "jpeg",
) -> Path:
    """Save a frame and, where there is an answer, a sidecar with it; nothing is ever overwritten.

    Args:
        folder: where the user wants snapshots; made if it is not there.
        pixels: the frame as shown, RGB.
        answer: what was recognised in it.
        source: what it was taken from, for the sidecar.
        when: seconds since 1970, by default now; names the file.
        kind: "jpeg", or "png" for every pixel as it is, in a file several times as large.

    Returns:
        The photo's path; the sidecar is the same with `.json`.

    Raises:
        StorageError: the folder cannot be written to; nothing is left behind.
    """
    moment = time.localtime(time.time() if when is None else when)
    stem = tr("Snapshot {date}").format(date=time.strftime("%Y-%m-%d %H.%M.%S", moment))
    buffer = io.BytesIO()
    if kind == "png":
        Image.fromarray(pixels).save(buffer, "PNG", compress_level=_COMPRESSION)
    else:
        Image.fromarray(pixels).save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    photo: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        photo = _write_new(folder, stem, _SUFFIXES[kind], buffer.getvalue())
        if answer is not None:
            record = sidecar(answer, source, time.strftime("%Y-%m-%dT%H:%M:%S%z", moment))
            write_atomically(photo.with_suffix(".json"), json_text(record | {"photo": photo.name}, indent=2).encode())
    except OSError as error:
        if photo is not None:
            photo.unlink(missing_ok=True)
            photo.with_suffix(".json").unlink(missing_ok=True)
        raise StorageError(str(folder), error.strerror or str(error)) from error
    return photo


def sidecar(answer: LiveAnswer, source: str, when: str) -> dict[str, Any]:
    """Return what is written beside a snapshot."""
    return {
        "source": source,
        "taken": when,
        "timestamp": round(answer.frame.timestamp, 3),
        "model": answer.model_id,
        "label": None if answer.winner is None else answer.winner.label,
        "name": None if answer.winner is None else answer.winner.shown,
        "predictions": prediction_records(answer.predictions),
        "milliseconds": round(answer.timing.total, 3),
    }


def _write_new(folder: Path, stem: str, suffix: str, data: bytes) -> Path:
    for number in range(1, _TRIES):
        path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem} ({number}){suffix}")
        if any(path.with_suffix(other).exists() for other in (".json", *_SUFFIXES.values())):
            continue
        try:
            with staged_file(folder) as staged:
                staged.stream.write(data)
                staged.place_new(path)
        except FileExistsError:
            continue
        return path
    raise OSError(tr("there are too many snapshots of this second"))
