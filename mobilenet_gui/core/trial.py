"""Owns trying a foreign network in a process of its own before ours runs it, and remembering which have been tried.

A network is a program: it may crash LiteRT, run for ever or take all memory, and whoever asks it goes down with it. So
each is first asked about two plain photos by a process that may be lost, within a time limit. What stood the trial is
known by its content's hash, here and in the user's cache, so that it is tried once and not at every start; a file that
was exchanged has another hash and is tried anew. `LiteRTRecognizer` asks for this itself: there is no way around it.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mobilenet_gui import __version__, paths
from mobilenet_gui.core.child import creation_flags, environment, process_group
from mobilenet_gui.core.errors import Cancelled, ModelError
from mobilenet_gui.core.kept_json import UNREADABLE, read_kept, write_kept
from mobilenet_gui.core.trial_child import CPU_SECONDS
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import Bundle

TRIAL_SECONDS: Final = 120.0
"""What a trial may take by the clock; what it may compute is `trial_child.CPU_SECONDS`. Most of this is for a computer
that is busy with other things, where 30 seconds have been seen to be too few for a sound model."""
MOST_REMEMBERED: Final = 500
_POLL_SECONDS: Final = 0.05
_MOST_BYTES: Final = 1 << 16

_turn = threading.Lock()
_tried: set[str] = set()
_refused: dict[str, str] = {}
_running: set[subprocess.Popen[bytes]] = set()


def ensure(bundle: Bundle, cancel: threading.Event | None = None) -> None:
    """See that the network of `bundle` has stood its trial; blocks while it is tried, which is once a network.

    Raises:
        ModelError: it crashed, took too long, or answers with something that is no probabilities.
        Cancelled: `cancel` was set.
    """
    entry = bundle.manifest.files.get("model")
    if entry is None or entry.sha256 in _tried or bundle.folder.parent == paths.builtin_models_dir():
        return
    while not _turn.acquire(timeout=_POLL_SECONDS):
        if cancel is not None and cancel.is_set():
            raise Cancelled
    try:
        if entry.sha256 in _tried:
            return
        if entry.sha256 not in _refused:
            if entry.sha256 not in _read_book():
                _try_in_child(bundle, entry.sha256, cancel)
                _remember(entry.sha256)
            _tried.add(entry.sha256)
            return
        raise ModelError(str(bundle.folder), _refused[entry.sha256])
    finally:
        _turn.release()


def vouch(bundle: Bundle) -> None:
    """Take note that the network of `bundle` needs no trial: it has just been tried here, or was made here."""
    entry = bundle.manifest.files.get("model")
    if entry is not None and entry.sha256 not in _tried:
        _tried.add(entry.sha256)
        _remember(entry.sha256)


def abandon() -> None:
    """End the trials that are under way; for the end of the program, which waits for nobody."""
    for process in list(_running):
        with contextlib.suppress(OSError):
            process.kill()


def _try_in_child(bundle: Bundle, sha256: str, cancel: threading.Event | None) -> None:
    order = json.dumps({"folder": str(bundle.folder.absolute()), "sha256": sha256}).encode()
    try:
        process = subprocess.Popen(
            [*paths.worker_command(), "try"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
            process_group=process_group(),
            creationflags=creation_flags(),
        )
    except OSError as error:
        raise ModelError(
            bundle.name,
            tr("The program's helper could not be started: {reason}.").format(reason=error.strerror or error),
        ) from error
    _running.add(process)
    try:
        said = _wait(process, order, cancel)
    finally:
        _running.discard(process)
        with contextlib.suppress(OSError):
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
    reason = _verdict(said, process.returncode)
    if reason is not None:
        _refused[sha256] = reason
        raise ModelError(str(bundle.folder), reason)


def _wait(process: subprocess.Popen[bytes], order: bytes, cancel: threading.Event | None) -> bytes | None:
    """Return what the process said until its end; None where it took too long."""
    until = time.monotonic() + TRIAL_SECONDS
    given: bytes | None = order
    while time.monotonic() < until:
        if cancel is not None and cancel.is_set():
            raise Cancelled
        try:
            return process.communicate(given, timeout=_POLL_SECONDS)[0][:_MOST_BYTES]
        except subprocess.TimeoutExpired:
            given = None
    return None


def _verdict(said: bytes | None, code: int) -> str | None:
    """Return why the network is not used; None where it may be."""
    computed = sys.platform != "win32" and code == -signal.SIGXCPU
    if said is None or computed:
        return tr("The network gave no answer within {n} seconds when it was tried, so it is not used.").format(
            n=CPU_SECONDS if computed else round(TRIAL_SECONDS)
        )
    found: Any = None
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(said)
    if code == 0 and isinstance(found, dict) and found.get("tried") is True:
        return None
    if isinstance(found, dict) and isinstance(found.get("reason"), str):
        return str(found["reason"])
    return tr("The network crashed when it was tried (code {code}), so it is not used.").format(code=code)


def _book() -> Path:
    return paths.cache_dir() / "tried-networks.json"


def _read_book() -> list[str]:
    """Return the hashes of what stood its trial under this version of the program and its LiteRT, oldest first."""
    try:
        raw = read_kept(_book())
    except UNREADABLE:
        return []
    if not isinstance(raw, dict) or raw.get("program") != __version__ or not isinstance(raw.get("networks"), list):
        return []
    return [name for name in raw["networks"] if isinstance(name, str)]


def _remember(sha256: str) -> None:
    known = [name for name in _read_book() if name != sha256][1 - MOST_REMEMBERED :]
    text = json.dumps({"program": __version__, "networks": [*known, sha256]}, indent=1)
    with contextlib.suppress(OSError):  # where nothing can be written, it is tried again the next time
        write_kept(_book(), text)
