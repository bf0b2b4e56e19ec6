"""Owns writing a video's segments to files: CSV for spreadsheets, JSON for programs, SRT for players."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mobilenet_gui.core.records import MARK, as_line, csv_line, json_text, write_whole
from mobilenet_gui.core.timeline import Segment, Timeline

FORMATS: Final = ("csv", "json", "srt")

_UNLIKE_MARKUP: Final = re.compile(r"[<{\\]|&(?=[\w#])")
"""Players take these for the beginning of markup (`<b>`, `{\\an8}`, `\\N`, `&lt;`). A character that shows as nothing
behind them leaves the name as it is to the eye; FFmpeg writes it so, too."""


def export(
    target: Path, timeline: Timeline, segments: Sequence[Segment], kind: str | None = None, *, frames: bool = True
) -> None:
    """Write segments to `target`, whole or not at all.

    Args:
        target: the file; an existing one is replaced.
        timeline: what the segments are of.
        segments: as `Timeline.segments` gave them.
        kind: one of `FORMATS`; by default what the file's name ends in.
        frames: in JSON, also write each frame's top k.

    Raises:
        StorageError: the file could not be written; an older one is untouched.
        ValueError: the kind is none of `FORMATS`.
    """
    chosen = kind or target.suffix.lower().lstrip(".")
    if chosen not in FORMATS:
        raise ValueError(f"{chosen!r} is none of {FORMATS}")
    if chosen == "csv":
        text = MARK + as_csv(segments)
    elif chosen == "json":
        text = as_json(timeline, segments, frames=frames)
    else:
        text = as_srt(segments)
    write_whole(target, text.encode())


def as_csv(segments: Sequence[Segment]) -> str:
    """Return one row a segment, with a heading."""
    rows = [["start", "end", "seconds", "index", "id", "label", "probability", "name"]]
    for s in segments:
        times = [f"{seconds:.3f}" for seconds in (s.start, s.end, s.seconds)]
        rows.append([*times, str(s.label.index), s.label.id, s.label.name, f"{s.probability:.6f}", s.label.shown])
    return "".join(map(csv_line, rows))


def as_json(timeline: Timeline, segments: Sequence[Segment], *, frames: bool = True) -> str:
    """Return one object: the video, the model, the segments, and each frame's top k where `frames` is set."""
    record: dict[str, object] = {
        "video": timeline.source,
        "model": timeline.model_id,
        "duration": round(timeline.duration, 3),
        "incomplete": timeline.note is not None,
        "segments": [
            {
                "start": round(s.start, 3),
                "end": round(s.end, 3),
                "index": s.label.index,
                "id": s.label.id,
                "label": s.label.name,
                "name": s.label.shown,
                "probability": round(s.probability, 6),
            }
            for s in segments
        ],
    }
    if frames:
        rows = zip(timeline.times.tolist(), timeline.indices.tolist(), timeline.probabilities.tolist(), strict=True)
        record["frames"] = [
            {
                "timestamp": round(when, 3),
                "predictions": [
                    {
                        "index": timeline.labels[index].index,
                        "label": timeline.labels[index].name,
                        "probability": round(probability, 6),
                    }
                    for index, probability in zip(indices, probabilities, strict=True)
                ],
            }
            for when, indices, probabilities in rows
        ]
    return json_text(record, indent=1)


def as_srt(segments: Sequence[Segment]) -> str:
    """Return subtitles: the label and its mean probability for as long as it stands."""
    blocks = []
    for number, s in enumerate(segments, 1):
        name = as_line(" ".join(s.label.shown.split())).replace("-->", "\N{RIGHTWARDS ARROW}")
        text = _UNLIKE_MARKUP.sub("\\g<0>\N{WORD JOINER}", f"{name[:1].upper()}{name[1:]}")
        blocks.append(f"{number}\n{_clock(s.start)} --> {_clock(s.end)}\n{text} ({s.probability * 100:.0f} %)\n")
    return "\n".join(blocks)


def _clock(seconds: float) -> str:
    """Return `01:02:03,456`, the way subtitles write it."""
    milliseconds = round(max(0.0, seconds) * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02},{rest % 1000:03}"
