"""The command line: parses, and hands over to one module a command. Never imports Qt unless the window is asked for."""

from __future__ import annotations

import argparse
import gc
import io
import os
import sys
from collections.abc import Sequence
from typing import Any

# First, so that its clock starts as early as the process lets us.
from mobilenet_gui import __version__, startup
from mobilenet_gui.__main__ import COMMANDS
from mobilenet_gui.cli_parser import Parser, meant
from mobilenet_gui.cli_unwritable import UnwritableError
from mobilenet_gui.i18n import tr

EXIT_USAGE = 2


def main(argv: Sequence[str]) -> int:
    """Run the command in `argv` (without the program's name); return the exit code.

    Anything that is not a command is a photo for the window, so that a file manager can open us with files.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # the help, too, must be printable in any encoding
    try:
        return _main(argv)
    except SystemExit:  # argparse's, after the help or an error
        from mobilenet_gui.cli_command import flushed_code

        if (code := flushed_code()) is not None:
            raise SystemExit(code) from None
        raise
    except UnwritableError as error:
        from mobilenet_gui.cli_command import unwritable

        return unwritable(error)


def _main(argv: Sequence[str]) -> int:
    if argv and argv[0] in COMMANDS:
        arguments = commands_parser().parse_args(list(argv))
        return int(arguments.run(arguments))
    if argv and _is_slip(argv[0]):
        print(_not_found(argv[0]), file=sys.stderr)
        return EXIT_USAGE
    # Only one that is an address pays for the modules that know them.
    if any("://" in word and (refusal := _on_the_web(word)) for word in argv):
        print(refusal, file=sys.stderr)
        return EXIT_USAGE
    return _window(argv)


def _on_the_web(word: str) -> str:
    """Say that the window opens no address of the web; empty where the word is none."""
    from mobilenet_gui.core.errors import PhotoError
    from mobilenet_gui.core.file_address import given_path, is_file_address

    if is_file_address(word):
        return ""  # the window says what is wrong with it
    try:
        given_path(word)
    except PhotoError as error:
        return tr("mobilenet-gui: {error} “mobilenet-gui watch ADDRESS” watches a stream.").format(error=error)
    return ""


def _is_slip(word: str) -> bool:
    """Say whether a first word can be nothing but a mistyped command: no path, no file name, and no such file."""
    bare = not word.startswith("-") and os.path.basename(word) == word and "." not in word  # noqa: PTH119
    return bare and bool(word) and not os.path.lexists(word)


def _not_found(word: str) -> str:
    from mobilenet_gui.cli_output import printable

    text = tr("mobilenet-gui: “{word}” is neither a command nor a file").replace("{word}", printable(word))
    return text + (meant(word, sorted(COMMANDS)) or tr(". “mobilenet-gui --help” lists the commands."))


def _help(arguments: argparse.Namespace) -> int:
    """Print the help of the program, of a command, or of one of a command's actions."""
    parser: argparse.ArgumentParser = commands_parser()
    for word in arguments.words:
        choices = _choices(parser)
        if word not in choices:
            parser.error(tr("there is no command “{word}”").replace("{word}", word) + meant(word, choices))
        parser = choices[word]
    parser.print_help()
    return 0


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the commands below a parser."""
    actions = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(actions[0].choices) if actions else {}


def commands_parser() -> Parser:
    """Return the parser of every command and of the window's options; the installers make completions from it."""
    from mobilenet_gui import cli_bench, cli_classify, cli_evaluate, cli_export, cli_models, cli_train, cli_watch
    from mobilenet_gui.cli_command import command

    parser = Parser(
        prog="mobilenet-gui",
        usage=tr("mobilenet-gui [OPTION ...] [FILE ...]\n       mobilenet-gui COMMAND ..."),
        description=tr(
            "Recognise photos and live video with MobileNet, and train models of your own. Without a command, this "
            "opens the window, along with any files you name: photos, folders, a video, a model or an exported project."
        ),
        epilog=tr(
            "“mobilenet-gui help COMMAND” explains a command. To open a file that has the name of a command, write "
            "./NAME. Exit status: 0 success, 1 something failed, 2 the command line is wrong, 130 stopped with "
            "Ctrl+C, 141 the reader of a pipe left, 143 stopped with SIGTERM."
        ),
        add_help=False,
    )
    _add_window_options(parser)
    commands = parser.add_subparsers(
        dest="command", required=True, metavar=tr("COMMAND"), title=tr("commands"), prog="mobilenet-gui"
    )
    for module in (cli_classify, cli_watch, cli_train, cli_evaluate, cli_export, cli_models, cli_bench):
        module.add_parser(commands)
    explain = commands.add_parser(
        "help",
        usage=tr("%(prog)s [COMMAND ...]"),
        help=tr("explain a command"),
        description=tr("Explain a command, as its --help does."),
    )
    explain.add_argument("words", nargs="*", metavar=tr("COMMAND"), help=tr("such as “train” or “models import”"))
    explain.set_defaults(run=command(_help))
    return parser


def _add_window_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-h", "--help", action=_HelpOption, nargs=0, help=tr("show this help and exit"))
    parser.add_argument(
        "-V",
        "--version",
        action="version",
        version=f"MobileNet GUI {__version__}",
        help=tr("show the version and exit"),
    )
    parser.add_argument(
        "--new-window", action="store_true", help=tr("open another window, even if one is open already")
    )
    parser.add_argument(
        "--startup-trace", action="store_true", help=tr("print how long each step of the start took, to stderr")
    )


class _HelpOption(argparse.Action):
    """Prints the whole program's help, which the window's own parser does not know: it loads no command."""

    def __call__(self, *_: Any) -> None:
        commands_parser().print_help()
        raise SystemExit(0)


def _window(argv: Sequence[str]) -> int:
    parser = Parser(prog="mobilenet-gui", usage=tr("mobilenet-gui [OPTION ...] [FILE ...]"), add_help=False)
    _add_window_options(parser)
    parser.add_argument("photos", nargs="*", metavar=tr("FILE"))
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
