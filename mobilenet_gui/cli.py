"""The command line: parses, and hands over to one module a command. Never imports Qt unless the window is asked for."""

from __future__ import annotations

import argparse
import gc
import io
import sys
from collections.abc import Sequence

# First, so that its clock starts as early as the process lets us.
from mobilenet_gui import __version__, startup
from mobilenet_gui.__main__ import COMMANDS
from mobilenet_gui.i18n import tr

EXIT_USAGE = 2


def main(argv: Sequence[str]) -> int:
    """Run the command in `argv` (without the program's name); return the exit code.

    Anything that is not a command is a photo for the window, so that a file manager can open us with files.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # the help, too, must be printable in any encoding
    wants_command = bool(argv) and (argv[0] in COMMANDS or argv[0] == "help")
    if not wants_command:
        return _window(argv)
    if argv[0] == "help":
        commands_parser().print_help()
        return 0
    arguments = commands_parser().parse_args(list(argv))
    return int(arguments.run(arguments))


def commands_parser() -> argparse.ArgumentParser:
    """Return the parser of every command; the installers make the shells' completions from it."""
    from mobilenet_gui import cli_bench, cli_classify, cli_evaluate, cli_export, cli_models, cli_train, cli_watch

    parser = argparse.ArgumentParser(prog="mobilenet-gui", description=tr("Recognise photos with MobileNet."))
    commands = parser.add_subparsers(dest="command", required=True, metavar=tr("COMMAND"))
    for module in (cli_classify, cli_watch, cli_train, cli_evaluate, cli_export, cli_models, cli_bench):
        module.add_parser(commands)
    return parser


def _window(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="mobilenet-gui",
        description=tr("Recognise photos with MobileNet. Without a command, opens the window."),
        epilog=tr(
            "Commands: classify, watch, train, evaluate, export, models, bench. "
            "“mobilenet-gui COMMAND --help” tells more."
        ),
    )
    parser.add_argument(
        "photos",
        nargs="*",
        metavar=tr("FILE"),
        help=tr("photos or folders to open in the window; also a video, a model or an exported project"),
    )
    parser.add_argument("--version", action="version", version=f"MobileNet GUI {__version__}")
    parser.add_argument(
        "--startup-trace", action="store_true", help=tr("print to stderr how long each step of the start took")
    )
    parser.add_argument(
        "--new-window", action="store_true", help=tr("open a window of its own, even if one is open already")
    )
    arguments = parser.parse_args(list(argv))
    trace = startup.StartupTrace(arguments.startup_trace)
    # Opening makes a hundred thousand objects that all stay; to look through them for garbage meanwhile costs a tenth
    # of the time. `app` puts the collector to work again once the window stands.
    gc.disable()
    try:
        from mobilenet_gui.app import end_process, run
    except ImportError as error:
        print(tr("The window cannot be opened: {reason}").format(reason=error), file=sys.stderr)
        return 1
    code = run(arguments.photos, trace=trace, new_window=arguments.new_window)
    end_process(code)
    return code
