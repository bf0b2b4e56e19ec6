"""Owns what a random user has at hand: photos, folders, tables, models, videos, sound and broken; it makes them."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from tests.model_factory import make_labels, make_tflite
from tests.photo_samples import encoded, shapes

_COLOURS = {"red": (210, 40, 40), "green": (50, 180, 60), "blue": (40, 70, 200), "yellow": (220, 200, 40)}


@dataclass
class Bait:
    """Files by kind; `pick` gives some of them.

    Attributes:
        root: where all of them lie.
        kinds: paths by what they are.
    """

    root: Path
    kinds: dict[str, list[Path]] = field(default_factory=dict)

    def add(self, kind: str, path: Path) -> Path:
        """Keep a path under a kind."""
        self.kinds.setdefault(kind, []).append(path)
        return path

    def pick(self, rng: random.Random, kind: str) -> Path:
        """Return one of a kind."""
        return rng.choice(self.kinds[kind])

    def some(self, rng: random.Random, kind: str, most: int) -> list[Path]:
        """Return up to `most` of a kind."""
        have = self.kinds[kind]
        return rng.sample(have, min(len(have), rng.randint(1, most)))


def make_bait(root: Path, seed: int, *, extra_photos: Path | None = None) -> Bait:
    """Write everything below `root`; `extra_photos` is a folder of real photos to copy some of."""
    rng = random.Random(seed)
    bait = Bait(root)
    _photos(bait, extra_photos, rng)
    _broken(bait)
    _folders(bait, rng)
    _models(bait)
    _videos(bait)
    _others(bait)
    return bait


def _photos(bait: Bait, extra: Path | None, rng: random.Random) -> None:
    place = bait.root / "photos"
    place.mkdir(parents=True)
    for number, (kind, ending) in enumerate(
        [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif"), ("BMP", "bmp"), ("TIFF", "tif"),
         ("JPEG", "jpeg"), ("PNG", "PNG")]
    ):  # fmt: skip
        path = place / f"{'été ' if number % 3 == 0 else 'photo '}{number}.{ending}"
        path.write_bytes(encoded(shapes(160 + 40 * number, 120, seed=number), kind))
        bait.add("photo", path)
    large = place / "large.jpg"
    large.write_bytes(encoded(shapes(4000, 3000, seed=99), "JPEG", quality=70))
    bait.add("photo", large)
    thin = place / ("long name " + "x" * 180 + ".png")
    thin.write_bytes(encoded(Image.new("RGBA", (3, 900), (10, 200, 30, 90)), "PNG"))
    bait.add("photo", thin)
    for name in ("שלום.png", "line\nbreak.png", "#hash %41.png", "<b>bold</b>.png"):
        with contextlib.suppress(OSError):
            path = place / name
            path.write_bytes(encoded(shapes(64, 64, seed=len(name)), "PNG"))
            bait.add("photo", path)
    if extra is not None and extra.is_dir():
        real = sorted(path for path in extra.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))
        for path in rng.sample(real, min(10, len(real))):
            bait.add("photo", Path(shutil.copy(path, place / f"real {path.name}")))


def _broken(bait: Bait) -> None:
    place = bait.root / "broken"
    place.mkdir()
    jpeg = encoded(shapes(320, 240, seed=5), "JPEG")
    png = encoded(shapes(320, 240, seed=6), "PNG")
    for name, data in {
        "empty.jpg": b"",
        "half.jpg": jpeg[: len(jpeg) // 2],
        "no end.jpg": jpeg[:-2],
        "half.png": png[: len(png) // 2],
        "text.jpg": b"This is no picture at all.\n" * 20,
        "zeros.webp": bytes(4096),
        "flipped.png": bytes(b ^ 0x55 if i > 60 and i % 97 == 0 else b for i, b in enumerate(png)),
        "wide.png": png[:16] + (2**31 - 1).to_bytes(4, "big") * 2 + png[24:],
        "heic.heic": b"\0\0\0\x18ftypheic" + bytes(200),
    }.items():
        path = place / name
        path.write_bytes(data)
        bait.add("broken", path)
    gone = place / "gone.jpg"
    bait.add("broken", gone)
    loop = place / "loop.jpg"
    with contextlib.suppress(OSError):
        loop.symlink_to(loop)
        bait.add("broken", loop)
    if hasattr(os, "mkfifo"):
        pipe = place / "pipe.jpg"
        os.mkfifo(pipe)
        bait.add("broken", pipe)


def colour_photo(path: Path, colour: tuple[int, int, int], seed: int, size: tuple[int, int] = (96, 72)) -> Path:
    """Write a photo of mostly one colour, another one for each seed."""
    random_ = np.random.default_rng(seed)
    pixels = np.empty((size[1], size[0], 3), np.int16)
    pixels[:] = colour
    pixels += random_.integers(-35, 35, pixels.shape, dtype=np.int16)
    x, y = random_.integers(0, 40, 2)
    pixels[y : y + 20, x : x + 25] += random_.integers(-60, 60, 3, dtype=np.int16)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    return path


def class_folders(root: Path, each: int, names: tuple[str, ...] = ("red", "green", "blue")) -> Path:
    """Write a folder of folders, one a class, that a network tells apart in one epoch."""
    for place, name in enumerate(names):
        for number in range(each):
            colour_photo(root / name / f"{name} {number}.png", _COLOURS[name], 1000 * place + number)
    return root


def _folders(bait: Bait, rng: random.Random) -> None:
    place = bait.root / "folders"
    place.mkdir()
    small = bait.add("set", class_folders(place / "colours", 12))
    bait.add("class", small / "red")
    bait.add("class", small / "blue")
    parts = place / "parted"
    for part in ("train", "val", "test"):
        class_folders(parts / part, 4, ("green", "yellow"))
    bait.add("set", parts)
    messy = class_folders(place / "messy", 5, ("red", "yellow"))
    for path in bait.kinds["broken"][:7]:
        shutil.copy(path, messy / "red" / path.name)
    shutil.copy(messy / "red" / "red 0.png", messy / "yellow" / "twin.png")
    (messy / "empty").mkdir()
    (messy / "Thumbs.db").write_bytes(b"x" * 100)
    bait.add("set", messy)
    empty = place / "empty"
    empty.mkdir()
    bait.add("odd folder", empty)
    nested = place / "nested" / "a" / "b" / "c"
    nested.mkdir(parents=True)
    shutil.copy(rng.choice(bait.kinds["photo"][:6]), nested / "deep.png")
    with contextlib.suppress(OSError):
        (nested / "up").symlink_to(place / "nested", target_is_directory=True)
    bait.add("odd folder", place / "nested")
    rows = [f"{path},{path.parent.name}" for path in sorted(small.rglob("*.png"))[:20]]
    table = place / "table.csv"
    table.write_text("path,label\n" + "\n".join(rows) + "\nmissing.png,red\n", encoding="utf-8")
    bait.add("table", table)
    bait.add("table", place / "bad.csv").write_bytes(b"\xff\xfe\0\0,,,\n=1+1,@x\n")


def _models(bait: Bait) -> None:
    place = bait.root / "models"
    place.mkdir()
    for name, kind in (("tiny", "float32"), ("quick", "uint8")):
        path = place / f"{name}.tflite"
        path.write_bytes(make_tflite("uint8" if kind == "uint8" else "float32"))
        (place / f"{name}.txt").write_text("\n".join(label.name for label in make_labels()), encoding="utf-8")
        bait.add("model", path)
        bait.add("labels", place / f"{name}.txt")
    whole = bait.kinds["model"][0].read_bytes()
    for name, data in {
        "half.tflite": whole[: len(whole) // 2],
        "noise.tflite": np.random.default_rng(1).bytes(5000),
        "empty.keras": b"",
        "text.h5": b"not hdf5",
        "noise.weights.h5": b"\x89HDF\r\n\x1a\n" + np.random.default_rng(2).bytes(3000),
    }.items():
        path = place / name
        path.write_bytes(data)
        bait.add("broken model", path)


def _videos(bait: Bait) -> None:
    from tests.video_files import BLUE, GREEN, RED, colours, numbered, sound_only, write_video

    place = bait.root / "videos"
    place.mkdir()
    bait.add("video", colours(place / "colours.mp4", [(RED, 40), (GREEN, 40), (BLUE, 40)]))
    bait.add("video", write_video(place / "numbers.avi", numbered(60), codec="MJPG"))
    data = bait.kinds["video"][0].read_bytes()
    (place / "half.mp4").write_bytes(data[: len(data) // 2])
    (place / "empty.mkv").write_bytes(b"")
    (place / "text.mov").write_bytes(b"no video\n" * 50)
    sound_only(place / "sound.wav").rename(place / "sound.mp4")
    for name in ("half.mp4", "empty.mkv", "text.mov", "sound.mp4", "gone.mp4"):
        bait.add("broken video", place / name)


def _others(bait: Bait) -> None:
    place = bait.root / "others"
    place.mkdir()
    (place / "notes.txt").write_text("some notes", encoding="utf-8")
    (place / "paper.pdf").write_bytes(b"%PDF-1.4\n" + bytes(500))
    with zipfile.ZipFile(place / "photos.zip", "w") as out:
        out.writestr("a.png", encoded(shapes(32, 32), "PNG"))
    (place / "torn.mobilenet.zip").write_bytes((place / "photos.zip").read_bytes()[:60])
    with zipfile.ZipFile(place / "climbing.zip", "w") as out:
        out.writestr("../../out.txt", "no")
        out.writestr("project.json", "{}")
    for name in ("notes.txt", "paper.pdf", "photos.zip", "torn.mobilenet.zip", "climbing.zip"):
        bait.add("other", place / name)
