"""Corrections with real trainings of a tiny network: learnt in one go, taken back, and harmless where they fail."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from mobilenet_gui import paths
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ProjectError, StorageError, UserError
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.training import correction, project_file
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.correction import Wrong
from mobilenet_gui.training.fingerprint_cache import FingerprintCache
from mobilenet_gui.training.job import TrainJob
from mobilenet_gui.training.project import NewPhoto, Project
from mobilenet_gui.training.project_runs import runs_of
from mobilenet_gui.training.project_spec import make_spec
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.project_types import Photo
from mobilenet_gui.training.trainer import train
from mobilenet_gui.training.training_settings import TrainingSettings
from mobilenet_gui.workers.corrections import Batch, Corrections
from mobilenet_gui.workers.models import ModelTasks
from mobilenet_gui.workers.projects import ProjectTasks
from mobilenet_gui.workers.run_install import install_run, installed_model
from mobilenet_gui.workers.training import TrainingController
from tests.fake_work import FakeWork
from tests.training.painted import make_base, paint, paint_folder

pytestmark = pytest.mark.keras
SECONDS = 60_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny network to start from, and painted photos of three kinds."""
    place = tmp_path_factory.mktemp("corrections")
    make_base(place)
    paint_folder(place / "photos", 8)
    return place


class Bench:
    """A project with a trained, installed and active model, and who corrects it."""

    def __init__(self, qtbot: QtBot, made: Path, folder: Path) -> None:
        self.qtbot, self.folder = qtbot, folder
        shutil.copytree(made / "photos", folder / "photos")
        self.store = ModelStore(folder / "models", folder / "builtin")
        projects = ProjectStore(paths.projects_dir())
        project = projects.create("Garden")
        project.add_photos([NewPhoto(p, class_name=p.parent.name) for p in sorted((folder / "photos").rglob("*.png"))])
        project.set_settings(TrainingSettings(preset="fast"))
        run = project.new_run()
        run.write_spec(make_spec(project.snapshot(), made / "base", paths.cache_dir() / "features", run_id="run-0001"))
        project.save()
        project.close()
        train(TrainJob(run.path), Control())
        install_run(self.store, run.path, project.id, "My garden")
        self.id, self.place = project.id, project.folder
        self.store.activate(self.model.id)
        self.tasks = ProjectTasks(projects)
        self.models = ModelTasks(FakeWork(self.store), self.store)
        self.training = TrainingController()
        self.work = Corrections(self.tasks, self.training, self.models, self.store, gather_ms=30)
        self.learnt: list[Batch] = []
        self.undone: list[Batch] = []
        self.failed: list[tuple[Batch, UserError]] = []
        self.used: list[str] = []
        self.work.learnt.connect(self.learnt.append)
        self.work.undone.connect(self.undone.append)
        self.work.failed.connect(lambda batch, error: self.failed.append((batch, error)))
        self.models.models_changed.connect(lambda: self.used.append(self.store.active_id or ""))

    @property
    def model(self) -> Bundle:
        found = installed_model(self.store, self.id)
        assert found is not None
        return found

    def counts(self) -> dict[str, int]:
        """How many photos each class has, as it is on the disk."""
        found: list[Project] = []

        def use(project: Project, release: Callable[[], None]) -> None:
            found.append(project)
            release()

        self.tasks.borrow(self.id, use, _raise)
        self.until(lambda: bool(found))
        return {one.name: found[0].count(one.id) for one in found[0].classes}

    def id_of(self, name: str) -> str:
        found: list[str] = []
        self.work.classes(self.id, lambda all_: found.extend(c.id for c in all_ if c.name == name), _raise)
        self.until(lambda: bool(found))
        return found[0]

    def answer(self, photo: Path) -> tuple[str, float]:
        recognizer = LiteRTRecognizer(self.model)
        best = recognizer.recognize(np.array(Image.open(photo))).best
        recognizer.close()
        return best.label, best.probability

    def until(self, condition: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=SECONDS)

    def shut_down(self) -> None:
        self.tasks.shut_down()
        self.models.shut_down()
        self.training.shut_down()


def _raise(error: UserError) -> None:
    raise error


@pytest.fixture
def bench(qtbot: QtBot, made: Path, tmp_path: Path) -> Iterator[Bench]:
    found = Bench(qtbot, made, tmp_path)
    yield found
    found.shut_down()


def blue(folder: Path, number: int) -> Path:
    """A photo unlike all others."""
    pixels = paint("red", 500 + number)[:, :, ::-1].copy()
    path = folder / f"blue-{number}.png"
    Image.fromarray(pixels).save(path)
    return path


def test_corrections_in_a_row_are_learnt_in_one_training_and_taken_back(bench: Bench) -> None:
    before, old = bench.model, bench.answer(blue(bench.folder, 0))
    frame = paint("red", 600)[:, :, ::-1].copy()
    batch = bench.work.correct(bench.id, [Wrong(bench.folder / "blue-0.png", "blue-0.png")], "", "blue")
    assert bench.work.correct(bench.id, [Wrong(frame, "Camera")], "", "Blue") is batch
    bench.work.correct(bench.id, [Wrong(blue(bench.folder, 1).read_bytes(), "Pasted")], "", "blue")
    bench.until(lambda: bench.learnt or bench.failed)
    assert bench.failed == []
    assert bench.learnt == [batch]
    assert (batch.photos, batch.tested) == (3, 0)
    assert len(runs_of(bench.place)) == 2
    assert bench.used[-1] == bench.model.id == before.id
    assert bench.model.name == "My garden"
    assert bench.answer(bench.folder / "blue-0.png")[0] == "blue"
    assert bench.counts() == {"green": 8, "red": 8, "stripes": 8, "blue": 3}
    spec = runs_of(bench.place)[0].spec()
    assert spec.base_folder.name == "base", "the features of the former photos serve again"
    former = {sample.id: sample.split for sample in runs_of(bench.place)[1].spec().samples}
    assert all(former[sample.id] == sample.split for sample in spec.samples if sample.id in former)

    used = len(bench.used)
    bench.work.undo(batch)
    bench.until(lambda: bench.undone or bench.failed)
    assert bench.failed == []
    assert bench.model.manifest == before.manifest
    bench.model.verify()
    assert bench.answer(bench.folder / "blue-0.png") == old
    assert len(bench.used) > used, "who shows answers hears of it"
    assert bench.counts() == {"green": 8, "red": 8, "stripes": 8}
    bench.until(lambda: len(runs_of(bench.place)) == 1)


def test_a_photo_of_the_project_is_moved_and_undo_moves_it_back(bench: Bench) -> None:
    photo = bench.folder / "photos" / "red" / "0.png"
    batch = bench.work.correct(bench.id, [Wrong(photo, photo.name)], bench.id_of("green"))
    bench.until(lambda: bench.learnt or bench.failed)
    assert bench.counts() == {"green": 9, "red": 7, "stripes": 8}
    bench.work.undo(batch)
    bench.until(lambda: bench.undone)
    assert bench.counts() == {"green": 8, "red": 8, "stripes": 8}


def test_undo_while_it_learns_leaves_no_trace(bench: Bench) -> None:
    before = bench.model.manifest
    batch = bench.work.correct(bench.id, [Wrong(blue(bench.folder, 0), "blue")], bench.id_of("green"))
    bench.until(lambda: batch.errand is not None)
    bench.work.undo(batch)
    bench.until(lambda: bench.undone)
    assert bench.model.manifest == before
    assert bench.counts()["green"] == 8
    bench.until(lambda: len(runs_of(bench.place)) == 1)
    assert not bench.work.busy


def test_failure_keeps_the_model_and_the_next_correction_learns_all(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bench.model.manifest

    def full(*_args: object) -> None:
        raise StorageError("disk", "The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(correction, "new_run", full)
        bench.work.correct(bench.id, [Wrong(blue(bench.folder, 0), "blue")], "", "blue")
        bench.until(lambda: bench.failed)
    assert "full" in str(bench.failed[0][1])
    assert bench.model.manifest == before
    assert not bench.work.busy
    bench.work.correct(bench.id, [Wrong(blue(bench.folder, 1), "blue")], "", "blue")
    bench.until(lambda: bench.learnt)
    assert bench.counts()["blue"] == 2
    assert bench.model.manifest.classes == 4


def test_the_open_project_is_the_one_that_changes(bench: Bench) -> None:
    opened: list[Project] = []
    bench.tasks.open(bench.id, lambda value: opened.append(value.project), _raise)
    bench.work.correct(bench.id, [Wrong(blue(bench.folder, 0), "blue")], "", "blue")
    bench.until(lambda: bench.learnt or bench.failed)
    assert bench.failed == []
    assert opened[0].class_named("blue") is not None
    assert opened[0].undo_text


def opened_elsewhere(bench: Bench) -> Project:
    """Open the project as another program would, once whoever had it here has let it go."""
    found: list[Project] = []

    def tried() -> bool:
        with contextlib.suppress(ProjectError):
            found.append(ProjectStore(paths.projects_dir()).open(bench.id))
        return bool(found)

    bench.until(tried)
    return found[0]


def test_trouble_is_told_in_words(bench: Bench) -> None:
    bench.work.correct(bench.id, [Wrong(bench.folder / "gone.png", "gone.png")], bench.id_of("red"))
    bench.until(lambda: bench.failed)
    assert "gone.png" in str(bench.failed[-1][1])
    other = opened_elsewhere(bench)
    bench.work.correct(bench.id, [Wrong(blue(bench.folder, 0), "blue")], "c1")
    bench.until(lambda: len(bench.failed) == 2)
    assert "another window" in str(bench.failed[-1][1])
    other.close()
    shutil.rmtree(bench.place)
    found: list[UserError] = []
    bench.work.classes(bench.id, lambda _classes: None, found.append)
    bench.until(lambda: bool(found))
    assert "not there any more" in str(found[0])
    assert not bench.work.busy


def test_who_opens_a_project_while_it_is_corrected_waits(bench: Bench) -> None:
    bench.work.correct(bench.id, [Wrong(blue(bench.folder, 0), "blue")], "", "blue")
    opened: list[Project] = []
    bench.tasks.open(bench.id, lambda value: opened.append(value.project), _raise)
    bench.until(lambda: opened and (bench.learnt or bench.failed))
    assert opened[0].class_named("blue") is not None
    assert np.array(Image.open(bench.folder / "blue-0.png")).shape == (80, 80, 3)


def test_photos_that_were_tested_on_stay_test_photos(bench: Bench) -> None:
    sample = next(s for s in runs_of(bench.place)[0].spec().samples if s.split == "test" and s.label == 0)
    bench.work.correct(bench.id, [Wrong(sample.path, "x")], bench.id_of("red"))
    bench.until(lambda: bench.learnt or bench.failed)
    assert bench.learnt[0].tested == 1
    again = {one.id: one for one in runs_of(bench.place)[0].spec().samples}[sample.id]
    assert (again.split, again.label) == ("test", 1)


def test_the_same_photo_in_another_file_is_the_test_photo(bench: Bench) -> None:
    sample = next(s for s in runs_of(bench.place)[0].spec().samples if s.split == "test" and s.label == 0)
    before = sum(bench.counts().values())
    for wrong in (sample.path.read_bytes(), bench.folder / "sent.png"):
        if isinstance(wrong, Path):
            shutil.copyfile(sample.path, wrong)
        bench.work.correct(bench.id, [Wrong(wrong, "sent")], bench.id_of("red"))
    bench.until(lambda: bench.learnt or bench.failed)
    assert bench.learnt[0].tested == 1
    assert sum(bench.counts().values()) == before


def test_a_copy_of_a_test_photo_is_not_learnt_from(bench: Bench) -> None:
    run = runs_of(bench.place)[0]
    groups = {"1": "burst", "2": "burst"}
    run.write_spec(
        replace(run.spec(), samples=tuple(replace(s, group=groups.get(s.id, "")) for s in run.spec().samples))
    )
    tested = next(s for s in run.spec().samples if s.split == "test")
    data = project_file.load(bench.place)[0]
    added = {}
    for name, source in (("901", tested.path), ("902", blue(bench.folder, 3))):
        path = bench.folder / f"{name}.bmp"
        Image.open(source).save(path)
        added[name] = Photo(name, path, data.photos[tested.id].class_id, "train")
    data = replace(data, photos={**data.photos, **added})
    looks = FingerprintCache(bench.folder / "looks.sqlite")
    spec = correction.correction_spec(data, bench.model, run, paths.cache_dir() / "features", looks)
    found = {s.id: s for s in spec.samples}
    assert (found["901"].split, found["902"].split) == ("test", "train")
    assert found["901"].group == found[tested.id].group != ""
    assert found["1"].group == found["2"].group != ""
    before = {s.id: s.split for s in run.spec().samples}
    assert all(found[photo].split == part for photo, part in before.items())


def test_old_runs_of_corrections_go(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correction, "KEPT_RUNS", 1)
    for number in (1, 2):
        bench.work.correct(bench.id, [Wrong(blue(bench.folder, number), "blue")], "", "blue")
        bench.until(partial(lambda count: bench.failed or len(bench.learnt) == count, number))
    assert [run.path.name for run in runs_of(bench.place)] == ["run-0003", "run-0001"]


def test_a_photo_stays_a_test_photo_whatever_the_project_says_now(bench: Bench) -> None:
    run = runs_of(bench.place)[0]
    tested = next(s.id for s in run.spec().samples if s.split == "test")
    data = project_file.load(bench.place)[0]
    data = replace(data, photos={**data.photos, tested: data.photos[tested]._replace(split="train")})
    spec = correction.correction_spec(data, bench.model, run, paths.cache_dir() / "features")
    assert next(s.split for s in spec.samples if s.id == tested) == "test"


def test_adapted_blocks_are_kept(bench: Bench) -> None:
    run = runs_of(bench.place)[0]
    run.write_spec(replace(run.spec(), settings=TrainingSettings(preset="balanced", learning_rate=0.01, seed=7)))
    data = project_file.load(bench.place)[0]
    spec = correction.correction_spec(data, bench.model, run, paths.cache_dir() / "features")
    assert spec.base_folder == run.bundle_folder
    assert spec.settings == TrainingSettings(preset="fast", seed=7)
    alone = correction.correction_spec(data, bench.model, None, paths.cache_dir() / "features")
    assert alone.base_folder == bench.model.folder
    tested = {s.id for s in run.spec().samples if s.split == "test"}
    assert {s.id for s in alone.samples if s.split == "test"} <= tested


def test_a_model_that_was_removed_meanwhile_is_no_other_model(bench: Bench) -> None:
    """A model that happens to have the project's id is not taken for the project's."""
    mine = bench.model
    with bench.store.staging_folder() as staging:
        shutil.copytree(mine.folder, staging / "other")
        told = json.loads((staging / "other" / "manifest.json").read_text(encoding="utf-8"))
        told["id"], told["provenance"]["project"] = bench.id, ""
        (staging / "other" / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
        bench.store.remove(mine.id)
        bench.store.install(staging / "other")
    bench.work.correct(bench.id, [Wrong(blue(bench.folder, 0), "blue")], "", "blue")
    bench.until(lambda: bench.failed or bench.learnt)
    assert not bench.learnt
    assert str(bench.failed[0][1]).startswith("Garden: Its model is not in Models any more.")
    assert bench.store.get(bench.id).manifest.classes == 3
    assert bench.counts()["blue"] == 1, "the photo is where it belongs, and the next training learns it"
    assert len(runs_of(bench.place)) == 1
