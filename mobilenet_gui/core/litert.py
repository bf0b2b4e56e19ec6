"""The one place that loads LiteRT: late, quietly, and with its failures turned into words."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import IO, Any

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.i18n import tr

_STDERR = 2
_greeting = threading.Lock()
_greeted = False


def load_interpreter(model: bytes, subject: str, threads: int) -> Any:
    """Return a LiteRT interpreter that is ready to run.

    Args:
        model: a .tflite file's content; kept alive by the interpreter.
        subject: what an error names.
        threads: how many threads it may use, at least 1.

    Raises:
        ModelError: LiteRT refuses the network.
    """
    from ai_edge_litert.interpreter import Interpreter

    try:
        with _without_greeting():
            interpreter = Interpreter(model_content=model, num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelError(
            subject, tr("The network cannot be run: {reason}").format(reason=_first_line(error))
        ) from error
    return interpreter


def invoke(interpreter: Any, subject: str) -> None:
    """Run the network on the input that it was given.

    Raises:
        ModelError: LiteRT finds while running it that it cannot.
    """
    try:
        interpreter.invoke()
    except (ValueError, RuntimeError) as error:
        raise ModelError(
            subject, tr("The network cannot be run: {reason}").format(reason=_first_line(error))
        ) from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


@contextlib.contextmanager
def _without_greeting() -> Iterator[None]:
    """Keep LiteRT's "INFO: Created ... delegate", said once a process by C++ code without a switch, off stderr.

    Only the first load is covered, and only its INFO lines are dropped: all else is passed on.
    """
    global _greeted  # noqa: PLW0603 - the greeting, too, is once a process
    with _greeting:
        if _greeted:
            caught = None
        else:
            _greeted = True
            caught = _redirect()
        if caught is not None:
            try:
                yield
            finally:
                _restore(*caught)
            return
    yield


def _redirect() -> tuple[int, IO[bytes]] | None:
    """Send file descriptor 2 into a temporary file; None where there is no stderr (a windowed program) or no room."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        sys.stderr.flush()
    try:
        saved = os.dup(_STDERR)
    except OSError:
        return None
    try:
        caught = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _restore
        os.dup2(caught.fileno(), _STDERR)
    except OSError:
        os.close(saved)
        return None
    return saved, caught


def _restore(saved: int, caught: IO[bytes]) -> None:
    os.dup2(saved, _STDERR)
    os.close(saved)
    with caught:
        caught.seek(0)
        kept = b"".join(line for line in caught if not line.startswith(b"INFO:"))
    if kept:
        with contextlib.suppress(OSError):
            os.write(_STDERR, kept)
