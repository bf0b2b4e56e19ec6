"""Owns how photos come in: folders are listed, pixels and data URLs made into files' bytes, addresses fetched.

Every function here is an errand for `photo_tasks`. Nothing is fetched that the user has not asked for by a word.
"""

from __future__ import annotations

import base64
import binascii
import io
import time
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from PySide6.QtGui import QImage

from mobilenet_gui.core.errors import Cancelled, PhotoError
from mobilenet_gui.core.file_kinds import LeftOut
from mobilenet_gui.core.imaging_formats import sniff
from mobilenet_gui.i18n import tr
from mobilenet_gui.workers.photo_tasks import Errand

CHUNK: Final = 200
"""Photos handed to the window at once: few enough to take in without a hold."""
CHUNK_SECONDS: Final = 0.1
FETCH_LIMIT: Final = 100 * 1024 * 1024
FETCH_SECONDS: Final = 120.0
_CONNECT_SECONDS: Final = 10.0
_READ_SECONDS: Final = 15.0
_PNG_LEVEL: Final = 1


@dataclass(slots=True)
class Listing:
    """What looking through files and folders came to.

    Attributes:
        photos: how many were found; they have been reported in chunks of paths.
        problems: folders that could not be read or hold no photo.
        left_out: the files that are no photos; they become no rows.
    """

    photos: int = 0
    problems: list[PhotoError] = field(default_factory=list)
    left_out: LeftOut = field(default_factory=LeftOut)


def list_photos(errand: Errand, paths: Sequence[Path], recursive: bool) -> Listing:
    """Report the photos that `paths` stand for, in chunks (lists of paths), as they are found."""
    listing = Listing()
    chunk: list[Path] = []
    sent = time.monotonic()
    from mobilenet_gui.core.photo_files import is_other_kind, scan

    others = {path for path in paths if is_other_kind(path)}
    listing.left_out.extend(others)
    wanted = [path for path in paths if path not in others]
    for found in scan(wanted, recursive, errand.cancelled, left_out=listing.left_out):
        if not isinstance(found, Path):
            listing.problems.append(found)
            continue
        chunk.append(found)
        listing.photos += 1
        if len(chunk) >= CHUNK or time.monotonic() - sent > CHUNK_SECONDS:
            errand.report(chunk)
            chunk, sent = [], time.monotonic()
    if errand.cancelled.is_set():
        raise Cancelled
    if chunk:
        errand.report(chunk)
    return listing


def encode_pixels(_errand: Errand, pixels: QImage) -> bytes:
    """Return copied pixels as the bytes of a PNG file, so that they are kept small and read like any photo.

    Raises:
        PhotoError: there are no pixels.
    """
    plain = pixels.convertToFormat(QImage.Format.Format_RGBA8888)
    if plain.isNull():
        raise PhotoError(tr("Pasted photo"), tr("there are no pixels in it"))
    size = (plain.width(), plain.height())
    from PIL import Image

    image = Image.frombuffer("RGBA", size, bytes(plain.constBits()), "raw", "RGBA", plain.bytesPerLine(), 1)
    if not pixels.hasAlphaChannel():
        image = image.convert("RGB")
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=_PNG_LEVEL)
    return out.getvalue()


def decode_data_url(_errand: Errand, url: str) -> bytes:
    """Return the bytes that a `data:` URL carries.

    Raises:
        PhotoError: it is damaged or does not carry a photo.
    """
    subject = tr("Dropped photo")
    head, comma, body = url.partition(",")
    if not comma:
        raise PhotoError(subject, tr("the address carries no data"))
    try:
        if head.lower().endswith(";base64"):
            data = base64.b64decode(urllib.parse.unquote_to_bytes(body))
        else:
            data = urllib.parse.unquote_to_bytes(body)
    except (binascii.Error, ValueError) as error:
        raise PhotoError(subject, tr("the data in the address is damaged")) from error
    if sniff(data) is None:
        raise PhotoError(subject, tr("the data in the address is not a photo"))
    return data


def address_name(url: str) -> str:
    """Return what a photo from an address is called: the last part of the path, or the site."""
    parts = urllib.parse.urlsplit(url)
    last = urllib.parse.unquote(parts.path.rsplit("/", 1)[-1]).strip()
    return last[:120] or parts.netloc


def address_site(url: str) -> str:
    """Return the site that an address belongs to, without name, password or port."""
    return urllib.parse.urlsplit(url).hostname or url


def fetch_photo(errand: Errand, url: str, proxy: str = "") -> bytes:
    """Return the photo at an http or https address.

    Args:
        errand: reports the bytes received so far.
        url: the address.
        proxy: proxy URL; empty for the system's.

    Raises:
        PhotoError: it cannot be fetched, is too large, too slow, or not a photo.
    """
    import requests

    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        raise PhotoError(url, tr("only http and https addresses can be fetched"))
    deadline = time.monotonic() + FETCH_SECONDS
    data = bytearray()
    try:
        with requests.Session() as session:
            session.max_redirects = 10
            if proxy:
                session.proxies = {"http": proxy, "https": proxy}
            headers = {"Accept": "image/*"}
            timeouts = (_CONNECT_SECONDS, _READ_SECONDS)
            with session.get(url, stream=True, timeout=timeouts, headers=headers) as response:
                if not response.ok:
                    raise PhotoError(url, tr("the server answered {code}").format(code=response.status_code))
                for block in response.iter_content(1 << 16):
                    data += block
                    if len(data) > FETCH_LIMIT:
                        raise PhotoError(url, tr("it is larger than 100 MB"))
                    if time.monotonic() > deadline:
                        raise PhotoError(url, tr("the server is too slow"))
                    errand.report(len(data))
    except requests.Timeout as error:
        raise PhotoError(url, tr("the server does not answer")) from error
    except requests.RequestException as error:
        raise PhotoError(url, tr("the server cannot be reached")) from error
    content = bytes(data)
    if sniff(content) is None:
        raise PhotoError(url, tr("there is no photo at this address"))
    return content
