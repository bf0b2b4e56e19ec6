"""Owns what a drop or a paste means: which of the many forms that programs offer is taken, in which order.

The order was found with Chromium and Firefox: files first, then pixels and raw bytes, then the picture that a piece
of HTML shows, and an address last, because for a linked picture it is where the link leads. Reading asks the other
program for its data; nothing is decoded and nothing fetched here.
"""

from __future__ import annotations

import codecs
import html.parser
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage

from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.file_address import path_of
from mobilenet_gui.core.imaging_formats import SUPPORTED_SUFFIXES, sniff
from mobilenet_gui.ui.addresses import is_file, local_files
from mobilenet_gui.workers.photo_intake import address_name

OCTET_STREAM = "application/octet-stream"
TEXT_LIMIT = 4 * 1024 * 1024
"""Plain text longer than this is not looked at for an address."""


@dataclass(slots=True)
class Dropped:
    """What came; one of the fields is filled, or both of the first two.

    Attributes:
        paths: local files and folders.
        refused: addresses of files that are not here, each with the reason.
        data: the bytes of a photo file.
        pixels: a picture without a file.
        data_url: a `data:` address.
        address: an http or https address.
        name: what to call a photo that is not a local file; may be empty.
    """

    paths: list[Path] = field(default_factory=list)
    refused: list[PhotoError] = field(default_factory=list)
    data: bytes = b""
    pixels: QImage | None = None
    data_url: str = ""
    address: str = ""
    name: str = ""


def can_take(mime: QMimeData) -> bool:
    """Say whether a drag is worth accepting, without asking the other program for its data."""
    return mime.hasUrls() or mime.hasImage() or mime.hasHtml() or any(_is_image(f) for f in mime.formats())


def photo_count(mime: QMimeData) -> int | None:
    """Return how many photos a drag holds; None where that cannot be told without opening folders."""
    urls = mime.urls()
    if not urls:
        return 1
    for url in urls:
        if is_file(url) and Path(url.path()).suffix.lower() not in SUPPORTED_SUFFIXES:
            return None
    return len(urls)


def read_mime(mime: QMimeData) -> Dropped | None:
    """Return what a drop or paste holds for us; None for nothing."""
    files = local_files(mime)
    if files.paths or files.refused:
        return Dropped(paths=files.paths, refused=files.refused)
    source = _shown_picture(mime) if mime.hasHtml() else ""
    name = address_name(source) if source.startswith("http") else ""
    return _read_picture(mime, name) or _read_address(mime, source, name)


def _read_picture(mime: QMimeData, name: str) -> Dropped | None:
    """Return the picture itself, where the other program hands it over: its file's bytes, or else its pixels."""
    for kind in mime.formats():
        if _is_image(kind):
            data = bytes(mime.data(kind).data())
            if sniff(data) is not None:
                return Dropped(data=data, name=name)
    pixels = mime.imageData() if mime.hasImage() else None
    return Dropped(pixels=pixels, name=name) if isinstance(pixels, QImage) and not pixels.isNull() else None


def _read_address(mime: QMimeData, source: str, name: str) -> Dropped | None:
    """Return where the picture is: what the HTML shows before what it links to."""
    if source:
        return Dropped(data_url=source) if source.startswith("data:") else Dropped(address=source, name=name)
    for url in mime.urls():
        if url.scheme().lower() in {"http", "https"}:
            address = url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
            return Dropped(address=address, name=address_name(address))
    return _from_text(mime.text()) if mime.hasText() else None


def _is_image(kind: str) -> bool:
    return kind == OCTET_STREAM or (kind.startswith("image/") and kind != "image/svg+xml")


def _from_text(text: str) -> Dropped | None:
    """Return what plain text stands for: an address, or files that exist, one a line."""
    text = text.strip()
    if not text or len(text) > TEXT_LIMIT:
        return None
    if text.startswith("data:image/"):
        return Dropped(data_url=text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and _is_address(text):
        return Dropped(address=text, name=address_name(text))
    paths: list[Path] = []
    refused: list[PhotoError] = []
    for line in lines:
        place = line.strip('"')
        try:
            path = path_of(place)
        except PhotoError as error:
            refused.append(error)
            continue
        if not place or not path.is_absolute() or not _exists(path):
            return None
        paths.append(path)
    return Dropped(paths=paths, refused=refused)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _is_address(text: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(c.isspace() for c in text)


class _FirstPicture(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.source = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img" and not self.source:
            self.source = (dict(attrs).get("src") or "").strip()


def _shown_picture(mime: QMimeData) -> str:
    """Return the address of the first picture in dragged HTML; empty where there is none we could use."""
    parser = _FirstPicture()
    parser.feed(_html_text(bytes(mime.data("text/html").data())) or mime.html())
    source = parser.source
    if source.startswith("//"):
        source = "https:" + source
    return source if source.startswith("data:") or _is_address(source) else ""


def _html_text(raw: bytes) -> str:
    """Decode HTML as browsers drag it: UTF-8 or UTF-16, with a byte-order mark or without."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = raw.decode("utf-16", errors="replace")
    elif raw[1:2] == b"\0":
        text = raw.decode("utf-16-le", errors="replace")
    else:
        text = raw.decode("utf-8-sig", errors="replace")
    return text.replace("\ufeff", "").replace("\0", "")
