"""Text at twice its size: what stands side by side gets rows of its own or says less, and nothing is cut."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtWidgets import QAbstractButton, QLabel, QLayout, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from mobilenet_gui.core.photo_session import Counts
from mobilenet_gui.training.doctor_findings import Finding, Fix
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.live.frame import LiveFrame
from mobilenet_gui.ui.live.message import MessagePanel
from mobilenet_gui.ui.live.words import Message
from mobilenet_gui.ui.photos.grid_tools import BatchBar, GridTools
from mobilenet_gui.ui.photos.inspector import PhotoInspector
from mobilenet_gui.ui.photos.switch_row import SwitchRow
from mobilenet_gui.ui.theme import theme
from mobilenet_gui.ui.widgets.phase_track import PhaseTrack
from mobilenet_gui.ui.wizard.answer_view import AnswerView
from mobilenet_gui.ui.wizard.finding_row import FindingRow
from mobilenet_gui.ui.wizard.footer import FooterBar
from mobilenet_gui.ui.wizard.page import Action, Footer
from mobilenet_gui.workers.heat_desk import HeatDesk

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.qt_log_ignore("This plugin does not support")]

CENTRE = 616
"""Pixels between rail and inspector of a window 1200 wide at 200 %."""


@pytest.fixture(autouse=True)
def large() -> Iterator[None]:
    theme().apply()
    theme().set_reduced_motion(True)
    fonts.set_scale(2.0)
    yield
    _windows.clear()
    fonts.set_scale(None)
    theme().set_reduced_motion(None)


_windows: list[QWidget] = []
"""Windows of the running test: pytest-qt itself holds them only weakly."""


def shown(qtbot: QtBot, widget: QWidget, width: int, height: int = 0) -> None:
    # As in the main window, what it holds does not decide how narrow a window may be.
    window = QWidget()
    _windows.append(window)
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
    layout.addWidget(widget)
    window.resize(width, height or widget.sizeHint().height())
    window.show()
    qtbot.waitExposed(window)


def cut(place: QWidget) -> list[str]:
    """Return the words of one line that have less room than they need, or that reach beyond their place."""
    found = []
    inside = QRect(0, 0, place.width(), place.height())
    lines = [one for one in place.findChildren(QLabel) if not one.wordWrap()]
    buttons: list[QAbstractButton | QLabel] = [*place.findChildren(QAbstractButton)]
    for one in (*buttons, *lines):
        if not one.isVisible() or not one.text():
            continue
        box = QRect(one.mapTo(place, one.rect().topLeft()), one.size())
        if one.width() < one.sizeHint().width() or box.left() < inside.left() or box.right() > inside.right():
            found.append(one.text())
    return found


def test_the_search_for_photos_has_a_row_of_its_own(qtbot: QtBot) -> None:
    tools = GridTools()
    tools.set_counts(Counts(total=62, not_sure=21, problems=10))
    tools.set_narrow(True)
    shown(qtbot, tools, CENTRE, 160)
    chips = list(tools.chips.values())
    assert tools.search.geometry().bottom() < chips[0].y()
    assert tools.search.width() > CENTRE / 2
    assert cut(tools) == []
    tools.window().resize(2 * CENTRE, 160)
    qtbot.waitUntil(lambda: tools.search.geometry().right() < chips[0].x())
    assert tools.order.geometry().right() <= tools.width()


def test_what_is_under_way_is_said_before_what_can_be_done_about_it(qtbot: QtBot) -> None:
    bar = BatchBar()
    bar.show_progress(Counts(total=62, sure=20, not_sure=3, pending=39), 90.0, paused=False, stopped=False)
    shown(qtbot, bar, CENTRE)
    qtbot.waitUntil(bar.isVisible)
    assert cut(bar) == []
    assert bar.text.isVisible()
    assert bar.pause.text() == ""
    assert bar.pause.toolTip() == "Pause"
    bar.window().resize(2 * CENTRE, bar.height())
    qtbot.waitUntil(lambda: bar.pause.text() == "Pause")
    assert bar.left.isVisible()
    assert cut(bar) == []


def test_the_buttons_below_a_live_picture_keep_out_of_each_others_way(qtbot: QtBot) -> None:
    frame = LiveFrame()
    shown(qtbot, frame, CENTRE + frame.inspector.width(), 700)
    frame.show_picture(True, is_file=True)
    frame.transport.set_duration(24.0)
    row = [frame.freeze, frame.snapshot, frame.stop, frame.mirror, frame.full_screen]
    qtbot.waitUntil(lambda: frame.freeze.width() >= frame.freeze.minimumWidth())
    assert frame.narrow
    assert frame.snapshot.text() == ""
    assert "Save this picture" in frame.snapshot.toolTip()
    assert all(left.geometry().right() < right.x() for left, right in pairwise(row))
    assert cut(frame._bottom) == []
    qtbot.waitUntil(lambda: cut(frame.transport) == [])


def test_what_chooses_a_source_keeps_apart(qtbot: QtBot) -> None:
    frame = LiveFrame()
    shown(qtbot, frame, CENTRE + 96 + frame.inspector.width(), 700)
    bar = frame.sources
    bar.set_compact(True)
    row = [bar.kinds, bar._own, bar.options]
    qtbot.waitUntil(lambda: all(left.geometry().right() < right.x() for left, right in pairwise(row)))
    assert bar._own.width() >= 80
    assert bar.mapTo(frame, bar.rect().topRight()).x() < frame.inspector.x()
    frame.window().resize(3 * CENTRE + frame.inspector.width(), 700)
    qtbot.waitUntil(lambda: bar._own.width() == bar._own.maximumWidth(), timeout=5000)


def test_what_helps_where_there_is_no_picture_is_said_in_full(qtbot: QtBot) -> None:
    panel = MessagePanel()
    panel.show_message(Message("video", "No camera found", "Plug one in; it appears here by itself.", "retry",
                               "Try again", "file", "Open a video file…"))  # fmt: skip
    shown(qtbot, panel, CENTRE - 100, 700)
    qtbot.waitUntil(lambda: panel.primary.geometry().bottom() < panel.second.y(), timeout=5000)
    assert cut(panel) == []
    panel.window().resize(2 * CENTRE, 700)
    qtbot.waitUntil(lambda: panel.primary.geometry().right() < panel.second.x(), timeout=5000)


def test_of_phases_without_room_the_present_one_is_named(qtbot: QtBot) -> None:
    track = PhaseTrack()
    track.set_phases(("Compare photos", "Prepare photos", "Learn the classes", "Adapt last layers", "Test"))
    shown(qtbot, track, 700)
    qtbot.waitUntil(lambda: track.width() <= 700)
    assert track.is_crowded()
    pictures = []
    for current in range(6):
        track.show_progress(current, 0.0)
        pictures.append(track.grab().toImage())
        right = QRect(track.width() - 2, 20, 2, track.height() - 20)
        edge = pictures[-1].copy(right)
        assert all(edge.pixelColor(x, y) == edge.pixelColor(0, 0) for x in range(2) for y in range(edge.height())), (
            "cut"
        )
    assert len({bytes(picture.constBits()) for picture in pictures}) == 6
    track.window().resize(2400, 80)
    qtbot.waitUntil(lambda: not track.is_crowded(), timeout=5000)


def test_the_modes_of_a_tested_photo_are_said_in_full(qtbot: QtBot) -> None:
    view = AnswerView(HeatDesk())
    shown(qtbot, view, 760, 600)
    qtbot.waitUntil(lambda: view.fix.text() == "", timeout=5000)
    assert "Fix it" in view.fix.toolTip()
    view.layout().activate()  # type: ignore[union-attr]
    assert cut(view) == []
    view.window().resize(1600, 600)
    qtbot.waitUntil(lambda: view.fix.text() != "", timeout=5000)
    qtbot.waitUntil(lambda: cut(view) == [], timeout=5000)
    first, *others = view.modes._segments.values()
    assert {one.width() for one in others} == {first.width()}


class Shelf(QObject):
    """Holds no pictures."""

    arrived = Signal(object)

    def get(self, _photo_id: str) -> None:
        return None

    def is_hopeless(self, _photo_id: str) -> bool:
        return False


def test_what_the_check_found_is_said_in_full(qtbot: QtBot) -> None:
    row = FindingRow(Shelf())  # type: ignore[arg-type]
    title = "12 photos are copies of others"
    row.show_finding(Finding("duplicates", "warning", title, "", (("a", "b", "c"),), fix=Fix("Leave out 12", ())))
    shown(qtbot, row, 600)
    qtbot.waitUntil(lambda: not row._title.is_elided(), timeout=5000)
    assert cut(row) == []
    assert row.fix.geometry().top() >= row._title.geometry().bottom()
    row.window().resize(1100, row.height())
    qtbot.waitUntil(lambda: row.fix.geometry().top() < row._title.geometry().bottom(), timeout=5000)


def test_a_footers_buttons_leave_out_words_for_the_one_that_counts(qtbot: QtBot) -> None:
    bar = FooterBar()
    bar.show_footer(
        Footer(
            left=Action("cancel", "Cancel training", "ghost"),
            actions=(
                Action("pause", "Pause", icon="pause"),
                Action("stop", "Stop and use best", icon="check", enabled=False, tip="Not yet"),
                Action("close", "Continue in background", "primary"),
            ),
        )
    )
    shown(qtbot, bar, 940)
    qtbot.waitUntil(lambda: cut(bar) == [], timeout=5000)
    texts = {key: bar.button(key).text() for key in ("pause", "stop", "close")}  # type: ignore[union-attr]
    assert texts["close"] == "Continue in background"
    assert texts["pause"] == ""
    assert (bar.button("pause").toolTip(), bar.button("stop").toolTip()) == ("Pause", "Not yet")  # type: ignore[union-attr]
    bar.window().resize(1600, bar.height())
    qtbot.waitUntil(lambda: bar.button("pause").text() == "Pause", timeout=5000)  # type: ignore[union-attr]


def test_the_empty_inspector_says_its_hint_in_full(qtbot: QtBot) -> None:
    inspector = PhotoInspector()
    shown(qtbot, inspector, 420, 700)
    assert cut(inspector) == []


def test_a_switchs_words_begin_beside_its_icon(qtbot: QtBot) -> None:
    row = SwitchRow("eye", "Explain", "Show where the model looked")
    shown(qtbot, row, 380)
    assert row._label.x() >= fonts.px(16) + 4


def test_as_much_text_as_usual_needs_no_narrow_form(qtbot: QtBot) -> None:
    fonts.set_scale(1.0)
    frame = LiveFrame()
    shown(qtbot, frame, 1100, 700)
    frame.show_picture(True, is_file=True)
    assert not frame.narrow
    assert not frame.short
    assert frame.snapshot.text() == "Snapshot"
