"""Trainings for tests of the wizard: a scripted worker, a model to start from, and runs that are finished already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pytestqt.qtbot import QtBot

from mobilenet_gui.core.bundle import write_bundle
from mobilenet_gui.core.manifest import Manifest
from mobilenet_gui.core.types import Label, Preprocessing
from mobilenet_gui.training.evaluation_file import write_evaluation
from mobilenet_gui.training.evaluation_types import Answer, Evaluation, Guess
from mobilenet_gui.training.project import Project
from mobilenet_gui.training.run_folder import EpochRecord, RunFolder, RunState
from mobilenet_gui.training.training_settings import TrainingSettings
from mobilenet_gui.workers.training import TrainingController
from tests import fake_trainer
from tests.fake_trainer import Step
from tests.model_factory import make_bundle, make_tflite
from tests.ui.wizard_parts import WizardBench

BASE_ID = "base"
MakeTrained = Callable[..., "TrainedBench"]
"""The fixture `make_trained`: builds a bench whose worker follows a plan."""


class TrainedBench(WizardBench):
    """A wizard whose worker does what a test says, with a model to start from."""

    def __init__(self, qtbot: QtBot, folder: Path, *plan: Step) -> None:
        super().__init__(qtbot, folder)
        self.folder = folder
        self.training = TrainingController(command=fake_trainer.command(*(plan or fake_trainer.fine())))

    def install_base(self, bundle_id: str = BASE_ID, name: str = "Base") -> None:
        """Install a model with weights: something to start from. Its network is tiny and real."""
        weights = self.folder / "base.h5"
        weights.write_bytes(b"weights")
        labels = [Label(n, "", f"label {n}") for n in range(3)]
        manifest = Manifest(id=bundle_id, name=name, family="v1", preprocessing=Preprocessing(size=32), classes=3)
        with self.store.staging_folder() as staging:
            write_bundle(
                staging / "b", manifest, tflite=make_tflite(classes=3, size=32), labels=labels, weights=weights
            )
            self.store.install(staging / "b")


def epochs(count: int, planned: int = 0, phase: str = "head") -> tuple[EpochRecord, ...]:
    """Return so many epochs, each better than the one before."""
    return tuple(
        EpochRecord(phase, n, planned or count, 1 / n, 1 - 0.3 / n, 1.2 / n, 1 - 0.4 / n, 2.0, 0.001)
        for n in range(1, count + 1)
    )


def run_of(project: Project, state: RunState, settings: TrainingSettings | None = None) -> RunFolder:
    """Write a run of a project as it stands."""
    run = project.new_run()
    spec = project.spec_for_run(Path("base"), Path("cache"), run_id=run.path.name)
    run.write_spec(replace(spec, settings=settings or spec.settings))
    run.write_state(state)
    return run


def finished_run(project: Project, wrong: Sequence[int] = (), settings: TrainingSettings | None = None) -> RunFolder:
    """Write a finished run that tested all photos of a project.

    Args:
        project: whose.
        wrong: places of the photos that were taken for the next class.
        settings: how it was trained.
    """
    run = run_of(project, RunState(), settings)
    spec = run.spec()
    answers = []
    for place, sample in enumerate(spec.samples):
        missed = place in wrong
        said = (sample.label + 1) % len(spec.classes) if missed else sample.label
        sure = 0.8 - place / 1000
        guesses = (Guess(said, spec.classes[said], sure),)
        truth = 0.15 if missed else sure
        answers.append(Answer(sample.id, sample.path, sample.label, guesses, truth, sure))
    evaluation = Evaluation(
        "garden", spec.name, spec.classes, tuple(answers), 1.2, 0.6, 1.5, "2026-05-01T10:00:00+00:00"
    )
    write_evaluation(run.evaluation_path, evaluation)
    make_bundle(
        run.bundle_folder, bundle_id="garden", name=spec.name, classes=len(spec.classes),
        labels=[Label(n, "", name) for n, name in enumerate(spec.classes)],
    )  # fmt: skip
    run.write_state(RunState("finished", "test", epochs(4), 4, 488.0, evaluation.accuracy))
    return run
