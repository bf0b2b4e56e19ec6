"""Owns `mobilenet-gui models`: list, download, import, activate and remove models, as text or JSON lines."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, TextIO

from mobilenet_gui.cli_classify import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_USAGE,
    complain,
    json_line,
    prepare_stdout,
    printable,
    report_unwritable,
)
from mobilenet_gui.cli_dataset import path_argument
from mobilenet_gui.cli_models_show import ProgressLine, installed_record, records, write_table
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.core.types import Normalization
    from mobilenet_gui.model_service import ModelService

EXIT_FAILED: Final = 1
RANGES: Final[dict[str, Normalization]] = {"-1..1": "minus1_1", "0..1": "zero_1", "0..255": "zero_255"}


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
    take = add("import", tr("make a model from a Keras weights file, a .tflite classifier or a model's folder"))
    take.add_argument(
        "file",
        type=path_argument,
        metavar="FILE",
        help=tr(
            "an .h5, .weights.h5, .keras or .tflite file, a zip with one as Teachable Machine gives it out, or the "
            "folder that “train” has written"
        ),
    )
    take.add_argument(
        "--labels",
        type=path_argument,
        metavar="FILE",
        help=tr("its labels, one a line (default: those inside or beside it)"),
    )
    take.add_argument(
        "--range",
        choices=tuple(RANGES),
        help=tr("the numbers a float network wants pixels as (default: what the file says, else -1..1)"),
    )
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
        complain(f"{error} {_way_out(error)}".rstrip())
        return _exit_code(arguments, error)
    except Cancelled:
        complain(_stopped_text(arguments))
        return EXIT_INTERRUPTED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except OSError as error:
        return report_unwritable(error)


def _list(arguments: argparse.Namespace, out: TextIO) -> int:
    service = _service()
    found = records(service)
    if arguments.format == "json":
        for record in found:
            _say(out, asdict(record))
    else:
        write_table(found, out)
    out.flush()
    for broken in service.store.broken():
        complain(f"{broken.path}: {broken.reason}")
    return EXIT_OK


def _download(arguments: argparse.Namespace, out: TextIO) -> int:
    service = _service()
    entry = service.entry(arguments.id)
    with interruptible() as cancel, ProgressLine(entry.name) as line:
        bundle = service.download(entry.id, line.show, cancel, backbone=arguments.backbone, activate=arguments.activate)
    _tell_installed(service, bundle, arguments, out)
    return EXIT_OK


def _import(arguments: argparse.Namespace, out: TextIO) -> int:
    service = _service()
    with interruptible() as cancel, ProgressLine(arguments.file.name) as line:
        bundle = service.import_file(
            arguments.file,
            arguments.labels,
            arguments.id,
            line.show,
            cancel,
            name=arguments.name,
            normalization=RANGES[arguments.range] if arguments.range is not None else None,
            replace=arguments.replace,
            activate=arguments.activate,
        )
    _tell_installed(service, bundle, arguments, out)
    if arguments.format == "text":
        _tell_guesses(bundle, arguments)
    return EXIT_OK


def _tell_guesses(bundle: Bundle, arguments: argparse.Namespace) -> None:
    """Say what was found out or assumed that the user might want otherwise."""
    from mobilenet_gui.core.install_import import labels_used

    used = labels_used(arguments.file, bundle) if arguments.labels is None else None
    if used is not None:
        complain(tr("its labels are those of {file}.").format(file=printable(used)))
    if bundle.manifest.assumed_range:
        complain(
            tr(
                "the file does not say which numbers it wants pixels as; -1..1 was assumed. "
                "If its answers are wrong, import it again with --range 0..1 or --range 0..255."
            )
        )


def _activate(arguments: argparse.Namespace, out: TextIO) -> int:
    service = _service()
    found = service.store.get(arguments.id)
    if not found.is_backbone:
        found.tflite_bytes()  # reading it all tells damage that its length does not
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


def _way_out(error: Exception) -> str:
    """Name the options that help, where there are any."""
    from mobilenet_gui.core.install import IdTakenError

    return tr("(--id ID or --replace)") if isinstance(error, IdTakenError) else ""


def _stopped_text(arguments: argparse.Namespace) -> str:
    if arguments.action == "download":
        return tr("stopped; what has arrived is kept. Run the same command again to go on.")
    return tr("stopped; nothing was changed.")


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
    _say(out, asdict(installed_record(service.store, bundle, service.store.active_id, speed)))


def _say(out: TextIO, record: dict[str, Any]) -> None:
    print(json_line(record), file=out, flush=True)


@contextmanager
def interruptible() -> Iterator[threading.Event]:
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
