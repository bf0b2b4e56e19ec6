"""How photos come in behind the window: folders in chunks, pixels, data URLs, addresses, and errands that stop."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from mobilenet_gui.core import imaging
from mobilenet_gui.core.errors import Cancelled, PhotoError, UserError
from mobilenet_gui.workers import photo_intake
from mobilenet_gui.workers.photo_intake import (
    CHUNK,
    address_name,
    address_site,
    decode_data_url,
    encode_pixels,
    fetch_photo,
    list_photos,
)
from mobilenet_gui.workers.photo_tasks import Errand, TaskRunner
from tests.loopback import Behaviour, LoopbackServer


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer({"/owl.png": picture(), "/page.html": b"<html>"}) as running:
        yield running


def quiet() -> Errand:
    return Errand(lambda _value: None)


def test_folders_come_in_chunks(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    for number in range(CHUNK + 5):
        (tmp_path / f"{number}.jpg").touch()
    (tmp_path / "inner" / "x.png").touch()
    (tmp_path / "notes.txt").touch()
    chunks: list[object] = []
    listing = list_photos(Errand(chunks.append), [tmp_path, tmp_path / "single.bin"], recursive=True)
    flat = [path for chunk in chunks if isinstance(chunk, list) for path in chunk]
    assert listing.photos == len(flat) == CHUNK + 7
    assert all(len(chunk) <= CHUNK for chunk in chunks if isinstance(chunk, list))
    assert flat[:3] == [tmp_path / "0.jpg", tmp_path / "1.jpg", tmp_path / "2.jpg"]
    assert len(chunks) >= 2
    stopped = quiet()
    stopped.cancelled.set()
    with pytest.raises(Cancelled):
        list_photos(stopped, [tmp_path], recursive=True)


@pytest.mark.parametrize("alpha", [True, False])
def test_pixels_become_a_photo(qapp: object, alpha: bool) -> None:
    kind = QImage.Format.Format_ARGB32_Premultiplied if alpha else QImage.Format.Format_RGB32
    pixels = QImage(31, 7, kind)
    pixels.fill(QColor(10, 200, 30))
    photo = imaging.decode(encode_pixels(quiet(), pixels))
    assert photo.full_size == (31, 7)
    assert photo.image.getpixel((30, 6)) == (10, 200, 30)
    with pytest.raises(PhotoError):
        encode_pixels(quiet(), QImage())


def test_data_urls() -> None:
    body = base64.b64encode(picture()).decode()
    assert decode_data_url(quiet(), f"data:image/png;base64,{body}") == picture()
    for url in ("data:image/png;base64", "data:image/png;base64,!", "data:text/plain,hello", "data:,"):
        with pytest.raises(PhotoError):
            decode_data_url(quiet(), url)


def test_addresses_are_named() -> None:
    assert address_name("https://example.org/a/great%20owl.jpg?x=1#y") == "great owl.jpg"
    assert address_name("https://example.org/") == "example.org"
    assert address_site("https://user:secret@example.org:8080/a") == "example.org"


def test_a_photo_is_fetched(server: LoopbackServer) -> None:
    assert fetch_photo(quiet(), server.url + "/owl.png") == picture()


@pytest.mark.parametrize(
    ("path", "behaviour"),
    [
        ("/missing.png", None),
        ("/page.html", None),
        ("/owl.png", Behaviour(status=500)),
        ("/owl.png", Behaviour(drop_after=10)),
        ("/owl.png", Behaviour(redirect="file:///etc/passwd")),
    ],
)
def test_what_is_no_photo_is_refused_by_name(server: LoopbackServer, path: str, behaviour: Behaviour | None) -> None:
    if behaviour is not None:
        server.behave(path, behaviour)
    with pytest.raises(PhotoError) as caught:
        fetch_photo(quiet(), server.url + path)
    assert caught.value.subject == server.url + path
    assert caught.value.reason


def test_only_the_web_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture())
    with pytest.raises(PhotoError):
        fetch_photo(quiet(), (tmp_path / "a.png").as_uri())


def test_fetching_is_bounded(server: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_intake, "FETCH_LIMIT", 20)
    with pytest.raises(PhotoError):
        fetch_photo(quiet(), server.url + "/owl.png")


def test_errands_report_end_and_stop(qtbot: QtBot) -> None:
    runner = TaskRunner()
    told: list[object] = []

    def count(errand: Errand) -> str:
        errand.report(1)
        errand.report(2)
        return "done"

    def fail(_errand: Errand) -> None:
        raise PhotoError("a.jpg", "broken")

    runner.run(count, done=told.append, failed=told.append, progress=told.append)
    qtbot.waitUntil(lambda: told == [1, 2, "done"])
    runner.run(fail, done=told.append, failed=told.append)
    qtbot.waitUntil(lambda: len(told) == 4)
    assert isinstance(told[3], UserError)
    begun = threading.Event()

    def endless(errand: Errand) -> None:
        begun.set()
        errand.cancelled.wait(20)

    runner.run(endless, done=told.append, failed=told.append)
    assert begun.wait(20)
    assert runner.busy
    runner.stop()
    assert runner.wait(20)
    assert len(told) == 4
