"""Addresses of files become paths, in every form that programs write them."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.file_address import is_file_address, path_of, path_of_address
from mobilenet_gui.core.file_kinds import LeftOut, is_system_folder, kind_of
from mobilenet_gui.core.frames import SourceError, SourceKind, SourceSpec

posix = pytest.mark.skipif(sys.platform == "win32", reason="paths of another form")


@posix
@pytest.mark.parametrize(
    "host", ["", "localhost", "LOCALHOST", "127.0.0.1", socket.gethostname(), socket.gethostname().upper() + ".local"]
)
def test_a_host_that_is_this_computer(host: str) -> None:
    assert path_of(f"file://{host}/tmp/a%20b.jpg") == Path("/tmp/a b.jpg")


@posix
@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:///tmp/a b.jpg", "/tmp/a b.jpg"),
        ("FILE:///tmp/%C3%A9.jpg", "/tmp/é.jpg"),
        ("file:/tmp/x.jpg", "/tmp/x.jpg"),
        ("file:///tmp/100%25.jpg", "/tmp/100%.jpg"),
        ("file:///tmp/100%.jpg", "/tmp/100%.jpg"),
        ("file:///tmp/x.jpg?size=1#top", "/tmp/x.jpg"),
        ("file:///tmp/a%23b.jpg", "/tmp/a#b.jpg"),
    ],
)
def test_how_programs_write_them(address: str, path: str) -> None:
    assert path_of(address) == Path(path)


@posix
def test_a_name_that_is_not_utf8_stays_what_it_is() -> None:
    path = path_of("file:///tmp/caf%E9%FF.jpg")
    assert os.fsencode(path) == b"/tmp/caf\xe9\xff.jpg"


@posix
def test_a_mark_that_was_not_encoded_is_part_of_a_name_that_exists(tmp_path: Path) -> None:
    photo = tmp_path / "photo #1?.jpg"
    photo.touch()
    assert path_of(f"file://{tmp_path}/photo #1?.jpg") == photo
    assert path_of("file://" + quote(str(photo))) == photo


@posix
@pytest.mark.parametrize("address", ["file://server/share/x.jpg", "file://10.0.0.7/x.jpg"])
def test_another_computer_is_refused_in_words(address: str) -> None:
    with pytest.raises(PhotoError, match="another computer"):
        path_of(address)
    with pytest.raises(SourceError, match="another computer"):
        SourceSpec.parse(address)


@pytest.mark.parametrize("address", ["file:///a%00b.jpg", "https://example.org/x.jpg", "x.jpg"])
def test_what_is_no_address_of_a_file(address: str) -> None:
    with pytest.raises(PhotoError):
        path_of_address(address)


@pytest.mark.parametrize("text", ["photo.jpg", "/tmp/photo.jpg", "C:\\photo.jpg", "file.jpg", "file:x.jpg", "%41.jpg"])
def test_paths_are_taken_as_they_are(text: str) -> None:
    assert not is_file_address(text)
    assert path_of(text) == Path(text)


@posix
def test_watch_opens_the_file() -> None:
    spec = SourceSpec.parse("file://localhost/tmp/clip%20one.mp4")
    assert (spec.kind, spec.address) == (SourceKind.FILE, "/tmp/clip one.mp4")


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:///C:/photos/a%20b.jpg", "C:\\photos\\a b.jpg"),
        ("file:///c|/x.jpg", "c:\\x.jpg"),
        ("file://C:/x.jpg", "C:\\x.jpg"),
        ("file://server/share/x.jpg", "\\\\server\\share\\x.jpg"),
        ("file://localhost/C:/x.jpg", "C:\\x.jpg"),
    ],
)
def test_drives_and_shares_of_windows(monkeypatch: pytest.MonkeyPatch, address: str, path: str) -> None:
    monkeypatch.setattr("mobilenet_gui.core.file_address.os.name", "nt")
    monkeypatch.setattr("mobilenet_gui.core.file_address.Path", str)
    assert str(path_of_address(address)) == path


def test_kinds_of_files() -> None:
    names = ["a.CR2", "b.nef", "c.pdf", "d.PDF", "e.docx", "f", "g.with-a-long-ending", "h.mp4", "Thumbs.db", ".hidden"]
    left = LeftOut()
    left.extend(map(Path, names))
    assert (left.total, left.raw, [video.name for video in left.videos]) == (8, 2, ["h.mp4"])
    assert left.words().startswith("8 files are not photos: PDF, CR2, NEF, Word, MP4, and others. Camera raw files")
    assert kind_of(Path("x.md")) == "Markdown"
    assert LeftOut().words() == ""


@pytest.mark.parametrize("name", ["@eaDir", "$RECYCLE.BIN", "__MACOSX", "#recycle", "lost+found", "node_modules"])
def test_folders_of_systems(name: str) -> None:
    assert is_system_folder(name)
    assert not is_system_folder(name.strip("@$_#.") + " photos")
