"""Trains the starter model: `python packaging/starter/train.py --data DIR --hours 2` (see README.md beside it).

Each worker process takes the newest weights, finds the gradient of one micro-batch by itself and applies it
(asynchronous stochastic gradient descent with as many gradients under way as there are workers): nobody waits for
anybody, so other programs' work on the same cores costs no more than the time that they take. The learning rate, the
crops' size and the end follow the share of the planned work that is done: of the time until `--until`, or of the
`--epochs`. Checkpoints are written every two minutes and are taken up again by the same command.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import math
import multiprocessing
import os
import time
from ctypes import c_double, c_float, c_int64
from multiprocessing.sharedctypes import RawArray
from pathlib import Path
from typing import Any

import dataset
import network
import numpy as np
import numpy.typing as npt
from step import Batch, Change, State, choose

MOMENTUM = 0.9
CHECKPOINT_SECONDS = 120.0
REPORT_STEPS = 200


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What decides the result, beside the data.

    Attributes:
        stages: (share of the work done from which it holds, pixels of the crops' sides), ascending.
        rate: The highest learning rate, reached after `warm_up` steps, then falling along a cosine to 0.
        batch: Photos of a micro-batch, each with its own statistics of batch normalisation.
        decay: Weight decay, not on depthwise kernels nor batch normalisation.
        smoothing: Label smoothing.
        soft: Share of the teacher's answer in the targets where there is one.
        area: Smallest share of a photo's area that a crop shows.
        keep: How much of the weights' running average stays at each step.
    """

    stages: tuple[tuple[float, int], ...] = ((0.0, 48), (0.10, 64), (0.47, 96), (0.80, 128))
    rate: float = 0.08
    warm_up: int = 1500
    batch: int = 64
    decay: float = 5e-5
    smoothing: float = 0.1
    soft: float = 0.6
    area: float = 0.3
    keep: float = 0.9995
    seed: int = 1

    def targets(self, labels: dataset.Labels, teacher: npt.NDArray[np.floating[Any]] | None) -> network.Array:
        """Return what the answers should be, (n, classes): the label, smoothed, and the teacher's answer with it."""
        wanted = np.full((len(labels), network.CLASSES), self.smoothing / network.CLASSES, np.float32)
        wanted[np.arange(len(labels)), labels] += 1 - self.smoothing
        if teacher is None:
            return wanted
        mixed: network.Array = ((1 - self.soft) * wanted + self.soft * teacher).astype(np.float32)
        return mixed

    def size(self, share: float) -> int:
        """Return the pixels of the crops' sides when `share` of the work is done."""
        return [size for start, size in self.stages if share >= start][-1]

    def rate_at(self, share: float, step: int) -> float:
        """Return the learning rate."""
        return self.rate * min(1.0, (step + 1) / self.warm_up) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


@dataclasses.dataclass(frozen=True)
class Plan:
    """When it ends, and how much was done when this run began.

    Attributes:
        began: Seconds since the epoch.
        until: The end in the same seconds; 0 where steps decide.
        steps: Planned steps in all; 0 where the time decides.
        share: Done when this run began.
    """

    began: float
    until: float
    steps: int
    share: float

    def done(self, now: float, step: int) -> float:
        """Return the share of the work that is done, 1 or more at the end."""
        if self.steps:
            return step / self.steps
        return self.share + (1 - self.share) * (now - self.began) / max(1.0, self.until - self.began)


def draw_crops(random: np.random.Generator, count: int, area: float) -> network.Array:
    """Return `step.Batch.draws`: each crop's place and mirroring, and a little change of its colours."""
    share = np.sqrt(random.uniform(area, 1, count))
    bend = np.exp(random.uniform(-0.5, 0.5, count) * math.log(4 / 3))
    width, height = np.minimum(share * bend, 1), np.minimum(share / bend, 1)
    left, top = random.random(count) * (1 - width), random.random(count) * (1 - height)
    mirrored = np.where(random.random(count) < 0.5, -width, width)
    contrast, bright = random.uniform(0.7, 1.3, count), random.uniform(-0.2, 0.2, count)
    colour = random.uniform(0.6, 1.4, count)
    return np.stack([left, top, mirrored, height, contrast, bright, colour, np.zeros(count)], 1).astype(np.float32)


@dataclasses.dataclass
class Shared:
    """The state all workers see: flat float32 arrays in shared memory, and the counter of steps handed out."""

    parameters: Any
    momentum: Any
    average: Any
    counter: Any
    share: Any

    @classmethod
    def begin(cls, seed: int) -> Shared:
        """Make the state before the first step."""
        arrays = [RawArray(c_float, network.SIZE) for _ in range(3)]
        shared = cls(arrays[0], arrays[1], arrays[2], RawArray(c_int64, 1), RawArray(c_double, 1))
        state = shared.state()
        state.parameters[:] = state.average[:] = network.begin(seed)
        return shared

    def state(self) -> State:
        """Return the arrays over the shared memory."""
        return State(*(np.frombuffer(raw, np.float32) for raw in (self.parameters, self.momentum, self.average)))

    def load(self, path: Path) -> None:
        """Go on from a checkpoint."""
        state = self.state()
        with np.load(path, allow_pickle=False) as stored:
            state.parameters[:], state.momentum[:] = stored["parameters"], stored["momentum"]
            state.average[:] = stored["average"]
            self.counter[0], self.share[0] = int(stored["step"]), float(stored["share"])


def save(path: Path, shared: Shared, recipe: Recipe) -> None:
    """Write a checkpoint so that there is always a whole one. The caller holds the lock."""
    state = shared.state()
    words = json.dumps(dataclasses.asdict(recipe)).encode()
    part = path.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez(
            stream, parameters=state.parameters, momentum=state.momentum, average=state.average,
            step=np.int64(shared.counter[0]), share=np.float64(shared.share[0]), recipe=np.frombuffer(words, np.uint8),
        )  # fmt: skip
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


@dataclasses.dataclass
class Worker:
    """One of the processes that train.

    Attributes:
        number: 0 also tells how it goes and writes the checkpoints.
        shared: The state.
        lock: Held while the state is read or changed.
        recipe: What to do.
        plan: Until when.
        options: Of the command line.
    """

    number: int
    shared: Shared
    lock: Any
    recipe: Recipe
    plan: Plan
    options: argparse.Namespace

    def run(self) -> None:
        """Take the newest weights, find a gradient, apply it; until the plan is fulfilled."""
        recipe, shared, options = self.recipe, self.shared, self.options
        photos, labels = dataset.load(options.data, options.cache, "train")
        soft = np.load(options.soft_targets, mmap_mode="r", allow_pickle=False) if options.soft_targets else None
        engine = choose(options.engine, options.cache, recipe.batch)
        state = shared.state()
        mine = np.empty_like(state.parameters)
        decay = network.decay_mask() * np.float32(recipe.decay)
        per_epoch = len(photos) // recipe.batch
        epoch, order = -1, np.empty(0, np.int64)
        told = _Told(int(shared.counter[0]), time.time(), time.time())
        while True:
            with self.lock:
                step = int(shared.counter[0])
                share = self.plan.done(time.time(), step)
                if share >= 1:
                    return
                shared.counter[0] = step + 1
                shared.share[0] = share
                mine[:] = state.parameters
            if step // per_epoch != epoch:
                epoch = step // per_epoch
                order = np.random.default_rng([recipe.seed, epoch]).permutation(len(photos))
            start = step % per_epoch * recipe.batch
            index = np.ascontiguousarray(order[start : start + recipe.batch], np.int64)
            draws = draw_crops(np.random.default_rng([recipe.seed, 7, step]), recipe.batch, recipe.area)
            teacher = None if soft is None else soft[index]
            batch = Batch(photos, index, draws, recipe.targets(labels[index], teacher), recipe.size(share))
            loss, gradient = engine.gradient(mine, batch)
            keep = min(recipe.keep, (1 + step) / (10 + step))
            change = Change(recipe.rate_at(share, step), MOMENTUM, keep, decay)
            with self.lock:
                engine.update(state, gradient, change)
            if self.number == 0:
                told.losses.append(loss)
                if len(told.losses) == REPORT_STEPS:
                    self._tell(told, step, share, per_epoch)

    def _tell(self, told: _Told, step: int, share: float, per_epoch: int) -> None:
        now = time.time()
        speed = (step - told.step) * self.recipe.batch / (now - told.time)
        print(
            f"{time.strftime('%H:%M:%S')} step {step} epoch {step / per_epoch:.2f} done {share:.3f} "
            f"size {self.recipe.size(share)} loss {sum(told.losses) / len(told.losses):.3f} photos/s {speed:.0f}",
            flush=True,
        )
        told.losses.clear()
        told.step, told.time = step, now
        if now - told.saved > CHECKPOINT_SECONDS:
            with self.lock:
                save(self.options.checkpoint, self.shared, self.recipe)
            told.saved = now


@dataclasses.dataclass
class _Told:
    """When and at which step the last line was written, when the last checkpoint, and the losses since."""

    step: int
    time: float
    saved: float
    losses: list[float] = dataclasses.field(default_factory=list)


def _end_time(options: argparse.Namespace, now: float) -> float:
    if options.until:
        hour, minute = (int(part) for part in options.until.split(":"))
        end = datetime.datetime.fromtimestamp(now).replace(hour=hour, minute=minute, second=0, microsecond=0)
        if end.timestamp() <= now:
            end += datetime.timedelta(days=1)
        return end.timestamp()
    return now + 3600 * float(options.hours or 0)


def main() -> int:
    """Begin or go on, until the plan is fulfilled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the packed Tiny ImageNet files")
    parser.add_argument("--cache", type=Path, default=Path(".cache/starter"), help="folder for decoded photos")
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/starter.npz"))
    parser.add_argument("--soft-targets", type=Path, help="the teacher's answers (distill.py)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="1 gives the same result every time")
    parser.add_argument("--engine", choices=("auto", "fused", "torch"), default="auto", help="what does the arithmetic")
    parser.add_argument("--seed", type=int, default=1)
    plan_options = parser.add_mutually_exclusive_group(required=True)
    plan_options.add_argument("--until", help="clock time HH:MM at which it must have ended")
    plan_options.add_argument("--hours", type=float)
    plan_options.add_argument("--epochs", type=float)
    options = parser.parse_args()
    recipe = Recipe(seed=options.seed)
    photos, _ = dataset.load(options.data, options.cache, "train")
    context = multiprocessing.get_context("spawn")
    shared = Shared.begin(options.seed)
    if options.checkpoint.exists():
        shared.load(options.checkpoint)
        print(f"going on from step {shared.counter[0]}, {shared.share[0]:.1%} done", flush=True)
    now = time.time()
    steps = int(options.epochs * (len(photos) // recipe.batch)) if options.epochs else 0
    plan = Plan(now, 0.0 if steps else _end_time(options, now), steps, float(shared.share[0]))
    options.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    choose(options.engine, options.cache, recipe.batch)  # compiles once, before the workers ask for it
    lock = context.Lock()
    workers = [
        context.Process(target=Worker(number, shared, lock, recipe, plan, options).run, daemon=True)
        for number in range(options.workers)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        print("a worker failed; the last checkpoint is whole", flush=True)
        return 1
    shared.share[0] = 1.0
    save(options.checkpoint, shared, recipe)
    print(f"ended at step {shared.counter[0]}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
