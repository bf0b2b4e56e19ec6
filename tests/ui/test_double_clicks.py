"""Double clicks on what opens or starts something do it once; steps go on twice."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from mobilenet_gui.ui.finetune.card import NewCard, ProjectCard
from mobilenet_gui.ui.photos.switch_row import SwitchRow
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.card import Card
from tests.ui.wizard_parts import WizardBench

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
_clock = [round(time.monotonic() * 1000)]


def send(widget: QWidget, kind: QEvent.Type, where: QPoint, when: int) -> None:
    buttons = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
    spot = QPointF(where)
    event = QMouseEvent(
        kind, spot, QPointF(widget.mapToGlobal(where)), Qt.MouseButton.LeftButton, buttons,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    event.setTimestamp(when)
    QApplication.sendEvent(widget, event)


def clicks(widget: QWidget, *after: int, where: QPoint | None = None) -> None:
    """Click as often as there are numbers: milliseconds since the click before; Qt calls every other a double click."""
    spot = widget.rect().center() if where is None else where
    double = False
    for wait in after:
        _clock[0] += wait
        double = not double and wait < QApplication.doubleClickInterval()
        kind = QEvent.Type.MouseButtonDblClick if double else QEvent.Type.MouseButtonPress
        send(widget, kind, spot, _clock[0])
        send(widget, QEvent.Type.MouseButtonRelease, spot, _clock[0] + 40)


LONG = 5000


@pytest.mark.parametrize(
    "make",
    [
        lambda: Button("Start"),
        lambda: Button("Download", "download", "primary"),
        lambda: Button("Try it", kind="link"),
        lambda: IconButton("stop", "Stop"),
        lambda: Card(clickable=True),
        ProjectCard,
        NewCard,
    ],
)
def test_two_fast_clicks_are_one_and_two_slow_ones_two(qtbot: QtBot, make: Callable[[], QWidget]) -> None:
    widget = make()
    qtbot.addWidget(widget)
    widget.resize(240, 200 if isinstance(widget, Card) else 40)
    widget.show()
    widget.underMouse = lambda: True  # type: ignore[method-assign]
    heard: list[int] = []
    widget.clicked.connect(lambda *_: heard.append(1))  # type: ignore[attr-defined]
    corner = QPoint(30, widget.height() - 8) if isinstance(widget, Card) else None
    clicks(widget, LONG, 120, where=corner)
    assert len(heard) == 1
    clicks(widget, LONG, LONG, where=corner)
    assert len(heard) == 3
    clicks(widget, LONG, 100, 100, where=corner)
    assert len(heard) == 4


def test_a_step_is_taken_by_each_click(qtbot: QtBot) -> None:
    step = IconButton("step-forward", "One frame on", repeats=True)
    qtbot.addWidget(step)
    step.show()
    heard: list[int] = []
    step.clicked.connect(lambda: heard.append(1))
    clicks(step, LONG, 100, 100)
    assert len(heard) == 3


def test_what_takes_the_place_of_a_pressed_button_is_not_hit(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    row = QHBoxLayout(box)
    download, pause = Button("Download"), Button("Pause")
    for button in (download, pause):
        row.addWidget(button)
    pause.hide()
    box.show()

    def begin() -> None:
        download.hide()
        pause.show()
        row.activate()

    download.clicked.connect(begin)
    heard: list[int] = []
    pause.clicked.connect(lambda: heard.append(1))
    where = download.mapToGlobal(download.rect().center())
    clicks(download, LONG)
    assert pause.isVisible()
    clicks(pause, 150, where=pause.mapFromGlobal(where))
    assert heard == []
    clicks(pause, LONG)
    assert heard == [1]


def test_a_row_of_a_switch_moves_it_once(qtbot: QtBot) -> None:
    row = SwitchRow("eye", "Explain", "Where the model looks")
    qtbot.addWidget(row)
    row.resize(300, 50)
    row.show()
    clicks(row, LONG, 100, where=QPoint(40, 10))
    assert row.switch.isChecked()


def test_a_project_asked_for_twice_is_opened_once(qtbot: QtBot, bench: WizardBench) -> None:
    from mobilenet_gui.ui.finetune.desk import WizardDesk

    project = bench.filled(Birds=2)
    project_id = project.id
    closed: list[int] = []
    bench.tasks.close(project, lambda: closed.append(1))
    bench.wait(lambda: bool(closed))
    desk = WizardDesk(bench.settings, bench.store, lambda: bench.models, bench.active)
    failures: list[object] = []
    desk.failed.connect(failures.append)
    desk.open(project_id)
    desk.open(project_id)
    bench.wait(lambda: len(desk.dialogs) == 1 and desk.dialogs[0].isVisible())
    qtbot.wait(100)
    assert (len(desk.dialogs), failures) == (1, [])
    desk.shut_down()
