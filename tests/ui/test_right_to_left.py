"""Names in scripts that run from right to left: the sentences around them keep their order; data do not change."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QTextLayout, QTextOption
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mobilenet_gui import i18n
from mobilenet_gui.core.answers import answer_rows, as_text, table_text, write_json
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.photo_session import PhotoSession
from mobilenet_gui.i18n import shown, tr, trn
from mobilenet_gui.training.doctor_class_rules import _quoted
from mobilenet_gui.ui.wizard.try_card import TryCard
from tests.core.test_photo_session import answer

HEBREW, ARABIC = "שלום", "قطة 3"
FSI, PDI = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


@pytest.fixture(autouse=True)
def isolating() -> Iterator[None]:
    """As in the window."""
    i18n.isolate_names(True)
    yield
    i18n.isolate_names(False)


def places(text: str) -> list[float]:
    """Where each character of a text is drawn, as a label draws it."""
    layout = QTextLayout(text, QApplication.font())
    layout.setTextOption(QTextOption())
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(10_000)
    layout.endLayout()
    found = []
    for place in range(len(text)):
        x: Any = line.cursorToX(place)
        found.append(float(x[0] if isinstance(x, tuple) else x))
    return found


def order(text: str, *parts: str) -> list[str]:
    """The parts as they stand from left to right."""
    where = places(text)
    return sorted(parts, key=lambda part: min(where[text.index(part) : text.index(part) + len(part)]))


def test_a_sentence_reads_from_left_to_right_whatever_the_name(qapp: QApplication) -> None:
    text = tr("{name}: {n} photos").format(name=HEBREW, n=3)
    assert order(text, HEBREW, ": 3", "photos") == [HEBREW, ": 3", "photos"]
    bare = f"{HEBREW}: 3 photos"
    assert order(bare, HEBREW, "photos") == ["photos", HEBREW], "what happens without"
    two = tr("{a}, {n} %, {b}").format(a=HEBREW, b=ARABIC, n=12)
    assert order(two, HEBREW, "12 %", "قطة") == [HEBREW, "12 %", "قطة"]


def test_all_ways_to_put_a_name_into_a_sentence() -> None:
    wrapped = f"{FSI}{HEBREW}{PDI}"
    assert tr("{name} removed").format(name=HEBREW) == f"{wrapped} removed"
    assert tr("{} removed").format(HEBREW) == f"{wrapped} removed"
    assert tr("{name} removed").replace("{name}", HEBREW) == f"{wrapped} removed"
    assert trn("{n} photo in {name}", "{n} photos in {name}", 2).format(name=HEBREW) == f"2 photos in {wrapped}"
    assert trn("{n} photo in {name}", "{n} photos in {name}", 1).replace("{name}", HEBREW) == f"1 photo in {wrapped}"
    assert str(ModelError(HEBREW, "It is damaged.")) == f"{wrapped}: It is damaged."
    assert tr("{name}").format(name=tr("{name} 2").format(name=HEBREW)).count(FSI) == 2


def test_other_names_are_left_alone() -> None:
    for name in ("Garden", "naïve 日本", "a {b} c", "100 %", ""):
        assert shown(name) == name
        assert tr("{name} removed").format(name=name) == f"{name} removed"


def test_marks_inside_a_name_do_not_reach_beyond_it(qapp: QApplication) -> None:
    name = f"\u202e{HEBREW}\u2067"
    text = tr("{name}: {n} photos").format(name=name, n=3)
    assert order(text, HEBREW, "photos") == [HEBREW, "photos"]
    assert text.count(FSI) == text.count(PDI) == 1


def test_only_the_window_s_thread_does_it(tmp_path: Path) -> None:
    heard: list[str] = []
    thread = threading.Thread(target=lambda: heard.append(tr("{name} removed").format(name=HEBREW)))
    thread.start()
    thread.join()
    assert heard == [f"{HEBREW} removed"]


def test_what_leaves_the_program_holds_names_as_they_are(tmp_path: Path) -> None:
    session = PhotoSession()
    keys, _ = session.add([(tmp_path / f"{HEBREW}.jpg", f"{HEBREW}.jpg")])
    session.set_answer(keys[0], answer(ARABIC, 0.9))
    rows = answer_rows(session.photos())
    write_json(tmp_path / "a.jsonl", rows)
    texts = [table_text(rows), (tmp_path / "a.jsonl").read_text("utf-8"), as_text(HEBREW, answer(ARABIC, 0.9), 0.5)]
    for text in texts:
        assert ARABIC in text.replace('"', "")
        assert FSI not in text


def test_lists_of_classes_and_findings(qtbot: QtBot) -> None:
    card = TryCard()
    qtbot.addWidget(card)
    card.show_classes((HEBREW, ARABIC, "cat"))
    text = card.words.text()
    assert order(text, HEBREW, "قطة", "cat") == [HEBREW, "قطة", "cat"]
    counted = _quoted([HEBREW, ARABIC, "cat", "dog", "owl"])
    assert order(counted, HEBREW, "قطة", "cat", "and 2 more") == [HEBREW, "قطة", "cat", "and 2 more"]
