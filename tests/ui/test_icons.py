"""Icons: every one ships, draws, is tinted by the theme and by being off or on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPixmap
from PySide6.QtSvg import QSvgRenderer

from mobilenet_gui.paths import resources_dir
from mobilenet_gui.ui import icons
from mobilenet_gui.ui.theme import theme, tokens

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture(autouse=True)
def light() -> Iterator[None]:
    theme().set_mode("light")
    yield
    theme().set_mode("system")


def ink(picture: QPixmap) -> QColor:
    """Return the colour of the most opaque pixel."""
    image = picture.toImage().convertToFormat(QImage.Format.Format_ARGB32)
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(pixels, key=lambda c: c.alpha())


@pytest.mark.parametrize("name", icons.names())
def test_icon_draws_something_inside_its_box(name: str) -> None:
    image = icons.pixmap(name, 48, QColor("#123456")).toImage()
    inked = [(x, y) for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha() > 40]
    assert len(inked) > 30
    assert min(min(p) for p in inked) >= 1
    assert max(max(p) for p in inked) <= 46


@pytest.mark.parametrize("path", sorted((resources_dir() / "icons").glob("*.svg")), ids=lambda p: p.stem)
def test_icon_file_is_valid_and_tintable(path: object) -> None:
    assert QSvgRenderer(str(path)).isValid()


def test_tone_follows_the_theme() -> None:
    made = icons.icon("plus", "accentText")
    before = ink(made.pixmap(32, 32))
    assert before.name() == tokens().accentText.name()
    theme().set_mode("dark")
    after = ink(made.pixmap(32, 32))
    assert after.name() == tokens().accentText.name()
    assert before != after


def test_disabled_and_switched_on_have_their_colours() -> None:
    made = icons.icon("plus", "text")
    assert ink(made.pixmap(QSize(32, 32), QIcon.Mode.Disabled)).name() == tokens().disabledText.name()
    on = made.pixmap(QSize(32, 32), QIcon.Mode.Normal, QIcon.State.On)
    assert ink(on).name() == tokens().accentText.name()


def test_pixel_ratio_gives_more_pixels() -> None:
    picture = icons.pixmap("eye", 16, QColor("black"), 2.0)
    assert picture.size() == QSize(32, 32)
    assert picture.deviceIndependentSize().width() == 16


def test_copies_survive_their_original() -> None:
    copies = [QIcon(icons.icon("check")) for _ in range(20)]
    for copy in copies:
        copy.addPixmap(QPixmap(4, 4))  # detaches: the engine is cloned
    assert not copies[0].pixmap(16, 16).isNull()


def test_unknown_names_are_refused() -> None:
    with pytest.raises(FileNotFoundError):
        icons.icon("no-such-icon")
    with pytest.raises(KeyError):
        icons.icon("plus", "no-such-tone")


def test_app_icon_has_all_sizes() -> None:
    sizes = {size.width() for size in icons.app_icon().availableSizes()}
    assert sizes == set(icons.APP_ICON_SIZES)


def test_what_was_read_ahead_needs_no_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    every = icons.names()
    icons._source.cache_clear()
    icons.preload()
    monkeypatch.setattr(icons, "resources_dir", lambda: tmp_path)
    for name in every:
        assert ink(icons.pixmap(name, 23, QColor("#123456"))).alpha() > 0
