"""Prints the completion script of a shell, made from the program's own argument parser: completions.py bash|zsh|fish.

Our own rather than a library's because the window takes photos where other programs have only commands, which the known
ones cannot say.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field

from mobilenet_gui.cli import commands_parser
from mobilenet_gui.training.export_formats import ALL_FORMATS


@dataclass
class Command:
    """A command's completions: options with their help and choices, and whether names of files follow."""

    name: str
    help: str
    options: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)


def read(name: str, text: str, parser: argparse.ArgumentParser) -> Command:
    """Take what completes out of a parser."""
    command = Command(name, text)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            command.commands = [read(key, helps.get(key, ""), part) for key, part in action.choices.items()]
        for option in action.option_strings:
            choices = tuple(str(choice) for choice in action.choices or ())
            command.options[option] = (action.help or "", choices)
    return command


def bash(root: Command) -> str:
    """Return the script for bash."""
    cases = []
    for path, command in walk(root):
        words = [*(sub.name for sub in command.commands), *command.options]
        cases.append(f"        '{' '.join(path)}') words='{' '.join(words)}' ;;")
    values = []
    for path, command in walk(root):
        for option, (_, choices) in command.options.items():
            if choices:
                values.append(f"        '{' '.join([*path, option])}') words='{' '.join(choices)}' ;;")
    lines = [
        "# Completion of mobilenet-gui for bash.",
        "_mobilenet_gui() {",
        "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}",
        "    local path='' word words=''",
        f"    local commands=' {' '.join(sorted({name for path, _ in walk(root) for name in path}))} '",
        '    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
        '        if [[ $commands == *" $word "* ]]; then path="${path:+$path }$word"; fi',
        "    done",
        '    case "$path $previous" in',
        *values,
        "    esac",
        "    if [[ -n $words ]]; then",
        '        COMPREPLY=($(compgen -W "$words" -- "$current"))',
        "        return",
        "    fi",
        '    case "$path" in',
        *cases,
        "    esac",
        "    COMPREPLY=()",
        f"    local groups='|{'|'.join(' '.join(path) for path, command in walk(root) if command.commands)}|'",
        '    if [[ $current == -* || $groups == *"|$path|"* ]]; then',
        '        COMPREPLY=($(compgen -W "$words" -- "$current"))',
        "    fi",
        "    [[ $current == -* ]] && return",
        "    # A line a name, since a name may hold spaces; what is quoted already is left to the shell (-o default).",
        "    local -a files",
        """    mapfile -t files < <(compgen -f -- "$current")""",
        """    COMPREPLY+=("${files[@]}")""",
        "}",
        "complete -o filenames -o default -F _mobilenet_gui mobilenet-gui",
        "",
    ]
    return "\n".join(lines)


def zsh(root: Command) -> str:
    """Return the script for zsh."""
    lines = [
        "#compdef mobilenet-gui",
        "# Completion of mobilenet-gui for zsh.",
        "_mobilenet_gui() {",
        "    local -a found path",
        "    local word",
    ]
    names = sorted({name for path, _ in walk(root) for name in path})
    lines += [
        f"    local commands=' {' '.join(names)} '",
        '    for word in ${words[2,CURRENT-1]}; do [[ $commands == *" $word "* ]] && path+=($word); done',
        '    case "$path $words[CURRENT-1]" in',
    ]
    for path, command in walk(root):
        for option, (_, choices) in command.options.items():
            if choices:
                lines.append(f"        '{' '.join([*path, option])}') compadd -- {' '.join(choices)}; return ;;")
    lines += ["    esac", '    case "$path" in']
    for path, command in walk(root):
        found = [_zsh_word(sub.name, sub.help) for sub in command.commands]
        found += [_zsh_word(option, text) for option, (text, _) in command.options.items()]
        lines.append(f"        '{' '.join(path)}') found=({' '.join(found)}) ;;")
    lines += ["    esac", "    _describe 'mobilenet-gui' found", "    _files", "}", '_mobilenet_gui "$@"', ""]
    return "\n".join(lines)


def fish(root: Command) -> str:
    """Return the script for fish."""
    lines = ["# Completion of mobilenet-gui for fish."]
    top = " ".join(command.name for command in root.commands)
    for path, command in walk(root):
        if not path:
            test = f"not __fish_seen_subcommand_from {top}"
        else:
            test = "; and ".join(f"__fish_seen_subcommand_from {name}" for name in path)
        for sub in command.commands:
            lines.append(f"complete -c mobilenet-gui -n '{test}' -a {sub.name} -d {_quoted(sub.help)}")
        for option, (text, choices) in command.options.items():
            kind = f"-l {option[2:]}" if option.startswith("--") else f"-s {option[1:]}"
            value = f" -x -a '{' '.join(choices)}'" if choices else ""
            lines.append(f"complete -c mobilenet-gui -n '{test}' {kind} -d {_quoted(text)}{value}")
    return "\n".join([*lines, ""])


def walk(command: Command, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Command]]:
    """Return every command below `command` with the words that lead to it, itself first."""
    found = [(path, command)]
    for sub in command.commands:
        found += walk(sub, (*path, sub.name))
    return found


def _zsh_word(name: str, text: str) -> str:
    return _quoted(f"{name.replace(':', chr(92) + ':')}:{text}" if text else name)


def _quoted(text: str) -> str:
    return "'" + text.replace("%%", "%").replace("'", "’") + "'"


if __name__ == "__main__":
    tree = read("mobilenet-gui", "", commands_parser())
    for _, found in walk(tree):
        if "--to" in found.options:  # checked when the command runs, since the parser knows no exports
            found.options["--to"] = (found.options["--to"][0], (*ALL_FORMATS, "all"))
    for found in tree.commands:
        if found.name == "help":
            found.commands = [Command(other.name, other.help) for other in tree.commands if other is not found]
    print({"bash": bash, "zsh": zsh, "fish": fish}[sys.argv[1]](tree), end="")
