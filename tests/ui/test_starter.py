"""The first start with the model that ships with the program: an answer at once, and a quiet offer of more."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from mobilenet_gui import paths
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.catalog import DEFAULT_ID
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.models.facts import description, facts
from mobilenet_gui.ui.models.items import build_shelf
from mobilenet_gui.ui.photos.presenter import STARTER_BANNER
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
        store = ModelStore(paths.models_dir(), paths.builtin_models_dir())
        main = MainWindow(SettingsStore(paths.settings_file()), store, theme(), StartupTrace(False))
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


def test_the_list_says_what_it_is_and_what_it_measured() -> None:
    bundle: Bundle = ModelStore().get("starter")
    shelf = build_shelf([bundle], active_id="starter", speeds={})
    item = shelf.find("starter")
    assert item is not None
    assert (item.subtitle, item.classes, item.builtin) == ("Built in, 200 classes", 200, True)
    assert item.correct == bundle.manifest.metrics.top1
    text = description(item)
    assert f"{100 * (item.correct or 0):.1f} %" in text
    rows = {row.name: row.value for row in facts(item, None, bundle.size_bytes)}
    assert rows["Numbers"] == "16-bit"
    assert rows["Source"] == "Trained for this program"
    assert rows["Checksum"] == "Verified"
