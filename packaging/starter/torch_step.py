"""The same step as `fused.py` in PyTorch, for graphics cards and for processors without AVX-512.

Also used to judge a checkpoint: `population_statistics` gathers the means and variances that Keras' batch normalisation
needs, which training itself does not keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import network
import numpy as np
import torch
from step import Batch, Change, State
from torch.nn import functional

Tensor: TypeAlias = torch.Tensor


def device() -> torch.device:
    """Return the graphics card where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _kernel(flat: Tensor, layer: network.Layer) -> Tensor:
    """Return a kernel in PyTorch's layout (out, in / groups, height, width)."""
    kernel = flat[layer.kernel].view(layer.shape)
    return kernel.permute(2, 3, 0, 1) if layer.kind == "depthwise" else kernel.permute(3, 2, 0, 1)


def activations(
    flat: Tensor, photos: Tensor, statistics: list[tuple[Tensor, Tensor]] | None = None
) -> Iterator[Tensor]:
    """Give each layer's values before its normalisation, then the logits.

    Args:
        flat: All parameters.
        photos: (n, 3, size, size), values -1 to 1.
        statistics: Each layer's mean and variance; None takes those of these photos.
    """
    x = photos
    for number, layer in enumerate(network.LAYERS):
        if layer.stride == 2:
            x = functional.pad(x, (0, 1, 0, 1))
        padding = 1 if layer.kind == "depthwise" and layer.stride == 1 else 0
        groups = layer.channels if layer.kind == "depthwise" else 1
        x = functional.conv2d(x, _kernel(flat, layer), stride=layer.stride, padding=padding, groups=groups)
        yield x
        mean, variance = statistics[number] if statistics is not None else (None, None)
        x = functional.batch_norm(
            x, mean, variance, flat[layer.gamma], flat[layer.beta], training=statistics is None, eps=network.EPSILON
        )
        x = functional.relu6(x)
    yield x.mean((2, 3)) @ flat[network.TOP].view(network.FEATURES, -1) + flat[network.BIAS]


def logits(flat: Tensor, photos: Tensor, statistics: list[tuple[Tensor, Tensor]] | None = None) -> Tensor:
    """Return the answers (n, classes); see `activations`."""
    last = photos
    for value in activations(flat, photos, statistics):
        last = value
    return last


def population_statistics(parameters: network.Array, batches: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
    """Find each layer's mean and variance over many photos, given in batches of equal size."""
    flat = torch.from_numpy(parameters)
    sums = [[torch.zeros(layer.channels, dtype=torch.float64) for _ in range(2)] for layer in network.LAYERS]
    with torch.inference_mode():
        for batch in batches:
            for pair, value in zip(sums, activations(flat, batch), strict=False):
                wide = value.double()
                mean = wide.mean((0, 2, 3))
                pair[0] += mean
                pair[1] += (wide - mean[:, None, None]).square().mean((0, 2, 3))
    return [(first.div(len(batches)).float(), second.div(len(batches)).float()) for first, second in sums]


def cut_crops(photos: Tensor, draws: Tensor, size: int) -> Tensor:
    """Do what `crops` in fused.cpp does.

    Args:
        photos: (n, side, side, 3) uint8.
        draws: See `step.Batch`.
        size: Pixels of the crops' sides.

    Returns:
        (n, 3, size, size), -1 to 1.
    """
    x = photos.permute(0, 3, 1, 2).float().div(127.5).sub(1)
    left, top, wide, high, contrast, bright, colour = (draws[:, i] for i in range(7))
    zero = torch.zeros_like(left)
    across = torch.stack([wide, zero, 2 * left + wide.abs() - 1], 1)
    down = torch.stack([zero, high, 2 * top + high - 1], 1)
    grid = functional.affine_grid(torch.stack([across, down], 1), [len(x), 3, size, size], align_corners=False)
    x = functional.grid_sample(x, grid, padding_mode="border", align_corners=False)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * contrast.view(-1, 1, 1, 1) + mean + bright.view(-1, 1, 1, 1)
    grey = x.mean(1, keepdim=True)
    return ((x - grey) * colour.view(-1, 1, 1, 1) + grey).clamp(-1, 1)


class TorchStep:
    """Loss, gradient and update, with the interface of `step.Step`."""

    def __init__(self) -> None:
        self._device = device()
        if self._device.type == "cpu":
            torch.set_num_threads(1)

    def gradient(self, parameters: network.Array, batch: Batch) -> tuple[float, network.Array]:
        """See `step.Step`."""
        flat = torch.from_numpy(parameters).to(self._device).requires_grad_()
        chosen = torch.from_numpy(batch.photos[batch.index]).to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
            answer = logits(flat, cut_crops(chosen, torch.from_numpy(batch.draws).to(self._device), batch.size))
        loss = functional.cross_entropy(answer.float(), torch.from_numpy(batch.targets).to(self._device))
        (gradient,) = torch.autograd.grad(loss, flat)
        found: network.Array = gradient.float().cpu().numpy()
        return float(loss.detach()), found

    def update(self, state: State, gradient: network.Array, change: Change) -> None:
        """See `step.Step`."""
        mu = np.float32(change.momentum)
        pull = gradient + change.decay * state.parameters
        np.multiply(state.momentum, mu, out=state.momentum)
        np.add(state.momentum, pull, out=state.momentum)
        np.subtract(state.parameters, np.float32(change.rate) * (pull + mu * state.momentum), out=state.parameters)
        drift = np.float32(1 - change.keep) * (state.parameters - state.average)
        np.add(state.average, drift, out=state.average)
