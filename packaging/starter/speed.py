"""Measures the network's time for one photo as the program does; run it with nothing beside."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.speed import measure

TIMES = 5
STARTER = Path(__file__).resolve().parents[2] / "resources" / "models" / "starter"


def main() -> int:
    """Print the median of several measurements, and how many threads the network used."""
    bundle = Bundle.open(Path(sys.argv[1]) if len(sys.argv) > 1 else STARTER)
    found = [measure(bundle) for _ in range(TIMES)]
    print(f"{statistics.median(speed.milliseconds for speed in found):.3f} {found[0].threads}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
