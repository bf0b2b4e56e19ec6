"""The one entry of the program: the window, a command, or the training worker; the same when frozen.

Imports stay inside the branches: the worker must not pay for Qt, nor a command for the window.
"""

from __future__ import annotations

import signal
import sys
from multiprocessing import freeze_support

COMMANDS = frozenset({"bench", "classify", "evaluate", "export", "help", "models", "train", "watch"})


def main(argv: list[str] | None = None) -> int:
    """Run what `argv` (default: the process's own) asks for and return the exit code."""
    freeze_support()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["worker"]:
        from mobilenet_gui.training.worker import main as worker_main

        return worker_main(arguments[1:])
    try:
        from mobilenet_gui import paths

        paths.ensure_home()  # the worker inherits it
        from mobilenet_gui.cli import main as cli_main

        return cli_main(arguments)
    except KeyboardInterrupt:  # before the command was far enough to say so itself
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
