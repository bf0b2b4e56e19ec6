"""Evaluate and its neighbours with 2, 50 and 300 classes of long names, at usual and at twice as large text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from mobilenet_gui.training.evaluation_types import ClassFigures
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import theme
from mobilenet_gui.ui.widgets.confusion_matrix import ConfusionMatrix
from mobilenet_gui.ui.wizard.class_table import ClassTable
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.ui.wizard.page import WizardPage, filled
from mobilenet_gui.ui.wizard.train_figures import TrainFigures

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.qt_log_ignore("This plugin does not support")]
LONG = ("Afghan hound with a very long coat", "African wild dog", "Grosser Münsterländer Vorstehhund")


@pytest.fixture(params=[1.0, 2.0])
def scale(request: pytest.FixtureRequest) -> Iterator[float]:
    theme().apply()
    theme().set_reduced_motion(True)
    fonts.set_scale(request.param)
    yield request.param
    fonts.set_scale(None)
    theme().set_reduced_motion(None)


def figures(count: int) -> list[ClassFigures]:
    names = [f"{LONG[n % 3]} {n}" if n >= 3 else LONG[n] for n in range(count)]
    return [ClassFigures(name, 2, n % 3, 2) for n, name in enumerate(names)]


@pytest.mark.parametrize("count", [2, 50, 300])
@pytest.mark.parametrize("width", [250, 320, 500, 900])
def test_names_in_the_table_can_be_told_apart(qtbot: QtBot, scale: float, count: int, width: int) -> None:
    table = ClassTable()
    qtbot.addWidget(table)
    table.resize(round(width * scale), 300)
    table.show_figures(figures(count))
    table.show()
    qtbot.waitExposed(table)
    header, room = table.header(), table.viewport().width()
    shown = [column for column in range(5) if not table.isColumnHidden(column)]
    assert header.length() == room, "neither cut nor a gap"
    assert header.sectionSize(0) >= min(fonts.px(125), room // 2)
    assert {0, 2} <= set(shown), "how often it was recognised is what the table is for"
    face = QFontMetricsF(table.font())
    for column in shown[1:]:
        assert header.sectionSize(column) >= face.horizontalAdvance("100.0 %") if column > 1 else True
        assert header.sectionSize(column) >= header.sectionSizeHint(column)
    if width == 900:
        assert len(shown) == 5
    words = table.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "2 test photos" in words
    assert "right when said" in words


def test_a_matrix_of_many_shows_some_rows_whatever_the_text(qtbot: QtBot, scale: float) -> None:
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    names = [row.name for row in figures(40)]
    matrix.show_counts(names, [[int(r == c) for c in range(40)] for r in range(40)])
    matrix.resize(round(320 * scale), matrix.minimumHeight())
    matrix.show()
    matrix.resize(matrix.width(), matrix.minimumHeight())
    whole = [n for n in range(40) if matrix.cell_rect((n, 0)).bottom() <= matrix.viewport().height()]
    assert len(whole) >= 4


def test_what_does_not_fit_scrolls_and_what_fits_fills(qtbot: QtBot) -> None:
    inside = QWidget()
    column = QVBoxLayout(inside)
    words = QLabel("A sentence that is long enough to be wrapped into several lines where it is narrow. " * 3)
    words.setWordWrap(True)
    least = QWidget()
    least.setMinimumHeight(200)
    column.addWidget(words)
    column.addWidget(least, 1)
    area = filled(inside)
    qtbot.addWidget(area)
    area.resize(600, 500)
    area.show()
    qtbot.waitExposed(area)
    assert inside.size() == area.viewport().size()
    assert not area.verticalScrollBar().isVisible()
    area.resize(300, 150)
    qtbot.waitUntil(lambda: area.verticalScrollBar().isVisible())
    assert inside.height() >= 200 + words.heightForWidth(words.width())
    assert inside.width() <= area.viewport().width()
    least.setMinimumHeight(20)
    words.setText("Short.")
    qtbot.waitUntil(lambda: not area.verticalScrollBar().isVisible())


def test_the_figures_of_a_training_are_not_squeezed_into_one_another(qtbot: QtBot, scale: float) -> None:
    page = TrainFigures()
    area = filled(page)
    qtbot.addWidget(area)
    area.resize(530, 200)
    area.show()
    qtbot.waitExposed(area)
    parts = [page.left_card, page.accuracy_card, page.epoch_card, page.speed_card, page.accuracy_chart, page.loss_chart]

    def apart() -> bool:
        return not any(
            one.geometry().intersects(other.geometry()) for one in parts for other in parts if other is not one
        )

    qtbot.waitUntil(apart)
    for one in parts:
        assert one.height() >= one.minimumHeight()
        assert one.geometry().right() <= area.viewport().width()


@pytest.mark.parametrize("name", ["bees", "The wild bees and ants of our garden " * 4, "wildbees" * 20])
def test_a_pages_sentence_is_said_in_full(qtbot: QtBot, scale: float, name: str) -> None:
    page = WizardPage(cast("WizardContext", None), "Your model is ready", "Short.")
    qtbot.addWidget(page)
    page.resize(round(640 * scale), round(500 * scale))
    page.show()
    qtbot.waitExposed(page)
    page.set_heading("Your model is ready", f"Saved as {name} in Models. 96.7 % correct on test photos.")
    label = page._subtitle
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()), timeout=5000)
    assert label.width() <= page.width(), "a name without spaces does not widen the page"
    assert QFontMetricsF(label.font()).horizontalAdvance("wildbees" * 3) < label.width(), "so its words can be broken"


@pytest.mark.parametrize("width", [410, 440, 560])
def test_the_cards_of_a_training_do_not_overlap(qtbot: QtBot, scale: float, width: int) -> None:
    figures = TrainFigures()
    qtbot.addWidget(figures)
    figures.resize(round(width * scale), 700)
    figures.show()
    qtbot.waitExposed(figures)
    cards = [figures.left_card, figures.accuracy_card, figures.epoch_card, figures.speed_card]
    qtbot.waitUntil(lambda: figures.speed_card.geometry().right() <= figures.width(), timeout=5000)
    assert not any(one.geometry().intersects(other.geometry()) for one, other in combinations(cards, 2))


def test_names_that_differ_at_their_end_alone_are_drawn_apart(qtbot: QtBot, scale: float) -> None:
    names = [f"African wild dog number {n}" for n in (21, 22)]
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.resize(round(300 * scale), round(260 * scale))
    matrix.show()
    drawn = []
    for name in names:  # the same picture but for the end of one name
        matrix.show_counts([name, "bees"], [[1, 0], [0, 1]])
        drawn.append(matrix.grab().toImage())
    assert drawn[0] != drawn[1]
    table = ClassTable()
    assert table.textElideMode() is Qt.TextElideMode.ElideMiddle
    table.deleteLater()
