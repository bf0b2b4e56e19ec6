"""Render the sample photos of `resources/samples`; run it again only to change them.

Usage: python packaging/samples/make_samples.py [--only NAME] [--height 540] [FOLDER]

Needs numpy and Pillow only. The same seed gives the same pictures.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import garden
import numpy as np
import outdoors
from render import Array, finish

SEED = 7
LARGEST_BYTES = 80_000
PICTURES: dict[str, Callable[[int, int, np.random.Generator], Array]] = {
    "daisy": garden.daisy,
    "fly-agaric": garden.fly_agaric,
    "golf-ball": outdoors.golf_ball,
    "hot-air-balloon": outdoors.hot_air_balloon,
    "lighthouse": outdoors.lighthouse,
    "strawberries": garden.strawberries,
    "traffic-light": outdoors.traffic_light,
}


def render(name: str, height: int, target: Path) -> None:
    """Render one picture and save it as a JPEG of at most `LARGEST_BYTES`."""
    rng = np.random.default_rng(SEED)
    photo = finish(PICTURES[name](height, height * 4 // 3, rng), rng)
    for quality in range(88, 40, -4):
        photo.save(target, quality=quality, optimize=True, progressive=True)
        if target.stat().st_size <= LARGEST_BYTES:
            break


def main() -> None:
    """Render all of them, or one."""
    here = Path(__file__).resolve()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=here.parents[2] / "resources" / "samples")
    parser.add_argument("--only", choices=sorted(PICTURES))
    parser.add_argument("--height", type=int, default=540)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in [options.only] if options.only else PICTURES:
        began = time.monotonic()
        target = options.folder / f"{name}.jpg"
        render(name, options.height, target)
        print(f"{target.name}  {target.stat().st_size / 1000:.0f} kB  {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
