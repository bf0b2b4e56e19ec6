"""Owns the question before the program ends while it is at work on something that ending would cut short."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QObject, Qt, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.turns import next_turn

_KEYS = "quit"


class Quitting(QObject):
    """Lets a window close, or asks first. Ctrl+Q (Cmd+Q on macOS) closes it from every window of the program."""

    def __init__(self, window: QWidget, work: Callable[[], Sequence[str]]) -> None:
        """Ask about a window.

        Args:
            window: whose closing ends the program.
            work: returns what would be cut short, a sentence each.
        """
        super().__init__(window)
        self._window, self._work = window, work
        self._agreed = False
        self.question: QuitQuestion | None = None
        self._listen(window).setContext(Qt.ShortcutContext.ApplicationShortcut)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._look_at)

    @Slot(QWidget, QWidget)
    def _look_at(self, _old: QWidget | None, now: QWidget | None) -> None:
        """Listen in a modal window, too: it keeps the keys of the others from being heard."""
        # A window that was closed, and is not gone yet, has no say any more.
        dialog = None if now is None or not self._window.isVisible() else now.window()
        if dialog is not None and dialog.isModal() and dialog.findChild(QShortcut, _KEYS) is None:
            self._listen(dialog)

    def _listen(self, window: QWidget) -> QShortcut:
        keys = QShortcut(QKeySequence("Ctrl+Q"), window)
        keys.setObjectName(_KEYS)
        keys.activated.connect(self._window.close)
        keys.activatedAmbiguously.connect(self._window.close)  # where the main window's keys are heard there as well
        return keys

    def _closes_modal(self) -> bool:
        """Close a modal window first, and say so: whoever waits for its answer may not come back to nothing."""
        modal = QApplication.activeModalWidget()
        if modal is None or modal in (self._window, self.question) or not modal.close():
            return False
        next_turn(self._window, self._window.close)
        return True

    def may_close(self) -> bool:
        """Say whether the window may close now; otherwise the question is shown."""
        application = QCoreApplication.instance()
        if self._agreed or (isinstance(application, QGuiApplication) and application.isSavingSession()):
            return not self._closes_modal()  # shut down from outside: no time for questions, and trainings can go on
        work = self._work()
        if not work:
            return not self._closes_modal()
        if self.question is None or not isValid(self.question):
            self.question = QuitQuestion(QApplication.activeWindow() or self._window)
            self.question.accepted.connect(self.close_at_once)
        self.question.show_work(work)
        self.question.open()
        self.question.raise_()
        self.question.activateWindow()
        return False

    @Slot()
    def close_at_once(self) -> None:
        """Close the window without a question: somebody has answered it, or asked the program to end from outside."""
        self._agreed = True
        self._window.close()

    @Slot()
    def look_again(self) -> None:
        """Take the question away where nothing is left to be cut short."""
        question = self.question
        if question is not None and isValid(question) and question.isVisible():
            work = self._work()
            question.show_work(work) if work else question.reject()


class QuitQuestion(QDialog):
    """What quitting would cut short, and whether to."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Quit"))
        self.words = text_label("", "body", "text2", wrap=True)
        self.words.setMinimumWidth(380)
        self.quit = Button(tr("Quit"))
        self.stay = Button(tr("Keep it running"), kind="primary")
        self.stay.setDefault(True)
        self.quit.clicked.connect(self.accept)
        self.stay.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self.quit)
        buttons.addWidget(self.stay)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 24, 28, 20)
        layout.setSpacing(12)
        layout.addWidget(text_label(tr("Quit MobileNet GUI?"), "page", weight=600))
        layout.addWidget(self.words)
        layout.addSpacing(4)
        layout.addLayout(buttons)
        self.stay.setFocus()

    def show_work(self, work: Sequence[str]) -> None:
        """Say what would be cut short."""
        self.words.setText("\n\n".join(work))
        self.adjustSize()
