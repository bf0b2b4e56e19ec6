"""Owns the way from a path or bytes to an opened, not yet decoded photo: limits, safety and the words for failures.

Every failure leaves here as `PhotoError`. Pillow's plugins raise almost anything for a broken file, so whatever they
raise is taken as a fault of the file.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import stat
import sys
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from PIL import Image

from mobilenet_gui.core import imaging_formats as formats
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.i18n import tr

PhotoSource = Path | bytes
"""A file, or its content."""

PIXEL_LIMIT: Final = 250_000_000
"""Photos of more pixels are refused before anything is decoded; the largest phone sensors have 200 million."""

SCAN_LIMIT: Final = 3_000_000_000
"""Most pixels times scans of a progressive JPEG: a small file can ask for the same pixels a thousand times."""

HUGE: Final = 50_000_000
"""Photos of more pixels than this are decoded one at a time, whatever the number of threads, to bound the memory."""

# Pillow raises at twice this figure, in some plugins before they allocate anything; it must agree with our limit.
Image.MAX_IMAGE_PIXELS = PIXEL_LIMIT // 2
# Oddities that do not stop a photo from being read are not for the terminal.
warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
logging.getLogger("PIL").addHandler(logging.NullHandler())

_one_huge_at_a_time = threading.Lock()
_WINDOWS_PATH_LIMIT: Final = 240


@dataclass(slots=True)
class OpenedPhoto:
    """A photo whose header has been read.

    Attributes:
        image: Pillow's image, not loaded.
        format: key of `imaging_formats.FORMATS`.
        subject: how errors name it.
        size: width and height as stored; for TIFF already upright.
        orientation: EXIF orientation 1-8 that is still to be applied.
    """

    image: Image.Image
    format: str
    subject: str
    size: tuple[int, int]
    orientation: int

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as a person sees the photo."""
        return self.size if self.orientation < 5 else self.size[::-1]

    def load(self) -> None:
        """Decode. Raises PhotoError."""
        with contextlib.ExitStack() as stack:
            if self.image.size[0] * self.image.size[1] > HUGE:
                stack.enter_context(_one_huge_at_a_time)
            try:
                self.image.load()
            except Exception as error:
                raise PhotoError(self.subject, _reason(error)) from error
        if self.format == "PNG":  # its EXIF block may follow the pixels
            self.orientation = _orientation(self.image)


def openable(path: Path) -> str:
    """Return `path` in the form the operating system opens at any length."""
    text = str(path)
    if sys.platform == "win32" and len(text) >= _WINDOWS_PATH_LIMIT and not text.startswith("\\\\"):
        return "\\\\?\\" + str(path.absolute())
    return text


def os_reason(error: OSError) -> str:
    """Say in plain words why the system refused a file or folder."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return tr("There is no such file.")
    if isinstance(error, PermissionError):
        return tr("There is no permission to read it.")
    if isinstance(error, IsADirectoryError):
        return tr("This is a folder, not a photo.")
    text = error.strerror or str(error)
    return tr("It cannot be read: {detail}.").replace("{detail}", text)


@contextlib.contextmanager
def open_photo(source: PhotoSource, name: str = "") -> Iterator[OpenedPhoto]:
    """Open a photo and read its header; the file is closed at the end of the `with` block.

    Args:
        source: a path, or the bytes of a photo file.
        name: how errors name it; the path by default.

    Raises:
        PhotoError: it cannot be read, is no photo, is too large, or breaks off.
    """
    if isinstance(source, bytes):
        subject = name or tr("the photo")
        with io.BytesIO(source) as stream:
            yield _open_stream(stream, len(source), subject)
        return
    subject = name or str(source)
    try:
        stream_or_none = _open_file(source, subject)
    except OSError as error:
        raise PhotoError(subject, os_reason(error)) from error
    with stream_or_none as stream:
        yield _open_stream(stream, os.fstat(stream.fileno()).st_size, subject)


def _open_file(path: Path, subject: str) -> IO[bytes]:
    """Open a regular file; anything else (a pipe, a device) could make the reader wait for ever."""
    target = openable(path)
    if "\0" in target:
        raise PhotoError(subject, tr("There is no such file."))
    mode = os.stat(target).st_mode  # noqa: PTH116 - keeps the long form of the path
    if stat.S_ISDIR(mode):
        raise PhotoError(subject, tr("This is a folder, not a photo."))
    if not stat.S_ISREG(mode):
        raise PhotoError(subject, tr("This is a device or a pipe, not a photo."))
    return open(target, "rb", opener=_open_without_waiting)


def _open_without_waiting(path: str, flags: int) -> int:
    # The file may have been replaced by a pipe since it was looked at.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _open_stream(stream: IO[bytes], length: int, subject: str) -> OpenedPhoto:
    try:
        head = stream.read(formats.SNIFF_BYTES)
    except OSError as error:
        raise PhotoError(subject, os_reason(error)) from error
    if not head:
        raise PhotoError(subject, tr("The file is empty."))
    kind = formats.sniff(head)
    if kind is None:
        other = formats.other_kind(head)
        if other is None:
            raise PhotoError(subject, tr("This is not a photo, or not in a format that can be read."))
        raise PhotoError(subject, tr("Files of this kind ({kind}) are not supported.").replace("{kind}", other))
    if length > formats.FORMATS[kind].file_limit:
        raise PhotoError(subject, tr("The file is too large for a photo."))
    formats.register(kind)
    try:
        image = Image.open(stream, formats=(kind,))
    except Exception as error:
        reason = _reason(error)
        if reason == tr("The file is damaged.") and _ends_early(stream, kind, length):
            reason = tr("The file is cut short.")
        raise PhotoError(subject, reason) from error
    _check_pixels(image, stream, subject)
    # Pillow turns TIFF itself. Asking a PNG for an EXIF block it has not met yet would decode it here and now.
    later = kind == "TIFF" or (kind == "PNG" and "exif" not in image.info)
    orientation = 1 if later else _orientation(image)
    return OpenedPhoto(image, kind, subject, image.size, orientation)


def _check_pixels(image: Image.Image, stream: IO[bytes], subject: str) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise PhotoError(subject, tr("The file is damaged."))
    pixels = width * height
    if pixels > PIXEL_LIMIT:
        raise PhotoError(subject, _too_many_pixels())
    if image.info.get("progressive") and pixels * _count_scans(stream) > SCAN_LIMIT:
        raise PhotoError(subject, tr("The file is built to keep the computer busy."))


def _too_many_pixels() -> str:
    limit = str(PIXEL_LIMIT // 1_000_000)
    return tr("It has more than {limit} megapixels.").replace("{limit}", limit)


def _count_scans(stream: IO[bytes]) -> int:
    """Count the scans of a JPEG; never too few. Leaves the stream where it was."""
    position, scans, last = stream.tell(), 0, b""
    stream.seek(0)
    while block := stream.read(1 << 20):
        scans += (last + block).count(b"\xff\xda")
        last = block[-1:]
    stream.seek(position)
    return scans


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1-8; 1 when there is none or it makes no sense."""
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _reason(error: Exception) -> str:
    text = str(error).lower()
    if isinstance(error, Image.DecompressionBombError):
        return _too_many_pixels()
    if isinstance(error, MemoryError):
        return tr("There is not enough memory to open it.")
    if isinstance(error, EOFError) or any(mark in text for mark in ("truncated", "end of file", "unexpected end")):
        return tr("The file is cut short.")
    return tr("The file is damaged.")


def _ends_early(stream: IO[bytes], kind: str, length: int) -> bool:
    """Tell whether a file whose header could not be read simply stops too soon."""
    try:
        stream.seek(0)
        head = stream.read(formats.SNIFF_BYTES)
        if kind == "WEBP":
            return int.from_bytes(head[4:8], "little") + 8 > length
        stream.seek(max(0, length - 64))
        tail = stream.read(64)
    except (OSError, ValueError):
        return False
    ends = {"JPEG": b"\xff\xd9", "PNG": b"IEND", "GIF": b";"}
    return kind in ends and ends[kind] not in tail
