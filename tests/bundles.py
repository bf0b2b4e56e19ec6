"""Small bundles for tests, made on the spot: right in form, with a network that nobody runs."""

from __future__ import annotations

from pathlib import Path

from mobilenet_gui.core.bundle import Bundle, write_bundle
from mobilenet_gui.core.manifest import Manifest
from mobilenet_gui.core.types import Label, Preprocessing


def make_bundle(
    folder: Path, bundle_id: str = "cats", *, name: str = "", content: bytes = b"network", backbone: bool = False
) -> Bundle:
    """Write a bundle of two classes, or a backbone, into `folder`."""
    manifest = Manifest(
        id=bundle_id,
        name=name or bundle_id.title(),
        family="v1",
        preprocessing=Preprocessing(size=32),
        classes=0 if backbone else 2,
    )
    if backbone:
        weights = folder.parent / f"{bundle_id}-source.h5"
        weights.parent.mkdir(parents=True, exist_ok=True)
        weights.write_bytes(content)
        try:
            return write_bundle(folder, manifest, weights=weights)
        finally:
            weights.unlink()
    return write_bundle(folder, manifest, tflite=content, labels=[Label(0, "", "cat"), Label(1, "", "dog")])
