"""Owns telling of trainings: a ring on the rail, then a badge, a toast on whichever page is shown, a system notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import tr, trn

if TYPE_CHECKING:
    from mobilenet_gui.settings import SettingsStore
    from mobilenet_gui.ui.finetune.desk import WizardDesk
    from mobilenet_gui.ui.finetune.page import FinetunePage
    from mobilenet_gui.ui.main_window import MainWindow
    from mobilenet_gui.ui.notifier import Notifier
    from mobilenet_gui.ui.widgets.toast import ToastHost
    from mobilenet_gui.workers.run_harvest import TrainingNews

_NOTICE: Final = "interrupted"


class NewsDesk(QObject):
    """Tells. What nobody has looked at waits until a window is in front, and is told together."""

    def __init__(self, window: MainWindow, desk: WizardDesk, settings: SettingsStore) -> None:
        """Listen to what `desk` tells."""
        super().__init__(window)
        self._window, self._desk, self._settings = window, desk, settings
        self._page: FinetunePage | None = None
        self._interrupted: TrainingNews | None = None
        self._unseen: list[TrainingNews] = []
        self._waiting = False
        self._badge = ""
        self._notifier: Notifier | None = None
        desk.harvest.told.connect(self._hear)
        desk.training_changed.connect(self._goes_on)
        desk.training_ended.connect(self._none_goes_on)
        desk.work_ended.connect(self._less_to_lose)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.focusWindowChanged.connect(self._look_up)

    @Slot()
    def seen(self) -> None:
        """Fine-tune was opened: it shows all of it."""
        self._retract_interruption()
        self._unseen.clear()
        self._waiting = False
        self._show_badge("")

    def set_page(self, page: FinetunePage) -> None:
        """Show on Fine-tune, once it is there, what was interrupted."""
        self._page = page
        page.opened.connect(self.seen)
        self._desk.tell_training()
        self._show_interruption()

    # -- hearing ----------------------------------------------------------------------------------------------------

    @Slot(object)
    def _hear(self, news: TrainingNews) -> None:
        dialog = self._desk.dialog(news.project_id)
        if dialog is not None and dialog.isActiveWindow():
            return  # its own wizard shows it
        self._unseen = [one for one in self._unseen if one.project_id != news.project_id] + [news]
        if news.kind != "interrupted" and self._window.rail.current() != "finetune":
            self._show_badge("ok" if news.kind == "ready" and self._badge != "bad" else "bad")
        if news.kind == "interrupted":
            self._interrupted = news
            self._show_interruption()
            if self._window.rail.current() == "finetune":
                return  # it stands there
        self._waiting = True
        self._look_up()
        if news.kind != "interrupted" and not _in_front() and self._settings.values.notify:
            self._notify(_words(news))

    @Slot()
    def _look_up(self, _window: object = None) -> None:
        """Show what waits, once a window of the program is in front."""
        host = self._host()
        if self._waiting and self._unseen and host is not None:
            self._waiting = False
            self._show(host)

    def _host(self) -> ToastHost | None:
        active = QApplication.activeWindow()
        if active is self._window:
            return self._window.toasts
        return next((dialog.context.toasts for dialog in self._desk.dialogs if dialog is active), None)

    @Slot(str, object, str)
    def _goes_on(self, project_id: str, share: float | None, _words: str) -> None:
        self._window.rail.set_progress("finetune", share or 0.0)
        if self._interrupted is not None and self._interrupted.project_id == project_id:
            self._retract_interruption()
            self._interrupted = None
            if self._page is not None:
                self._page.notices.dismiss(_NOTICE)

    @Slot()
    def _none_goes_on(self) -> None:
        self._window.rail.set_progress("finetune", None)

    @Slot()
    def _less_to_lose(self) -> None:
        self._window.quitting.look_again()

    def _show_interruption(self) -> None:
        news, page = self._interrupted, self._page
        if news is None or page is None:
            return
        action, call = self._way_on(news)
        page.notices.show_notice(
            _NOTICE, "warn", interrupted_words(news) + ".", action, lambda: call(news),
            on_close=lambda: self._desk.harvest.dismiss(news.project_id),
        )  # fmt: skip

    def _retract_interruption(self) -> None:
        if self._interrupted is not None:
            for host in (self._window.toasts, *(dialog.context.toasts for dialog in self._desk.dialogs)):
                host.retract(_words(self._interrupted))

    def _way_on(self, news: TrainingNews) -> tuple[str, Callable[[TrainingNews], None]]:
        return (tr("Go on"), self._go_on) if news.epochs else (tr("Open"), self._open)

    # -- telling ----------------------------------------------------------------------------------------------------

    def _show(self, host: ToastHost) -> None:
        news = self._unseen[-1]
        ready = [one for one in self._unseen if one.kind == "ready"]
        if news.kind == "ready" and len(ready) > 1:
            text = trn("{n} model is ready", "{n} models are ready", len(ready))
            host.show_message(text, tr("See them"), lambda: self._see("models"), sign="ok")
        elif news.kind == "ready":
            host.show_message(_words(news), tr("Try it"), lambda: self._try(news), sign="ok")
        elif not news.there:
            host.show_message(_words(news), sign="bad")
        elif news.kind == "interrupted":
            action, call = self._way_on(news)
            host.show_message(_words(news), action, lambda: call(news))
        else:
            host.show_message(_words(news), tr("See why"), lambda: self._open(news), sign="bad")

    def _notify(self, text: str) -> None:
        if self._notifier is None:
            from mobilenet_gui.ui.notifier import Notifier

            self._notifier = Notifier(self)
            self._notifier.clicked.connect(self._come_to_front)
        self._notifier.show(text)

    def _show_badge(self, kind: str) -> None:
        if kind != self._badge:
            self._badge = kind
            self._window.rail.set_badge("finetune", kind)

    # -- doing ------------------------------------------------------------------------------------------------------

    def _see(self, page: str) -> None:
        self.seen()
        self._window.show_page(page)

    def _try(self, news: TrainingNews) -> None:
        self._drop(news)
        self._window.active.use(news.model_id)
        self._desk.model_used.emit("photos" if len(self._window.photos.controller.session) else "live")

    def _open(self, news: TrainingNews) -> None:
        self._drop(news)
        self._desk.open(news.project_id, {"unsaved": "use", "stopped": "train"}.get(news.kind, ""))

    def _go_on(self, news: TrainingNews) -> None:
        self._drop(news)
        self._desk.go_on(news.project_id)

    def _drop(self, news: TrainingNews) -> None:
        self._unseen = [one for one in self._unseen if one is not news]
        if not self._unseen:
            self._show_badge("")

    @Slot()
    def _come_to_front(self) -> None:
        self._window.showNormal() if self._window.isMinimized() else self._window.show()
        self._window.raise_()
        self._window.activateWindow()


def _in_front() -> bool:
    """Say whether a window of the program is the one that the person works in."""
    return QGuiApplication.applicationState() == QGuiApplication.applicationState().ApplicationActive


def interrupted_words(news: TrainingNews) -> str:
    """Return how far a training came that was interrupted."""
    if not news.epochs:
        return tr("{name} was not trained: the program ended before it began").format(name=news.name)
    if not news.epoch:
        return tr("{name} was interrupted early in its training").format(name=news.name)
    text = tr("{name} was interrupted after {n} of {all} epochs")
    return text.format(name=news.name, n=news.epoch, all=news.epochs)


def _words(news: TrainingNews) -> str:
    if news.kind == "interrupted":
        return interrupted_words(news)
    if news.kind == "ready":
        if news.accuracy is None:
            return tr("{name} is ready").format(name=news.name)
        return tr("{name} is ready, {share} correct").format(name=news.name, share=percent(news.accuracy))
    reason = "" if news.error is None else _short(news.error.reason)
    text = tr("{name} stopped: {reason}") if news.kind == "stopped" else tr("{name} is not in Models: {reason}")
    return text.format(name=news.name, reason=reason)


def _short(reason: str) -> str:
    """Return a sentence as it stands after a colon: the first of several, no full stop, no capital."""
    first = reason.split(". ", maxsplit=1)[0].rstrip(".")
    return first[:1].lower() + first[1:] if first[1:2].islower() or first[1:2] == " " else first
