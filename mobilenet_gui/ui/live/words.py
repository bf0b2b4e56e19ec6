"""Owns what the live page says when there is no picture, or an old one: headings, causes, and what to press."""

from __future__ import annotations

from dataclasses import dataclass

from mobilenet_gui.core.cameras import device_file
from mobilenet_gui.core.frames_types import Problem, SourceError, SourceKind, SourceSpec
from mobilenet_gui.i18n import shown, tr


@dataclass(frozen=True, slots=True)
class Message:
    """What stands in the picture's place.

    Attributes:
        icon: the icon in the circle.
        heading: what happened, or what can be done.
        text: the cause and what helps.
        primary: what the first button does: "start", "retry" or "choose".
        primary_text: its words.
        second: what the second button does: "file", "choose" or nothing.
        second_text: its words.
        bad: something went wrong.
    """

    icon: str
    heading: str
    text: str
    primary: str = "retry"
    primary_text: str = ""
    second: str = ""
    second_text: str = ""
    bad: bool = False


def invitation(kind: str, name: str) -> Message:
    """Return what is said before a source was started.

    Args:
        kind: "camera", "file" or "stream".
        name: the camera's name, the file's, or the stream's address; empty where none is chosen.
    """
    other = tr("Open a video file…")
    if kind == "file" and name:
        return Message(
            "film", tr("Recognise a video"), name, "start", tr("Play"), "file", tr("Open another video…")
        )  # fmt: skip
    if kind == "file":
        return Message(
            "film",
            tr("Recognise a video"),
            tr("Open a video file, or drop one anywhere in this window."),
            "file",
            tr("Open a video file…"),
        )
    if kind == "stream":
        return Message(
            "link",
            tr("Watch a stream"),
            tr("Type its address above: rtsp://… or http://…, as network cameras tell it."),
            "start" if name else "",
            tr("Start"),
            "file",
            other,
        )
    return Message(
        "video",
        tr("Point your camera at something"),
        tr("The camera is switched on when you press Start. Video is not recorded or sent."),
        "start",
        tr("Start"),
        "file",
        other,
    )


def no_camera() -> Message:
    """Return what is said where there is no camera at all."""
    return Message(
        "video",
        tr("No camera found"),
        tr("Plug one in; it appears here by itself."),
        "retry",
        tr("Try again"),
        "file",
        tr("Open a video file…"),
    )


def trouble(error: SourceError, spec: SourceSpec, index: int | None = None) -> Message:
    """Return what is said when a source cannot be shown.

    Args:
        error: why.
        spec: the source.
        index: a camera's number, where it is known.
    """
    heading = _HEADINGS[spec.kind](error.problem)
    cause = _sentence(error.reason)
    if spec.kind is SourceKind.CAMERA:
        place = device_file(index) if index is not None else None
        name = shown(spec.shown) if place is None else f"{shown(spec.shown)}, {place}"
        if error.problem is Problem.BUSY:
            cause = tr("Close the other app, then try again.")
        text = f"{cause} {name}"
        return _bad("video", heading, text, "file", tr("Open a video file…"))
    if spec.kind is SourceKind.FILE:
        return _bad("film", heading, f"{shown(_file_name(spec.address))}. {cause}", "file", tr("Open another video…"))
    # The address has a line of its own: broken in two it could not be checked.
    return _bad("link", heading, f"{cause}\n{spec.shown}", "file", tr("Open a video file…"))


def waiting(error: SourceError | None, kind: SourceKind, name: str) -> str:
    """Return the banner's sentence while a source that went away is waited for."""
    problem = Problem.LOST if error is None else error.problem
    if problem is Problem.LOADING:
        return tr("Loading: the video comes slower than it is played.")
    if kind is SourceKind.CAMERA:
        what = tr("{name} sends no picture.") if problem is Problem.STALLED else tr("{name} was unplugged.")
    elif problem is Problem.ENDED:
        what = tr("The stream has ended.")
    elif problem is Problem.STALLED:
        what = tr("The stream has gone silent.")
    elif problem is Problem.UNREADABLE:
        what = tr("What the stream sends is not video.")
    else:
        what = tr("The connection to the stream was lost.")
    return what.format(name=name) + " " + tr("It goes on by itself as soon as it is back.")


def _bad(icon: str, heading: str, text: str, second: str, second_text: str) -> Message:
    return Message(icon, heading, text, "retry", tr("Try again"), second, second_text, bad=True)


def _camera_heading(problem: Problem) -> str:
    return {
        Problem.MISSING: tr("The camera is not there"),
        Problem.BUSY: tr("The camera is in use by another app"),
        Problem.REFUSED: tr("The camera may not be used"),
    }.get(problem, tr("The camera gives no picture"))


def _file_heading(problem: Problem) -> str:
    if problem is Problem.MISSING:
        return tr("This video is not there any more")
    return tr("This video cannot be opened") if problem is Problem.REFUSED else tr("This video cannot be read")


def _stream_heading(problem: Problem) -> str:
    return {
        Problem.MISSING: tr("No stream was found"),
        Problem.REFUSED: tr("The stream may not be watched"),
        Problem.UNREADABLE: tr("This is not a video stream"),
    }.get(problem, tr("The stream cannot be opened"))


_HEADINGS = {
    SourceKind.CAMERA: _camera_heading,
    SourceKind.FILE: _file_heading,
    SourceKind.STREAM: _stream_heading,
}


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _sentence(reason: str) -> str:
    if not reason:
        return ""
    return reason[:1].upper() + reason[1:] + ("" if reason.endswith((".", "…", "?")) else ".")
