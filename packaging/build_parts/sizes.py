"""Owns the report of what makes a frozen program as big as it is."""

from __future__ import annotations

from pathlib import Path

from build_parts.environment import say

GROUPS = {
    "TensorFlow (training)": (
        "tensorflow",
        "keras",
        "grpc",
        "h5py",
        "h5py.libs",
        "ml_dtypes",
        "optree",
        "google",
        "wrapt",
    ),
    "Qt (the window)": ("PySide6", "shiboken6"),
    "OpenCV (cameras, videos)": ("cv2", "opencv_python_headless.libs", "opencv_python_headless"),
    "LiteRT (recognition)": ("ai_edge_litert",),
    "NumPy": ("numpy", "numpy.libs"),
    "Pillow (photos)": ("PIL", "pillow.libs", "pi_heif", "pi_heif.libs", "_pi_heif"),
    "Resources (models, fonts, samples)": ("resources",),
    "Licences": ("notices",),
}


def report_sizes(frozen: Path) -> dict[str, int]:
    """Print and return the bytes of each part, largest first; what has no group is Python and small libraries."""
    inside = frozen / "_internal"
    owner = {name: group for group, names in GROUPS.items() for name in names}
    sizes: dict[str, int] = {}
    for path in frozen.rglob("*"):
        if path.is_file() and not path.is_symlink():
            first = path.relative_to(inside).parts[0] if path.is_relative_to(inside) else ""
            group = owner.get(first, "Python and small libraries")
            sizes[group] = sizes.get(group, 0) + path.stat().st_size
    for group, size in sorted(sizes.items(), key=lambda item: -item[1]):
        say(f"{size / 1e6:6.0f} MB  {group}")
    say(f"{sum(sizes.values()) / 1e6:6.0f} MB  in all")
    return sizes
