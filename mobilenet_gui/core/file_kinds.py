"""Owns what lies among photos and is none: systems' folders, cameras' raw files, videos, documents; and its words.

Told by names alone, before anything is opened. No Qt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.i18n import tr, trn

RAW_SUFFIXES: Final = frozenset(
    {
        ".3fr", ".ari", ".arw", ".bay", ".braw", ".cap", ".cr2", ".cr3", ".crw", ".cs1", ".dcr", ".dcs", ".dng", ".drf",
        ".eip", ".erf", ".fff", ".gpr", ".iiq", ".k25", ".kdc", ".mdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf",
        ".ori", ".pef", ".ptx", ".pxn", ".r3d", ".raf", ".raw", ".rw2", ".rwl", ".rwz", ".sr2", ".srf", ".srw", ".x3f",
    }
)  # fmt: skip
"""Raw files of cameras. Many are TIFF files outside, with a thumbnail of 160 × 120 pixels in front: read as such, they
would be judged by that without a word."""
VIDEO_SUFFIXES: Final = frozenset(
    {
        ".3g2", ".3gp", ".asf", ".avi", ".dv", ".f4v", ".flv", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mkv",
        ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mts", ".mxf", ".ogm", ".ogv", ".qt", ".ts", ".vob", ".webm", ".wmv",
    }
)  # fmt: skip
_SYSTEM_FOLDERS: Final = frozenset(
    {
        "__macosx", "__pycache__", "node_modules", "lost+found", "system volume information", "$recycle.bin",
        "$recycle", "recycler", "recycled", "msocache", "network trash folder", "temporary items",
        "thevolumesettingsfolder", "_vti_cnf", "_gsdata_", "@eadir", "@tmp", "@sharesnap", "lrtemporary", "#recycle",
        "#snapshot", "#trash",
    }
)  # fmt: skip
_SYSTEM_STARTS: Final = (".", "@__", "@recently", "@recycle", "$windows.~", "found.0")
"""Hidden ones, and those of QNAP (`@__thumb`) and Windows (`found.000`)."""
_SYSTEM_ENDS: Final = (".lrdata", ".photoslibrary", ".photolibrary", ".aplibrary", "_cache~")
_SYSTEM_FILES: Final = frozenset(
    {"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "picasa.ini", "icon\r"}
)
_TITLES: Final = {
    ".md": "Markdown", ".zip": "ZIP", ".psd": "Photoshop", ".jp2": "JPEG 2000", ".j2k": "JPEG 2000", ".jxl": "JPEG XL",
    ".docx": "Word", ".doc": "Word", ".xlsx": "Excel", ".xls": "Excel", ".pptx": "PowerPoint", ".ppt": "PowerPoint",
}  # fmt: skip
_SEVERAL: Final = 6
"""Kinds that are named; the others are only counted."""


def is_system_folder(name: str) -> bool:
    """Say whether a folder of that name belongs to a system or a program, and holds nobody's photos."""
    small = name.strip().casefold()
    return small in _SYSTEM_FOLDERS or small.startswith(_SYSTEM_STARTS) or small.endswith(_SYSTEM_ENDS)


def is_raw(path: str | Path) -> bool:
    """Say whether a file is a camera's raw file, by its name."""
    return Path(path).suffix.lower() in RAW_SUFFIXES


def is_video(path: str | Path) -> bool:
    """Say whether a file is a video, by its name."""
    return Path(path).suffix.lower() in VIDEO_SUFFIXES


def raw_error(path: Path, name: str = "") -> PhotoError:
    """Return why a raw file is not read, and what to do."""
    reason = tr("Camera raw files ({kind}) are not supported. Export the photo as JPEG or TIFF.")
    return PhotoError(name or str(path), reason.replace("{kind}", kind_of(path)))


def not_a_photo(path: Path) -> str:
    """Say why a file that is no photo is not taken, by its kind."""
    if is_raw(path):
        return raw_error(path).reason
    kind = kind_of(path)
    return (
        tr("This is not a photo.")
        if kind == tr("other")
        else tr("This is not a photo ({kind}).").replace("{kind}", kind)
    )


def kind_of(path: Path) -> str:
    """Return what a file that is no photo is called, by its name: “PDF”, “CR2”, “MP4”."""
    ending = path.suffix.lower()
    if not 1 < len(ending) < 7 or not ending[1:].isalnum():
        return tr("other")
    return _TITLES.get(ending, ending[1:].upper())


@dataclass(slots=True)
class LeftOut:
    """Files that were found where photos are wanted, and are none.

    Attributes:
        kinds: how many of each; see `kind_of`.
        videos: those among them that photos can be taken out of.
        raw: how many are raw files of cameras.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    videos: list[Path] = field(default_factory=list)
    raw: int = 0

    def add(self, path: Path) -> None:
        """Count a file, unless it is one that no person knows of."""
        name = path.name.casefold()
        if name in _SYSTEM_FILES or name.startswith("."):
            return
        self.kinds[kind_of(path)] += 1
        if is_video(path):
            self.videos.append(path)
        self.raw += is_raw(path)

    def extend(self, paths: Iterable[Path]) -> None:
        """Count several."""
        for path in paths:
            self.add(path)

    @property
    def total(self) -> int:
        """How many there are."""
        return self.kinds.total()

    def words(self) -> str:
        """Say what was left out, by kind, in a sentence or two; empty where nothing was."""
        if not self.total:
            return ""
        ordered = [kind for kind, _ in self.kinds.most_common() if kind != tr("other")]
        names = ordered[:_SEVERAL]
        if len(ordered) > _SEVERAL or len(ordered) < len(self.kinds):
            names.append(tr("and others"))
        text = trn("{n} file is not a photo: {kinds}.", "{n} files are not photos: {kinds}.", self.total)
        if not ordered:
            text = trn("{n} file is not a photo.", "{n} files are not photos.", self.total)
        if self.raw:
            text += " " + tr("Camera raw files are not supported; export them as JPEG or TIFF.")
        return text.replace("{kinds}", ", ".join(names))
