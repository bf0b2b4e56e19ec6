"""The style: standard controls wear the tokens, keep their native behaviour and are large enough to hit."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QListWidget,
    QMenu,
    QMessageBox,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QSlider,
    QSpinBox,
    QStyle,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mobilenet_gui.ui.theme import theme, tokens
from mobilenet_gui.ui.tokens import high_contrast
from mobilenet_gui.ui.widgets.banner import Banner
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.chip import Chip
from mobilenet_gui.ui.widgets.segmented import Segmented
from mobilenet_gui.ui.widgets.slider import Slider

pytestmark = [
    pytest.mark.usefixtures("qapp", "dressed"),
    pytest.mark.qt_log_ignore("This plugin does not support"),
]


def picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def close_to(colour: QColor, wanted: QColor, tolerance: int = 6) -> bool:
    return all(
        abs(a - b) <= tolerance
        for a, b in ((colour.red(), wanted.red()), (colour.green(), wanted.green()), (colour.blue(), wanted.blue()))
    )


def share_of(image: QImage, wanted: QColor, tolerance: int = 6) -> float:
    """Return the share of pixels that have the colour `wanted`."""
    hits = sum(
        close_to(image.pixelColor(x, y), wanted, tolerance) for x in range(image.width()) for y in range(image.height())
    )
    return hits / (image.width() * image.height())


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_buttons_wear_their_kind(qtbot: QtBot, mode: str) -> None:
    theme().set_mode(mode)
    primary, plain = Button("Open", "image", "primary"), Button("Open", "image")
    for button in (primary, plain):
        qtbot.addWidget(button)
        button.resize(button.sizeHint())
    assert share_of(picture(primary), tokens().accent) > 0.6
    assert share_of(picture(plain), tokens().field) > 0.6
    primary.setEnabled(False)
    assert share_of(picture(primary), tokens().track) > 0.6


def test_a_dialogs_default_button_is_primary(qtbot: QtBot) -> None:
    box = QMessageBox()
    qtbot.addWidget(box)
    yes = box.addButton(QMessageBox.StandardButton.Yes)
    box.setDefaultButton(yes)
    box.setText("Remove it?")
    box.show()
    assert share_of(picture(yes), tokens().accent) > 0.5


def test_focus_ring_comes_by_keyboard_only(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    first, second = Button("First"), Button("Second")
    column.addWidget(first)
    column.addWidget(second)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.mouseClick(first, Qt.MouseButton.LeftButton)
    first.setFocus(Qt.FocusReason.MouseFocusReason)
    assert share_of(picture(first), tokens().accentText) < 0.01
    QTest.keyClick(first, Qt.Key.Key_Tab)
    assert second.hasFocus()
    assert share_of(picture(second), tokens().accentText) > 0.03
    # QTest's clicks do not move the application's own record of the buttons.
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
    first.setFocus(Qt.FocusReason.MouseFocusReason)
    assert share_of(picture(first), tokens().accentText) < 0.01


@pytest.mark.parametrize(
    "make",
    [
        lambda: Button("x"),
        lambda: IconButton("close", "Close", size=28),
        lambda: QPushButton("OK"),
        lambda: QCheckBox("Subfolders"),
        lambda: QRadioButton("Dark"),
        QComboBox,
        QLineEdit,
        QSpinBox,
        Slider,
    ],
    ids=[
        "Button",
        "IconButton",
        "QPushButton",
        "QCheckBox",
        "QRadioButton",
        "QComboBox",
        "QLineEdit",
        "QSpinBox",
        "Slider",
    ],
)
def test_targets_are_large_enough(qtbot: QtBot, make: object) -> None:
    widget = make()  # type: ignore[operator]
    qtbot.addWidget(widget)
    assert widget.sizeHint().width() >= 28
    assert widget.sizeHint().height() >= 28


def test_slider_jumps_to_the_click_and_drags(qtbot: QtBot) -> None:
    slider = Slider(0.0)
    qtbot.addWidget(slider)
    slider.resize(216, 28)
    slider.show()
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(108, 14))
    assert slider.value01() == pytest.approx(0.5, abs=0.02)
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(108, 14))
    QTest.mouseMove(slider, QPoint(208, 14))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(208, 14))
    assert slider.value01() == pytest.approx(1.0, abs=0.02)


def test_scroll_bar_thumb_can_be_dragged(qtbot: QtBot) -> None:
    area = QScrollArea()
    qtbot.addWidget(area)
    inside = QWidget()
    inside.setFixedSize(100, 2000)
    area.setWidget(inside)
    area.resize(150, 200)
    area.show()
    bar = area.verticalScrollBar()
    assert bar.width() <= 14
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, pos=QPoint(6, 10))
    QTest.mouseMove(bar, QPoint(6, bar.height() - 4))
    QTest.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=QPoint(6, bar.height() - 4))
    assert bar.value() > bar.maximum() * 0.8
    before = bar.value()
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(6, 4))
    assert bar.value() < before


def test_spin_box_arrows_step(qtbot: QtBot) -> None:
    spin = QSpinBox()
    qtbot.addWidget(spin)
    spin.resize(spin.sizeHint())
    spin.show()
    QTest.mouseClick(spin, Qt.MouseButton.LeftButton, pos=QPoint(spin.width() - 12, 8))
    assert spin.value() == 1
    QTest.mouseClick(spin, Qt.MouseButton.LeftButton, pos=QPoint(spin.width() - 12, spin.height() - 8))
    assert spin.value() == 0


def test_combo_box_opens_a_list_below(qtbot: QtBot) -> None:
    combo = QComboBox()
    qtbot.addWidget(combo)
    combo.addItems(["MobileNet V1", "MobileNet V2"])
    combo.resize(combo.sizeHint())
    combo.show()
    combo.showPopup()
    popup = combo.view().window()
    qtbot.waitUntil(popup.isVisible)
    assert popup is not combo.window()
    assert not picture(popup).isNull()
    combo.hidePopup()


def test_chosen_row_keeps_its_text_readable(qtbot: QtBot) -> None:
    rows = QListWidget()
    qtbot.addWidget(rows)
    rows.addItems(["Great grey owl", "Kite"])
    rows.setCurrentRow(0)
    rows.resize(240, 120)
    rows.show()
    place = rows.visualItemRect(rows.item(0)).translated(rows.viewport().pos())
    image = picture(rows).copy(place)
    assert share_of(image, tokens().soft) > 0.5
    darkest = min(image.pixelColor(x, y).lightness() for x in range(image.width()) for y in range(image.height()))
    assert darkest < 90


def test_menus_have_round_corners_and_marks(qtbot: QtBot) -> None:
    menu = QMenu()
    qtbot.addWidget(menu)
    action = menu.addAction("MobileNet V2")
    action.setCheckable(True)
    action.setChecked(True)
    menu.addSeparator()
    menu.addAction("Remove")
    menu.popup(QPoint(0, 0))
    qtbot.waitUntil(menu.isVisible)
    image = picture(menu)
    assert image.pixelColor(0, 0).alpha() < 40
    row = menu.actionGeometry(action)
    assert row.height() >= 28
    mark = image.copy(QRect(row.topLeft(), row.bottomRight() - QPoint(row.width() - 40, 0)))
    assert share_of(mark, tokens().accentText, 40) > 0.005
    menu.close()


def test_invalid_line_has_a_red_edge(qtbot: QtBot) -> None:
    line = QLineEdit()
    qtbot.addWidget(line)
    line.resize(200, 32)
    line.setProperty("invalid", True)
    assert share_of(picture(line), tokens().bad) > 0.02


def test_standard_controls_report_what_they_are_asked(qtbot: QtBot) -> None:
    style = QApplication.style()
    slider = QSlider(Qt.Orientation.Vertical)
    qtbot.addWidget(slider)
    slider.resize(28, 200)
    slider.setValue(99)
    image = picture(slider)
    assert close_to(image.pixelColor(QPointF(14, 100).toPoint()), tokens().accent)
    assert style.styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) == 0
    assert not style.standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning).isNull()


def test_high_contrast_leaves_nothing_unseen(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    system = QPalette(QColor("black"), QColor("black"))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
        system.setColor(role, QColor("white"))
    system.setColor(QPalette.ColorRole.Link, QColor("yellow"))
    monkeypatch.setattr(theme(), "_tokens", high_contrast(system))
    for widget in (Chip("6.4 ms"), Banner("info", "Text"), Segmented([("a", "A", None)]), Slider(0.5), Button("Open")):
        qtbot.addWidget(widget)
        widget.resize(widget.sizeHint())
        assert share_of(picture(widget), QColor("white")) > 0.01, type(widget).__name__
