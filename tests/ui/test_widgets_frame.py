"""What stands around the pages' contents: banners, toasts, the drop zone, the rail, headers, the inspector."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QEnterEvent, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QStackedWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mobilenet_gui.ui.theme import theme
from mobilenet_gui.ui.widgets.banner import TONES, Banner
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.drop_zone import DropZone
from mobilenet_gui.ui.widgets.inspector import Inspector
from mobilenet_gui.ui.widgets.labels import ElidedLabel
from mobilenet_gui.ui.widgets.nav_rail import NavRail
from mobilenet_gui.ui.widgets.page_header import PageHeader
from mobilenet_gui.ui.widgets.toast import ToastHost
from tests.ui.widget_window import shown

pytestmark = [
    pytest.mark.usefixtures("qapp", "dressed"),
    pytest.mark.qt_log_ignore("This plugin does not support"),
]


@pytest.mark.parametrize("tone", sorted(TONES))
def test_banner_tells_acts_and_closes(qtbot: QtBot, tone: str) -> None:
    banner = Banner(tone, "The download stopped at 62 %.", "Resume")
    shown(qtbot, banner, size=(700, 120))
    assert banner.accessibleName() == "The download stopped at 62 %."
    with qtbot.waitSignal(banner.action):
        QTest.mouseClick(banner._link, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(banner.closed):
        QTest.mouseClick(banner._close, Qt.MouseButton.LeftButton)
    assert banner.isHidden()


def test_banner_is_one_line_high_and_wraps_when_narrow(qtbot: QtBot) -> None:
    banner = Banner("info", "You are using the built-in starter model (200 classes).", "Get the official MobileNet")
    qtbot.addWidget(banner)
    banner.resize(800, 40)
    banner.show()
    assert banner.minimumHeight() == 40
    assert banner._link.y() < banner._text.geometry().bottom()
    banner.resize(300, 40)
    assert banner.minimumHeight() > 60
    assert banner._link.y() >= banner._text.geometry().bottom()
    with pytest.raises(KeyError):
        banner.set_content("loud", "x")


def test_a_long_toast_takes_the_windows_width_before_it_takes_lines(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(900, 600)
    host = ToastHost(window)
    window.show()
    host.show_message("There is not enough space on the disk. " * 6, "Show", lambda: None)
    qtbot.wait_until(lambda: host.toast.label.height() >= host.toast.label.heightForWidth(host.toast.label.width()))
    assert host.toast.label.width() > window.width() * 0.7
    host.dismiss()


def test_toast_offers_the_way_back(qtbot: QtBot) -> None:
    window = shown(qtbot, size=(800, 400))
    host = ToastHost(window)
    undone: list[bool] = []
    host.show_message("3 photos left out", "Undo", lambda: undone.append(True))
    assert host.is_showing()
    bottom = host.toast.geometry().bottom()
    assert bottom <= window.height()
    window.resize(900, 500)
    assert host.toast.geometry().center().x() == pytest.approx(450, abs=2)
    QTest.mouseClick(host.toast.link, Qt.MouseButton.LeftButton)
    assert undone == [True]
    assert not host.is_showing()


def test_toast_stands_above_controls_that_must_not_be_covered(qtbot: QtBot) -> None:
    window = shown(qtbot, size=(900, 600))
    bar, side = QWidget(window), QWidget(window)
    bar.setGeometry(0, 540, 900, 60)
    side.setGeometry(0, 300, 60, 240)  # beside the toast: no hindrance
    host = ToastHost(window)
    host.keep_clear_of(bar, side)
    host.show_message("Snapshot saved")
    bar.show()
    side.show()
    qtbot.waitUntil(lambda: host.toast.geometry().bottom() - 16 < 540)
    assert host.toast.geometry().bottom() - 16 > 500
    bar.hide()
    assert host.toast.geometry().bottom() - 16 > 560
    bar.show()
    assert host.toast.geometry().bottom() - 16 < 540
    window.resize(900, 700)
    bar.move(0, 640)
    assert 600 < host.toast.geometry().bottom() - 16 < 640


def test_toast_stays_above_pages_that_come(qtbot: QtBot) -> None:
    window = QStackedWidget()
    qtbot.addWidget(window)
    window.addWidget(QWidget())
    window.resize(700, 300)
    window.show()
    host = ToastHost(window)
    host.show_message("Class deleted", "Undo")
    page = QWidget()
    window.addWidget(page)
    window.setCurrentWidget(page)
    assert window.children().index(host.toast) > window.children().index(page)


def test_toast_goes_by_itself_but_waits_while_hovered(qtbot: QtBot) -> None:
    window = shown(qtbot, size=(800, 400))
    host = ToastHost(window)
    host.show_message("Copied", ms=40)
    qtbot.waitUntil(lambda: not host.is_showing())
    host.show_message("Copied", ms=40)
    spot = QPointF(5, 5)
    QApplication.sendEvent(host.toast, QEnterEvent(spot, spot, spot))
    assert host.is_held()
    QApplication.sendEvent(host.toast, QEvent(QEvent.Type.Leave))
    qtbot.waitUntil(lambda: not host.is_showing())
    assert not host._timer.isActive()


def test_toast_with_motion_ends_hidden(qtbot: QtBot) -> None:
    theme().set_reduced_motion(False)
    window = shown(qtbot, size=(800, 400))
    host = ToastHost(window)
    host.show_message("Copied", ms=10)
    qtbot.waitUntil(host.toast.isHidden)


def test_drop_zone_counts_what_hovers_and_hides_its_buttons(qtbot: QtBot) -> None:
    zone = DropZone()
    shown(qtbot, zone, size=(900, 700))
    zone.set_dragging(12)
    assert zone.title.text() == "Drop to recognise 12 photos"
    assert not zone.open_button.isVisible()
    before = zone.title.y()
    zone.set_dragging(1)
    assert zone.title.text() == "Drop to recognise 1 photo"
    zone.set_dragging(None)
    assert zone.open_button.isVisible()
    assert zone.title.text() == "Drop photos or a folder here"
    assert zone.title.y() == before


def test_drop_zone_offers_what_can_be_done(qtbot: QtBot) -> None:
    zone = DropZone()
    shown(qtbot, zone, size=(900, 700))
    for button, signal in (
        (zone.open_button, zone.open_photos),
        (zone.folder_button, zone.open_folder),
        (zone.paste_button, zone.paste),
    ):
        with qtbot.waitSignal(signal):
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_drop_zone_gives_its_buttons_two_rows_where_one_would_cut_them(qtbot: QtBot) -> None:
    zone = DropZone()
    shown(qtbot, zone)
    buttons = (zone.open_button, zone.folder_button, zone.paste_button)
    for width, rows in ((700, 1), (340, 2), (700, 1)):
        zone.resize(width, 500)
        qtbot.waitUntil(lambda rows=rows: len({one.y() for one in buttons}) == rows)  # type: ignore[misc]
        assert all(one.width() >= one.sizeHint().width() for one in buttons)


def test_drop_zone_shows_pictures_and_leaves_them_out_when_short(qtbot: QtBot) -> None:
    zone = DropZone()
    picture = QPixmap(60, 40)
    picture.fill(QColor("#ff0000"))
    zone.set_pictures([picture, picture, picture])
    window = shown(qtbot, zone, size=(900, 700))
    middle = zone.fan.grab().toImage().pixelColor(zone.fan.width() // 2, zone.fan.height() // 2)
    assert middle.name() == "#ff0000"
    window.resize(900, 300)
    qtbot.waitUntil(zone.fan.isHidden)


def test_nav_rail_goes_where_it_is_told(qtbot: QtBot) -> None:
    rail = NavRail(
        [("photos", "Photos", "image"), ("models", "Models", "cube")], [("settings", "Settings", "settings")]
    )
    shown(qtbot, rail, size=(120, 600))
    assert rail.width() == 84
    heard: list[str] = []
    rail.navigated.connect(heard.append)
    QTest.mouseClick(rail.item("models"), Qt.MouseButton.LeftButton)
    assert (heard, rail.current()) == (["models"], "models")
    rail.item("models").setFocus()
    QTest.keyClick(rail.item("models"), Qt.Key.Key_Down)
    assert rail.item("settings").hasFocus()
    QTest.keyClick(rail.item("settings"), Qt.Key.Key_Return)
    assert heard == ["models", "settings"]
    rail.set_current("photos")
    assert heard == ["models", "settings"]
    rail.set_progress("photos", 0.62)
    assert rail.item("photos").accessibleName() == "Photos, 62 percent"
    rail.set_progress("photos", None)
    assert rail.item("photos").accessibleName() == "Photos"


def test_page_header_is_compact_in_narrow_windows(qtbot: QtBot) -> None:
    header = PageHeader("Photos")
    header.set_title("great-grey-owl.jpg", "845 × 563")
    add = Button("Add", "plus")
    header.add_action(add)
    window = shown(qtbot, header, size=(1200, 200))
    assert header.height() == 60
    assert add.text() == "Add"
    window.resize(900, 200)
    qtbot.waitUntil(header.is_compact)
    assert add.text() == ""
    size = next(label for label in header.findChildren(ElidedLabel) if label.text() == "845 × 563")
    header.set_title("next.jpg", "845 × 563")
    assert not size.isVisible()
    window.resize(1100, 200)
    qtbot.waitUntil(lambda: not header.is_compact())
    assert add.text() == "Add"
    header.set_title("a-name-that-leaves-no-room" * 10, "845 × 563")
    assert size.isVisible()
    qtbot.waitUntil(lambda: not size.is_elided())


def test_inspector_is_resized_within_bounds_and_narrow_in_narrow_windows(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    line = QHBoxLayout(window)
    line.setContentsMargins(0, 0, 0, 0)
    inspector = Inspector()
    line.addStretch(1)
    line.addWidget(inspector)
    window.resize(1200, 700)
    window.show()
    assert inspector.width() == 312
    inspector.set_chosen_width(900)
    assert inspector.width() == 420
    inspector.set_chosen_width(312)
    heard: list[int] = []
    inspector.width_changed.connect(heard.append)
    QTest.mousePress(inspector, Qt.MouseButton.LeftButton, pos=QPoint(2, 300))
    QTest.mouseMove(inspector, QPoint(-38, 300))
    QTest.mouseRelease(inspector, Qt.MouseButton.LeftButton, pos=QPoint(2, 300))
    assert heard == [350]
    window.resize(950, 700)
    qtbot.waitUntil(lambda: inspector.width() == 280)
    with qtbot.waitSignal(inspector.hide_requested):
        QTest.mouseClick(inspector.hide_button, Qt.MouseButton.LeftButton)
