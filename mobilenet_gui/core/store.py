"""Owns the models installed for this user: one folder a model, which of them is active, and the way back.

Everything is staged beside its place and swapped in by renaming, so that a crash at any point leaves the last good
state. Several programs may work on one store at once: changes are made under a lock file, models are read whole
into memory by those who use them. Reading never writes, so a read-only home still recognises photos.

Below the models folder, names that begin with a dot are the store's own: `.state.json` (active and previous), `.lock`,
`.new-*` (staging, each with a lock its owner holds), `.old-*` (a model being replaced), `.gone-*` (one being deleted).
"""

from __future__ import annotations

import builtins
import contextlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from mobilenet_gui import paths
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ModelError, StorageError
from mobilenet_gui.core.kept_json import UNREADABLE, read_kept, write_kept
from mobilenet_gui.core.store_files import discard, is_valid_id, rename
from mobilenet_gui.core.store_folder import STAGING, StoreFolder
from mobilenet_gui.i18n import tr

_TOKEN = re.compile(r"\.(?:old|gone)-[0-9a-f]{8}-(.+)")


class Broken(NamedTuple):
    """A folder that cannot be used as a model, and why, in words for the user."""

    path: Path
    reason: str


class _State(NamedTuple):
    active: str | None = None
    previous: str | None = None


_MOST_SWAPS: Final = 5
"""How often a bundle may be replaced while it is being opened."""


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return what tells one folder from another of the same name; None where there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


class ModelStore:
    """The installed models and those that ship with the program. Holds no state of its own: the disk is the truth.

    Methods may be called from any thread. Those that change something raise `StorageError` where the disk refuses.
    """

    def __init__(self, models_dir: Path | None = None, builtin_dir: Path | None = None) -> None:
        """Look at `models_dir` (default: the user's) and `builtin_dir` (default: the program's); neither need exist."""
        self._models = models_dir if models_dir is not None else paths.models_dir()
        self._builtin = (builtin_dir,) if builtin_dir is not None else paths.builtin_model_dirs()
        self._place = StoreFolder(self._models, lambda: tr("Another program is changing the models. Try again."))

    @property
    def models_dir(self) -> Path:
        """The folder of installed models."""
        return self._models

    def list(self) -> list[Bundle]:
        """Return every usable model, installed ones first, each by id. Broken ones are left out; see `broken`."""
        return self._scan()[0]

    def broken(self) -> builtins.list[Broken]:
        """Return the folders that should be models and cannot be used."""
        return self._scan()[1]

    def get(self, bundle_id: str) -> Bundle:
        """Return one model.

        Raises:
            ModelError: it is not installed, or its folder is damaged.
        """
        try:
            return self._get(bundle_id)
        except ModelError:
            # Another program may be replacing it right now, and for a moment it is not there.
            self._wait_for_changes()
            return self._get(bundle_id)

    def _get(self, bundle_id: str) -> Bundle:
        problem = ModelError(bundle_id, tr("This model is not installed."))
        # A damaged installed model does not hide a sound one of its id that ships with the program.
        for number, folder in enumerate(self._folders_of(bundle_id)):
            try:
                return self._open(folder)
            except ModelError as error:
                problem = error if number == 0 else problem
        raise problem

    def has(self, bundle_id: str) -> bool:
        """Say whether a folder of that id is there, usable or not; opens nothing."""
        return bool(self._folders_of(bundle_id))

    def is_builtin(self, bundle_id: str) -> bool:
        """Say whether the model of that id is the one that ships with the program."""
        folders = self._folders_of(bundle_id)
        return bool(folders) and folders[0].parent in self._builtin

    @property
    def active_id(self) -> str | None:
        """The id of the model in use, or None where no model is usable."""
        bundle = self.active()
        return None if bundle is None else bundle.id

    def active(self) -> Bundle | None:
        """Return the model in use.

        Where the chosen one is gone or damaged, the one used before it serves, then one that ships with the program,
        then any. A backbone without a classifier never does.
        """
        return next((found for found in map(self._usable, self.candidates()) if found is not None), None)

    def candidates(self) -> builtins.list[str]:
        """Return the ids of the models that might be in use, usable or not, in the order in which they serve."""
        state = self._read_state()
        places = (folder.name for place in (*self._builtin, self._models) for folder in self._folders(place))
        return [bundle_id for bundle_id in dict.fromkeys((state.active, state.previous, *places)) if bundle_id]

    def chosen_id(self) -> str | None:
        """Return the id that was activated last, usable or not; None where none ever was. Opens nothing."""
        return self._read_state().active

    def activate(self, bundle_id: str) -> Bundle:
        """Make a model the one in use; the one before it is remembered for `rollback`.

        Raises:
            ModelError: not installed, damaged, or without a classifier.
            StorageError: the choice could not be recorded.
        """
        bundle = self.get(bundle_id)
        if bundle.is_backbone:
            raise ModelError(bundle_id, tr("This model has no classifier; it can only be fine-tuned."))
        with self._place.locked():
            state = self._read_state()
            if state.active != bundle_id:
                self._write_state(_State(bundle_id, state.active))
        return bundle

    def rollback(self) -> Bundle:
        """Go back to the model used before the present one.

        Raises:
            ModelError: there is none, or it cannot be used any more.
            StorageError: the choice could not be recorded.
        """
        previous = self._read_state().previous
        if previous is None:
            raise ModelError("", tr("No other model was used before this one."))
        return self.activate(previous)

    @contextmanager
    def staging_folder(self) -> Iterator[Path]:
        """Give an empty folder to build a model in, on the same disk as its final place; gone afterwards.

        The owner holds a lock for as long, so that other programs tell a folder in use from a crash's leftover.

        Raises:
            StorageError: the folder cannot be made.
        """
        self._place.make()
        self.clean()
        with self._place.staging_folder() as folder:
            yield folder

    def install(self, staged: Path, *, replace: bool = True) -> Bundle:
        """Check a staged bundle and put it in its place; one of the same id is replaced in one step.

        Args:
            staged: a folder from `staging_folder`, or any bundle on the same disk; it is moved.
            replace: whether an installed model of this id may be replaced.

        Raises:
            ModelError: the staged bundle is damaged, or its id is taken and `replace` is not set.
            StorageError: the disk refused; what was installed before still is.
        """
        bundle = Bundle.open(staged)
        bundle.verify()
        bundle_id = bundle.id
        if not is_valid_id(bundle_id):
            raise ModelError(bundle_id, tr("A model's id is made of small letters, digits, dots and hyphens."))
        target = self._models / bundle_id
        self._place.make()
        with self._place.locked(), self._place.storage_errors():
            if os.path.lexists(target) and not replace:
                raise ModelError(bundle_id, tr("A model of this id is installed already."))
            old = self._aside("old", bundle_id)
            replaced = os.path.lexists(target)
            if replaced:
                rename(target, old)
            try:
                rename(staged, target)
            except BaseException:
                if replaced:
                    rename(old, target)
                raise
            # Still under the lock: the next program may replace it the moment it is released.
            installed = self._open(target)
        discard(old)
        return installed

    def remove(self, bundle_id: str) -> None:
        """Delete an installed model, also a damaged one, and free its disk space.

        Programs that have it loaded go on with it until they load another. Where it was the active one, the one used
        before becomes active again.

        Raises:
            ModelError: no such model, or it ships with the program.
            StorageError: the disk refused; the model is still there.
        """
        folders = self._folders_of(bundle_id)
        if not folders:
            raise ModelError(bundle_id, tr("This model is not installed."))
        folder = folders[0]
        if folder.parent in self._builtin:
            raise ModelError(bundle_id, tr("This model comes with the program and cannot be removed."))
        with self._place.locked(), self._place.storage_errors():
            gone = self._aside("gone", bundle_id)
            if os.path.lexists(folder):
                rename(folder, gone)
            state = self._read_state()
            if bundle_id in state:
                left = [name for name in state if name not in (None, bundle_id)]
                self._write_state(_State(left[0] if left else None))
        discard(gone)
        self.clean()  # who removes wants room: what crashes left goes, too

    def disk_usage(self, bundle_id: str) -> int:
        """Return the bytes that a model takes on the disk; 0 where it is not there."""
        folders = self._folders_of(bundle_id)
        total = 0
        with contextlib.suppress(OSError):  # another program may be removing it
            for file in folders[0].rglob("*") if folders else ():
                total += file.stat().st_size if file.is_file() else 0
        return total

    def clean(self) -> None:
        """Finish or undo what a crashed program left half done. Never raises: what cannot be cleaned waits."""
        with contextlib.suppress(OSError, StorageError), self._place.locked():
            for entry in sorted(self._models.iterdir()):
                self._clean_entry(entry)

    # --- reading

    def _scan(self) -> tuple[builtins.list[Bundle], builtins.list[Broken]]:
        self._recover()
        good: builtins.list[Bundle] = []
        bad: builtins.list[Broken] = []
        seen: set[str] = set()
        for place in (self._models, *self._builtin):
            for folder in self._folders(place):
                if folder.name in seen:
                    continue
                try:
                    good.append(self._open(folder))
                    seen.add(folder.name)
                except ModelError as error:
                    bad.append(Broken(folder, error.reason))
        return good, bad

    def _folders(self, place: Path) -> builtins.list[Path]:
        try:
            return sorted(f for f in place.iterdir() if not f.name.startswith(".") and f.is_dir())
        except OSError:
            return []

    def _folders_of(self, bundle_id: str) -> builtins.list[Path]:
        """Return the folders of that id, the installed one first."""
        # The check keeps "../x" and device names from ever becoming a path.
        if not is_valid_id(bundle_id):
            return []
        self._recover()
        found: builtins.list[Path] = []
        for place in (self._models, *self._builtin):
            with contextlib.suppress(OSError):
                if (place / bundle_id).is_dir():
                    found.append(place / bundle_id)
        return found

    def _open(self, folder: Path) -> Bundle:
        bundle = self._open_whole(folder)
        if bundle.id != folder.name:
            raise ModelError(str(folder), tr("The folder's name is not the model's id, {id}.").format(id=bundle.id))
        return bundle

    def _open_whole(self, folder: Path) -> Bundle:
        """Open a bundle; one that another program replaces meanwhile is not two halves, so it is opened anew."""
        for _ in range(_MOST_SWAPS):
            before = _identity(folder)
            try:
                return Bundle.open(folder)
            except ModelError:
                if _identity(folder) == before:
                    raise
        return Bundle.open(folder)

    def _usable(self, bundle_id: str) -> Bundle | None:
        try:
            bundle = self.get(bundle_id)
        except ModelError:
            return None
        return None if bundle.is_backbone else bundle

    # --- the record of what is active

    @property
    def _state_file(self) -> Path:
        return self._models / ".state.json"

    def _read_state(self) -> _State:
        try:
            raw = read_kept(self._state_file)
        except UNREADABLE:
            return _State()
        if not isinstance(raw, dict):
            return _State()
        active, previous = (v if isinstance(v, str) and is_valid_id(v) else None for v in map(raw.get, _State._fields))
        return _State(active, previous)

    def _write_state(self, state: _State) -> None:
        with self._place.storage_errors():
            write_kept(self._state_file, json.dumps(state._asdict()))

    # --- changing

    def _wait_for_changes(self) -> None:
        """Wait until no program is changing the models; not at all where that cannot be told."""
        if self._models.is_dir():
            with contextlib.suppress(StorageError), self._place.locked():
                pass

    def _aside(self, kind: str, bundle_id: str) -> Path:
        return self._models / f".{kind}-{os.urandom(4).hex()}-{bundle_id}"

    def _recover(self) -> None:
        """Undo a replacement that a crash cut in half; costs one directory listing where there is none."""
        with contextlib.suppress(OSError):
            if any(entry.name.startswith(".old-") for entry in self._models.iterdir()):
                self.clean()

    def _clean_entry(self, entry: Path) -> None:
        match = _TOKEN.fullmatch(entry.name)
        if match is not None:
            target = self._models / match[1]
            if entry.name.startswith(".old-") and not os.path.lexists(target):
                rename(entry, target)
            else:
                discard(entry)
        elif entry.name.startswith(STAGING):
            self._place.clean_staging(entry)
