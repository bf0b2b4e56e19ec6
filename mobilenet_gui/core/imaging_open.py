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
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal

from PIL import Image, UnidentifiedImageError

from mobilenet_gui.core import imaging_formats as formats
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.file_kinds import is_raw, raw_error
from mobilenet_gui.core.imaging_bands import RowSource
from mobilenet_gui.core.imaging_formats import PIXEL_LIMIT, not_read
from mobilenet_gui.core.imaging_jpeg import END, completed, has_end_mark
from mobilenet_gui.core.imaging_rows import row_source
from mobilenet_gui.core.photo_files import open_regular, openable, os_reason
from mobilenet_gui.core.types import PhotoSource
from mobilenet_gui.i18n import tr

SCAN_LIMIT: Final = 3_000_000_000
"""Most pixels times scans of a progressive JPEG: a small file can ask for the same pixels a thousand times."""

COMPLETED_LIMIT: Final = 64 << 20
"""Largest JPEG, in bytes, that is looked through for what it lacks."""

# Pillow raises at twice this figure, in some plugins before they allocate anything; it must agree with our limit.
Image.MAX_IMAGE_PIXELS = PIXEL_LIMIT // 2
# Oddities that do not stop a photo from being read are not for the terminal.
warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
logging.getLogger("PIL").addHandler(logging.NullHandler())

_LAST_BYTES: Final = {"JPEG": b"\xff\xd9", "PNG": b"IEND", "GIF": b";"}

_MOST_BOXES: Final = 1000

_NOT_READ: Final = (
    "unsupported", "not supported", "unknown pixel mode", "unknown compression", "unknown raw mode", "unrecognized",
    "cannot handle", "unknown photometric", "not implemented", "bad mode",
)  # fmt: skip
"""What Pillow's and its decoders' errors say about files that are sound, but of a kind that they do not read."""

_BYTES_A_PIXEL: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
_CODEC_BYTES_A_PIXEL: Final = {"WEBP": 16, "AVIF": 9, "HEIF": 9}
"""Of the decoders that hold several copies; measured."""
_STRIP_BYTES: Final = 64_000_000
"""What converting strip by strip takes on top."""


@dataclass(slots=True)
class OpenedPhoto:
    """A photo whose header has been read.

    Attributes:
        image: Pillow's image, not loaded.
        format: key of `imaging_formats.FORMATS`.
        subject: how errors name it.
        size: width and height as stored; for TIFF already upright.
        orientation: EXIF orientation 1-8 that is still to be applied.
        stream: the file.
        length: of the file, in bytes.
        rows: reads the photo instead of Pillow, where Pillow cannot; `image` is then a blank.
        note: what a person should know of the file; empty where there is nothing to say.
    """

    image: Image.Image
    format: str
    subject: str
    size: tuple[int, int]
    orientation: int
    stream: IO[bytes]
    length: int
    rows: RowSource | None = None
    note: str = ""

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height as a person sees the photo."""
        return self.size if self.orientation < 5 else self.size[::-1]

    def memory(self, factor: int, drafted: int = 0) -> int:
        """Return about how many bytes decoding takes at most.

        Args:
            factor: by how much the photo is reduced; what it comes to is counted, too.
            drafted: at which fraction of its size a JPEG would be decoded; by default as it stands.
        """
        width, height = self.size
        result = 4 * (-(-width // factor)) * (-(-height // factor))
        if self.rows is not None:
            return 3 * _STRIP_BYTES + result
        pixels = width * height // drafted**2 if drafted else self.image.size[0] * self.image.size[1]
        each = _CODEC_BYTES_A_PIXEL.get(self.format, _BYTES_A_PIXEL.get(self.image.mode, 4))
        taken = each * pixels + min(_STRIP_BYTES, 8 * pixels)
        if factor > 1 or self.image.mode not in {"RGB", "L"}:
            taken += min(result, 4 * pixels)
        if self.image.info.get("progressive"):
            taken += 2 * self._coefficients()
        if self.format in _CODEC_BYTES_A_PIXEL:
            taken += self.length
        return taken

    def _coefficients(self) -> int:
        """Count the coefficients of a progressive JPEG, all of which are held until the last scan."""
        parts = [(h, v) for _, h, v, _ in getattr(self.image, "layer", ())]
        most = max((h * v for h, v in parts), default=1)
        share = sum(h * v for h, v in parts) / most if parts else 3.0
        return round(self.size[0] * self.size[1] * share)

    def load(self) -> None:
        """Decode. Raises PhotoError."""
        try:
            self.image.load()
        except Exception as error:
            if not (self.format == "JPEG" and self._complete()):
                reason = _reason(error, self.stream, self.format, self.length, self.image)
                raise PhotoError(self.subject, reason) from error
        if self.format == "PNG":  # its EXIF block may follow the pixels
            self.orientation = _orientation(self.image)
        elif self.format == "JPEG" and not self.note and self.length <= COMPLETED_LIMIT and not self._ends():
            self.note = _no_end_mark()

    def _ends(self) -> bool:
        try:
            self.stream.seek(-len(END), os.SEEK_END)
            if self.stream.read() == END:
                return True
            self.stream.seek(0)
            return has_end_mark(self.stream.read())
        except (OSError, ValueError):  # the pixels are there, whatever became of the file
            return True

    def _complete(self) -> bool:
        """Decode a JPEG that lacks nothing but its end mark; tell whether this is one."""
        if self.length > COMPLETED_LIMIT:
            return False
        try:
            self.stream.seek(0)
            data = completed(self.stream.read())
            if data is None:
                return False
            image = Image.open(io.BytesIO(data), formats=("JPEG",))
            image.draft(None, self.image.size)
            image.load()
        except Exception:
            return False
        self.image = image
        self.note = _no_end_mark()
        return True


def _no_end_mark() -> str:
    return tr("The end mark of this file is missing; the photo itself is complete.")


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
        if is_raw(source):  # a TIFF file outside, whose first picture is often a thumbnail
            raise raw_error(source, subject)
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
    return open_regular(path)


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
        raise PhotoError(subject, not_read(other))
    if length > formats.FORMATS[kind].file_limit:
        raise PhotoError(subject, tr("The file is too large for a photo."))
    formats.register(kind)
    rows = row_source(stream, kind, length, subject)
    if rows is not None:
        _check_size((rows.width, rows.height), subject, formats.FORMATS[kind].pixel_limit)
        size = (rows.width, rows.height)
        return OpenedPhoto(Image.new("RGB", (1, 1)), kind, subject, size, rows.orientation, stream, length, rows)
    try:
        stream.seek(0)
        image = Image.open(stream, formats=(kind,))
    except Exception as error:
        raise PhotoError(subject, _reason(_plain_error(error, stream, kind), stream, kind, length)) from error
    _check_pixels(image, stream, subject, formats.FORMATS[kind].pixel_limit)
    # Pillow turns TIFF itself. Asking a PNG for an EXIF block it has not met yet would decode it here and now.
    later = kind == "TIFF" or (kind == "PNG" and "exif" not in image.info)
    orientation = 1 if later else _orientation(image)
    return OpenedPhoto(image, kind, subject, image.size, orientation, stream, length)


def _plain_error(error: Exception, stream: IO[bytes], kind: str) -> Exception:
    """Return what the format's own reader said; `Image.open` keeps it for itself."""
    if not isinstance(error, UnidentifiedImageError):
        return error
    try:
        stream.seek(0)
        Image.OPEN[kind][0](stream, "").close()
    except Exception as own:
        return own
    return error


def _check_size(size: tuple[int, int], subject: str, most: int) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise PhotoError(subject, tr("The file is damaged."))
    if width * height > most:
        raise PhotoError(subject, _too_many_pixels(most))


def _check_pixels(image: Image.Image, stream: IO[bytes], subject: str, most: int) -> None:
    _check_size(image.size, subject, most)
    pixels = image.size[0] * image.size[1]
    if image.info.get("progressive") and pixels * _count_scans(stream) > SCAN_LIMIT:
        raise PhotoError(subject, tr("The file is built to keep the computer busy."))


def _too_many_pixels(most: int) -> str:
    limit = str(most // 1_000_000)
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


def _reason(error: Exception, stream: IO[bytes], kind: str, length: int, image: Image.Image | None = None) -> str:
    """Say in plain words why Pillow gave up."""
    text = str(error).lower()
    if isinstance(error, Image.DecompressionBombError):
        return _too_many_pixels(PIXEL_LIMIT)
    if isinstance(error, MemoryError):
        return tr("There is not enough memory to open it.")
    if isinstance(error, EOFError) or any(mark in text for mark in ("truncated", "end of file", "unexpected end")):
        return tr("The file is cut short.")
    if _ends_early(stream, kind, length, image):
        return tr("The file is cut short.")
    if any(mark in text for mark in _NOT_READ):
        return not_read(formats.FORMATS[kind].title)
    return tr("The file is damaged.")


def _ends_early(stream: IO[bytes], kind: str, length: int, image: Image.Image | None = None) -> bool:
    """Tell whether a file that could not be read simply stops too soon.

    Args:
        stream: the file; its position is lost.
        kind: key of `imaging_formats.FORMATS`.
        length: the file's, in bytes.
        image: what Pillow made of the header, if it got that far.
    """
    try:
        if kind == "WEBP":
            stream.seek(4)
            return int.from_bytes(stream.read(4), "little") + 8 > length
        if kind in {"AVIF", "HEIF"}:
            return _box_ends_early(stream, length)
        if kind == "TIFF":
            return _strip_ends_early(stream, length, image)
        stream.seek(max(0, length - 64))
        return kind in _LAST_BYTES and _LAST_BYTES[kind] not in stream.read(64)
    except (OSError, ValueError, TypeError):
        return False


def _box_ends_early(stream: IO[bytes], length: int) -> bool:
    """Walk the outermost boxes of an ISO media file."""
    position = 0
    for _ in range(_MOST_BOXES):
        if position >= length:
            break
        stream.seek(position)
        size = int.from_bytes(stream.read(4), "big")
        if size == 1:
            stream.seek(position + 8)
            size = int.from_bytes(stream.read(8), "big")
        if size < 8:  # 0 is "up to the end"
            return False
        position += size
    return position > length


def _strip_ends_early(stream: IO[bytes], length: int, image: Image.Image | None) -> bool:
    """Tell whether a TIFF's first directory, or the pixels that it points to, lie beyond the end."""
    stream.seek(0)
    head = stream.read(8)
    order: Literal["little", "big"] = "little" if head[:1] == b"I" else "big"
    directory = int.from_bytes(head[4:8], order)
    stream.seek(directory)
    entries = int.from_bytes(stream.read(2), order)
    if head[2:4] in {b"*\0", b"\0*"} and directory + 2 + 12 * entries > length:
        return True
    tags = getattr(image, "tag_v2", {})
    strips = zip(tags.get(273) or tags.get(324) or (), tags.get(279) or tags.get(325) or (), strict=False)
    return any(offset + count > length for offset, count in strips)
