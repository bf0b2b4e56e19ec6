"""Owns how a command names a model: `--model`, or an older place for it, and what may stand there."""

from __future__ import annotations

import argparse
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobilenet_gui.cli_output import complain
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.core.store import ModelStore
    from mobilenet_gui.core.twins import Precision
    from mobilenet_gui.training.run_folder import RunFolder


def add_model_option(parser: argparse.ArgumentParser, help: str = "", *also: str) -> None:  # noqa: A002
    """Add `--model MODEL`; `help` says what it is for where that is not obvious, `also` are older names of it."""
    parser.add_argument(
        "-m",
        "--model",
        *also,
        metavar="MODEL",
        dest="model",
        help=help
        or tr(
            "the model to use: the id of an installed model, a model's folder, or a folder written by “train” "
            "(default: the active model)"
        ),
    )


def add_precision_option(parser: argparse.ArgumentParser) -> None:
    """Add `--precision`, for commands in which a model answers."""
    parser.add_argument(
        "--precision",
        choices=("auto", "float", "int8"),
        default="auto",
        help=tr(
            "what the network counts in: int8 makes an 8-bit network of the model the first time; auto uses one that "
            "is there, agrees with the full one and is faster (default: auto)"
        ),
    )


_MODEL_FILES: Final = (".tflite", ".h5", ".keras", ".zip")


def place_of(text: str) -> RunFolder | Path | None:
    """Return the training or the model's folder that `text` names; None where it is an installed model's id.

    Raises:
        UserError: it names what can be neither.
    """
    from mobilenet_gui.core.file_address import given_path

    place = Path(os.path.abspath(given_path(text)))  # noqa: PTH100 - links stay as they are
    if (place / "run.json").is_file():
        from mobilenet_gui.training.run_folder import RunFolder

        return RunFolder(place)
    named = os.sep in text or "/" in text
    if (named or place.suffix in _MODEL_FILES) and place.exists() and not place.is_dir():
        from mobilenet_gui.core.errors import ModelError

        reason = tr(
            "This is not the folder of a model. To use a file, import it first: “mobilenet-gui models import FILE”."
        )
        raise ModelError(text, reason)
    if named or (place / "manifest.json").is_file():
        return place
    return None


def find_model(model: str | None, precision: Precision = "float") -> Bundle:
    """Return the model of that id, the one in that folder or of that training, or the active one; it has been tried.

    Raises:
        ModelError: it is not installed, cannot be used, cannot answer with that precision, or there is none at all.
    """
    from mobilenet_gui.core import trial

    bundle = _find_model(model)
    trial.ensure(bundle)  # here, in the main thread, where Ctrl-C ends it at once
    return with_precision(bundle, precision)


def with_precision(bundle: Bundle, precision: Precision) -> Bundle:
    """Return a model that answers with the wanted precision; where `int8` is asked for, its network is made if missing.

    Raises:
        ModelError: it has no 8-bit network.
        StorageError: the network that was made cannot be kept.
    """
    from mobilenet_gui.core import twins
    from mobilenet_gui.core.errors import ModelError

    if precision != "int8" or twins.counts_in_8_bits(bundle):
        return twins.settled(bundle, precision)
    if reason := twins.hindrance(bundle):
        raise ModelError(bundle.name, reason)
    chosen = twins.settled(bundle, precision)
    if chosen.twin is None:
        from mobilenet_gui.model_builder import make_twin

        complain(tr("Making the 8-bit network of “{model}”, once ...").format(model=bundle.name))
        make_twin(bundle, threading.Event())  # Ctrl-C ends it, too
        chosen = twins.settled(bundle, precision)
    if chosen.twin is None:
        raise ModelError(bundle.name, tr("Its network cannot be made in 8 bits."))
    return chosen


def _find_model(model: str | None) -> Bundle:
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.core.store import ModelStore

    if model is None:
        return active_model(ModelStore())
    place = place_of(model)
    if place is None:
        return ModelStore().get(model)
    return Bundle.open(place if isinstance(place, Path) else place.bundle_folder)


def active_model(store: ModelStore) -> Bundle:
    """Return the active model; where another answers for it because it is broken, say so.

    Raises:
        ModelError: there is none.
    """
    from mobilenet_gui.core.errors import ModelError

    bundle = store.active()
    if bundle is None:
        raise ModelError(
            "",
            tr(
                "No model is installed. “mobilenet-gui models list” shows what there is, "
                "“mobilenet-gui models download ID” gets one, “mobilenet-gui models import FILE” makes one from a file."
            ),
        )
    chosen = store.chosen_id()
    if chosen is not None and chosen != bundle.id:
        try:
            store.get(chosen)
        except ModelError as error:
            text = tr("“{model}” cannot be used. {reason} “{other}” answers instead.")
            complain(text.format(model=chosen, reason=error.reason, other=bundle.name))
    return bundle
