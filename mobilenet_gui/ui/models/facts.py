"""What the details panel says of a model: plain rows of name and value, worked out without a widget."""

from __future__ import annotations

from dataclasses import dataclass

from mobilenet_gui.core.answers import percent
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.speed import Speed
from mobilenet_gui.core.twins import find
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui.models import words
from mobilenet_gui.ui.models.items import ModelItem

_EIGHT_BIT_BELOW = 1.7
_SIXTEEN_BIT_BELOW = 3.0
"""Below so many bytes a parameter, a network holds 8-bit or 16-bit numbers."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One row.

    Attributes:
        name: what it is about.
        value: what is so.
        tone: token of the value's colour.
        icon: before the value; empty for none.
        help: more, for the tooltip.
    """

    name: str
    value: str
    tone: str = "text"
    icon: str = ""
    help: str = ""


def facts(item: ModelItem, speed: Speed | None, disk_bytes: int) -> list[Fact]:
    """Return the rows for a model.

    Args:
        item: the model.
        speed: its measurement, None where there is none.
        disk_bytes: what it takes on the disk; 0 where it is not installed.
    """
    rows = [*_network(item), *_origin(item)]
    if disk_bytes:
        rows.append(Fact(tr("Disk space"), words.megabytes(disk_bytes)))
    elif item.entry is not None:
        rows.append(Fact(tr("Download"), words.megabytes(item.size_bytes)))
    if speed is not None:
        value = tr("{day}, {threads}").format(day=words.day(speed.measured), threads=words.threads(speed.threads))
        rows.append(
            Fact(
                tr("Speed measured"), value, help=tr("The network’s time for one photo on the CPU, the median of many")
            )
        )
    return rows


def description(item: ModelItem) -> str:
    """Return one or two sentences on what the model is good for."""
    if item.backbone:
        return tr("Good for fine-tuning only: it has no classifier.")
    if item.bundle is not None and item.bundle.manifest.description:
        return item.bundle.manifest.description
    if item.entry is not None:
        return item.entry.description
    if item.builtin:
        return tr("Comes with the program, so that it works at once and offline.")
    return tr("Imported from a file of yours.")


def _network(item: ModelItem) -> list[Fact]:
    bundle, entry = item.bundle, item.entry
    if bundle is not None:
        size, count = bundle.preprocessing.size, bundle.manifest.parameters
        top5 = bundle.manifest.metrics.top5
    else:
        size = entry.input_size if entry is not None else 0
        count, top5 = (entry.parameters, entry.top5) if entry is not None else (None, None)
    rows = [Fact(tr("Photo size"), f"{size} × {size}", help=tr("Each photo is scaled to so many pixels"))]
    if top5 is not None:
        rows.append(
            Fact(
                tr("Correct in five"),
                words.correct(top5),
                help=tr("Share of photos with the right answer among the first five"),
            )
        )
    tested = bundle.manifest.metrics if bundle is not None else None
    if tested is not None and tested.accuracy is not None and tested.test_photos:
        rows.append(
            Fact(
                tr("Tested on"),
                trn("{n} photo", "{n} photos", tested.test_photos),
                help=tr("Photos of yours that it was not trained on"),
            )
        )
    if count is not None:
        rows.append(Fact(tr("Parameters"), words.millions(count)))
    if item.macs is not None:
        rows.append(Fact(tr("Work per photo"), tr("{count} MACs").format(count=words.millions(item.macs)),
                         help=tr("Multiply-accumulate operations")))  # fmt: skip
    if bundle is not None:
        rows.extend(_inside(bundle, count))
    return rows


def _inside(bundle: Bundle, count: int | None) -> list[Fact]:
    rows: list[Fact] = []
    model = bundle.manifest.files.get("model")
    if model is not None and count:
        rows.append(Fact(tr("Numbers"), _numbers(model.size / count)))
    twin = find(bundle)
    if twin is not None and twin.sha256:
        rows.append(
            Fact(
                tr("8-bit network"),
                tr("{share} of the time").format(share=percent(twin.int8_ms / max(twin.float_ms, 0.001), 0)),
                help=tr("Same first answer on {agree} of {checked} views of photos. {use}").format(
                    agree=twin.agree,
                    checked=twin.checked,
                    use=tr("It answers where the precision is automatic.")
                    if twin.pays
                    else tr("It answers only where 8-bit precision is set."),
                ),
            )
        )
    if bundle.temperature != 1:
        rows.append(
            Fact(tr("Calibrated"), f"{bundle.temperature:.2f}", help=tr("Temperature that makes percentages honest"))
        )
    if not bundle.is_backbone and not bundle.explainable:
        rows.append(Fact(tr("Explain"), tr("Not possible"), help=tr("The network does not give its last feature map")))
    return rows


def _numbers(bytes_each: float) -> str:
    if bytes_each < _EIGHT_BIT_BELOW:
        return tr("8-bit, quantised")
    return tr("16-bit") if bytes_each < _SIXTEEN_BIT_BELOW else tr("32-bit")


def _origin(item: ModelItem) -> list[Fact]:
    bundle, entry = item.bundle, item.entry
    rows: list[Fact] = []
    licence = bundle.manifest.licence if bundle is not None else entry.licence if entry is not None else ""
    if licence:
        rows.append(Fact(tr("Licence"), licence.replace("Apache-2.0", "Apache 2.0")))
    if entry is not None:
        rows.append(Fact(tr("Source"), tr("{maker}, {year}").format(maker=entry.source, year=entry.year)))
    elif item.builtin:
        rows.append(Fact(tr("Source"), tr("Trained for this program")))
    elif item.origin:
        rows.append(Fact(tr("Source"), item.origin))
    rows.append(_checksum(item))
    return rows


def _checksum(item: ModelItem) -> Fact:
    entry, bundle = item.entry, item.bundle
    name = tr("Checksum")
    published = entry is not None and (entry.md5 or entry.sha256)
    if bundle is None:
        text = tr("Checked on arrival") if published else tr("Not published")
        return Fact(name, text, help=tr("The network’s structure is checked in any case"))
    source = bundle.manifest.provenance
    if bundle.builtin or (published and source.source):
        return Fact(name, tr("Verified"), "ok", "check", source.sha256)
    if entry is None and source.sha256:
        return Fact(
            name, source.sha256[:8] + "…", help=tr("sha256 of the imported file: {hash}").format(hash=source.sha256)
        )
    return Fact(name, tr("Not published"), help=tr("The network’s structure was checked"))
