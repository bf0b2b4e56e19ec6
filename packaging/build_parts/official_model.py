"""Makes a shipped bundle of an official model from a local weights file: official_model.py ID FILE FOLDER.

Run with the build environment's Python and a MOBILENET_GUI_HOME of its own. The file goes the way of every import: its
structure is checked layer by layer, it is converted and tried; it must be what the catalogue says of ID, and its hash
the published one where there is one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

from mobilenet_gui.__main__ import main as program
from mobilenet_gui.core import catalog
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.manifest import MANIFEST_NAME
from mobilenet_gui.paths import models_dir


def main(model_id: str, file: Path, folder: Path) -> int:
    """Write FOLDER/ID; return the exit code."""
    entry = catalog.by_id(model_id)
    if entry is None:
        return _fail(f"{model_id} is no official model; “mobilenet-gui models list” names them.")
    if entry.weights.md5 and hashlib.md5(file.read_bytes()).hexdigest() != entry.weights.md5:
        return _fail(f"{file} is not the published file of {model_id}: its hash differs.")
    if (code := program(["models", "import", str(file), "--id", model_id])) != 0:
        return code
    bundle = Bundle.open(models_dir() / model_id)
    made = (bundle.manifest.family, bundle.manifest.alpha, bundle.manifest.input_size)
    if made != (entry.family, entry.alpha, entry.input_size):
        return _fail(f"{file} is another network ({made}) than {model_id}.")
    target = folder / model_id
    shutil.copytree(bundle.folder, target)
    path = target / MANIFEST_NAME
    manifest = json.loads(path.read_bytes())
    manifest.update(
        builtin=True,
        name=entry.name,
        licence=entry.licence,
        metrics={**manifest["metrics"], "top1": entry.top1, "top5": entry.top5},
    )
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    Bundle.open(target).verify()
    return 0


def _fail(text: str) -> int:
    print(text, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
