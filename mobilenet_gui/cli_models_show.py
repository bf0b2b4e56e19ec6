"""Owns what `mobilenet-gui models` shows: the record of a model, the table, the line of progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mobilenet_gui.cli_output import Out, printable
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.core.catalog import CatalogEntry
    from mobilenet_gui.core.install import InstallProgress
    from mobilenet_gui.core.store import ModelStore
    from mobilenet_gui.model_service import ModelService

_NOTHING: Final = "–"


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What is said of one model; the JSON object of `models list`.

    Attributes:
        id, name, family, alpha, input_size, classes, licence: as in the catalogue or the bundle.
        installed: it is on this machine.
        active: it is the one in use.
        builtin: it ships with the program.
        backbone: it has no classifier.
        size: bytes on the disk, or of the download where it is not installed.
        parameters, macs: None where unknown.
        top1, top5: published share of correct answers, 0 to 1, or None.
        speed_ms: the network's time for one photo measured on this machine, or None.
        path: its folder, or None.
    """

    id: str
    name: str
    installed: bool
    active: bool
    builtin: bool
    backbone: bool
    family: str
    alpha: float | None
    input_size: int
    classes: int
    size: int
    parameters: int | None
    macs: int | None
    top1: float | None
    top5: float | None
    licence: str
    speed_ms: float | None
    path: str | None


def records(service: ModelService) -> list[ModelRecord]:
    """Return every model, installed ones first, then the official ones that could be downloaded."""
    from mobilenet_gui.core import catalog

    store = service.store
    active = store.active_id
    speeds = service.speeds()
    installed = [installed_record(store, bundle, active, speeds.get(bundle.id)) for bundle in store.list()]
    here = {record.id for record in installed}
    return [*installed, *(_available_record(entry) for entry in catalog.ENTRIES if entry.id not in here)]


def installed_record(store: ModelStore, bundle: Bundle, active: str | None, speed: float | None) -> ModelRecord:
    """Return the record of an installed model; `active` is the active one's id, `speed` what was measured."""
    manifest = bundle.manifest
    return ModelRecord(
        id=bundle.id,
        name=bundle.name,
        installed=True,
        active=bundle.id == active,
        builtin=store.is_builtin(bundle.id),
        backbone=bundle.is_backbone,
        family=manifest.family,
        alpha=manifest.alpha,
        input_size=manifest.input_size,
        classes=manifest.classes,
        size=store.disk_usage(bundle.id),
        parameters=manifest.parameters,
        macs=manifest.macs,
        top1=manifest.metrics.top1,
        top5=manifest.metrics.top5,
        licence=manifest.licence,
        speed_ms=None if speed is None else round(speed, 3),
        path=str(bundle.folder),
    )


def _available_record(entry: CatalogEntry) -> ModelRecord:
    return ModelRecord(
        id=entry.id,
        name=entry.name,
        installed=False,
        active=False,
        builtin=False,
        backbone=False,
        family=entry.family,
        alpha=entry.alpha,
        input_size=entry.input_size,
        classes=entry.classes,
        size=entry.download_bytes,
        parameters=entry.parameters,
        macs=entry.macs,
        top1=entry.top1,
        top5=entry.top5,
        licence=entry.licence,
        speed_ms=None,
        path=None,
    )


def write_table(found: Sequence[ModelRecord], out: Out) -> None:
    """Print the models as two tables: those on this machine, and those to download."""
    heading = ["", tr("Id"), tr("Name"), tr("Size"), tr("Parameters"), tr("Correct"), tr("Speed here")]
    installed = [_cells(record) for record in found if record.installed]
    available = [_cells(record) for record in found if not record.installed]
    widths = [max(len(row[n]) for row in (heading, *installed, *available)) for n in range(len(heading))]

    def write(row: Sequence[str]) -> None:
        cells = [c.ljust(w) if n < 3 else c.rjust(w) for n, (c, w) in enumerate(zip(row, widths, strict=True))]
        print("  ".join(cells).rstrip(), file=out)

    for title, rows in ((tr("On this machine"), installed), (tr("Official models to download"), available)):
        print(title, file=out)
        if rows:
            write(heading)
            for row in rows:
                write(row)
        else:
            print("   " + tr("none yet: “mobilenet-gui models download ID” or “models import FILE”"), file=out)
        print(file=out)


def _cells(record: ModelRecord) -> list[str]:
    name = printable(record.name)
    if record.builtin:
        name = tr("{name} (built in)").format(name=name)
    elif record.backbone:
        name = tr("{name} (for fine-tuning only)").format(name=name)
    return [
        "*" if record.active else " ",
        record.id,
        name,
        f"{record.size / 1e6:.1f} MB",
        _NOTHING if record.parameters is None else f"{record.parameters / 1e6:.2f} M",
        _NOTHING if record.top1 is None else f"{100 * record.top1:.1f} %",
        _NOTHING if record.speed_ms is None else f"{record.speed_ms:.1f} ms",
    ]


def progress_text(name: str, now: InstallProgress) -> str:
    """Return one line such as `MobileNet V2: Downloading, 13.6 of 21.9 MB, 4 s left`."""
    parts = [f"{name}: {now.text}"]
    if now.step == "downloading" and now.total:
        parts.append(tr("{done} of {total} MB").format(done=f"{now.done / 1e6:.1f}", total=f"{now.total / 1e6:.1f}"))
        if now.seconds_left is not None:
            parts.append(tr("{n} s left").format(n=round(now.seconds_left)))
    elif now.step == "downloading":
        parts.append(tr("{done} MB").format(done=f"{now.done / 1e6:.1f}"))
    elif now.step == "preparing" and now.step_fraction:
        parts.append(f"{round(100 * now.step_fraction)} %")
    return ", ".join(parts)
