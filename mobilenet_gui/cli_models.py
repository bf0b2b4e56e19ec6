"""Owns `mobilenet-gui models`: list, download, import, activate and remove models, as text or JSON lines."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from mobilenet_gui.cli_classify import (
    EXIT_BROKEN_PIPE,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_USAGE,
    abandon_stdout,
    complain,
    json_line,
    prepare_stdout,
    printable,
)
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.core.catalog import CatalogEntry
    from mobilenet_gui.core.install import InstallProgress
    from mobilenet_gui.core.store import ModelStore
    from mobilenet_gui.model_service import ModelService

EXIT_FAILED: Final = 1
_PROGRESS_SECONDS: Final = 0.1
_NOTHING: Final = "–"


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What is said of one model; the JSON object of `models list`.

    Attributes:
        id, name, family, alpha, input_size, classes, licence: as in the catalogue or the bundle.
        installed: it is on this machine.
        active: it is the one in use.
        builtin: it ships with the program.
        backbone: it has no classifier.
        size: bytes on the disk, or of the download where it is not installed.
        parameters, macs: None where unknown.
        top1, top5: published share of correct answers, 0 to 1, or None.
        speed_ms: the network's time for one photo measured on this machine, or None.
        path: its folder, or None.
    """

    id: str
    name: str
    installed: bool
    active: bool
    builtin: bool
    backbone: bool
    family: str
    alpha: float | None
    input_size: int
    classes: int
    size: int
    parameters: int | None
    macs: int | None
    top1: float | None
    top5: float | None
    licence: str
    speed_ms: float | None
    path: str | None


def add_parser(subparsers: Any) -> None:
    """Add the `models` command to the command line's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "models",
        help=tr("list, download, import, choose and remove models"),
        description=tr("List, download, import, choose and remove models."),
        epilog=tr("Exit status: 0 done, 1 failed, 2 the command cannot be understood, 130 stopped with Ctrl-C."),
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar=tr("ACTION"))

    def add(name: str, text: str) -> argparse.ArgumentParser:
        action: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
        action.add_argument(
            "--format", choices=("text", "json"), default="text", help=tr("text to read, or one JSON object a line")
        )
        action.set_defaults(run=run)
        return action

    add("list", tr("show the models on this machine and the official ones"))
    get = add("download", tr("download and install an official model"))
    get.add_argument("id", metavar="ID", help=tr("such as mobilenet-v2-1.0-224; see “models list”"))
    get.add_argument("--activate", action="store_true", help=tr("use it from now on"))
    get.add_argument(
        "--backbone", action="store_true", help=tr("take the weights without classifier, for fine-tuning only")
    )
    take = add("import", tr("make a model from a Keras weights file or a .tflite classifier"))
    take.add_argument("file", type=Path, metavar="FILE", help=tr("an .h5, .weights.h5, .keras or .tflite file"))
    take.add_argument("--labels", type=Path, metavar="FILE", help=tr("its labels, one a line"))
    take.add_argument("--id", metavar="ID", help=tr("the id to give it (default: made from the file's name)"))
    take.add_argument("--name", metavar="NAME", help=tr("the name to show (default: likewise)"))
    take.add_argument("--replace", action="store_true", help=tr("replace an installed model of this id"))
    take.add_argument("--activate", action="store_true", help=tr("use it from now on"))
    for name, text in (
        ("activate", tr("use another model from now on")),
        ("remove", tr("delete an installed model and free its disk space")),
    ):
        add(name, text).add_argument("id", metavar="ID", help=tr("an installed model"))


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from mobilenet_gui.core.errors import Cancelled, UserError

    out = prepare_stdout()
    try:
        return _ACTIONS[arguments.action](arguments, out)
    except UserError as error:
        if arguments.format == "json":
            _say(out, {"subject": error.subject, "error": error.reason})
        complain(str(error))
        return _exit_code(arguments, error)
    except Cancelled:
        complain(_stopped_text(arguments))
        return EXIT_INTERRUPTED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        abandon_stdout()
        return EXIT_BROKEN_PIPE


def records(service: ModelService) -> list[ModelRecord]:
    """Return every model, installed ones first, then the official ones that could be downloaded."""
    from mobilenet_gui.core import catalog

    store = service.store
    active = store.active_id
    speeds = service.speeds()
    installed = [_installed_record(store, bundle, active, speeds.get(bundle.id)) for bundle in store.list()]
    here = {record.id for record in installed}
    return [*installed, *(_available_record(entry) for entry in catalog.ENTRIES if entry.id not in here)]


def _list(arguments: argparse.Namespace, out: TextIO) -> int:
    service = _service()
    found = records(service)
    if arguments.format == "json":
        for record in found:
            _say(out, asdict(record))
    else:
        _write_table(found, out)
    out.flush()
    for broken in service.store.broken():
        complain(f"{broken.path}: {broken.reason}")
    return EXIT_OK


def _download(arguments: argparse.Namespace, out: TextIO) -> int:
    service = _service()
    entry = service.entry(arguments.id)
    with _interruptible() as cancel, _ProgressLine(entry.name) as line:
        bundle = service.download(entry.id, line.show, cancel, backbone=arguments.backbone, activate=arguments.activate)
    _tell_installed(service, bundle, arguments, out)
    return EXIT_OK


def _import(arguments: argparse.Namespace, out: TextIO) -> int:
    service = _service()
    with _interruptible() as cancel, _ProgressLine(arguments.file.name) as line:
        bundle = service.import_file(
            arguments.file,
            arguments.labels,
            arguments.id,
            line.show,
            cancel,
            name=arguments.name,
            replace=arguments.replace,
            activate=arguments.activate,
        )
    _tell_installed(service, bundle, arguments, out)
    return EXIT_OK


def _activate(arguments: argparse.Namespace, out: TextIO) -> int:
    service = _service()
    bundle = service.store.activate(arguments.id)
    if arguments.format == "json":
        _write_record(service, bundle, out)
    else:
        print(tr("{name} ({id}) is in use now.").format(name=bundle.name, id=bundle.id), file=out, flush=True)
    return EXIT_OK


def _remove(arguments: argparse.Namespace, out: TextIO) -> int:
    store = _service().store
    freed = store.disk_usage(arguments.id)
    store.remove(arguments.id)
    active = store.active_id
    if arguments.format == "json":
        _say(out, {"id": arguments.id, "removed": True, "freed": freed, "active": active})
        return EXIT_OK
    from mobilenet_gui.core.download_part import megabytes

    print(tr("{id} is removed; {size} are free again.").format(id=arguments.id, size=megabytes(freed)), file=out)
    if active is None:
        print(tr("No model is left."), file=out)
    else:
        print(tr("In use now: {id}").format(id=active), file=out)
    out.flush()
    return EXIT_OK


_ACTIONS: Final = {
    "list": _list,
    "download": _download,
    "import": _import,
    "activate": _activate,
    "remove": _remove,
}


def _service() -> ModelService:
    from mobilenet_gui import paths
    from mobilenet_gui.core.store import ModelStore
    from mobilenet_gui.model_service import ModelService
    from mobilenet_gui.settings import SettingsStore

    settings = SettingsStore(paths.settings_file())
    if settings.problem is not None:
        complain(settings.problem)
    return ModelService(settings.values, ModelStore())


def _exit_code(arguments: argparse.Namespace, error: Exception) -> int:
    """Tell a mistake in the command, such as an id that names nothing, from a failure."""
    from mobilenet_gui.core import catalog
    from mobilenet_gui.core.errors import ModelError

    if not isinstance(error, ModelError):
        return EXIT_FAILED
    if arguments.action == "download" and catalog.by_id(arguments.id) is None:
        return EXIT_USAGE
    if arguments.action in ("activate", "remove") and not _service().store.has(arguments.id):
        return EXIT_USAGE
    return EXIT_FAILED


def _stopped_text(arguments: argparse.Namespace) -> str:
    if arguments.action == "download":
        return tr("stopped; what has arrived is kept. Run the same command again to go on.")
    return tr("stopped; nothing was changed.")


def _installed_record(store: ModelStore, bundle: Bundle, active: str | None, speed: float | None) -> ModelRecord:
    manifest = bundle.manifest
    return ModelRecord(
        id=bundle.id,
        name=bundle.name,
        installed=True,
        active=bundle.id == active,
        builtin=store.is_builtin(bundle.id),
        backbone=bundle.is_backbone,
        family=manifest.family,
        alpha=manifest.alpha,
        input_size=manifest.input_size,
        classes=manifest.classes,
        size=store.disk_usage(bundle.id),
        parameters=manifest.parameters,
        macs=manifest.macs,
        top1=manifest.metrics.top1,
        top5=manifest.metrics.top5,
        licence=manifest.licence,
        speed_ms=None if speed is None else round(speed, 3),
        path=str(bundle.folder),
    )


def _available_record(entry: CatalogEntry) -> ModelRecord:
    return ModelRecord(
        id=entry.id,
        name=entry.name,
        installed=False,
        active=False,
        builtin=False,
        backbone=False,
        family=entry.family,
        alpha=entry.alpha,
        input_size=entry.input_size,
        classes=entry.classes,
        size=entry.download_bytes,
        parameters=entry.parameters,
        macs=entry.macs,
        top1=entry.top1,
        top5=entry.top5,
        licence=entry.licence,
        speed_ms=None,
        path=None,
    )


def _tell_installed(service: ModelService, bundle: Bundle, arguments: argparse.Namespace, out: TextIO) -> None:
    if arguments.format == "json":
        _write_record(service, bundle, out)
        return
    print(tr("{name} is installed as {id}.").format(name=printable(bundle.name), id=bundle.id), file=out)
    if bundle.is_backbone:
        print(tr("It has no classifier: good for fine-tuning, not for recognising photos."), file=out)
    elif service.store.active_id == bundle.id:
        print(tr("It is in use now."), file=out)
    else:
        print(tr("To use it: mobilenet-gui models activate {id}").format(id=bundle.id), file=out)
    out.flush()


def _write_record(service: ModelService, bundle: Bundle, out: TextIO) -> None:
    speed = service.speeds().get(bundle.id)
    _say(out, asdict(_installed_record(service.store, bundle, service.store.active_id, speed)))


def _say(out: TextIO, record: dict[str, Any]) -> None:
    print(json_line(record), file=out, flush=True)


def _write_table(found: Sequence[ModelRecord], out: TextIO) -> None:
    heading = ["", tr("Id"), tr("Name"), tr("Size"), tr("Parameters"), tr("Correct"), tr("Speed here")]
    installed = [_cells(record) for record in found if record.installed]
    available = [_cells(record) for record in found if not record.installed]
    widths = [max(len(row[n]) for row in (heading, *installed, *available)) for n in range(len(heading))]

    def write(row: Sequence[str]) -> None:
        cells = [c.ljust(w) if n < 3 else c.rjust(w) for n, (c, w) in enumerate(zip(row, widths, strict=True))]
        print("  ".join(cells).rstrip(), file=out)

    for title, rows in ((tr("On this machine"), installed), (tr("Official models to download"), available)):
        print(title, file=out)
        if rows:
            write(heading)
            for row in rows:
                write(row)
        else:
            print("   " + tr("none yet: “mobilenet-gui models download ID” or “models import FILE”"), file=out)
        print(file=out)


def _cells(record: ModelRecord) -> list[str]:
    name = printable(record.name)
    if record.builtin:
        name = tr("{name} (built in)").format(name=name)
    elif record.backbone:
        name = tr("{name} (for fine-tuning only)").format(name=name)
    return [
        "*" if record.active else " ",
        record.id,
        name,
        f"{record.size / 1e6:.1f} MB",
        _NOTHING if record.parameters is None else f"{record.parameters / 1e6:.2f} M",
        _NOTHING if record.top1 is None else f"{100 * record.top1:.1f} %",
        _NOTHING if record.speed_ms is None else f"{record.speed_ms:.1f} ms",
    ]


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into a cancel event, so that what is under way ends tidily; the second is not caught."""
    cancel = threading.Event()

    def stop(*_: object) -> None:
        cancel.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    if threading.current_thread() is not threading.main_thread():
        yield cancel
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before)


class _ProgressLine:
    """One line on stderr that says how far it is, where a person looks at it."""

    def __init__(self, name: str) -> None:
        self._name = printable(name)
        self._shown = sys.stderr is not None and sys.stderr.isatty()
        self._last = 0.0
        self._text = ""
        self._step = ""

    def __enter__(self) -> _ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._text:
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()

    def show(self, now: InstallProgress) -> None:
        """Draw the line anew, where enough time went by or the step is another."""
        if not self._shown:
            return
        text = progress_text(self._name, now)
        moment = time.monotonic()
        if text == self._text or (now.text == self._step and moment - self._last < _PROGRESS_SECONDS):
            return
        self._last, self._text, self._step = moment, text, now.text
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()


def progress_text(name: str, now: InstallProgress) -> str:
    """Return one line such as `MobileNet V2: Downloading, 13.6 of 21.9 MB, 4 s left`."""
    parts = [f"{name}: {now.text}"]
    if now.step == "downloading" and now.total:
        parts.append(tr("{done} of {total} MB").format(done=f"{now.done / 1e6:.1f}", total=f"{now.total / 1e6:.1f}"))
        if now.seconds_left is not None:
            parts.append(tr("{n} s left").format(n=round(now.seconds_left)))
    elif now.step == "downloading":
        parts.append(tr("{done} MB").format(done=f"{now.done / 1e6:.1f}"))
    elif now.step == "preparing" and now.step_fraction:
        parts.append(f"{round(100 * now.step_fraction)} %")
    return ", ".join(parts)
