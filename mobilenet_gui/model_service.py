"""Owns putting the model flow together: the store, the settings' addresses, the converting process, measured speeds.

Blocking, without Qt, callable from any thread: the command line calls it as it is, the window from worker threads.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mobilenet_gui import paths
from mobilenet_gui.builtin_models import packaged_weights
from mobilenet_gui.core import catalog, download, install, install_import, twins
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.catalog import CatalogEntry
from mobilenet_gui.core.download_progress import Progress
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.install import Builder, InstallProgress
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.core.types import Normalization
from mobilenet_gui.i18n import tr
from mobilenet_gui.model_builder import WorkerBuilder
from mobilenet_gui.settings import Settings

Report = Callable[[InstallProgress], None]

WARM_SECONDS = 15.0
"""With so much of a download left, the converting process starts loading TensorFlow, which takes about that long."""


class ModelService:
    """Downloads, imports and removes models.

    Attributes:
        settings: whose download address and proxy are used; may be exchanged at any time.
        store: the installed models.
    """

    def __init__(
        self,
        settings: Settings,
        store: ModelStore,
        *,
        downloads_dir: Path | None = None,
        build: Builder | None = None,
        timeouts: download.Timeouts | None = None,
    ) -> None:
        """Work on `store`.

        Args:
            settings: the present settings.
            store: the models.
            downloads_dir: where downloads lie meanwhile; the user's cache by default.
            build: makes bundles; by default in the worker process.
            timeouts: of the download server.
        """
        self.settings = settings
        self.store = store
        self._downloads = downloads_dir if downloads_dir is not None else paths.downloads_dir()
        self._builder = build
        self._timeouts = timeouts
        # A warm process holds half a gigabyte, so only one download at a time gets one in advance.
        self._warming = threading.Lock()

    def download(
        self,
        entry_id: str,
        progress: Report | None = None,
        cancel: threading.Event | None = None,
        *,
        backbone: bool = False,
        activate: bool = False,
    ) -> Bundle:
        """Download and install an official model, going on where an earlier try stopped.

        It becomes the active one where `activate` is set, or where the user never chose one. One that is installed
        and sound is not downloaded again, nor are weights that a Python package has brought here.

        Raises:
            ModelError: no official model has this id, or what arrived is no good.
            DownloadError, StorageError: the network or the disk refused.
            Cancelled: `cancel` was set; what has arrived is kept.
        """
        entry = self.entry(entry_id)
        bundle = install.sound(self.store, install.backbone_id(entry) if backbone else entry.id)
        if bundle is None and not backbone and self.store.is_builtin(entry.id):
            bundle = self.store.get(entry.id)
        if bundle is None:
            with self._building(progress) as (build, report):
                bundle = install.install_official(
                    entry,
                    self.store,
                    build=build,
                    downloads_dir=self._downloads,
                    base=download.base_url(self.settings.weights_url),
                    proxies=download.proxies_for(self.settings.proxy),
                    backbone=backbone,
                    report=report,
                    cancel=cancel,
                    timeouts=self._timeouts,
                    here=packaged_weights(entry.package) if entry.package and not backbone else None,
                )
        self._put_to_use(bundle, wanted=activate)
        return bundle

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
        activate: bool = False,
    ) -> Bundle:
        """Import a model from a file; see `install_import.import_file`.

        Raises:
            IdTakenError: a model of this id is installed and `replace` is not set.
            ModelError, StorageError: the file cannot be used, or the disk refused.
            Cancelled: `cancel` was set.
        """
        with self._building(progress) as (build, report):
            bundle = install_import.import_file(
                path,
                self.store,
                build=build,
                labels=labels,
                normalization=normalization,
                model_id=model_id,
                name=name,
                replace=replace,
                report=report,
                cancel=cancel,
            )
        self._put_to_use(bundle, wanted=activate)
        return bundle

    def entry(self, entry_id: str) -> CatalogEntry:
        """Return the catalogue's entry.

        Raises:
            ModelError: there is none; suggests ids that are close.
        """
        entry = catalog.by_id(entry_id)
        if entry is not None:
            return entry
        close = catalog.close_ids(entry_id)
        if close:
            raise ModelError(
                entry_id, tr("No official model has this id. Did you mean {ids}?").format(ids=", ".join(close))
            )
        raise ModelError(entry_id, tr("No official model has this id. “mobilenet-gui models list” shows them all."))

    def partial(self, entry_id: str, *, backbone: bool = False) -> Progress | None:
        """Return what an earlier, stopped download left; None where nothing."""
        return download.partial(self._target(entry_id, backbone=backbone))

    def discard_partial(self, entry_id: str, *, backbone: bool = False) -> None:
        """Forget what a stopped download left; a whole file that only waits to be converted stays.

        Raises:
            StorageError: the disk refuses.
        """
        download.discard_partial(self._target(entry_id, backbone=backbone))

    def remove(self, model_id: str) -> None:
        """Delete an installed model and its 8-bit twin; see `ModelStore.remove`."""
        with contextlib.suppress(ModelError):  # a damaged one can be removed, too
            twins.forget(self.store.get(model_id))
        self.store.remove(model_id)

    def speeds(self) -> dict[str, float]:
        """Return the network's milliseconds for one photo, measured on this machine, by id of the installed model."""
        from mobilenet_gui.core.speed import SpeedBook

        book = SpeedBook()
        measured = ((bundle.id, book.get(bundle)) for bundle in self.store.list())
        return {model_id: speed.milliseconds for model_id, speed in measured if speed is not None}

    def record_speed(self, model_id: str, milliseconds: float, threads: int) -> None:
        """Remember how fast an installed model is here.

        Raises:
            ModelError: it is not installed.
            StorageError: it could not be written.
        """
        from mobilenet_gui.core.speed import Speed, SpeedBook, model_hash

        bundle = self.store.get(model_id)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        SpeedBook().put(model_id, Speed(milliseconds, threads, now, model_hash(bundle)))

    def _target(self, entry_id: str, *, backbone: bool) -> Path:
        entry = self.entry(entry_id)
        return install.download_target(install.weights_of(entry, backbone=backbone), self._downloads)

    @contextmanager
    def _building(self, progress: Report | None) -> Iterator[tuple[Builder, Report]]:
        """Give a builder, and a report that warms its process up towards the end of a download."""
        if self._builder is not None:
            yield self._builder, progress or _no_report
            return
        warm = False
        with WorkerBuilder() as builder:

            def report(now: InstallProgress) -> None:
                nonlocal warm
                soon = now.step == "downloading" and now.seconds_left is not None and now.seconds_left < WARM_SECONDS
                if soon and not warm and self._warming.acquire(blocking=False):
                    warm = True
                    builder.warm()
                if progress is not None:
                    progress(now)

            try:
                yield builder, report
            finally:
                if warm:
                    self._warming.release()

    def _put_to_use(self, bundle: Bundle, *, wanted: bool) -> None:
        if not bundle.is_backbone and (wanted or self.store.chosen_id() is None):
            self.store.activate(bundle.id)


def _no_report(_now: InstallProgress) -> None:
    """Tell nobody."""
