"""Licences: every library that travels has its text with it, two texts of one name stay two, the bill is valid."""

from __future__ import annotations

import sys
from pathlib import Path, PurePosixPath

import pytest

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"


@pytest.fixture(autouse=True)
def build_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PACKAGING))
    monkeypatch.syspath_prepend(str(PACKAGING / "freeze"))


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("h5py-3.14.0.dist-info/licenses/licenses/hdf5.txt", "licenses/hdf5.txt"),
        ("h5py-3.14.0.dist-info/licenses/lzf/LICENSE.txt", "lzf/LICENSE.txt"),
        ("h5py-3.14.0.dist-info/licenses/LICENSE", "LICENSE"),
        ("six-1.17.0.dist-info/LICENSE", "LICENSE"),
        ("numpy/random/src/pcg64/LICENSE.md", "numpy/random/src/pcg64/LICENSE.md"),
        ("cv2/data/haarcascade_license_plate_rus_16stages.xml", None),
        ("requests/licenses.py", None),
        ("six-1.17.0.dist-info/METADATA", None),
    ],
)
def test_every_text_has_a_place_of_its_own(file: str, place: str | None) -> None:
    from build_parts.notices import licence_place

    found = licence_place(PurePosixPath(file))
    assert found == (None if place is None else PurePosixPath(place))


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("libaec-7e9d22b8.so.0.1.3", "libaec"),
        ("libhdf5_hl-a45b8ce6.so.310.0.6", "libhdf5_hl"),
        ("libopenblasp-r0-59ffcd50.3.15.so", "libopenblasp"),
        ("libscipy_openblas64_-32a4b2a6.so", "libscipy_openblas64_"),
        ("libQt6WaylandClient.so.6", "libQt"),
        ("libicudata.so.73", "libicu"),
        ("libpng16-1d1ba958.so.16.58.0", "libpng16"),
    ],
)
def test_libraries_are_known_by_their_names(name: str, stem: str) -> None:
    from build_parts import carried

    assert carried.stem(name) == stem
    assert stem in carried.named_texts()


def test_a_library_without_a_text_is_named(tmp_path: Path) -> None:
    from build_parts import carried

    text = tmp_path / "licences" / carried.named_texts()["libaec"]
    text.parent.mkdir(parents=True)
    text.touch()
    found = [
        "h5py.libs/libaec-7e9d22b8.so.0.1.3",
        "h5py.libs/libnew-1234.so.1",
        "PySide6/Qt/lib/libQt6Gui.so.6",
        "h5py/defs.so",
        "libpython3.11.so.1.0",
        "libssl.so.3",
        "libreadline.so.8",
    ]
    missing = carried.without_text(found, {"h5py/defs.so"}, {"libssl.so.3"}, tmp_path)
    assert missing == ["h5py.libs/libnew-1234.so.1", "PySide6/Qt/lib/libQt6Gui.so.6", "libreadline.so.8"]


def test_the_texts_of_our_own_are_there() -> None:
    from build_parts import carried

    for text in carried.named_texts().values():
        if text.startswith("shared/"):
            assert (PACKAGING / "licences" / text.removeprefix("shared/")).is_file()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere Python brings its own libraries")
def test_no_library_under_the_gpl_travels() -> None:
    from trim import EXCLUDED_MODULES, is_kept

    assert {"readline", "_gdbm", "_curses"} <= set(EXCLUDED_MODULES)
    for name in ("libreadline.so.8", "libgdbm.so.6", "libtinfo.so.6", "libncursesw.so.6"):
        assert not is_kept(name, f"/lib/x86_64-linux-gnu/{name}")


@pytest.mark.parametrize(
    ("licence", "spdx", "expected"),
    [
        ("BSD-3-Clause AND MIT", True, {"expression": "BSD-3-Clause AND MIT"}),
        ("MIT", False, {"license": {"id": "MIT"}}),
        ("BSD", False, {"license": {"name": "BSD"}}),
        ("", False, {"license": {"name": "see its text"}}),
    ],
)
def test_the_bill_names_as_spdx_only_what_is(licence: str, spdx: bool, expected: dict[str, object]) -> None:
    from build_parts.notices import _component

    assert _component("name", "1", licence, spdx=spdx)["licenses"] == [expected]
