"""Owns minimising a smooth function of many numbers: limited-memory BFGS (Liu and Nocedal 1989) in NumPy."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.floating[Any]]
Function = Callable[[Vector], tuple[float, Vector]]
OnStep = Callable[[int, Vector], bool]

_MEMORY: Final = 10
_ENOUGH: Final = 1e-4
_SMALLEST_STEP: Final = 1e-8


def minimize(
    function: Function, start: Vector, *, steps: int, tolerance: float, on_step: OnStep | None = None
) -> Vector:
    """Return where a convex function is least.

    Args:
        function: returns the value and the gradient.
        start: where to begin.
        steps: how many at most.
        tolerance: stop when no part of the gradient is larger.
        on_step: told the number of the step (from 1) and the place after each; returns False to stop there. May raise.
    """
    place = start
    value, gradient = function(place)
    pairs: deque[tuple[Vector, Vector, float]] = deque(maxlen=_MEMORY)
    for number in range(1, steps + 1):
        if float(np.abs(gradient).max(initial=0.0)) < tolerance:
            break
        direction = -_newton(gradient, pairs)
        slope = float(gradient @ direction)
        if slope >= 0:  # rounding has spoilt the curvature
            pairs.clear()
            direction, slope = -gradient, -float(gradient @ gradient)
        # The first direction has no scale of its own.
        size = 1.0 if pairs else min(1.0, 1.0 / float(np.abs(gradient).sum()))
        while True:
            reached = (place + size * direction).astype(start.dtype)
            new_value, new_gradient = function(reached)
            if new_value <= value + _ENOUGH * size * slope or size < _SMALLEST_STEP:
                break
            size *= 0.5
        if not new_value < value:
            break
        moved, turned = reached - place, new_gradient - gradient
        curvature = float(moved @ turned)
        if curvature > 0:
            pairs.append((moved, turned, curvature))
        place, value, gradient = reached, new_value, new_gradient
        if on_step is not None and not on_step(number, place):
            break
    return place


def _newton(gradient: Vector, pairs: deque[tuple[Vector, Vector, float]]) -> Vector:
    """Return the inverse Hessian, as far as it is known, times the gradient (the two-loop recursion)."""
    result = gradient.copy()
    factors: list[float] = []
    for moved, turned, curvature in reversed(pairs):
        factor = float(moved @ result) / curvature
        factors.append(factor)
        result -= factor * turned
    if pairs:
        _, turned, curvature = pairs[-1]
        result *= curvature / float(turned @ turned)
    for (moved, turned, curvature), factor in zip(pairs, reversed(factors), strict=True):
        result += moved * (factor - float(turned @ result) / curvature)
    return result
