"""Cameras by name: found again when their number changes, told apart when their names do not."""

from __future__ import annotations

import pytest

from mobilenet_gui.core import cameras, opencv
from mobilenet_gui.core.cameras import Camera, find_camera, list_cameras, unique_names


def test_names_are_made_unique_and_never_empty() -> None:
    found = unique_names([(0, "HD  Camera", "/a"), (2, "HD Camera", "/b"), (2, "again", ""), (4, "", "")])
    assert found == (Camera(0, "HD Camera", "/a"), Camera(2, "HD Camera (2)", "/b"), Camera(4, "Camera 4"))


@pytest.mark.parametrize(
    ("wanted", "index"),
    [("HD Camera", 0), ("hd camera", 0), ("Logi", 2), ("/dev/video2", 2), ("Camera", None), ("", None)],
)
def test_found_by_name_part_of_it_or_path(wanted: str, index: int | None) -> None:
    present = (Camera(0, "HD Camera", "/dev/video0"), Camera(2, "Logitech Camera", "/dev/video2"))
    found = find_camera(wanted, present)
    assert (found and found.index) == index


def test_a_system_that_does_not_say_has_no_cameras(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> list[tuple[int, str, str]]:
        raise OSError("no")

    monkeypatch.setattr(opencv, "list_cameras", refuse)
    assert list_cameras() == ()


def test_cameras_come_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opencv, "list_cameras", lambda _: [(3, "B", ""), (1, "A", "")])
    assert [camera.index for camera in cameras.list_cameras()] == [1, 3]


def test_the_real_library_answers() -> None:
    assert isinstance(list_cameras(), tuple)
