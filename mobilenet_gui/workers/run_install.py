"""Owns bringing the model of a training into the store, under an id that is its project's own. Blocking."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

from mobilenet_gui.core import catalog
from mobilenet_gui.core import manifest as manifests
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.manifest import MANIFEST_NAME
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.training.project_summary import summary_of
from mobilenet_gui.training.project_types import name_key
from mobilenet_gui.training.run_folder import RunFolder


def installed_model(store: ModelStore, project_id: str) -> Bundle | None:
    """Return the installed model of a project, None where there is none. Reads the disk."""
    return next((bundle for bundle in store.list() if bundle.manifest.provenance.project == project_id), None)


def install_key(folder: Path) -> str:
    """Return the key under which `ModelTasks` tells of a run's install, whoever asks for it."""
    return f"run:{folder}"


def install_trained(store: ModelStore, folder: Path, project_id: str) -> Bundle:
    """Install what a training made under the name that its project has now; see `install_run`."""
    summary = summary_of(folder.parents[1])
    return install_run(store, folder, project_id, "" if summary.problem else summary.name)


def install_run(store: ModelStore, folder: Path, project_id: str, name: str = "") -> Bundle:
    """Install what a training made. The model that the project installed before is replaced; no other ever is.

    Args:
        store: where to.
        folder: the run folder.
        project_id: whose run it is.
        name: the name shown; by default the one that the model was trained under. Where another model has it, a number
            tells them apart.

    Raises:
        ModelError: the model is damaged, or not there.
        StorageError: the disk refused; what was installed before still is.
    """
    made = Bundle.open(RunFolder(folder).bundle_folder)
    before = installed_model(store, project_id)
    if before is not None and _is_same(before, made, folder.name):
        return before
    model_id = before.id if before is not None else next(_free_ids(store, made.id))
    provenance = replace(made.manifest.provenance, project=project_id, run=folder.name)
    shown = _free_name(store, model_id, name or made.name)
    manifest = replace(made.manifest, id=model_id, name=shown, provenance=provenance)
    with store.staging_folder() as staging:
        place = staging / "model"
        try:
            place.mkdir()
            for entry in manifest.files.values():
                shutil.copyfile(made.folder / entry.name, place / entry.name)
            (place / MANIFEST_NAME).write_text(manifests.to_json(manifest), encoding="utf-8")
        except OSError as error:
            raise storage_error(place, error) from error
        return store.install(place)


def _is_same(installed: Bundle, made: Bundle, run: str) -> bool:
    """Say whether a model is the one of a run; one that was trained on in place has other files."""
    return installed.manifest.provenance.run == run and installed.manifest.files == made.manifest.files


def _free_name(store: ModelStore, model_id: str, wanted: str) -> str:
    taken = {name_key(bundle.name) for bundle in store.list() if bundle.id != model_id}
    names = (wanted if number == 1 else f"{wanted} {number}" for number in count(1))
    return next(name for name in names if name_key(name) not in taken)


def _free_ids(store: ModelStore, wanted: str) -> Iterator[str]:
    for number in count(1):
        candidate = wanted if number == 1 else f"{wanted}-{number}"
        # An official model's id stays free for that model, also while it is not installed.
        if not store.has(candidate) and catalog.by_id(candidate) is None:
            yield candidate
