"""Owns how a command ends: the exit codes, what a signal does, and every failure as one line and a code."""

from __future__ import annotations

import argparse
import contextlib
import functools
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final

from mobilenet_gui.cli_output import abandon_stdout, complain, unwritable_reason
from mobilenet_gui.cli_unwritable import UnwritableError
from mobilenet_gui.i18n import tr

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
"""Something could not be done, such as a photo that could not be read."""
EXIT_USAGE: Final = 2
"""The command, or the model that it names, cannot be used; nothing was done."""
EXIT_BROKEN_PIPE: Final = 141
"""What a shell reports for a program that its reader left, such as `head`."""

_SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)

Handler = Callable[[int, FrameType | None], Any]
Run = Callable[[argparse.Namespace], int]


class _Stop:
    """Which signal ends the command; one process runs one command."""

    number: int = signal.SIGINT


def stopped_code() -> int:
    """Return the exit code of a command that a signal ended: 130 for Ctrl-C, 143 for SIGTERM."""
    return 128 + _Stop.number


def command(run: Run) -> Run:
    """Make of a command's function one that ends with an exit code, whatever happens to it."""

    @functools.wraps(run)
    def guarded(arguments: argparse.Namespace) -> int:
        from mobilenet_gui.core.errors import Cancelled, UserError

        _Stop.number = signal.SIGINT
        with _handling(_interrupt):
            try:
                code = run(arguments)
                _flush()
            except (Cancelled, KeyboardInterrupt):
                return stopped_code()
            except UnwritableError as error:
                return unwritable(error)
            except UserError as error:
                complain(str(error))
                return EXIT_FAILED
            except OSError as error:
                complain(os_failure(error))
                return EXIT_FAILED
            return code

    return guarded


def os_failure(error: OSError) -> str:
    """Put into words what the system refused, naming the file where it names one."""
    reason = error.strerror or str(error) or type(error).__name__
    text = tr("The system refused: {reason}.").replace("{reason}", reason)
    return text if error.filename is None else f"{_name(error.filename)}: {text}"


def _name(name: str | bytes | int) -> str:
    return name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else str(name)


@contextlib.contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Turn the first signal into a cancel event, so that what is under way ends tidily; a second one interrupts."""
    cancel = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if cancel.is_set():
            _interrupt(number, frame)
        _Stop.number = number
        cancel.set()

    with _handling(stop):
        yield cancel


@contextlib.contextmanager
def _handling(handler: Handler) -> Iterator[None]:
    """Let `handler` take the signals that ask for an end, except those that whoever started us wants ignored."""
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            # None: a handler that is not Python's. Ignored: as `nohup` does, or a shell for what runs behind a `&`.
            if signal.getsignal(number) not in (None, signal.SIG_IGN):
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    """End the command where it stands; every clean-up on the way out is done."""
    _Stop.number = number
    raise KeyboardInterrupt


def _flush() -> None:
    """Send out what is left now, while a failure can still be told."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError as error:
            raise UnwritableError(error) from error


def flushed_code() -> int | None:
    """Send out what was printed; return the exit code where nobody takes it, None where all is well."""
    try:
        _flush()
    except UnwritableError as error:
        return unwritable(error)
    return None


def unwritable(error: UnwritableError) -> int:
    """Give stdout up, and say why unless its reader has simply left; return the exit code."""
    abandon_stdout()
    if error.reader_left:
        return EXIT_BROKEN_PIPE
    complain(unwritable_reason(error))
    return EXIT_FAILED
