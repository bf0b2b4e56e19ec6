"""The kit's small widgets: what they show, how they answer to mouse and keyboard, what a screen reader hears."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QScrollArea,
    QStyle,
    QStyleOptionSlider,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import theme, tokens
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.chip import Chip
from mobilenet_gui.ui.widgets.fields import ComboBox, Field, SearchField
from mobilenet_gui.ui.widgets.kbd import KeyCap
from mobilenet_gui.ui.widgets.labels import ElidedLabel, text_label
from mobilenet_gui.ui.widgets.progress import Ring, ThinProgress
from mobilenet_gui.ui.widgets.segmented import Segmented
from mobilenet_gui.ui.widgets.slider import Slider
from mobilenet_gui.ui.widgets.switch import Switch
from tests.ui.widget_window import shown

pytestmark = [
    pytest.mark.usefixtures("qapp", "dressed"),
    pytest.mark.qt_log_ignore("This plugin does not support"),
]


def test_button_kinds_and_compact_form(qtbot: QtBot) -> None:
    button = Button("Export…", "export")
    shown(qtbot, button)
    wide = button.sizeHint().width()
    button.set_compact(True)
    assert button.sizeHint().width() < wide
    assert (button.text(), button.toolTip(), button.accessibleName()) == ("", "Export", "Export")
    button.set_compact(False)
    assert button.text() == "Export…"
    without_icon = Button("Use")
    without_icon.set_compact(True)
    assert without_icon.text() == "Use"
    with pytest.raises(ValueError, match="loud"):
        Button("x", kind="loud")


def test_button_answers_to_space_and_click(qtbot: QtBot) -> None:
    button = Button("Open")
    shown(qtbot, button)
    pressed: list[bool] = []
    button.clicked.connect(lambda: pressed.append(True))
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(pressed) == 2


def test_icon_button_is_named_by_its_tooltip(qtbot: QtBot) -> None:
    button = IconButton("close", "Close")
    qtbot.addWidget(button)
    assert button.accessibleName() == button.toolTip() == "Close"
    button.set_tooltip("Stop")
    assert button.accessibleName() == "Stop"


def test_segmented_changes_by_click_and_arrows(qtbot: QtBot) -> None:
    strip = Segmented([("one", "One", "view-single"), ("two", "Two", "view-grid"), ("three", "Three", None)])
    shown(qtbot, strip)
    heard: list[str] = []
    strip.changed.connect(heard.append)
    first, second, _third = strip._segments.values()
    QTest.mouseClick(second, Qt.MouseButton.LeftButton)
    QTest.keyClick(second, Qt.Key.Key_Right)
    QTest.keyClick(strip._segments["three"], Qt.Key.Key_Right)
    assert heard == ["two", "three", "one"]
    assert first.isChecked()
    strip.set_current("two")
    assert heard == ["two", "three", "one"]
    assert strip.current() == "two"
    assert len({s.width() for s in strip._segments.values()}) == 1
    stops = [s for s in strip._segments.values() if s.focusPolicy() == Qt.FocusPolicy.StrongFocus]
    assert stops == [second]


def test_the_options_of_a_strip_are_targets_as_high_as_the_strip(qtbot: QtBot) -> None:
    strip = Segmented([("camera", "Camera", "camera"), ("file", "Video file", "film")])
    shown(qtbot, strip)
    assert strip.height() == 32
    assert all(one.height() == 32 for one in strip._segments.values())
    QTest.mouseClick(strip._segments["file"], Qt.MouseButton.LeftButton, pos=QPoint(20, 1))
    assert strip.current() == "file"


def test_switch_toggles_and_is_a_check_box_to_a_screen_reader(qtbot: QtBot) -> None:
    switch = Switch("Explain")
    shown(qtbot, switch)
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(5, switch.height() // 2))
    assert switch.isChecked()
    assert switch._knob.value == 1.0
    switch.setFocus()
    QTest.keyClick(switch, Qt.Key.Key_Space)
    assert not switch.isChecked()
    interface = QAccessible.queryAccessibleInterface(switch)
    assert interface.role() == QAccessible.Role.CheckBox
    assert min(switch.sizeHint().width(), switch.sizeHint().height()) >= 28


def test_switch_set_before_it_is_shown_is_on_at_once(qtbot: QtBot) -> None:
    theme().set_reduced_motion(False)
    switch = Switch()
    qtbot.addWidget(switch)
    switch.setChecked(True)
    image = switch.grab().toImage()
    assert image.pixelColor(6, image.height() // 2).name() == tokens().accent.name()


def test_slider_speaks_in_shares(qtbot: QtBot) -> None:
    slider = Slider(0.25)
    shown(qtbot, slider)
    with qtbot.waitSignal(slider.changed01) as heard:
        slider.setFocus()
        QTest.keyClick(slider, Qt.Key.Key_Right)
    assert heard.args == [0.26]
    assert slider.value01() == 0.26


def test_a_bounded_slider_stands_where_its_share_is(qtbot: QtBot) -> None:
    slider = Slider()
    slider.set_bounds(0.05, 0.99)
    shown(qtbot, slider)
    slider.setFixedWidth(216)
    option = QStyleOptionSlider()

    def knob() -> float:
        slider.initStyleOption(option)
        part = slider.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, slider
        )
        return part.center().x() + 0.5

    for share in (0.05, 0.5, 0.79, 0.99):
        slider.set_value01(share)
        assert knob() == pytest.approx(8 + 200 * share, abs=1)
    slider.set_value01(0.0)
    assert slider.value01() == 0.05
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(108, 14))
    assert slider.value01() == pytest.approx(0.5, abs=0.011)
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(1, 14))
    assert slider.value01() == 0.05


def test_a_word_that_changes_does_not_move_its_neighbour(qtbot: QtBot) -> None:
    button = Button("Freeze", "pause", "primary")
    button.keep_room_for(("Pause", "Play"))
    shown(qtbot, button)
    widths = []
    for text in ("Pause", "Play", "Freeze"):
        button.set_text(text)
        widths.append(max(button.minimumWidth(), button.sizeHint().width()))
    assert widths[0] == widths[1]


def test_a_chip_wider_than_its_words_has_them_in_its_middle(qtbot: QtBot) -> None:
    chip = Chip("Not checked yet")
    shown(qtbot, chip)
    chip.setFixedSize(chip.sizeHint().width() + 60, chip.sizeHint().height())
    image = chip.grab().toImage()
    middle = image.height() // 2
    ground = image.pixel(20, middle)
    inked = [x for x in range(20, image.width() - 20) if any(image.pixel(x, y) != ground for y in (middle, middle - 2))]
    assert inked[0] - 0 == pytest.approx(image.width() - 1 - inked[-1], abs=6)
    assert inked[0] > 30


def test_a_compact_button_keeps_what_its_tip_says(qtbot: QtBot) -> None:
    plain, told = Button("Analyse…", "bolt"), Button("Analyse", "bolt")
    told.setToolTip("Recognise the whole video")
    shown(qtbot, plain, told)
    for compact in (False, True, False):
        plain.set_compact(compact)
        told.set_compact(compact)
        assert plain.toolTip() == ("Analyse" if compact else "")
        assert told.toolTip() == "Recognise the whole video"


def test_chip_is_a_button_only_where_it_should_be(qtbot: QtBot) -> None:
    mark, menu, choice = Chip("6.4 ms", "stopwatch"), Chip("MobileNet V2", "cube", menu=True), Chip("All 40")
    choice.setCheckable(True)
    shown(qtbot, mark, menu, choice)
    heard: list[str] = []
    for chip in (mark, menu, choice):
        chip.clicked.connect(lambda _checked=False, c=chip: heard.append(c.text()))
        QTest.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert heard == ["MobileNet V2", "All 40"]
    assert choice.isChecked()
    assert mark.focusPolicy() == Qt.FocusPolicy.NoFocus
    assert menu.sizeHint().height() >= 28


def test_search_field_clears_and_comes_by_its_shortcut(qtbot: QtBot) -> None:
    field, other = SearchField("Search labels", "Ctrl+F"), QLineEdit()
    window = shown(qtbot, other, field)
    other.setFocus()
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert field.hasFocus()
    QTest.keyClicks(field, "owl")
    assert field._clear.isVisible()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""
    assert not field._clear.isVisible()
    field.setText("owl")
    QTest.mouseClick(field._clear, Qt.MouseButton.LeftButton)
    assert field.text() == ""


def test_field_says_what_is_accepted(qtbot: QtBot) -> None:
    field = Field("Address", help_text="Empty for the official one.")
    shown(qtbot, field)
    field.set_text("  x ")
    assert field.text() == "x"
    field.set_error("An address begins with https://.")
    assert field.edit.is_invalid()
    assert field.edit.accessibleDescription() == "An address begins with https://."
    field.set_error(None)
    assert not field.edit.is_invalid()
    assert field._below.text() == "Empty for the official one."


def test_combo_box_goes_by_keys(qtbot: QtBot) -> None:
    combo = ComboBox("cube")
    qtbot.addWidget(combo)
    combo.add_option("MobileNet V1", "v1")
    combo.add_option("MobileNet V2", "v2", "cube")
    combo.set_current_key("v2")
    assert combo.currentData() == "v2"
    combo.set_current_key("v9")
    assert combo.currentData() == "v2"


def test_a_wheel_over_a_combo_box_scrolls_the_page_and_chooses_nothing(qtbot: QtBot) -> None:
    area, inside = QScrollArea(), QWidget()
    combo = ComboBox()
    column = QVBoxLayout(inside)
    column.addWidget(combo)
    column.addSpacing(900)
    combo.addItems(["One", "Two", "Three"])
    area.setWidget(inside)
    shown(qtbot, area, size=(200, 120))
    where = QPointF(combo.rect().center())
    QApplication.sendEvent(combo, QWheelEvent(
        where, combo.mapToGlobal(where), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    ))  # fmt: skip
    assert combo.currentIndex() == 0


def test_ring_turns_only_while_seen(qtbot: QtBot) -> None:
    theme().set_reduced_motion(False)
    ring = Ring()
    window = shown(qtbot, ring)
    assert ring.is_ticking()
    ring.hide()
    assert not ring.is_ticking()
    ring.show()
    ring.set_fraction(0.5)
    assert not ring.is_ticking()
    assert ring.accessibleName() == "50 percent"
    ring.set_fraction(None)
    assert ring.is_ticking()
    window.hide()
    assert not ring.is_ticking()
    ring.set_fraction(0.2)
    ring.set_fraction(None)
    assert not ring.is_ticking()


def test_nothing_turns_with_reduced_motion(qtbot: QtBot) -> None:
    ring, progress = Ring(), ThinProgress()
    progress.set_fraction(None)
    shown(qtbot, ring, progress)
    assert not ring.is_ticking()
    assert not progress.is_ticking()


def test_thin_progress_is_filled_so_far(qtbot: QtBot) -> None:
    progress = ThinProgress()
    shown(qtbot, progress)
    progress.resize(200, 4)
    progress.set_fraction(0.5)
    image = progress.grab().toImage()
    assert image.pixelColor(50, 2).name() == tokens().accent.name()
    assert image.pixelColor(150, 2).name() == tokens().track.name()
    assert progress.accessibleDescription() == "50 percent"
    progress.set_fraction(7)
    assert progress.fraction() == 1.0


def test_card_is_chosen_by_mouse_and_keyboard(qtbot: QtBot) -> None:
    card = Card(clickable=True)
    shown(qtbot, card)
    heard: list[bool] = []
    card.clicked.connect(lambda: heard.append(True))
    QTest.mouseClick(card, Qt.MouseButton.LeftButton)
    card.setFocus()
    QTest.keyClick(card, Qt.Key.Key_Return)
    QTest.keyClick(card, Qt.Key.Key_Space)
    assert len(heard) == 3
    card.set_selected(True)
    assert card.grab().toImage().pixelColor(card.width() // 2, 1).name() == tokens().accent.name()


def test_elided_label_offers_the_whole_text(qtbot: QtBot) -> None:
    label = ElidedLabel("A very long name of a photo that no header could ever show in full.jpg")
    shown(qtbot, label, size=(160, 80))
    assert label.is_elided()
    assert label.toolTip() == label.text()
    label.setText("a.jpg")
    assert label.toolTip() == ""


def test_text_label_follows_the_theme(qtbot: QtBot) -> None:
    label = text_label("Kite", "small", "text2")
    qtbot.addWidget(label)
    theme().set_mode("dark")
    assert label.palette().color(label.foregroundRole()).name() == tokens().text2.name()
    label.set_tone("bad")
    assert label.palette().color(label.foregroundRole()).name() == tokens().bad.name()


def test_key_cap_is_written_without_plus(qtbot: QtBot) -> None:
    cap = KeyCap("Ctrl+V")
    qtbot.addWidget(cap)
    assert cap.text() in {"Ctrl V", "⌘V"}


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_gallery_draws_everything_at_any_size(qtbot: QtBot, scale: float, mode: str) -> None:
    place = Path(__file__).resolve().parents[2] / "packaging" / "gallery.py"
    spec = importlib.util.spec_from_file_location("gallery", place)
    assert spec is not None
    assert spec.loader is not None
    gallery = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gallery)
    fonts.set_scale(scale)
    theme().set_mode(mode)
    for make in (gallery.components_page, gallery.window_page, gallery.more_page):
        page = make()
        qtbot.addWidget(page)
        image = page.grab().toImage()
        assert image.pixelColor(4, image.height() - 4).lightness() > 200 or mode == "dark"
        for button in page.findChildren(Button):
            if button.isVisibleTo(page) and scale == 1.0:
                assert button.width() >= button.sizeHint().width(), button.text()


def test_combo_box_can_be_an_icon_alone(qtbot: QtBot) -> None:
    combo = ComboBox("sort")
    combo.add_option("Order added", "added")
    combo.add_option("Name", "name")
    qtbot.addWidget(combo)
    combo.set_compact(True)
    assert 28 <= combo.sizeHint().width() < 70
    assert combo.toolTip() == "Order added"
    combo.set_compact(False)
    assert combo.sizeHint().width() > 100
    assert combo.toolTip() == ""
