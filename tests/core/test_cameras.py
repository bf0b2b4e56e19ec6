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


def test_of_two_alike_the_one_that_stays_is_not_taken_for_the_other() -> None:
    numbers: dict[tuple[str, str], int] = {}

    def seen(*found: tuple[int, str]) -> tuple[Camera, ...]:
        """The cameras named, as (index, port)."""
        ports = dict(found)
        listed = [(index, "HD Camera", f"/dev/video{index}") for index, _ in found]
        return unique_names(listed, numbers, where=lambda index, _path: ports[index])

    assert [c.name for c in seen((0, "port 1"), (2, "port 2"))] == ["HD Camera", "HD Camera (2)"]
    left = seen((0, "port 2"))  # its number has changed as well
    assert [c.name for c in left] == ["HD Camera (2)"]
    assert find_camera("HD Camera", left) is None
    assert find_camera("HD Camera (2)", left) == left[0]
    # Plugged into another port, the first one is itself again; and both keep their names from then on.
    assert [(c.index, c.name) for c in seen((0, "port 2"), (2, "port 3"))] == [(0, "HD Camera (2)"), (2, "HD Camera")]
    assert [c.name for c in seen((1, "port 3"))] == ["HD Camera"]


def test_a_camera_alone_keeps_its_name_in_every_port() -> None:
    numbers: dict[tuple[str, str], int] = {}
    for port in ("1", "2", "3"):
        (camera,) = unique_names([(0, "HD Camera", port)], numbers, where=lambda _index, path: path)
        assert camera.name == "HD Camera"


def test_several_pictures_of_one_device_keep_their_names() -> None:
    numbers: dict[tuple[str, str], int] = {}
    for _ in range(2):
        found = unique_names([(0, "Depth", ""), (1, "Depth", ""), (2, "Depth", "")], numbers, where=lambda *_: "port")
        assert [camera.name for camera in found] == ["Depth", "Depth (2)", "Depth (3)"]


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
