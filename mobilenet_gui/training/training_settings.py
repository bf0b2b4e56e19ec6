"""Owns the settings of a training: names, defaults, bounds, and their form as JSON. No TensorFlow, no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Literal, NamedTuple, get_args

Preset = Literal["fast", "balanced", "best"]
Augmentation = Literal["none", "light", "medium", "strong"]
Schedule = Literal["cosine", "constant", "plateau"]


class Limits(NamedTuple):
    """The closed range of a number."""

    low: float
    high: float


LIMITS: Final[Mapping[str, Limits]] = {
    "input_size": Limits(32, 512),
    "epochs": Limits(1, 1000),
    "head_epochs": Limits(0, 1000),
    "learning_rate": Limits(1e-6, 1.0),
    "unfreeze_blocks": Limits(0, 64),
    "label_smoothing": Limits(0.0, 0.5),
    "patience": Limits(0, 1000),
    "batch_size": Limits(1, 512),
    "seed": Limits(0, 2**31 - 1),
    "threads": Limits(1, 256),
}
SPLIT_LEAST: Final = (10, 5, 5)
"""The least percentages of the train, validation and test part."""
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "preset": get_args(Preset),
    "augmentation": get_args(Augmentation),
    "schedule": get_args(Schedule),
}
_WHOLE: Final = frozenset(
    {"input_size", "epochs", "head_epochs", "unfreeze_blocks", "patience", "batch_size", "seed", "threads"}
)
_MAX_TEXT: Final = 1000


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How a model is to be trained. None leaves the choice to the preset.

    Attributes:
        preset: how much effort.
        base: id of the model to start from; empty for the recommended one.
        input_size: side of the network's input in pixels.
        epochs: the most passes over the photos, all phases together.
        head_epochs: passes of the first phase, in which only the new last layer learns.
        learning_rate: of the first step of the adapting phase.
        schedule: how the learning rate falls.
        unfreeze_blocks: how many of the last blocks are adapted; 0 for the head alone.
        augmentation: how much the photos are varied.
        label_smoothing: share of the target that is spread over all classes, 0-0.5.
        patience: epochs without progress after which it stops; 0 never stops early.
        batch_size: photos a step.
        class_weights: photos of small classes count more.
        seed: of everything that is drawn.
        reject: learn one more class, of what is none of these.
        split: percent of train, validation and test photos; their sum is 100.
        threads: of the network; None for one a core.
    """

    preset: Preset = "balanced"
    base: str = ""
    input_size: int | None = None
    epochs: int | None = None
    head_epochs: int | None = None
    learning_rate: float | None = None
    schedule: Schedule | None = None
    unfreeze_blocks: int | None = None
    augmentation: Augmentation | None = None
    label_smoothing: float | None = None
    patience: int | None = None
    batch_size: int | None = None
    class_weights: bool = True
    seed: int = 42
    reject: bool = False
    split: tuple[int, int, int] = (60, 20, 20)
    threads: int | None = None

    def to_data(self) -> dict[str, Any]:
        """Return what differs from the defaults, as plain data for JSON."""
        default = TrainingSettings()
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value != getattr(default, name)
        }

    @classmethod
    def from_data(cls, data: object) -> TrainingSettings:
        """Read settings that may be hostile or of another version: what is not allowed falls back to its default."""
        if not isinstance(data, dict):
            return cls()
        known = {f.name for f in fields(cls)}
        good: dict[str, Any] = {}
        for name in known & set(data):
            value = tuple(data[name]) if isinstance(data[name], list) else data[name]
            if is_allowed(name, value):
                good[name] = value
        return replace(cls(), **good)

    def with_changes(self, **changes: object) -> TrainingSettings:
        """Return these settings with some changed.

        Raises:
            ValueError: a value that is not allowed.
            TypeError: a name that is not in the table.
        """
        for name, value in changes.items():
            if name in _NAMES and not is_allowed(name, value):
                raise ValueError(f"{name} does not accept {value!r}")
        return replace(self, **changes)  # type: ignore[arg-type]


_NAMES: Final = frozenset(f.name for f in fields(TrainingSettings))
_OPTIONAL: Final = frozenset(f.name for f in fields(TrainingSettings) if f.default is None)


def is_allowed(name: str, value: object) -> bool:
    """Say whether a setting of that name takes `value`."""
    if value is None:
        return name in _OPTIONAL
    if name in _CHOICES:
        return isinstance(value, str) and value in _CHOICES[name]
    if name == "base":
        return isinstance(value, str) and len(value) <= _MAX_TEXT
    if name == "split":
        return _is_split(value)
    return _is_number(name, value) if name in LIMITS else isinstance(value, bool)


def _is_number(name: str, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if name in _WHOLE else (int, float)):
        return False
    return LIMITS[name].low <= value <= LIMITS[name].high


def _is_split(value: object) -> bool:
    if not isinstance(value, tuple) or len(value) != len(SPLIT_LEAST):
        return False
    if any(isinstance(part, bool) or not isinstance(part, int) for part in value):
        return False
    return sum(value) == 100 and all(part >= least for part, least in zip(value, SPLIT_LEAST, strict=True))
