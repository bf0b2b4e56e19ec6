"""A kind that answers where no label does: in words, in the grid, in full; and advice that is true."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from mobilenet_gui.core import labels
from mobilenet_gui.core.photo_session import PhotoSession
from mobilenet_gui.core.types import CropBox, Group, Prediction, Recognition, Timing
from mobilenet_gui.ui.photos.list_model import PhotoListModel
from mobilenet_gui.ui.photos.result_panel import ResultPanel

LAKELAND, BEACON = 189, 437


def session_with(index: int, probability: float, groups: tuple[Group, ...], classes: int = 1000) -> PhotoSession:
    label = labels.imagenet()[index]
    best = Prediction(index, label.id, label.name, probability, label.synonyms)
    session = PhotoSession()
    (key,), _ = session.add([(b"x", "a.jpg")])
    recognition = Recognition("model", (best,), Timing(), CropBox(0, 0, 1, 1), groups=groups, classes=classes)
    session.set_answer(key, recognition)
    return session


def words(panel: ResultPanel) -> tuple[str, str, str]:
    texts = (panel.title.text(), panel.verdict.text(), panel.second.text())
    return tuple(text.replace("\N{NO-BREAK SPACE}", " ") for text in texts)  # type: ignore[return-value]


def test_a_sure_kind_beats_an_unsure_label(qtbot: QtBot) -> None:
    session = session_with(LAKELAND, 0.41, (Group("terrier", 0.93), Group("dog", 0.98)))
    panel = ResultPanel()
    qtbot.addWidget(panel)
    photo = session.photos()[0]
    panel.show_photo(photo, 0.5)
    assert words(panel) == ("Some kind of terrier", "Very sure, 93.0 %", "Best guess: Lakeland terrier, 41.0 %.")
    panel.show_photo(photo, 0.95)
    assert words(panel)[0] == "Some kind of dog"
    panel.show_photo(photo, 0.4)
    assert words(panel)[0] == "Lakeland terrier"
    rows = PhotoListModel(session)
    assert "Some kind of terrier, best guess" in rows.describe(photo)


def test_advice_fits_what_the_model_knows(qtbot: QtBot) -> None:
    panel = ResultPanel()
    qtbot.addWidget(panel)
    panel.show_photo(session_with(LAKELAND, 0.41, ()).photos()[0], 0.5)
    assert words(panel)[0] == "Not sure"
    assert words(panel)[2].endswith("The model knows 1,000 things; this may be none of them.")
    panel.show_photo(session_with(LAKELAND, 0.41, (), classes=3).photos()[0], 0.5)
    assert words(panel)[2].endswith("A closer or brighter photo may help.")


def test_labels_bear_the_names_people_use(qtbot: QtBot) -> None:
    panel = ResultPanel()
    qtbot.addWidget(panel)
    panel.show_photo(session_with(BEACON, 0.97, ()).photos()[0], 0.5)
    assert words(panel) == ("Lighthouse", "Very sure", "beacon")
    assert panel.bars.predictions()[0][0] == "Lighthouse"
