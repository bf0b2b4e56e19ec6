"""What shows answers: prediction bars, the histogram, the scatter plot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QAccessible, QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from mobilenet_gui.core.answers import percent
from mobilenet_gui.ui.theme import theme, tokens
from mobilenet_gui.ui.widgets.histogram import BINS, ConfidenceHistogram, bins
from mobilenet_gui.ui.widgets.prediction_bars import GhostBars, PredictionBars
from mobilenet_gui.ui.widgets.scatter import ScatterPlot, ScatterPoint
from mobilenet_gui.ui.widgets.scatter_layout import axis_steps, place_labels

pytestmark = [
    pytest.mark.usefixtures("qapp", "dressed"),
    pytest.mark.qt_log_ignore("This plugin does not support"),
]

FIVE = [("Great grey owl", 0.964), ("Kite", 0.011), ("Ruffed grouse", 0.006), ("Lynx", 0.003), ("Marmoset", 0.001)]


@pytest.fixture
def bars(qtbot: QtBot) -> Iterator[PredictionBars]:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    made = PredictionBars()
    column.addWidget(made)
    window.resize(320, 260)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    yield made
    window.close()


def has(image: QImage, colour: QColor) -> bool:
    wanted = colour.rgb()
    return any(image.pixel(x, y) == wanted for y in range(image.height()) for x in range(image.width()))


def test_percent_has_one_decimal_and_never_breaks() -> None:
    assert percent(0.964) == "96.4\u00a0%"
    assert percent(0.5, 0) == "50\u00a0%"


def test_rows_are_named_for_a_screen_reader(bars: PredictionBars) -> None:
    bars.set_predictions(FIVE, 0.5)
    first, second = bars._rows[:2]
    assert first.accessibleName() == "Great grey owl, 96.4 percent, first of five"
    assert second.accessibleName() == "Kite, 1.1 percent, second of five"
    interface = QAccessible.queryAccessibleInterface(first)
    assert interface.text(QAccessible.Text.Name) == first.accessibleName()


def test_sure_answers_are_coloured_and_unsure_ones_never(bars: PredictionBars) -> None:
    bars.set_predictions(FIVE, 0.5)
    image = bars.grab().toImage()
    assert has(image, tokens().accent)
    assert has(image, tokens().barMuted)
    bars.set_predictions([("Mink", 0.312), ("Otter", 0.2)], 0.5)
    image = bars.grab().toImage()
    assert not has(image, tokens().accent)
    assert not has(image, tokens().barMuted)
    assert has(image, tokens().text3)
    bars.set_sure_from(0.3)
    assert has(bars.grab().toImage(), tokens().accent)


def test_the_range_of_an_unsure_answer_is_grey_as_well(bars: PredictionBars) -> None:
    ranges = [(0.2, 0.6), (0.1, 0.4)]
    bars.set_predictions([("Mink", 0.312), ("Otter", 0.2)], 0.5, False, ranges=ranges)
    assert not has(bars.grab().toImage(), tokens().barMuted)
    bars.set_predictions([("Mink", 0.312), ("Otter", 0.2)], 0.3, False, ranges=ranges)
    assert has(bars.grab().toImage(), tokens().barMuted)


def test_row_height_and_bar_length_are_the_designs(bars: PredictionBars) -> None:
    bars.set_predictions([("Half", 0.5)], 0.0)
    row = bars._rows[0]
    assert row.height() == 38
    image = row.grab().toImage()
    y = 38 - 6 - 3
    filled = [x for x in range(image.width()) if image.pixelColor(x, y).name() == tokens().accent.name()]
    assert len(filled) == pytest.approx(image.width() / 2, abs=5)


def test_bars_move_from_where_they_are(bars: PredictionBars, qtbot: QtBot) -> None:
    theme().set_reduced_motion(False)
    bars.set_predictions([("Owl", 0.9)], 0.5, animate=False)
    row = bars._rows[0]
    bars.set_predictions([("Owl", 0.2)], 0.5, animate=True)
    assert row.shown.value > 0.5
    assert row.shown.startValue() == pytest.approx(0.9)
    assert row.shown.duration() == 180
    qtbot.waitUntil(lambda: row.shown.value == pytest.approx(0.2))
    qtbot.waitUntil(lambda: row.shown.state() == row.shown.State.Stopped)


def test_reduced_motion_shows_the_end_at_once(bars: PredictionBars) -> None:
    bars.set_predictions([("Owl", 0.9)], 0.5)
    assert bars._rows[0].shown.value == 0.9
    assert bars._rows[0].shown.state() == bars._rows[0].shown.State.Stopped


def test_rows_are_chosen_by_mouse_and_keyboard(bars: PredictionBars, qtbot: QtBot) -> None:
    bars.set_predictions(FIVE, 0.5)
    heard: list[int] = []
    bars.chosen.connect(heard.append)
    rows = bars._rows
    QTest.mouseClick(rows[2], Qt.MouseButton.LeftButton)
    rows[0].setFocus()
    QTest.keyClick(rows[0], Qt.Key.Key_Down)
    assert rows[1].hasFocus()
    QTest.keyClick(rows[1], Qt.Key.Key_Return)
    QTest.keyClick(rows[1], Qt.Key.Key_End)
    assert rows[4].hasFocus()
    QTest.keyClick(rows[4], Qt.Key.Key_Space)
    assert heard == [2, 1, 4]
    stops = [r for r in rows if r.focusPolicy() == Qt.FocusPolicy.StrongFocus]
    assert len(stops) == 1


def test_the_explained_row_is_marked_without_a_signal(bars: PredictionBars) -> None:
    bars.set_predictions(FIVE, 0.5)
    heard: list[int] = []
    bars.chosen.connect(heard.append)
    plain = bars._rows[1].grab().toImage()
    bars.set_selected(1)
    assert bars.selected() == 1
    assert bars._rows[1].grab().toImage() != plain
    bars.set_selected(9)
    assert bars.selected() == -1
    assert heard == []


def test_fewer_predictions_hide_the_rest(bars: PredictionBars) -> None:
    bars.set_predictions(FIVE, 0.5)
    bars.set_selected(4)
    bars.set_predictions(FIVE[:2], 0.5)
    assert [row.isVisible() for row in bars._rows] == [True, True, False, False, False]
    assert bars.selected() == -1
    assert bars.predictions() == FIVE[:2]


def test_long_labels_are_cut_and_told_in_full(bars: PredictionBars) -> None:
    bars.set_predictions([("A label that is far too long for any panel of this width", 0.9)], 0.5)
    assert bars._rows[0].is_elided()
    bars.set_predictions([("Owl", 0.9)], 0.5)
    assert not bars._rows[0].is_elided()


def test_ghosts_are_as_high_as_the_bars(qtbot: QtBot) -> None:
    ghosts = GhostBars()
    qtbot.addWidget(ghosts)
    assert ghosts.height() == 5 * 38
    assert has(ghosts.grab().toImage(), tokens().ghostBar)


def test_bins_count_every_value_once() -> None:
    counts = bins([0.0, 0.049, 0.05, 0.5, 0.999, 1.0])
    assert len(counts) == BINS
    assert sum(counts) == 6
    assert (counts[0], counts[1], counts[10], counts[19]) == (2, 1, 1, 2)


def test_histogram_greys_what_is_below_the_limit(qtbot: QtBot) -> None:
    histogram = ConfidenceHistogram()
    qtbot.addWidget(histogram)
    histogram.resize(272, 76)
    histogram.set_values([0.2, 0.9, 0.95], 0.5)
    image = histogram.grab().toImage()
    assert has(image, tokens().accent)
    assert has(image, tokens().control)
    histogram.set_values([0.2], 0.5)
    assert not has(histogram.grab().toImage(), tokens().accent)
    assert "1 below the limit" in histogram.accessibleDescription()


def test_axis_steps_are_round_and_enclose() -> None:
    assert axis_steps(0.675, 0.752, 3) == [0.65, 0.7, 0.75, 0.8]
    assert axis_steps(0, 12, 3)[:3] == [0, 5, 10]
    assert axis_steps(0.7, 0.7, 3)[0] <= 0.7


def test_labels_keep_out_of_each_others_way() -> None:
    dots = [(QPointF(50, 50), 4.5), (QPointF(56, 52), 4.5), (QPointF(60, 49), 4.5), (QPointF(195, 50), 4.5)]
    room = QRectF(0, 0, 200, 100)
    boxes = place_labels(dots, [(40.0, 14.0)] * 4, room)
    placed = [box for box in boxes if box is not None]
    assert len(placed) >= 3
    for index, box in enumerate(placed):
        assert room.contains(box)
        for other in placed[index + 1 :]:
            assert not box.adjusted(0, 2, 0, -2).intersects(other.adjusted(0, 2, 0, -2))


def test_labels_keep_out_of_the_way_of_other_words() -> None:
    words = QRectF(60, 40, 100, 20)
    (box,) = place_labels([(QPointF(50, 50), 4.5)], [(40.0, 14.0)], QRectF(0, 0, 200, 100), covered=[words])
    assert box is not None
    assert not box.adjusted(0, 2, 0, -2).intersects(words)


def test_scatter_picks_the_dot_that_is_clicked(qtbot: QtBot) -> None:
    plot = ScatterPlot()
    qtbot.addWidget(plot)
    plot.resize(272, 140)
    plot.set_points(
        [
            ScatterPoint("v2", "V2", 6.4, 0.718, selected=True),
            ScatterPoint("v1", "V1", 11.0, 0.709, estimated=True),
        ]
    )
    plot.show()
    image = plot.grab().toImage()
    solid, hollow = plot.point_position("v2").toPoint(), plot.point_position("v1").toPoint()
    assert image.pixelColor(solid).name() == tokens().accent.name()
    assert image.pixelColor(hollow).name() == tokens().panel.name()
    with qtbot.waitSignal(plot.picked) as heard:
        QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=hollow)
    assert heard.args == ["v1"]
    assert "71.8" in plot.accessibleDescription()
    with pytest.raises(KeyError):
        plot.point_position("nothing")


def test_scatter_draws_without_points(qtbot: QtBot) -> None:
    plot = ScatterPlot()
    qtbot.addWidget(plot)
    plot.resize(272, 140)
    assert not plot.grab().isNull()
