"""Whatever is wrong with a file ends in one `PhotoError` that names it and says why; quickly, quietly, in bounds."""

from __future__ import annotations

import contextlib
import io
import os
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mobilenet_gui.core import imaging
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.imaging import decode, decode_for, read_size
from mobilenet_gui.core.types import Preprocessing
from tests.photo_samples import encoded, png_chunk, shapes

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # pytest lifts our own filter

PRE = Preprocessing(96)


def reason(source: Path | bytes, name: str = "") -> str:
    """The reason decoding gives; the subject must be the file or the name."""
    with pytest.raises(PhotoError) as caught:
        decode_for(source, PRE, name)
    assert caught.value.subject == (name or str(source))
    assert caught.value.reason.endswith(".")
    return caught.value.reason


def test_files_that_are_none(tmp_path: Path) -> None:
    assert reason(tmp_path / "missing.jpg") == "There is no such file."
    assert reason(tmp_path / "missing" / "missing.jpg") == "There is no such file."
    assert reason(tmp_path) == "This is a folder, not a photo."
    assert reason(Path("null\0byte.jpg")) == "There is no such file."
    (tmp_path / "file").write_bytes(b"x")
    assert reason(tmp_path / "file" / "below.jpg") == "There is no such file."


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    assert reason(tmp_path / ("n" * 5000)).endswith(".")


def test_empty_text_and_other_kinds(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"")
    assert reason(path) == "The file is empty."
    path.write_text("Dear diary, today I was saved as a photo.", encoding="utf-8")
    assert reason(path) == "This is not a photo, or not in a format that can be read."
    path.write_bytes(b"%PDF-1.7 and so on")
    assert reason(path) == "Files of this kind (PDF) are not supported."
    assert reason(b"", "the drop") == "The file is empty."
    with pytest.raises(PhotoError, match=r"^the photo: The file is empty\.$"):
        decode(b"")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.jpg"
    path.write_bytes(encoded(shapes(), "JPEG"))
    if hasattr(os, "geteuid") and os.geteuid() != 0 and sys.platform != "win32":
        path.chmod(0)
    else:  # root reads everything

        def refuse(*_args: Any, **_kwargs: Any) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "open", refuse)
    assert reason(path) == "There is no permission to read it."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_pipes_and_devices_do_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert reason(tmp_path / "pipe.jpg") == "This is a device or a pipe, not a photo."
    assert reason(Path("/dev/zero")) == "This is a device or a pipe, not a photo."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_file_swapped_for_a_pipe_at_the_last_moment_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    plain = tmp_path / "plain.jpg"
    plain.write_bytes(b"x")
    status = os.stat(plain)  # noqa: PTH116
    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", lambda _path: status)
        said = reason(tmp_path / "pipe.jpg")
    assert said == "This is a device or a pipe, not a file."


def test_a_file_that_vanishes_after_it_was_listed(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(shapes(), "JPEG"))
    listed = imaging.find_photos([tmp_path])
    found = next(listed)
    path.unlink()
    assert reason(found) == "There is no such file."


def test_a_disk_that_fails_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(io, "BytesIO", Failing)
    assert reason(b"data", "a.jpg") == "It cannot be read: Input/output error."


KINDS: list[tuple[str, dict[str, Any]]] = [
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("PNG", {}),
    ("WEBP", {}),
    ("WEBP", {"lossless": True}),
    ("AVIF", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "jpeg"}),
    ("BMP", {}),
    ("GIF", {}),
]


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_a_file_cut_short_says_so(kind: str, options: dict[str, Any]) -> None:
    data = encoded(shapes(), kind, **options)
    decode(data)
    for share in (0.05, 0.3, 0.6, 0.9, 0.98):
        assert reason(data[: int(len(data) * share)], "cut") == "The file is cut short."


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_random_damage_never_ends_in_anything_else(
    kind: str, options: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    data = encoded(shapes(160, 120), kind, **options)
    chance = random.Random(5)
    for _ in range(60):
        spoilt = bytearray(data)
        for _ in range(chance.randint(1, 12)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        for read in (lambda d: decode_for(d, PRE), lambda d: decode(d, max_side=64), read_size):
            with contextlib.suppress(PhotoError):
                read(bytes(spoilt))
    printed = capfd.readouterr()
    assert printed.err == printed.out == ""


def claims(width: int, height: int) -> dict[str, bytes]:
    """Small files whose headers claim to be huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(1000))) + png_chunk(b"IEND", b"")
    jpeg = bytearray(encoded(Image.new("RGB", (16, 16)), "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", min(height, 65535), min(width, 65535))
    gif = bytearray(encoded(Image.new("P", (16, 16)), "GIF"))
    gif[6:10] = struct.pack("<HH", min(width, 65535), min(height, 65535))
    bmp = bytearray(encoded(Image.new("RGB", (16, 16)), "BMP"))
    bmp[18:26] = struct.pack("<ii", width, height)
    tiff = bytearray(encoded(Image.new("RGB", (16, 16)), "TIFF"))
    for tag, value in ((256, width), (257, height)):
        entry = tiff.index(
            struct.pack("<HH", tag, 3) if struct.pack("<HH", tag, 3) in tiff else struct.pack("<HH", tag, 4)
        )
        tiff[entry : entry + 12] = struct.pack("<HHII", tag, 4, 1, value)
    webp = bytearray(encoded(Image.new("RGBA", (16, 16), (1, 2, 3, 4)), "WEBP", exif=Image.Exif()))
    webp = bytearray(
        b"RIFF" + struct.pack("<I", 4 + 18) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0"
        + (min(width, 1 << 24) - 1).to_bytes(3, "little") + (min(height, 1 << 24) - 1).to_bytes(3, "little")
    )  # fmt: skip
    return {
        "png": b"\x89PNG\r\n\x1a\n" + body,
        "jpg": bytes(jpeg),
        "gif": bytes(gif),
        "bmp": bytes(bmp),
        "tif": bytes(tiff),
        "webp": bytes(webp),
    }


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "tif", "webp"])
def test_bombs_are_refused_by_their_header(suffix: str) -> None:
    bomb = claims(60_000, 60_000)[suffix]
    assert reason(bomb, "bomb") == "It has more than 250 megapixels."
    with pytest.raises(PhotoError):
        read_size(bomb)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # pytest takes our own filter away
def test_a_bomb_of_forty_bytes_is_refused_where_decoding_takes_more() -> None:
    # Pillow's WebP decoder holds the pixels four times over: 250 million would take 4 GB.
    for width, height in ((16_000, 15_600), (16_000, 7_000)):
        bomb = plain_webp(width, height)
        assert len(bomb) < 100
        assert reason(bomb, "bomb") == "It has more than 110 megapixels."
    assert read_size(plain_webp(12_000, 8_400)) == (12_000, 8_400)


def plain_webp(width: int, height: int) -> bytes:
    """A lossless WebP of one colour, whose pixels take no bits at all: only its header tells its size."""
    data = bytearray(encoded(Image.new("RGB", (16, 16), (20, 30, 40)), "WEBP", lossless=True, method=0, quality=0))
    start = data.index(b"VP8L") + 9  # after the length and the signature: 14 bits each
    bits = int.from_bytes(data[start : start + 4], "little") >> 28 << 28
    data[start : start + 4] = (bits | (height - 1) << 14 | (width - 1)).to_bytes(4, "little")
    return bytes(data)


def test_a_jpeg_with_a_thousand_scans_is_refused() -> None:
    data = encoded(shapes(3000, 3000), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    bomb = data[:last] + data[last:-2] * 400 + b"\xff\xd9"
    assert reason(bomb, "bomb") == "The file is built to keep the computer busy."
    assert decode_for(data, PRE).full_size == (3000, 3000)


def test_files_larger_than_any_photo_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "vast.webp"
    path.write_bytes(encoded(shapes(), "WEBP"))
    with path.open("r+b") as file:
        file.truncate(300 * 1024 * 1024)  # a hole: takes no room on the disk
    assert reason(path) == "The file is too large for a photo."


MEASURE = """
import resource, sys, time
from pathlib import Path
from mobilenet_gui.core import imaging
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.types import Preprocessing
import PIL.JpegImagePlugin, PIL.PngImagePlugin
unit = 1 if sys.platform == "darwin" else 1024
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
for path in sys.argv[1:]:
    before, start = peak(), time.perf_counter()
    try:
        imaging.decode_for(Path(path), Preprocessing(224))
    except PhotoError as error:
        assert error.subject == path, error.subject
    print((peak() - before) // 1_000_000, time.perf_counter() - start)
"""


def measure(*paths: Path) -> list[tuple[int, float]]:
    """Decode files in a process of its own; return the growth of its memory in MB and the seconds for each."""
    pytest.importorskip("resource")
    command = [sys.executable, "-c", MEASURE, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == len(paths)
    return [(int(megabytes), float(seconds)) for megabytes, seconds in lines]


def test_bombs_take_neither_memory_nor_time(tmp_path: Path) -> None:
    paths = []
    for suffix, data in claims(60_000, 60_000).items():
        paths.append(tmp_path / f"bomb.{suffix}")
        paths[-1].write_bytes(data)
    for path, (megabytes, seconds) in zip(paths, measure(*paths), strict=True):
        assert megabytes < 40, path
        assert seconds < 3, path


def test_a_photo_of_a_hundred_megapixels(tmp_path: Path) -> None:
    large = Image.new("RGB", (12_000, 8_400), (120, 60, 30))
    for kind, suffix, allowed in (("JPEG", "jpg", 60), ("PNG", "png", 480)):
        path = tmp_path / f"large.{suffix}"
        large.save(path, kind, **({"compress_level": 1} if kind == "PNG" else {}))
        ((megabytes, seconds),) = measure(path)
        # A JPEG is decoded at an eighth; a PNG cannot be, but there is never a second copy of its 403 MB.
        assert megabytes < allowed, kind
        assert seconds < 20, kind
        photo = decode_for(path, PRE)
        assert photo.full_size == (12_000, 8_400)
        assert min(photo.size) < 1200


@pytest.mark.shared
def test_every_bad_file_is_harmless(shared: Path) -> None:
    paths = sorted((shared / "bad-input").iterdir())
    assert len(paths) >= 14
    for path, (megabytes, seconds) in zip(paths, measure(*paths), strict=True):
        assert megabytes < 60, path.name
        assert seconds < 3, path.name


@pytest.mark.shared
def test_every_bad_file_says_what_is_wrong(shared: Path, capfd: pytest.CaptureFixture[str]) -> None:
    readable = {"badrle.bmp", "hopper_bad_exif.jpg", "invalid-exif.jpg", "truncated_app14.jpg"}
    reasons = {}
    subjects = []
    for path in sorted((shared / "bad-input").iterdir()):
        try:
            decode_for(path, PRE)
        except PhotoError as error:
            reasons[path.name] = error.reason
            subjects.append(error.subject == str(path))
    assert all(subjects)
    assert set(reasons).isdisjoint(readable)
    assert reasons["badwidth.bmp"] == reasons["decompression_bomb.gif"] == "It has more than 250 megapixels."
    assert reasons["truncated_end_chunk.png"] == "The file is cut short."
    assert reasons["broken_data_stream.png"] == "The file is cut short."  # it lacks the end chunk, too
    assert reasons["oom-225817ca0f8c663be7ab4b9e717b02c661e66834.tif"].startswith("The file is ")
    unsupported = [name for name, text in reasons.items() if "not supported" in text]
    assert {Path(name).suffix for name in unsupported} == {".dds", ".j2k", ".psd"}
    printed = capfd.readouterr()
    assert printed.err == printed.out == ""
