"""Space, Left and Right are the page's again after any control of Photos and Live was used with the pointer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from mobilenet_gui.core.cameras import Camera
from mobilenet_gui.ui.live.controller import Phase
from tests.ui.live_parts import Bench
from tests.video_files import BLUE, GREEN, RED, colours

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", "This plugin does not support")
CAMERA = Camera(0, "Test camera", "/dev/video0")


@pytest.fixture
def live(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    """A video that plays on the page, with a model."""
    bench = Bench(qtbot, tmp_path)
    bench.load_model()
    bench.show()
    bench.page.play_file(colours(tmp_path / "film.mp4", [(RED, 20), (GREEN, 20), (BLUE, 400)]))
    bench.until(lambda: bench.page.frame.stage.has_picture and bench.page.frame.inspector.title.text() == "Red")
    yield bench
    bench.close()


def click(widget: QWidget) -> None:
    """Click as a pointer does: what Qt itself makes of it counts, focus included."""
    handle = widget.window().windowHandle()
    place = widget.mapTo(widget.window(), widget.rect().center())
    QTest.mouseClick(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


def press(key: Qt.Key) -> None:
    target = QApplication.focusWidget()
    assert target is not None
    QTest.keyClick(target, key)


def clickable(page: QWidget) -> list[QWidget]:
    """What a click can give the keyboard to, and which is in sight."""
    found = []
    for widget in page.findChildren(QWidget):
        takes = bool(widget.focusPolicy().value & Qt.FocusPolicy.ClickFocus.value)
        typed = isinstance(widget, (QLineEdit, QAbstractItemView, QComboBox))
        middle = widget.mapTo(widget.window(), widget.rect().center())
        if takes and not typed and widget.isVisible() and widget.isEnabled():
            hit = widget.window().childAt(middle)
            if hit is not None and (hit is widget or widget.isAncestorOf(hit)):
                found.append(widget)
    return found


def test_after_any_control_of_live_space_holds_the_video(qtbot: QtBot, live: Bench) -> None:
    page = live.page
    page.frame.transport.timeline.show()
    names = []
    left = (page.frame, page.frame.stage, page.frame.freeze, page.frame.stop, *page.frame.sources.findChildren(QWidget))
    for widget in clickable(page):
        if widget in left or not widget.isVisible():
            continue
        click(widget)
        qtbot.wait(1)
        popup = QApplication.activePopupWidget()
        if popup is not None:
            popup.close()
            qtbot.waitUntil(lambda: QApplication.activePopupWidget() is None)
        if page.full_screen.window is not None:
            page.full_screen.close()
        assert page.controller.phase is Phase.RUNNING
        # What is greyed out leaves the click to the frame below, which has no use for keys and passes them on.
        qtbot.waitUntil(lambda: QApplication.focusWidget() in (page.frame.stage, page.frame))
        playing = page.controller.playing
        press(Qt.Key.Key_Space)
        qtbot.waitUntil(lambda playing=playing: page.controller.playing is not playing)  # type: ignore[misc]
        page.frame.set_inspector_visible(True)
        names.append(f"{type(widget).__name__} {widget.accessibleName()}")
    assert len(names) >= 6, names


def test_after_the_model_menu_space_is_the_page_s(qtbot: QtBot, live: Bench) -> None:
    page = live.page
    page.set_installed_models(lambda: [("tiny", "Tiny"), ("pets", "Pets")])
    chosen: list[str] = []
    page.model_chosen.connect(chosen.append)
    click(page.frame.inspector.model_chip)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(menu.actions()[1]).center())
    qtbot.waitUntil(lambda: chosen == ["pets"])
    qtbot.waitUntil(lambda: QApplication.focusWidget() is page.frame.stage)
    playing = page.controller.playing
    press(Qt.Key.Key_Space)
    assert page.controller.playing is not playing
    assert QApplication.activePopupWidget() is None


def test_the_list_of_segments_leaves_space_to_the_page(qtbot: QtBot, live: Bench) -> None:
    page = live.page
    page.frame.transport.analyse.click()
    view = page.frame.inspector.segments.view
    live.until(lambda: len(page.frame.inspector.segments.segments()) == 3)
    live.until(lambda: not page.frame.transport.busy)
    view.setFocus(Qt.FocusReason.MouseFocusReason)
    view.setCurrentIndex(view.model().index(1, 0))
    playing = page.controller.playing
    press(Qt.Key.Key_Space)
    assert page.controller.playing is not playing


def test_what_was_reached_by_tab_keeps_the_keyboard(qtbot: QtBot, live: Bench) -> None:
    chip = live.page.frame.inspector.model_chip
    chip.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(chip, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    popup = QApplication.activePopupWidget()
    assert popup is not None
    popup.close()
    qtbot.wait(1)
    live.window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)
    assert chip.hasFocus()


def test_a_click_into_the_address_stays_there(qtbot: QtBot, tmp_path: Path) -> None:
    bench = Bench(qtbot, tmp_path, cameras=(CAMERA,), live_kind="stream")
    bench.show()
    address = bench.page.frame.sources.address
    qtbot.waitUntil(address.isVisible)
    click(address)
    qtbot.wait(1)
    assert address.hasFocus() or address.isAncestorOf(QApplication.focusWidget() or QWidget())
    bench.close()


def test_a_button_held_down_is_still_pressed_when_let_go(qtbot: QtBot, live: Bench) -> None:
    chip = live.page.frame.inspector.model_chip
    asked: list[QPoint] = []
    live.page.frame.inspector.model_menu_requested.connect(asked.append)
    handle = live.window.windowHandle()
    place = chip.mapTo(live.window, chip.rect().center())
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    qtbot.wait(1)
    assert asked == []
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    qtbot.waitUntil(lambda: len(asked) == 1)
    popup = QApplication.activePopupWidget()
    if popup is not None:
        popup.close()
