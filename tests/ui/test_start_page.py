"""The photos page without photos: what it says of the sample photos is true, and what it offers can be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from mobilenet_gui import paths
from mobilenet_gui.core import catalog, imaging
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.class_names import table
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.core.types import CropBox, Pixels
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.training.bases import BUILTIN_ID
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.photos.page import PhotosPage
from mobilenet_gui.ui.photos.samples import OFFERED_STARTS
from mobilenet_gui.ui.photos.start_page import StartPage
from mobilenet_gui.ui.theme import theme
from mobilenet_gui.workers.inference import InferenceWorker
from mobilenet_gui.workers.photo_queue import LiveTask
from mobilenet_gui.workers.sample_answers import EXPLAINED, SHOWN, SampleAnswer, sample_photos
from tests.model_factory import make_bundle, make_labels
from tests.packaging.test_builtin_models import SAMPLES

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
Maker = Callable[[Bundle], PhotosPage]


@pytest.fixture
def knowing(tmp_path: Path) -> Bundle:
    """A model that has a class for all that the sample photos show, and knows them by their colours at best."""
    labels = [replace(label, id=wordnet) for label, wordnet in zip(make_labels(7), SHOWN.values(), strict=True)]
    return make_bundle(tmp_path / "knowing", name="Knowing", classes=7, labels=labels)


@pytest.fixture
def make_page(qtbot: QtBot, tmp_path: Path) -> Iterator[Maker]:
    made: list[PhotosPage] = []

    def make(bundle: Bundle) -> PhotosPage:
        page = PhotosPage(SettingsStore(tmp_path / "settings.json"), InferenceWorker())
        made.append(page)
        qtbot.addWidget(page)
        page.resize(1116, 760)
        page.show()
        page.controller.inference.set_model(bundle)
        qtbot.waitUntil(lambda: page.controller.bundle is bundle)
        page.samples.start()
        return page

    yield make
    for page in made:
        page.shut_down()
        page.close()


def answered(page: PhotosPage) -> bool:
    return bool(page.frame.start.strip.caption.accessibleName())


def pictured(page: PhotosPage) -> bool:
    return all(tile._picture is not None for tile in page.frame.start.strip.tiles)


def test_what_the_photos_show_is_what_the_built_in_model_is_tried_on() -> None:
    names = {row.id: row.shown for row in table()}
    assert {stem: names[wordnet] for stem, wordnet in SHOWN.items()} == SAMPLES
    assert [path.stem for path in sample_photos()] == list(SHOWN)


def test_answers_are_those_of_the_model_in_use(qtbot: QtBot, make_page: Maker, knowing: Bundle) -> None:
    recognizer = LiteRTRecognizer(knowing)
    true = {
        path.stem: recognizer.recognize(imaging.decode_for(path, knowing.preprocessing)).best
        for path in sample_photos()
    }
    recognizer.close()
    page = make_page(knowing)
    strip = page.frame.start.strip
    qtbot.waitUntil(lambda: answered(page) and pictured(page))
    for tile in strip.tiles:
        best = true[tile.path.stem]
        assert tile.answer is not None
        assert tile.answer.id == best.id
        assert tile.answer.probability == pytest.approx(best.probability)
        assert tile.right == (best.id == SHOWN[tile.path.stem])
        assert tile.accessibleName().endswith("right") == tile.right
    right = sum(best.id == SHOWN[stem] for stem, best in true.items())
    assert right < 7
    words = ("zero", "one", "two", "three", "four", "five", "six")
    assert strip.caption.accessibleName() == f"Already answered by Knowing, {words[right]} of seven right"
    card = page.frame.inspector.explain_card
    assert card.isVisible()
    assert card.picture._words.startswith(f"{true[EXPLAINED].shown.capitalize()} ")
    for width in (420, 300):
        page.frame.inspector.set_chosen_width(width)
        qtbot.waitUntil(lambda: card.picture.height() == card.picture.heightForWidth(card.picture.width()) > 150)
        assert card.picture.geometry().bottom() < card.button.y()


def test_all_right_is_said_only_where_all_are(qtbot: QtBot) -> None:
    start = StartPage()
    qtbot.addWidget(start)
    start.resize(900, 700)
    start.strip.forget("Model")
    for stem, wordnet in list(SHOWN.items())[1:]:
        start.strip.show_answer(stem, SampleAnswer(wordnet, "x", 0.9))
    assert start.strip.caption.accessibleName() == ""
    start.strip.show_answer(EXPLAINED, SampleAnswer("n0", "x", 0.9))
    assert start.strip.caption.accessibleName() == "Already answered by Model, six of seven right"
    start.strip.show_answer(EXPLAINED, SampleAnswer(SHOWN[EXPLAINED], "x", 0.9))
    assert start.strip.caption.accessibleName() == "Already answered by Model, all seven right"
    start.strip.forget("Other")
    assert start.strip.caption.accessibleName() == ""
    assert not any(tile.right for tile in start.strip.tiles)


def test_answers_are_kept_for_the_very_model(
    qtbot: QtBot, make_page: Maker, knowing: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_page(knowing)
    kept = paths.cache_dir() / "sample-answers.json"
    qtbot.waitUntil(lambda: answered(first) and kept.exists() and not first.tasks.busy)
    known = [tile.answer for tile in first.frame.start.strip.tiles]
    first.shut_down()
    asked: list[object] = []
    real = InferenceWorker.submit_task

    def submit_task(worker: InferenceWorker, source: str, task: LiveTask, frame: Pixels, asked_in: int) -> None:
        asked.append(task)
        real(worker, source, task, frame, asked_in)

    monkeypatch.setattr(InferenceWorker, "submit_task", submit_task)
    second = make_page(knowing)
    qtbot.waitUntil(lambda: answered(second))
    assert [tile.answer for tile in second.frame.start.strip.tiles] == known
    assert asked == []
    second.shut_down()
    for damage in ('"probability": 7', '"probability": "much"'):
        kept.write_text(kept.read_text().replace('"probability": 0', damage, 1))
        third = make_page(knowing)
        qtbot.waitUntil(lambda page=third: answered(page) and not page.tasks.busy)  # type: ignore[misc]
        assert [tile.answer for tile in third.frame.start.strip.tiles] == known
        assert len(asked) == 7
        asked.clear()
        third.shut_down()


def test_nothing_is_claimed_for_a_model_of_other_classes(qtbot: QtBot, make_page: Maker, tmp_path: Path) -> None:
    page = make_page(make_bundle(tmp_path / "tiny"))
    qtbot.waitUntil(lambda: pictured(page) and not page.tasks.busy)
    assert not answered(page)
    assert not any(tile.answer for tile in page.frame.start.strip.tiles)
    assert not page.frame.inspector.explain_card.isVisible()
    page.user_actions.toggle_explain()
    assert not page.tasks.busy
    assert not len(page.controller.session)


def test_another_model_takes_the_claims_back(qtbot: QtBot, make_page: Maker, knowing: Bundle, tmp_path: Path) -> None:
    page = make_page(knowing)
    qtbot.waitUntil(lambda: answered(page))
    tiny = make_bundle(tmp_path / "tiny")
    page.controller.inference.set_model(tiny)
    qtbot.waitUntil(lambda: page.controller.bundle is tiny)
    assert not answered(page)
    assert not page.frame.inspector.explain_card.ready


def test_one_opens_large_and_all_in_the_grid(qtbot: QtBot, make_page: Maker, knowing: Bundle) -> None:
    page = make_page(knowing)
    page.user_actions.set_view("grid")
    strip = page.frame.start.strip
    strip.tiles[2].setFocus()
    QTest.keyClick(strip.tiles[2], Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: len(page.controller.session) == 1 and page.controller.session.counts().pending == 0)
    assert page.frame.centre() == "single"
    assert page.frame.header.title() == "daisy.jpg"
    page.user_actions.clear_all()
    assert page.frame.centre() == "zone"
    assert strip.isVisible()
    QTest.mouseClick(strip.open_all, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(page.controller.session) == 7 and page.controller.session.counts().pending == 0)
    assert page.frame.centre() == "grid"


def test_e_explains_the_lighthouse(qtbot: QtBot, make_page: Maker, knowing: Bundle) -> None:
    page = make_page(knowing)
    qtbot.waitUntil(lambda: answered(page) and page.frame.inspector.explain_card.ready)
    with qtbot.waitSignal(page.controller.heat_ready, check_params_cb=lambda heat: heat is not None):
        page.user_actions.toggle_explain()
    assert page.frame.header.title() == "lighthouse.jpg"
    assert page.frame.inspector.result.explain.switch.isChecked()


def test_the_official_model_is_offered_until_it_is_here_or_known(make_page: Maker, knowing: Bundle) -> None:
    page = make_page(knowing)
    line = page.frame.start.line
    official = (catalog.DEFAULT_ID, "V2")
    for names, starts, offered in (
        ([(BUILTIN_ID, "Lite0")], 1, True),
        ([(BUILTIN_ID, "Lite0"), official], 1, False),
        ([(BUILTIN_ID, "Lite0")], OFFERED_STARTS, True),
        ([(BUILTIN_ID, "Lite0")], OFFERED_STARTS + 1, False),
    ):
        page.samples.tell_installed(dict(names), starts)
        assert line.get.isVisible() == offered
        assert line.words.accessibleName() == "Built in: Lite0, 1,000 classes, nothing to download."
    page.samples.tell_installed({"mine": "Mine"}, OFFERED_STARTS + 1)
    assert not line.isVisible()


def test_get_opens_models_with_it_chosen_and_asks_nobody(qtbot: QtBot, tmp_path: Path) -> None:
    make_bundle(tmp_path / "models" / "tiny")
    settings = SettingsStore(tmp_path / "settings.json")
    window = MainWindow(settings, ModelStore(tmp_path / "models"), theme(), StartupTrace(False))
    qtbot.addWidget(window)
    window.show()
    window.start([])
    qtbot.waitUntil(lambda: window.active.bundle is not None and settings.values.starts == 1)
    window.photos.samples.start()
    window.photos._tell_installed()
    QTest.mouseClick(window.photos.frame.start.line.get, Qt.MouseButton.LeftButton)
    page = window._models()
    assert window._pages.currentWidget() is page
    assert page.list.chosen_id == catalog.DEFAULT_ID
    assert [state for state in window.tasks.states() if state.kind == "download"] == []
    window.close()


def inside(widget: QWidget, outer: QWidget) -> bool:
    return QRect(0, 0, outer.width(), outer.height()).contains(
        QRect(widget.mapTo(outer, widget.rect().topLeft()), widget.size())
    )


@pytest.mark.parametrize("size", [(536, 540), (804, 700), (536, 330), (1500, 900)])
def test_nothing_is_cut_at_any_size(qtbot: QtBot, size: tuple[int, int]) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    start = StartPage(window)
    start.say("EfficientNet-Lite0", offered=True)
    start.strip.forget("EfficientNet-Lite0")
    for stem, wordnet in SHOWN.items():
        start.strip.show_answer(stem, SampleAnswer(wordnet, stem, 0.9, crop=CropBox(0, 0, 1, 1)))
    window.resize(*size)
    window.show()
    start.resize(*size)
    qtbot.waitUntil(lambda: not start.strip.caption.is_elided() and not start.line.words.is_elided())
    buttons = [button for button in start.findChildren(QAbstractButton) if button.isVisible()]
    assert start.strip.open_all in buttons
    assert all(inside(button, start) for button in buttons)
    assert not start.strip.geometry().intersects(start.zone.geometry())
    assert not start.strip.geometry().intersects(start.line.geometry())
    tiles = [tile for tile in start.strip.tiles if tile.isVisible()]
    assert len(tiles) == {(536, 540): 5, (536, 330): 0}.get(size, 7)
