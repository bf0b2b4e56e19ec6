"""Owns the photo sets that `benchmarks.honesty` measures on: drawn here, or taken from the shared folders.

Drawn sets look alike on purpose: charts of one layout, renderings of digits, garments before one wall. None of their
pictures is a copy of another. In the set of bursts every photo is there several times, as a burst and as copies that
were saved and scaled anew.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from benchmarks.common import REPOSITORY, Tiny, shared

_FONT = REPOSITORY / "resources" / "fonts"
_PHOTOS = {".jpg", ".jpeg", ".png"}
_INK = ("#333333", "#1f77b4", "#d62728", "#2ca02c")


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo to be written: its class, its part (`train`, `test`, empty for none, `outside` for one kept back)."""

    label: str
    part: str
    scene: str
    content: bytes


def charts(seed: int, each: int) -> Iterator[Photo]:
    """Yield bars, lines, pies and points: one layout, other data."""
    kinds = {"Bars": _bars, "Lines": _lines, "Pie": _pie, "Points": _points}
    for name, draw_kind in kinds.items():
        for n in range(each):
            rng = random.Random(f"{seed}/{name}/{n}")
            image = Image.new("RGB", (320, 240), "white")
            draw = ImageDraw.Draw(image)
            draw.rectangle((0, 0, 319, 239), outline="#888888", width=2)
            draw.text((110, 8), "Turnover by quarter", fill="#333333")
            draw_kind(draw, rng)
            yield Photo(name, _part(n, each), f"{name}{n}", _jpeg(image))


def _axes(draw: ImageDraw.ImageDraw) -> None:
    draw.line((40, 30, 40, 205, 300, 205), fill="#333333", width=2)
    for n in range(5):
        draw.line((40, 40 + 33 * n, 300, 40 + 33 * n), fill="#dddddd")
        draw.text((14, 34 + 33 * n), str(100 - 25 * n), fill="#666666")


def _bars(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    _axes(draw)
    for n in range(6):
        draw.rectangle((52 + 41 * n, 205 - rng.randint(15, 160), 80 + 41 * n, 204), fill=_INK[1])


def _lines(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    _axes(draw)
    for colour in _INK[1:3]:
        draw.line([(48 + 41 * n, 205 - rng.randint(15, 160)) for n in range(7)], fill=colour, width=3)


def _pie(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    shares = [rng.uniform(0.4, 1.6) for _ in range(4)]
    start = -90.0
    for share, colour in zip(shares, ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728"), strict=True):
        end = start + 360 * share / sum(shares)
        draw.pieslice((85, 45, 235, 195), start, end, fill=colour, outline="white")
        start = end


def _points(draw: ImageDraw.ImageDraw, rng: random.Random) -> None:
    _axes(draw)
    for _ in range(25):
        x, y = rng.randint(50, 292), rng.randint(40, 195)
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=_INK[2])


def digits(seed: int, each: int) -> Iterator[Photo]:
    """Yield digits: one hand's writing each, that is another size, place, slant and thickness, on plain paper."""
    font_file = next(iter(sorted([*_FONT.glob("*.ttf"), *_FONT.glob("*.otf")])))
    for digit in range(10):
        for n in range(each):
            rng = random.Random(f"{seed}/{digit}/{n}")
            grey = rng.randint(200, 250)
            image = Image.new("RGB", (100, 100), (grey, grey, grey))
            font = ImageFont.truetype(str(font_file), rng.randint(52, 72))
            ink = rng.randint(10, 90)
            ImageDraw.Draw(image).text(
                (50 + rng.uniform(-7, 7), 50 + rng.uniform(-7, 7)), str(digit), fill=(ink, ink, ink), font=font,
                anchor="mm", stroke_width=rng.randint(0, 2), stroke_fill=(ink, ink, ink),
            )  # fmt: skip
            slant = rng.uniform(-0.25, 0.25)
            image = image.transform(
                image.size, Image.Transform.AFFINE, (1, slant, -50 * slant, rng.uniform(-0.1, 0.1), 1, 0),
                Image.Resampling.BICUBIC, fillcolor=(grey, grey, grey),
            )  # fmt: skip
            yield Photo(f"digit {digit}", _part(n, each), f"{digit}/{n}", _jpeg(_grainy(image, rng, 3)))


def garments(seed: int, each: int) -> Iterator[Photo]:
    """Yield garments: every one hangs in the middle before the same wall, in another colour, cut and print."""
    shapes: dict[str, Callable[[random.Random], list[tuple[float, float]]]] = {
        "shirt": lambda r: _shirt(r, r.uniform(0.1, 0.16), r.uniform(0.55, 0.68)),
        "longsleeve": lambda r: _shirt(r, r.uniform(0.3, 0.42), r.uniform(0.6, 0.72)),
        "dress": lambda r: [(0.4, 0.12), (0.6, 0.12), (0.62, 0.4), (0.7 + r.uniform(0, 0.12), 0.9),
                            (0.3 - r.uniform(0, 0.12), 0.9), (0.38, 0.4)],
        "skirt": lambda r: [(0.36, 0.2), (0.64, 0.2), (0.74 + r.uniform(0, 0.1), 0.75),
                            (0.26 - r.uniform(0, 0.1), 0.75)],
        "trousers": lambda r: [(0.34, 0.1), (0.66, 0.1), (0.7, 0.92), (0.56, 0.92), (0.5, 0.3 + r.uniform(0, 0.1)),
                               (0.44, 0.92), (0.3, 0.92)],
        "shorts": lambda r: [(0.34, 0.2), (0.66, 0.2), (0.74, 0.55 + r.uniform(0, 0.1)), (0.54, 0.6), (0.5, 0.35),
                             (0.46, 0.6), (0.26, 0.55 + r.uniform(0, 0.1))],
    }  # fmt: skip
    wall = np.random.default_rng(seed).normal(0, 7, (40, 30, 1)).repeat(8, 0).repeat(8, 1)
    for name, outline in shapes.items():
        for n in range(each):
            rng = random.Random(f"{seed}/{name}/{n}")
            left, top = rng.uniform(-10, 10), rng.uniform(-10, 10)
            grow = rng.uniform(0.9, 1.05)
            light = rng.uniform(0.92, 1.05)
            image = Image.fromarray(np.clip((wall + 205) * light, 0, 255).astype(np.uint8).repeat(3, 2))
            draw = ImageDraw.Draw(image)
            colour = tuple(rng.randint(30, 220) for _ in range(3))
            points = [
                (120 + 240 * grow * (x - 0.5) + left + rng.uniform(-3, 3), 320 * (0.5 + grow * (y - 0.5)) + top)
                for x, y in outline(rng)
            ]
            draw.polygon(points, fill=colour, outline="#222222")
            for _ in range(rng.randint(0, 6)):
                x, y, r = rng.uniform(90, 150), rng.uniform(80, 220), rng.uniform(3, 14)
                draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(rng.randint(30, 220) for _ in range(3)))
            yield Photo(name, _part(n, each), f"{name}{n}", _jpeg(_grainy(image, rng, 5)))


def _shirt(rng: random.Random, sleeve: float, length: float) -> list[tuple[float, float]]:
    wide = rng.uniform(0.14, 0.2)
    side, hand = 0.5 + wide, 0.5 + wide + sleeve
    right = [(0.58, 0.15), (side, 0.18), (hand, 0.2 + sleeve), (hand - 0.08, 0.26 + sleeve), (side, 0.34)]
    right.append((side, length + 0.15))
    return [*right, *((1 - x, y) for x, y in reversed(right))]


def bursts(seed: int, each: int) -> Iterator[Photo]:
    """Yield real photos of ants, bees and garments, each as a burst of four frames or four copies, or on its own."""
    for label, paths in sorted(_real().items()):
        chosen = random.Random(f"{seed}/{label}").sample(paths, min(len(paths), each))
        outside = len(chosen) // 4
        for n, path in enumerate(chosen):
            with Image.open(path) as opened:
                image = opened.convert("RGB")
            image.thumbnail((320, 320))
            rng = random.Random(f"{seed}/{path.name}")
            part, scene = "outside" if n < outside else "", f"{label}{n}"
            if part or n % 3 == 0:
                yield Photo(label, part, scene, _jpeg(image))
                continue
            for k in range(4):
                changed = _frame(image, rng, k) if n % 3 == 1 else _copy(image, rng, k)
                yield Photo(label, part, scene, changed)


def _frame(image: Image.Image, rng: random.Random, number: int) -> bytes:
    """Return what a camera held by hand sees a moment later."""
    wide, high = image.size
    drift = 0.012 * number
    left, top = wide * (0.04 + drift + rng.uniform(-0.008, 0.008)), high * (0.04 + rng.uniform(-0.01, 0.01))
    side = 0.9 + rng.uniform(-0.01, 0.01)
    turned = image.rotate(rng.uniform(-0.8, 0.8), Image.Resampling.BICUBIC)
    box = (round(left), round(top), round(left + wide * side), round(top + high * side))
    lit = ImageEnhance.Brightness(turned.crop(box)).enhance(rng.uniform(0.95, 1.05))
    return _jpeg(_grainy(lit, rng, 3))


def _copy(image: Image.Image, rng: random.Random, number: int) -> bytes:
    if number == 0:
        return _jpeg(image)
    scale = (1, 0.5, 0.8, 0.3)[number]
    small = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
    if number == 2:
        edge = round(0.03 * min(small.size))
        small = small.crop((edge, edge, small.width - edge, small.height - edge))
    return _jpeg(small, rng.choice((30, 60, 80)))


def _real() -> dict[str, list[Path]]:
    """Return real photos by class: ants and bees, and five kinds of garments."""
    place = shared() / "datasets"
    found: dict[str, list[Path]] = {}
    for path in sorted(p for p in place.rglob("*") if p.suffix.lower() in _PHOTOS):
        found.setdefault(path.parent.name, []).append(path)
    return found


def given(name: str) -> Iterator[Photo]:
    """Yield a shared set in the parts that it comes in."""
    for path in sorted(p for p in (shared() / "datasets" / name).rglob("*") if p.suffix.lower() in _PHOTOS):
        part = "train" if path.parent.parent.name == "train" else "test"
        yield Photo(path.parent.name, part, path.name, path.read_bytes())


def tiny(seed: int, each: int, classes: int = 20) -> Iterator[Photo]:
    """Yield photos of Tiny ImageNet's classes, without parts, a quarter of them to be kept back."""
    chosen = set(random.Random(seed).sample(range(200), classes))
    pictures = Tiny("train-0.npz")
    for label in sorted(chosen):
        for n, content in enumerate(pictures.of(label, each), 1):
            with Image.open(io.BytesIO(content)) as image:
                larger = image.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
            yield Photo(f"class {label}", "outside" if n % 4 == 0 else "", f"{label}/{n}", _jpeg(larger))


def _part(number: int, each: int) -> str:
    return "train" if number < round(0.6 * each) else "test"


def _grainy(image: Image.Image, rng: random.Random, grain: float) -> Image.Image:
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, grain, (image.height, image.width, 1))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def _jpeg(image: Image.Image, quality: int = 88) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()
