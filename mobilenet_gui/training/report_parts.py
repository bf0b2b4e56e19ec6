"""Owns the pieces of a report as HTML and SVG: tiles, the confusion matrix, tables, charts, photos.

Every text that comes from outside goes through `safe`; nothing else may put one into a page.
"""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from mobilenet_gui.core.answers import percent
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.evaluation_types import OTHER, Answer, Bin, Evaluation
from mobilenet_gui.training.run_folder import EpochRecord

MATRIX_CLASSES: Final = 30
"""With more classes a matrix cannot be read; the most frequent mix-ups are listed instead."""
_FEW, _TALL_FROM = 4, 7
_THUMB_SIDE: Final = 256
_THUMB_QUALITY: Final = 72
_LOW_MOST: Final = 0.9
_WIDE, _HIGH, _LEFT, _BELOW, _TOP = 460.0, 220.0, 40.0, 24.0, 8.0


def safe(text: str) -> str:
    """Return any text fit for a page: escaped, lone surrogates (of file names that are no text) replaced."""
    return html.escape(text.encode("utf-8", "replace").decode("utf-8"), quote=True)


def tile(name: str, figure: str, detail: str) -> str:
    """Return one figure with its name and what it means."""
    return (
        f'<div class="card"><p>{safe(name)}</p><p class="figure">{safe(figure)}</p>'
        f'<p class="sub">{safe(detail)}</p></div>'
    )


def card(title: str, hint: str, content: str) -> str:
    """Return a part of the page with its heading."""
    return f'<section class="card"><h2>{safe(title)}</h2><p class="hint">{safe(hint)}</p>{content}</section>'


def matrix(evaluation: Evaluation) -> str:
    """Return the confusion matrix: rows are the true classes."""
    names = list(evaluation.classes)
    table = evaluation.confusion
    columns = [*names, tr("other")] if table and len(table[0]) > len(names) else names
    tall = ' class="tall"' if len(columns) >= _TALL_FROM else ""
    head = "".join(f'<th scope="col" title="{safe(name)}"{tall}><span>{safe(name)}</span></th>' for name in columns)
    rows = []
    for truth, (name, counts) in enumerate(zip(names, table, strict=True)):
        cells = "".join(_cell(truth, said, count) for said, count in enumerate(counts))
        rows.append(f'<tr><th scope="row" title="{safe(name)}"><span>{safe(name)}</span></th>{cells}</tr>')
    size = " few" if len(columns) <= _FEW else " some" if len(columns) < _TALL_FROM else ""
    return (
        f'<div class="scroll"><table class="matrix{size}"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(truth: int, said: int, count: int) -> str:
    if not count:
        return "<td></td>"
    return f'<td class="{"right" if truth == said else "wrong"}">{count:,}</td>'


def mix_ups(evaluation: Evaluation, most: int) -> list[tuple[int, str, str]]:
    """Return the most frequent mix-ups: how many photos, of which class, taken for what."""
    counts: dict[tuple[int, str], int] = {}
    for answer in evaluation.mistakes:
        counts[answer.truth, answer.said] = counts.get((answer.truth, answer.said), 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(count, evaluation.classes[truth], said) for (truth, said), count in ordered[:most]]


def mix_up_table(evaluation: Evaluation, most: int) -> str:
    """Return the most frequent mix-ups as a table."""
    return _list(
        (tr("Class"), tr("Taken for"), tr("Photos")),
        ((safe(truth), safe(said), f"{count:,}") for count, truth, said in mix_ups(evaluation, most)),
    )


def class_table(evaluation: Evaluation) -> str:
    """Return the figures of each class, the weakest first; classes without photos last."""

    def rows() -> Iterable[tuple[str, ...]]:
        ordered = sorted(evaluation.per_class, key=lambda f: (f.recall is None, f.recall or 0.0, f.name))
        for figures in ordered:
            share = figures.recall or 0.0
            bar = f'<i><b style="width:{100 * share:.1f}%"></b></i>'
            yield (
                safe(figures.name),
                f"{figures.support:,}",
                bar,
                _share(figures.recall),
                _share(figures.precision),
                _share(figures.f1),
            )

    heads = (tr("Class"), tr("Photos"), "", tr("Found (recall)"), tr("Right (precision)"), "F1")
    table = _list(heads, rows())
    return table.replace("<td><i>", '<td class="bar wide"><i>').replace(
        '<th scope="col"></th>', '<th scope="col" class="wide"></th>'
    )


def _share(value: float | None) -> str:
    return "–" if value is None else percent(value)


def _list(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{safe(name)}</th>' for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table class="list"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return names and values as a list."""
    return "<dl>" + "".join(f"<dt>{safe(name)}</dt><dd>{safe(value)}</dd>" for name, value in pairs) + "</dl>"


def reliability_chart(bins: Sequence[Bin]) -> str:
    """Return the reliability diagram: how sure against how often right; a point's size says how many photos."""
    most = max((entry.photos for entry in bins), default=1)
    marks = "".join(
        f'<circle class="mark" cx="{_x(entry.confidence):.1f}" cy="{_y(entry.accuracy):.1f}" '
        f'r="{3 + 7 * math.sqrt(entry.photos / most):.1f}" fill-opacity=".75"><title>'
        f"{safe(_bin_words(entry))}</title></circle>"
        for entry in bins
    )
    ideal = f'<line class="ideal" x1="{_x(0):.1f}" y1="{_y(0):.1f}" x2="{_x(1):.1f}" y2="{_y(1):.1f}"/>'
    feet = "".join(_foot(share, f"{share:.0%}") for share in (0.0, 0.25, 0.5, 0.75, 1.0))
    return _chart(tr("How sure, and how often right"), ideal + marks + feet)


def _bin_words(entry: Bin) -> str:
    return tr("{photos}: sure {sure}, right {right}").format(
        photos=trn("{n} photo", "{n} photos", entry.photos),
        sure=percent(entry.confidence),
        right=percent(entry.accuracy),
    )


def learning_chart(history: Sequence[EpochRecord]) -> str:
    """Return the accuracy on train and validation photos over the epochs; empty with fewer than two."""
    if len(history) < 2:
        return ""
    lines = []
    ours, theirs = ([record.val_accuracy for record in history], [record.accuracy for record in history])
    # Most of what is learnt shows in the last few percent: the axis begins below the lowest value.
    lowest = min((value for value in (*ours, *theirs) if math.isfinite(value)), default=0.0)
    low = min(math.floor(max(lowest, 0.0) * 10) / 10, _LOW_MOST)
    for kind, values in (("first", ours), ("second", theirs)):
        points = [
            f"{_x(n / (len(values) - 1)):.1f},{_y((min(1.0, max(low, value)) - low) / (1 - low)):.1f}"
            for n, value in enumerate(values)
            if math.isfinite(value)
        ]
        lines.append(f'<polyline class="{kind}" points="{" ".join(points)}"/>')
    feet = _foot(0.0, str(history[0].epoch)) + _foot(1.0, str(history[-1].epoch))
    words = f'<span class="key"></span>{safe(tr("validation photos"))}<span class="key other"></span>'
    return _chart(tr("Accuracy while training"), "".join(reversed(lines)) + feet, low) + (
        f'<p class="sub">{words}{safe(tr("train photos"))}</p>'
    )


def _x(share: float) -> float:
    return _LEFT + share * (_WIDE - _LEFT - 14)


def _y(share: float) -> float:
    return _HIGH - _BELOW - share * (_HIGH - _BELOW - _TOP)


def _foot(share: float, text: str) -> str:
    return f'<text x="{_x(share):.1f}" y="{_HIGH - 6:.1f}" text-anchor="middle">{safe(text)}</text>'


def _chart(name: str, content: str, low: float = 0.0) -> str:
    """Return a chart whose value axis runs from `low` (0-1) to 1."""
    lines = "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDE}" y1="{_y(share):.1f}" y2="{_y(share):.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{_y(share) + 4:.1f}" text-anchor="end">{low + share * (1 - low):.0%}</text>'
        for share in (0.0, 0.5, 1.0)
    )
    return f'<svg viewBox="0 0 {_WIDE:.0f} {_HIGH:.0f}" role="img" aria-label="{safe(name)}">{lines}{content}</svg>'


def mistake(evaluation: Evaluation, answer: Answer, picture: bytes | None) -> str:
    """Return one wrong answer with its photo, or without where that is gone."""
    said = tr("Said {name}, {percent}").format(name=answer.said, percent=percent(answer.probability))
    truth = tr("Is {name}, {percent}").format(
        name=evaluation.classes[answer.truth], percent=percent(answer.truth_probability)
    )
    if answer.guess == OTHER and answer.truth_probability == 0:
        truth = tr("Is {name}").format(name=evaluation.classes[answer.truth])
    frame = safe(tr("The photo is gone"))
    if picture is not None:
        coded = base64.b64encode(picture).decode("ascii")
        frame = f'<img alt="{safe(answer.path.name)}" src="data:image/jpeg;base64,{coded}">'
    return (
        f'<figure><div class="frame">{frame}</div><figcaption><strong>{safe(said)}</strong>{safe(truth)}'
        f'<span title="{safe(answer.path.name)}">{safe(answer.path.name)}</span></figcaption></figure>'
    )


def thumbnail(path: Path) -> bytes | None:
    """Return a photo as a small JPEG without any of its data about camera and place; None where it cannot be read."""
    from mobilenet_gui.core import imaging

    try:
        image = imaging.decode(path, max_side=_THUMB_SIDE).image
    except PhotoError:
        return None
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_THUMB_QUALITY, optimize=True)
    return out.getvalue()
