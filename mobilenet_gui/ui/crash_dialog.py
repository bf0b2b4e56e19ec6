"""Owns the words for an unexpected error: one window, not modal, with a report to copy. The program goes on."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.labels import text_label


class CrashReporter(QObject):
    """Takes reports from any thread and shows them in the GUI thread, all in the same dialog."""

    _arrived = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dialog: CrashDialog | None = None
        self._arrived.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def report(self, summary: str, report: str) -> None:
        """Show `report`; callable from any thread, returns at once."""
        self._arrived.emit(summary, report)

    def _show(self, summary: str, report: str) -> None:
        if self._dialog is None:
            owner = self.parent()
            self._dialog = CrashDialog(owner if isinstance(owner, QWidget) else None)
            self._dialog.finished.connect(self._forget)
        self._dialog.add(summary, report)
        self._dialog.show()

    def _forget(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None


class CrashDialog(QDialog):
    """Says that something went wrong, that the program goes on, and offers the report."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Something went wrong"))
        self.setMinimumSize(520, 360)
        self._count = 0
        self._summary = text_label("", "body")
        self._summary.setWordWrap(True)
        self._summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._report = QPlainTextEdit()
        self._report.setReadOnly(True)
        self._report.setAccessibleName(tr("Report"))
        self._report.setFont(fonts.font("small"))
        self._copy = Button(tr("Copy report"), icon="copy")
        self._copy.clicked.connect(self._copy_report)
        close = Button(tr("Go on"), kind="primary")
        close.clicked.connect(self.accept)
        close.setDefault(True)

        explanation = text_label(
            tr("This is a fault of the program, not yours. Your photos and models are safe, and you can go on."),
            "body",
            "text2",
        )
        explanation.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.addWidget(self._copy)
        buttons.addStretch()
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 24, 28, 20)
        layout.setSpacing(12)
        layout.addWidget(text_label(tr("Something went wrong"), "page", weight=600))
        layout.addWidget(explanation)
        layout.addWidget(self._summary)
        layout.addWidget(self._report, 1)
        layout.addLayout(buttons)

    def add(self, summary: str, report: str) -> None:
        """Add one more report; the first stays on top, because later ones are often its echo."""
        self._count += 1
        if self._count == 1:
            self._summary.setText(summary)
            self._report.setPlainText(report)
            return
        self._summary.setText(
            self._summary.text().split("\n")[0] + "\n" + trn("and {n} more", "and {n} more", self._count - 1)
        )
        if self._count <= 20:
            self._report.appendPlainText("\n" + report)

    def _copy_report(self) -> None:
        QGuiApplication.clipboard().setText(self._report.toPlainText())
        self._copy.setText(tr("Copied"))
