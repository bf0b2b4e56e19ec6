"""Owns how photos come into a project: files, folders, tables, pastes and browser drops, referred to or copied.

Folders are read and files copied off the window's thread; what was found is taken in by a few hundred at a time, so
that the window goes on meanwhile. All of one drop is one step that can be undone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QPoint, QTimer, Signal
from PySide6.QtWidgets import QWidget

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.dataset_types import Reading
from mobilenet_gui.training.project import NewPhoto
from mobilenet_gui.ui.photos.drop import Dropped, read_mime
from mobilenet_gui.ui.photos.notices import Notices
from mobilenet_gui.ui.wizard.class_picker import ClassPicker
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.ui.wizard.data_notes import NOTE_KINDS, OTHERS, LeftOutNotice, UnderstoodNotice
from mobilenet_gui.ui.wizard.undoing import Undoing
from mobilenet_gui.workers.collector import many_photos
from mobilenet_gui.workers.photo_intake import address_site, decode_data_url, encode_pixels, fetch_photo
from mobilenet_gui.workers.photo_tasks import Errand
from mobilenet_gui.workers.projects import Copies, ReadPhotos

CHUNK = 400
"""Photos taken in at once: about 10 ms."""


@dataclass(slots=True)
class _Incoming:
    """Photos on their way in: those still to be added, and what has come of the others; classes without one, too."""

    photos: list[NewPhoto]
    empty: tuple[str, ...] = ()
    added: int = 0
    known: int = 0
    begun: bool = False
    problems: tuple[UserError, ...] = ()
    name: str = ""


def is_unnamed(name: str) -> bool:
    """Say whether a project still has the name that it was made with, a number behind it or not."""
    return re.fullmatch(re.escape(tr("New model")) + r"( \d+)?", name) is not None


class DataIntake(QObject):
    """Takes photos in.

    Attributes:
        busy_changed: something is on its way in, or nothing is any more.
        video_wanted: photos are to be taken out of this video, which was dropped among them.
    """

    busy_changed = Signal()
    video_wanted = Signal(object)

    def __init__(self, context: WizardContext, notices: Notices, undoing: Undoing, window: QWidget) -> None:
        super().__init__(window)
        self._context, self._notices, self._undoing, self._window = context, notices, undoing, window
        self._left_out = LeftOutNotice(notices, self.video_wanted.emit)
        self._understood = UnderstoodNotice(context, notices)
        self._errands: set[Errand] = set()
        self._queue: list[_Incoming] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._take_chunk)

    @property
    def busy(self) -> bool:
        """Something is on its way in."""
        return bool(self._errands or self._queue)

    # -- asking -----------------------------------------------------------------------------------------------------

    def add_paths(
        self, places: Sequence[Path], class_id: str = "", at: QPoint | None = None, reading: Reading = "auto"
    ) -> None:
        """Take files, folders and tables in.

        Args:
            places: what was dropped or chosen together.
            class_id: everything goes to this class; empty lets folders and tables say.
            at: where on the screen to ask for the class of loose photos.
            reading: where classes are looked for.
        """
        for kind in ("intake", OTHERS, *NOTE_KINDS):
            self._notices.dismiss(kind)
        holder: list[Errand] = []

        def found(data: ReadPhotos) -> None:
            self._finished(holder[0])
            self._left_out.show(data.left_out)
            self._understood.show(data.notes, lambda other: self.add_paths(places, class_id, at, other))
            if data.photos or data.empty or not data.loose:
                self._add(data.photos, data)
            if data.loose:
                self._ask_class(data, at)

        def failed(error: UserError) -> None:
            self._finished(holder[0])
            self._complain(error)

        errand = self._context.tasks.read(
            places, class_id, naming=is_unnamed(self._context.project.name), reading=reading, done=found,
            failed=failed, progress=self._say_looking, receiver=self,
        )  # fmt: skip
        holder.append(errand)
        self._begun(errand)

    def add_taken(self, photos: Sequence[NewPhoto], words: str) -> None:
        """Take photos in that lie in the project's folder already, and say `words` of it."""
        self._undoing.do(lambda: self._context.project.add_photos(photos), words)

    def take_mime(self, mime: QMimeData, class_id: str = "", at: QPoint | None = None) -> bool:
        """Take what was dropped or pasted; say whether there was anything for us."""
        dropped = read_mime(mime)
        if dropped is None:
            return False
        if dropped.paths:
            self.add_paths(dropped.paths, class_id, at)
        if dropped.refused:
            self._complain(dropped.refused[0])
        elif not dropped.paths:
            self._take_pictures(dropped, class_id, at)
        return True

    def find_again(self, folder: Path) -> None:
        """Look below a folder for photos that are not where they were."""
        project = self._context.project
        holder: list[Errand] = []

        def done(result: tuple[dict[str, Path], int]) -> None:
            self._finished(holder[0])
            paths, missing = result
            for photo_id in paths:
                self._context.shelf.forget(photo_id)
            words = trn("{n} photo found again", "{n} photos found again", len(paths))
            rest = trn("{n} is still missing", "{n} are still missing", missing)
            if not paths and not missing:
                self._context.toasts.show_message(tr("No photo is missing"))
            elif not paths:
                self._context.toasts.show_message(tr("Nothing was found there; {rest}").format(rest=rest))
            else:
                words = words if not missing else tr("{found}, {rest}").format(found=words, rest=rest)
                self._undoing.do(lambda: project.set_paths(paths), words)

        def failed(error: UserError) -> None:
            self._finished(holder[0])
            self._complain(error)

        errand = self._context.tasks.find_lost(project, folder, done=done, failed=failed, receiver=self)
        holder.append(errand)
        self._begun(errand)

    def stop(self) -> None:
        """Stop everything that is on its way in; what has come in stays."""
        for errand in list(self._errands):
            self._context.tasks.runner.cancel(errand)
        self._errands.clear()
        self._queue.clear()
        self._timer.stop()
        self._notices.dismiss("looking")
        self.busy_changed.emit()

    # -- what was found ---------------------------------------------------------------------------------------------

    def _ask_class(self, data: ReadPhotos, at: QPoint | None) -> None:
        def put(class_id: str, name: str) -> None:
            self._add([photo._replace(class_id=class_id, class_name=name) for photo in data.loose], data)

        title = trn("Which class does {n} photo show?", "Which class do {n} photos show?", len(data.loose))
        picker = ClassPicker(title, self._context.project, self._window)
        picker.picked.connect(lambda class_id: put(class_id, ""))
        picker.named.connect(lambda name: put("", name))
        picker.open_at(at or self._window.mapToGlobal(self._window.rect().center()))

    def _add(self, photos: list[NewPhoto], data: ReadPhotos) -> None:
        if not self._context.settings.values.copy_photos:
            self._take_in(_Incoming(photos, data.empty, problems=data.problems, name=data.name))
            return
        holder: list[Errand] = []

        def copied(copies: Copies) -> None:
            self._finished(holder[0])
            kept = [p._replace(path=copies.paths[p.path], copied=True) for p in photos if p.path in copies.paths]
            problems = (*data.problems, *copies.problems)
            self._take_in(_Incoming(kept, data.empty, problems=problems, name=data.name))

        def failed(error: UserError) -> None:
            self._finished(holder[0])
            self._complain(error)

        errand = self._context.tasks.copy(
            self._context.project,
            [photo.path for photo in photos],
            done=copied,
            failed=failed,
            progress=lambda state: self._say_copying(*state),
            receiver=self,
        )
        holder.append(errand)
        self._begun(errand)

    # -- taking in --------------------------------------------------------------------------------------------------

    def _take_in(self, incoming: _Incoming) -> None:
        self._queue.append(incoming)
        self.busy_changed.emit()
        if not self._timer.isActive():
            self._timer.start(0)

    def _take_chunk(self) -> None:
        """Take one chunk in; one a turn of the event loop, so that the window goes on between them."""
        if not self._queue:
            return
        incoming = self._queue[0]
        chunk, incoming.photos = incoming.photos[:CHUNK], incoming.photos[CHUNK:]
        project = self._context.project
        try:
            with many_photos(len(project.photos) + len(incoming.photos)):
                # Somebody may have named it while its folders were read.
                name = incoming.name if is_unnamed(project.name) else ""
                added = project.add_more(chunk) if incoming.begun else project.add_photos(chunk, name, incoming.empty)
        except UserError as error:
            self._queue.pop(0)
            self._complain(error)
        else:
            incoming.begun = incoming.begun or bool(added.ids)
            incoming.added += len(added.ids)
            incoming.known += added.known
            if not incoming.photos:
                self._queue.pop(0)
                self._tell(incoming)
        if self._queue:
            self._timer.start(0)
        else:
            if not self._errands:
                self._notices.dismiss("looking")
            self.busy_changed.emit()

    def _tell(self, incoming: _Incoming) -> None:
        words = trn("{n} photo added", "{n} photos added", incoming.added)
        if incoming.known:
            there = trn("{n} was there already", "{n} were there already", incoming.known)
            words = there if not incoming.added else tr("{added}, {there}").format(added=words, there=there)
        if incoming.added:
            self._undoing.say(words)
            self._understood.added()
        elif incoming.known:
            self._context.toasts.show_message(words)
        self._say_problems(incoming.problems)

    # -- pictures without a file ------------------------------------------------------------------------------------

    def _take_pictures(self, dropped: Dropped, class_id: str, at: QPoint | None) -> None:
        if dropped.address:
            self._ask_to_fetch(dropped.address, class_id, at)
            return
        data, pixels, url = dropped.data, dropped.pixels, dropped.data_url

        def make(errand: Errand) -> list[bytes]:
            if data:
                return [data]
            return [encode_pixels(errand, pixels) if pixels is not None else decode_data_url(errand, url)]

        self._keep(make, class_id, at)

    def _keep(self, make: Callable[[Errand], Sequence[bytes]], class_id: str, at: QPoint | None) -> None:
        holder: list[Errand] = []

        def kept(places: list[Path]) -> None:
            self._finished(holder[0])
            self._notices.dismiss("address")
            self._place(places, class_id, at)

        def failed(error: UserError) -> None:
            self._finished(holder[0])
            self._complain(error)

        errand = self._context.tasks.keep_bytes(
            self._context.project, make, done=kept, failed=failed, receiver=self
        )  # fmt: skip
        holder.append(errand)
        self._begun(errand)

    def _place(self, places: list[Path], class_id: str, at: QPoint | None) -> None:
        """Put photos that have just been written into a class, asking for it where nobody has said."""

        def put(class_id: str, name: str) -> None:
            photos = [NewPhoto(place, class_id, name, copied=True) for place in places]
            self._take_in(_Incoming(photos))

        if class_id:
            put(class_id, "")
            return
        title = trn("Which class does {n} photo show?", "Which class do {n} photos show?", len(places))
        picker = ClassPicker(title, self._context.project, self._window)
        picker.picked.connect(lambda chosen: put(chosen, ""))
        picker.named.connect(lambda name: put("", name))
        picker.open_at(at or self._window.mapToGlobal(self._window.rect().center()))

    def _ask_to_fetch(self, address: str, class_id: str, at: QPoint | None) -> None:
        proxy = self._context.settings.values.proxy

        def fetch() -> None:
            self._notices.dismiss("address")
            self._keep(lambda errand: [fetch_photo(errand, address, proxy)], class_id, at)

        self._notices.show_notice(
            "address",
            "info",
            tr("This photo is on {site}. Download it?").format(site=address_site(address)),
            tr("Download"),
            fetch,
        )

    # -- words ------------------------------------------------------------------------------------------------------

    def _begun(self, errand: Errand) -> None:
        self._errands.add(errand)
        self.busy_changed.emit()

    def _finished(self, errand: Errand) -> None:
        self._errands.discard(errand)
        if not self._errands:
            self._notices.dismiss("looking")
        self.busy_changed.emit()

    def _say_looking(self, count: int) -> None:
        self._say(trn("Looking for photos, {n} so far", "Looking for photos, {n} so far", count))

    def _say_copying(self, done: int, total: int) -> None:
        words = trn("Copying {n} photo", "Copying {n} photos", total)
        self._say(tr("{what}, {n} done").format(what=words, n=f"{done:,}"))

    def _say(self, text: str) -> None:
        if "looking" in self._notices.shown():
            self._notices.update_text("looking", text)
        else:
            self._notices.show_notice("looking", "info", text, tr("Stop"), self.stop, closable=False)

    def _say_problems(self, problems: Sequence[UserError]) -> None:
        if not problems:
            return
        first = problems[0]
        name = Path(first.subject).name or first.subject
        text = tr("{name}: {reason}").format(name=name, reason=first.reason)
        if len(problems) > 1:
            more = trn("{n} more could not be used.", "{n} more could not be used.", len(problems) - 1)
            text = f"{text} {more}"
        self._notices.show_notice("intake", "warn", text)

    def _complain(self, error: UserError) -> None:
        self._notices.show_notice("intake", "bad", str(error))
