"""Owns a stand-in for the model service: downloads that go on only when the test says so, and install tiny models."""

from __future__ import annotations

import threading
from pathlib import Path

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.download_progress import Progress
from mobilenet_gui.core.errors import Cancelled
from mobilenet_gui.core.install import InstallProgress
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.core.types import Normalization
from mobilenet_gui.settings import Settings
from mobilenet_gui.workers.model_work import Report
from tests.model_factory import make_bundle


class FakeWork:
    """Downloads that go on only when the test says so."""

    def __init__(self, store: ModelStore) -> None:
        self.settings = Settings()
        self.store = store
        self.go: dict[str, threading.Event] = {}
        self.begun: dict[str, threading.Event] = {}
        self.errors: dict[str, Exception] = {}
        self.partials: dict[str, Progress] = {}
        self.converting = 0
        self.most_converting = 0
        self._lock = threading.Lock()

    def prepare(self, *ids: str) -> None:
        for model_id in ids:
            self.go[model_id] = threading.Event()
            self.begun[model_id] = threading.Event()

    def download(self, entry_id: str, progress: Report | None = None, cancel: threading.Event | None = None) -> Bundle:
        assert progress is not None
        assert cancel is not None
        progress(InstallProgress("downloading", "", 0.1, done=620, total=1000, seconds_left=4))
        self._until(entry_id, cancel, Progress(620, 1000))
        progress(InstallProgress("preparing", "", 0.7, 0.0))
        with self._lock:
            self.converting += 1
            self.most_converting = max(self.most_converting, self.converting)
        progress(InstallProgress("preparing", "", 0.7, 0.4))
        with self._lock:
            self.converting -= 1
        progress(InstallProgress("installing", "", 0.9, 0.0))
        return self._install(entry_id)

    def import_file(
        self,
        path: Path,
        labels: Path | None = None,
        model_id: str | None = None,
        progress: Report | None = None,
        cancel: threading.Event | None = None,
        *,
        name: str | None = None,
        normalization: Normalization | None = None,
        replace: bool = False,
    ) -> Bundle:
        if path.name in self.errors:
            raise self.errors[path.name]
        return self._install(model_id or "imported")

    def partial(self, entry_id: str) -> Progress | None:
        return self.partials.get(entry_id)

    def discard_partial(self, entry_id: str) -> None:
        self.partials.pop(entry_id, None)

    def remove(self, model_id: str) -> None:
        self.store.remove(model_id)

    def _until(self, key: str, cancel: threading.Event, left: Progress) -> None:
        self.begun[key].set()
        while not self.go[key].wait(0.01):
            if cancel.is_set():
                self.partials[key] = left
                raise Cancelled
        if key in self.errors:
            self.partials[key] = left
            raise self.errors[key]

    def _install(self, model_id: str) -> Bundle:
        with self.store.staging_folder() as staging:
            make_bundle(staging / "b", bundle_id=model_id)
            bundle = self.store.install(staging / "b")
        if self.store.chosen_id() is None:
            self.store.activate(model_id)
        return bundle
