"""Small pictures on the disk: made once, made again when the photo changes, never too many."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest
from PIL import Image

from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.thumbnails import ThumbnailCache
from tests.photo_samples import encoded, quarters, shapes


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(quarters(800, 480), "JPEG"))
    return path


@pytest.fixture
def cache(tmp_path: Path) -> ThumbnailCache:
    return ThumbnailCache(tmp_path / "cache")


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_picture_is_small_and_upright(cache: ThumbnailCache, photo: Path) -> None:
    assert opened(cache.get(photo)).size == (256, 154)
    assert opened(cache.get(photo, 64)).size == (64, 38)
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.write_bytes(encoded(quarters(800, 480), "JPEG", exif=exif))
    picture = opened(cache.get(photo, 100))
    assert picture.size == (60, 100)
    assert picture.convert("RGB").getpixel((10, 10))[2] > 150  # type: ignore[index] # lower left comes up


def test_it_is_made_once(cache: ThumbnailCache, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache.peek(photo) is None
    first = cache.get(photo)

    def never(*_args: object) -> bytes:
        raise AssertionError("made again")

    monkeypatch.setattr("mobilenet_gui.core.thumbnails._made", never)
    assert cache.get(photo) == first
    assert cache.peek(photo) == first
    assert ThumbnailCache(cache.folder).get(photo) == first


def test_a_photo_that_changed_gets_a_new_picture(cache: ThumbnailCache, photo: Path) -> None:
    before = cache.get(photo)
    photo.write_bytes(encoded(shapes(400, 300), "JPEG"))
    assert cache.get(photo) != before
    status = photo.stat()
    photo.write_bytes(encoded(shapes(400, 300, 9), "JPEG"))
    os.utime(photo, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert opened(cache.get(photo)).size == (256, 192)


def test_a_damaged_picture_is_made_again(cache: ThumbnailCache, photo: Path) -> None:
    good = cache.get(photo)
    (file,) = cache.folder.rglob("*.jpg")
    file.write_bytes(good[:100])
    assert cache.get(photo) == good
    assert file.read_bytes() == good


def test_what_cannot_be_read_is_an_error_in_words(cache: ThumbnailCache, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_text("no photo")
    for name in ("gone.jpg", "bad.jpg", "x\0y.jpg", "."):
        with pytest.raises(PhotoError):
            cache.get(tmp_path / name)
    assert cache.peek(tmp_path / "gone.jpg") is None
    with pytest.raises(ValueError, match="side"):
        cache.get(tmp_path / "bad.jpg", 5)


def test_a_disk_that_refuses_costs_only_time(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file is in the way")
    assert opened(ThumbnailCache(tmp_path / "cache").get(photo)).size == (256, 154)


def test_what_was_not_looked_at_for_the_longest_goes_first(tmp_path: Path) -> None:
    photos = []
    cache = ThumbnailCache(tmp_path / "cache", max_bytes=10**9)
    for n in range(10):
        photos.append(tmp_path / f"{n}.png")
        photos[-1].write_bytes(encoded(shapes(300, 300, n), "PNG"))
        cache.get(photos[-1])
    files = {path: next(p for p in cache.folder.rglob("*.jpg") if p.read_bytes() == cache.get(path)) for path in photos}
    now = files[photos[0]].stat().st_mtime
    for n, path in enumerate(photos):
        age = now - 10 * 24 * 3600 + n
        os.utime(files[path], (age, age))
    cache.get(photos[0])  # looked at now
    total = cache.trim()
    small = ThumbnailCache(cache.folder, max_bytes=total // 2)
    assert small.trim() <= total // 2
    assert small.peek(photos[0]) is not None
    assert small.peek(photos[1]) is None
    assert small.peek(photos[9]) is not None


def test_leftovers_of_a_crash_go(cache: ThumbnailCache, photo: Path) -> None:
    cache.get(photo)
    (cache.folder / "ab").mkdir(exist_ok=True)
    old, new = cache.folder / "ab" / "x.1.tmp", cache.folder / "ab" / "y.2.tmp"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    cache.trim()
    assert (old.exists(), new.exists()) == (False, True)


def test_many_threads_may_ask_for_one_picture(cache: ThumbnailCache, photo: Path) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(cache.get(photo))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(list(cache.folder.rglob("*.*"))) == 1
