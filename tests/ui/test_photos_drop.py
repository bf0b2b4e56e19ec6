"""What a drop or paste means, in the order that real browsers need."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage

from mobilenet_gui.ui.photos.drop import can_take, photo_count, read_mime


def picture(kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(out, kind)
    return out.getvalue()


def urls(*texts: str) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl(text) for text in texts])
    return mime


def test_files_come_before_everything(tmp_path: Path) -> None:
    mime = urls(QUrl.fromLocalFile(str(tmp_path / "a ü.jpg")).toString(), "https://example.org/b.jpg")
    mime.setData("image/png", picture())
    dropped = read_mime(mime)
    assert dropped is not None
    assert dropped.paths == [tmp_path / "a ü.jpg"]


def test_firefox_gives_pixels_beside_the_link() -> None:
    mime = urls("https://example.org/gallery.html")
    mime.setHtml('<a href="https://example.org/gallery.html"><img src="https://example.org/owl%20one.png?x=1"></a>')
    mime.setData("image/png", picture())
    dropped = read_mime(mime)
    assert dropped is not None
    assert dropped.data == picture()
    assert dropped.name == "owl one.png"


def test_chromium_gives_the_file_as_octets() -> None:
    mime = urls("https://example.org/gallery.html")
    mime.setData("application/octet-stream", picture("JPEG"))
    dropped = read_mime(mime)
    assert dropped is not None
    assert dropped.data == picture("JPEG")


def test_octets_that_are_no_photo_are_passed_over() -> None:
    mime = urls("https://example.org/owl.jpg")
    mime.setData("application/octet-stream", b"just something")
    dropped = read_mime(mime)
    assert dropped is not None
    assert dropped.address == "https://example.org/owl.jpg"
    assert dropped.name == "owl.jpg"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_the_shown_picture_comes_before_the_link(encoding: str) -> None:
    mime = urls("https://example.org/page.html")
    html = (
        '<meta charset="x"><p>text</p><IMG alt="1" SRC="https://cdn.example.org/owl.webp"><img src="https://no.org/2">'
    )
    mime.setData("text/html", html.encode(encoding))
    dropped = read_mime(mime)
    assert dropped is not None
    assert dropped.address == "https://cdn.example.org/owl.webp"


def test_data_urls_and_addresses_without_scheme() -> None:
    mime = QMimeData()
    url = "data:image/png;base64," + base64.b64encode(picture()).decode()
    mime.setData("text/html", f'<img src="{url}">'.encode())
    dropped = read_mime(mime)
    assert dropped is not None
    assert dropped.data_url == url
    mime = QMimeData()
    mime.setData("text/html", b'<img src="//example.org/a.png">')
    dropped = read_mime(mime)
    assert dropped is not None
    assert dropped.address == "https://example.org/a.png"


def test_relative_and_hostile_sources_are_not_taken() -> None:
    for source in ("/a.png", "file:///etc/passwd", "javascript:alert(1)", "ftp://example.org/a.png", "https://"):
        mime = QMimeData()
        mime.setData("text/html", f'<img src="{source}">'.encode())
        dropped = read_mime(mime)
        assert dropped is None or not (dropped.address or dropped.data_url or dropped.paths), source


def test_plain_pixels() -> None:
    mime = QMimeData()
    mime.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
    dropped = read_mime(mime)
    assert dropped is not None
    assert dropped.pixels is not None or dropped.data


def test_pasted_text_is_an_address_files_or_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")

    def pasted(text: str) -> object:
        mime = QMimeData()
        mime.setText(text)
        dropped = read_mime(mime)
        return None if dropped is None else dropped.address or dropped.paths

    assert pasted(" https://example.org/a.jpg \n") == "https://example.org/a.jpg"
    assert pasted(str(tmp_path / "a.jpg")) == [tmp_path / "a.jpg"]
    assert pasted(f'"{tmp_path / "a.jpg"}"') == [tmp_path / "a.jpg"]
    assert pasted((tmp_path / "a.jpg").as_uri()) == [tmp_path / "a.jpg"]
    for text in ("", "a.jpg", "some words", "http://", "https://a b.org/", str(tmp_path / "missing.jpg"), "x\0y"):
        assert pasted(text) is None, text


def test_counting_does_not_open_folders() -> None:
    assert photo_count(urls("file:///a.jpg", "file:///b.HEIC")) == 2
    assert photo_count(urls("file:///a.jpg", "file:///folder")) is None
    assert photo_count(QMimeData()) == 1
    assert can_take(urls("file:///a.jpg"))
    assert not can_take(QMimeData())
