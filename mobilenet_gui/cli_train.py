"""Owns `mobilenet-gui train`: photos in folders, a table or a list become a model, told as text or JSON lines."""

from __future__ import annotations

import argparse
import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mobilenet_gui.cli_command import EXIT_FAILED, EXIT_OK, command, interruptible, stopped_code
from mobilenet_gui.cli_dataset import add_reading_options, path_argument, read_dataset
from mobilenet_gui.cli_model import add_model_option, find_model
from mobilenet_gui.cli_output import prepare_stdout
from mobilenet_gui.cli_parser import add_format_option
from mobilenet_gui.cli_train_teller import TrainTeller
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.training_settings import LIMITS, SPLIT_LEAST, TrainingSettings, is_allowed

if TYPE_CHECKING:
    from mobilenet_gui.cli_dataset import Note
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.training.dataset_types import FoundDataset
    from mobilenet_gui.training.run_folder import RunFolder, RunSpec
    from mobilenet_gui.training.sharing import Alike, Shared

_NUMBERS: Final = (
    ("--input-size", "input_size", int, "the side of the square that photos are scaled to, in pixels"),
    ("--epochs", "epochs", int, "how often to go through all photos"),
    ("--learning-rate", "learning_rate", float, "how large each step is"),
    ("--unfreeze-blocks", "unfreeze_blocks", int, "how many of the last blocks adapt to your photos"),
    ("--label-smoothing", "label_smoothing", float, "how far to hold back from complete certainty"),
    ("--patience", "patience", int, "how many epochs to wait for an improvement before stopping"),
    ("--batch-size", "batch_size", int, "how many photos make up one step"),
    ("--threads", "threads", int, "how many threads to use"),
)
"""Flag, name in the settings, type, and help, which is translated where it is shown."""


def add_parser(subparsers: Any) -> None:
    """Add the `train` command to the command line's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "train",
        usage=tr("%(prog)s [OPTION ...] DATASET --output DIR"),
        help=tr("train a model of your own on photos"),
        description=tr(
            "Train a model of your own on photos: one folder per class, or a table of paths and labels. A training "
            "that was stopped continues when you run the same command again."
        ),
        epilog=tr(
            "Exit status: 0 success, 1 the training failed, 2 the command line is wrong, 130 stopped with Ctrl+C, 143 "
            "stopped with SIGTERM."
        ),
    )
    parser.add_argument(
        "dataset",
        type=path_argument,
        metavar="DATASET",
        help=tr(
            "a folder with one folder per class, a .csv file of paths and labels, or the folder of a project made in "
            "the window"
        ),
    )
    parser.add_argument(
        "-o",
        "--output",
        type=path_argument,
        required=True,
        metavar="DIR",
        help=tr("the folder to save the trained model in"),
    )
    parser.add_argument(
        "--preset",
        choices=("fast", "balanced", "best"),
        default="balanced",
        help=tr("how thorough to be: fast, balanced (the default) or best"),
    )
    add_model_option(
        parser,
        tr(
            "the model to start from: an installed model's id, a model's folder, or a folder written by “train” "
            "(default: the best of the installed ones, found by trying each on some of the photos)"
        ),
        "--base",
    )
    parser.add_argument("--name", default="", help=tr("what to call the new model (default: the dataset's name)"))
    parser.add_argument(
        "--seed",
        type=int,
        default=TrainingSettings().seed,
        metavar="N",
        help=tr("the seed for everything random; the same seed repeats the same training (default: {n})").format(
            n=TrainingSettings().seed
        ),
    )
    add_format_option(parser, tr("epoch"), json=tr("one JSON object per event"))
    parser.add_argument("--install", action="store_true", help=tr("add the finished model to the installed ones"))
    parser.add_argument(
        "--activate", action="store_true", help=tr("install the finished model and make it the active one")
    )
    add_reading_options(parser)
    more = parser.add_argument_group(tr("advanced"), tr("Anything you leave out is chosen by the preset."))
    for flag, name, kind, text in _NUMBERS:
        low, high = LIMITS[name]
        limits = tr("{low:g} to {high:g}").format(low=low, high=high)
        more.add_argument(flag, type=kind, dest=name, metavar="N", help=f"{tr(text)} ({limits})")
    more.add_argument(
        "--schedule",
        choices=("cosine", "constant", "plateau"),
        help=tr("how the learning rate changes as the training goes on"),
    )
    more.add_argument(
        "--augmentation",
        choices=("none", "light", "medium", "strong"),
        help=tr("how much photos are varied at random"),
    )
    more.add_argument("--no-class-weights", action="store_true", help=tr("let classes with more photos count for more"))
    more.add_argument(
        "--reject",
        action="store_true",
        help=tr(
            "let the model also answer “None of these”; as it sees no photos of anything else, things that look "
            "similar will still be mistaken for your classes"
        ),
    )
    more.add_argument(
        "--split",
        default="60,20,20",
        metavar="A,B,C",
        help=tr("the percentages of photos to train on, to validate with and to test with (default: 60,20,20)"),
    )
    more.add_argument(
        "--keep-split",
        action="store_true",
        help=tr(
            "use the dataset's own train, validation and test parts and do not look for photos that resemble each "
            "other (such parts are never changed anyway; a missing validation part is drawn from the train part)"
        ),
    )
    more.add_argument(
        "--leave-out-alike",
        action="store_true",
        help=tr("leave out photos of the dataset's own test part that resemble photos to learn from"),
    )
    parser.set_defaults(run=run, parser=parser)


@command
def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from mobilenet_gui.core.errors import Cancelled, UserError

    settings = _settings(arguments)
    teller = TrainTeller(prepare_stdout(), kind=arguments.format)
    try:
        with interruptible() as cancel:
            result = _train(arguments, settings, teller, cancel)
        try:
            if arguments.install or arguments.activate:
                result["installed"] = _install(Path(result["bundle"]), activate=arguments.activate)
        finally:
            teller.finished(result)  # the model is there, even if it could not be installed
        return EXIT_OK
    except UserError as error:
        teller.failed(error)
        return EXIT_FAILED
    except (Cancelled, KeyboardInterrupt):
        teller.cancelled()
        return stopped_code()


def _settings(arguments: argparse.Namespace) -> TrainingSettings:
    """Return the settings; what is not allowed ends the command as argparse does."""
    values: dict[str, Any] = {name: getattr(arguments, name) for _, name, _, _ in _NUMBERS}
    values |= {
        "preset": arguments.preset,
        "seed": arguments.seed,
        "schedule": arguments.schedule,
        "augmentation": arguments.augmentation,
        "class_weights": not arguments.no_class_weights,
        "reject": arguments.reject,
    }
    with contextlib.suppress(ValueError):
        values["split"] = tuple(int(part) for part in arguments.split.split(","))
    if not is_allowed("split", values.get("split")):
        arguments.parser.error(
            tr("--split needs three percentages that add up to 100 and are at least {least}").format(
                least=",".join(map(str, SPLIT_LEAST))
            )
        )
    for name, value in values.items():
        if not is_allowed(name, value):
            low, high = LIMITS[name]
            flag = "--" + name.replace("_", "-")
            arguments.parser.error(
                tr("{flag} needs a number from {low} to {high}").format(flag=flag, low=f"{low:g}", high=f"{high:g}")
            )
    return TrainingSettings().with_changes(**values)


def _train(
    arguments: argparse.Namespace, settings: TrainingSettings, teller: TrainTeller, cancel: threading.Event
) -> dict[str, Any]:
    from dataclasses import replace

    from mobilenet_gui.cli_suspects import suspect_records
    from mobilenet_gui.core.errors import ProjectError
    from mobilenet_gui.training.held_out import suspects_of_run
    from mobilenet_gui.training.job import TrainJob
    from mobilenet_gui.training.presets import recipe_for
    from mobilenet_gui.training.process import WorkerProcess
    from mobilenet_gui.training.run_folder import RunFolder
    from mobilenet_gui.training.sharing import learnt_by

    base, tried = _base(arguments.model)
    settings = settings.with_changes(base="" if tried else base.id)
    with WorkerProcess() as worker:
        if recipe_for(settings, base.preprocessing.size).adapts:
            worker.warm()
        found = read_dataset(arguments, arguments.dataset, cancel, teller.note)
        learnt = learnt_by(base.folder)
        compare = not arguments.keep_split and not found.is_project
        alike = _alike(found, cancel, teller.comparing, compare=compare) if compare or learnt else None
        classes, samples, shared = found.samples(settings, alike, learnt, leave_out=arguments.leave_out_alike)
        if arguments.keep_split and not shared.given:
            raise ProjectError(str(arguments.dataset), tr("There are no train and test parts here to keep."))
        _tell_resembling(shared, arguments, teller.note)
        folder = RunFolder(Path(os.path.abspath(arguments.output)))  # noqa: PTH100 - links stay as they are
        place = arguments.dataset.absolute()
        name = arguments.name or found.name or (place.stem if place.is_file() else place.name)
        spec = _spec(name, classes, samples, settings, base, found.background)
        # The parts of a project were drawn by itself, as its own training would.
        notes = shared.notes[1:] if found.is_project else shared.notes
        prepared = 0.0 if alike is None else alike.seconds
        spec = replace(spec, notes=notes, prepared=prepared, candidates=tried)
        resume = _goes_on(folder, spec)
        if not resume:
            folder.write_spec(spec)
        result = worker.run(TrainJob(folder.path, resume), teller.event, cancel)
    paths = {sample.id: sample.path for sample in samples}
    teller.suspects(suspect_records(suspects_of_run(folder), paths))
    return result


def _alike(
    found: FoundDataset,
    cancel: threading.Event,
    progress: Callable[[int, int], None] | None = None,
    *,
    compare: bool = True,
) -> Alike:
    """Return which photos show the same, as the check of the window finds it: the split must not part them.

    Without `compare` only what is in their files.
    """
    from mobilenet_gui.training.doctor_findings import PlainPhoto
    from mobilenet_gui.training.duplicates import contents_of, duplicate_groups

    photos = [PlainPhoto(str(n), photo.path, photo.class_name) for n, photo in enumerate(found.photos)]
    if not compare:
        return contents_of(photos, cancel)
    return duplicate_groups(photos, look=True, progress=progress, cancel=cancel)


def _tell_resembling(shared: Shared, arguments: argparse.Namespace, note: Note) -> None:
    if shared.resembling and not arguments.leave_out_alike:
        note(tr("With --leave-out-alike, test photos that resemble training photos are left out."), "understood")


def _spec(  # noqa: PLR0917 - the parts of one order
    name: str, classes: Any, samples: Any, settings: TrainingSettings, base: Bundle, none: str
) -> RunSpec:
    from mobilenet_gui import paths
    from mobilenet_gui.training.project_spec import now
    from mobilenet_gui.training.run_folder import RunSpec

    background = classes.index(none) if none in classes else None
    if settings.reject and background is None:
        background = len(classes)
        classes = (*classes, tr("None of these"))
    return RunSpec(
        id="1",
        project_id="",
        name=name,
        classes=classes,
        samples=samples,
        settings=settings,
        base_folder=base.folder,
        cache_dir=paths.features_dir(),
        created=now(),
        background=background,
    )


def _goes_on(folder: RunFolder, spec: RunSpec) -> bool:
    """Say whether the folder holds the same order, begun and not finished."""
    from dataclasses import replace

    from mobilenet_gui.core.errors import UserError

    if not folder.exists:
        return False
    try:
        before = folder.spec()
    except UserError:
        return False
    if spec.candidates and not before.settings.base:  # the best of them may have been found already
        before = replace(before, base_folder=spec.base_folder, candidates=spec.candidates)
    same = replace(before, created="", prepared=0.0) == replace(spec, created="", prepared=0.0)
    return same and folder.state().status != "finished"


def _base(wanted: str | None) -> tuple[Bundle, tuple[Path, ...]]:
    """Return the bundle to start from, and those of which the best is to be found where none is named."""
    from mobilenet_gui.core.store import ModelStore
    from mobilenet_gui.training.bases import candidates, recommended

    if wanted:
        return find_model(wanted), ()
    store = ModelStore()
    return recommended(store), tuple(bundle.folder for bundle in candidates(store))


def _install(bundle: Path, *, activate: bool) -> str:
    """Install a copy of the finished model; returns its id."""
    import shutil

    from mobilenet_gui.core.store import ModelStore
    from mobilenet_gui.core.store_files import storage_error

    store = ModelStore()
    with store.staging_folder() as staging:
        place = staging / "bundle"
        try:
            place.mkdir()
            for file in bundle.iterdir():
                shutil.copyfile(file, place / file.name)
        except OSError as error:
            raise storage_error(store.models_dir, error) from error
        installed = store.install(place)
    if activate:
        store.activate(installed.id)
    return installed.id
