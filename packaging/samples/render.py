"""Owns the little renderer behind the sample photos: noise, sphere tracing, shading, blur and brush strokes.

Everything is float32 in linear light, shape (height, width, 3), until `finish` turns it into pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Array = NDArray[np.float32]
Field = Callable[[Array], Array]
"""A signed distance field: points (n, 3) to distances (n,)."""

GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))


@dataclass(frozen=True)
class Surface:
    """What a material says of n points: colour (n, 3) linear, gloss (n,) 0-1, light of its own (n, 3)."""

    colour: Array
    gloss: Array
    glow: Array | None = None


def rgb(code: str) -> Array:
    """Return `#rrggbb` in linear light, shape (3,)."""
    srgb = np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255
    return (srgb**2.2).astype(np.float32)


def mix(a: Array, b: Array, t: Array) -> Array:
    """Blend colours `a` and `b` by weights `t` of one dimension less."""
    return np.asarray(a + (b - a) * t[..., None], np.float32)


def step(low: float, high: float, x: Array) -> Array:
    """Go smoothly from 0 at `low` to 1 at `high` (which may be the smaller)."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def noise(height: int, width: int, cells: float, octaves: int, rng: np.random.Generator) -> Array:
    """Return fractal value noise, shape (height, width), mean 0.5; `cells` features across the width."""
    total = np.zeros((height, width), np.float32)
    weight, share = 0.0, 1.0
    for octave in range(octaves):
        across = max(2, round(cells * 2**octave))
        down = max(2, round(across * height / width))
        grid = Image.fromarray(rng.random((down + 3, across + 3), dtype=np.float32))
        box = (1.0, 1.0, across + 1.0, down + 1.0)
        total += share * np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC, box=box), np.float32)
        weight += share
        share *= 0.5
    return np.asarray(total / weight, np.float32)


def lattice(points: Array, seed: int) -> Array:
    """Return smooth noise of points (n, 3) in 0-1, one feature per unit: waves that do not line up."""
    rng = np.random.default_rng(seed)
    total = np.zeros(len(points), np.float32)
    for _ in range(7):
        direction = rng.normal(size=3).astype(np.float32) * 2.2
        total += np.sin(points @ direction + np.float32(rng.random() * 6.283))
    return np.asarray(0.5 + 0.5 * np.sin(total), np.float32)


def fibonacci(count: int, low: float = -1.0, high: float = 1.0) -> Array:
    """Return `count` unit vectors (count, 3) spread evenly over the sphere between two heights."""
    index = np.arange(count)
    tall = high - (high - low) * (index + 0.5) / count
    ring = np.sqrt(1 - tall**2)
    turn = index * GOLDEN_ANGLE
    return np.stack((ring * np.cos(turn), tall, ring * np.sin(turn)), 1).astype(np.float32)


class SphereTable:
    """Answers how far a direction is from the nearest of many, from a map of the sphere worked out once."""

    def __init__(self, spots: Array, sizes: Array | None = None, rows: int = 512) -> None:
        self._rows, self._columns = rows, rows * 2
        scale = np.ones(len(spots), np.float32) if sizes is None else sizes
        tall = (np.arange(rows) + 0.5) / rows * np.pi
        turn = (np.arange(self._columns) + 0.5) / self._columns * 2 * np.pi - np.pi
        self._map = np.empty((rows, self._columns), np.float32)
        for row, polar in enumerate(tall):
            flat = np.sin(polar)
            line = np.stack((flat * np.cos(turn), np.full_like(turn, np.cos(polar)), flat * np.sin(turn)), 1)
            apart = np.sqrt(np.maximum(2 - 2 * line @ spots.T, 0)) / scale
            self._map[row] = apart.min(axis=1)

    def nearest(self, directions: Array) -> Array:
        """Return the chord to the nearest spot, in units of that spot's size, for unit vectors (n, 3)."""
        v = np.arccos(np.clip(directions[:, 1], -1, 1)) * np.float32(self._rows / np.pi) - 0.5
        u = (np.arctan2(directions[:, 2], directions[:, 0]) + np.float32(np.pi)) * np.float32(self._rows / np.pi) - 0.5
        row, column = np.floor(v).astype(np.int32), np.floor(u).astype(np.int32)
        a, b = (v - row).astype(np.float32), (u - column).astype(np.float32)
        top, below = np.clip(row, 0, self._rows - 1), np.clip(row + 1, 0, self._rows - 1)
        left, right = column % self._columns, (column + 1) % self._columns
        upper = self._map[top, left] * (1 - b) + self._map[top, right] * b
        lower = self._map[below, left] * (1 - b) + self._map[below, right] * b
        return np.asarray(upper * (1 - a) + lower * a, np.float32)


def blur(picture: Array, radius: float) -> Array:
    """Blur like a lens: three box passes of `radius` pixels, in linear light."""
    out = np.empty_like(picture)
    flat = picture if picture.ndim == 3 else picture[..., None]
    result = out if picture.ndim == 3 else out[..., None]
    for channel in range(flat.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(flat[..., channel]))
        result[..., channel] = np.asarray(_box3(plane, radius))
    return out


def _box3(plane: Image.Image, radius: float) -> Image.Image:
    # Pillow blurs no float images, so a blur is a shrink and a smooth growth back.
    shrink = max(1.0, radius / 1.5)
    small = (max(2, round(plane.width / shrink)), max(2, round(plane.height / shrink)))
    low = plane.resize(small, Image.Resampling.BOX if shrink > 2 else Image.Resampling.BILINEAR)
    return low.resize(plane.size, Image.Resampling.BICUBIC)


@dataclass(frozen=True)
class Camera:
    """A pinhole at `eye` looking at `target`; `zoom` is the focal length in picture heights."""

    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    zoom: float = 1.6

    def rays(self, height: int, width: int) -> Array:
        """Return unit directions, shape (height * width, 3)."""
        forward = np.subtract(self.target, self.eye)
        forward = forward / np.linalg.norm(forward)
        right = np.cross(forward, (0, 1, 0))
        right /= np.linalg.norm(right)
        up = np.cross(right, forward)
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        u, v = (x - width / 2 + 0.5) / height, (height / 2 - y - 0.5) / height
        rays = u[..., None] * right + v[..., None] * up + self.zoom * forward
        rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
        return np.asarray(rays.reshape(-1, 3), np.float32)


def march(field: Field, start: Array, rays: Array, far: float, *, steps: int = 110, scale: float = 0.85) -> Array:
    """Return how far each ray goes until it meets the field; `inf` where it does not within `far`."""
    travelled = np.zeros(len(rays), np.float32)
    result = np.full(len(rays), np.inf, np.float32)
    active = np.arange(len(rays))
    for _ in range(steps):
        distance = field(start[active] + rays[active] * travelled[active, None])
        met = distance < 0.0012 * (1 + travelled[active] * 0.3)
        result[active[met]] = travelled[active[met]]
        travelled[active] += distance * np.float32(scale)
        active = active[~met & (travelled[active] < far)]
        if not len(active):
            break
    return result


def normals(field: Field, points: Array, reach: float = 0.002) -> Array:
    """Return the outward unit normals of the field at points (n, 3)."""
    corners = np.array([(1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)], np.float32)
    total = np.zeros_like(points)
    for corner in corners:
        total += corner * field(points + corner * np.float32(reach))[:, None]
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(total / np.maximum(length, 1e-9), np.float32)


def trace(
    size: tuple[int, int],
    camera: Camera,
    field: Field,
    material: Callable[[Array, Array], Surface],
    background: Array,
    *,
    sun: tuple[float, float, float] = (0.5, 0.8, 0.4),
    sun_colour: Array | None = None,
    sky_colour: Array | None = None,
    bounce_colour: Array | None = None,
    far: float = 40.0,
    softness: float = 9.0,
    samples: int = 2,
) -> tuple[Array, Array]:
    """Render `field` over `background` (height, width, 3).

    Returns:
        The picture, and how much of each pixel the field covers, shape (height, width), 0-1.
    """
    height, width = size
    sun_colour = np.array([2.7, 2.5, 2.2], np.float32) if sun_colour is None else sun_colour
    sky_colour = np.array([0.55, 0.68, 0.9], np.float32) if sky_colour is None else sky_colour
    bounce_colour = np.array([0.22, 0.2, 0.15], np.float32) if bounce_colour is None else bounce_colour
    to_sun = np.array(sun, np.float32) / np.float32(np.linalg.norm(sun))
    fine = (height * samples, width * samples)
    rays = camera.rays(*fine)
    eye = np.broadcast_to(np.array(camera.eye, np.float32), rays.shape)
    reach = march(field, eye, rays, far)
    hit = np.isfinite(reach)
    view = rays[hit]
    points = eye[hit] + view * reach[hit, None]
    facing = normals(field, points)
    surface = material(points, facing)
    lit = _shadow(field, points + facing * np.float32(0.01), to_sun, softness)
    open_air = _openness(field, points, facing)
    direct = np.maximum(facing @ to_sun, 0) * lit
    upward = 0.5 + 0.5 * facing[:, 1]
    half = to_sun - view
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    shine = np.maximum(np.einsum("ij,ij->i", facing, half), 0) ** (8 + 120 * surface.gloss)
    rim = (1 - np.maximum(-np.einsum("ij,ij->i", facing, view), 0)) ** 4
    light = direct[:, None] * sun_colour + (upward * open_air)[:, None] * sky_colour
    light = light + ((1 - upward) * open_air)[:, None] * bounce_colour
    colour = surface.colour * light
    colour = colour + (shine * lit * surface.gloss * 1.1)[:, None] * sun_colour
    colour = colour + (rim * open_air * (0.12 + 0.5 * surface.gloss))[:, None] * sky_colour
    if surface.glow is not None:
        colour = colour + surface.glow
    picture = np.zeros((fine[0] * fine[1], 3), np.float32)
    # Brightest lights are tamed before averaging, so that edges stay smooth.
    picture[hit] = np.minimum(colour, 6.0)
    covered = hit.astype(np.float32).reshape(height, samples, width, samples).mean((1, 3))
    averaged = picture.reshape(height, samples, width, samples, 3).mean((1, 3))
    return np.asarray(averaged + background * (1 - covered)[..., None], np.float32), np.asarray(covered, np.float32)


def _shadow(field: Field, points: Array, to_sun: Array, softness: float) -> Array:
    lit = np.ones(len(points), np.float32)
    travelled = np.full(len(points), 0.02, np.float32)
    active = np.arange(len(points))
    for _ in range(40):
        distance = field(points[active] + to_sun * travelled[active, None])
        lit[active] = np.minimum(lit[active], np.clip(softness * distance / travelled[active], 0, 1))
        travelled[active] += np.clip(distance, 0.015, 0.6)
        active = active[(lit[active] > 0.01) & (travelled[active] < 12)]
        if not len(active):
            break
    return np.asarray(lit * lit * (3 - 2 * lit), np.float32)


def _openness(field: Field, points: Array, facing: Array) -> Array:
    blocked = np.zeros(len(points), np.float32)
    for index, distance in enumerate((0.03, 0.1, 0.22, 0.45)):
        blocked += (distance - field(points + facing * np.float32(distance))) * np.float32(1.6 / 1.8**index)
    return np.asarray(np.clip(1 - blocked, 0.08, 1), np.float32)


def over(below: Array, colour: Array, cover: Array) -> Array:
    """Lay `colour` over `below` where `cover` (height, width) is 1."""
    return np.asarray(below * (1 - cover[..., None]) + colour * cover[..., None], np.float32)


def finish(picture: Array, rng: np.random.Generator, *, exposure: float = 1.0, vignette: float = 0.25) -> Image.Image:
    """Expose, tone-map, darken the corners, add fine grain, and return an 8-bit photo."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    light = np.maximum(picture, 0) * exposure * (1 - vignette * ((x * x + y * y) / 2) ** 1.2)[..., None]
    mapped = light * (1 + light / 9) / (1 + light * 0.55)
    srgb = np.clip(mapped, 0, 1) ** (1 / 2.2)
    srgb = srgb + rng.normal(0, 0.006, (height, width, 1))
    pixels = (np.clip(srgb, 0, 1) * 255 + 0.5).astype(np.uint8)
    return Image.fromarray(pixels).filter(ImageFilter.UnsharpMask(1.2, 40, 2))
