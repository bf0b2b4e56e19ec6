"""The one table of settings: names, types, defaults, bounds; read tolerantly, saved sparsely and atomically.

A damaged file never stops the program: what is readable is kept, the rest falls back to its default, and the
damaged file is set aside under a name that says so. Only values that differ from their default are written, and with
them what a newer version of the program has put there: going back a version and forth again loses nothing.
"""

from __future__ import annotations

import contextlib
import json
import stat
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from mobilenet_gui.core.addresses import shown
from mobilenet_gui.core.atomic import write_atomically
from mobilenet_gui.core.confidence import SURE_FROM
from mobilenet_gui.core.errors import StorageError, UserError
from mobilenet_gui.core.sound_text import is_sound
from mobilenet_gui.i18n import tr

Writer: TypeAlias = Callable[[Callable[[], None], Callable[[UserError | None], None]], None]


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


MOST_STARTS = 4
_ADDRESSES = ("live_stream",)
"""Settings that are addresses, in which no password and no token is kept."""


def _setting(default: Any, rule: Rule | None = None) -> Any:
    return field(default=default, metadata={"rule": rule or Rule()})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of the program with its default."""

    theme: Literal["system", "light", "dark"] = _setting("system", Rule(choices=("system", "light", "dark")))
    sure_from: float = _setting(SURE_FROM, Rule(0.05, 0.99))
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
    precision: Literal["auto", "float", "int8"] = _setting("auto", Rule(choices=("auto", "float", "int8")))
    """What the network counts in; see `core.twins.Precision`."""
    live_kind: Literal["camera", "file", "stream"] = _setting("camera", Rule(choices=("camera", "file", "stream")))
    """What Live showed last."""
    live_camera: str = _setting("")
    """Name of the camera that was chosen last."""
    live_file: str = _setting("")
    live_stream: str = _setting("")
    """Address of the last stream as it may be shown: what is secret in it is not kept."""
    live_resolution: str = _setting("")
    """What is asked of cameras, such as `1280x720`; empty for their own choice."""
    live_mirror: bool = _setting(False)
    live_started: bool = _setting(False)
    """Start was pressed once: from then on the page opens the camera by itself."""
    live_smooth: bool = _setting(True)
    live_smoothing: float = _setting(0.4, Rule(0.1, 2.0))
    """Time constant of the steady bars in seconds."""
    live_explain: bool = _setting(False)
    snapshot_folder: str = _setting("")
    """Where snapshots go; empty until the user was asked."""
    snapshot_format: Literal["jpeg", "png"] = _setting("jpeg", Rule(choices=("jpeg", "png")))
    copy_photos: bool = _setting(False)
    """Photos for fine-tuning are copied into their project, not only referred to."""
    notify: bool = _setting(True)
    """Tell through the system that a training has ended, while no window of the program is in front."""
    unfinished_training: str = _setting("")
    """The project whose training is under way, and where there is one its run: `project/run`."""
    starts: int = _setting(0, Rule(0, MOST_STARTS))
    """How often the program was started; counted up to where nothing depends on it any more."""
    dismissed_banners: str = _setting("")
    """Comma-separated names of banners the user closed for good."""

    @property
    def open_from(self) -> str:
        """The folder in which files are looked for at first: the last one, or the user's own."""
        return self.last_folder or str(Path.home())

    @property
    def export_to(self) -> str:
        """The folder in which files are written at first: the last one, or the user's own."""
        return self.last_export_folder or str(Path.home())


class _UnreadableError(Exception):
    """The settings file is no good; the text says why."""


def _load(path: Path) -> dict[str, Any]:
    """Return the table in a settings file.

    Raises:
        FileNotFoundError: there is none.
        _UnreadableError: it is damaged, or something else than a file.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _UnreadableError(tr("it is not a file"))
        text = path.read_text(encoding="utf-8-sig")  # some editors put a mark in front
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        raise _UnreadableError(tr("it is not text")) from error
    except OSError as error:
        raise _UnreadableError(error.strerror or str(error)) from error
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _UnreadableError(tr("it is not valid JSON")) from error
    if not isinstance(raw, dict):
        raise _UnreadableError(tr("it holds no settings"))
    try:
        _as_bytes(raw)  # what could be read must be written back, also what only a newer version knows
    except (ValueError, RecursionError) as error:
        raise _UnreadableError(tr("it is nested too deeply")) from error
    return raw


def _as_bytes(values: dict[str, Any]) -> bytes:
    """Return settings as they are saved: in ASCII, since the name of a folder need not be valid text."""
    return json.dumps(values, indent=2).encode("ascii")


class SettingsStore:
    """Holds the current `Settings` and their file. Not thread-safe: owned by the main thread.

    Attributes:
        values: the settings now.
        problem: what was wrong with the file when it was read, for the user; None where all was well.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listeners: list[Callable[[frozenset[str]], None]] = []
        self._writer: Writer = _write_now
        self._heard: Callable[[UserError | None], None] = lambda _error: None
        self._foreign: dict[str, Any] = {}
        self._secrets: dict[str, str] = {}
        self.problem: str | None = None
        self.values = self._read()
        self._forget_secrets()

    def remember_address(self, address: str) -> str:
        """Keep an address for as long as the program runs; return it as it may be shown and saved."""
        hidden = shown(address)
        if hidden != address:
            self._secrets[hidden] = address
        return hidden

    def whole_address(self, hidden: str) -> str:
        """Return the address that was remembered under what is shown of it; what is shown where none was."""
        return self._secrets.get(hidden, hidden)

    def subscribe(self, listener: Callable[[frozenset[str]], None]) -> None:
        """Call `listener` with the names that changed after each `update`."""
        self._listeners.append(listener)

    def save_by(self, writer: Writer, heard: Callable[[UserError | None], None]) -> None:
        """Have the file written otherwise than at once and in silence.

        Args:
            writer: called with what writes the file as it is to be now, and raises `StorageError`, and with `heard`.
            heard: called with the error of each try, None where it went well.
        """
        self._writer, self._heard = writer, heard

    def update(self, **changes: object) -> None:
        """Change settings by name, tell the listeners, save. Where that fails, the change holds for this run.

        Raises:
            KeyError: a name that is not in the table.
            ValueError: a value of the wrong type or out of bounds.
        """
        by_name = {f.name: f for f in fields(Settings)}
        clean: dict[str, Any] = {}
        for name, value in changes.items():
            kind = type(by_name[name].default)
            converted = _converted(value, kind)
            if converted is None or not cast(Rule, by_name[name].metadata["rule"]).accepts(converted):
                raise ValueError(f"setting {name!r} does not accept {value!r}")
            clean[name] = shown(str(converted)) if name in _ADDRESSES else converted
        changed = frozenset(n for n, v in clean.items() if getattr(self.values, n) != v)
        if not changed:
            return
        self.values = replace(self.values, **clean)
        for listener in list(self._listeners):
            listener(changed)
        self._save()

    def _read(self) -> Settings:
        try:
            raw = _load(self._path)
        except FileNotFoundError:
            return Settings()
        except _UnreadableError as error:
            return self._set_aside(str(error))
        known = {f.name for f in fields(Settings)}
        self._foreign = {name: value for name, value in raw.items() if name not in known}
        good: dict[str, Any] = {}
        for f in fields(Settings):
            if f.name in raw:
                value = _converted(raw[f.name], type(f.default))
                if value is not None and cast(Rule, f.metadata["rule"]).accepts(value):
                    good[f.name] = value
        return replace(Settings(), **good)

    def _forget_secrets(self) -> None:
        """Take out of the file what version 0.1 kept there: tokens and passwords inside addresses."""
        kept = {name: getattr(self.values, name) for name in _ADDRESSES}
        clean: dict[str, Any] = {name: self.remember_address(value) for name, value in kept.items()}
        if clean != kept:
            self.values = replace(self.values, **clean)
            self._secrets.clear()
            self._save()  # a disk that is read-only holds it on

    def _set_aside(self, why: str) -> Settings:
        aside = self._path.with_name(self._path.name + ".damaged")
        self.problem = tr("{path}: The settings file could not be read: {why}. Defaults are used.").format(
            path=self._path, why=why
        )
        with contextlib.suppress(OSError):
            self._path.replace(aside)
            self.problem += " " + tr("The old file is kept as {name}.").format(name=aside.name)
        return Settings()

    def _save(self) -> None:
        default = Settings()
        sparse = {
            f.name: getattr(self.values, f.name)
            for f in fields(Settings)
            if getattr(self.values, f.name) != getattr(default, f.name)
        }
        self._writer(partial(_write, self._path, _as_bytes(sparse | self._foreign)), self._heard)


def _write(path: Path, data: bytes) -> None:
    try:
        write_atomically(path, data, private=True)
    except OSError as error:
        raise StorageError(str(path), error.strerror or str(error)) from error


def _write_now(work: Callable[[], None], heard: Callable[[UserError | None], None]) -> None:
    try:
        work()
    except StorageError as error:
        heard(error)
    else:
        heard(None)


def _converted(value: object, kind: type) -> object | None:
    """Return `value` as `kind` where that loses nothing, else None."""
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return None
    if kind is int and isinstance(value, bool):
        return None
    if kind is str:
        return value if is_sound(value) else None
    return value if isinstance(value, kind) else None
