"""Owns which cameras there are, by name, and how one is found again after its number has changed."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

from mobilenet_gui.core import opencv
from mobilenet_gui.i18n import tr

_lock = threading.Lock()
_numbers: dict[tuple[str, str], int] = {}
"""Which of several cameras of one name stood where, for as long as the program runs."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that is plugged in.

    Attributes:
        index: the number by which OpenCV opens it now; another one may have it tomorrow.
        name: what the system calls it, made unique where two are alike ("HD Camera", "HD Camera (2)").
        path: the system's own address of it; may be empty.
    """

    index: int
    name: str
    path: str = ""


def list_cameras() -> tuple[Camera, ...]:
    """Return the cameras that are plugged in, by index; empty where there is none or the system does not say.

    Opens no camera, so it asks for no permission and lights no lamp. Takes milliseconds; not for the window's thread.
    """
    try:
        found = sorted(opencv.list_cameras(opencv.camera_backend()))
    except (OSError, ImportError):
        return ()
    with _lock:
        return unique_names(found, _numbers)


def unique_names(
    found: list[tuple[int, str, str]],
    numbers: dict[tuple[str, str], int] | None = None,
    *,
    where: Callable[[int, str], str] | None = None,
) -> tuple[Camera, ...]:
    """Turn (index, name, path) into cameras: one an index, no two with the same name.

    Args:
        found: what the system says.
        numbers: which of several cameras of one name stood where, by name and place; kept up to date. What was the
            second one stays the second when the first is unplugged: nobody takes it for the other.
        where: tells the place in which a camera of that index and path is plugged in; the system's word by default.
    """
    numbers = {} if numbers is None else numbers
    plain: dict[int, str] = {}
    paths: dict[int, str] = {}
    keys: dict[int, tuple[str, str]] = {}
    for index, name, path in found:
        if index in plain:
            continue
        plain[index] = " ".join(name.split()) or tr("Camera {number}").format(number=index)
        paths[index] = path
        place = (where or _place)(index, path)
        # One device may have several pictures.
        same = sum(place == other.partition("\n")[0] for _, other in keys.values())
        keys[index] = (plain[index].casefold(), f"{place}\n{same}")
    shown: dict[int, str] = {}
    taken: set[str] = set()
    for index in sorted(plain, key=lambda each: keys[each] not in numbers):  # those that are known come first
        count = numbers.get(keys[index], 1)
        while (name := plain[index] if count == 1 else f"{plain[index]} ({count})").casefold() in taken:
            count += 1
        taken.add(name.casefold())
        _remember(numbers, keys[index], count)
        shown[index] = name
    return tuple(Camera(index, shown[index], paths[index]) for index in plain)


def find_camera(wanted: str, cameras: tuple[Camera, ...]) -> Camera | None:
    """Return the camera of that name; failing that, the only one whose name contains it, upper or lower case alike.

    A name with a number behind it, as `unique_names` gives, is that of another camera, not a longer form of the name.
    """
    asked = " ".join(wanted.split()).casefold()
    for camera in cameras:
        if asked in (camera.name.casefold(), camera.path.casefold()):
            return camera
    partly = [camera for camera in cameras if asked and _is_part(asked, camera.name.casefold())]
    return partly[0] if len(partly) == 1 else None


def device_file(index: int) -> str | None:
    """Return the device file of a camera, None on systems that have none."""
    return f"/dev/video{index}" if sys.platform.startswith("linux") else None


def _is_part(asked: str, name: str) -> bool:
    return asked in name and not re.fullmatch(re.escape(asked) + r" \(\d+\)", name)


def _place(index: int, path: str) -> str:
    """Return where a camera is plugged in, in words of the system's that stay while others come and go."""
    if not sys.platform.startswith("linux"):
        return path or str(index)
    entry = f"/sys/class/video4linux/video{index}"
    # The port, not the number: that is given to the next camera when one is unplugged.
    port = os.path.realpath(f"{entry}/device")
    return port if port != f"{entry}/device" else path or str(index)


def _remember(numbers: dict[tuple[str, str], int], key: tuple[str, str], count: int) -> None:
    """Note a camera's number; whoever had it before is gone, and is a new one when it comes back."""
    for other in [other for other, had in numbers.items() if other[0] == key[0] and had == count and other != key]:
        del numbers[other]
    numbers[key] = count
