"""The widgets a training is watched and judged with: what they show, how mouse and keys work, what is spoken."""

from __future__ import annotations

import itertools
import math

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QButtonGroup, QWidget
from pytestqt.qtbot import QtBot

from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.widgets.confusion_matrix import ConfusionMatrix
from mobilenet_gui.ui.widgets.curve_chart import Curve, CurveChart
from mobilenet_gui.ui.widgets.curve_layout import spline, steps_below, value_axis
from mobilenet_gui.ui.widgets.phase_track import PhaseTrack
from mobilenet_gui.ui.widgets.preset_card import PresetCard
from mobilenet_gui.ui.widgets.split_bar import LEAST, SplitBar
from mobilenet_gui.ui.widgets.stat_card import StatCard

pytestmark = [pytest.mark.usefixtures("qapp", "dressed"), pytest.mark.qt_log_ignore("This plugin does not support")]


def shown(qtbot: QtBot, widget: QWidget, width: int, height: int) -> QImage:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    return widget.grab().toImage()


def colours(image: QImage) -> set[str]:
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


# -- the curve chart ------------------------------------------------------------------------------------------------


def chart(qtbot: QtBot) -> CurveChart:
    made = CurveChart(
        "Accuracy", "Epoch {n}", top=1.0, text=lambda v: f"{v * 100:.0f} %", axis_text=lambda v: f"{v * 100:g}",
        empty="Nothing yet",
    )  # fmt: skip
    shown(qtbot, made, 340, 240)
    return made


def test_an_empty_chart_says_so_and_takes_no_keys(qtbot: QtBot) -> None:
    made = chart(qtbot)
    assert made.accessibleName() == "Accuracy: Nothing yet"
    QTest.keyClick(made, Qt.Key.Key_Left)
    assert made.pointed_step() is None


def test_a_chart_is_read_by_keys_and_pointer(qtbot: QtBot) -> None:
    made = chart(qtbot)
    made.show_curves([Curve("Training", (0.5, 0.7, 0.9)), Curve("Validation", (0.4, None, 0.8), main=True)], 10, [2])
    assert made.accessibleName() == "Accuracy: Epoch 3, Validation 80 %, Training 90 %"
    QTest.keyClick(made, Qt.Key.Key_Left)
    assert made.pointed_step() == 3
    QTest.keyClick(made, Qt.Key.Key_Left)
    assert made.pointed_step() == 2
    assert made.reading(2) == "Epoch 2, Training 70 %"
    for key, step in ((Qt.Key.Key_Home, 1), (Qt.Key.Key_Left, 1), (Qt.Key.Key_End, 3), (Qt.Key.Key_Right, 3)):
        QTest.keyClick(made, key)
        assert made.pointed_step() == step
    QTest.mouseMove(made, made._area().topLeft().toPoint() + QPoint(round(made._area().width() * 0.2), 30))
    assert made.pointed_step() == 2
    QTest.mouseMove(made, QPoint(2, 2))
    assert made.pointed_step() is None


def test_both_curves_are_seen_where_one_runs_below_the_other(qtbot: QtBot) -> None:
    made = chart(qtbot)
    above, below = Curve("Validation", (0.9,) * 5, main=True), Curve("Training", (0.3,) * 5)
    made.show_curves([above, below], 5)
    image = made.grab().toImage()
    row = round(made._y(0.3))
    middle = round(made._x(3))
    found = {image.pixelColor(middle, row + n).name() for n in (-1, 0, 1)}
    assert any(_near(name, tokens().text3.name()) for name in found), found


def test_a_later_shorter_chart_forgets_what_was_pointed_at(qtbot: QtBot) -> None:
    made = chart(qtbot)
    made.show_curves([Curve("Validation", (0.4, 0.5, 0.8), main=True)], 3)
    QTest.keyClick(made, Qt.Key.Key_End)
    made.show_curves([Curve("Validation", (0.4,), main=True)], 3)
    assert made.pointed_step() is None
    made.grab()


def _near(one: str, other: str) -> bool:
    first, second = (tuple(int(name[i : i + 2], 16) for i in (1, 3, 5)) for name in (one, other))
    return max(abs(a - b) for a, b in zip(first, second, strict=True)) < 40


@pytest.mark.parametrize("low", [0.0, 0.3, 0.65, 0.9, 0.971, 0.999, 1.0])
def test_a_share_axis_ends_at_one_and_never_below_zero(low: float) -> None:
    axis = value_axis([low, 0.999], 1.0, 4)
    assert axis[-1] == 1.0
    assert -1e-9 <= axis[0] <= low + 1e-9
    assert 2 <= len(axis) <= 7
    assert axis == sorted(axis)


@pytest.mark.parametrize("values", [[], [0.001], [1.8, 0.3], [2.3] * 10, [90.0, *([0.5] * 20)], [math.inf, 1.0]])
def test_a_loss_axis_starts_at_zero_and_is_not_flattened_by_one_peak(values: list[float]) -> None:
    axis = value_axis(values, None, 4)
    assert axis[0] == 0.0
    assert axis == sorted(axis)
    assert 2 <= len(axis) <= 7
    if len(values) > 20:
        assert axis[-1] < 2


def test_steps_are_round_and_few() -> None:
    assert steps_below(0, 5) == [0]
    assert steps_below(3, 5) == [0, 1, 2, 3]
    assert steps_below(30, 4) == [0, 10, 20, 30]
    assert len(steps_below(1000, 6)) <= 7


def test_a_smooth_curve_shows_no_peak_that_was_not_measured() -> None:
    heights = [0.0, 10.0, 10.0, 4.0, 30.0, 30.0, 29.0]
    points = [QPointF(float(n), y) for n, y in enumerate(heights)]
    for (start, end), (one, other, _end) in zip(itertools.pairwise(points), spline(points), strict=True):
        low, high = sorted((start.y(), end.y()))
        assert low - 1e-9 <= one.y() <= high + 1e-9
        assert low - 1e-9 <= other.y() <= high + 1e-9
    assert list(spline(points[:1])) == []


# -- the confusion matrix -------------------------------------------------------------------------------------------


def matrix(qtbot: QtBot, size: int = 3) -> ConfusionMatrix:
    made = ConfusionMatrix()
    names = [f"Class {n}" for n in range(size)]
    counts = [[9 if row == column else 0 for column in range(size)] for row in range(size)]
    counts[0][1], counts[2][0] = 2, 1
    made.show_counts(names, counts)
    shown(qtbot, made, 400, 300)
    return made


def test_a_cell_is_chosen_by_click_and_spoken(qtbot: QtBot) -> None:
    made = matrix(qtbot)
    heard: list[tuple[int, int]] = []
    made.chosen.connect(lambda row, column: heard.append((row, column)))
    QTest.mouseClick(made.viewport(), Qt.MouseButton.LeftButton, pos=made.cell_rect((0, 1)).center().toPoint())
    assert heard == [(0, 1)]
    assert made.accessibleName() == "What was mistaken for what: Class 0 seen as Class 1: 2 photos"
    assert made.spoken((2, 0)) == "Class 2 seen as Class 0: 1 photo"
    assert made.spoken((1, 1)) == "Class 1, rightly recognised: 9 photos"
    QTest.mouseClick(made.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert len(heard) == 1


def test_names_of_narrow_columns_are_written_upwards(qtbot: QtBot) -> None:
    few, many = matrix(qtbot), matrix(qtbot, 30)
    assert few.cell_rect((0, 0)).top() == 42
    assert many.cell_rect((0, 0)).top() > 42
    cell = many.cell_rect((1, 1))
    assert many._at(cell.center()) == (1, 1)
    assert few.grab().toImage() != many.grab().toImage()


def test_long_names_give_way_where_all_columns_fit_then(qtbot: QtBot) -> None:
    made = ConfusionMatrix()
    names = [f"Class {n} with a name that is long" for n in range(8)]
    made.show_counts(names, [[int(row == column) for column in range(8)] for row in range(8)])
    shown(qtbot, made, 366, 300)
    assert made.horizontalScrollBar().maximum() == 0
    assert made.cell_rect((0, 7)).right() <= made.viewport().width()
    made.resize(300, 300)  # not at any price
    assert made.horizontalScrollBar().maximum() > 0


def test_arrows_move_inside_and_pages_go_from_mistake_to_mistake(qtbot: QtBot) -> None:
    made = matrix(qtbot)
    keys = Qt.Key
    for key, cell in (
        (keys.Key_Right, (0, 0)), (keys.Key_Right, (0, 1)), (keys.Key_Down, (1, 1)), (keys.Key_End, (1, 2)),
        (keys.Key_Right, (1, 2)), (keys.Key_Home, (1, 0)), (keys.Key_Up, (0, 0)), (keys.Key_PageDown, (0, 1)),
        (keys.Key_PageDown, (2, 0)), (keys.Key_PageDown, (2, 0)), (keys.Key_PageUp, (0, 1)),
    ):  # fmt: skip
        QTest.keyClick(made, key)
        assert made.cell() == cell, key


def test_mistakes_are_amber_and_right_answers_blue(qtbot: QtBot) -> None:
    made = matrix(qtbot)
    image = made.viewport().grab().toImage()
    for cell, colour in (((0, 0), tokens().accent), ((0, 1), tokens().warnSoft), ((1, 2), tokens().ghostTrack)):
        corner = made.cell_rect(cell).topLeft() + QPointF(8, 8)
        assert image.pixelColor(corner.toPoint()).name() == colour.name()


def test_five_hundred_classes_scroll_and_stay_quick(qtbot: QtBot) -> None:
    made = matrix(qtbot, 500)
    assert made.horizontalScrollBar().maximum() > 10_000
    made.choose((499, 499))
    assert made.viewport().rect().contains(made.cell_rect((499, 499)).center().toPoint())
    rows, columns = made._in_view()
    assert len(rows) * len(columns) < 400
    QTest.keyClick(made, Qt.Key.Key_Left)
    assert made.cell() == (499, 498)


def test_few_classes_need_no_scrolling_and_nonsense_is_refused(qtbot: QtBot) -> None:
    made = matrix(qtbot, 6)
    assert made.horizontalScrollBar().maximum() == made.verticalScrollBar().maximum() == 0
    with pytest.raises(ValueError, match="2 by 2"):
        made.show_counts(["a", "b"], [[1, 2]])
    made.show_counts([], [])
    QTest.keyClick(made, Qt.Key.Key_Down)
    assert made.cell() is None
    made.grab()


# -- the split bar --------------------------------------------------------------------------------------------------


def test_edges_of_the_split_are_moved_and_parts_keep_their_least(qtbot: QtBot) -> None:
    made = SplitBar()
    shown(qtbot, made, 250, 32)
    heard: list[object] = []
    made.changed.connect(heard.append)
    QTest.keyClick(made, Qt.Key.Key_Right)
    QTest.keyClick(made, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert heard == [(65, 15, 20), (65, 20, 15)]
    for _ in range(30):
        QTest.keyClick(made, Qt.Key.Key_Right)
        QTest.keyClick(made, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert all(part >= least for part, least in zip(made.parts(), LEAST, strict=True))
    assert sum(made.parts()) == 100
    made.set_parts((60, 20, 20))
    edge = QPoint(round(250 * 0.6), 16)
    QTest.mousePress(made, Qt.MouseButton.LeftButton, pos=edge)
    QTest.mouseMove(made, QPoint(round(250 * 0.5), 16))
    QTest.mouseRelease(made, Qt.MouseButton.LeftButton, pos=QPoint(round(250 * 0.5), 16))
    assert made.parts() == (50, 30, 20)
    assert made.accessibleName() == "Split: 50 percent to train, 30 to validate, 20 to test"


def test_a_split_that_is_given_cannot_be_moved(qtbot: QtBot) -> None:
    made = SplitBar()
    shown(qtbot, made, 250, 32)
    made.set_movable(False)
    QTest.keyClick(made, Qt.Key.Key_Right)
    QTest.mousePress(made, Qt.MouseButton.LeftButton, pos=QPoint(150, 16))
    QTest.mouseMove(made, QPoint(60, 16))
    assert made.parts() == (60, 20, 20)


# -- cards and phases -----------------------------------------------------------------------------------------------


def test_a_stat_card_tells_name_number_and_note(qtbot: QtBot) -> None:
    made = StatCard("Time left")
    shown(qtbot, made, 160, 78)
    assert made.accessibleName() == "Time left: \N{EN DASH}"
    made.show_value("3:40", "min", "about 16:22")
    assert made.accessibleName() == "Time left: 3:40 min, about 16:22"
    assert made.toolTip() == ""
    made.resize(100, 78)
    made.show_value("3:40", "min", "a note that is much too long for it")
    assert "much too long" in made.toolTip()
    before = made.grab().toImage()
    made.show_value("3:40", "min", "a note that is much too long for it, 4 of 6")
    assert made.grab().toImage() != before  # the figures at its end are not what is cut


def test_preset_cards_are_one_choice(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    group = QButtonGroup(window)
    first = PresetCard("bolt", "Fast", "Learns quickly", window)
    second = PresetCard("award", "Best", "Takes long", window)
    for card in (first, second):
        group.addButton(card)
        card.resize(220, 206)
    second.move(230, 0)
    window.resize(460, 210)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    first.setFocus()
    first.show_figures("2 min", "About 90 % correct", "Suggested", note="last time 91 %", tip="With 245 photos.")
    QTest.mouseClick(first, Qt.MouseButton.LeftButton)
    words = "Fast, Suggested, 2 min, last time 91 %, Learns quickly, About 90 % correct, chosen"
    assert first.accessibleName() == words
    assert first.toolTip() == "With 245 photos."
    QTest.keyClick(first, Qt.Key.Key_Right)
    assert second.isChecked()
    assert not first.isChecked()
    window.grab()


def test_phases_are_told_one_after_the_other(qtbot: QtBot) -> None:
    made = PhaseTrack()
    made.set_phases(["Prepare", "Learn", "Test"])
    shown(qtbot, made, 480, 40)
    made.show_progress(1, 0.5)
    made.set_phases(["Prepare", "Learn", "Test"])
    assert made.current() == 1
    assert made.accessibleName() == "Step 2 of 3: Learn"
    image = made.grab().toImage()
    assert image.pixelColor(100, 3).name() == tokens().accent.name()
    assert image.pixelColor(180, 3).name() == tokens().accent.name()
    assert image.pixelColor(300, 3).name() == tokens().track.name()
    made.show_progress(3, 1.0)
    assert made.accessibleName() == "All steps done"
    assert tokens().track.name() not in colours(made.grab().toImage().copy(0, 2, 480, 2))
