"""Owns the process that tries one network for `core.trial` and may be lost with it. No TensorFlow."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any, Final

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr

MOST_MEMORY: Final = 8 << 30
"""Address space, in bytes: a network that asks for more fails here instead of bringing the machine to a stand."""
CPU_SECONDS: Final = 30
"""What the network may compute, start of the process included: MobileNets answer within milliseconds. Waiting, for a
slow disk or a busy computer, does not count."""
LIFE_SECONDS: Final = 150.0


def main() -> int:
    """Read `{"folder", "sha256"}` from stdin, try that bundle, say `{"tried": true}` or `{"reason"}` on stdout."""
    out = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no answer
    order = json.loads(os.read(0, 1 << 20))
    _limit()
    answer: dict[str, Any] = {"tried": True}
    try:
        _try(Path(order["folder"]), order["sha256"])
    except UserError as error:
        answer = {"reason": error.reason}
    except MemoryError:
        answer = {"reason": tr("The network needs more memory than there is.")}
    os.write(out, json.dumps(answer).encode())
    sys.stdout.flush()
    os._exit(0)  # LiteRT's threads may take their time


def _try(folder: Path, sha256: str) -> None:
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.core.bundle_files import damaged
    from mobilenet_gui.core.tflite_graph import parse
    from mobilenet_gui.core.tflite_import import ask

    bundle = Bundle.open(folder)
    entry = bundle.manifest.files.get("model")
    if entry is None or entry.sha256 != sha256:  # exchanged meanwhile
        raise damaged(str(folder), "model.tflite" if entry is None else entry.name)
    parse(bundle.tflite_bytes(), bundle.name, outputs=2 if bundle.explainable else 1)
    ask(bundle, bundle.name)


def _limit() -> None:
    # Whoever started us ends us sooner; this is for the case that they are gone.
    last = threading.Timer(LIFE_SECONDS, os._exit, (1,))
    last.daemon = True
    last.start()
    if sys.platform != "win32":
        import resource

        limits = [
            (resource.RLIMIT_CPU, CPU_SECONDS),
            (resource.RLIMIT_CORE, 0),  # a crash is expected and leaves nothing behind
        ]
        if sys.platform == "linux":  # macOS refuses it
            limits.append((resource.RLIMIT_AS, MOST_MEMORY))
        for what, most in limits:
            _, hard = resource.getrlimit(what)
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
