"""Owns how the photo threads share the machine with the window: they stand back and pass the interpreter on."""

from __future__ import annotations

import contextlib
import os
import sys
import threading

NICENESS = 5
SWITCH_SECONDS = 0.0005
"""How long a thread may keep the interpreter while another waits. With Python's 5 ms the window would wait that long
at every call that lets go of it, dozens of times for one repaint, while photos are decoded in three threads."""


def share_interpreter() -> None:
    """Let the window's thread get the interpreter back quickly; holds for the whole process."""
    sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_SECONDS))


def stand_back() -> None:
    """Let the calling thread give way to the window's where processors are short. Only Linux knows it by thread."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ours = os.getpriority(os.PRIO_PROCESS, 0)  # a program that stands back already stays there
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), max(NICENESS, ours))
