"""Owns `mobilenet-gui watch`: a camera, video or stream in, one answer a frame out, made for pipes and scripts."""

from __future__ import annotations

import argparse
import contextlib
import math
import threading
import time
from collections.abc import Generator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from mobilenet_gui.cli_command import EXIT_FAILED, EXIT_OK, EXIT_USAGE, command
from mobilenet_gui.cli_model import add_model_option, add_precision_option, find_model
from mobilenet_gui.cli_output import Out, complain, prepare_stdout, printable, say
from mobilenet_gui.cli_parser import add_format_option, at_least_one
from mobilenet_gui.core.answers import (
    LIKENESS_HEADING,
    likeness_cells,
    likeness_record,
    prediction_records,
    ranked_cells,
    ranked_heading,
)
from mobilenet_gui.core.confidence import unlike_text
from mobilenet_gui.core.groups import group_text
from mobilenet_gui.core.records import csv_line, json_line
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from mobilenet_gui.core.errors import UserError
    from mobilenet_gui.core.frames_reader import StateChange
    from mobilenet_gui.core.frames_types import Frame, SourceError, SourceSpec
    from mobilenet_gui.core.live_session import LiveAnswer

PATIENCE_SECONDS: Final = 10.0
"""How long a source that went away is waited for; a script must not hang for ever."""
_WAKE_SECONDS: Final = 0.2


def add_parser(subparsers: Any) -> None:
    """Add the `watch` command to the command line's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "watch",
        usage=tr("%(prog)s [OPTION ...] SOURCE"),
        help=tr("recognise what a camera, video or stream shows"),
        description=tr(
            "Recognise the frames of a camera, video file or stream as they arrive, always the newest. Text prints a "
            "line whenever the answer changes; JSON and CSV print every frame that was recognised."
        ),
        epilog=tr(
            "Exit status: 0 watched to the end, 1 the source failed, 2 the command line is wrong or the model cannot "
            "be used."
        ),
    )
    parser.add_argument(
        "source",
        metavar=tr("SOURCE"),
        help=tr("the number or name of a camera, a video file, or an address (http, https, rtsp)"),
    )
    add_model_option(parser)
    add_precision_option(parser)
    parser.add_argument(
        "-k", "--top", type=at_least_one, default=5, metavar="K", help=tr("how many labels per frame (default: 5)")
    )
    add_format_option(parser, tr("frame"))
    parser.add_argument("--seconds", type=_seconds, metavar="N", help=tr("stop after this many seconds of the source"))
    parser.add_argument(
        "--every-frame",
        action="store_true",
        help=tr("skip no frame; a file is read as fast as its frames can be recognised"),
    )
    parser.set_defaults(run=run)


@command
def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from mobilenet_gui.core.errors import ModelError
    from mobilenet_gui.core.frames_types import SourceError

    try:
        return _watch(arguments)
    except (ModelError, SourceError) as error:  # no model, or nothing was given to watch
        complain(str(error))
        return EXIT_USAGE


def _watch(arguments: argparse.Namespace) -> int:
    from mobilenet_gui.core.frames_types import SourceError, SourceKind, SourceSpec
    from mobilenet_gui.core.live_session import LiveSession
    from mobilenet_gui.core.recognizer import LiteRTRecognizer

    spec = SourceSpec.parse(arguments.source)
    bundle = find_model(arguments.model, arguments.precision)
    out = prepare_stdout()
    recognizer = LiteRTRecognizer(bundle)
    session = LiveSession(top_k=arguments.top)
    printer: _Text | _Json | _Csv
    if arguments.format == "csv":
        printer = _Csv(out, spec.shown, min(arguments.top, max(1, len(bundle.labels))))
    else:
        printer = (
            _Json(out, spec.shown, recognizer.precision)
            if arguments.format == "json"
            else _Text(out, arguments.every_frame)
        )
    whole = arguments.every_frame and spec.kind is SourceKind.FILE
    frames = _every_frame(spec) if whole else _as_they_come(spec, arguments.every_frame, arguments.seconds)
    begin: float | None = None
    with contextlib.closing(frames):
        try:
            for frame in frames:
                # From the first frame on: a camera may take longer to wake up than it is to be watched.
                begin = frame.timestamp if begin is None else begin
                if arguments.seconds is not None and frame.timestamp - begin >= arguments.seconds:
                    break
                printer.answer(session.answer(recognizer, None, frame, by_source_time=whole))
        except SourceError as error:
            printer.failure(error)
            return EXIT_FAILED
        finally:
            recognizer.close()
            session.close()
    return EXIT_OK


def _every_frame(spec: SourceSpec) -> Generator[Frame, None, None]:
    """Yield a file's frames one after another.

    Raises:
        SourceError: it cannot be read, or breaks off.
    """
    from mobilenet_gui.core.frames import VideoFile, open_source

    source = open_source(spec)
    try:
        while (frame := source.read()) is not None:
            yield frame
        broken_off = source.shortfall() if isinstance(source, VideoFile) else None
    finally:
        source.close()
    if broken_off is not None:
        raise broken_off


def _as_they_come(spec: SourceSpec, every: bool, seconds: float | None) -> Generator[Frame, None, None]:
    """Yield the newest frame each time one is asked for; with `every` the reading waits instead of dropping any.

    Raises:
        SourceError: the source cannot be opened, or went away and did not come back, or a file breaks off.
    """
    from mobilenet_gui.core.frames_reader import FrameReader, ReaderState
    from mobilenet_gui.core.frames_types import Problem

    inbox = _Inbox(every)
    last: list[StateChange] = []
    loading: list[SourceError | None] = [None]

    def on_state(change: StateChange) -> None:
        if change.state is ReaderState.WAITING and change.error is not None:
            # A slow server keeps us waiting at every other frame; saying so once is enough.
            if change.error is not loading[-1]:
                complain(str(change.error))
            if change.error.problem is Problem.LOADING:
                loading[-1] = change.error
        elif change.state in (ReaderState.ENDED, ReaderState.FAILED):
            last.append(change)
            inbox.end()

    reader = FrameReader(spec, inbox.put, on_state, patience=PATIENCE_SECONDS, resume_ended=False)
    reader.start()
    begin: float | None = None
    try:
        while True:
            frame = inbox.take(_WAKE_SECONDS)
            if frame is not None:
                begin = begin or time.monotonic()
                yield frame
            elif inbox.ended:
                break
            elif seconds is not None and begin is not None and time.monotonic() - begin > seconds:
                return
    finally:
        inbox.end()
        reader.stop()
    end = last[-1]
    if end.error is not None and (end.state is ReaderState.FAILED or (end.info is not None and not end.info.live)):
        raise end.error


class _Inbox:
    """Where the reader leaves a frame: the newest wins, or the reader waits until it was taken."""

    def __init__(self, wait: bool) -> None:
        self._wait = wait
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._ended = False

    def put(self, frame: Frame) -> None:
        with self._changed:
            if self._wait:
                self._changed.wait_for(lambda: self._frame is None or self._ended)
            self._frame = frame
            self._changed.notify_all()

    def take(self, seconds: float) -> Frame | None:
        with self._changed:
            # In slices, because Windows cannot interrupt a wait without an end.
            self._changed.wait_for(lambda: self._frame is not None or self._ended, timeout=seconds)
            frame, self._frame = self._frame, None
            self._changed.notify_all()
            return frame

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def ended(self) -> bool:
        return self._ended


class _Text:
    """Made to be read: the time and the steady answer whenever it changes, or every frame's best guess."""

    def __init__(self, out: Out, every: bool) -> None:
        self._out, self._every = out, every
        self._shown: tuple[int | str | None, bool] | None = None

    def answer(self, answer: LiveAnswer) -> None:
        winner = answer.winner
        if self._every:
            parts = [unlike_text()] if answer.unlike else []
            parts += [f"{p.probability * 100:5.1f} %  {printable(p.shown)}" for p in answer.raw]
            self._line(answer, "   ".join(parts))
            return
        named = winner.index if winner is not None else answer.group.name if answer.group is not None else None
        now = (named, answer.steadily_unlike)
        if now != self._shown:
            self._shown = now
            text = tr("Not sure")
            if answer.steadily_unlike:
                text = unlike_text()
            elif winner is not None:
                text = f"{winner.probability * 100:5.1f} %  {printable(winner.shown)}"
            elif answer.group is not None:
                text = f"{answer.group.probability * 100:5.1f} %  {group_text(answer.group)}"
            self._line(answer, text)

    def failure(self, error: UserError) -> None:
        complain(str(error))

    def _line(self, answer: LiveAnswer, text: str) -> None:
        minutes, seconds = divmod(answer.frame.timestamp, 60)
        say(self._out, f"{int(minutes):02}:{seconds:05.2f}  {text}\n")


class _Json:
    """One object a recognised frame, with that frame's own probabilities."""

    def __init__(self, out: Out, source: str, precision: str) -> None:
        self._out, self._source, self._precision = out, source, precision

    def answer(self, answer: LiveAnswer) -> None:
        record: dict[str, Any] = {
            "source": self._source,
            "model": answer.model_id,
            "timestamp": round(answer.frame.timestamp, 3),
            "predictions": prediction_records(answer.raw),
            "milliseconds": round(answer.timing.total, 3),
            "precision": self._precision,
            **likeness_record(answer.likeness),
        }
        if answer.group is not None:
            record["group"] = asdict(answer.group)
        self._line(record)

    def failure(self, error: UserError) -> None:
        self._line({"source": self._source, "error": error.reason})

    def _line(self, record: dict[str, Any]) -> None:
        say(self._out, f"{json_line(record)}\n")


class _Csv:
    """One row a recognised frame, with that frame's own probabilities."""

    def __init__(self, out: Out, source: str, top: int) -> None:
        self._out, self._source, self._top = out, source, top
        self._row(["source", "model", "timestamp", "milliseconds", "error", *ranked_heading(top), *LIKENESS_HEADING])

    def answer(self, answer: LiveAnswer) -> None:
        head = [self._source, answer.model_id, f"{answer.frame.timestamp:.3f}", f"{answer.timing.total:.3f}", ""]
        self._row([*head, *ranked_cells(answer.raw, self._top), *likeness_cells(answer.likeness)])

    def failure(self, error: UserError) -> None:
        self._row([self._source, "", "", "", error.reason, *ranked_cells((), self._top), *likeness_cells(None)])

    def _row(self, cells: list[str]) -> None:
        say(self._out, csv_line(cells))


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(
            tr("“{text}” is not a number of seconds greater than 0").replace("{text}", text)
        )
    return value
