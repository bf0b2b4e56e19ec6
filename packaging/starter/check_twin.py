"""Proves that PyTorch's network is Keras' own: run with PyTorch after `make_bundle.py`, which leaves `twin.npz`.

Both have been given the same weights, statistics and photos; no probability may differ by more than 0.0001.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import network
import numpy as np
import torch
import torch_step

TOLERANCE = 1e-4


def main() -> int:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/starter"))
    options = parser.parse_args()
    with np.load(options.cache / "twin.npz", allow_pickle=False) as twin:
        flat, views, answers = torch.from_numpy(twin["flat"]), twin["views"], twin["answers"]
        ends = np.cumsum([layer.channels for layer in network.LAYERS])[:-1]
        statistics = [
            (torch.from_numpy(mean), torch.from_numpy(variance))
            for mean, variance in zip(np.split(twin["means"], ends), np.split(twin["variances"], ends), strict=True)
        ]
    with torch.inference_mode():
        photos = torch.from_numpy(np.ascontiguousarray(views.transpose(0, 3, 1, 2)))
        given = torch_step.logits(flat, photos, statistics).softmax(1).numpy()
    difference = float(np.abs(given - answers).max())
    print(f"probabilities of {len(views)} photos differ by at most {difference:.1e}")
    return 0 if difference < TOLERANCE else 1


if __name__ == "__main__":
    raise SystemExit(main())
