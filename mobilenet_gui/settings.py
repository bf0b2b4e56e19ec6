"""The one table of settings: names, types, defaults, bounds; read tolerantly, saved sparsely and atomically.

A damaged file never stops the program: what is readable is kept, the rest falls back to its default, and the
damaged file is set aside under a name that says so. Only values that differ from their default are written.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, cast

from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.i18n import tr


@dataclass(frozen=True, slots=True)
class Rule:
    """What a setting accepts beyond its type: a closed range, or a set of words."""

    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def accepts(self, value: object) -> bool:
        """Say whether `value`, already of the right type, is allowed."""
        if self.choices:
            return value in self.choices
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return True
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


def _setting(default: Any, rule: Rule | None = None) -> Any:
    return field(default=default, metadata={"rule": rule or Rule()})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of the program with its default."""

    theme: Literal["system", "light", "dark"] = _setting("system", Rule(choices=("system", "light", "dark")))
    sure_from: float = _setting(0.5, Rule(0.05, 0.99))
    """Probability from which the answer counts as sure."""
    explain: bool = _setting(False)
    explain_strength: float = _setting(0.62, Rule(0.0, 1.0))
    show_model_view: bool = _setting(False)
    """Show the square that the network saw instead of the photo."""
    inspector_visible: bool = _setting(True)
    inspector_width: int = _setting(312, Rule(260, 420))
    photos_view: Literal["single", "grid"] = _setting("single", Rule(choices=("single", "grid")))
    include_subfolders: bool = _setting(True)
    window_geometry: str = _setting("")
    """Qt's saveGeometry as base64."""
    last_folder: str = _setting("")
    last_export_folder: str = _setting("")
    weights_url: str = _setting("")
    """Download base that replaces Keras' official address; empty for the official one."""
    proxy: str = _setting("")
    """Proxy URL; empty to follow the system's."""
    threads: int = _setting(0, Rule(0, 256))
    """Threads for the network; 0 for the number of cores."""
    dismissed_banners: str = _setting("")
    """Comma-separated names of banners the user closed for good."""


class SettingsStore:
    """Holds the current `Settings` and their file. Not thread-safe: owned by the main thread.

    Attributes:
        values: the settings now.
        problem: what was wrong with the file when it was read, for the user; None where all was well.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listeners: list[Callable[[frozenset[str]], None]] = []
        self.problem: str | None = None
        self.values = self._read()

    def subscribe(self, listener: Callable[[frozenset[str]], None]) -> None:
        """Call `listener` with the names that changed after each `update`."""
        self._listeners.append(listener)

    def update(self, **changes: object) -> None:
        """Change settings by name, save them, tell the listeners.

        Raises:
            KeyError: a name that is not in the table.
            ValueError: a value of the wrong type or out of bounds.
            StorageError: the file could not be written; the change holds for this run all the same.
        """
        by_name = {f.name: f for f in fields(Settings)}
        clean: dict[str, Any] = {}
        for name, value in changes.items():
            kind = type(by_name[name].default)
            converted = _converted(value, kind)
            if converted is None or not cast(Rule, by_name[name].metadata["rule"]).accepts(converted):
                raise ValueError(f"setting {name!r} does not accept {value!r}")
            clean[name] = converted
        changed = frozenset(n for n, v in clean.items() if getattr(self.values, n) != v)
        if not changed:
            return
        self.values = replace(self.values, **clean)
        for listener in list(self._listeners):
            listener(changed)
        self._save()

    def _read(self) -> Settings:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Settings()
        except (OSError, UnicodeDecodeError) as error:
            return self._set_aside(str(error))
        try:
            raw = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            return self._set_aside(str(error))
        if not isinstance(raw, dict):
            return self._set_aside("not a table")
        good: dict[str, Any] = {}
        for f in fields(Settings):
            if f.name in raw:
                value = _converted(raw[f.name], type(f.default))
                if value is not None and cast(Rule, f.metadata["rule"]).accepts(value):
                    good[f.name] = value
        return replace(Settings(), **good)

    def _set_aside(self, why: str) -> Settings:
        aside = self._path.with_name(self._path.name + ".damaged")
        with contextlib.suppress(OSError):
            self._path.replace(aside)
        self.problem = tr(
            "The settings file could not be read ({why}). Defaults are used; the old file is kept as {name}."
        ).format(why=why, name=aside.name)
        return Settings()

    def _save(self) -> None:
        default = Settings()
        sparse = {
            f.name: getattr(self.values, f.name)
            for f in fields(Settings)
            if getattr(self.values, f.name) != getattr(default, f.name)
        }
        try:
            write_atomically(self._path, json.dumps(sparse, indent=2, ensure_ascii=False).encode("utf-8"))
        except OSError as error:
            raise StorageError(str(self._path), error.strerror or str(error)) from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a crash leaves either the old file or the new one, whole.

    Raises:
        OSError: the folder or file cannot be written; the old file is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=path.name + ".", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def _converted(value: object, kind: type) -> object | None:
    """Return `value` as `kind` where that loses nothing, else None."""
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if kind is int and isinstance(value, bool):
        return None
    return value if isinstance(value, kind) else None
