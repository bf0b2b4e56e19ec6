"""What the model saw: the network's own pixels over the photo, the right ones, and only while they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mobilenet_gui.core import imaging
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.photos.canvas import PhotoCanvas
from mobilenet_gui.ui.photos.overlay import draw_seen
from mobilenet_gui.ui.photos.page import PhotosPage
from mobilenet_gui.workers.inference import InferenceWorker
from tests.model_factory import make_bundle

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def noise_photo(path: Path, seed: int, size: tuple[int, int] = (300, 200)) -> Path:
    random = np.random.default_rng(seed)
    Image.fromarray(random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).save(path, quality=92)
    return path


def pixels_of(image: QImage) -> NDArray[np.uint8]:
    """Return RGB, shape (height, width, 3)."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return rows[:, : plain.width() * 3].reshape(plain.height(), plain.width(), 3).copy()


def network_input(path: Path, bundle: Bundle) -> NDArray[np.uint8]:
    pre = bundle.preprocessing
    return imaging.prepare(imaging.decode_for(path, pre), pre).pixels


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path / "tiny")


@pytest.fixture
def page(qtbot: QtBot, tmp_path: Path, bundle: Bundle) -> Iterator[PhotosPage]:
    made = PhotosPage(SettingsStore(tmp_path / "settings.json"), InferenceWorker())
    qtbot.addWidget(made)
    made.resize(1116, 760)
    made.show()
    made.controller.inference.set_model(bundle)
    qtbot.waitUntil(lambda: made.controller.bundle is not None)
    yield made
    made.shut_down()
    made.close()


def answered(page: PhotosPage, count: int) -> Callable[[], bool]:
    session = page.controller.session
    return lambda: len(session) == count and session.counts().pending == 0


def shows(page: PhotosPage, path: Path, bundle: Bundle) -> bool:
    image = page.looking.canvas.input_image
    return image is not None and np.array_equal(pixels_of(image), network_input(path, bundle))


def shown_as_seen(qtbot: QtBot, page: PhotosPage, bundle: Bundle, folder: Path) -> Path:
    """Open a photo, ask for what the network saw and wait for it; return the photo's file."""
    path = noise_photo(folder / "a.jpg", 1)
    page.add_paths([path])
    page.frame.inspector.result.crop.switch.click()
    qtbot.waitUntil(lambda: shows(page, path, bundle))
    return path


def test_the_switch_shows_the_networks_own_pixels(
    qtbot: QtBot, page: PhotosPage, bundle: Bundle, tmp_path: Path
) -> None:
    first, second = noise_photo(tmp_path / "a.jpg", 1), noise_photo(tmp_path / "b.jpg", 2, (150, 420))
    page.add_paths([first, second])
    qtbot.waitUntil(answered(page, 2))
    canvas = page.frame.single.canvas
    qtbot.waitUntil(lambda: canvas.has_picture)
    assert canvas.input_image is None
    switch = page.frame.inspector.result.crop.switch
    switch.click()
    qtbot.waitUntil(lambda: shows(page, first, bundle))
    page.controller.step(1)
    assert canvas.input_image is None  # the former photo's is not kept
    qtbot.waitUntil(lambda: shows(page, second, bundle))
    switch.click()
    assert canvas.input_image is None


def test_another_model_shows_its_own_pixels(qtbot: QtBot, page: PhotosPage, bundle: Bundle, tmp_path: Path) -> None:
    path = shown_as_seen(qtbot, page, bundle, tmp_path)
    finer = make_bundle(tmp_path / "finer", size=48)
    page.controller.inference.set_model(finer)
    qtbot.waitUntil(lambda: shows(page, path, finer))
    page.controller.inference.set_model(None)
    qtbot.waitUntil(lambda: page.controller.bundle is None)
    assert page.frame.single.canvas.input_image is None


def test_the_full_screen_shows_it_too_and_gives_it_back(
    qtbot: QtBot, page: PhotosPage, bundle: Bundle, tmp_path: Path
) -> None:
    path = shown_as_seen(qtbot, page, bundle, tmp_path)
    page.user_actions.toggle_full_screen()
    full = page.looking.full_screen
    assert full is not None
    assert page.looking.canvas is full.canvas
    qtbot.waitUntil(lambda: shows(page, path, bundle))
    QTest.keyClick(full, Qt.Key.Key_Escape)
    assert page.looking.canvas is page.frame.single.canvas
    qtbot.waitUntil(lambda: shows(page, path, bundle))


def test_a_removed_photo_leaves_nothing_and_undo_brings_it_back(
    qtbot: QtBot, page: PhotosPage, bundle: Bundle, tmp_path: Path
) -> None:
    path = shown_as_seen(qtbot, page, bundle, tmp_path)
    page.user_actions.remove_chosen()
    assert page.frame.single.canvas.input_image is None
    page.user_actions.undo()
    qtbot.waitUntil(lambda: shows(page, path, bundle))


def test_a_vanished_file_leaves_the_square(qtbot: QtBot, page: PhotosPage, tmp_path: Path) -> None:
    path = noise_photo(tmp_path / "a.jpg", 1)
    page.add_paths([path])
    qtbot.waitUntil(answered(page, 1))
    path.unlink()
    with qtbot.assertNotEmitted(page.loader.input_ready, wait=100):
        page.frame.inspector.result.crop.switch.click()
    assert page.frame.single.canvas.input_image is None
    page.frame.single.canvas.grab()


def test_zoomed_in_its_pixels_have_edges_and_stand_under_the_heat(
    qtbot: QtBot, page: PhotosPage, bundle: Bundle, tmp_path: Path
) -> None:
    path = shown_as_seen(qtbot, page, bundle, tmp_path)
    canvas = page.frame.single.canvas
    qtbot.waitUntil(lambda: canvas.has_picture)
    canvas.zoom(8)
    plain = canvas.grab().toImage()
    here = pixels_of(plain)
    # Across the middle, away from caption and edge, there are only the network's pixels, each many times.
    row = here[here.shape[0] // 2 + 3, 10:-10]
    given = {tuple(int(c) for c in colour) for colour in network_input(path, bundle).reshape(-1, 3)}
    assert {tuple(int(c) for c in colour) for colour in row} <= given
    page.user_actions.toggle_explain()
    qtbot.waitUntil(lambda: canvas.has_heat)
    assert canvas.grab().toImage() != plain
    page.looking._set_strength(0.0)
    assert np.array_equal(pixels_of(canvas.grab().toImage())[here.shape[0] // 2 + 3, 10:-10], row)


def test_only_what_is_seen_of_an_enormous_picture_is_drawn() -> None:
    image = QImage(100, 100, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    image.setPixelColor(50, 50, QColor("white"))
    target = QImage(200, 200, QImage.Format.Format_RGB32)
    target.fill(QColor("red"))
    painter = QPainter(target)
    # Each pixel of the picture is 40,000 wide: the white one covers all of the view.
    draw_seen(painter, image, QRectF(-2_020_000, -2_020_000, 4e6, 4e6), QRectF(0, 0, 200, 200), smooth=False)
    painter.end()
    assert target.pixelColor(100, 100) == QColor("white")
    painter = QPainter(target)
    draw_seen(painter, image, QRectF(500, 500, 10, 10), QRectF(0, 0, 200, 200), smooth=True)
    painter.end()
    assert target.pixelColor(0, 0) == QColor("white")


def test_without_an_answer_there_is_no_square(qtbot: QtBot) -> None:
    canvas = PhotoCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(300, 300)
    before = canvas.grab().toImage()
    canvas.set_show_input(True)
    assert canvas.grab().toImage() == before
