"""Owns `mobilenet-gui models`: list, download, import, activate and remove models, as text or JSON lines."""

from __future__ import annotations

import argparse
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

from mobilenet_gui.cli_command import EXIT_FAILED, EXIT_OK, EXIT_USAGE, command, interruptible, stopped_code
from mobilenet_gui.cli_dataset import path_argument
from mobilenet_gui.cli_models_show import ModelRecord, installed_record, progress_text, records, write_table
from mobilenet_gui.cli_output import Out, ProgressLine, Records, complain, prepare_stdout, printable
from mobilenet_gui.cli_parser import add_format_option
from mobilenet_gui.core.records import json_line
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.core.install import InstallProgress
    from mobilenet_gui.core.types import Normalization
    from mobilenet_gui.model_service import ModelService

RANGES: Final[dict[str, Normalization]] = {"-1..1": "minus1_1", "0..1": "zero_1", "0..255": "zero_255"}
_COLUMNS: Final = tuple(field.name for field in fields(ModelRecord))


def add_parser(subparsers: Any) -> None:
    """Add the `models` command to the command line's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "models",
        help=tr("list, download, import, choose and remove models"),
        description=tr("List, download, import, choose and remove models."),
        epilog=tr(
            "Exit status: 0 success, 1 something failed, 2 the command line is wrong, 130 stopped with Ctrl+C, 143 "
            "stopped with SIGTERM."
        ),
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar=tr("ACTION"))

    def add(name: str, text: str) -> argparse.ArgumentParser:
        action: argparse.ArgumentParser = actions.add_parser(name, help=text, description=_sentence(text))
        add_format_option(action, tr("model"))
        action.set_defaults(run=run, parser=action)
        return action

    add("list", tr("list the installed models and the official ones"))
    get = add("download", tr("download and install an official model"))
    _add_id(get, tr("an official model, such as mobilenet-v2-1.0-224; “models list” shows them all"))
    get.add_argument("--activate", action="store_true", help=_activate_help())
    get.add_argument(
        "--backbone", action="store_true", help=tr("download it without its classifier, for fine-tuning only")
    )
    take = add("import", tr("install a model from a file or folder"))
    take.add_argument(
        "file",
        type=path_argument,
        metavar="FILE",
        help=tr(
            "Keras weights (.h5, .weights.h5, .keras), a .tflite classifier, a zip of one such as Teachable Machine "
            "exports, or a folder written by “train”"
        ),
    )
    take.add_argument(
        "--labels",
        type=path_argument,
        metavar="FILE",
        help=tr("a text file of its labels, one per line (default: those inside it or beside it)"),
    )
    take.add_argument(
        "--range",
        choices=tuple(RANGES),
        help=tr("the range in which a float network expects pixels (default: as the file says, or else -1..1)"),
    )
    take.add_argument("--id", metavar="ID", help=tr("the id to give it (default: made from the file's name)"))
    take.add_argument("--name", metavar="NAME", help=tr("the name to show (default: made from the file's name)"))
    take.add_argument("--replace", action="store_true", help=tr("replace the installed model with the same id"))
    take.add_argument("--activate", action="store_true", help=_activate_help())
    for name, text in (
        ("activate", tr("make another model the active one")),
        ("remove", tr("delete an installed model and free its disk space")),
    ):
        _add_id(add(name, text), tr("the id of an installed model"))


def _activate_help() -> str:
    return tr("make it the active model, which is used from now on")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _add_id(action: argparse.ArgumentParser, text: str) -> None:
    """Let a model be named by itself or, as everywhere, with `--model`."""
    action.add_argument("id", nargs="?", metavar="ID", help=text)
    action.add_argument("-m", "--model", metavar="ID", help=tr("the same as ID"))


def _settle_id(arguments: argparse.Namespace) -> None:
    """Take the id from where it was given; without one the command ends as argparse does."""
    if "model" not in arguments:
        return
    given = [text for text in (arguments.id, arguments.model) if text is not None]
    if len(given) != 1:
        text = tr("name the model") if not given else tr("name the model only once")
        arguments.parser.error(text)
    arguments.id = given[0]


@command
def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from mobilenet_gui.core.errors import Cancelled, UserError

    _settle_id(arguments)
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
        return stopped_code()


def _list(arguments: argparse.Namespace, out: Out) -> int:
    service = _service()
    found = records(service)
    if arguments.format == "text":
        write_table(found, out)
    else:
        rows = Records(out, arguments.format, _COLUMNS)
        rows.begin()
        for record in found:
            rows.write(asdict(record))
    out.flush()
    for broken in service.store.broken():
        complain(f"{broken.path}: {broken.reason}")
    return EXIT_OK


def _download(arguments: argparse.Namespace, out: Out) -> int:
    service = _service()
    entry = service.entry(arguments.id)
    with interruptible() as cancel, ProgressLine() as line:
        show = _shower(line, entry.name)
        bundle = service.download(entry.id, show, cancel, backbone=arguments.backbone, activate=arguments.activate)
    _tell_installed(service, bundle, arguments, out)
    return EXIT_OK


def _import(arguments: argparse.Namespace, out: Out) -> int:
    service = _service()
    with interruptible() as cancel, ProgressLine() as line:
        bundle = service.import_file(
            arguments.file,
            arguments.labels,
            arguments.id,
            _shower(line, arguments.file.name),
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
        complain(tr("The labels were taken from {file}.").format(file=printable(used)))
    if bundle.manifest.assumed_range:
        complain(
            tr(
                "The file does not say in which range it expects pixels, so -1..1 was assumed. If its answers are "
                "wrong, import it again with --range 0..1 or --range 0..255."
            )
        )


def _shower(line: ProgressLine, name: str) -> Callable[[InstallProgress], None]:
    """Return what shows an installation's progress; a new step at once."""
    step = ""

    def show(now: InstallProgress) -> None:
        nonlocal step
        line.show(lambda: progress_text(name, now), at_once=now.text != step)
        step = now.text

    return show


def _activate(arguments: argparse.Namespace, out: Out) -> int:
    service = _service()
    found = service.store.get(arguments.id)
    if not found.is_backbone:
        found.tflite_bytes()  # reading it all tells damage that its length does not
    bundle = service.store.activate(arguments.id)
    if arguments.format != "text":
        _write_record(service, bundle, arguments, out)
    else:
        text = tr("{name} ({id}) is now the active model.").format(name=printable(bundle.name), id=bundle.id)
        out.write(text + "\n")
    return EXIT_OK


def _remove(arguments: argparse.Namespace, out: Out) -> int:
    store = _service().store
    freed = store.disk_usage(arguments.id)
    store.remove(arguments.id)
    active = store.active_id
    if arguments.format != "text":
        record = {"id": arguments.id, "removed": True, "freed": freed, "active": active}
        Records(out, arguments.format, tuple(record)).write(record)
        return EXIT_OK
    from mobilenet_gui.core.download_part import megabytes

    text = tr("{id} was removed, which freed {size}.").format(id=arguments.id, size=megabytes(freed))
    now = tr("No model is left.") if active is None else tr("Active model: {id}").format(id=active)
    out.write(f"{text}\n{now}\n")
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
        return tr("Stopped. What has arrived is kept; run the same command again to continue.")
    return tr("Stopped. Nothing was changed.")


def _tell_installed(service: ModelService, bundle: Bundle, arguments: argparse.Namespace, out: Out) -> None:
    if arguments.format != "text":
        _write_record(service, bundle, arguments, out)
        return
    lines = [tr("{name} was installed as {id}.").format(name=printable(bundle.name), id=bundle.id)]
    if bundle.is_backbone:
        lines.append(tr("It has no classifier: use it for fine-tuning, not to recognise photos."))
    elif service.store.active_id == bundle.id:
        lines.append(tr("It is now the active model."))
    else:
        lines.append(tr("To use it: mobilenet-gui models activate {id}").format(id=bundle.id))
    out.write("\n".join(lines) + "\n")


def _write_record(service: ModelService, bundle: Bundle, arguments: argparse.Namespace, out: Out) -> None:
    speed = service.speeds().get(bundle.id)
    record = asdict(installed_record(service.store, bundle, service.store.active_id, speed))
    Records(out, arguments.format, _COLUMNS).write(record)


def _say(out: Out, record: dict[str, Any]) -> None:
    out.write(json_line(record) + "\n")
    out.flush()
