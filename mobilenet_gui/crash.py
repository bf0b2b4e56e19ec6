"""Owns what happens to an exception nobody expected: a report in the log folder, and a word to whoever shows it.

No Qt here. The report never leaves the machine by itself; the user's home folder is written as `~` in it, and addresses
without their passwords.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType

from mobilenet_gui import __version__
from mobilenet_gui.core.addresses import shown_in

KEPT_REPORTS = 20
KEPT_FAULTS = 5
_MOST_FAULT_BYTES = 20_000
_PACKAGES = ("PySide6", "ai-edge-litert", "tensorflow", "keras", "pillow", "numpy")

Shower = Callable[[str, str], None]
"""Called with a one-line summary and the whole report; from whatever thread it happened in."""


def make_report(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> str:
    """Return a report a person can send: versions, system, traceback."""
    # 40 ms that every start would pay for a report it seldom needs.
    import platform
    from importlib import metadata

    versions = []
    for package in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions.append(f"{package} {metadata.version(package)}")
    lines = [
        f"MobileNet GUI {__version__}",
        f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z}",
        f"Python {platform.python_version()}, {platform.platform()}",
        ", ".join(versions),
        "",
        *(line.rstrip("\n") for line in traceback.format_exception(kind, error, where)),
    ]
    return _sendable("\n".join(lines))


def _sendable(text: str) -> str:
    """Return a text without what people would not want to send on: their name in paths, passwords in addresses."""
    text = shown_in(text)
    with contextlib.suppress(RuntimeError):
        home = Path.home()
        if home != Path(home.anchor):  # a container's home may be the root, which begins every path
            text = text.replace(str(home), "~")
    return text


def fault_file(folder: Path) -> Path:
    """Return where the stack of a crash in native code goes, which no hook sees; empty where there was none."""
    return folder / "fault.txt"


def keep_fault(folder: Path) -> Path | None:
    """Set aside what a crash in native code wrote before this start; None where the last run ended in order."""
    file = fault_file(folder)
    try:
        found = file.stat()
        if not found.st_size:
            return None
        kept = folder / f"fault-{datetime.fromtimestamp(found.st_mtime):%Y%m%d-%H%M%S-%f}.txt"
        file.replace(kept)
        for old in sorted(folder.glob("fault-*.txt"))[:-KEPT_FAULTS]:
            old.unlink(missing_ok=True)
    except (OSError, ValueError, OverflowError):
        return None
    return kept


def fault_report(kept: Path) -> str:
    """Return what is known of a crash in native code, to show and to send."""
    try:
        with kept.open("rb") as stream:
            text = stream.read(_MOST_FAULT_BYTES).decode("utf-8", "backslashreplace")
    except OSError:
        return ""
    return _sendable(f"MobileNet GUI {__version__}, {kept.stem}\n\n{text}")


def _untold_fault(folder: Path) -> str:
    """Return what the last crash in native code wrote, where no report has told it yet."""
    try:
        faults = sorted(folder.glob("fault-*.txt"))
        told = max((report.stat().st_mtime for report in folder.glob("crash-*.txt")), default=0.0)
        if not faults or faults[-1].stat().st_mtime < told:
            return ""
    except OSError:
        return ""
    return f"\n\nBefore that the program crashed in native code:\n{fault_report(faults[-1])}"


def save_report(report: str, folder: Path) -> Path | None:
    """Write `report` to `folder`, dropping the oldest ones; None where the disk refuses."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"crash-{datetime.now():%Y%m%d-%H%M%S-%f}.txt"
        path.write_text(report, encoding="utf-8", errors="backslashreplace")
        for old in sorted(folder.glob("crash-*.txt"))[:-KEPT_REPORTS]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path


def install(folder: Path, show: Shower) -> Callable[[], None]:
    """Catch exceptions nobody caught, in any thread: print, save, show. Returns what undoes it.

    `KeyboardInterrupt` keeps its meaning.
    """
    previous = (sys.excepthook, threading.excepthook)

    def handle(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, where)
            return
        report = make_report(kind, error, where) + _untold_fault(folder)
        if sys.stderr is not None:  # None in a windowed build
            print(report, file=sys.stderr, flush=True)  # noqa: T201
        save_report(report, folder)
        show(_sendable(f"{kind.__name__}: {error}") if str(error) else kind.__name__, report)

    def handle_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            handle(args.exc_type, args.exc_value, args.exc_traceback)

    def uninstall() -> None:
        sys.excepthook, threading.excepthook = previous

    sys.excepthook = handle
    threading.excepthook = handle_thread
    return uninstall
