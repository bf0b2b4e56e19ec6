"""Fetches MobileNet V2 1.0/224 from Keras' address while a checkout is set up: `python -m mobilenet_gui.seed_model`.

Setting up fetches packages, so there is a network, or there is none; either way it costs one line. The window itself
never does this: it asks before any connection. `MOBILENET_GUI_FETCH=no` skips it.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Final

from mobilenet_gui import paths
from mobilenet_gui.core.errors import Cancelled, UserError
from mobilenet_gui.core.install import InstallProgress
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.i18n import tr
from mobilenet_gui.model_service import ModelService
from mobilenet_gui.settings import SettingsStore

FETCH_VARIABLE: Final = "MOBILENET_GUI_FETCH"
MODEL_ID: Final = "mobilenet-v2-1.0-224"
CONNECT_SECONDS: Final = 3.0
"""Looking up the name counts, too, which no network library limits."""


def fetch(service: ModelService, connect_seconds: float = CONNECT_SECONDS) -> str:
    """Download, verify and install it, and let it answer where the user has not chosen another model.

    Args:
        service: the user's models.
        connect_seconds: within which something has to arrive.

    Returns:
        What came of it, in one line; empty where it was installed before.
    """
    stop, arrived = threading.Event(), threading.Event()

    def hear(now: InstallProgress) -> None:
        if now.done or now.step != "downloading":
            arrived.set()

    def give_up() -> None:
        if not arrived.is_set():
            stop.set()

    if any(bundle.id == MODEL_ID for bundle in service.store.list()):
        return ""
    late = threading.Timer(connect_seconds, give_up)
    late.daemon = True
    late.start()
    try:
        bundle = service.download(MODEL_ID, hear, stop)
    except Cancelled:
        reason = tr("no answer within {n} seconds").format(n=round(connect_seconds))
    except UserError as error:
        reason = error.reason.rstrip(".")
    else:
        said = tr("Fetched {name}; it answers now.") if service.store.chosen_id() == MODEL_ID else tr("Fetched {name}.")
        return said.format(name=bundle.name)
    finally:
        late.cancel()
    return tr("MobileNet V2 was not fetched ({reason}); the built-in model answers.").format(reason=reason)


def main() -> int:
    """Fetch it unless that is forbidden; never fails, for the program works without."""
    if os.environ.get(FETCH_VARIABLE, "").strip().lower() in ("no", "0", "off", "false"):
        return 0
    try:
        said = fetch(ModelService(SettingsStore(paths.settings_file()).values, ModelStore()))
    except (UserError, OSError) as error:
        said = str(error)
    if said:
        print(said, file=sys.stderr)  # noqa: T201 - a program of its own here
    sys.stderr.flush()
    os._exit(0)  # a thread may hang in looking up the name


if __name__ == "__main__":
    sys.exit(main())
