"""Owns what an import of a model's own folder needs: which folder it is, what it is called, and the copy.

Such folders come from `train --output`, from a project's run, or from another machine's models. What is copied is
checked like anything else that is installed: `install` tries it and the store compares every hash.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobilenet_gui.core import manifest as manifests
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.bundle_files import copy_into, sync_folder, write_file
from mobilenet_gui.core.errors import Cancelled, ModelError
from mobilenet_gui.core.manifest import MANIFEST_NAME
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from mobilenet_gui.core.install import BuildRequest

_INSIDE: Final = "bundle"
"""Where a training's folder holds its model."""


def model_folder(path: Path) -> Path | None:
    """Return the folder with a model's manifest: the one given or, of a training, the one in it; None without."""
    return next((place for place in (path, path / _INSIDE) if (place / MANIFEST_NAME).is_file()), None)


def open_folder(path: Path) -> Bundle:
    """Open the model in a folder that someone chose.

    Raises:
        ModelError: there is none, or it is damaged, hostile or from a newer version.
    """
    folder = model_folder(path)
    if folder is None:
        raise ModelError(
            str(path), tr("There is no model in this folder. Choose one that “train” has written, or a model's file.")
        )
    return Bundle.open(folder)


def naming_in(bundle: Bundle, model_id: str | None, name: str | None) -> Naming:
    """Return what a copy of the model is to be called."""
    return Naming(id=model_id or bundle.id, name=name or bundle.name)


def copy_model(request: BuildRequest, progress: Callable[[str, float | None], None], cancel: threading.Event) -> None:
    """Copy the model's folder `request.source` to `request.output` under its new id and name; a `Builder`.

    Only the files that the manifest names are copied. The copy belongs to no project of this user, so that no
    training ever replaces it, and does not count as one that ships with the program.

    Raises:
        ModelError: it is damaged.
        StorageError: the disk refused.
        Cancelled: `cancel` was set.
    """
    made = Bundle.open(request.source)
    manifest = replace(
        made.manifest,
        id=request.naming.id,
        name=request.naming.name,
        provenance=replace(made.manifest.provenance, project="", run=""),
        builtin=False,
    )
    try:
        request.output.mkdir()
        for number, entry in enumerate(manifest.files.values()):
            if cancel.is_set():
                raise Cancelled
            progress(tr("Copying"), number / len(manifest.files))
            write_file(request.output / entry.name, lambda out, entry=entry: copy_into(made.folder / entry.name, out))  # type: ignore[misc]
        text = manifests.to_json(manifest).encode()
        write_file(request.output / MANIFEST_NAME, lambda out: out.write(text))
        sync_folder(request.output)
    except OSError as error:
        raise storage_error(request.output, error) from error
