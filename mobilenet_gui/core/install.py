"""Owns how a model gets here: fetch, check and convert, try, install. One flow for the command line and the window.

An import from a file of the user's, `install_import`, is the same flow without the fetching.

Each step may fail or be cancelled and leaves what was there before; a whole download outlives a cancelled conversion,
a damaged one is thrown away. Converting needs a process of its own, which `core` does not know: it is handed in.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import replace as with_changes
from pathlib import Path
from typing import Final, Literal, Protocol

from mobilenet_gui.core import catalog, download
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.catalog import CatalogEntry, WeightsFile
from mobilenet_gui.core.download_part import SPARE_BYTES, exclusive, full_disk
from mobilenet_gui.core.errors import Cancelled, ModelError
from mobilenet_gui.core.labels import LabelsBeside
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.core.types import Label, Normalization
from mobilenet_gui.i18n import tr

Step = Literal["downloading", "preparing", "trying", "installing"]

BACKBONE_SUFFIX: Final = "-backbone"

_SHARES: Final[dict[Step, tuple[float, float]]] = {
    "downloading": (0.0, 0.6),
    "preparing": (0.6, 0.93),
    "trying": (0.93, 0.97),
    "installing": (0.97, 1.0),
}
_LEAST_SHARE: Final = 0.95
"""The catalogue's sizes are within five per cent."""
_ROOM: Final = 3
"""A bundle holds the weights, the network and the classifier: at most this many times the weights file."""


@dataclass(frozen=True, slots=True)
class InstallProgress:
    """How far an installation is.

    Attributes:
        step: what is done just now.
        text: the same for the user, translated; more precise while converting.
        fraction: share of the whole, 0 to 1, never falling; None while a download's size is unknown.
        step_fraction: share of this step, or None where nobody knows.
        done: bytes of the download that are here.
        total: bytes of the whole download, or None.
        speed: bytes a second, or None.
        seconds_left: of the download, or None.
    """

    step: Step
    text: str
    fraction: float | None = None
    step_fraction: float | None = None
    done: int = 0
    total: int | None = None
    speed: float | None = None
    seconds_left: float | None = None


Report = Callable[[InstallProgress], None]


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What to make a bundle from, for the process that can.

    Attributes:
        source: the weights or `.tflite` file.
        output: the folder to make; its parent exists.
        naming: id, name and what else is known.
        labels: one a class; None for those in the file, or ImageNet's.
        beside: labels that lie beside the file; taken where they fit and nothing else names the classes.
        normalization: the value range in which the pixels go in; None to find it out.
        family, alpha, input_size: what the weights must be; None to find it out.
        backbone: whether the weights must be without (True) or with (False) a classifier; None for either.
    """

    source: Path
    output: Path
    naming: Naming
    labels: tuple[Label, ...] | None = None
    beside: LabelsBeside | None = None
    normalization: Normalization | None = None
    family: str | None = None
    alpha: float | None = None
    input_size: int | None = None
    backbone: bool | None = None


class Builder(Protocol):
    """Makes a bundle, checking the source's structure; blocking.

    Raises `ModelError` where the source is no good, `BuilderError` where that is not known, `Cancelled` soon after
    `cancel` is set.
    """

    def __call__(
        self, request: BuildRequest, progress: Callable[[str, float | None], None], cancel: threading.Event
    ) -> None:
        """Build `request.output`; `progress` takes a text for the user and the share of the work, if known."""


class IdTakenError(ModelError):
    """A model of this id is there already: replace it, or choose another id. `subject` is the id."""

    def __init__(self, model_id: str) -> None:
        super().__init__(model_id, tr("A model of this id is installed already. Choose another id, or replace it."))


class BuilderError(ModelError):
    """What converts failed itself, before it could say anything against the file."""


def backbone_id(entry: CatalogEntry) -> str:
    """Return the id of an official model without its classifier."""
    return entry.id + BACKBONE_SUFFIX


def weights_of(entry: CatalogEntry, *, backbone: bool) -> WeightsFile:
    """Return the file of an official model, or that of its backbone.

    Raises:
        ModelError: there is no file of the backbone alone.
    """
    file = entry.backbone if backbone else entry.weights
    if file is None:
        text = tr("There are no weights without classifier of this model. Fine-tuning starts from the whole one.")
        raise ModelError(entry.name, text)
    return file


def download_target(file: WeightsFile, downloads_dir: Path) -> Path:
    """Return where a file's download lies while it is under way."""
    return downloads_dir / file.file_name


def install_official(
    entry: CatalogEntry,
    store: ModelStore,
    *,
    build: Builder,
    downloads_dir: Path,
    base: str = catalog.OFFICIAL_BASE,
    proxies: Mapping[str, str] | None = None,
    backbone: bool = False,
    report: Report | None = None,
    cancel: threading.Event | None = None,
    timeouts: download.Timeouts | None = None,
    here: Path | None = None,
) -> Bundle:
    """Download an official model, check it, convert it, try it, install it.

    Args:
        entry: which one.
        store: where to.
        build: makes the bundle.
        downloads_dir: where the weights lie meanwhile; kept if only a later step was cancelled.
        base: the download base, from `download.base_url`.
        proxies: from `download.proxies_for`.
        backbone: take the weights without classifier.
        report: told how far it is.
        cancel: set it to stop; a download goes on from there the next time.
        timeouts: of the server.
        here: the weights where they are on this computer already; they are left there, and nothing is downloaded.

    Raises:
        DownloadError, StorageError, ModelError: which step failed and why.
        Cancelled: `cancel` was set.
    """
    flow = Flow(store, build, report, cancel)
    file = weights_of(entry, backbone=backbone)
    target = download_target(file, downloads_dir)
    try:
        downloads_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(downloads_dir, error) from error
    # Held to the end: a second program would convert the download that the first one is about to clear away.
    with exclusive(target.with_name(target.name + ".install.lock"), flow.cancel) as waited:
        model_id = backbone_id(entry) if backbone else entry.id
        bundle = sound(store, model_id) if waited else None
        if bundle is not None:
            flow.tell("installing", tr("Installed"), 1.0)
            return bundle
        urls = download.urls_for(file, base)
        if here is None:
            _check_room_for_download(file, target, store)
            download.fetch(
                urls,
                target,
                name=entry.name,
                expected_hash=file.md5,
                proxies=proxies,
                progress=flow.tell_download,
                cancel=flow.cancel,
                timeouts=timeouts,
            )
        request = BuildRequest(
            source=target if here is None else here,
            output=Path(),
            naming=official_naming(entry, urls[0] if here is None else "", backbone=backbone),
            family=entry.family,
            alpha=entry.alpha,
            input_size=entry.input_size,
            backbone=backbone,
        )
        try:
            bundle = flow.make(request, replace=True, subject=entry.name)
        except BuilderError:
            raise
        except ModelError:
            # What arrived is not what it should be: the next try must not find it.
            with contextlib.suppress(OSError):
                target.unlink(missing_ok=True)
            raise
        with contextlib.suppress(OSError):
            target.unlink(missing_ok=True)
        return bundle


def _check_room_for_download(file: WeightsFile, target: Path, store: ModelStore) -> None:
    """See that a download, and what is made from it, will fit on the disk, before it begins.

    Raises:
        StorageError: it will not; names what is needed and what is free.
    """
    expected = round(_LEAST_SHARE * file.download_bytes)
    have = 0
    for path in (target, target.with_name(target.name + ".part")):
        with contextlib.suppress(OSError):
            have = max(have, path.stat().st_size)
    disks: dict[int, tuple[Path, int]] = {}
    for place, size in ((target.parent, max(0, expected - have)), (store.models_dir, _ROOM * expected)):
        with contextlib.suppress(OSError):
            place.mkdir(parents=True, exist_ok=True)
            disk = place.stat().st_dev
            first, so_far = disks.get(disk, (place, 0))
            disks[disk] = (first, so_far + size)
    for place, size in disks.values():
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(place).free
            if free < size + SPARE_BYTES:
                raise full_disk(place / target.name, size + SPARE_BYTES, free)


def sound(store: ModelStore, model_id: str) -> Bundle | None:
    """Return the installed model of that id if it is whole; None for one that is missing, damaged or built in."""
    if store.is_builtin(model_id):
        return None
    try:
        bundle = store.get(model_id)
        bundle.verify()
    except ModelError:
        return None
    return bundle


class Flow:
    """The steps after the file is here, and the one stream of progress."""

    def __init__(
        self,
        store: ModelStore,
        build: Builder,
        report: Report | None,
        cancel: threading.Event | None,
        begins: Step = "downloading",
    ) -> None:
        self.store = store
        self._build = build
        self._report = report
        self.cancel = cancel if cancel is not None else threading.Event()
        self._start = _SHARES[begins][0]
        self._reached = 0.0

    def make(self, request: BuildRequest, *, replace: bool, subject: str) -> Bundle:
        """Build in a staging folder, try, install; errors about the model name `subject`."""
        self._check_room(request.source)
        with self.store.staging_folder() as staging:
            folder = staging / "bundle"
            request = with_changes(request, output=folder)
            self._check_cancel()
            self.tell("preparing", tr("Preparing"), 0.0)
            with _naming_step(tr("It could not be converted: {reason}"), subject):
                self._build(request, lambda text, share: self.tell("preparing", text, share), self.cancel)
            self._check_cancel()
            self.tell("trying", tr("Trying it once"), 0.0)
            with _naming_step(tr("It failed its trial: {reason}"), subject):
                made = Bundle.open(folder)
                if request.backbone not in (None, made.is_backbone):
                    raise ModelError(subject, _wrong_top(made))
                if not made.is_backbone:
                    try_once(made, self.cancel)
            self._check_cancel()
            self.tell("installing", tr("Installing"), 0.0)
            with _naming_step(tr("It could not be installed: {reason}"), subject):
                if self.store.has(made.id) and not replace:
                    raise IdTakenError(made.id)
                bundle = self.store.install(folder, replace=replace)
        self.tell("installing", tr("Installed"), 1.0)
        return bundle

    def tell(
        self,
        step: Step,
        text: str,
        share: float | None,
        *,
        done: int = 0,
        total: int | None = None,
        speed: float | None = None,
        left: float | None = None,
    ) -> None:
        """Report; a step that does not know its share stands at what was reached."""
        if self._report is None:
            return
        low, high = ((bound - self._start) / (1 - self._start) for bound in _SHARES[step])
        if share is not None:
            self._reached = max(self._reached, low + (high - low) * min(max(share, 0.0), 1.0))
        overall = None if step == "downloading" and share is None else self._reached
        self._report(InstallProgress(step, text, overall, share, done, total, speed, left))

    def tell_download(self, now: download.Progress) -> None:
        """Report how far the download is."""
        self.tell(
            "downloading",
            tr("Downloading"),
            now.fraction,
            done=now.done,
            total=now.total or None,
            speed=now.speed,
            left=now.seconds_left,
        )

    def _check_cancel(self) -> None:
        if self.cancel.is_set():
            raise Cancelled

    def _check_room(self, source: Path) -> None:
        with contextlib.suppress(OSError):
            parts = source.iterdir() if source.is_dir() else (source,)
            needed = _ROOM * sum(part.stat().st_size for part in parts) + SPARE_BYTES
            place = self.store.models_dir
            place.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(place).free
            if free < needed:
                raise full_disk(place / "model", needed, free)


@contextmanager
def _naming_step(sentence: str, subject: str) -> Iterator[None]:
    """Put the step into the reason of what goes wrong with the model in it; the disk's errors say enough already."""
    try:
        yield
    except IdTakenError:
        raise
    except ModelError as error:
        raise type(error)(subject, sentence.format(reason=error.reason)) from error


def _wrong_top(bundle: Bundle) -> str:
    if bundle.is_backbone:
        return tr("these weights have no classifier.")
    return tr("these weights have a classifier; a backbone was expected.")


def try_once(bundle: Bundle, cancel: threading.Event) -> None:
    """Have a new bundle answer once, in a process that may be lost, before it replaces another; raises `ModelError`."""
    # Imported late: the window's opening must not wait for it.
    from mobilenet_gui.core import trial

    trial.ensure(bundle, cancel)


def official_naming(entry: CatalogEntry, url: str, *, backbone: bool) -> Naming:
    """Return what is known of an official model."""
    return Naming(
        id=backbone_id(entry) if backbone else entry.id,
        name=tr("{name} backbone").format(name=entry.name) if backbone else entry.name,
        family=entry.family,
        alpha=entry.alpha,
        licence=entry.licence,
        description=entry.description,
        source=download.shown_url(url),
        parameters=None if backbone else entry.parameters,
        macs=None if backbone else entry.macs,
        top1=None if backbone else entry.top1,
        top5=None if backbone else entry.top5,
        preprocessing=entry.preprocessing,
    )
