"""Owns `evaluation.json`: an evaluation as plain data, written and read in pieces that hold nobody up for long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.core.sound_text import is_sound
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import json_rows
from mobilenet_gui.training.evaluation_types import OTHER, Answer, Evaluation, Guess

FORMAT_VERSION: Final = 1
_KEY: Final = "answers"
_ROW: Final = 7


def to_data(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as plain data for JSON."""
    return _head(evaluation) | {_KEY: [_row(answer) for answer in evaluation.answers]}


def from_data(data: Mapping[str, Any]) -> Evaluation:
    """Read an evaluation back.

    Raises:
        ValueError: it is none, is damaged, or comes from a newer version.
    """
    return _evaluation(data, data.get(_KEY, ()))


def write_evaluation(path: Path, evaluation: Evaluation) -> None:
    """Write `evaluation.json`.

    Raises:
        StorageError: the disk refused; an older file is untouched.
    """
    try:
        json_rows.write(path, _head(evaluation), _KEY, (_row(answer) for answer in evaluation.answers))
    except OSError as error:
        raise storage_error(path, error) from error


def read_evaluation(path: Path) -> Evaluation:
    """Read `evaluation.json`.

    Raises:
        ProjectError: it is missing, damaged, or from a newer version.
    """
    try:
        return _evaluation(*json_rows.read(path, _KEY))
    except FileNotFoundError as error:
        raise ProjectError(str(path), tr("This training has no test result yet.")) from error
    except (OSError, ValueError) as error:
        raise ProjectError(str(path), tr("The test result cannot be read. Train again to get a new one.")) from error


def _head(evaluation: Evaluation) -> dict[str, Any]:
    low, high = evaluation.interval
    groups: dict[str, list[int]] = {}
    for place, answer in enumerate(evaluation.answers):
        if answer.group:
            groups.setdefault(answer.group, []).append(place)
    return {
        "format_version": FORMAT_VERSION,
        "model_id": evaluation.model_id,
        "model_name": evaluation.model_name,
        "created": evaluation.created,
        "seconds": evaluation.seconds,
        "temperature": evaluation.temperature,
        "sure_from": evaluation.sure_from,
        "classes": list(evaluation.classes),
        "unknown": list(evaluation.unknown),
        "near_accepted": evaluation.near_accepted,
        "groups": [places for places in groups.values() if len(places) > 1],
        # For whoever looks into the file; when it is read back, figures are computed from the answers.
        "accuracy": evaluation.accuracy,
        "interval": [low, high],
        "photos": len(evaluation.tested),
    }


def _row(answer: Answer) -> list[Any]:
    guesses = [
        [g.label, g.probability, g.name] if g.label == OTHER else [g.label, g.probability] for g in answer.guesses
    ]
    row = [
        answer.id,
        str(answer.path),
        answer.truth,
        guesses,
        answer.truth_probability,
        answer.raw_confidence,
        answer.error,
    ]
    return row if answer.unlike is None else [*row, answer.unlike]


def _evaluation(head: Mapping[str, Any], rows: Iterable[Any]) -> Evaluation:
    try:
        if not 1 <= head["format_version"] <= FORMAT_VERSION:
            raise ValueError("of another version")
        classes = tuple(_text(name) for name in head["classes"])
        sure_from, near_accepted = head.get("sure_from"), head.get("near_accepted")
        answers = [_answer(row, classes) for row in rows]
        for number, places in enumerate(head.get("groups", ())):
            for place in places:
                answers[_label(place, len(answers))] = replace(answers[place], group=f"group {number}")
        return Evaluation(
            model_id=_text(head["model_id"]),
            model_name=_text(head["model_name"]),
            classes=classes,
            answers=tuple(answers),
            temperature=_number(head.get("temperature", 1.0), 20),
            sure_from=None if sure_from is None else _number(sure_from),
            seconds=_number(head.get("seconds", 0.0), 1e12),
            created=_text(head.get("created", "")),
            unknown=tuple(_text(name) for name in head.get("unknown", ())),
            near_accepted=None if near_accepted is None else _number(near_accepted),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not an evaluation") from error


def _answer(row: Any, classes: tuple[str, ...]) -> Answer:
    if not isinstance(row, list) or not _ROW <= len(row) <= _ROW + 1:
        raise ValueError("not an answer")
    photo, path, truth, guesses, truth_probability, raw, error, *more = row
    if more and not isinstance(more[0], bool):
        raise ValueError("not a yes or no")
    return Answer(
        _text(photo),
        Path(_text(path)),
        _label(truth, len(classes)),
        tuple(_guess(guess, classes) for guess in guesses),
        _number(truth_probability),
        _number(raw),
        _text(error),
        more[0] if more else None,
    )


def _guess(data: Any, classes: tuple[str, ...]) -> Guess:
    label, probability, *name = data
    if label == OTHER:
        return Guess(OTHER, _text(name[0] if name else ""), _number(probability))
    label = _label(label, len(classes))
    return Guess(label, classes[label], _number(probability))


def _text(value: object) -> str:
    if not is_sound(value):
        raise ValueError("not a text")
    return value


def _label(value: object, classes: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < classes:
        raise ValueError("not a class")
    return value


def _number(value: object, most: float = 1.0) -> float:
    """Read a number from 0 to `most`; rounding in single precision may put a probability a hair above 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most + 1e-6:
        raise ValueError(f"not a number from 0 to {most}")
    return float(value)
