"""Owns which cameras there are, by name, and how one is found again after its number has changed."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from mobilenet_gui.core import opencv
from mobilenet_gui.i18n import tr


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
    return unique_names(found)


def unique_names(found: list[tuple[int, str, str]]) -> tuple[Camera, ...]:
    """Turn (index, name, path) into cameras: one an index, no two with the same name."""
    cameras: dict[int, Camera] = {}
    taken: set[str] = set()
    for index, name, path in found:
        if index in cameras:
            continue
        plain = " ".join(name.split()) or tr("Camera {number}").format(number=index)
        shown, count = plain, 1
        while shown.casefold() in taken:
            count += 1
            shown = f"{plain} ({count})"
        taken.add(shown.casefold())
        cameras[index] = Camera(index, shown, path)
    return tuple(cameras.values())


def find_camera(wanted: str, cameras: tuple[Camera, ...]) -> Camera | None:
    """Return the camera of that name; failing that, the only one whose name contains it, upper or lower case alike."""
    asked = " ".join(wanted.split()).casefold()
    for camera in cameras:
        if asked in (camera.name.casefold(), camera.path.casefold()):
            return camera
    partly = [camera for camera in cameras if asked and asked in camera.name.casefold()]
    return partly[0] if len(partly) == 1 else None


def device_file(index: int) -> str | None:
    """Return the device file of a camera, None on systems that have none."""
    return f"/dev/video{index}" if sys.platform.startswith("linux") else None
