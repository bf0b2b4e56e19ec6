"""Owns how answers leave the program: text to paste, CSV, JSON, sorting into folders.

Rows and records are the same for the window and the command line; `records` makes them safe. Nothing here writes a
file except `write_csv`, `write_json` and `copy_step`, which are called off the window's thread.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

from mobilenet_gui.core.atomic import staged_file
from mobilenet_gui.core.class_names import kinds_of, other_names
from mobilenet_gui.core.confidence import Certainty, certainty, certainty_text, unlike_text
from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.core.groups import group_text, named_group
from mobilenet_gui.core.photo_files import open_regular
from mobilenet_gui.core.photo_session import Photo, PhotoState
from mobilenet_gui.core.records import MARK, as_line, csv_line, json_line, write_whole
from mobilenet_gui.core.types import Group, Likeness, PhotoSource, Prediction, Recognition
from mobilenet_gui.i18n import tr

TABLE_TOP_K = 5
_SCIENTIFIC = re.compile(r"[A-Z][a-z]+ [a-z]{3,}")


def percent(probability: float, digits: int = 1) -> str:
    """Return `0.964` as `96.4 %`, with a no-break space."""
    return f"{probability * 100:.{digits}f}\N{NO-BREAK SPACE}%"


def headline(label: str) -> str:
    """Return a label as a title: its first letter upper, the rest as published."""
    return label[:1].upper() + label[1:]


def second_name(answer: Prediction) -> str:
    """Return the scientific name where there is one (WordNet puts it last), else the first further one, or nothing."""
    names = other_names(answer.id, answer.label, answer.synonyms)
    return "" if not names else names[-1] if _SCIENTIFIC.fullmatch(names[-1]) else names[0]


def names_tip(answer: Prediction) -> str:
    """Return all further names and the kinds of an answer, for a tooltip; empty where there are none."""
    names = ", ".join(other_names(answer.id, answer.label, answer.synonyms))
    return "\n".join(
        filter(None, (names, " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} ".join(kinds_of(answer.id)[::-1])))
    )


def milliseconds(value: float) -> str:
    """Return a duration in milliseconds as people read it: `6.4 ms`, `124 ms`, `1.3 s`."""
    if value >= 1000:
        return f"{value / 1000:.1f}\N{NO-BREAK SPACE}s"
    return f"{value:.1f}\N{NO-BREAK SPACE}ms" if value < 100 else f"{value:.0f}\N{NO-BREAK SPACE}ms"


def group_answer(recognition: Recognition, sure_from: float) -> Group | None:
    """Return the kind that answers where no class does: the best class is below `sure_from` (0-1), a kind is not."""
    if recognition.best.probability >= sure_from:
        return None
    return named_group(recognition.groups, sure_from)


def as_text(name: str, recognition: Recognition, sure_from: float) -> str:
    """Return one answer as text to paste: the photo's name, the verdict, a line for each label."""
    best = recognition.best
    word = certainty(best.probability, sure_from)
    group = group_answer(recognition, sure_from)
    named = headline(as_line(best.shown))
    if group is not None:
        named, word = group_text(group), certainty(group.probability, sure_from)
    verdict = certainty_text(word) if word is Certainty.NOT else f"{named} ({certainty_text(word)})"
    if recognition.unlike:
        verdict = unlike_text()
    lines = [f"{as_line(name)}: {verdict}"]
    lines += [f"{percent(p.probability)}  {headline(as_line(p.shown))}" for p in recognition.predictions]
    return "\n".join(lines) + "\n"


def prediction_records(predictions: Iterable[Prediction]) -> list[dict[str, Any]]:
    """Return labels as JSON objects: `label` is the model's own word, `name` the one shown to people."""
    return [
        {"index": p.index, "id": p.id, "label": p.label, "probability": p.probability, "name": p.shown}
        for p in predictions
    ]


def as_record(path: str, recognition: Recognition) -> dict[str, Any]:
    """Return one answer as a JSON object."""
    record: dict[str, Any] = {
        "path": _utf8_path(path),
        "model": recognition.model_id,
        "predictions": prediction_records(recognition.predictions),
        "milliseconds": round(recognition.timing.total, 3),
        "precision": recognition.precision,
    }
    if recognition.groups:
        record["group"] = asdict(recognition.groups[0])
    record |= likeness_record(recognition.likeness)
    if recognition.note:
        record["note"] = recognition.note
    return record


def likeness_record(likeness: Likeness | None) -> dict[str, Any]:
    """Return what JSON says of how like a photo is to what the model was shown; nothing where nobody knows."""
    if likeness is None:
        return {}
    return {
        "unlike_shown": likeness.unlike,
        "likeness": round(likeness.value, 4),
        "likeness_limit": round(likeness.limit, 4),
    }


LIKENESS_HEADING: Final = ("likeness", "unlike_shown")
"""The last columns of every table of answers."""


def likeness_cells(likeness: Likeness | None) -> list[str]:
    """Return the cells below `LIKENESS_HEADING`: 0-1, and `true` or `false`; empty where nobody knows."""
    return ["", ""] if likeness is None else [f"{likeness.value:.4f}", str(likeness.unlike).lower()]


def error_record(path: str, reason: str) -> dict[str, Any]:
    """Return the JSON object for a photo that could not be read."""
    return {"path": _utf8_path(path), "error": reason}


def csv_heading(top_k: int) -> list[str]:
    """Return the cells above answers of `top_k` labels."""
    ranked = ranked_heading(top_k)
    return ["path", "model", "milliseconds", "error", *ranked, "group", "group_probability", *LIKENESS_HEADING]


def ranked_heading(top_k: int) -> list[str]:
    """Return the cells above the `top_k` most probable labels; the names shown come last, where no cell moves."""
    ranks = range(1, top_k + 1)
    cells = [f"{column}_{rank}" for rank in ranks for column in ("index", "id", "label", "probability")]
    return cells + [f"name_{rank}" for rank in ranks]


def ranked_cells(predictions: Sequence[Prediction], top_k: int) -> list[str]:
    """Return the cells of the most probable labels, empty where there are fewer than `top_k`."""
    cells = [cell for p in predictions[:top_k] for cell in (str(p.index), p.id, p.label, f"{p.probability:.6f}")]
    names = [p.shown for p in predictions[:top_k]]
    return cells + [""] * (4 * top_k - len(cells)) + names + [""] * (top_k - len(names))


def csv_cells(path: str, recognition: Recognition, top_k: int) -> list[str]:
    """Return one answer as the cells of a row."""
    cells = [_utf8_path(path), recognition.model_id, f"{recognition.timing.total:.3f}", ""]
    group = recognition.groups[0] if recognition.groups else None
    grouped = ["", ""] if group is None else [group.name, f"{group.probability:.6f}"]
    return cells + ranked_cells(recognition.predictions, top_k) + grouped + likeness_cells(recognition.likeness)


def csv_error_cells(path: str, reason: str, top_k: int) -> list[str]:
    """Return the cells of a row for a photo that could not be read."""
    return [_utf8_path(path), "", "", reason, *ranked_cells((), top_k), "", "", *likeness_cells(None)]


def _utf8_path(path: str) -> str:
    """Return a path as UTF-8 would have it, where the system's own encoding knows less (the "C" locale)."""
    try:
        return path if path.isascii() else os.fsencode(path).decode()
    except UnicodeError:
        return path


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


def table_text(rows: Iterable[AnswerRow]) -> str:
    """Return answers as lines of tab-separated cells with a heading, the form that spreadsheets paste."""
    return "".join(csv_line(cells, delimiter="\t") for cells in _table(rows))


def write_csv(target: Path, rows: Iterable[AnswerRow]) -> None:
    """Write answers as CSV in UTF-8, as the command line prints them, with a mark for spreadsheets.

    Raises:
        StorageError: the file could not be written; an older file of that name is untouched.
    """
    write_whole(target, (MARK + "".join(map(csv_line, _table(rows)))).encode())


def write_json(target: Path, rows: Iterable[AnswerRow]) -> None:
    """Write answers as JSON, one object a line, as the command line prints them.

    Raises:
        StorageError: as `write_csv`.
    """
    records = (
        error_record(row.path, row.problem) if row.recognition is None else as_record(row.path, row.recognition)
        for row in rows
    )
    write_whole(target, "".join(f"{json_line(record)}\n" for record in records).encode())


def _table(rows: Iterable[AnswerRow]) -> Iterator[list[str]]:
    yield csv_heading(TABLE_TOP_K)
    for row in rows:
        known = row.recognition
        yield (
            csv_error_cells(row.path, row.problem, TABLE_TOP_K)
            if known is None
            else csv_cells(row.path, known, TABLE_TOP_K)
        )


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

    A photo below `sure_from`, or unlike anything that the model was shown, goes to the folder for the unsure, never to
    that of a guess.
    """
    items: list[SortItem] = []
    for photo in photos:
        if photo.state is PhotoState.FAILED or photo.recognition is None or photo.stale:
            continue
        best = photo.recognition.best
        sure = best.probability >= sure_from and not photo.recognition.unlike
        items.append(SortItem(photo.source, photo.name, safe_name(headline(best.shown)) if sure else tr("Not sure")))
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
    reading = True
    try:
        with contextlib.ExitStack() as stack:
            data: IO[bytes] = io.BytesIO(step.source) if isinstance(step.source, bytes) else open_regular(step.source)
            stack.enter_context(data)
            reading = False
            step.target.parent.mkdir(parents=True, exist_ok=True)
            staged = stack.enter_context(staged_file(step.target.parent))
            shutil.copyfileobj(data, staged.stream, 1 << 20)
            staged.place_new(step.target)
    except OSError as error:
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
