"""The wizard's window: steps at the left, one page at a time, the footer below. It decides nothing about training.

Pages are built when they are first gone to. The window is not modal, and closing it ends no training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from PySide6.QtCore import QEvent, QMimeData, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.training.project import Change
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import app_icon
from mobilenet_gui.ui.widgets.toast import ToastHost
from mobilenet_gui.ui.window_size import TITLE_BAR, room_for
from mobilenet_gui.ui.wizard import flow
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.ui.wizard.flow import Key
from mobilenet_gui.ui.wizard.footer import FooterBar
from mobilenet_gui.ui.wizard.page import WizardPage
from mobilenet_gui.ui.wizard.side import SidePanel
from mobilenet_gui.ui.wizard.situation import situation_of
from mobilenet_gui.workers.collector import many_photos

SIZE = QSize(960, 680)
MINIMUM = QSize(860, 600)


def _make_page(key: Key, context: WizardContext) -> WizardPage:
    """Build a page; each module is imported when its page is first wanted."""
    page: WizardPage
    if key == "data":
        from mobilenet_gui.ui.wizard.data_page import DataPage

        page = DataPage(context)
    elif key == "check":
        from mobilenet_gui.ui.wizard.check_page import CheckPage

        page = CheckPage(context)
    elif key == "settings":
        from mobilenet_gui.ui.wizard.settings_page import SettingsPage

        page = SettingsPage(context)
    elif key == "train":
        from mobilenet_gui.ui.wizard.train_page import TrainPage

        page = TrainPage(context)
    elif key == "evaluate":
        from mobilenet_gui.ui.wizard.evaluate_page import EvaluatePage

        page = EvaluatePage(context)
    else:
        from mobilenet_gui.ui.wizard.use_page import UsePage

        page = UsePage(context)
    return page


class WizardDialog(QWidget):
    """The window.

    Attributes:
        closed: it was closed; the project can be saved and let go of.
    """

    closed = Signal()

    def __init__(
        self,
        make_context: Callable[[ToastHost], WizardContext],
        *,
        make_page: Callable[[Key, WizardContext], WizardPage] = _make_page,
    ) -> None:
        """Build it; nothing is shown yet.

        Args:
            make_context: returns what the pages need, given this window's toasts.
            make_page: builds a page; tests pass their own.
        """
        super().__init__(None, Qt.WindowType.Window)
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.stack = QStackedWidget()
        # Over the page, so that it hides neither the footer's words nor its buttons.
        context = make_context(ToastHost(self.stack))
        self.context = context
        self._make_page = make_page
        self._pages: dict[Key, WizardPage] = {}
        self._current: Key | None = None
        self.side = SidePanel()
        self.footer = FooterBar()
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.stack, 1)
        right.addWidget(self.footer)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.side)
        row.addLayout(right, 1)
        self._fit_screen()
        # Once an event round: a drop of ten thousand photos says ten thousand times that something changed.
        self._look_again = QTimer(self)
        self._look_again.setSingleShot(True)
        self._look_again.setInterval(0)
        self._look_again.timeout.connect(self.refresh)
        self.side.chosen.connect(self._go_by_name)
        self.side.renamed.connect(self._rename)
        self.footer.pressed.connect(self._pressed)
        context.hub.go.connect(self._go_by_name)
        context.hub.show_photos.connect(self._show_photos)
        context.hub.find_photos.connect(self._find_photos)
        context.files.setParent(self)
        context.files.told.connect(self._look_again.start)
        context.hub.stale.connect(self._look_again.start)
        context.hub.project_changed.connect(self._note_change)
        self._add_shortcuts()

    # -- called from outside --------------------------------------------------------------------------------------

    @property
    def current(self) -> WizardPage:
        """The page shown."""
        return cast(WizardPage, self.stack.currentWidget())

    def open_at(self, key: Key | None = None) -> None:
        """Show the window at a step; by default where the project's owner left off."""
        self.prepare(key)
        self.show()
        self.raise_()
        self.activateWindow()

    def prepare(self, key: Key | None = None) -> None:
        """Build the page of a step, by default that where the project's owner left off; the window stays hidden."""
        situation = situation_of(self.context)
        if key is not None and flow.reachable(situation, key):
            self.go(key)
        elif self._current is None:
            self.go(flow.first_step(situation))

    def place_over(self, other: QWidget) -> None:
        """Stand in the middle of another window, wholly on its screen."""
        room = other.screen().availableGeometry()
        frame = self.geometry()
        frame.moveCenter(other.frameGeometry().center())
        # Below its top by what a title bar takes, so that the title can be reached.
        frame.moveTop(max(room.top() + TITLE_BAR, min(frame.top(), room.bottom() - frame.height())))
        frame.moveLeft(max(room.left(), min(frame.left(), room.right() - frame.width())))
        self.setGeometry(frame)

    def go(self, key: Key) -> None:
        """Show a step, if it can be gone to."""
        if key == self._current or not flow.reachable(situation_of(self.context), key):
            return
        if self._current is not None:
            self._pages[self._current].left()
        if key not in self._pages:
            page = self._make_page(key, self.context)
            page.changed.connect(self._look_again.start)
            page.completed.connect(self._forward)
            self._pages[key] = page
            self.stack.addWidget(page)
        self._current = key
        self.stack.setCurrentWidget(self._pages[key])
        self.context.toasts.toast.raise_()  # the page has come in front of it
        self._pages[key].entered()
        # What is said of files was true the last time; somebody may have cleaned up since, or plugged a drive in.
        self.context.files.ask()
        self.refresh()

    def refresh(self) -> None:
        """Show how the project stands now, in the list of steps and in the footer."""
        if self._current is None:
            return
        project = self.context.project
        situation = situation_of(self.context)
        details = {str(key): words for key, page in self._pages.items() if (words := page.step_detail()) is not None}
        self.side.show_project(project.name, situation, flow.steps(situation, self._current), details)
        self.footer.show_footer(self._pages[self._current].footer())
        self.setWindowTitle(project.name)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End what the pages do, not what the training controller does."""
        if self._current is not None:
            self._pages[self._current].left()
            self._current = None
        for page in self._pages.values():
            page.shut_down()
        self.context.files.shut_down()
        super().closeEvent(event)
        self.closed.emit()

    # -- steps ----------------------------------------------------------------------------------------------------

    def _go_by_name(self, key: str) -> None:
        if key in flow.KEYS:
            self.go(key)

    def _show_photos(self, photo_ids: Sequence[str]) -> None:
        self.go("data")
        self._pages["data"].show_photos(photo_ids)

    def _find_photos(self) -> None:
        self.go("data")
        self._pages["data"].find_photos()

    def changeEvent(self, event: QEvent) -> None:
        """Look after the files when somebody comes back, maybe from cleaning up among them."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow() and self._current is not None:
            self.context.files.ask()

    def _forward(self) -> None:
        self._step(1)

    def _step(self, by: int) -> None:
        if self._current is None:
            return
        at = flow.KEYS.index(self._current) + by
        if 0 <= at < len(flow.KEYS):
            self.go(flow.KEYS[at])

    def _pressed(self, key: str) -> None:
        if key == "back":
            self._step(-1)
        elif key == "continue":
            self._step(1)
        elif key == "close":
            self.close()
        elif self._current is not None:
            self._pages[self._current].act(key)
        self._look_again.start()

    def _note_change(self, change: Change) -> None:
        # The check looks again at once while it is shown.
        if self._current != "check" and (change.added or change.removed or change.changed or change.class_list):
            self.context.checkup.outdated = True
        self._look_again.start()

    def _rename(self, name: str) -> None:
        self.context.project.rename(name)
        self._look_again.start()

    def _fit_screen(self) -> None:
        room = room_for(self)
        least = MINIMUM.boundedTo(room)
        self.setMinimumSize(least)
        # Some of what it stands over stays in sight, where there is room for that.
        wanted = QSize(fonts.px(SIZE.width()), fonts.px(SIZE.height()))
        self.resize(wanted.boundedTo(room - QSize(40, 40)).expandedTo(least))

    def _add_shortcuts(self) -> None:
        bindings: list[tuple[QKeySequence | QKeySequence.StandardKey | str, Callable[[], None]]] = [
            ("Ctrl+Z", self.undo), ("Ctrl+Shift+Z", self.redo), ("Ctrl+Y", self.redo),
            ("Ctrl+W", lambda: cast(None, self.close())),
            ("Ctrl+V", self.paste), ("F1", self._show_shortcuts),
        ]  # fmt: skip
        for keys, slot in bindings:
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

    def _show_shortcuts(self) -> None:
        from mobilenet_gui.ui.shortcuts_dialog import ShortcutsDialog

        ShortcutsDialog(self).show()

    # -- undo -----------------------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Take the project's last change back."""
        field = self.focusWidget()
        if isinstance(field, QLineEdit):
            field.undo()
            return
        text = self.context.project.undo_text
        if text and self._replay(self.context.project.undo):
            self.context.toasts.show_message(tr("Undone: {what}").format(what=text), tr("Redo"), self.redo)

    def redo(self) -> None:
        """Do again what was taken back."""
        field = self.focusWidget()
        if isinstance(field, QLineEdit):
            field.redo()
            return
        if self._replay(self.context.project.redo):
            self.context.toasts.show_message(self.context.project.undo_text, tr("Undo"), self.undo)

    def _replay(self, work: Callable[[], str]) -> str:
        with many_photos(len(self.context.project.photos)):
            return work()

    # -- drops and pastes -----------------------------------------------------------------------------------------

    def paste(self) -> None:
        """Give what was copied elsewhere to the page."""
        field = self.focusWidget()
        if isinstance(field, QLineEdit):
            field.paste()
            return
        mime = QGuiApplication.clipboard().mimeData()
        if self._current is not None and mime is not None and self._pages[self._current].can_take(mime):
            self._pages[self._current].take(mime)

    def _page_for(self, mime: QMimeData) -> WizardPage | None:
        page = self._pages.get(self._current) if self._current is not None else None
        return page if page is not None and page.can_take(mime) else None

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept what the page can use, anywhere in the window."""
        page = self._page_for(event.mimeData())
        if page is None:
            event.ignore()
            return
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        page.set_dragging(event.mimeData(), self.mapToGlobal(event.position().toPoint()))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Keep accepting while the pointer moves, and show where the drop would go."""
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        page = self._page_for(event.mimeData())
        if page is not None:
            page.set_dragging(event.mimeData(), self.mapToGlobal(event.position().toPoint()))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Show the page as it was."""
        if self._current is not None:
            self._pages[self._current].set_dragging(None)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Give the drop to the page."""
        page = self._page_for(event.mimeData())
        if page is None:
            event.ignore()
            return
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        page.set_dragging(None)
        page.take(event.mimeData(), self.mapToGlobal(event.position().toPoint()))
