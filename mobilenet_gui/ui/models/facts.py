"""What the details panel says of a model: plain rows of name and value, worked out without a widget."""

from __future__ import annotations

from dataclasses import dataclass

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


def figures(item: ModelItem, speed: Speed | None, disk_bytes: int) -> list[Fact]:
    """Return what a model is measured by.

    Args:
        item: the model.
        speed: its measurement, None where there is none.
        disk_bytes: what it takes on the disk; 0 where it is not installed.
    """
    rows = [Fact(tr("Classes"), str(item.classes))] if item.classes else []
    if item.correct is not None:
        rows.append(_correct(item))
    if disk_bytes:
        rows.append(Fact(tr("Size"), _size(item, disk_bytes)))
    elif item.entry is not None:
        rows.append(Fact(tr("Download"), words.megabytes(item.size_bytes)))
    if item.milliseconds is not None:
        help_text = tr("Estimated from models that were measured on this computer")
        if speed is not None:
            text = tr("The network’s time for one photo on the CPU, the median of many. Measured: {day}, {threads}")
            help_text = text.format(day=words.day(speed.measured), threads=words.threads(speed.threads))
        value = words.milliseconds(item.milliseconds, estimated=item.estimated)
        twin = None if item.bundle is None else find(item.bundle)
        if twin is not None and twin.agree and not item.estimated:
            eight = words.milliseconds(item.milliseconds * twin.int8_ms / max(twin.float_ms, 0.001))
            value = tr("{time}, in 8-bit {eight}").format(time=value, eight=eight)
            text = tr("The 8-bit network gave the same first answer on {agree} of {checked} views of photos.")
            help_text += "\n" + text.format(agree=twin.agree, checked=twin.checked)
            if twin.pays:
                help_text += " " + tr("It answers, unless Settings say otherwise.")
            else:
                help_text += " " + tr("It answers only where Settings say so.")
        rows.append(Fact(tr("Time here"), value, help=help_text))
    return rows


def origin(item: ModelItem) -> list[Fact]:
    """Return who made a model, and what else is worth knowing of its inside."""
    return [*_origin(item), *_inside(item)]


def where(item: ModelItem) -> tuple[str, str]:
    """Return whether a model is on this computer, and the size in which it sees a photo."""
    here = tr("On this computer") if item.installed else tr("Not yet on this computer")
    if item.bundle is not None:
        size = item.bundle.preprocessing.size
    else:
        size = item.entry.input_size if item.entry is not None else 0
    text = tr("{width} × {height} pixels") if item.installed else tr("{width} × {height}")
    return here, text.format(width=size, height=size)


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


def _correct(item: ModelItem) -> Fact:
    share, bundle = words.correct(item.correct), item.bundle
    tested = bundle.manifest.metrics if bundle is not None else None
    if tested is not None and tested.accuracy is not None and tested.test_photos:
        photos = trn("{n} photo", "{n} photos", tested.test_photos)
        value = tr("{percent} of {photos}").format(percent=share, photos=photos)
        return Fact(tr("Correct"), value, help=tr("Photos of yours that it was not trained on"))
    top5 = tested.top5 if tested is not None else item.entry.top5 if item.entry is not None else None
    if top5 is None:
        return Fact(tr("Correct"), share, help=tr("Share of ImageNet’s test photos, as published"))
    value = tr("{percent}, among five {top5}").format(percent=share, top5=words.correct(top5))
    help_text = tr("Share of ImageNet’s test photos whose right answer is the first, or among the first five")
    return Fact(tr("Correct"), value, help=help_text)


def _size(item: ModelItem, disk_bytes: int) -> str:
    text, bundle = words.megabytes(disk_bytes), item.bundle
    model = bundle.manifest.files.get("model") if bundle is not None else None
    count = bundle.manifest.parameters if bundle is not None else None
    if model is None or not count or model.size / count >= _SIXTEEN_BIT_BELOW:
        return text
    bits = 8 if model.size / count < _EIGHT_BIT_BELOW else 16
    return tr("{size}, {n}-bit").format(size=text, n=bits)


def _inside(item: ModelItem) -> list[Fact]:
    rows: list[Fact] = []
    bundle = item.bundle
    count = bundle.manifest.parameters if bundle is not None else item.entry.parameters if item.entry else None
    if count:
        rows.append(Fact(tr("Parameters"), words.millions(count)))
    if item.macs is not None:
        rows.append(Fact(tr("Work per photo"), tr("{count} MACs").format(count=words.millions(item.macs)),
                         help=tr("Multiply-accumulate operations")))  # fmt: skip
    if bundle is None:
        return rows
    if bundle.temperature != 1:
        rows.append(
            Fact(tr("Calibrated"), f"{bundle.temperature:.2f}", help=tr("Temperature that makes percentages honest"))
        )
    if not bundle.is_backbone and not bundle.explainable:
        rows.append(Fact(tr("Explain"), tr("Not possible"), help=tr("The network does not give its last feature map")))
    return rows


def _origin(item: ModelItem) -> list[Fact]:
    bundle, entry = item.bundle, item.entry
    rows: list[Fact] = []
    licence = bundle.manifest.licence if bundle is not None else entry.licence if entry is not None else ""
    if entry is not None:
        rows.append(Fact(tr("Made by"), tr("{maker}, {year}").format(maker=entry.source, year=entry.year)))
    elif item.builtin:
        rows.append(Fact(tr("Made by"), tr("Trained for this program")))
    if licence:
        rows.append(Fact(tr("Licence"), licence.replace("Apache-2.0", "Apache 2.0")))
    created = "" if bundle is None else bundle.manifest.provenance.created
    if item.origin:
        rows.append(Fact(tr("From"), item.origin))
    if created and not item.builtin:
        rows.append(Fact(tr("Since"), words.day(created)))
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
