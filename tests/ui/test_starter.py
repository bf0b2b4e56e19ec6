"""The first start with the model that ships with the program: an answer at once, and a quiet offer of more."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from mobilenet_gui import builtin_models, paths
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.catalog import DEFAULT_ID
from mobilenet_gui.core.errors import Cancelled, ModelError, UserError
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.models.facts import description, figures, origin
from mobilenet_gui.ui.models.items import build_shelf
from mobilenet_gui.ui.photos.presenter import FAILED_BANNER, MAKING_BANNER, STARTER_BANNER
from mobilenet_gui.ui.theme import theme
from mobilenet_gui.ui.widgets.banner import Banner
from tests.model_factory import make_bundle

pytestmark = pytest.mark.starter
PHOTO = paths.resources_dir() / "samples" / "golf-ball.jpg"
Maker = Callable[[], MainWindow]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Refuse the network, and tell who asked for it."""
    asked: list[str] = []
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> Any:
        if self.family == getattr(socket, "AF_UNIX", None):
            return connect(self, address)
        asked.append(str(address))
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return asked


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[Maker]:
    made: list[MainWindow] = []

    def make() -> MainWindow:
        main = MainWindow(SettingsStore(paths.settings_file()), ModelStore(), theme(), StartupTrace(False))
        made.append(main)
        main.show()
        return main

    yield make
    for one in made:
        one.close()
        one.deleteLater()


def offer(main: MainWindow) -> bool:
    return STARTER_BANNER in main.photos.notices.shown()


def test_the_first_photo_has_five_bars_without_a_network(qtbot: QtBot, window: Maker, tried: list[str]) -> None:
    main = window()
    with qtbot.waitSignal(main.photos.first_result):
        main.start([str(PHOTO)])
    result = main.photos.frame.inspector.result
    qtbot.waitUntil(lambda: len(result.bars.predictions()) == 5)
    shares = [share for _, share in result.bars.predictions()]
    assert shares == sorted(shares, reverse=True)
    current = main.photos.controller.current
    assert current is not None
    assert current.recognition is not None
    assert current.recognition.model_id == "starter"
    assert tried == []


@pytest.mark.qt_log_ignore("does not support raise")  # the offscreen platform has one window at most in front
def test_a_new_model_is_taught_from_the_one_that_was_chosen_in_models(qtbot: QtBot, window: Maker) -> None:
    main = window()
    main.start([])
    main.show_page("models")
    page = main._models()
    qtbot.waitUntil(lambda: page.details.item is not None and page.details.item.active)
    assert page.details.teach.kind == "primary", "it is in use, so there is nothing else to begin with it"
    page.details.teach.click()
    qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in main.desk.dialogs))
    assert main.desk.dialogs[0].context.project.settings.base == "starter"


def test_the_offer_is_quiet_and_stays_away_once_closed(qtbot: QtBot, window: Maker) -> None:
    main = window()
    main.start([])
    qtbot.waitUntil(lambda: offer(main))
    banners = main.photos.notices.findChildren(Banner)
    assert [banner.tone() for banner in banners] == ["info"]
    assert "200 classes" in main.photos.notices.text_of(STARTER_BANNER)
    assert main.isEnabled()
    banners[0].closed.emit()
    assert not offer(main)
    main.close()
    again = window()
    again.start([])
    qtbot.waitUntil(lambda: again.photos.controller.bundle is not None)
    assert not offer(again)


def test_the_offer_leads_to_the_official_model_and_goes_when_it_is_there(
    qtbot: QtBot, window: Maker, tmp_path: Path
) -> None:
    main = window()
    main.start([])
    qtbot.waitUntil(lambda: offer(main))
    asked: list[str] = []
    main.photos.models_requested.disconnect()  # the download itself is the Models page's matter
    main.photos.models_requested.connect(asked.append)
    main.photos.notices.trigger(STARTER_BANNER)
    assert asked == ["download"]
    official = make_bundle(tmp_path / DEFAULT_ID, bundle_id=DEFAULT_ID)
    main.inference.set_model(official)
    qtbot.waitUntil(lambda: main.photos.controller.bundle is official)
    assert not offer(main)


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[UserError | None], None]:
    """Let the built-in model be missing; call it to end its making, well or with an error."""
    go, errors = threading.Event(), list[UserError | None]()
    before = "tensorflow" in sys.modules  # an earlier test of this process may need it

    def make(_folder: None, report: builtin_models.Report, cancel: threading.Event, *, polite: bool) -> bool:
        assert polite
        assert ("tensorflow" in sys.modules) == before
        report("Converting", 0.5)
        while not go.wait(0.01):
            if cancel.is_set():
                raise Cancelled
        go.clear()
        error = errors.pop()
        if error is not None:
            raise error
        make_bundle(paths.builtin_model_dirs()[0] / builtin_models.MODEL_ID, bundle_id=builtin_models.MODEL_ID)
        return True

    def end(error: UserError | None) -> None:
        errors.append(error)
        go.set()

    monkeypatch.setattr(builtin_models, "weights_file", lambda: tmp_path / "weights.pth")
    monkeypatch.setattr(builtin_models, "make", make)
    return end


def made_ready(main: MainWindow) -> bool:
    return MAKING_BANNER in main.photos.notices.shown()


def test_the_starter_answers_until_the_built_in_model_is_made(
    qtbot: QtBot, window: Maker, making: Callable[[UserError | None], None]
) -> None:
    main = window()
    with qtbot.waitSignal(main.photos.first_result):
        main.start([str(PHOTO)])
    qtbot.waitUntil(lambda: made_ready(main))
    banner = main.photos.notices.findChildren(Banner)[0]
    qtbot.waitUntil(lambda: banner.progress() == 0.5)
    assert not offer(main)
    assert main.active.bundle is not None
    assert main.active.bundle.id == "starter"
    making(None)
    current = main.photos.controller.current
    assert current is not None
    # What the starter answered is answered again, and nobody had to choose.
    qtbot.waitUntil(lambda: current.recognition is not None and current.recognition.model_id == builtin_models.MODEL_ID)
    assert not made_ready(main)
    assert not offer(main)


def test_a_making_that_fails_says_why_once(
    qtbot: QtBot, window: Maker, making: Callable[[UserError | None], None]
) -> None:
    main = window()
    main.start([])
    qtbot.waitUntil(lambda: made_ready(main))
    making(ModelError("x", "The worker fell over."))
    notices = main.photos.notices
    qtbot.waitUntil(lambda: FAILED_BANNER in notices.shown())
    assert notices.text_of(FAILED_BANNER) == "EfficientNet-Lite0 could not be made ready. The worker fell over."
    qtbot.waitUntil(lambda: offer(main))
    notices.trigger(FAILED_BANNER)
    qtbot.waitUntil(lambda: made_ready(main))
    assert FAILED_BANNER not in notices.shown()
    making(ModelError("x", "The worker fell over."))
    qtbot.waitUntil(lambda: FAILED_BANNER in notices.shown())
    next(b for b in notices.findChildren(Banner) if b.tone() == "warn").closed.emit()
    main.close()
    again = window()
    again.start([])
    qtbot.waitUntil(lambda: made_ready(again))
    making(ModelError("x", "The worker fell over."))
    qtbot.waitUntil(lambda: offer(again))
    assert FAILED_BANNER not in again.photos.notices.shown()


def test_the_list_says_what_it_is_and_what_it_measured() -> None:
    bundle: Bundle = ModelStore().get("starter")
    shelf = build_shelf([bundle], active_id="starter", speeds={})
    item = shelf.find("starter")
    assert item is not None
    assert (item.subtitle, item.classes, item.builtin) == ("Built in, 200 classes", 200, True)
    assert item.correct == bundle.manifest.metrics.top1
    text = description(item)
    assert f"{100 * (item.correct or 0):.1f} %" in text
    rows = {row.name: row.value for row in (*figures(item, None, bundle.size_bytes), *origin(item))}
    assert rows["Size"].endswith(", 16-bit")
    assert rows["Made by"] == "Trained for this program"
    assert rows["Checksum"] == "Verified"
