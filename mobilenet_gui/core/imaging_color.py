"""Owns how pixels of any kind become 8-bit sRGB: 16 bits, grey, palettes, alpha, CMYK, colour profiles."""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from PIL import Image

BACKGROUND: Final = (255, 255, 255)
"""What shows through transparent parts."""

Converter = Callable[[Image.Image], Image.Image]
"""Turns an image, or any part of it, into mode RGB."""

_PROFILE_LIMIT: Final = 4 * 1024 * 1024
_CACHED_PROFILES: Final = 16

_transforms: OrderedDict[tuple[bytes, str], Any] = OrderedDict()
_transforms_lock = threading.Lock()


def rgb_converters(image: Image.Image) -> tuple[Converter, Converter | None]:
    """Return how `image`, which must be loaded, becomes RGB, and how that RGB becomes sRGB.

    What depends on the whole photo, its colour profile, is settled here, so the first
    function may be given the photo piece by piece. The second is None for a photo that is sRGB already; it works
    pixel by pixel, so it is cheapest applied to the smallest version that is needed.
    """
    mode = image.mode
    profile = image.info.get("icc_profile")
    if mode in {"LA", "La", "PA", "RGBA", "RGBa"} or (mode in {"P", "L", "RGB"} and "transparency" in image.info):
        to_rgb: Converter = _flatten
    elif mode.startswith("I;16"):
        to_rgb = _deep_to_rgb
    elif mode in {"LAB", "CMYK"}:
        return profile_to_srgb(profile, mode) or _plain, None
    else:
        to_rgb = _unchanged if mode == "RGB" else _plain
    return to_rgb, profile_to_srgb(profile, "RGB") if profile and mode not in {"L", "LA", "1"} else None


def _unchanged(image: Image.Image) -> Image.Image:
    return image


def _plain(image: Image.Image) -> Image.Image:
    return image.convert("RGB")


def _flatten(image: Image.Image) -> Image.Image:
    """Lay a photo with transparent parts over the background."""
    rgba = image if image.mode == "RGBA" else image.convert("RGBA")
    flat = Image.new("RGB", rgba.size, BACKGROUND)
    flat.paste(rgba, mask=rgba.getchannel("A"))
    return flat


def _deep_to_rgb(image: Image.Image) -> Image.Image:
    """Bring 16-bit grey to 8 bits. Deeper and floating-point photos come by `imaging_bands`."""
    values = np.asarray(image).astype(np.float32)
    values *= 255.0 / 65535.0
    return Image.fromarray(np.rint(values).astype(np.uint8)).convert("RGB")


def profile_to_srgb(profile: object, mode: str) -> Converter | None:
    """Return the conversion from `profile` to sRGB, or None where there is none that is needed or could be used."""
    if mode != "LAB" and (not isinstance(profile, bytes) or not 128 <= len(profile) <= _PROFILE_LIMIT):
        return None
    data = profile if isinstance(profile, bytes) else b""
    key = (hashlib.blake2b(data, digest_size=16).digest(), mode)
    with _transforms_lock:
        if key in _transforms:
            _transforms.move_to_end(key)
        else:
            _transforms[key] = _build_transform(data, mode)
            if len(_transforms) > _CACHED_PROFILES:
                _transforms.popitem(last=False)
        transform = _transforms[key]
    if transform is None:
        return None

    def apply(image: Image.Image) -> Image.Image:
        result = Image.new("RGB", image.size)
        transform.apply(image, result)
        return result

    return apply


def _build_transform(data: bytes, mode: str) -> Any:
    """Return ImageCms' transform to sRGB, or None when the profile is sRGB, of another mode, or broken."""
    from PIL import ImageCms

    try:
        if mode == "LAB":
            source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(data))
            if source.profile.xcolor_space.strip() != mode:
                return None
            if "sRGB" in (source.profile.profile_description or ""):
                return None
        target = ImageCms.createProfile("sRGB")
        return ImageCms.buildTransform(source, target, mode, "RGB", ImageCms.Intent.PERCEPTUAL)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None
