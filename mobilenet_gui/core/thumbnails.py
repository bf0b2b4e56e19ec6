"""Owns small pictures of photos on the disk: made once, found again by path, time and size of the photo. No Qt.

Each is a JPEG in a folder of the cache, so that twenty thousand photos are decoded once and not at every start. What
was not looked at for the longest goes first when the folder grows too large. Several threads and programs may use one
folder: a picture is written beside its place and renamed, and a damaged one is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import threading
import time
from pathlib import Path
from typing import Final

from mobilenet_gui import paths
from mobilenet_gui.core.atomic import replacing
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.photo_files import openable, os_reason

MAX_BYTES: Final = 512 << 20
"""About forty thousand pictures of 256 pixels."""
_TRIM_TO: Final = 0.9
_TRIM_EVERY: Final = 2000
"""New pictures after which the folder is measured again; they take about 25 MB."""
_TOUCH_SECONDS: Final = 24 * 3600.0
_QUALITY: Final = 82
_STALE_SECONDS: Final = 3600.0
_END: Final = b"\xff\xd9"


class ThumbnailCache:
    """Small pictures in one folder. Any thread may call any method."""

    def __init__(self, folder: Path | None = None, max_bytes: int = MAX_BYTES) -> None:
        """Look at `folder` (default: the user's cache); it need not exist."""
        self.folder = folder if folder is not None else paths.thumbnails_dir()
        self._max_bytes = max_bytes
        self._written = 0
        self._counting = threading.Lock()
        self._trimming = threading.Lock()

    def get(self, path: Path, side: int = 256) -> bytes:
        """Return a photo as a small JPEG, upright, its longer side at most `side` pixels; made where it is not here.

        Args:
            path: the photo.
            side: in pixels, 16 to 1024.

        Raises:
            PhotoError: the photo is not there or cannot be read.
        """
        if not 16 <= side <= 1024:
            raise ValueError(f"no side of a small picture: {side}")
        place = self._place(path, side)
        kept = self._read(place)
        if kept is not None:
            return kept
        data = _made(path, side)
        self._write(place, data)
        return data

    def peek(self, path: Path, side: int = 256) -> bytes | None:
        """Return a picture if it is here; None where it would have to be made, or where the photo is gone."""
        try:
            return self._read(self._place(path, side))
        except PhotoError:
            return None

    def trim(self) -> int:
        """Delete what was not looked at for the longest until the folder is small enough; return the bytes it holds.

        It runs by itself now and then. Never raises.
        """
        with self._trimming:
            found: list[tuple[float, int, str]] = []
            now = time.time()
            for folder, _, names in os.walk(self.folder):
                for name in names:
                    file = os.path.join(folder, name)  # noqa: PTH118 - thousands of them
                    with contextlib.suppress(OSError):
                        status = os.stat(file)  # noqa: PTH116
                        if name.endswith(".tmp"):
                            if now - status.st_mtime > _STALE_SECONDS:
                                os.unlink(file)  # noqa: PTH108 - a crash's leftover
                            continue
                        found.append((status.st_mtime, status.st_size, file))
            held = sum(size for _, size, _ in found)
            if held <= self._max_bytes:
                return held
            for _, size, file in sorted(found):
                if held <= self._max_bytes * _TRIM_TO:
                    break
                with contextlib.suppress(OSError):
                    os.unlink(file)  # noqa: PTH108
                    held -= size
            return held

    def _place(self, path: Path, side: int) -> Path:
        try:
            status = os.stat(openable(path))  # noqa: PTH116 - keeps the long form of the path
        except OSError as error:
            raise PhotoError(str(path), os_reason(error)) from error
        except ValueError as error:
            raise PhotoError(str(path).replace("\0", ""), os_reason(FileNotFoundError())) from error
        text = f"{os.path.abspath(path)}\0{status.st_mtime_ns}\0{status.st_size}\0{side}"  # noqa: PTH100
        name = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return self.folder / name[:2] / f"{name[2:]}.jpg"

    def _read(self, place: Path) -> bytes | None:
        try:
            with place.open("rb") as stream:
                data = stream.read()
                age = time.time() - os.fstat(stream.fileno()).st_mtime
        except OSError:
            return None
        if not data.endswith(_END):  # the machine went down before all of it was on the disk
            return None
        if age > _TOUCH_SECONDS:
            with contextlib.suppress(OSError):
                os.utime(place)
        return data

    def _write(self, place: Path, data: bytes) -> None:
        """Keep a picture; a disk that refuses only costs the time to make it again."""
        try:
            with replacing(place, sync=False) as stream:
                stream.write(data)
        except OSError:
            return
        with self._counting:
            self._written += 1
            due = self._written % _TRIM_EVERY == 1
        if due:
            self.trim()


def _made(path: Path, side: int) -> bytes:
    from mobilenet_gui.core.imaging import decode

    image = decode(path, max_side=side).image
    if max(image.size) > side:
        image = image.copy()
        image.thumbnail((side, side))
    target = io.BytesIO()
    image.save(target, "JPEG", quality=_QUALITY)
    return target.getvalue()
