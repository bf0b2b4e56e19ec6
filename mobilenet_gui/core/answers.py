"""Owns how answers leave the program: text to paste, CSV, JSON, sorting into folders.

Nothing here writes a file except `write_csv`, `write_json` and `copy_step`, which are called off the window's thread.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from mobilenet_gui.core.confidence import Certainty, certainty, certainty_text
from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.core.photo_session import Photo, PhotoState
from mobilenet_gui.core.types import PhotoSource, Recognition
from mobilenet_gui.i18n import tr

TABLE_TOP_K = 5


def percent(probability: float, digits: int = 1) -> str:
    """Return `0.964` as `96.4 %`, with a no-break space."""
    return f"{probability * 100:.{digits}f}\N{NO-BREAK SPACE}%"


def headline(label: str) -> str:
    """Return a label as a title: its first letter upper, the rest as published."""
    return label[:1].upper() + label[1:]


def first_synonym(synonyms: str, label: str) -> str:
    """Return the last further name (ImageNet puts the scientific one there), empty if it only repeats the label."""
    names = [name.strip() for name in synonyms.split(",") if name.strip()]
    names = [name for name in names if name.casefold() != label.casefold()]
    return names[-1] if names else ""


def milliseconds(value: float) -> str:
    """Return a duration in milliseconds as people read it: `6.4 ms`, `124 ms`, `1.3 s`."""
    if value >= 1000:
        return f"{value / 1000:.1f}\N{NO-BREAK SPACE}s"
    return f"{value:.1f}\N{NO-BREAK SPACE}ms" if value < 100 else f"{value:.0f}\N{NO-BREAK SPACE}ms"


def as_text(name: str, recognition: Recognition, sure_from: float) -> str:
    """Return one answer as text to paste: the photo's name, the verdict, a line for each label."""
    best = recognition.best
    word = certainty(best.probability, sure_from)
    verdict = certainty_text(word) if word is Certainty.NOT else f"{headline(best.label)} ({certainty_text(word)})"
    lines = [f"{name}: {verdict}"]
    lines += [f"{percent(p.probability)}  {headline(p.label)}" for p in recognition.predictions]
    return "\n".join(lines) + "\n"


def as_record(path: str, recognition: Recognition) -> dict[str, Any]:
    """Return one answer as the JSON object that the command line prints too."""
    record: dict[str, Any] = {
        "path": path,
        "model": recognition.model_id,
        "predictions": [
            {"index": p.index, "id": p.id, "label": p.label, "probability": p.probability}
            for p in recognition.predictions
        ],
        "milliseconds": round(recognition.timing.total, 3),
    }
    if recognition.note:
        record["note"] = recognition.note
    return record


def error_record(path: str, reason: str) -> dict[str, Any]:
    """Return the JSON object for a photo that could not be read."""
    return {"path": path, "error": reason}


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What is exported of one photo; a copy, so that writing it needs no lock on the list."""

    path: str
    name: str
    recognition: Recognition | None
    problem: str = ""


def answer_rows(photos: Iterable[Photo]) -> list[AnswerRow]:
    """Return rows for every photo that has an answer or a reason why not; those still waiting are left out."""
    rows: list[AnswerRow] = []
    for photo in photos:
        shown = str(photo.path) if photo.path is not None else photo.name
        if photo.state is PhotoState.FAILED:
            rows.append(AnswerRow(shown, photo.name, None, photo.problem))
        elif photo.recognition is not None and not photo.stale:
            rows.append(AnswerRow(shown, photo.name, photo.recognition))
    return rows


def _columns() -> list[str]:
    columns = ["path", "model", "certainty", "milliseconds", "error"]
    for rank in range(1, TABLE_TOP_K + 1):
        columns += [f"label_{rank}", f"probability_{rank}"]
    return columns


def _cells(row: AnswerRow, sure_from: float) -> list[str]:
    answer = row.recognition
    if answer is None:
        return [row.path, "", "", "", row.problem] + [""] * (2 * TABLE_TOP_K)
    word = certainty(answer.best.probability, sure_from)
    cells = [row.path, answer.model_id, word.value, f"{answer.timing.total:.1f}", ""]
    for rank in range(TABLE_TOP_K):
        if rank < len(answer.predictions):
            prediction = answer.predictions[rank]
            cells += [prediction.label, f"{prediction.probability:.6f}"]
        else:
            cells += ["", ""]
    return cells


def table_text(rows: Iterable[AnswerRow], sure_from: float) -> str:
    """Return answers as lines of tab-separated cells with a heading, the form that spreadsheets paste."""
    out = io.StringIO()
    writer = csv.writer(out, dialect="excel-tab", lineterminator="\n")
    writer.writerow(_columns())
    for row in rows:
        writer.writerow([" ".join(cell.split()) for cell in _cells(row, sure_from)])
    return out.getvalue()


def write_csv(target: Path, rows: Sequence[AnswerRow], sure_from: float) -> None:
    """Write answers as CSV in UTF-8 with a byte-order mark, which spreadsheets need to read accents.

    Raises:
        StorageError: the file could not be written; an older file of that name is untouched.
    """

    def fill(stream: TextIO) -> None:
        writer = csv.writer(stream)
        writer.writerow(_columns())
        writer.writerows(_cells(row, sure_from) for row in rows)

    _write(target, "utf-8-sig", fill)


def write_json(target: Path, rows: Sequence[AnswerRow]) -> None:
    """Write answers as JSON, one object a line, as the command line prints them.

    Raises:
        StorageError: as `write_csv`.
    """

    def fill(stream: TextIO) -> None:
        for row in rows:
            known = row.recognition
            record = error_record(row.path, row.problem) if known is None else as_record(row.path, known)
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")

    _write(target, "utf-8", fill)


def _write(target: Path, encoding: str, fill: Any) -> None:
    staging = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        # File names need not be text on Linux; their bytes come out as they are.
        with staging.open("w", encoding=encoding, errors="surrogateescape", newline="") as stream:
            fill(stream)
        staging.replace(target)
    except OSError as error:
        staging.unlink(missing_ok=True)
        raise StorageError(str(target), error.strerror or str(error)) from error


@dataclass(frozen=True, slots=True)
class SortItem:
    """A photo to be copied into the folder of its label."""

    source: PhotoSource
    name: str
    folder: str


@dataclass(frozen=True, slots=True)
class CopyStep:
    """One copy of the plan: where from, and the file it becomes, which did not exist when the plan was made."""

    source: PhotoSource
    target: Path


def sort_items(photos: Iterable[Photo], sure_from: float) -> list[SortItem]:
    """Return what sorting into folders would copy: every readable photo with an answer.

    A photo below `sure_from` goes to the folder for the unsure, never to that of a guess.
    """
    items: list[SortItem] = []
    for photo in photos:
        if photo.state is PhotoState.FAILED or photo.recognition is None or photo.stale:
            continue
        best = photo.recognition.best
        sure = best.probability >= sure_from
        items.append(SortItem(photo.source, photo.name, safe_name(headline(best.label)) if sure else tr("Not sure")))
    return items


def plan_copies(items: Iterable[SortItem], target: Path) -> Iterator[CopyStep]:
    """Yield the copies that put `items` into folders below `target`, never onto a file that is there already."""
    taken: dict[Path, set[str]] = {}
    for item in items:
        folder = target / item.folder
        names = taken.get(folder)
        if names is None:
            names = {p.name.casefold() for p in folder.iterdir()} if folder.is_dir() else set()
            taken[folder] = names
        wanted = Path(safe_name(item.name))
        name, number = wanted.name, 2
        while name.casefold() in names:
            name = f"{wanted.stem} ({number}){wanted.suffix}"
            number += 1
        names.add(name.casefold())
        yield CopyStep(item.source, folder / name)


def copy_step(step: CopyStep) -> None:
    """Copy one photo to its place; the original stays where it is.

    Raises:
        StorageError: it could not be read (`subject` is the photo) or written (`subject` is the target, which may
            have come into being meanwhile). Nothing half written stays.
    """
    made = False
    reading = True
    try:
        with contextlib.ExitStack() as stack:
            data: BinaryIO = io.BytesIO(step.source) if isinstance(step.source, bytes) else step.source.open("rb")
            stack.enter_context(data)
            reading = False
            step.target.parent.mkdir(parents=True, exist_ok=True)
            out = stack.enter_context(step.target.open("xb"))
            made = True
            shutil.copyfileobj(data, out, 1 << 20)
    except OSError as error:
        if made:
            step.target.unlink(missing_ok=True)
        subject = step.source if reading else step.target
        raise StorageError(str(subject), error.strerror or str(error)) from error
    if isinstance(step.source, Path):
        with contextlib.suppress(OSError):  # some disks keep no times; the copy is good without
            shutil.copystat(step.source, step.target)


_RESERVED = frozenset({"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10)})
_FORBIDDEN: Mapping[int, str] = {ord(c): "_" for c in '<>:"/\\|?*'}


def safe_name(name: str) -> str:
    """Return `name` as a file or folder name that Windows, macOS and Linux all accept; never empty."""
    clean = "".join(c for c in name.translate(_FORBIDDEN) if unicodedata.category(c)[0] != "C")
    clean = clean.strip().rstrip(". ")[:120]
    if clean.split(".")[0].casefold() in _RESERVED:
        clean = f"_{clean}"
    return clean or "_"
