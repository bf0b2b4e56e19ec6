"""Owns the pictures with a sky: a hot-air balloon, a lighthouse, a golf ball and a traffic light."""

from __future__ import annotations

import numpy as np
from render import Array, Camera, SphereTable, Surface, blur, fibonacci, lattice, mix, noise, over, rgb, step, trace


def sky(height: int, width: int, rng: np.random.Generator, top: str, bottom: str, *, clouds: float = 0.5) -> Array:
    """Return a sky between two colours with soft clouds; `clouds` 0-1 is how much of it they cover."""
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None] * np.ones((1, width), np.float32)
    base = mix(rgb(top), rgb(bottom), y)
    cover = step(0.62 - 0.25 * clouds, 0.85 - 0.2 * clouds, noise(height, width, 3, 5, rng)) * (0.35 + 0.65 * y)
    lit = mix(rgb("#c9d3de"), rgb("#ffffff"), noise(height, width, 6, 4, rng))
    return over(base, np.asarray(lit * 1.15, np.float32), np.asarray(cover * 0.85, np.float32))


def hills(picture: Array, rng: np.random.Generator, layers: tuple[tuple[float, float, str], ...]) -> Array:
    """Lay rolling hills over the picture; each layer is its height on the page, its roughness and its colour."""
    height, width = picture.shape[:2]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    for level, rough, colour in layers:
        ridge = level + rough * (noise(8, width, 2.5, 5, rng)[3] - 0.5)
        cover = step(-0.003, 0.003, y - ridge[None])
        texture = 0.75 + 0.5 * noise(height, width, 40, 4, rng)
        picture = over(picture, rgb(colour) * texture[..., None], cover)
    return picture


def hot_air_balloon(height: int, width: int, rng: np.random.Generator) -> Array:
    """Ray-trace striped balloons over hills at morning."""
    backdrop = sky(height, width, rng, "#3f86d6", "#cfe3f2", clouds=0.35)
    layers = ((0.80, 0.16, "#9db8cc"), (0.85, 0.14, "#7f9d8c"), (0.90, 0.12, "#4f7a3d"), (0.95, 0.10, "#33601f"))
    backdrop = blur(hills(backdrop, rng, layers), 1.5)
    balloons = (((0, 0, 0), 1.0, 0), ((3.7, 1.3, 7.5), 1.0, 1), ((-5.6, -1.6, 11.0), 1.0, 2))

    def one(p: Array) -> tuple[Array, Array, Array]:
        r, y = np.hypot(p[:, 0], p[:, 2]), p[:, 1]
        angle = np.arctan2(p[:, 2], p[:, 0])
        gores = 0.018 * np.abs(np.sin(angle * 12))
        crown = np.hypot(r, y) - 1.0 - gores
        # Below its widest line the envelope runs to the mouth as a cone that bulges.
        t = np.clip(-y / 1.25, 0, 1)
        side = (r - (np.sqrt(np.clip(1 - t**1.9, 0, 1)) * 0.84 + 0.16) - gores) * 0.72
        skirt = np.maximum(side, -1.25 - y)
        envelope = np.where(y > 0, crown, skirt)
        q = np.abs(p - np.array((0, -1.72, 0), np.float32))
        basket = np.max(q - np.array((0.13, 0.11, 0.13), np.float32), axis=1) - 0.015
        t = np.clip((y + 1.62) / 0.42, 0, 1)
        rope_at = 0.13 + 0.05 * t
        rope = np.hypot(np.abs(p[:, 0]) - rope_at * 0.8, np.abs(p[:, 2]) - rope_at * 0.8) - 0.008
        rope = np.maximum(rope, np.abs(y + 1.42) - 0.22)
        return np.asarray(envelope, np.float32), np.asarray(basket, np.float32), np.asarray(rope, np.float32)

    def each(p: Array) -> Array:
        return np.stack([np.min(np.stack(one(p - np.array(at, np.float32))), axis=0) for at, _, _ in balloons])

    def field(p: Array) -> Array:
        return np.asarray(each(p).min(axis=0), np.float32)

    palettes = (
        ("#d81e1a", "#f59a12", "#f7d11e", "#1f9a4c", "#1766c2", "#6a2fa0"),
        ("#f5f1e8", "#c8202a", "#f5f1e8", "#c8202a", "#f5f1e8", "#c8202a"),
        ("#1a4fb4", "#f7d11e", "#1a4fb4", "#f7d11e", "#1a4fb4", "#f7d11e"),
    )

    def material(p: Array, facing: Array) -> Surface:
        owner = np.argmin(each(p), axis=0)
        colour = np.zeros_like(p)
        gloss = np.full(len(p), 0.12, np.float32)
        glow = np.zeros_like(p)
        for index, (at, _, palette) in enumerate(balloons):
            mine = owner == index
            q = p[mine] - np.array(at, np.float32)
            which = np.argmin(np.stack(one(q)), axis=0)
            gore = np.floor((np.arctan2(q[:, 2], q[:, 0]) / np.pi + 1) * 12 + 0.001).astype(int)
            band = np.clip((1.05 - q[:, 1]) * 3.1, 0, 40)
            zigzag = np.floor(band + 0.55 * (gore % 2)).astype(int) if palette == 0 else gore
            cloth = np.stack([rgb(c) for c in palettes[palette]])[zigzag % 6]
            wicker = mix(rgb("#6b431c"), rgb("#a8713a"), (np.sin(q[:, 1] * 160) > 0).astype(np.float32))
            colour[mine] = np.choose(which[:, None], (cloth, wicker, np.broadcast_to(rgb("#3a2c20"), q.shape)))
            glow[mine] = cloth * (0.10 + 0.16 * step(0.2, -1.2, q[:, 1]))[:, None] * (which == 0)[:, None]
        return Surface(colour, gloss, np.asarray(glow, np.float32))

    camera = Camera(eye=(0, -0.75, -6.6), target=(0.12, -0.28, 0), zoom=1.62)
    picture, _ = trace((height, width), camera, field, material, backdrop, sun=(-0.7, 0.55, -0.6), softness=4)
    return picture


def lighthouse(height: int, width: int, rng: np.random.Generator) -> Array:
    """Ray-trace a red and white lighthouse on a rocky point above the sea."""
    backdrop = sky(height, width, rng, "#2f78c8", "#dfeaf2", clouds=0.5)
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None] * np.ones((1, width), np.float32)
    ripple = noise(height * 4, width, 30, 4, rng)[::4]
    sea = mix(rgb("#1c4f78"), rgb("#4f8fb4"), step(0.35, 0.7, ripple))
    sea = mix(np.asarray(sea, np.float32), rgb("#a8cbe0"), step(0.80, 0.70, y) * 0.55)
    backdrop = over(backdrop, sea, step(0.699, 0.703, y))

    def tower(p: Array) -> tuple[Array, Array, Array]:
        r, h = np.hypot(p[:, 0], p[:, 2]), p[:, 1]
        shaft = np.maximum(r - (0.42 - 0.055 * h), np.abs(h - 1.3) - 1.3) * 0.95
        gallery = np.maximum(r - 0.43, np.abs(h - 2.63) - 0.04)
        bars = np.hypot(np.abs(((np.arctan2(p[:, 2], p[:, 0]) * 10 / np.pi) % 1) - 0.5) * 0.13, r - 0.41)
        rail = np.minimum(np.maximum(bars - 0.012, np.abs(h - 2.76) - 0.1), np.hypot(r - 0.41, h - 2.86) - 0.014)
        lantern = np.maximum(r - 0.2, np.abs(h - 2.87) - 0.22)
        roof = np.maximum((r + (h - 3.35) * 0.95) * 0.7, 3.07 - h)
        knob = np.linalg.norm(p - np.array((0, 3.38, 0), np.float32), axis=1) - 0.05
        metal = np.min(np.stack((gallery, rail, roof, knob)), axis=0)
        return np.asarray(shaft, np.float32), np.asarray(lantern, np.float32), np.asarray(metal, np.float32)

    def house(p: Array) -> tuple[Array, Array]:
        q = p - np.array((0.95, 0.2, 0.25), np.float32)
        walls = np.max(np.abs(q) - np.array((0.48, 0.26, 0.34), np.float32), axis=1)
        slope = (np.abs(q[:, 2]) * 0.7 + (q[:, 1] - 0.56) * 0.75) * 0.9
        roof = np.maximum(np.maximum(slope, 0.24 - q[:, 1]), np.abs(q[:, 0]) - 0.53)
        return np.asarray(walls, np.float32), np.asarray(roof, np.float32)

    def rock(p: Array) -> Array:
        r = np.hypot(p[:, 0] * 0.72 - 0.35, p[:, 2] * 0.9 - 0.2)
        rough = 0.26 * lattice(p * 1.3, 3) + 0.12 * lattice(p * 3.4, 4) + 0.05 * lattice(p * 9, 5)
        flat = 0.07 + 0.05 * lattice(p * 2, 9) - 0.10
        cliff = r - 1.75 + (p[:, 1] + 0.4) * 0.62 - rough
        return np.asarray(np.maximum(p[:, 1] - flat, cliff) * 0.6, np.float32)

    def parts(p: Array) -> Array:
        return np.stack((*tower(p), *house(p), rock(p)))

    def field(p: Array) -> Array:
        return np.asarray(parts(p).min(axis=0), np.float32)

    def material(p: Array, facing: Array) -> Surface:
        which = np.argmin(parts(p), axis=0)
        stripes = ((p[:, 1] * 1.16) % 1 > 0.5).astype(np.float32)
        wall = mix(rgb("#f3f0e8"), rgb("#c3241c"), stripes)
        turn = np.arctan2(p[:, 2], p[:, 0])
        window = (np.abs(turn + 1.9) < 0.2) & (np.abs((p[:, 1] % 0.86) - 0.64) < 0.085)
        wall = mix(wall, rgb("#26303a"), window.astype(np.float32))
        panes = mix(rgb("#ffe9a8"), rgb("#2a2f36"), (np.abs((turn * 4 / np.pi) % 1 - 0.5) > 0.43).astype(np.float32))
        metal = np.broadcast_to(rgb("#a81c16"), p.shape) * np.where(p[:, 1] > 3.0, 1, 0.28)[:, None]
        plaster = np.broadcast_to(rgb("#f1ede2"), p.shape)
        opening = (np.abs(np.abs(p[:, 0] - 0.98) - 0.24) < 0.08) & (np.abs(p[:, 1] - 0.26) < 0.1) & (p[:, 2] < 0.1)
        plaster = mix(np.asarray(plaster, np.float32), rgb("#2b3742"), opening.astype(np.float32))
        tiles = np.broadcast_to(rgb("#b4452c"), p.shape) * (0.8 + 0.2 * np.sign(np.sin(p[:, 1] * 60)))[:, None]
        stone = mix(rgb("#5f564c"), rgb("#a39684"), lattice(p * (3, 8, 3), 6))
        grass = mix(rgb("#4d6b22"), rgb("#8aa344"), lattice(p * 8, 7))
        ground = mix(stone, grass, step(0.6, 0.9, facing[:, 1]) * step(-0.12, -0.02, p[:, 1]))
        colour = np.choose(which[:, None], (wall, panes, metal, plaster, tiles, ground))
        gloss = np.choose(which, (0.15, 0.8, 0.4, 0.05, 0.05, 0.02))
        return Surface(np.asarray(colour, np.float32), np.asarray(gloss, np.float32))

    camera = Camera(eye=(-1.5, 1.0, -7.6), target=(0.42, 1.22, 0), zoom=1.62)
    picture, _ = trace((height, width), camera, field, material, backdrop, sun=(-0.75, 0.6, -0.55), softness=14)
    return picture


def golf_ball(height: int, width: int, rng: np.random.Generator) -> Array:
    """Ray-trace a golf ball on a tee in the grass."""
    dimples = SphereTable(fibonacci(300))
    backdrop = blur(
        hills(sky(height, width, rng, "#6fa6d8", "#dfeaf0", clouds=0.3), rng, ((0.34, 0.1, "#34561f"),)), 14
    )
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None] * np.ones((1, width), np.float32)
    green = mix(rgb("#5c8a2c"), rgb("#8bb84a"), noise(height * 3, width, 18, 4, rng)[::3])
    backdrop = over(backdrop, blur(np.asarray(green, np.float32), 9), step(0.36, 0.46, y))

    def field(p: Array) -> Array:
        length = np.maximum(np.linalg.norm(p, axis=1), 1e-6)
        gap = dimples.nearest(p / length[:, None])
        ball = length - 1 + 0.055 * np.sqrt(np.clip(1 - (gap / 0.098) ** 2, 0, 1))
        r, h = np.hypot(p[:, 0], p[:, 2]), p[:, 1] + 0.98
        tee = np.maximum(r - (0.13 + 0.3 * np.exp(h * 5.0)), h) * 0.5
        return np.asarray(np.minimum(ball * 0.8, tee), np.float32)

    def material(p: Array, facing: Array) -> Surface:
        ball = np.linalg.norm(p, axis=1) < 1.02
        colour = np.where(ball[:, None], rgb("#f4f4f1"), rgb("#d9a05a"))
        return Surface(np.asarray(colour, np.float32), np.where(ball, 0.55, 0.1).astype(np.float32))

    camera = Camera(eye=(0.2, 0.35, -5.4), target=(0.05, -0.25, 0), zoom=1.5)
    picture, _ = trace(
        (height, width), camera, field, material, backdrop, sun=(-0.55, 0.8, -0.45),
        bounce_colour=np.array([0.2, 0.32, 0.08], np.float32), softness=6,
    )  # fmt: skip
    return _grass(picture, rng)


def _grass(picture: Array, rng: np.random.Generator) -> Array:
    """Draw blades of grass in front, the nearest ones out of focus."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    for count, low, high, thick, lens in ((900, 0.86, 0.97, 0.004, 0.0), (420, 0.97, 1.1, 0.008, 3.0)):
        layer, cover = np.zeros_like(picture), np.zeros((height, width), np.float32)
        roots = np.sort(low + (high - low) * rng.random(count))
        for root in roots:
            base_x, base_y = rng.random() * width, root * height
            tall = height * (0.10 + 0.13 * rng.random()) * (1 if lens == 0 else 1.25)
            lean = rng.normal(0, 0.35) * tall
            rows = slice(max(0, int(base_y - tall)), min(height, int(base_y)))
            span = abs(lean) + height * thick * 2 + 3
            columns = slice(max(0, int(base_x - span)), min(width, int(base_x + span)))
            if rows.stop <= rows.start or columns.stop <= columns.start:
                continue
            t = (base_y - y[rows, columns]) / tall
            away = np.abs(x[rows, columns] - base_x - lean * t * t)
            blade = step(1.0, -0.6, away - height * thick * (1 - t)) * (t < 1)
            tone = mix(rgb("#2d5212"), rgb("#a5cf58"), np.clip(t * 0.75 + rng.normal(0.1, 0.14), 0, 1))
            layer[rows, columns] = over(layer[rows, columns], tone, blade)
            cover[rows, columns] = np.maximum(cover[rows, columns], blade)
        if lens:
            layer, cover = blur(layer, lens), blur(cover, lens)
        picture = over(picture, layer, cover)
    return picture


def traffic_light(height: int, width: int, rng: np.random.Generator) -> Array:
    """Ray-trace a traffic light that shows green, before an evening street out of focus."""
    backdrop = sky(height, width, rng, "#5d8fc4", "#f3d9b8", clouds=0.4)
    x = np.linspace(0, 1, width, dtype=np.float32)[None] * np.ones((height, 1), np.float32)
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None] * np.ones((1, width), np.float32)
    for left, right, top, tone in ((0, 0.26, 0.30, "#6b6a72"), (0.2, 0.36, 0.5, "#8a8078"), (0.7, 1, 0.38, "#77727c")):
        block = step(left - 0.002, left + 0.002, x) * step(right + 0.002, right - 0.002, x) * step(top - 0.003, top, y)
        windows = ((x * 34) % 1 > 0.45) & ((y * 22) % 1 > 0.5)
        wall = mix(rgb(tone), rgb("#f4cf8c"), (windows & (noise(height, width, 34, 1, rng) > 0.5)) * 0.5)
        backdrop = over(backdrop, wall, block)
    backdrop = blur(backdrop, 9)

    def parts(p: Array) -> Array:
        q = np.abs(p - np.array((0, 0, 0.1), np.float32))
        case = np.linalg.norm(np.maximum(q - np.array((0.44, 1.36, 0.2), np.float32), 0), axis=1) - 0.08
        row = np.clip(np.round(p[:, 1] / 0.88), -1, 1) * 0.88
        local = p - np.stack((np.zeros_like(row), row, np.full_like(row, -0.14)), 1)
        r = np.hypot(local[:, 0], local[:, 1])
        lens = np.linalg.norm(local * np.array((1, 1, 1.9), np.float32), axis=1) - 0.33
        hood = np.maximum(np.abs(r - 0.38) - 0.018, np.abs(local[:, 2] + 0.2) - 0.24)
        hood = np.maximum(hood, -(local[:, 1] + 0.16 - local[:, 2] * 0.5))
        pole = np.maximum(np.hypot(p[:, 0], p[:, 2] - 0.3) - 0.11, p[:, 1] - 1.0)
        return np.stack((case, lens * 0.6, hood, pole)).astype(np.float32)

    def field(p: Array) -> Array:
        return np.asarray(parts(p).min(axis=0), np.float32)

    def material(p: Array, facing: Array) -> Surface:
        which = np.argmin(parts(p), axis=0)
        row = np.clip(np.round(p[:, 1] / 0.88), -1, 1).astype(int)
        r = np.hypot(p[:, 0], p[:, 1] - row * 0.88)
        lamp = np.stack((rgb("#17e08a"), rgb("#5a3c08"), rgb("#4a0a0a")))[row + 1]
        facets = 0.75 + 0.25 * np.sin(p[:, 0] * 60) * np.sin(p[:, 1] * 60)
        shine = (row == -1) * (which == 1) * facets * (1.9 - 2.4 * r)
        colour = np.choose(
            which[:, None], (np.broadcast_to(rgb("#1d2022"), p.shape), lamp, rgb("#17191a"), rgb("#4a4f52"))
        )
        glow = np.array([0.15, 2.3, 1.15], np.float32) * np.maximum(shine, 0)[:, None]
        return Surface(np.asarray(colour, np.float32), np.choose(which, (0.35, 0.8, 0.3, 0.3)).astype(np.float32), glow)

    camera = Camera(eye=(-1.6, -1.1, -5.2), target=(0.05, -0.12, 0), zoom=1.45)
    picture, _ = trace((height, width), camera, field, material, backdrop, sun=(-0.6, 0.6, -0.4), softness=10)
    halo = np.maximum(picture - 1.2, 0)
    return np.asarray(picture + 0.35 * blur(halo, 10) + 0.2 * blur(halo, 26), np.float32)
