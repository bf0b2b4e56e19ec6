"""The kit's small widgets: what they show, how they answer to mouse and keyboard, what a screen reader hears."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QColor, QEnterEvent, QPixmap, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QStackedWidget,
    QStyle,
    QStyleOptionSlider,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import theme, tokens
from mobilenet_gui.ui.widgets.banner import TONES, Banner
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.chip import Chip
from mobilenet_gui.ui.widgets.drop_zone import DropZone
from mobilenet_gui.ui.widgets.fields import ComboBox, Field, SearchField
from mobilenet_gui.ui.widgets.inspector import Inspector
from mobilenet_gui.ui.widgets.kbd import KeyCap
from mobilenet_gui.ui.widgets.labels import ElidedLabel, text_label
from mobilenet_gui.ui.widgets.nav_rail import NavRail
from mobilenet_gui.ui.widgets.page_header import PageHeader
from mobilenet_gui.ui.widgets.progress import Ring, ThinProgress
from mobilenet_gui.ui.widgets.segmented import Segmented
from mobilenet_gui.ui.widgets.slider import Slider
from mobilenet_gui.ui.widgets.switch import Switch
from mobilenet_gui.ui.widgets.toast import ToastHost

pytestmark = [
    pytest.mark.usefixtures("qapp"),
    pytest.mark.qt_log_ignore("This plugin does not support"),
]


@pytest.fixture(autouse=True)
def dressed() -> Iterator[None]:
    theme().apply()
    theme().set_mode("light")
    theme().set_reduced_motion(True)
    yield
    _windows.clear()
    theme().set_mode("system")
    theme().set_reduced_motion(None)
    fonts.set_scale(None)


_windows: list[QWidget] = []
"""Windows of the running test: pytest-qt itself holds them only weakly."""


def shown(qtbot: QtBot, *widgets: QWidget, size: tuple[int, int] = (400, 300)) -> QWidget:
    window = QWidget()
    _windows.append(window)
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    for widget in widgets:
        column.addWidget(widget)
    window.resize(*size)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


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
    zone.set_samples_available(True)
    shown(qtbot, zone, size=(900, 700))
    for button, signal in (
        (zone.open_button, zone.open_photos),
        (zone.folder_button, zone.open_folder),
        (zone.paste_button, zone.paste),
        (zone.samples_link, zone.samples),
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
