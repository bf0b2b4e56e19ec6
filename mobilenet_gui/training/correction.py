"""Owns what a correction is: a wrongly answered photo goes to its class, and the model learns from it.

The rules only: what changes in the project and how that is taken back, and which training follows. Corrected photos
are learnt from, never tested on; photos that the model was tested on stay test photos, and so do copies of them, or its
figures would be flattered. No Qt, no TensorFlow.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ModelError, ProjectError, UserError
from mobilenet_gui.core.photo_files import open_regular
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.core.store_files import discard, storage_error
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.duplicates import contents_of, copies_among
from mobilenet_gui.training.fingerprint_cache import FingerprintCache, default_path
from mobilenet_gui.training.project import Project
from mobilenet_gui.training.project_index import file_key
from mobilenet_gui.training.project_runs import RUNS_NAME, new_run, runs_of
from mobilenet_gui.training.project_spec import make_spec
from mobilenet_gui.training.project_types import NewPhoto, Photo, ProjectData
from mobilenet_gui.training.run_folder import RunFolder, RunSpec, Split
from mobilenet_gui.training.sharing import Alike
from mobilenet_gui.training.training_settings import TrainingSettings

if TYPE_CHECKING:
    from mobilenet_gui.training.presets import Recipe

PREVIOUS_NAME: Final = "previous"
"""Folder in the run of a correction: the model that was installed before. Only such runs have it."""
KEPT_RUNS: Final = 5
"""So many runs of corrections stay on the disk; older ones go, since each later one holds all that they learnt."""
JPEG_QUALITY: Final = 95


@dataclass(frozen=True, slots=True)
class Wrong:
    """A photo that was answered wrongly.

    Attributes:
        source: the file, a file's content, or a frame's pixels.
        name: how messages call it.
    """

    source: Path | bytes | Pixels
    name: str

    @property
    def path(self) -> Path | None:
        """The file; None where there is none yet."""
        return self.source if isinstance(self.source, Path) else None

    def content(self) -> bytes:
        """Return the photo as the content of a file; a frame becomes a JPEG."""
        if isinstance(self.source, Path):
            with open_regular(self.source) as stream:
                return stream.read()
        if isinstance(self.source, bytes):
            return self.source
        from PIL import Image

        buffer = io.BytesIO()
        Image.fromarray(self.source).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling=0)
        return buffer.getvalue()


@dataclass(slots=True)
class Placing:
    """What a correction changed in the project.

    Attributes:
        before: each photo as it was, by id; None for one that was not there.
        after: each as it was made.
        made_class: id of the class that was made for it; empty for none.
    """

    before: dict[str, Photo | None] = field(default_factory=dict)
    after: dict[str, Photo] = field(default_factory=dict)
    made_class: str = ""


def place(
    project: Project, photos: Sequence[NewPhoto], class_id: str, class_name: str = "", *, background: bool = False
) -> Placing:
    """Put photos into a class, as one step of the project: those it has are moved, the others added to learn from.

    Args:
        project: whose.
        photos: the files; their class is not looked at.
        class_id: the right class; empty for the one called `class_name`.
        class_name: made if it is not there.
        background: the photos are none of the classes; one that stands for that comes before `class_name`.

    Raises:
        ProjectError: no such class, a name that cannot be, too many photos.
    """
    placing = Placing()
    with project.step(trn("Correct {n} answer", "Correct {n} answers", len(photos)).format(n=len(photos))):
        if not class_id:
            found = next((one for one in project.classes if one.background), None) if background else None
            found = found or project.class_named(class_name)
            made = found or project.add_class(class_name, background=background)
            class_id, placing.made_class = made.id, "" if found else made.id
        if project.class_of(class_id) is None:
            raise ProjectError(project.name, tr("This class is not there any more."))
        there = _known(project, photos)
        known = [photo for same in there for photo in same]
        placing.before.update({photo.id: photo for photo in known})
        project.move_photos([photo.id for photo in known], class_id)
        project.take_back([photo.id for photo in known])
        new = [one._replace(class_id=class_id, class_name="", split="train")
               for one, same in zip(photos, there, strict=True) if not same]  # fmt: skip
        placing.before.update(dict.fromkeys(project.add_photos(new).ids))
    placing.after.update({photo_id: project.photos[photo_id] for photo_id in placing.before})
    return placing


def take_back(project: Project, placings: Sequence[Placing]) -> None:
    """Undo corrections, the last one first, as one step; what somebody has changed since then stays as it is."""
    with project.step(tr("Take a correction back")):
        for placing in reversed(placings):
            for photo_id, old in placing.before.items():
                now = project.photo(photo_id)
                if now is None or now.class_id != placing.after[photo_id].class_id:
                    continue
                if old is None:
                    project.remove_photos([photo_id])
                    continue
                if project.class_of(old.class_id) is not None:
                    project.move_photos([photo_id], old.class_id)
                if old.left_out:
                    project.leave_out([photo_id])
            if placing.made_class and project.class_of(placing.made_class) and not project.ids_of(placing.made_class):
                project.delete_class(placing.made_class)


def begin_run(data: ProjectData, installed: Bundle, cache_dir: Path) -> RunFolder:
    """Freeze a project into the run that learns its corrections. Blocking.

    Args:
        data: the project, corrected.
        installed: its model, as it is in use.
        cache_dir: where features are kept.

    Raises:
        ProjectError: there is nothing to learn from.
        ModelError: the model has no weights to go on from.
        StorageError: the disk refused; nothing is left behind.
    """
    former = _former(data.folder, installed)
    spec = correction_spec(data, installed, former, cache_dir, FingerprintCache(default_path()))
    run = new_run(data.folder)
    try:
        _keep(installed.folder, run.path / PREVIOUS_NAME)
        run.write_spec(replace(spec, id=run.path.name))
    except BaseException:
        discard(run.path)
        raise
    return run


def correction_spec(
    data: ProjectData,
    installed: Bundle,
    former: RunFolder | None,
    cache_dir: Path,
    looks: FingerprintCache | None = None,
) -> RunSpec:
    """Return the training that learns a project's corrections: the head alone, above the blocks of its model.

    Where the model's own training left the blocks of its base alone, that base serves again: the features of all
    former photos are known then. Each photo stays in the part it was in.

    Args:
        data: the project, corrected.
        installed: its model.
        former: the run that the model came from; None where that is gone.
        cache_dir: where features are kept.
        looks: where it is kept how photos look; without, only the same file counts as a copy of a photo.

    Raises:
        ProjectError: there is nothing to learn from.
        ModelError: the model has no weights to go on from.
    """
    before = None
    if former is not None:
        with contextlib.suppress(UserError):
            before = former.spec()
    settings = data.settings if before is None else before.settings
    size: int | None = None
    base = installed.folder
    if before is not None and former is not None:
        own = former.bundle_folder
        if not _recipe(before.settings).adapts and _trainable(before.base_folder):
            base, size = before.base_folder, before.settings.input_size
        elif _trainable(own) and Bundle.open(own).manifest.files == installed.manifest.files:
            base = own
    if not _trainable(base):
        raise ModelError(installed.name, tr("This model has no weights to learn from."))
    # Without the former run, only the model itself knows what it has learnt from.
    alike = contents_of(data.photos.values()) if before is None else _alike(data, before, looks)
    spec = make_spec(replace(data, settings=_head_only(settings, size)), base, cache_dir, alike)
    return spec if before is None else _same_parts(spec, before)


def previous_model(store: ModelStore, run: RunFolder, project_id: str) -> Bundle:
    """Put the model back that was installed before a correction. One that was installed after it stays. Blocking.

    Raises:
        ModelError: there is no model of this project any more, or the former one is damaged.
        StorageError: the disk refused; the present model stays.
    """
    now = next((one for one in store.list() if one.manifest.provenance.project == project_id), None)
    if now is None:
        raise ModelError("", tr("The model is not in Models any more."))
    if now.manifest.provenance.run != run.path.name:
        return now
    with store.staging_folder() as staging:
        place = staging / "model"
        _keep(run.path / PREVIOUS_NAME, place)
        return store.install(place)


def prune(folder: Path, installed_run: str) -> None:
    """Delete the oldest runs of corrections in a project's folder, never the one of the installed model."""
    made = [run for run in runs_of(folder) if (run.path / PREVIOUS_NAME).is_dir()]
    for run in made[KEPT_RUNS:]:
        if run.path.name != installed_run and not run.is_locked():
            discard(run.path)


def tested_on(run: RunFolder, photo_ids: Sequence[str]) -> int:
    """Return how many of these photos the run only tests on."""
    wanted = frozenset(photo_ids)
    return sum(sample.id in wanted for sample in run.spec().samples if sample.split == "test")


def _known(project: Project, photos: Sequence[NewPhoto]) -> list[list[Photo]]:
    """Return for each file the project's photos of it."""
    wanted: dict[str, list[Photo]] = {file_key(photo.path): [] for photo in photos}
    for photo in project.photos.values():
        same = wanted.get(file_key(photo.path))
        if same is not None:
            same.append(photo)
    return [wanted[file_key(photo.path)] for photo in photos]


def _former(folder: Path, installed: Bundle) -> RunFolder | None:
    name = installed.manifest.provenance.run
    if not name or Path(name).name != name:
        return None
    run = RunFolder(folder / RUNS_NAME / name)
    return run if run.exists else None


def _recipe(settings: TrainingSettings) -> Recipe:
    from mobilenet_gui.training.presets import recipe_for

    return recipe_for(settings, settings.input_size or 224)


def _head_only(settings: TrainingSettings, size: int | None) -> TrainingSettings:
    """Return settings that learn the head alone; what chooses photos and parts stays."""
    return replace(
        TrainingSettings(preset="fast", input_size=size),
        class_weights=settings.class_weights,
        seed=settings.seed,
        reject=settings.reject,
        split=settings.split,
        threads=settings.threads,
    )


def _alike(data: ProjectData, before: RunSpec, looks: FingerprintCache | None) -> Alike:
    """Return the groups of a former run, which those new photos join that are copies of one in it."""
    groups = {sample.id: sample.group for sample in before.samples if sample.group}
    former = {sample.id for sample in before.samples}
    new = [photo for photo in data.photos.values() if photo.id not in former and not photo.left_out]
    if new and looks is not None:
        old = [data.photos[photo] for photo in former if photo in data.photos]
        with looks as cache:
            for photo, one in copies_among(new, old, cache).items():
                groups[photo] = groups.setdefault(one, f"photo {one}")
    return Alike(groups)


def _same_parts(spec: RunSpec, before: RunSpec) -> RunSpec:
    """Let each photo stay in the part it was in, and new copies of it join it: what is tested is not learnt from."""
    parts: Mapping[str, Split] = {sample.id: sample.split for sample in before.samples}
    groups: dict[str, Split] = {}
    for one in spec.samples:
        if one.id in parts and (groups.get(one.group) != "test"):
            groups[one.group] = parts[one.id]
    groups.pop("", None)
    kept = (replace(one, split=parts.get(one.id) or groups.get(one.group, one.split)) for one in spec.samples)
    return replace(spec, samples=tuple(kept), notes=())


def _trainable(folder: Path) -> bool:
    try:
        return Bundle.open(folder).trainable
    except UserError:
        return False


def _keep(source: Path, target: Path) -> None:
    """Copy a model's folder, by links where the disk can: files of a model are replaced, never changed.

    Raises:
        StorageError: the disk refused.
    """
    try:
        target.mkdir(parents=True)
        for file in source.iterdir():
            if file.is_file():
                try:
                    os.link(file, target / file.name)
                except OSError:
                    shutil.copyfile(file, target / file.name)
    except OSError as error:
        raise storage_error(target, error) from error
