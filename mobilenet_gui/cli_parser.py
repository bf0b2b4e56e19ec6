"""Owns how arguments are read: argparse that takes words and options in any order and suggests what was meant."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from mobilenet_gui.cli_unwritable import UnwritableError
from mobilenet_gui.i18n import tr


class _Printer(argparse.ArgumentParser):
    """Prints the help, versions and errors, and suggests the choice that was meant."""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        check_choice(action, value)

    def _print_message(self, message: str, file: Any = None) -> None:
        if not message or file is None or file is not sys.stdout:
            super()._print_message(message, file)
            return
        try:
            file.write(message)
        except OSError as error:  # argparse's own takes no notice
            raise UnwritableError(error) from error

    def error(self, message: str) -> NoReturn:
        from mobilenet_gui.core.addresses import shown_in

        super().error(shown_in(message))


class Parser(_Printer):
    """Reads one command's arguments.

    argparse takes a list of files only up to the next option. Here they may stand anywhere, as everywhere in a shell;
    after `--` everything is a file.
    """

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, and leave nothing over: the outer parser would name the wrong command in its usage."""
        given = list(sys.argv[1:] if args is None else args)
        if self._subparsers is not None:
            found, rest = super().parse_known_args(given, namespace)
        else:
            end = given.index("--") if "--" in given else len(given)
            given, end = self._with_values(given, end)
            options = _Part(self, [action for action in self._actions if action.option_strings])
            found, words = options.parse_known_args(given[:end], namespace)
            if any(_is_option(word) for word in words):
                self._refuse(words)
            files = _Part(self, [action for action in self._actions if not action.option_strings])
            words += given[end + 1 :]
            found, rest = files.parse_known_args(["--", *words] if words else [], found)
            for name, value in self._defaults.items():
                if not hasattr(found, name):
                    setattr(found, name, value)
        if rest:
            self._refuse([word for word in rest if word != "--"] or rest)
        return found, []

    def _with_values(self, given: list[str], end: int) -> tuple[list[str], int]:
        """Join an option and its choice (`--range -1..1`), which argparse would take for another option."""
        choices = {name: action.choices for action in self._actions for name in action.option_strings if action.choices}
        n = 1
        while n < end:
            if given[n].startswith("-") and given[n] in choices.get(given[n - 1], ()):
                given[n - 1 : n + 1] = [f"{given[n - 1]}={given[n]}"]
                end -= 1
            n += 1
        return given, end

    def _refuse(self, rest: Sequence[str]) -> NoReturn:
        word = next((text for text in rest if _is_option(text)), None)
        if word is None:
            self.error(tr("one argument too many: “{word}”").replace("{word}", rest[0]))
        name = word.partition("=")[0]
        options = [option for action in self._actions for option in action.option_strings]
        self.error(tr("there is no option “{word}”").replace("{word}", name) + meant(name, options))


class _Part(_Printer):
    """The options of a command, or its other arguments; what it says, it says in the command's name."""

    def __init__(self, whole: Parser, actions: Iterable[argparse.Action]) -> None:
        super().__init__(prog=whole.prog, add_help=False)
        self._whole = whole
        for action in actions:
            self._add_action(action)

    def print_help(self, file: Any = None) -> None:
        self._whole.print_help(file)

    def error(self, message: str) -> NoReturn:
        self._whole.error(message)


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def check_choice(action: argparse.Action, value: Any) -> None:
    """Refuse what is none of the choices, naming them and the nearest.

    Raises:
        argparse.ArgumentError: it is none of them.
    """
    if action.choices is None or value in action.choices:
        return
    choices = [str(choice) for choice in action.choices]
    known = ", ".join(choices)
    said = tr("there is no “{word}”, only {known}") if len(choices) > 1 else tr("it can only be {known}, not “{word}”")
    text = said.replace("{known}", known).replace("{word}", str(value))
    raise argparse.ArgumentError(action, text + meant(str(value), choices))


def meant(word: str, choices: Iterable[str]) -> str:
    """Return the question that goes after an error: what is most likely meant; empty where nothing is near."""
    near = closest(word, choices)
    return "" if near is None else tr(". Did you mean “{word}”?").replace("{word}", near)


def closest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that `word` is most likely a slip of, None where none is near."""
    import difflib

    by_key = {choice.casefold(): choice for choice in choices}
    near = difflib.get_close_matches(word.casefold(), by_key, n=1, cutoff=0.6)
    return by_key[near[0]] if near else None


def at_least_one(text: str) -> int:
    """Parse a whole number from 1 up, for argparse."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(tr("“{text}” is not a whole number of 1 or more").replace("{text}", text))
    return value


def add_format_option(parser: argparse.ArgumentParser, rows: str, *, json: str = "") -> None:
    """Add `--format text|json|csv`.

    Args:
        parser: the command's.
        rows: what a row of the CSV stands for.
        json: what the JSON consists of, where it is not one object a line.
    """
    parser.add_argument(
        "--format",
        choices=("text", "json", "csv"),
        default="text",
        help=tr("print text (the default), {json}, or CSV with one row per {rows}").format(
            json=json or tr("one JSON object per line"), rows=rows
        ),
    )
