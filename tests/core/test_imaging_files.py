"""Finding photos: order, folders, links, what is skipped and what is reported."""

from __future__ import annotations

import os
import re
import sys
import threading
from pathlib import Path
from random import Random

import pytest

from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.imaging import SUPPORTED_SUFFIXES, find_photos, looks_like_photo, scan
from mobilenet_gui.core.photo_files import natural_key
from tests.photo_samples import encoded, quarters


def touch(folder: Path, *names: str) -> None:
    """Make files; finding does not look inside those with a suffix."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(folder: Path, *, recursive: bool = True) -> list[str]:
    """What is found, relative to `folder`."""
    return [path.relative_to(folder).as_posix() for path in find_photos([folder], recursive)]


def test_natural_order() -> None:
    given = [
        "IMG_10.jpg",
        "img_9.jpg",
        "IMG_2b.jpg",
        "IMG_2.jpg",
        "a٣.jpg",
        "a10.jpg",
        "²x.jpg",
        "",
        "007.jpg",
        "7.jpg",
    ]
    ordered = sorted(given, key=natural_key)
    assert ordered.index("IMG_2.jpg") < ordered.index("img_9.jpg") < ordered.index("IMG_10.jpg")
    assert ordered.index("a٣.jpg") < ordered.index("a10.jpg")


def test_natural_order_is_that_of_numbers_and_letters_one_by_one() -> None:
    def parts(name: str) -> list[tuple[int, int, str]]:
        split = re.split(r"(\d+)", name.casefold())
        return [(0, int(part), part) if n % 2 else (1, 0, part) for n, part in enumerate(split) if part]

    random = Random(1)
    given = {"".join(random.choice("aB0917_ .é٣") for _ in range(random.randint(0, 9))) for _ in range(5000)}
    assert sorted(given, key=lambda name: (natural_key(name), name)) == sorted(given, key=lambda n: (parts(n), n))


def test_folders_photos_first_then_their_folders(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.jpg", "b/10.jpg", "a/z/1.png", "a/1.webp", "9.jpg", "10.JPG", "notes.txt", "c/readme.md")
    assert names(tmp_path) == ["9.jpg", "10.JPG", "a/1.webp", "a/z/1.png", "b/2.jpg", "b/10.jpg"]
    assert names(tmp_path, recursive=False) == ["9.jpg", "10.JPG"]


def test_hidden_files_and_folders_are_skipped(tmp_path: Path) -> None:
    touch(tmp_path, ".hidden.jpg", "._resource.jpg", ".cache/1.jpg", "shown.jpg")
    assert names(tmp_path) == ["shown.jpg"]
    assert list(find_photos([tmp_path / ".cache"])) == [tmp_path / ".cache" / "1.jpg"]


def test_a_file_that_was_named_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    touch(tmp_path, ".hidden.txt")
    given = [tmp_path / ".hidden.txt", tmp_path / "missing.jpg"]
    assert list(find_photos(given)) == given


def test_every_promised_suffix_counts(tmp_path: Path) -> None:
    assert {".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".tif", ".tiff", ".bmp", ".gif"} <= SUPPORTED_SUFFIXES
    assert looks_like_photo(tmp_path / "PHOTO.HEIC")
    assert not looks_like_photo(tmp_path / "photo.psd")


def test_files_without_a_suffix_are_looked_into(tmp_path: Path) -> None:
    (tmp_path / "photo").write_bytes(encoded(quarters(), "JPEG"))
    (tmp_path / "Makefile").write_text("all:\n", encoding="utf-8")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    assert names(tmp_path) == ["photo"]
    assert not looks_like_photo(tmp_path / "missing")


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    touch(tmp_path, "in/1.jpg", "elsewhere/2.jpg", "beside/3.jpg")
    (tmp_path / "in" / "aside").symlink_to(tmp_path / "beside")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "up").symlink_to(tmp_path)
    (tmp_path / "in" / "link.jpg").symlink_to(tmp_path / "elsewhere" / "2.jpg")
    (tmp_path / "in" / "broken").symlink_to(tmp_path / "nowhere")
    found = [path.relative_to(tmp_path / "in").as_posix() for path in find_photos([tmp_path / "in"])]
    assert found == ["1.jpg", "link.jpg", "aside/3.jpg"]


def test_a_folder_without_photos_is_one_error(tmp_path: Path) -> None:
    touch(tmp_path, "deep/deeper/notes.txt", "with/1.jpg")
    (tmp_path / "empty").mkdir()
    errors: list[PhotoError] = []
    found = list(find_photos([tmp_path / "empty", tmp_path / "with", tmp_path / "deep"], on_error=errors.append))
    assert found == [tmp_path / "with" / "1.jpg"]
    assert [str(error) for error in errors] == [
        f"{tmp_path / 'empty'}: There are no photos in this folder.",
        f"{tmp_path / 'deep'}: There are no photos in this folder.",
    ]


def test_errors_keep_their_place_in_the_order(tmp_path: Path) -> None:
    touch(tmp_path, "with/1.jpg")
    (tmp_path / "empty").mkdir()
    found = list(scan([tmp_path / "empty", tmp_path / "with"]))
    assert isinstance(found[0], PhotoError)
    assert found[1] == tmp_path / "with" / "1.jpg"


def test_a_folder_that_cannot_be_read_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "open/1.jpg", "shut/2.jpg")
    listing = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)
    errors: list[PhotoError] = []
    assert len(list(find_photos([tmp_path], on_error=errors.append))) == 1
    assert [str(error) for error in errors] == [f"{tmp_path / 'shut'}: There is no permission to read it."]


def test_finding_can_be_stopped(tmp_path: Path) -> None:
    touch(tmp_path, *[f"{number}.jpg" for number in range(50)])
    cancel = threading.Event()
    found = []
    for path in find_photos([tmp_path, tmp_path], cancel=cancel):
        found.append(path)
        if len(found) == 7:
            cancel.set()
    assert len(found) == 7


def test_finding_starts_before_everything_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "1.jpg", *[f"{number}/1.jpg" for number in range(20)])
    listed: list[str] = []
    listing = os.scandir

    def note(path: str) -> object:
        listed.append(path)
        return listing(path)

    monkeypatch.setattr(os, "scandir", note)
    assert next(find_photos([tmp_path])) == tmp_path / "1.jpg"
    assert len(listed) == 1
