"""The composition root of the window: builds every part, hooks exceptions, and shuts all down in order."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

from mobilenet_gui import __version__, crash, display, i18n, paths
from mobilenet_gui.core.atomic import sweep_below
from mobilenet_gui.core.file_address import is_file_address
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.i18n import tr
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.ui.theme import theme as application_theme

if TYPE_CHECKING:
    from mobilenet_gui.ui.crash_dialog import CrashReporter
    from mobilenet_gui.ui.main_window import MainWindow
    from mobilenet_gui.workers.single_instance import InstanceServer

COLLECT_AFTER_MS = 2000
_SWEEP_DEPTH = 4
"""As far as `projects/NAME/runs/run-0001` lies below the data."""


def run(photos: Sequence[str], *, trace: StartupTrace, new_window: bool = False) -> int:
    """Open the window with `photos` (paths as given) and run until it closes; return the exit code."""
    if (problem := display.problem()) is not None:
        print(problem, file=sys.stderr)  # noqa: T201
        return display.EXIT_NO_DISPLAY
    # `resolve()` would follow links; an address stays one that the window says what is wrong with.
    absolute = [photo if is_file_address(photo) else os.path.abspath(photo) for photo in photos]  # noqa: PTH100
    app = display.open_application(sys.argv[:1])
    app.setApplicationName("mobilenet-gui")
    app.setApplicationDisplayName("MobileNet GUI")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("org.mobilenet_gui.MobileNetGUI")

    server: InstanceServer | None = None
    if not new_window:
        from mobilenet_gui.workers.single_instance import meet, server_name

        server = meet(server_name(paths.data_dir()), absolute)
        if server is None:
            return 0
    try:
        code = _run_window(app, absolute, trace, server)
    finally:
        if server is not None:
            server.close()
    from mobilenet_gui.workers.executor import executor

    executor().stop()
    return code


def _run_window(app: QApplication, photos: list[str], trace: StartupTrace, server: InstanceServer | None) -> int:
    from mobilenet_gui.ui.crash_dialog import CrashReporter
    from mobilenet_gui.ui.main_window import MainWindow

    i18n.isolate_names(True)
    settings = SettingsStore(paths.settings_file())
    theme = application_theme()
    theme.set_mode(settings.values.theme)
    theme.apply()
    store = ModelStore()
    window = MainWindow(settings, store, theme, trace)
    reporter = CrashReporter(window)
    unhook = crash.install(paths.log_dir(), reporter.report)
    if server is not None:
        server.photos_received.connect(window.open_from_other_start)
    if sys.platform == "darwin":
        from mobilenet_gui.ui.given_files import OpenedFiles

        opened = OpenedFiles(app)
        opened.files_opened.connect(window.open_from_other_start)
        app.installEventFilter(opened)

    def leave() -> None:
        window.quitting.close_at_once()
        app.quit()

    with _fault_log() as fault, _interruptible(leave):
        window.show()
        # After the first paint, so that the window is there before anything is decoded.
        QTimer.singleShot(0, window, lambda: _start(window, photos, fault, reporter))
        QTimer.singleShot(COLLECT_AFTER_MS, window, _collect_garbage)
        code = app.exec()
        window.shut_down()
    unhook()
    return code


def end_process(code: int) -> None:
    """End the process at once where a thread is left after `run`: one that hangs in a lost drive or network.

    Everything is saved by then. The usual end would wait for such a thread, or tear down what it stands on. Only for
    who owns the process: `run` itself returns, so that a window can be opened again.
    """
    if any(thread is not threading.main_thread() for thread in threading.enumerate()):
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code)


def _start(window: MainWindow, photos: list[str], fault: Path | None, reporter: CrashReporter) -> None:
    """Set the window to work, say so if it crashed the last time, and sweep away what was left half written."""
    from mobilenet_gui.workers.executor import executor

    window.start(photos)
    stop = threading.Event()
    executor().start(lambda: _sweep(stop), "sweep", owner=window, cancel=stop.set)
    if fault is not None:
        window.toasts.show_message(
            tr("MobileNet GUI closed unexpectedly last time. What was saved is still there."),
            tr("Details"),
            lambda: reporter.report(tr("The program crashed the last time it ran."), crash.fault_report(fault)),
        )


def _sweep(stop: threading.Event) -> None:
    for folder in {paths.config_dir(), paths.data_dir(), paths.cache_dir()}:
        sweep_below(folder, _SWEEP_DEPTH, stop)


def _collect_garbage() -> None:
    """Put the garbage collector to work, and spare it what was made by opening and lives as long as the window."""
    gc.freeze()
    gc.enable()


@contextlib.contextmanager
def _fault_log() -> Iterator[Path | None]:
    """Keep the stack of a crash in native code; gives what the last run left of one."""
    folder = paths.log_dir()
    kept = crash.keep_fault(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # At the end: another window may write there, too.
        stream = crash.fault_file(folder).open("a", encoding="utf-8")
    except OSError:
        yield kept
        return
    faulthandler.enable(stream)
    try:
        yield kept
    finally:
        faulthandler.disable()
        stream.close()


@contextlib.contextmanager
def _interruptible(leave: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl+C and a polite kill close the window in order.

    Python runs signal handlers only between byte codes, and Qt's loop runs none; the wake-up socket makes it.
    """
    if sys.platform == "win32":
        yield
        return
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    previous_fd = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    previous = {number: signal.signal(number, lambda *_: leave()) for number in (signal.SIGINT, signal.SIGTERM)}
    notifier = QSocketNotifier(ours.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda *_: _drain(ours))
    try:
        yield
    finally:
        notifier.setEnabled(False)
        signal.set_wakeup_fd(previous_fd)
        for number, handler in previous.items():
            signal.signal(number, handler)
        ours.close()
        theirs.close()


def _drain(end: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        end.recv(64)
