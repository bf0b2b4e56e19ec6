"""Owns the close-up pictures: a daisy, a fly agaric and a heap of strawberries."""

from __future__ import annotations

import numpy as np
from render import (
    GOLDEN_ANGLE,
    Array,
    Camera,
    SphereTable,
    Surface,
    blur,
    fibonacci,
    lattice,
    mix,
    noise,
    over,
    rgb,
    step,
    trace,
)


def bokeh(height: int, width: int, rng: np.random.Generator, dark: str, light: str, *, spots: int = 26) -> Array:
    """Return an out-of-focus background: soft blotches between two colours, and discs of light."""
    base = mix(rgb(dark), rgb(light), step(0.3, 0.72, noise(height, width, 3, 3, rng)))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    for _ in range(spots):
        radius = height * (0.02 + 0.05 * rng.random())
        distance = np.hypot(x - rng.random() * width, y - rng.random() * height)
        disc = step(radius, radius * 0.86, distance) * (0.10 + 0.16 * rng.random())
        base = base + disc[..., None] * (rgb(light) * 1.3 + 0.04)
    return blur(np.asarray(base, np.float32), height * 0.012)


def daisy(height: int, width: int, rng: np.random.Generator) -> Array:
    """Draw a daisy facing us in front of a meadow."""
    picture = bokeh(height, width, rng, "#1d3a12", "#7fa63a")
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    far = [(0.13, 0.24, 0.17, 5.0), (0.9, 0.2, 0.13, 6.0), (0.93, 0.83, 0.16, 4.5)]
    for cx, cy, size, lens in far:
        flower, cover = _flower(x, y, width * cx, height * cy, height * size, rng=rng)
        picture = over(picture, blur(flower, lens), blur(cover, lens))
    flower, cover = _flower(x, y, width * 0.47, height * 0.47, height * 0.4, rng=rng)
    return over(picture, flower, cover)


def _flower(x: Array, y: Array, cx: float, cy: float, size: float, *, rng: np.random.Generator) -> tuple[Array, Array]:
    u, v = (x - cx) / size, (y - cy) / size / 0.94
    colour = np.zeros((*x.shape, 3), np.float32)
    cover = np.zeros_like(x)
    edge = 1.6 / size
    bend = u - 0.16 * v * v - 0.02
    stalk = step(0.055 + edge, 0.055 - edge, np.abs(bend)) * (v > 0)
    colour = over(colour, mix(rgb("#24420f"), rgb("#86a94a"), step(0.06, -0.05, bend)), stalk)
    cover = np.maximum(cover, stalk)
    radius, angle = np.hypot(u, v), np.arctan2(v, u)
    for ring, (count, reach) in enumerate(((19, 1.0), (19, 0.97), (17, 0.9))):
        for index in rng.permutation(count):
            turn = 2 * np.pi * (index + 0.33 * ring + rng.normal(0, 0.14)) / count
            length = reach * (1 + rng.normal(0, 0.035))
            away = (angle - turn + np.pi) % (2 * np.pi) - np.pi
            along, across = radius * np.cos(away), radius * np.sin(away) + 0.02 * np.sin(radius * 3 + index)
            t = np.clip(along / length, 0, 1)
            half = 0.092 * np.sqrt(np.clip(t * 1.9, 0, 1)) * np.sqrt(np.clip(1 - ((t - 0.62) / 0.385) ** 4, 0, 1))
            shape = np.where((along > 0.12) & (along < length), half - np.abs(across), -1).astype(np.float32)
            petal = step(-edge, edge, shape)
            shade = step(-0.05, 0.0, shape) * (1 - petal) * (radius < 1.05)
            colour = colour * (1 - 0.42 * shade * (cover > 0.5))[..., None]
            ridge = 0.5 + 0.5 * np.cos(across / 0.092 * 7.5)
            bright = 0.56 + 0.34 * t + 0.1 * ridge * t - 0.55 * (np.abs(across) / 0.1) ** 2 * 0.5
            bright = bright + 0.12 * np.sin(turn + 2.2)
            white = np.array([1.02, 1.03, 1.06], np.float32) * np.clip(bright, 0.2, 1.2)[..., None]
            colour = over(colour, white, petal)
            cover = np.maximum(cover, petal)
    shadow = step(0.5, 0.26, np.hypot(u - 0.03, v - 0.05))
    colour = colour * (1 - 0.45 * shadow)[..., None]
    return _florets(u, v, colour, cover, edge)


def _florets(u: Array, v: Array, colour: Array, cover: Array, edge: float) -> tuple[Array, Array]:
    disc = np.hypot(u, v) < 0.36
    base = mix(rgb("#7a4a05"), rgb("#c98a10"), step(0.36, 0.1, np.hypot(u, v)))
    heart = step(0.315 + edge, 0.315 - edge, np.hypot(u, v))
    colour = over(colour, base, heart)
    count = 330
    for index in range(count):
        r = 0.305 * np.sqrt((index + 0.5) / count)
        fu, fv = r * np.cos(index * GOLDEN_ANGLE), r * np.sin(index * GOLDEN_ANGLE)
        size = 0.0155 + 0.006 * (r / 0.3)
        near = disc & (np.abs(u - fu) < 0.04) & (np.abs(v - fv) < 0.04)
        du, dv = (u[near] - fu) / size, (v[near] - fv) / size
        bump = step(1.0 + edge / size, 1.0 - edge / size, np.hypot(du, dv))
        lift = np.clip(0.72 - 0.42 * (du * 0.5 + dv * 0.8), 0.1, 1.4) * (1.08 - 0.45 * (r / 0.3) ** 2 * (fv > 0))
        tone = rgb("#f6c313") * lift[:, None]
        colour[near] = colour[near] * (1 - bump[:, None]) + tone * bump[:, None]
    return colour, np.maximum(cover, heart)


def fly_agaric(height: int, width: int, rng: np.random.Generator) -> Array:  # noqa: PLR0915 - one scene, its shapes and its colours
    """Ray-trace a fly agaric on a mossy forest floor."""
    count = 120
    spread = fibonacci(count, 0.05, 1.0) + rng.normal(0, 0.035, (count, 3))
    spread /= np.linalg.norm(spread, axis=1, keepdims=True)
    warts = SphereTable(spread.astype(np.float32), (0.05 + 0.065 * rng.random(count) ** 2).astype(np.float32))

    def one(p: Array, scale: float) -> tuple[Array, Array, Array, Array]:
        top = p - np.array((0.05, 1.28, 0), np.float32)
        q = top / np.array((1.05, 0.66, 1.05), np.float32)
        length = np.maximum(np.linalg.norm(q, axis=1), 1e-6)
        nearest = warts.nearest(q / length[:, None]) - 0.35 * (lattice(np.asarray(q * 9, np.float32), 9) - 0.5)
        lump = 0.028 * np.sqrt(np.clip(1 - nearest**2, 0, 1))
        dome = (length - 1) * 0.62 - lump
        under = 0.02 - top[:, 1] - 0.1 * step(0.25, 1.05, np.hypot(top[:, 0], top[:, 2]))
        cap = np.maximum(dome, under) * 0.85
        r = np.hypot(p[:, 0] - 0.04 * p[:, 1], p[:, 2])
        bulb = 0.17 + 0.13 * step(0.5, -0.15, p[:, 1]) + 0.012 * np.sin(p[:, 1] * 34) * step(0.55, 0.0, p[:, 1])
        stalk = np.maximum(r - bulb, p[:, 1] - 1.36) * 0.8
        frill = 0.22 + 0.20 * step(1.04, 0.80, p[:, 1])
        flutter = 0.012 * np.sin(np.arctan2(p[:, 2], p[:, 0]) * 17)
        skirt = np.maximum(np.abs(r - frill - flutter) - 0.018, np.abs(p[:, 1] - 0.92) - 0.11) * 0.6
        return cap * scale, stalk * scale, skirt * scale, nearest

    def moss(p: Array) -> Array:
        hills = 0.12 * np.sin(p[:, 0] * 1.3 + 0.5) + 0.1 * np.sin(p[:, 2] * 1.7)
        fluff = 0.10 * lattice(p * 3.1, 4) + 0.07 * lattice(p * 9.0, 6) + 0.05 * lattice(p * 21.0, 8)
        return np.asarray((p[:, 1] + 0.12 - hills - fluff) * 0.55, np.float32)

    shift, small = np.array((1.28, -0.02, 0.55), np.float32), 0.52

    def parts(p: Array) -> Array:
        a = one(p, 1.0)
        b = one((p - shift) / np.float32(small), small)
        return np.stack((a[0], a[1], a[2], b[0], b[1], b[2], moss(p)))

    def field(p: Array) -> Array:
        return np.asarray(parts(p).min(axis=0), np.float32)

    def material(p: Array, facing: Array) -> Surface:
        which = np.argmin(parts(p), axis=0)
        local = np.where((which < 3)[:, None], p, (p - shift) / np.float32(small)).astype(np.float32)
        _, _, _, nearest = one(local, 1.0)
        red = mix(rgb("#a80d05"), rgb("#d8330c"), lattice(local * 2.4, 2))
        cap = mix(red, rgb("#f3ead4"), step(1.02, 0.86, nearest))
        below = np.hypot(local[:, 0] - 0.05, local[:, 2])
        gills = 0.72 + 0.28 * np.sin(np.arctan2(local[:, 2], local[:, 0] - 0.05) * 90)
        pale = rgb("#efe6cf") * np.clip(gills, 0, 1)[:, None]
        cap = mix(cap, np.asarray(pale, np.float32), ((facing[:, 1] < -0.35) & (below < 1.02)).astype(np.float32))
        stalk = mix(rgb("#e9dfc8"), rgb("#cbbd9b"), lattice(local * np.array((7, 2, 7), np.float32), 11))
        green = mix(rgb("#26400d"), rgb("#7d9a2c"), step(0.25, 0.8, 0.5 * lattice(p * 9, 6) + 0.5 * lattice(p * 21, 8)))
        green = mix(green, rgb("#5c3d1c"), step(0.62, 0.85, lattice(p * 1.9, 14)))
        choice = np.choose(which, (0, 1, 1, 0, 1, 1, 2))
        colour = np.choose(choice[:, None], (cap, stalk, green))
        gloss = np.choose(choice, (0.42, 0.05, 0.02)) * np.where(nearest < 1, 0.2, 1)
        return Surface(np.asarray(colour, np.float32), np.asarray(gloss, np.float32))

    backdrop = bokeh(height, width, rng, "#0f1a08", "#5f7a2c", spots=18)
    trunks = np.zeros((height, width), np.float32)
    x = np.linspace(0, 1, width, dtype=np.float32)[None]
    for centre, half in ((0.08, 0.04), (0.3, 0.018), (0.78, 0.03), (0.95, 0.02)):
        trunks = np.maximum(
            trunks, step(half + 0.02, half - 0.005, np.abs(x - centre)) * np.ones((height, 1), np.float32)
        )
    backdrop = over(backdrop, np.broadcast_to(rgb("#21190f"), backdrop.shape), trunks * 0.8)
    camera = Camera(eye=(-0.5, 1.35, -4.6), target=(0.27, 0.82, 0), zoom=1.55)
    picture, _ = trace((height, width), camera, field, material, backdrop, sun=(-0.6, 0.75, -0.5), far=10, softness=6)
    return picture


def strawberries(height: int, width: int, rng: np.random.Generator) -> Array:  # noqa: PLR0915 - one scene, its shapes and its colours
    """Ray-trace strawberries on a pale table."""
    seeds = SphereTable(fibonacci(210))
    places = []
    for x, z, size, lean, spin in (
        (-0.95, 0.2, 1.0, 1.25, 0.4), (0.75, -0.25, 0.95, 1.3, 2.6), (0.0, 1.15, 1.0, 1.2, 1.7),
        (1.75, 0.85, 0.9, 1.3, -0.5), (-1.95, 1.25, 0.95, 1.3, 3.0), (-0.1, 0.55, 0.95, -0.45, 0.6),
    ):  # fmt: skip
        raised = 0.72 if lean > 0 else 1.5
        tilt = np.array([[1, 0, 0], [0, np.cos(lean), -np.sin(lean)], [0, np.sin(lean), np.cos(lean)]])
        turned = np.array([[np.cos(spin), 0, np.sin(spin)], [0, 1, 0], [-np.sin(spin), 0, np.cos(spin)]])
        places.append(
            (np.array((x, raised * size, z), np.float32), (turned @ tilt).astype(np.float32), np.float32(size))
        )

    def berry(q: Array) -> tuple[Array, Array, Array]:
        taper = 0.80 * (0.80 + 0.34 * np.clip(q[:, 1], -1.1, 0.6)) * np.where(q[:, 1] > 0.45, 1.02, 1.0)
        squashed = np.stack((q[:, 0] / taper, q[:, 1] / 1.0, q[:, 2] / taper), 1)
        length = np.maximum(np.linalg.norm(squashed, axis=1), 1e-6)
        gap = seeds.nearest(squashed / length[:, None])
        dent = 0.035 * step(0.105, 0.03, gap)
        grain = 0.028 * step(0.05, 0.02, gap)
        body = (length - 1) * 0.55 + dent * 0.8 - grain
        angle = np.arctan2(q[:, 2], q[:, 0])
        r = np.hypot(q[:, 0], q[:, 2])
        lobes = 0.26 + 0.5 * np.abs(np.cos(angle * 4.5)) ** 1.6
        height_ = 0.93 - 0.18 * r + 0.3 * step(0.3, 0.8, r) + 0.04 * np.sin(angle * 9)
        leaf = np.maximum(np.abs(q[:, 1] - height_) - 0.025, (r - lobes) * 0.7) * 0.45
        stem = np.maximum(r - 0.05, np.abs(q[:, 1] - 1.15) - 0.24) * 0.8
        return body, np.minimum(leaf, stem), gap

    def all_parts(p: Array) -> tuple[Array, Array, Array]:
        red = np.full(len(p), 9, np.float32)
        green = np.full(len(p), 9, np.float32)
        seed_gap = np.full(len(p), 9, np.float32)
        for centre, turned, size in places:
            offset = p - centre
            near = np.linalg.norm(offset, axis=1) < 2.4
            red = np.where(near, red, np.minimum(red, np.linalg.norm(offset, axis=1) - np.float32(1.7)))
            if not near.any():
                continue
            body, leaf, gap = berry((offset[near] @ turned) / size)
            closer = body * size < red[near]
            seed_gap[near] = np.where(closer, gap, seed_gap[near])
            red[near] = np.minimum(red[near], body * size)
            green[near] = np.minimum(green[near], leaf * size)
        return red, green, seed_gap

    def field(p: Array) -> Array:
        red, green, _ = all_parts(p)
        return np.asarray(np.minimum(np.minimum(red, green), p[:, 1]), np.float32)

    def material(p: Array, facing: Array) -> Surface:
        red, green, gap = all_parts(p)
        which = np.argmin(np.stack((red, green, p[:, 1])), axis=0)
        flesh = mix(rgb("#b5060a"), rgb("#d81e14"), lattice(p * 2.2, 1))
        flesh = mix(flesh, rgb("#7c0306"), step(0.11, 0.06, gap) * 0.6)
        flesh = mix(flesh, rgb("#e8b548"), step(0.05, 0.03, gap))
        leaf = mix(rgb("#2c6b12"), rgb("#6fa832"), lattice(p * 5, 2))
        rings = 0.5 + 0.5 * np.sin((p[:, 2] * 2.2 + 0.6 * lattice(p * (0.5, 0.5, 1.4), 7)) * 6)
        table = mix(rgb("#d9cdbb"), rgb("#efe7da"), rings * lattice(p * (0.7, 1, 5), 3))
        colour = np.choose(which[:, None], (flesh, leaf, table))
        gloss = np.choose(which, (0.75, 0.15, 0.1))
        return Surface(np.asarray(colour, np.float32), np.asarray(gloss, np.float32))

    camera = Camera(eye=(0.1, 2.9, -5.3), target=(-0.05, 0.78, 0.4), zoom=1.5)
    backdrop = np.broadcast_to(rgb("#d8cfc2"), (height, width, 3)).astype(np.float32)
    picture, _ = trace((height, width), camera, field, material, backdrop, sun=(-0.5, 0.9, -0.35), far=24, softness=5)
    return picture
