"""Owns 8-bit twins: networks that count in 8 bits in place of a model's own, and when one of them answers.

A twin is made on this machine by the worker (`training.twin_making`), which tries it against the full network on photos
that it was not fitted to and measures both. It lies in the cache under the hash of the network that it stands for, so
that it goes out of use with it. Nothing here makes one; what is missing, damaged or not good enough is no error: the
full network answers.

Models that tell strangers have none. What they were shown is kept as the full network's numbers, and a limit that 95 of
100 own photos pass holds for those alone; nobody has the photos any more to choose it anew for the twin's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from mobilenet_gui import paths
from mobilenet_gui.core.kept_json import UNREADABLE, read_kept
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import Bundle

Precision = Literal["auto", "float", "int8"]
"""Which network is to answer: the faster one that agrees, the full one, or the twin."""

NETWORK_FILE: Final = "network.tflite"
RECORD_FILE: Final = "twin.json"
LEAST_AGREEMENT: Final = 0.99
"""The share of the photos it was tried on for which it names the same class first."""
MOST_DIFFERENCE: Final = 0.05
"""How far a probability may be off, the mean over those photos of the largest difference."""
MOST_TIME: Final = 0.9
"""The share of the full network's time that it may take: for less gain nothing is changed."""
_EIGHT_BIT_BELOW: Final = 1.7
"""Bytes a parameter."""
_RECIPE: Final = "1"
"""Another one makes all twins anew."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A twin and what was found out about it when it was made.

    Attributes:
        folder: where it lies.
        sha256: of its network; empty where none could be made.
        checked: on how many photos it was tried.
        agree: for how many of them it named the same class first.
        difference: the largest difference of a probability, 0-1, the mean over those photos.
        float_ms: what the full network takes for a photo here, in milliseconds; both with the program's usual threads.
        int8_ms: what the twin takes.
    """

    folder: Path
    sha256: str = ""
    checked: int = 0
    agree: int = 0
    difference: float = 1.0
    float_ms: float = 0.0
    int8_ms: float = 0.0

    @property
    def agrees(self) -> bool:
        """It answers as the full network does."""
        enough = self.checked > 0 and self.agree >= LEAST_AGREEMENT * self.checked
        return bool(self.sha256) and enough and self.difference <= MOST_DIFFERENCE

    @property
    def pays(self) -> bool:
        """It answers as the full network does, and is faster on this machine."""
        return self.agrees and 0 < self.int8_ms <= MOST_TIME * self.float_ms

    def network(self) -> bytes | None:
        """Return the network; None where it is missing or not the one that was tried."""
        with contextlib.suppress(OSError):
            data = (self.folder / NETWORK_FILE).read_bytes()
            if hashlib.sha256(data).hexdigest() == self.sha256:
                return data
        return None

    def record(self) -> bytes:
        """Return the content of `RECORD_FILE`."""
        figures = {name: getattr(self, name) for name in self.__slots__ if name != "folder"}
        return json.dumps(figures, indent=1).encode("ascii")


def place(bundle: Bundle) -> Path:
    """Return the folder of a model's twin, which need not exist; another on a machine that shares this home."""
    entry = bundle.manifest.files.get("model")
    network = "" if entry is None else entry.sha256
    parts = (_RECIPE, network, bundle.preprocessing.normalization, socket.gethostname())
    return paths.cache_dir() / "twins" / hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def counts_in_8_bits(bundle: Bundle) -> bool:
    """Say whether a model's own network holds 8-bit numbers, as far as its size tells."""
    entry, parameters = bundle.manifest.files.get("model"), bundle.manifest.parameters
    return entry is not None and bool(parameters) and entry.size < _EIGHT_BIT_BELOW * (parameters or 0)


def hindrance(bundle: Bundle) -> str:
    """Return why a model has no twin, as a sentence; empty where one can be made, as far as is known."""
    if bundle.is_backbone:
        return tr("It has no classifier and can only be fine-tuned.")
    if bundle.tells_strangers:
        return tr("It tells photos that are unlike those it was shown by the numbers of its full network.")
    if counts_in_8_bits(bundle):
        return tr("It counts in 8 bits already.")
    if not bundle.trainable:
        return tr("The weights that an 8-bit network is made from are not part of it.")
    return ""


def find(bundle: Bundle) -> Twin | None:
    """Return what is known of a model's twin; None where none was tried to make, or the record is damaged."""
    folder = place(bundle)
    try:
        raw = read_kept(folder / RECORD_FILE)
        whole = [int(raw[name]) for name in ("checked", "agree")]
        real = [float(raw[name]) for name in ("difference", "float_ms", "int8_ms")]
        return Twin(folder, str(raw["sha256"]), *whole, *real)
    except (*UNREADABLE, KeyError, TypeError, ValueError, OverflowError):
        return None


def settled(bundle: Bundle, precision: Precision) -> Bundle:
    """Return a model that answers with the wanted precision, as far as that is there; see `Bundle.twin`.

    Args:
        bundle: the model.
        precision: with `auto` the twin answers where it agrees and is faster; with `int8` wherever there is one.
    """
    if precision == "float" or hindrance(bundle):
        return bundle
    twin = find(bundle)
    wanted = twin is not None and (twin.pays if precision == "auto" else bool(twin.sha256))
    return bundle.with_twin(twin) if wanted else bundle


def forget(bundle: Bundle) -> None:
    """Delete a model's twin, if there is one."""
    shutil.rmtree(place(bundle), ignore_errors=True)
