"""Owns the desk at which photos come in: paths, drops, pastes and addresses become rows of the list.

Folders are looked through and pictures fetched in threads; here it is only said what goes on. An address is fetched
after the user's word and never before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.drop import Dropped, read_mime
from mobilenet_gui.ui.photos.notices import Notices
from mobilenet_gui.workers.photo_intake import (
    Listing,
    address_name,
    address_site,
    decode_data_url,
    encode_pixels,
    fetch_photo,
    list_photos,
)
from mobilenet_gui.workers.photo_tasks import Errand, TaskRunner


@dataclass(slots=True, eq=False)
class _Incoming:
    """Files and folders on their way in."""

    places: list[Path]
    alone: bool
    begun: bool = False
    errand: Errand | None = None
    found: Listing | None = None


class IntakeDesk(QObject):
    """Takes photos in.

    Attributes:
        folder: name of the one folder that all photos are from; empty otherwise.
        added: photos have come in.
    """

    added = Signal()

    def __init__(
        self,
        controller: PhotosController,
        *,
        tasks: TaskRunner,
        notices: Notices,
        settings: SettingsStore,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.folder = ""
        self._controller = controller
        self._tasks = tasks
        self._notices = notices
        self._settings = settings
        self._pasted = 0
        self._incoming: deque[tuple[_Incoming, list[Path]]] = deque()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._take_chunk)

    def add_paths(self, paths: Sequence[Path | str]) -> None:
        """Take files and folders; folders are looked through in the background."""
        places = [Path(path) for path in paths]
        if not places:
            return
        listing = _Incoming(places, alone=len(places) == 1 and not len(self._controller.session))

        def take(chunk: list[Path]) -> None:
            self._incoming.append((listing, chunk))
            if not self._timer.isActive():
                self._timer.start()

        def done(found: Listing) -> None:
            listing.found = found
            if not self._timer.isActive():
                self._finish(listing)

        recursive = self._settings.values.include_subfolders
        listing.errand = self._tasks.run(
            lambda errand: list_photos(errand, places, recursive), done=done, failed=self._failed, progress=take
        )

    @Slot()
    def _take_chunk(self) -> None:
        """Take one chunk in; one a turn of the event loop, so that the window goes on between them."""
        if not self._incoming:
            return
        listing, chunk = self._incoming.popleft()
        if listing.errand is None or not listing.errand.cancelled.is_set():
            first = not listing.begun
            listing.begun = True
            if first:
                self.folder = listing.places[0].name if listing.alone and chunk[0] != listing.places[0] else ""
            self._controller.add(((path, path.name) for path in chunk), select=first)
            if first:
                self.added.emit()
            elif listing.errand is not None:
                self._say_looking(listing.errand)
        if self._incoming:
            self._timer.start()
        elif listing.found is not None:
            self._finish(listing)

    def _finish(self, listing: _Incoming) -> None:
        self._notices.dismiss("looking")
        if listing.found is not None:
            self._say_problems(listing.found)
        self.added.emit()

    def take_mime(self, mime: QMimeData, *, pasted: bool = False) -> bool:
        """Take what was dropped or pasted; say whether there was anything for us."""
        dropped = read_mime(mime)
        if dropped is None:
            return False
        self._take(dropped, pasted=pasted)
        return True

    def _take(self, dropped: Dropped, *, pasted: bool) -> None:
        if dropped.refused:
            self._notices.show_notice("refused", "bad", str(dropped.refused[0]))
        if dropped.paths:
            self.add_paths(dropped.paths)
        elif dropped.data:
            self._add_bytes(dropped.data, dropped.name or self._new_name(pasted))
        elif dropped.pixels is not None:
            self._add_pixels(dropped.pixels, dropped.name or self._new_name(pasted))
        elif dropped.data_url:
            name, url = self._new_name(pasted), dropped.data_url
            self._run_bytes(lambda errand: decode_data_url(errand, url), name)
        elif dropped.address:
            self._ask_to_fetch(dropped.address)

    def _add_pixels(self, pixels: QImage, name: str) -> None:
        self._run_bytes(lambda errand: encode_pixels(errand, pixels), name)

    def _run_bytes(self, work: Callable[[Errand], bytes], name: str) -> None:
        self._tasks.run(work, done=lambda data: self._add_bytes(data, name), failed=self._failed)

    def _add_bytes(self, data: bytes, name: str) -> None:
        self.folder = ""
        self._controller.add([(data, name)])
        self.added.emit()

    def _new_name(self, pasted: bool) -> str:
        self._pasted += 1
        if pasted:
            return tr("Pasted photo {n}").format(n=self._pasted)
        return tr("Dropped photo {n}").format(n=self._pasted)

    # addresses

    def _ask_to_fetch(self, address: str) -> None:
        self._notices.show_notice(
            "address",
            "info",
            tr("This photo is on {site}. Download it?").format(site=address_site(address)),
            tr("Download"),
            partial(self._fetch, address),
        )

    def _fetch(self, address: str) -> None:
        self._notices.dismiss("address")
        site = address_site(address)
        proxy = self._settings.values.proxy

        def done(data: bytes) -> None:
            self._notices.dismiss("fetching")
            self._add_bytes(data, address_name(address))

        def failed(error: UserError) -> None:
            self._notices.dismiss("fetching")
            self._notices.show_notice(
                "address",
                "bad",
                tr("The photo on {site} was not downloaded: {reason}.").format(site=site, reason=error.reason),
                tr("Try again"),
                partial(self._fetch, address),
            )

        errand = self._tasks.run(lambda e: fetch_photo(e, address, proxy), done=done, failed=failed)

        def cancel() -> None:
            self._tasks.cancel(errand)
            self._notices.dismiss("fetching")

        text = tr("Downloading from {site}…").format(site=site)
        self._notices.show_notice("fetching", "info", text, tr("Cancel"), cancel, closable=False)

    # words

    def _say_looking(self, errand: Errand) -> None:
        text = trn("Looking for photos, {n} so far", "Looking for photos, {n} so far", len(self._controller.session))
        if "looking" in self._notices.shown():
            self._notices.update_text("looking", text)
            return

        def stop() -> None:
            self._tasks.cancel(errand)
            self._notices.dismiss("looking")

        self._notices.show_notice("looking", "info", text, tr("Stop"), stop, closable=False)

    def _say_problems(self, listing: Listing) -> None:
        problems = listing.problems
        self._notices.dismiss("intake")
        if others := listing.left_out.words():
            self._notices.show_notice(
                "others", "warn" if listing.photos == 0 or listing.left_out.raw else "info", others
            )
        else:
            self._notices.dismiss("others")
        if not problems:
            return
        first = problems[0]
        name = Path(first.subject).name or first.subject
        text = tr("{name}: {reason}.").format(name=name, reason=first.reason.rstrip("."))
        if len(problems) > 1:
            more = trn("The same goes for {n} more.", "The same goes for {n} more.", len(problems) - 1)
            if any(problem.reason != first.reason for problem in problems):
                more = trn("{n} more could not be used.", "{n} more could not be used.", len(problems) - 1)
            text = f"{text} {more}"
        self._notices.show_notice("intake", "warn", text)

    def _failed(self, error: UserError) -> None:
        self._notices.show_notice("intake", "bad", tr("{what}.").format(what=str(error).rstrip(".")))
