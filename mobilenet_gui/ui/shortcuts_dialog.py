"""Owns the overview of keyboard shortcuts: a window of its own beside the work, not in its way."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.tokens import DIALOG_MARGIN
from mobilenet_gui.ui.widgets.kbd import KeyCap
from mobilenet_gui.ui.widgets.labels import text_label

Shortcuts = Sequence[tuple[Sequence[str], str]]
SCREEN_SHARE = 0.9


def groups() -> tuple[tuple[str, Shortcuts], ...]:
    """Return headings with their shortcuts: keys in Qt's portable form, and what they do."""
    return (
        (tr("Photos"), (
            (("Ctrl+O",), tr("Open photos")),
            (("Ctrl+Shift+O",), tr("Open a folder")),
            (("Ctrl+V",), tr("Paste a photo")),
            (("Ctrl+C",), tr("Copy the answer")),
            (("Ctrl+E",), tr("Export the answers")),
            (("Left", "Right"), tr("Photo before, photo after")),
            (("Home", "End"), tr("First photo, last photo")),
            (("G",), tr("Grid or single photo")),
            (("E",), tr("Explain: heat map")),
            (("C",), tr("Correct the answer")),
            (("N", "I"), tr("What it does not know: a new class, or not of interest")),
            (("0",), tr("Fit the photo to the window")),
            (("+", "-"), tr("Zoom in, zoom out")),
            (("F11",), tr("Full screen")),
            (("Delete",), tr("Remove from the list")),
            (("Ctrl+Z",), tr("Undo removing or correcting")),
        )),
        (tr("Live"), (
            (("Space",), tr("Freeze, or play and pause a video")),
            (("S",), tr("Save a snapshot")),
            (("M",), tr("Mirror the picture")),
            (("E",), tr("Explain: heat map")),
            (("C",), tr("Correct the answer")),
            (("Ctrl+Z",), tr("Take the correction back")),
            ((",", "."), tr("Frame before, frame after")),
            (("Left", "Right"), tr("Five seconds back, five seconds on")),
            (("Ctrl+O",), tr("Open a video file")),
            (("F11",), tr("Full screen")),
        )),
        (tr("Fine-tune"), (
            (("Return",), tr("Open the project, class or photo")),
            (("F2",), tr("Rename")),
            (("Delete",), tr("Delete or remove")),
            (("Ctrl+V",), tr("Paste a photo")),
            (("Ctrl+Z", "Ctrl+Shift+Z"), tr("Undo, redo")),
            (("F",), tr("Mend a wrong label")),
            (("PgUp", "PgDown"), tr("Mistake before, mistake after")),
        )),
        (tr("Models"), (
            (("Up", "Down"), tr("Model above, model below")),
            (("Return",), tr("Show the details")),
            (("Delete",), tr("Remove the model")),
            (("Ctrl+Z",), tr("Undo removing")),
        )),
        (tr("Everywhere"), (
            (("Ctrl+1",), tr("Photos")),
            (("Ctrl+2",), tr("Live")),
            (("Ctrl+3",), tr("Fine-tune")),
            (("Ctrl+4",), tr("Models")),
            (("Ctrl+,",), tr("Settings")),
            (("Ctrl+F",), tr("Search")),
            (("F9",), tr("Show or hide the details")),
            (("F1",), tr("This overview")),
            (("Ctrl+Q",), tr("Quit")),
        )),
    )  # fmt: skip


class ShortcutsDialog(QDialog):
    """The overview. It deletes itself when closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        self.setModal(False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        inner = QWidget()
        inner.setAutoFillBackground(False)
        columns = QHBoxLayout(inner)
        columns.setContentsMargins(DIALOG_MARGIN, 20, DIALOG_MARGIN, DIALOG_MARGIN)
        columns.setSpacing(40)
        made = [_group(title, shortcuts) for title, shortcuts in groups()]
        left, right = QVBoxLayout(), QVBoxLayout()
        # The longest list and the one that holds everywhere stand on the left: both sides are about as long.
        for place, group in enumerate(made):
            (left if place in (0, len(made) - 1) else right).addWidget(group)
        for column in (left, right):
            column.setSpacing(20)
            column.addStretch(1)
            columns.addLayout(column, 1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.viewport().setAutoFillBackground(False)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(area)
        self._fit(inner.sizeHint(), area)
        QShortcut(QKeySequence("F1"), self).activated.connect(self.close)

    def _fit(self, wanted: QSize, area: QScrollArea) -> None:
        """Take the room that all of it needs, as far as the screen has it."""
        bar = area.verticalScrollBar().sizeHint().width()
        screen = self.screen().availableSize() * SCREEN_SHARE
        self.resize(QSize(wanted.width() + bar, wanted.height()).boundedTo(screen))


def _group(title: str, shortcuts: Shortcuts) -> QWidget:
    group = QWidget()
    grid = QGridLayout(group)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(8)
    grid.setColumnStretch(0, 1)
    grid.addWidget(text_label(title, "card", "text", fonts.SEMIBOLD), 0, 0, 1, 2)
    for line, (keys, text) in enumerate(shortcuts, start=1):
        caps = QHBoxLayout()
        caps.setSpacing(4)
        caps.addStretch(1)
        for key in keys:
            caps.addWidget(KeyCap(key))
        name = text_label(text, "body", "text2")
        name.setAccessibleDescription(", ".join(QKeySequence(key).toString() for key in keys))
        grid.addWidget(name, line, 0)
        grid.addLayout(caps, line, 1)
    return group
