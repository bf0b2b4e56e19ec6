"""Addresses that other programs drag, paste and open become files; what is no photo is counted on Photos, too."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from PySide6.QtCore import QByteArray, QCoreApplication, QMimeData, QObject, QUrl
from PySide6.QtGui import QFileOpenEvent
from pytestqt.qtbot import QtBot

from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.addresses import local_files, opened_files
from mobilenet_gui.ui.given_files import OpenedFiles
from mobilenet_gui.ui.live.files import video_files
from mobilenet_gui.ui.photos.drop import photo_count, read_mime
from mobilenet_gui.ui.photos.page import PhotosPage
from mobilenet_gui.workers.inference import InferenceWorker
from tests.photo_samples import shapes

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
posix = pytest.mark.skipif(sys.platform == "win32", reason="paths of another form")
HOSTS = ["", "localhost", socket.gethostname()]


def dragged(*addresses: str) -> QMimeData:
    mime = QMimeData()
    mime.setData("text/uri-list", QByteArray("".join(f"{one}\r\n" for one in addresses).encode()))
    return mime


@posix
@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_this_computer(host: str) -> None:
    mime = dragged(f"file://{host}/tmp/a%20b.jpg", f"file://{host}/tmp/clip.mp4")
    assert local_files(mime).paths == [Path("/tmp/a b.jpg"), Path("/tmp/clip.mp4")]
    assert video_files(mime) == [Path("/tmp/clip.mp4")]
    dropped = read_mime(mime)
    assert dropped is not None
    assert len(dropped.paths) == 2


@posix
def test_bytes_of_a_name_stay() -> None:
    (path,) = local_files(dragged("file:///tmp/caf%E9%FF.jpg")).paths
    assert os.fsencode(path) == b"/tmp/caf\xe9\xff.jpg"
    assert photo_count(dragged("file:///tmp/caf%E9.jpg")) == 1


@posix
def test_another_computer_is_refused_in_words(tmp_path: Path) -> None:
    dropped = read_mime(dragged("file://elsewhere.example/x.jpg", tmp_path.as_uri()))
    assert dropped is not None
    assert dropped.paths == [tmp_path]
    assert "another computer" in dropped.refused[0].reason
    given = opened_files(["file://elsewhere.example/x.jpg", "y.jpg"])
    assert given.paths == [Path("y.jpg")]
    assert isinstance(given.refused[0], PhotoError)


@posix
def test_pasted_text(tmp_path: Path) -> None:
    place = tmp_path / "a b\udce9.jpg"
    place.touch()
    mime = QMimeData()
    mime.setText(f"file://localhost{quote(os.fsencode(place))}\n{tmp_path}")
    dropped = read_mime(mime)
    assert dropped is not None
    assert dropped.paths == [place, tmp_path]


@posix
@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("host", HOSTS)
def test_files_that_come_as_events(host: str) -> None:
    heard: list[list[str]] = []
    opened, target = OpenedFiles(), QObject()
    opened.files_opened.connect(heard.append)
    target.installEventFilter(opened)
    QCoreApplication.sendEvent(target, QFileOpenEvent(QUrl(f"file://{host}/tmp/a%20b.jpg")))
    assert heard == [["/tmp/a b.jpg"]]


# -- on Photos


@pytest.fixture
def page(qtbot: QtBot, tmp_path: Path) -> Iterator[PhotosPage]:
    made = PhotosPage(SettingsStore(tmp_path / "settings.json"), InferenceWorker())
    qtbot.addWidget(made)
    made.show()
    yield made
    made.shut_down()


def mixed(folder: Path) -> Path:
    folder.mkdir()
    shapes(60, 40, seed=1).save(folder / "one.png")
    for name in ("a.cr2", "b.pdf", "c.pdf", "Thumbs.db"):
        (folder / name).write_bytes(b"%PDF-1.4")
    (folder / "@eaDir").mkdir()
    shapes(60, 40, seed=2).save(folder / "@eaDir" / "thumb.jpg")
    return folder


def test_a_folder_says_what_else_is_in_it(qtbot: QtBot, page: PhotosPage, tmp_path: Path) -> None:
    page.handle_mime(dragged(mixed(tmp_path / "mixed").as_uri()))
    qtbot.waitUntil(lambda: "others" in page.notices.shown())
    assert page.notices.text_of("others").startswith("3 files are not photos: PDF, CR2.")
    assert len(page.controller.session) == 1, "what Synology puts there is nobody's photo"


@pytest.mark.parametrize(("name", "kind"), [("b.pdf", "PDF"), ("a.cr2", "CR2")])
def test_one_file_that_is_no_photo_is_no_photo(
    qtbot: QtBot, page: PhotosPage, tmp_path: Path, name: str, kind: str
) -> None:
    page.handle_mime(dragged((mixed(tmp_path / "mixed") / name).as_uri()))
    qtbot.waitUntil(lambda: "others" in page.notices.shown())
    assert page.notices.text_of("others").startswith(f"1 file is not a photo: {kind}.")
    assert len(page.controller.session) == 0


@posix
def test_a_file_of_another_computer_is_refused(qtbot: QtBot, page: PhotosPage, tmp_path: Path) -> None:
    page.handle_mime(dragged("file://elsewhere.example/x.jpg", (mixed(tmp_path / "mixed") / "one.png").as_uri()))
    qtbot.waitUntil(lambda: len(page.controller.session) == 1)
    assert "another computer" in page.notices.text_of("refused")
