"""The one place that imports OpenCV: late, quietly, and without leaving traces in the environment.

opencv-python carries a Qt 5 of its own and, when imported, points Qt's environment variables (and the loader's path) at
it. Child processes would inherit that, and Qt 6 would look for its plugins there. `cv2()` puts every such variable back
as it was. All other modules call `cv2()`; none imports it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any, Final

_RESTORED: Final = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "LD_LIBRARY_PATH")

_WANTED: Final = {
    # What goes wrong is told in our own words; OpenCV and FFmpeg write to the console from C++.
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    # With it Windows takes many seconds to open some cameras.
    "OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS": "0",
    # Seconds until a camera on Linux counts as silent; some need two for their first picture. The default is 10.
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "3",
}

_THREADS: Final = 1
"""OpenCV only copies and swaps colours here; threads of its own would take cores from the network."""

_OPTIONS: Final = "OPENCV_FFMPEG_CAPTURE_OPTIONS"

_lock = threading.RLock()
_opening = threading.Lock()
_module: Any = None


def cv2() -> Any:
    """Return the module `cv2`, imported on the first call; any thread may ask.

    Raises:
        ImportError: OpenCV is not installed or a system library is missing.
    """
    global _module  # noqa: PLW0603 - a module is loaded once a process
    if _module is None:
        with _lock:
            if _module is None:
                _module = _import()
    return _module


@contextlib.contextmanager
def ffmpeg_options(options: str) -> Iterator[None]:
    """Have FFmpeg open what is opened meanwhile with these options, `name;value|name;value`.

    OpenCV takes them from the environment alone. One at a time: OpenCV opens one after another anyway.
    """
    with _opening:
        before = os.environ.get(_OPTIONS)
        os.environ[_OPTIONS] = options
        try:
            yield
        finally:
            if before is None:
                os.environ.pop(_OPTIONS, None)
            else:
                os.environ[_OPTIONS] = before


def list_cameras(backend: int) -> list[tuple[int, str, str]]:
    """Return (index, name, path) of every camera of one of OpenCV's backends; path may be empty.

    Raises:
        OSError: the system refuses to say.
    """
    cv2()  # the library imports OpenCV for itself; by now that changes nothing
    with _lock:
        from cv2_enumerate_cameras import enumerate_cameras
    try:
        found = enumerate_cameras(backend)
    except (NotImplementedError, RuntimeError, ValueError) as error:
        raise OSError(str(error)) from error
    return [(int(each.index), str(each.name or ""), str(each.path or "")) for each in found]


def camera_backend() -> int:
    """Return the backend that opens cameras on this system; its numbers and `list_cameras`' are the same."""
    module = cv2()
    if sys.platform == "win32":
        return int(module.CAP_MSMF)
    if sys.platform == "darwin":
        return int(module.CAP_AVFOUNDATION)
    return int(module.CAP_V4L2)


def _import() -> Any:
    for name, value in _WANTED.items():
        os.environ.setdefault(name, value)
    with _environment_kept():
        import cv2 as module
    module.setNumThreads(_THREADS)
    with contextlib.suppress(AttributeError):
        module.utils.logging.setLogLevel(module.utils.logging.LOG_LEVEL_SILENT)
    return module


@contextlib.contextmanager
def _environment_kept() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _RESTORED}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
