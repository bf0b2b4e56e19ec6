"""The whole way in the window, nothing faked: download from loopback, convert, measure, use, remove."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from mobilenet_gui import paths
from mobilenet_gui.core import catalog
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.model_service import ModelService
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.models.page import ModelsPage
from mobilenet_gui.ui.theme import theme
from mobilenet_gui.workers.active_model import ActiveModel
from mobilenet_gui.workers.inference import InferenceWorker
from mobilenet_gui.workers.models import ModelTasks
from tests.loopback import LoopbackServer

pytestmark = [
    pytest.mark.shared, pytest.mark.keras, pytest.mark.qt_log_ignore("This plugin does not support"),
]  # fmt: skip
MINUTES = 180_000
HOLD_MS = 250
"""Generous, for machines that run other tests meanwhile; a conversion in the window's thread would be 7 s."""


def test_from_an_empty_page_to_a_model_in_use(qtbot: QtBot, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = catalog.by_id("mobilenet-v1-0.25-128")
    assert entry is not None
    theme().apply()
    with LoopbackServer() as server:
        server.add_official(entry.file_name, (shared / "weights" / "keras" / entry.file_name).read_bytes())
        settings = SettingsStore(paths.settings_file())
        settings.update(weights_url=server.base)
        store = ModelStore()
        tasks = ModelTasks(ModelService(settings.values, store), store)
        inference = InferenceWorker()
        inference.start()
        active = ActiveModel(store, inference)
        tasks.models_changed.connect(active.check)
        active.start()
        page = ModelsPage(settings, store, tasks, active)
        qtbot.addWidget(page)
        page.show()
        page.search.setText("0.25 128")
        row = page.list.row(entry.id)
        assert row is not None
        longest, last = [0.0], [time.perf_counter()]

        def beat() -> None:
            now = time.perf_counter()
            longest[0] = max(longest[0], now - last[0])
            last[0] = now

        heart = QTimer(page)
        heart.timeout.connect(beat)
        heart.start(5)
        phases: list[str] = []
        tasks.progressed.connect(lambda _id, state: phases.append(state.phase))
        download = row.button("download")
        assert download is not None
        download.click()
        qtbot.waitUntil(lambda: store.has(entry.id) and not tasks.states(), timeout=MINUTES)
        heart.stop()
        assert longest[0] * 1e3 < HOLD_MS
        order = list(dict.fromkeys(phases))
        assert order == ["waiting", "downloading", "preparing", "trying", "installing", "measuring"]
        item = page.details.item
        assert item is not None
        qtbot.waitUntil(lambda: page.details.item is not None and page.details.item.active, timeout=MINUTES)
        assert item.milliseconds is not None
        page.details.remove.click()
        page.toasts.dismiss()
        qtbot.waitUntil(lambda: not store.has(entry.id) and not tasks.states(), timeout=MINUTES)
        assert store.active() is None
        assert not any(file.stat().st_size > 10_000 for file in paths.models_dir().rglob("*") if file.is_file())
        assert tasks.shut_down()
        assert inference.stop()
