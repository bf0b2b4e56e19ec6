"""Owns what is written on the photos page: it reads the controller's state and fills the frame with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from mobilenet_gui.core import catalog
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.photo_session import Counts, Photo, PhotoState
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.training.bases import BUILTIN_ID
from mobilenet_gui.ui.accessibility import announce
from mobilenet_gui.ui.corrections.wish import can_correct
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.frame import PageFrame
from mobilenet_gui.ui.photos.inspector import Body
from mobilenet_gui.workers.model_state import TaskState

if TYPE_CHECKING:
    from mobilenet_gui.workers.models import ModelTasks

WORTH_SHOWN = 3
STARTER_BANNER = "starter"
MAKING_BANNER = "making"
FAILED_BANNER = "making-failed"
STARTER_ID = "starter"
FOREIGN_FAMILY = "other"
"""Family of models that are none of ours; their names are not understood."""


class Presenter(QObject):
    """Keeps the frame's words up to date.

    Attributes:
        trouble_read: the user closed what is said of a model that cannot be used.
    """

    trouble_read = Signal()

    def __init__(
        self,
        frame: PageFrame,
        controller: PhotosController,
        *,
        settings: SettingsStore,
        folder: Callable[[], str],
        want_models: Callable[[str], None],
    ) -> None:
        """Make it.

        Args:
            frame: what is filled.
            controller: where the state is.
            settings: which banners were closed for good.
            folder: returns the name of the folder that all photos are from, or nothing.
            want_models: called with "show", "download" and the like when a banner's action is pressed.
        """
        super().__init__(frame)
        self._frame = frame
        self._controller = controller
        self._settings = settings
        self._folder = folder
        self._want_models = want_models
        self._announced: tuple[int, str] | None = None
        self._seen: object = ()
        self._worth: dict[int, QImage | None] = {}
        self._make_again: Callable[[], None] | None = None
        self.counts = Counts()
        controller.loader.thumbnail_ready.connect(self._thumbnail_ready)

    def refresh(self, *, dragging: bool) -> None:
        """Fill everything."""
        frame, session = self._frame, self._controller.session
        view = frame.views.current()
        frame.show_centre("zone" if dragging or not len(session) else view)
        frame.start.set_alone(bool(len(session)))
        frame.single.set_active(view == "single")
        self.show_body()
        self.show_title()
        self.show_current()
        self.show_counts(session.counts())

    def show_body(self) -> None:
        """Choose what the inspector is about."""
        controller, inspector = self._controller, self._frame.inspector
        has_model = controller.bundle is not None or controller.loading is not None
        if not has_model and self._frame.views.current() != "grid":
            body = Body.NO_MODEL
        elif not len(controller.session):
            body = Body.EMPTY if has_model else Body.NO_MODEL
        else:
            body = Body.BATCH if self._frame.views.current() == "grid" else Body.RESULT
        if inspector.current is not body:
            inspector.show_body(body)
        self._frame.zone.open_button.set_kind("primary" if has_model else "secondary")

    def show_title(self) -> None:
        """Write the header."""
        controller, frame = self._controller, self._frame
        photo = controller.current
        if not len(controller.session):
            frame.header.set_title(tr("Photos"))
        elif frame.views.current() == "grid" or photo is None:
            count, folder = trn("{n} photo", "{n} photos", len(controller.session)), self._folder()
            if folder:
                count = tr("{n} from {folder}").format(n=f"{len(controller.session):,}", folder=folder)
            frame.header.set_title(tr("Photos"), count)
        else:
            size = "" if photo.size is None else f"{photo.size[0]} × {photo.size[1]}"
            frame.header.set_title(photo.name, size)

    def show_current(self) -> None:
        """Write the inspector's body for the photo on screen."""
        controller, inspector = self._controller, self._frame.inspector
        photo = controller.current
        sure_from = controller.session.sure_from
        seen = None if photo is None else (
            photo.key, photo.state, photo.stale, photo.problem, photo.recognition, controller.bundle is None
        )  # fmt: skip
        if (seen, sure_from) == self._seen:
            return
        self._seen = (seen, sure_from)
        if photo is None or photo.recognition is None or photo.state is PhotoState.FAILED:
            inspector.set_time(None)
            inspector.set_result_available(False)
        else:
            inspector.set_time(None if photo.stale else photo.recognition.timing, photo.recognition.precision)
            inspector.set_result_available(not photo.stale)
            self._announce(photo)
        inspector.result.show_photo(photo, sure_from)
        inspector.set_stranger(inspector.result.stranger and can_correct(controller.bundle))

    def show_counts(self, counts: Counts) -> None:
        """Write what is known of all photos."""
        controller, frame = self._controller, self._frame
        self.counts = counts
        if frame.views.current() == "grid":
            self.show_title()
        frame.grid.show_counts(counts)
        busy = counts.pending > 0 and controller.bundle is not None and not controller.stopped
        frame.single.strip.set_busy(busy)
        frame.grid.grid.set_busy(busy)
        session, batch = controller.session, frame.inspector.batch
        if frame.inspector.current is not Body.BATCH:
            return
        batch.show_counts(counts, session.confidences().tolist(), session.sure_from)
        worth = [photo for photo in (session.get(k) for k in session.worth_a_look(WORTH_SHOWN)) if photo is not None]
        batch.show_worth([(photo, self._worth_picture(photo.key)) for photo in worth])
        self._worth = {photo.key: self._worth.get(photo.key) for photo in worth}
        frame.inspector.set_answers_available(counts.sure + counts.not_sure > 0)

    def _worth_picture(self, key: int) -> QImage | None:
        """Return the small picture of a photo that is worth a look, kept while thousands of others pass the cache."""
        thumbs = self._controller.thumbs
        # To ask for one drops what the grid has asked for, which matters while it fills.
        kept = thumbs.peek(key)
        if kept is None:
            kept = self._worth.get(key)
        if kept is None and not self.counts.pending:
            kept = thumbs.get(key)
        self._worth[key] = kept
        return kept

    @Slot(int, object)
    def _thumbnail_ready(self, key: int, _image: QImage) -> None:
        if key in self._worth and self._worth[key] is None:
            self.show_counts(self.counts)

    def show_model(self) -> None:
        """Write which model answers."""
        controller, inspector = self._controller, self._frame.inspector
        bundle = controller.loading or controller.bundle
        if bundle is None:
            inspector.set_model(tr("No model"))
        else:
            inspector.set_model(bundle.name, _model_tip(bundle), _shorter_names(bundle))
        inspector.result.set_explainable(bundle is None or bundle.explainable)
        inspector.result.correct.set_possible(can_correct(bundle))
        inspector.result.set_classes([] if bundle is None else [label.name for label in bundle.labels])
        self._show_starter(controller.bundle)
        self.show_body()

    def show_trouble(self, text: str) -> None:
        """Say what is wrong with a model that was asked for; nothing for an empty text."""
        self._frame.notices.show_model_trouble(text, lambda: self._want_models("show"), self.trouble_read.emit)

    def show_no_model(self) -> None:
        """Say that nothing can be recognised yet."""
        self._frame.notices.show_notice(
            "no_model",
            "warn",
            tr("There is no model yet, so photos are not recognised."),
            tr("Download a model"),
            lambda: self._want_models("download"),
        )

    def follow(self, tasks: ModelTasks) -> None:
        """Tell how the model that comes with the program is made, where it still has to be."""
        self._make_again = tasks.make_builtin
        tasks.progressed.connect(self._show_making)
        tasks.returned.connect(self._making_ended)
        tasks.cancelled.connect(self._making_ended)

    @Slot(str, object)
    def _show_making(self, _key: str, state: TaskState) -> None:
        notices = self._frame.notices
        if state.id != BUILTIN_ID or state.kind != "import":
            return
        if state.error is not None:
            self._making_ended(BUILTIN_ID)
            if FAILED_BANNER not in self._closed():
                reason = tr("{name} could not be made ready. {reason}").format(
                    name=state.title, reason=state.error.reason
                )
                notices.show_notice(
                    FAILED_BANNER,
                    "warn",
                    reason,
                    tr("Try again"),
                    self._make_again,
                    on_close=lambda: self._close(FAILED_BANNER),
                )
            return
        if MAKING_BANNER not in notices.shown():
            notices.dismiss(FAILED_BANNER)
            notices.dismiss(STARTER_BANNER)
            text = tr(
                "{name}, which knows 1,000 things, is being made ready, once. "
                "Until then the model in use goes on answering."
            )
            notices.show_notice(MAKING_BANNER, "info", text.format(name=state.title), closable=False)
        notices.set_progress(MAKING_BANNER, state.share or 0.0)

    @Slot(str)
    def _making_ended(self, key: str) -> None:
        if key == BUILTIN_ID:
            self._frame.notices.dismiss(MAKING_BANNER)
            self._show_starter(self._controller.bundle)

    def _closed(self) -> list[str]:
        return [name for name in self._settings.values.dismissed_banners.split(",") if name]

    def _show_starter(self, bundle: Bundle | None) -> None:
        closed = self._closed()
        notices = self._frame.notices
        # The other built-in model knows as much as the official ones, and what is being made needs no other offer.
        unwanted = STARTER_BANNER in closed or MAKING_BANNER in notices.shown()
        if bundle is None or not bundle.builtin or bundle.id != STARTER_ID or unwanted:
            notices.dismiss(STARTER_BANNER)
        elif STARTER_BANNER not in notices.shown():
            text = trn(
                "You are using the built-in starter model ({n} class).",
                "You are using the built-in starter model ({n} classes).",
                len(bundle.labels),
            )
            notices.show_notice(
                STARTER_BANNER,
                "info",
                text,
                _official_offer(),
                lambda: self._want_models("download"),
                on_close=lambda: self._close(STARTER_BANNER),
            )

    def _close(self, banner: str) -> None:
        """Never show a banner again."""
        self._settings.update(dismissed_banners=",".join([*self._closed(), banner]))

    def _announce(self, photo: Photo) -> None:
        """Have a screen reader say a new answer, once."""
        if photo.recognition is None or photo.state is not PhotoState.DONE:
            return
        said = (photo.key, photo.recognition.model_id)
        if said != self._announced and self._frame.isVisible():
            self._announced = said
            announce(self._frame, self._controller.rows.describe(photo))


def _official_offer() -> str:
    """Return what the starter's banner offers, with the size of the download."""
    entry = catalog.by_id(catalog.DEFAULT_ID)
    if entry is None:
        raise RuntimeError(f"{catalog.DEFAULT_ID} is not in the catalogue")
    return tr("Get the official MobileNet ({classes} classes, {size} MB)").format(
        classes=entry.classes, size=round(entry.download_bytes / 1e6)
    )


def _shorter_names(bundle: Bundle) -> list[str]:
    """Return shorter names of an official model, longest first: without its input's size, and without its width."""
    if bundle.manifest.family == FOREIGN_FAMILY:
        return []
    plain = bundle.name.split(",", maxsplit=1)[0]
    head, _, last = plain.rpartition(" ")
    shortest = head if head and last.replace(".", "", 1).isdigit() else plain
    return [name for name in dict.fromkeys((plain, shortest)) if name != bundle.name]


def _model_tip(bundle: Bundle) -> str:
    """Return what the chip says when pointed at."""
    size = bundle.preprocessing.size
    return tr("{name}, {classes} classes, looks at {size} × {size} pixels").format(
        name=bundle.name, classes=len(bundle.labels), size=size
    )
