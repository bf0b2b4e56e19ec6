"""Owns which model answers in the window: the one place that has a model loaded, and tells every page what came of it.

    active.use("pets")       # load it; the former answers until it is there, and goes on where it cannot be loaded
    active.check()           # look whether the store says something else by now
    active.changed           # hear of it: `bundle` answers, `failure` could not be loaded and why

Nobody else gives the recogniser a model, and a choice is recorded only once the model has been loaded. A model in use
lives in memory: it goes on answering when its files are damaged or gone.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ModelError, UserError
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.core.twins import Precision, settled
from mobilenet_gui.i18n import tr
from mobilenet_gui.workers.inference import InferenceWorker
from mobilenet_gui.workers.latest_writer import LatestWriter


@dataclass(frozen=True, slots=True)
class Failure:
    """A model that was asked for and cannot be loaded.

    Attributes:
        id: of the model.
        name: as people know it; the id where nobody knows better.
        reason: a sentence for the user.
    """

    id: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Load:
    """One load under way, in the order in which the recogniser works them off.

    Attributes:
        bundle: the model.
        stamp: of its folder before it was opened.
        record: the user chose it, so it is remembered once it is there.
        then: ids to try where it cannot be loaded and nothing answers yet.
    """

    bundle: Bundle
    stamp: object
    record: bool
    then: tuple[str, ...] = ()


class ActiveModel(QObject):
    """Which model is asked for, which one answers, which failed. Lives in the window's thread.

    Attributes:
        changed: something of that is another; every wish ends in it.
        unrecorded: the user's choice could not be written down and holds until the program ends: a `StorageError`.
        bundle: the model that answers, None where none does.
        failure: the last one that was asked for and could not be loaded, until another is asked for.
        precision: what the next model that is loaded is to count in, where it can.
    """

    changed = Signal()
    unrecorded = Signal(object)

    def __init__(self, store: ModelStore, inference: InferenceWorker, parent: QObject | None = None) -> None:
        """Load nothing yet; `start` does.

        Args:
            store: the installed models, and which of them was chosen.
            inference: the recogniser; nobody else sets its model.
            parent: as for every QObject.
        """
        super().__init__(parent)
        self._store = store
        self._inference = inference
        self.bundle: Bundle | None = None
        self.failure: Failure | None = None
        self.precision: Precision = "float"
        self._names: dict[str, str] = {}
        self._loads: deque[_Load] = deque()
        self._seen: object = None
        self._writer = LatestWriter(self)
        self._recording: _Load | None = None
        inference.model_ready.connect(self._ready)
        inference.model_failed.connect(self._failed)

    @property
    def busy(self) -> bool:
        """A model is being loaded, or the choice of it written down."""
        return bool(self._loads) or self._recording is not None

    def installed(self) -> list[tuple[str, str]]:
        """Return the models that could answer, as pairs of id and name."""
        found = [(bundle.id, bundle.name) for bundle in self._store.list() if not bundle.is_backbone]
        self._names.update(found)
        return found

    def words(self) -> str:
        """Return what to tell the user about the failure; empty where there is none."""
        failure, bundle = self.failure, self.bundle
        if failure is None:
            return ""
        if bundle is None:
            text = tr("“{model}” cannot be used. {reason}")
        elif bundle.id == failure.id:
            text = tr("“{model}” cannot be loaded again. {reason} Until the program ends, it answers as before.")
        else:
            text = tr("“{model}” cannot be used. {reason} “{other}” answers instead.")
        other = "" if bundle is None else bundle.name
        return text.format(model=failure.name, reason=failure.reason, other=other)

    def forget_failure(self) -> None:
        """Say no more of the failure: the user has read it."""
        if self.failure is not None:
            self.failure = None
            self.changed.emit()

    def use(self, model_id: str, name: str = "") -> None:
        """Have a model answer, and remember the choice once it does. Ends in `changed`, with or without `failure`.

        Args:
            model_id: of the model.
            name: what to call it where its own files do not say any more.
        """
        if name:
            self._names[model_id] = name
        try:
            self._load(self._open(model_id, record=True))
        except ModelError as error:
            self._refuse(model_id, error)

    def start(self) -> None:
        """Load the model that was chosen last, or another where that cannot be used."""
        self._follow()

    def check(self) -> None:
        """Follow the store where another program, or a task of this one, has changed what concerns the model in use."""
        if self._seen is not None and not self.busy and self._sight() != self._seen:
            self._follow()

    def finish(self) -> None:
        """Wait until the user's choice is on the disk, for a while. For the end of the program."""
        self._writer.finish()

    def reload(self) -> None:
        """Load the model in use once more: the recogniser's settings changed."""
        if self.bundle is not None and not self._loads:
            bundle = settled(self.bundle.with_twin(None), self.precision)
            self._load(_Load(bundle, _stamp(bundle.folder), record=False))

    # what the store says

    def _follow(self) -> None:
        """Load the store's choice; only where there is none, or nothing answers yet, another one in its place."""
        self._seen = self._sight()
        self.failure = None
        chosen = self._store.chosen_id()
        if chosen is None or self.bundle is None:
            self._try(tuple(self._store.candidates()), chosen)
            return
        try:
            self._load(self._open(chosen))
        except ModelError as error:
            self._refuse(chosen, error)

    def _try(self, ids: tuple[str, ...], chosen: str | None) -> None:
        """Load the first of the models that can be opened; the next one has its turn where that fails, too."""
        for place, model_id in enumerate(ids):
            try:
                self._load(self._open(model_id, then=ids[place + 1 :]))
            except ModelError as error:
                if model_id == chosen:
                    self._note(model_id, error)
            else:
                return
        self._inference.set_model(None)

    def _open(self, model_id: str, *, record: bool = False, then: tuple[str, ...] = ()) -> _Load:
        stamp = _stamp(self._store.models_dir / model_id)
        bundle = settled(self._store.get(model_id), self.precision)
        if bundle.is_backbone:
            raise ModelError(bundle.name, tr("It has no classifier and can only be fine-tuned."))
        if bundle.folder.parent != self._store.models_dir:
            stamp = _stamp(bundle.folder)
        return _Load(bundle, stamp, record, then)

    def _sight(self, load: _Load | None = None) -> object:
        """Return what changes whenever the store's choice, its files or those of the model in use do.

        Of a model that was just loaded it is what was there before, so that a change meanwhile is seen.
        """
        chosen = self._store.chosen_id()
        folders = {} if chosen is None else {self._store.models_dir / chosen: None}
        if self.bundle is not None:
            folders[self.bundle.folder] = None
        known = {} if load is None else {load.bundle.folder: load.stamp}
        # As long as nobody chose, a better model that ships with the program takes over the moment it is made.
        first = self._store.candidates()[:1] if chosen is None else []
        return chosen, first, [known[folder] if folder in known else _stamp(folder) for folder in folders]

    # what the recogniser says

    def _load(self, load: _Load) -> None:
        self._loads.append(load)
        self._inference.set_model(load.bundle)

    @Slot(object, int)
    def _ready(self, bundle: Bundle | None, _generation: int) -> None:
        load = self._loads.popleft() if self._loads and self._loads[0].bundle is bundle else None
        self.bundle = bundle
        if load is not None and load.record:
            self.failure = None
            self._record(load)
        elif bundle is not None and self.failure is not None and self.failure.id == bundle.id:
            self.failure = None
        self._seen = self._sight(load)
        self.changed.emit()
        self.check()

    @Slot(object, object)
    def _failed(self, bundle: Bundle, error: UserError) -> None:
        load = self._loads.popleft() if self._loads and self._loads[0].bundle is bundle else None
        if load is None:
            return
        chosen = self._store.chosen_id()
        if load.record or bundle.id == chosen or self.failure is None:
            self._note(bundle.id, error, bundle.name)
        if not load.record and (self.bundle is None or load.then):
            self._try(load.then, None)
        self.changed.emit()

    def _record(self, load: _Load) -> None:
        self._recording = load
        self._writer.write(lambda: self._store.activate(load.bundle.id), lambda error: self._recorded(load, error))

    def _recorded(self, load: _Load, error: UserError | None) -> None:
        if isinstance(error, ModelError):  # gone since it was loaded
            self._note(load.bundle.id, error, load.bundle.name)
        elif error is not None:
            self.unrecorded.emit(error)
        if self._recording is load:
            self._recording = None
            if self.bundle is load.bundle:
                self._seen = self._sight(load)
        self.changed.emit()
        self.check()

    def _refuse(self, model_id: str, error: UserError) -> None:
        self._note(model_id, error)
        self.changed.emit()

    def _note(self, model_id: str, error: UserError, name: str = "") -> None:
        if not name and self.bundle is not None and self.bundle.id == model_id:
            name = self.bundle.name
        self.failure = Failure(model_id, name or self._names.get(model_id, model_id), error.reason)


def _stamp(folder: Path) -> object:
    """Return what tells a folder's files from others, or from the same ones changed, without reading them."""
    try:
        with os.scandir(folder) as entries:
            files = {entry.name: entry.stat() for entry in entries if not entry.name.startswith(".")}
    except OSError:
        return None
    return sorted((name, status.st_ino, status.st_mtime_ns, status.st_size) for name, status in files.items())
