"""Owns what model tasks need done for them: the blocking calls that fetch, convert, import and rename a model."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from mobilenet_gui.core import manifest as manifests
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.download_progress import Progress
from mobilenet_gui.core.errors import Cancelled, ModelError
from mobilenet_gui.core.install import InstallProgress
from mobilenet_gui.core.manifest import MANIFEST_NAME
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.core.types import Normalization
from mobilenet_gui.i18n import tr
from mobilenet_gui.settings import Settings

Report = Callable[[InstallProgress], None]

MAX_NAME_LENGTH = 80
_GATE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """A model file to import, and what the person says about it.

    Attributes:
        path: the file.
        labels: a labels file; None to find out.
        model_id: the id to give it; None for one made from the file's name.
        name: the name shown; None for one made from what the file is.
        replace: a model of that id may be replaced.
        normalization: the value range in which the pixels go in; None to find it out.
    """

    path: Path
    labels: Path | None = None
    model_id: str | None = None
    name: str | None = None
    replace: bool = False
    normalization: Normalization | None = None


class ModelWork(Protocol):
    """What is asked of `model_service.ModelService`. Called from several threads at once."""

    settings: Settings

    def download(self, entry_id: str, progress: Report | None = None, cancel: threading.Event | None = None) -> Bundle:
        """Download, convert and install an official model; raises `UserError` or `Cancelled`."""

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
        """Convert and install a model from a file; raises `UserError` or `Cancelled`."""

    def partial(self, entry_id: str) -> Progress | None:
        """Return what an earlier, stopped download left; None where nothing."""

    def discard_partial(self, entry_id: str) -> None:
        """Forget what a stopped download left; raises `StorageError`."""

    def remove(self, model_id: str) -> None:
        """Delete an installed model; raises `UserError`."""


class Gate:
    """Lets one conversion through at a time: each takes all cores and half a gigabyte.

    An installation announces its step "preparing" just before the conversion and another step just after it, from its
    own thread; that is where it is held.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def guard(
        self, report: Report, waiting: Callable[[], None], cancel: threading.Event
    ) -> tuple[Report, Callable[[], None]]:
        """Return a report that holds its caller until the gate is free, and what to call when all is over.

        Args:
            report: told everything.
            waiting: called once where it has to wait.
            cancel: ends the wait; the report then raises `Cancelled`.
        """
        inside = False

        def leave() -> None:
            nonlocal inside
            if inside:
                inside = False
                self._lock.release()

        def guarded(progress: InstallProgress) -> None:
            nonlocal inside
            if progress.step == "preparing" and not inside:
                if not self._lock.acquire(blocking=False):
                    waiting()
                    while not self._lock.acquire(timeout=_GATE_SECONDS):
                        if cancel.is_set():
                            raise Cancelled
                inside = True
            elif progress.step != "preparing":
                leave()
            report(progress)

        return guarded, leave


def rename_bundle(store: ModelStore, model_id: str, name: str) -> Bundle:
    """Give an installed model another name.

    Raises:
        ModelError: it is not installed, or the name is empty or too long.
        StorageError: the disk refused; the old name holds.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise ModelError(model_id, tr("A name has 1 to {n} characters.").format(n=MAX_NAME_LENGTH))
    bundle = store.get(model_id)
    if bundle.builtin:
        raise ModelError(bundle.name, tr("This model comes with the program and keeps its name."))
    with store.staging_folder() as staging:
        try:
            for entry in bundle.manifest.files.values():
                shutil.copyfile(bundle.folder / entry.name, staging / entry.name)
            text = manifests.to_json(replace(bundle.manifest, name=name))
            (staging / MANIFEST_NAME).write_text(text, encoding="utf-8")
        except OSError as error:
            raise storage_error(staging, error) from error
        return store.install(staging)
