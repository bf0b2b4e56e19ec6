"""Owns what a video file tells of itself: why it cannot be opened, how long it is, whether it broke off.

OpenCV says none of that. Reads the first bytes, and of MP4, QuickTime and Matroska files what says which tracks there
are. Nothing is decoded.
"""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

from mobilenet_gui.core import frames_matroska
from mobilenet_gui.core.frames_movie import MOVIE_BOXES, boxes
from mobilenet_gui.core.frames_types import Problem, SourceError
from mobilenet_gui.i18n import tr

_HEAD: Final = 4096
_PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG", b"BM")
_PICTURE_ROWS: Final = (".mjpeg", ".mjpg")
"""Videos that are JPEGs one after another, as some cameras save them, begin as a photo does."""
_TEXT: Final = bytes([*range(7, 14), 27, *range(32, 256)])
_VIDEOS: Final = (b"RIFF", frames_matroska.MARK, b"OggS", b"FLV\x01", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3")
_LISTS: Final = (b"#extm3u", b"ffconcat version", b"<mpd", b"v=0\no=", b"v=0\r\no=", b"[playlist]", b"<smil", b"<asx")
_SOUNDS: Final = (b"ID3", b"fLaC", b"\xff\xfb", b"\xff\xf3", b"\xff\xf1")


def check_file(path: Path) -> None:
    """Make sure that there is a file with something in it that may be a video.

    Raises:
        SourceError: it is missing, a folder, empty, a photo, text, or must not be read.
    """
    name = str(path)
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise SourceError(name, tr("This is a folder, not a video."), Problem.UNREADABLE)
        if not stat.S_ISREG(kind):  # opening a pipe waits until somebody writes into it
            raise SourceError(name, tr("This is a pipe or a device, not a video file."), Problem.UNREADABLE)
        with path.open("rb") as file:
            head = file.read(_HEAD)
        if not head:
            raise SourceError(name, tr("The file is empty."), Problem.UNREADABLE)
        if is_photo(head) and path.suffix.lower() not in _PICTURE_ROWS:
            raise SourceError(name, _photo_words(), Problem.UNREADABLE)
        if is_text(head):
            raise SourceError(name, list_words(head) or _no_video_words(), Problem.UNREADABLE)
    except FileNotFoundError as error:
        raise SourceError(name, tr("There is no such file."), Problem.MISSING) from error
    except PermissionError as error:
        raise SourceError(name, tr("You have no permission to read this file."), Problem.REFUSED) from error
    except OSError as error:
        reason = tr("The file cannot be read: {reason}.").format(reason=error.strerror or error)
        raise SourceError(name, reason, Problem.UNREADABLE) from error
    except ValueError as error:  # a null byte in the path
        raise SourceError(name, tr("There is no such file."), Problem.MISSING) from error


def why_unreadable(path: Path) -> SourceError:
    """Return the reason, in words, why a file that exists could not be opened as a video."""
    try:
        with path.open("rb") as file:
            reason = _reason(file)
    except OSError as error:
        reason = tr("The file cannot be read: {reason}.").format(reason=error.strerror or error)
    return SourceError(str(path), reason, Problem.UNREADABLE)


def has_only_sound(path: Path) -> bool:
    """Say whether a file is one of sound although it can be opened as a video: FFmpeg shows the cover as one."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if head[4:8] in MOVIE_BOXES:
                handlers = _tracks(file)[0]
                return b"soun" in handlers and b"vide" not in handlers
            return _only_sound(head) or _matroska_sound(file, head)
    except OSError:
        return False


def breaks_off(path: Path) -> bool:
    """Say whether a file is shorter than its own head says, as when a recording or copy broke off.

    Not every format says; a stretch without pictures alone means nothing: the sound may go on longer.
    """
    try:
        with path.open("rb") as file:
            head = file.read(12)
            size = file.seek(0, os.SEEK_END)
            if head[4:8] in MOVIE_BOXES:
                return True  # what is missing is measured by the length of the video's own track
            if head.startswith(frames_matroska.MARK):
                return frames_matroska.breaks_off(file, size)
            return head.startswith(b"RIFF") and 8 + int.from_bytes(head[4:8], "little") > size + 1
    except OSError:
        return False


def index_at_end(head: bytes) -> bool:
    """Say whether an MP4 or QuickTime file that begins like this has its table of contents behind its pictures.

    Such a file can only be played by who can jump in it.
    """
    if head[4:8] not in MOVIE_BOXES:
        return False
    names = [name for name, _, _ in boxes(io.BytesIO(head), 0, len(head))]
    return b"mdat" in names and b"moov" not in names[: names.index(b"mdat")]


def _reason(file: BinaryIO) -> str:
    head = file.read(_HEAD)
    if head[4:8] in MOVIE_BOXES:
        return _movie_reason(file)
    if _only_sound(head) or _matroska_sound(file, head):
        return tr("There is only sound in this file, no video.")
    if may_be_video(head):
        return tr("This video is damaged or incomplete, or its format cannot be decoded.")
    return list_words(head) or _no_video_words()


def _photo_words() -> str:
    return tr("This is a photo, not a video. Open it under Photos.")


def _no_video_words() -> str:
    return tr("This is not a video that can be read.")


def is_photo(head: bytes) -> bool:
    """Say whether a file that begins like this is a photo."""
    # GIF is not among them: many of them move.
    return head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def may_be_video(head: bytes) -> bool:
    """Say whether a file that begins like this is in a format that videos come in."""
    return head[4:8] in MOVIE_BOXES or head.startswith(_VIDEOS) or (head[:1] == b"G" and head[188:189] == b"G")


def list_words(head: bytes) -> str:
    """Return what to say of a file that only names others, and begins like this; empty where it is none."""
    words = head.lower()
    if any(mark in words for mark in _LISTS):
        return tr("This is a list of videos, not a video. Open one of those that it names.")
    return ""


def is_text(head: bytes) -> bool:
    """Say whether a file that begins like this is text, whose letters FFmpeg would show as a film."""
    return not head.translate(None, _TEXT)


def _only_sound(head: bytes) -> bool:
    if head.startswith(_SOUNDS):
        return True
    if head[:4] == b"RIFF":
        return head[8:12] == b"WAVE" or (head[8:12] == b"AVI " and b"strh" in head and b"vids" not in head)
    return head[:4] == b"OggS" and not any(mark in head for mark in (b"theora", b"BBCD", b"OVP80"))


def _matroska_sound(file: BinaryIO, head: bytes) -> bool:
    if not head.startswith(frames_matroska.MARK):
        return False
    types = frames_matroska.track_types(file, file.seek(0, os.SEEK_END))
    return bool(types) and frames_matroska.VIDEO not in types


def _movie_reason(file: BinaryIO) -> str:
    """Say what is wrong with an MP4 or QuickTime file."""
    handlers, codecs = _tracks(file)
    if not handlers:
        return tr("This video is incomplete: its table of contents is missing, as when a recording or copy broke off.")
    if b"vide" not in handlers:
        return tr("There is only sound in this file, no video.")
    if codecs:
        return tr("This video is damaged, or its format ({codec}) cannot be decoded.").format(codec=codecs[0])
    return tr("This video is damaged or incomplete, or its format cannot be decoded.")


def _tracks(file: BinaryIO) -> tuple[set[bytes], list[str]]:
    """Return the kinds of a movie's tracks and its videos' codecs; nothing where the table of contents is missing."""
    size = file.seek(0, os.SEEK_END)
    movie = next((box for box in boxes(file, 0, size) if box[0] == b"moov"), None)
    handlers: set[bytes] = set()
    codecs: list[str] = []
    if movie is None or movie[2] > size:
        return handlers, codecs
    for name, start, end in boxes(file, movie[1], movie[2]):
        if name == b"trak":
            handler, codec = _track(file, start, end)
            handlers.add(handler)
            if handler == b"vide" and codec:
                codecs.append(codec)
    return handlers, codecs


def _track(file: BinaryIO, start: int, end: int) -> tuple[bytes, str]:
    """Return a track's kind and the four letters of its codec."""
    handler, codec = b"", ""
    for name, inner, stop in boxes(file, start, end):
        if name != b"mdia":
            continue
        for part, place, part_end in boxes(file, inner, stop):
            if part == b"hdlr":
                file.seek(place + 8)
                handler = file.read(4)
            elif part == b"minf":
                codec = _codec(file, place, part_end) or codec
    return handler, codec


def _codec(file: BinaryIO, start: int, end: int) -> str:
    for name, inner, stop in boxes(file, start, end):
        if name == b"stbl":
            for part, place, _ in boxes(file, inner, stop):
                if part == b"stsd":
                    file.seek(place + 12)
                    letters = file.read(4).decode("latin-1")
                    return letters.strip() if letters.isprintable() else ""
    return ""
