"""Owns `mobilenet-gui train`: photos in folders, a table or a list become a model, told as text or JSON lines."""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mobilenet_gui.cli_dataset import add_reading_options, path_argument, read_dataset
from mobilenet_gui.cli_output import EventTeller, complain, prepare_stdout, printable
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.training_settings import LIMITS, SPLIT_LEAST, TrainingSettings, is_allowed

if TYPE_CHECKING:
    from mobilenet_gui.cli_dataset import Note
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.training import protocol
    from mobilenet_gui.training.dataset_types import FoundDataset
    from mobilenet_gui.training.run_folder import RunFolder, RunSpec, Sample

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_INTERRUPTED: Final = 130
_TELL_EVERY: Final = 1.0
"""Seconds between two lines about the same step."""
_NUMBERS: Final = (
    ("--input-size", "input_size", int),
    ("--epochs", "epochs", int),
    ("--learning-rate", "learning_rate", float),
    ("--unfreeze-blocks", "unfreeze_blocks", int),
    ("--label-smoothing", "label_smoothing", float),
    ("--patience", "patience", int),
    ("--batch-size", "batch_size", int),
    ("--threads", "threads", int),
)


def add_parser(subparsers: Any) -> None:
    """Add the `train` command to the command line's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "train",
        help=tr("make a model of your own from photos"),
        description=tr("Make a model of your own from photos: one folder a class, or a table of paths and labels."),
        epilog=tr(
            "Exit status: 0 done, 1 failed, 2 the command cannot be understood, 130 stopped with Ctrl-C; the same "
            "command goes on where it was stopped."
        ),
    )
    parser.add_argument(
        "dataset",
        type=path_argument,
        metavar="DATASET",
        help=tr("a folder of folders, a .csv of path,label, or the folder of a project made in the window"),
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help=tr("where the result is to lie"))
    parser.add_argument(
        "--preset", choices=("fast", "balanced", "best"), default="balanced", help=tr("how much effort")
    )
    parser.add_argument("--base", default="", metavar="ID", help=tr("the model to start from: its id or its folder"))
    parser.add_argument("--name", default="", help=tr("the new model's name (default: made from the folder's)"))
    parser.add_argument(
        "--seed", type=int, default=TrainingSettings().seed, metavar="N", help=tr("of all that is drawn")
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help=tr("text to read, or one JSON object a line")
    )
    parser.add_argument("--install", action="store_true", help=tr("install the model afterwards"))
    parser.add_argument("--activate", action="store_true", help=tr("install it and use it from now on"))
    add_reading_options(parser)
    more = parser.add_argument_group(tr("advanced"), tr("What is left out, the preset decides."))
    for flag, name, kind in _NUMBERS:
        low, high = LIMITS[name]
        more.add_argument(flag, type=kind, dest=name, metavar="N", help=f"{low:g} – {high:g}")
    more.add_argument("--schedule", choices=("cosine", "constant", "plateau"), help=tr("how the learning rate falls"))
    more.add_argument(
        "--augmentation", choices=("none", "light", "medium", "strong"), help=tr("how much photos are varied")
    )
    more.add_argument("--no-class-weights", action="store_true", help=tr("let large classes count for more"))
    more.add_argument(
        "--reject",
        action="store_true",
        help=tr("answer “none of these”, too; learnt without photos of it, so strangers that look alike still pass"),
    )
    more.add_argument("--split", default="60,20,20", metavar="A,B,C", help=tr("per cent to train, validate and test"))
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from mobilenet_gui.core.errors import Cancelled, UserError

    settings = _settings(arguments)
    out = prepare_stdout()
    teller = _Teller(out, json=arguments.format == "json", stopped=tr("stopped; run the same command again to go on."))
    try:
        with _interruptible() as cancel:
            result = _train(arguments, settings, teller, cancel)
        if arguments.install or arguments.activate:
            result["installed"] = _install(Path(result["bundle"]), activate=arguments.activate)
        teller.finished(result)
        return EXIT_OK
    except UserError as error:
        teller.failed(error)
        return EXIT_FAILED
    except (Cancelled, KeyboardInterrupt):
        teller.cancelled()
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        from mobilenet_gui.cli_classify import report_unwritable

        return report_unwritable(BrokenPipeError())


def _settings(arguments: argparse.Namespace) -> TrainingSettings:
    """Return the settings; what is not allowed ends the command as argparse does."""
    values: dict[str, Any] = {name: getattr(arguments, name) for _, name, _ in _NUMBERS}
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
            tr("--split wants three numbers that make 100, at least {least}").format(
                least=",".join(map(str, SPLIT_LEAST))
            )
        )
    for name, value in values.items():
        if not is_allowed(name, value):
            low, high = LIMITS[name]
            flag = "--" + name.replace("_", "-")
            arguments.parser.error(
                tr("{flag} wants a number from {low} to {high}").format(flag=flag, low=f"{low:g}", high=f"{high:g}")
            )
    return TrainingSettings().with_changes(**values)


def _train(
    arguments: argparse.Namespace, settings: TrainingSettings, teller: _Teller, cancel: threading.Event
) -> dict[str, Any]:
    from mobilenet_gui.core import trial
    from mobilenet_gui.training.job import TrainJob
    from mobilenet_gui.training.presets import recipe_for
    from mobilenet_gui.training.process import WorkerProcess
    from mobilenet_gui.training.run_folder import RunFolder

    base = _base(arguments.base)
    trial.ensure(base)
    settings = settings.with_changes(base=base.id)
    with WorkerProcess() as worker:
        if recipe_for(settings, base.preprocessing.size).adapts:
            worker.warm()
        found = read_dataset(arguments, arguments.dataset, cancel, teller.note)
        alike = None if found.is_project else _alike(found, cancel, teller.comparing)
        classes, samples = found.samples(settings, alike)
        _tell_moved(found, samples, teller.note)
        folder = RunFolder(Path(os.path.abspath(arguments.output)))  # noqa: PTH100 - links stay as they are
        place = arguments.dataset.absolute()
        name = arguments.name or found.name or (place.stem if place.is_file() else place.name)
        spec = _spec(name, classes, samples, settings, base, found.background)
        resume = _goes_on(folder, spec)
        if not resume:
            folder.write_spec(spec)
        return worker.run(TrainJob(folder.path, resume), teller.event, cancel)


def _alike(
    found: FoundDataset, cancel: threading.Event, progress: Callable[[int, int], None] | None = None
) -> dict[Path, str]:
    """Return which photos show the same, as the check of the window finds it: the split must not part them."""
    from mobilenet_gui.training.doctor_findings import PlainPhoto
    from mobilenet_gui.training.duplicates import duplicate_groups

    photos = {str(n): photo.path for n, photo in enumerate(found.photos)}
    groups = duplicate_groups(
        [PlainPhoto(number, path, "") for number, path in photos.items()], look=True, progress=progress, cancel=cancel
    )
    return {photos[number]: group for number, group in groups.items()}


def _tell_moved(found: FoundDataset, samples: tuple[Sample, ...], note: Note) -> None:
    """Tell of photos that are in two parts of the data: none is tested that is learnt from."""
    given = [photo.split for photo in found.photos if photo.class_name]
    pairs = zip(given, samples, strict=True)
    moved = sum(1 for part, sample in pairs if (part == "test") != (sample.split == "test") and part)
    if moved and not found.is_project:
        text = trn(
            "{n} photo shows the same as one of another part, and goes to one part with it.",
            "{n} photos show the same as some of another part, and go to one part with them.",
            moved,
        )
        note(text, "understood")


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
    same = replace(before, created="") == replace(spec, created="")
    return same and folder.state().status != "finished"


def _base(wanted: str) -> Bundle:
    """Return the bundle to start from: the recommended one, one of that id, or the one in that folder."""
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.core.store import ModelStore
    from mobilenet_gui.training.bases import recommended

    if not wanted:
        return recommended(ModelStore())
    if os.sep in wanted or "/" in wanted or (Path(wanted) / "manifest.json").is_file():
        return Bundle.open(Path(wanted).absolute())
    return ModelStore().get(wanted)


def _install(bundle: Path, *, activate: bool) -> str:
    """Install a copy of the finished model; returns its id."""
    import shutil

    from mobilenet_gui.core.store import ModelStore

    store = ModelStore()
    with store.staging_folder() as staging:
        place = staging / "bundle"
        shutil.copytree(bundle, place)
        installed = store.install(place)
    if activate:
        store.activate(installed.id)
    return installed.id


class _Teller(EventTeller):
    """Prints how it goes."""

    _compared_at: float | None = None

    def comparing(self, done: int, wanted: int) -> None:
        """Tell of the photos that were looked at before the training begins, once a second; in words only once."""
        from mobilenet_gui.training import protocol

        now, before = time.monotonic(), self._compared_at
        if before is None:
            self._compared_at = now
        elif now - before >= _TELL_EVERY:
            self._compared_at = now if self._json else math.inf
            if self._json:
                self.event(protocol.Progress("compare", done / max(wanted, 1)))
            else:
                self._line(_phase_words()["compare"])

    def event(self, event: protocol.Event) -> None:
        from mobilenet_gui.training import protocol

        if isinstance(event, protocol.Progress):
            if self._json and event.phase in _phase_words():
                self._say({"event": "progress", **asdict(event)})
        elif self._json and isinstance(event, (protocol.Epoch, protocol.PhaseChanged)):
            self._say({"event": event.event, **_plain(asdict(event))})
        elif isinstance(event, protocol.Note):
            self.note(event.text, event.kind)
        elif isinstance(event, protocol.Unreadable):
            self.unreadable(event)
        elif isinstance(event, protocol.PhaseChanged):
            self._line(_phase_words().get(event.phase, event.phase))
        elif isinstance(event, protocol.Epoch) and event.phase == "adapt":
            self._line(_epoch_text(event))

    def note(self, text: str, kind: str = "info") -> None:
        if self._json:
            self._say({"event": "note", "kind": kind, "text": text})
        else:
            complain(text)

    def unreadable(self, photo: protocol.Unreadable) -> None:
        """Tell of one photo that the training goes on without."""
        from mobilenet_gui.core.answers import error_record
        from mobilenet_gui.core.errors import PhotoError

        if self._json:
            self._say({"event": photo.event, **error_record(photo.path, photo.reason)})
        else:
            complain(str(PhotoError(photo.path, photo.reason)))

    def finished(self, result: dict[str, Any]) -> None:
        if self._json:
            self._say({"event": "finished", **_plain(result)})
            return
        if result["accuracy"] is not None:
            self._line(
                tr("{percent} % of {n} test photos are answered correctly.").format(
                    percent=f"{100 * result['accuracy']:.1f}", n=result["photos"]
                )
            )
        self._line(
            tr("Done in {n} s. The model is in {folder}").format(n=round(result["seconds"]), folder=result["bundle"])
        )
        if "installed" in result:
            self._line(tr("It is installed as {id}.").format(id=result["installed"]))

    def _line(self, text: str) -> None:
        print(printable(text), file=self._out, flush=True)


def _phase_words() -> dict[str, str]:
    return {
        "compare": tr("Looking for photos that show the same"),
        "photos": tr("Preparing photos"),
        "head": tr("Learning the classes"),
        "adapt": tr("Adapting the last layers"),
        "test": tr("Testing"),
    }


def _epoch_text(event: protocol.Epoch) -> str:
    parts = [
        tr("epoch {n} of {all}").format(n=event.epoch, all=event.epochs),
        tr("loss {n}").format(n=f"{event.loss:.3f}"),
        tr("{n} % of validation photos correct").format(n=f"{100 * event.val_accuracy:.1f}"),
    ]
    if event.seconds_left is not None:
        parts.append(tr("{n} s left").format(n=round(event.seconds_left)))
    return "  " + ", ".join(parts)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as strict JSON has them: what is no number is null."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}


@contextlib.contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C, or being told to terminate, into a cancel event; the second is not caught."""
    cancel = threading.Event()

    def stop(*_: object) -> None:
        cancel.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    if threading.current_thread() is not threading.main_thread():
        yield cancel
        return
    before = signal.signal(signal.SIGINT, stop), signal.signal(signal.SIGTERM, stop)
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])
