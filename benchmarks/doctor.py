"""How well the dataset doctor finds copies, and how long it takes over 20,000 photos.

Run as `python -m benchmarks.doctor [--photos N] [--only quality|scale]`. Quality: every photo of the shared folders
beside itself in disguise (saved, scaled, trimmed, brightened, stamped, turned), all in one dataset; a copy counts as
found when it is put into one group with its original, and as a false alarm when anything else is in that group. Scale:
real photos enlarged to 640 x 480 in a temporary folder, one in forty a disguised copy of another; first look, second
look, and one after a single photo was changed, each in a process of its own.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from benchmarks.common import REPOSITORY, judge, shared, table

Disguise = Callable[[Image.Image], Image.Image]
ALLOWED_SECONDS = 120.0
ALLOWED_SECOND_SECONDS = 5.0
ALLOWED_MB = 2000.0
COPIES_ONE_IN = 40
DEMANDED_RECALL = 0.98


def _trimmed(left: float, top: float, right: float, bottom: float) -> Disguise:
    def trim(image: Image.Image) -> Image.Image:
        wide, high = image.size
        return image.crop(
            (round(wide * left), round(high * top), round(wide * (1 - right)), round(high * (1 - bottom)))
        )

    return trim


def _scaled(by: float) -> Disguise:
    def scale(image: Image.Image) -> Image.Image:
        return image.resize((round(image.width * by), round(image.height * by)), Image.Resampling.BICUBIC)

    return scale


def _stamped(image: Image.Image) -> Image.Image:
    stamped, (wide, high) = image.copy(), image.size
    draw = ImageDraw.Draw(stamped)
    draw.rectangle((wide * 0.6, high * 0.88, wide * 0.98, high * 0.97), fill=(255, 255, 255))
    draw.text((wide * 0.62, high * 0.9), "2026-11-24", fill=(0, 0, 0))
    return stamped


def _several(image: Image.Image) -> Image.Image:
    trimmed = _trimmed(0.03, 0.04, 0.02, 0.03)(image)
    return ImageEnhance.Brightness(_scaled(0.4)(trimmed)).enhance(1.15)


DISGUISES: dict[str, tuple[Disguise, int]] = {
    "saved again, quality 30": (lambda image: image, 30),
    "saved again, quality 10": (lambda image: image, 10),
    "half the size": (_scaled(0.5), 90),
    "a quarter of the size": (_scaled(0.25), 90),
    "twice the size": (_scaled(2.0), 90),
    "2 % trimmed off each edge": (_trimmed(0.02, 0.02, 0.02, 0.02), 90),
    "5 % trimmed off each edge": (_trimmed(0.05, 0.05, 0.05, 0.05), 90),
    "10 % trimmed off each edge": (_trimmed(0.1, 0.1, 0.1, 0.1), 90),
    "10 % trimmed off one edge": (_trimmed(0.1, 0.0, 0.0, 0.0), 90),
    "10 % trimmed off two edges": (_trimmed(0.1, 0.1, 0.0, 0.0), 90),
    "a third brighter": (lambda image: ImageEnhance.Brightness(image).enhance(1.33), 90),
    "a third darker": (lambda image: ImageEnhance.Brightness(image).enhance(0.67), 90),
    "more contrast": (lambda image: ImageEnhance.Contrast(image).enhance(1.4), 90),
    "without colours": (lambda image: image.convert("L").convert("RGB"), 90),
    "stronger colours": (lambda image: ImageEnhance.Color(image).enhance(1.5), 90),
    "sharpened": (lambda image: ImageEnhance.Sharpness(image).enhance(3), 90),
    "softened": (lambda image: image.filter(ImageFilter.GaussianBlur(2)), 90),
    "stamped": (_stamped, 90),
    "framed": (lambda image: ImageOps.expand(image, round(min(image.size) * 0.04), (255, 255, 255)), 90),
    "trimmed, smaller, brighter": (_several, 50),
}
OTHERS: dict[str, tuple[Disguise, int]] = {
    "mirrored": (ImageOps.mirror, 90),
    "turned upside down": (lambda image: image.rotate(180), 90),
    "turned on its side": (lambda image: image.rotate(90, expand=True), 90),
}
"""Another picture as far as the doctor is concerned; a mirrored one is kept on its original's side of the split."""


def _saved(image: Image.Image, disguise: tuple[Disguise, int]) -> bytes:
    change, quality = disguise
    out = io.BytesIO()
    change(image).save(out, "JPEG", quality=quality)
    return out.getvalue()


def quality() -> None:
    """Print how many copies in each disguise are found, and what else is taken for one."""
    from mobilenet_gui.training.duplicates import find_duplicates
    from mobilenet_gui.training.fingerprint import look_at

    place = shared()
    originals = sorted(
        path
        for folder in (place / "datasets" / "hymenoptera", place / "photos")
        for path in folder.rglob("*")
        if path.suffix.lower() in {".jpg", ".jpeg", ".png"}
    )
    rows = []
    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-bench-") as root, ThreadPoolExecutor() as pool:

        def disguised(job: tuple[Path, str, tuple[Disguise, int]]) -> Any:
            path, name, disguise = job
            target = Path(root) / f"{path.stem}-{abs(hash(name))}.jpg"
            with Image.open(path) as image:
                target.write_bytes(_saved(image.convert("RGB"), disguise))
            return look_at(target)

        seen = list(pool.map(look_at, originals))
        alone = find_duplicates(seen)
        for name, disguise in [*DISGUISES.items(), *OTHERS.items()]:
            copies = list(pool.map(disguised, [(path, name, disguise) for path in originals]))
            both = find_duplicates([*seen, *copies])
            groups = both.copies
            count = len(originals)
            pairs = {(n, n + count) for n in range(count)}
            found = sum(tuple(sorted(group)) in pairs for group in groups)
            together = sum(tuple(sorted(group)) in pairs for group in both.alike)
            wrong = sum(any(n % count != group[0] % count for n in group) for group in groups)
            if name in DISGUISES:
                demanded = judge(found / count, DEMANDED_RECALL, at_least=True)
                rows.append((name, f"{found} of {count} found, {wrong} wrong", demanded))
            else:
                kept = f"{together} kept on one side of the split"
                rows.append((name, f"{found} of {count} taken for copies, {wrong} wrong, {kept}", ""))
    rows.insert(0, ("as they are", f"{len(alone.copies)} copies, {len(alone.alike)} series", ""))
    table(f"the doctor, {len(originals)} photos and their copies", rows)


def make_photos(folder: Path, count: int) -> dict[str, str]:
    """Write `count` photos of ten classes into `folder`; return which is a copy of which."""
    stores = [np.load(path) for path in sorted((shared() / "tiny-imagenet").glob("train-*.npz"))]
    webp = [(store["webp"], store["offsets"]) for store in stores]
    where = [(n, k) for n, (_, offsets) in enumerate(webp) for k in range(len(offsets) - 1)]
    random.Random(1).shuffle(where)
    copies: dict[str, str] = {}
    disguises = list(DISGUISES.values())

    def one(number: int) -> None:
        rng = np.random.default_rng(number)
        # The last ones are copies of the first.
        original = number - (count - count // COPIES_ONE_IN)
        target = folder / f"class {number % 10}" / f"{number:06}.jpg"
        disguise: tuple[Disguise, int] = (lambda picture: picture, 90)
        if original >= 0:
            disguise = disguises[int(rng.integers(len(disguises)))]
            copies[f"{number:06}"] = f"{original:06}"
        if target.exists():
            return
        content, offsets = webp[where[original if original >= 0 else number][0]]
        row = where[original if original >= 0 else number][1]
        data = content[offsets[row] : offsets[row + 1]].tobytes()
        seed = original if original >= 0 else number
        with Image.open(io.BytesIO(data)) as small:
            image = small.convert("RGB").resize((640, 480), Image.Resampling.BICUBIC)
        grain = np.random.default_rng(seed).normal(0, 6, (480, 640, 1))
        image = Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))
        target.write_bytes(_saved(image, disguise))

    for name in range(10):
        (folder / f"class {name}").mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor() as pool:
        list(pool.map(one, range(count)))
    return copies


def look(folder: Path, cache: Path, answer: Path) -> None:
    """Examine a folder of classes; what the measured process does."""
    from mobilenet_gui.training.doctor import PlainPhoto, examine, to_data

    photos = [PlainPhoto(path.stem, path, path.parent.name) for path in sorted(folder.rglob("*.jpg"))]
    classes = {photo.class_id: photo.class_id for photo in photos}
    answer.write_text(json.dumps(to_data(examine(photos, classes, cache_path=cache))), encoding="utf-8")


def _measured(folder: Path, cache: Path, answer: Path) -> tuple[float, float, dict[str, Any]]:
    """Examine in a process of its own; return its seconds, its peak memory in MB (0 where unknown), and the answer."""
    places = [str(folder), str(cache), str(answer)]
    call = f"from pathlib import Path; from benchmarks.doctor import look; look(*map(Path, {places!r}))"
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", call], cwd=REPOSITORY)
    memory = 0.0
    if hasattr(os, "wait4"):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        memory = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    if process.wait() != 0:
        sys.exit("the examination broke")
    return time.perf_counter() - start, memory, json.loads(answer.read_text(encoding="utf-8"))


def scale(count: int, kept: Path | None = None) -> None:
    """Print time, memory and what was found for `count` photos."""
    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-bench-") as root:
        folder = kept or Path(root) / "photos"
        cache, answer = Path(root) / "cache.sqlite", Path(root) / "answer.json"
        copies = make_photos(folder, count)
        first, memory, data = _measured(folder, cache, answer)
        second, _, _ = _measured(folder, cache, answer)
        changed = next(folder.rglob("*.jpg"))
        with Image.open(changed) as image:
            ImageOps.mirror(image).save(changed, "JPEG")
        third, _, again = _measured(folder, cache, answer)
        size = cache.stat().st_size / 1e6
    groups = [
        group
        for finding in data["findings"]
        if finding["kind"] in ("duplicates", "two_classes")
        for group in finding["photo_ids"]
    ]
    planted = {frozenset(pair) for pair in copies.items()}
    found = sum(any(pair <= set(group) for group in groups) for pair in planted)
    others = [group for group in groups if frozenset(group) not in planted]
    table(
        f"the doctor, {count:,} photos of 640 x 480, of them {len(copies):,} copies in disguise",
        [
            ("first look", f"{first:.1f} s", judge(first, ALLOWED_SECONDS)),
            ("second look", f"{second:.1f} s", judge(second, ALLOWED_SECOND_SECONDS)),
            (f"after one change ({again['fresh']} looked at)", f"{third:.1f} s", ""),
            ("peak memory", f"{memory:.0f} MB", judge(memory, ALLOWED_MB)),
            ("kept on the disk", f"{size:.0f} MB", ""),
            (
                "copies found",
                f"{found / max(1, len(planted)):.1%}",
                judge(found / max(1, len(planted)), 0.98, at_least=True),
            ),
            ("other groups", f"{len(others)}", ""),
        ],
    )
    for group in others[:20]:
        print("   ", *group)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the photos there and leave them for next time")
    parser.add_argument("--only", choices=("quality", "scale"))
    arguments = parser.parse_args()
    if arguments.only != "scale":
        quality()
    if arguments.only != "quality":
        scale(arguments.photos, arguments.keep)


if __name__ == "__main__":
    main()
