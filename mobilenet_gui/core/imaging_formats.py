"""Owns which kinds of photo file are read, how each is told by its first bytes, and which Pillow plugin reads it.

Only these plugins are ever tried: Pillow knows dozens more, several of which a hostile file can keep busy for minutes.
"""

from __future__ import annotations

import importlib
import threading
from dataclasses import dataclass
from typing import Final

from mobilenet_gui.i18n import tr

SNIFF_BYTES: Final = 32
"""How many leading bytes `sniff` looks at."""

_MIB: Final = 1024 * 1024

PIXEL_LIMIT: Final = 250_000_000
"""Photos of more pixels are refused before anything is decoded; the largest phone sensors have 200 million."""


@dataclass(frozen=True, slots=True)
class PhotoFormat:
    """One kind of photo file.

    Attributes:
        name: Pillow's name of the format.
        title: the name people use.
        module: the module that registers the plugin.
        suffixes: file name endings, lower case.
        file_limit: largest file that is read, in bytes. Lower for the formats whose decoder takes the file whole.
        pixel_limit: most pixels that are decoded. Lower for the formats whose decoder holds several copies, so that
            no photo takes much more than 2 GB: measured, WebP takes 16 bytes a pixel, AVIF 9, the others 4.
    """

    name: str
    title: str
    module: str
    suffixes: tuple[str, ...]
    file_limit: int
    pixel_limit: int = PIXEL_LIMIT


FORMATS: Final[dict[str, PhotoFormat]] = {
    each.name: each
    for each in (
        PhotoFormat(
            "JPEG", "JPEG", "PIL.JpegImagePlugin", (".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo"), 1024 * _MIB
        ),
        PhotoFormat("PNG", "PNG", "PIL.PngImagePlugin", (".png", ".apng"), 1024 * _MIB),
        PhotoFormat("WEBP", "WebP", "PIL.WebPImagePlugin", (".webp",), 256 * _MIB, 110_000_000),
        PhotoFormat("AVIF", "AVIF", "PIL.AvifImagePlugin", (".avif", ".avifs"), 256 * _MIB, 200_000_000),
        PhotoFormat("HEIF", "HEIC", "pi_heif", (".heic", ".heif", ".heics", ".heifs", ".hif"), 256 * _MIB, 200_000_000),
        PhotoFormat("TIFF", "TIFF", "PIL.TiffImagePlugin", (".tif", ".tiff"), 2048 * _MIB),
        PhotoFormat("BMP", "BMP", "PIL.BmpImagePlugin", (".bmp", ".dib"), 1024 * _MIB),
        PhotoFormat("GIF", "GIF", "PIL.GifImagePlugin", (".gif",), 1024 * _MIB),
    )
}

SUPPORTED_SUFFIXES: Final[frozenset[str]] = frozenset(s for each in FORMATS.values() for s in each.suffixes)
"""File name endings of photos, lower case with the dot."""

_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)

_OTHER_KINDS: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"8BPS", "Photoshop"),
    (0, b"\xff\xd8\xff\xf7", "JPEG-LS"),
    (0, b"II\xbc", "JPEG XR"),
    (0, b"DDS ", "DDS"),
    (0, b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (0, b"%PDF", "PDF"),
    (0, b"\x00\x00\x01\x00", "icon"),
    (0, b"PK\x03\x04", "zip"),
    (4, b"ftyp", "video"),
    (0, b"\x1aE\xdf\xa3", "video"),
    (0, b"<svg", "SVG"),
)


_MARKS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)


def sniff(head: bytes) -> str | None:
    """Tell the kind of photo by its first bytes.

    Args:
        head: the start of the file; 32 bytes are enough, and the whole file is as good.

    Returns:
        A key of `FORMATS`, or None when it is none of them.
    """
    for mark, name in _MARKS:
        if head.startswith(mark) and other_kind(head) is None:
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _sniff_brands(head)
    # Two letters are too few to tell by: the size of the header that follows must be one that exists, too.
    return "BMP" if head[:2] == b"BM" and head[14:18] in _BMP_HEADERS else None


def _sniff_brands(head: bytes) -> str | None:
    major = head[8:12]
    # A file may call itself plain `mif1` and name its codec among the compatible brands only.
    brands = {head[i : i + 4] for i in range(16, min(len(head), SNIFF_BYTES) - 3, 4)}
    if major in _AVIF_BRANDS or (major in {b"mif1", b"msf1"} and brands & _AVIF_BRANDS):
        return "AVIF"
    return "HEIF" if major in _HEIF_BRANDS else None


_BMP_HEADERS: Final = frozenset(size.to_bytes(4, "little") for size in (12, 16, 40, 52, 56, 64, 108, 124))


def other_kind(head: bytes) -> str | None:
    """Name a well-known kind of file that is not read here, or None when the bytes say nothing."""
    for offset, mark, title in _OTHER_KINDS:
        if head[offset : offset + len(mark)] == mark:
            return title
    return None


def not_read(kind: str) -> str:
    """Say that a kind of file is sound, but not one that is read here."""
    return tr("Files of this kind ({kind}) are not supported.").replace("{kind}", kind)


_registered: set[str] = set()
_registering = threading.Lock()


def register(name: str) -> None:
    """Load the plugin of the format called `name`, once; any thread may ask.

    Nothing is loaded before it is needed, so that a start with a JPEG pays for JPEG alone.
    """
    if name in _registered:
        return
    with _registering:
        if name in _registered:
            return
        module = importlib.import_module(FORMATS[name].module)
        if name == "HEIF":
            # Only the photo itself is wanted; fewer parts read are fewer parts that can be broken.
            module.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
        elif name == "TIFF":
            _silence_libtiff()
        _registered.add(name)


def _silence_libtiff() -> None:
    """Stop libtiff from printing on stderr; Pillow still raises for what it cannot read.

    libtiff is found through Pillow's own extension module, which works wherever the loader resolves a symbol through
    a library's dependencies (Linux, macOS). Elsewhere it stays as it is.
    """
    import ctypes

    from PIL import _imaging

    try:
        library = ctypes.CDLL(_imaging.__file__)
        for setter in ("TIFFSetWarningHandler", "TIFFSetErrorHandler"):
            function = getattr(library, setter)
            function.argtypes, function.restype = [ctypes.c_void_p], ctypes.c_void_p
            function(None)
    except (OSError, AttributeError):
        return
