"""The settings page: each row changes the table and nothing it refuses, resets can be undone, and help is honest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from mobilenet_gui import __version__, paths
from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.settings import Settings, SettingsStore
from mobilenet_gui.training.feature_store import FeatureStore, SeenFile
from mobilenet_gui.ui import about
from mobilenet_gui.ui.settings.rows import ChoiceRow, NumberRow, ShareRow, SwitchRow, TextRow, rule_of
from mobilenet_gui.ui.settings.storage import folder_size
from mobilenet_gui.ui.settings_page import SettingsPage
from mobilenet_gui.ui.shortcuts_dialog import ShortcutsDialog, groups
from mobilenet_gui.ui.theme import Theme, theme
from mobilenet_gui.ui.widgets.buttons import Button

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
SECONDS = 60_000


@pytest.fixture
def look(qapp: object) -> Iterator[Theme]:
    theme().apply()
    yield theme()
    theme().set_mode("system")


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "settings.json")


@pytest.fixture
def page(qtbot: QtBot, look: Theme, store: SettingsStore) -> SettingsPage:
    made = SettingsPage(store, look)
    qtbot.addWidget(made)
    made.resize(1116, 760)
    return made


Kind = TypeVar("Kind")


def row(page: SettingsPage, name: str, kind: type[Kind]) -> Kind:
    found = page.rows[name]
    assert isinstance(found, kind)
    return found


def test_choosing_colours_changes_them_at_once_and_for_good(page: SettingsPage, look: Theme, tmp_path: Path) -> None:
    row(page, "theme", ChoiceRow).choice.changed.emit("dark")
    assert look.mode == "dark"
    assert look.tokens.dark
    assert SettingsStore(tmp_path / "settings.json").values.theme == "dark"


def test_the_slider_keeps_to_the_table_s_bounds_and_saves_when_it_rests(
    qtbot: QtBot, page: SettingsPage, store: SettingsStore
) -> None:
    slider = row(page, "sure_from", ShareRow).slider
    rule = rule_of("sure_from")
    assert (slider.minimum() / 100, slider.maximum() / 100) == (rule.low, rule.high)
    for value in (60, 70, 80):
        slider.setValue(value)
    assert store.values.sure_from == 0.5
    qtbot.waitUntil(lambda: store.values.sure_from == 0.8, timeout=SECONDS)


def test_switch_and_list(page: SettingsPage, store: SettingsStore) -> None:
    row(page, "include_subfolders", SwitchRow).switch.click()
    assert not store.values.include_subfolders
    combo = row(page, "threads", NumberRow).combo
    assert combo.currentData() == 0
    combo.setCurrentIndex(1)
    combo.activated.emit(1)
    assert store.values.threads == 1
    store.update(threads=99)
    assert combo.currentData() == 99


@pytest.mark.parametrize("bad", ["nonsense", "ftp://host/x", "http://", "http:// /"])
def test_an_address_that_cannot_work_is_refused_in_red(page: SettingsPage, store: SettingsStore, bad: str) -> None:
    address = row(page, "weights_url", TextRow)
    address.edit.clear()
    QTest.keyClicks(address.edit, bad)
    assert "http://" in address.error()
    assert address.edit.is_invalid()
    QTest.keyClick(address.edit, Qt.Key.Key_Return)
    assert store.values.weights_url == ""
    address.edit.clear()
    QTest.keyClicks(address.edit, "https://mirror.example/models")
    assert address.error() == ""
    QTest.keyClick(address.edit, Qt.Key.Key_Return)
    assert store.values.weights_url == "https://mirror.example/models"


def test_a_proxy_is_checked(page: SettingsPage, store: SettingsStore) -> None:
    proxy = row(page, "proxy", TextRow)
    QTest.keyClicks(proxy.edit, "socks://x:1")
    assert proxy.error()
    proxy.edit.clear()
    QTest.keyClicks(proxy.edit, "proxy.example:8080")
    assert not proxy.error()
    QTest.keyClick(proxy.edit, Qt.Key.Key_Return)
    assert store.values.proxy == "proxy.example:8080"


def test_the_environment_wins_and_says_so(
    qtbot: QtBot, look: Theme, store: SettingsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOBILENET_GUI_WEIGHTS_URL", "http://me:secret@mirror.example")
    page = SettingsPage(store, look)
    qtbot.addWidget(page)
    address = row(page, "weights_url", TextRow)
    assert not address.edit.isEnabled()
    assert "MOBILENET_GUI_WEIGHTS_URL" in address.help_text()
    assert "mirror.example" in address.help_text()
    assert "secret" not in address.help_text()


def test_reset_keeps_what_is_remembered_and_can_be_undone(page: SettingsPage, store: SettingsStore) -> None:
    store.update(theme="dark", sure_from=0.9, last_folder="/photos", explain=True)
    page.reset.click()
    assert store.values == Settings(last_folder="/photos")
    page.toasts.toast.link.click()
    assert store.values == Settings(theme="dark", sure_from=0.9, last_folder="/photos", explain=True)
    assert row(page, "sure_from", ShareRow).slider.value01() == pytest.approx(0.9)


def test_every_row_stands_in_the_table(page: SettingsPage) -> None:
    assert set(page.rows) <= {field.name for field in fields(Settings)}
    assert {"theme", "sure_from", "threads", "include_subfolders", "weights_url", "proxy"} <= set(page.rows)


def test_places_are_shown_with_their_sizes(qtbot: QtBot, page: SettingsPage, tmp_path: Path) -> None:
    shown = {place.folder: row for row, place in page.storage.rows}
    assert {paths.models_dir(), paths.projects_dir(), paths.features_dir(), paths.downloads_dir()} < set(shown)
    place = paths.projects_dir()
    place.mkdir(parents=True)
    (place / "big").write_bytes(bytes(1_500_000))
    page.show()
    qtbot.waitUntil(lambda: "1.5 MB" in shown[place].help_text().replace("\u00a0", " "), timeout=SECONDS)
    assert str(place) in shown[place].help_text()
    assert folder_size(tmp_path / "nowhere") == 0


def test_what_is_remembered_for_trainings_can_be_emptied(
    qtbot: QtBot, page: SettingsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = paths.cache_dir() / "photo.png"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"a photo")
    numbers = np.random.default_rng(1).normal(size=(200, 1280)).astype(np.float32)
    with FeatureStore(paths.features_dir()) as store:
        seen = SeenFile.look(photo)
        store.keep("network", [(seen, bytes([n]) * 16, vector) for n, vector in enumerate(numbers)])
    pace = paths.features_dir() / "paces.json"
    pace.write_text("{}")
    page.show()
    row = next(row for row, place in page.storage.rows if place.folder == paths.features_dir())
    empty = next(b for b in row.findChildren(Button) if b.text() == "Empty")
    with qtbot.waitSignal(page.storage.emptied, timeout=SECONDS) as freed:
        empty.click()
    assert freed.args is not None
    assert freed.args[0] > 400_000
    assert "free again" in page.toasts.toast.label.text()
    assert empty.isEnabled()
    assert pace.exists(), "how fast a network is was measured"
    with FeatureStore(paths.features_dir()) as store:
        assert store.load("network", [bytes([0]) * 16]) == {}
        assert store.contents([seen]) == {}
    only = [b for row, _ in page.storage.rows for b in row.findChildren(Button) if b.text() == "Empty"]
    assert only == [empty], "nothing that would be missed"

    def held() -> int:
        raise StorageError("x", "In use.")

    monkeypatch.setattr("mobilenet_gui.training.feature_store.forget_all", lambda _folder: held())
    with qtbot.waitSignal(page.storage.failed, timeout=SECONDS):
        empty.click()
    assert page.problem.text() == "In use."
    assert not page.problem.isHidden()


def test_the_program_says_what_it_is(page: SettingsPage) -> None:
    texts = " ".join(label.text() for label in page.findChildren(QLabel))
    assert __version__ in texts
    assert "Photos never leave this computer" in texts
    for word in ("Inter", "SIL Open Font License", "Apache 2.0", "LGPL"):
        assert word in texts
    page.findChildren(about.About)[0].copy.click()
    assert __version__ in QGuiApplication.clipboard().text()


@pytest.mark.parametrize("size", [(816, 600), (1356, 900)])
def test_nothing_is_clipped_and_every_control_has_a_name(page: SettingsPage, size: tuple[int, int]) -> None:
    page.resize(*size)
    page.show()
    QApplication.processEvents()
    assert page.width() == size[0]
    assert page.area.horizontalScrollBar().maximum() == 0
    content = page.area.widget()
    assert content is not None
    assert content.width() <= page.area.viewport().width()
    stops = [w for w in page.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisible()]
    assert not [w for w in stops if not (w.accessibleName() or w.property("text"))]


def test_the_overview_of_keys_is_no_hindrance(qtbot: QtBot, look: Theme) -> None:
    dialog = ShortcutsDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.isModal()
    texts = {label.text() for label in dialog.findChildren(QLabel)}
    for title, shortcuts in groups():
        assert title in texts
        for keys, text in shortcuts:
            assert text in texts
            assert all(not QKeySequence(key).isEmpty() for key in keys)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
