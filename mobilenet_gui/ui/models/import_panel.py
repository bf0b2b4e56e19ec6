"""Owns the panel that asks what is still to be known about a model file before it is imported. It blocks nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.store_files import is_valid_id
from mobilenet_gui.core.types import Normalization
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.fields import Field
from mobilenet_gui.ui.widgets.labels import ElidedLabel, text_label
from mobilenet_gui.ui.widgets.progress import Ring
from mobilenet_gui.ui.widgets.segmented import Segmented
from mobilenet_gui.ui.widgets.switch import Switch
from mobilenet_gui.workers.model_inspect import Understood, check_labels
from mobilenet_gui.workers.model_work import MAX_NAME_LENGTH, ImportRequest


class ImportPanel(Card):
    """Says what a file was understood to be, and asks for name, id and labels.

    Attributes:
        confirmed: the person wants it: an `ImportRequest`.
        closed: the person does not.
    """

    confirmed = Signal(object)
    closed = Signal()

    def __init__(self, is_taken: Callable[[str], bool], parent: QWidget | None = None) -> None:
        """Make a panel; `is_taken` says whether a model of an id is installed."""
        super().__init__(parent)
        self._is_taken = is_taken
        self._path: Path | None = None
        self._labels: Path | None = None
        self._understood: Understood | None = None
        self._title = ElidedLabel("", "card", "text", fonts.SEMIBOLD)
        self._close = IconButton("close", tr("Close"), size=28)
        self._ring = Ring(16)
        self._summary = text_label("", "body", "text2", wrap=True)
        self.name = Field(tr("Name"))
        self.name.edit.setMaxLength(MAX_NAME_LENGTH)
        self.model_id = Field(tr("Id, for the command line"))
        self.replace = Switch(tr("Replace the installed model of this id"))
        self._labels_text = ElidedLabel("", "body", "text2")
        self._range_text = text_label("", "body", "text2", wrap=True)
        self.range = Segmented([(key, text, None) for key, text in _ranges()])
        self.choose_labels = Button(tr("Labels file…"), "tag")
        self.confirm = Button(tr("Import"), kind="primary")
        self.cancel = Button(tr("Cancel"), kind="ghost")
        self._lay_out()
        self._close.clicked.connect(self.closed)
        self.cancel.clicked.connect(self.closed)
        self.confirm.clicked.connect(self._confirm)
        self.choose_labels.clicked.connect(self._ask_for_labels)
        self.name.edit.textChanged.connect(self._check)
        self.model_id.edit.textChanged.connect(self._check)
        self.replace.toggled.connect(self._check)

    def _lay_out(self) -> None:
        self.body.setSpacing(12)
        top, told, fields, labels, values, buttons = (QHBoxLayout() for _ in range(6))
        stretched = (self._title, self._summary, self._labels_text, self._range_text)
        for row, widgets in (
            (top, (self._title, self._close)),
            (told, (self._ring, self._summary)),
            (fields, (self.name, self.model_id)),
            (labels, (self._labels_text, self.choose_labels)),
            (values, (self._range_text, self.range)),
        ):
            row.setSpacing(10)
            for widget in widgets:
                row.addWidget(widget, 1 if widget in stretched else 0)
            self.body.addLayout(row)
        fields.setStretch(0, 1)
        fields.setStretch(1, 1)
        fields.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.replace)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.confirm)
        self.body.addLayout(buttons)

    @property
    def path(self) -> Path | None:
        """The file it asks about."""
        return self._path

    @property
    def summary(self) -> str:
        """What it says of the file."""
        return self._summary.text()

    def begin(self, path: Path, more: int = 0) -> None:
        """Ask about a file; `more` of them wait behind it."""
        self._path, self._labels, self._understood = path, None, None
        title = tr("Import {file}").format(file=path.name)
        self._title.setText(
            title if more == 0 else f"{title} ({trn('{n} more file follows', '{n} more files follow', more)})"
        )
        self._summary.setText(tr("Looking into the file…"))
        self._summary.set_tone("text2")
        self._ring.show()
        self._show_form(False)
        self.setAccessibleName(title)
        self._check()

    def understood(self, what: Understood) -> None:
        """Show what the file is, and ask for the rest."""
        if what.path != self._path:
            return
        self._understood = what
        self._ring.hide()
        self._summary.setText(what.summary)
        self.name.set_text(what.name)
        self.model_id.set_text(what.model_id)
        self.replace.setChecked(False)
        if what.normalization is not None:
            self.range.set_current(what.normalization)
        self._show_form(True)
        self._check()
        self.name.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def failed(self, error: UserError) -> None:
        """Say why the file cannot be imported."""
        self._ring.hide()
        self._summary.set_tone("bad")
        self._summary.setText(error.reason)
        self._show_form(False)
        self._check()
        self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_labels(self, path: Path) -> None:
        """Use a labels file, if it fits."""
        if self._understood is None:
            return
        try:
            count = check_labels(path, self._understood.outputs, binary=self._understood.binary)
        except UserError as error:
            self._labels = None
            self._labels_text.set_tone("bad")
            self._labels_text.setText(error.reason)
        else:
            self._labels = path
            self._labels_text.set_tone("text2")
            text = trn("{n} label from {file}", "{n} labels from {file}", count)
            self._labels_text.setText(text.replace("{file}", path.name))
        self._check()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close by Escape, import by Enter."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.confirm.isEnabled():
            self._confirm()
        else:
            super().keyPressEvent(event)

    def _show_form(self, shown: bool) -> None:
        understood = self._understood
        for widget in (self.name, self.model_id):
            widget.setVisible(shown)
        labelled = shown and understood is not None and understood.outputs > 0
        self._labels_text.setVisible(labelled)
        self.choose_labels.setVisible(labelled and not (understood is not None and understood.settled))
        ranged = shown and understood is not None and understood.normalization is not None
        self._range_text.setVisible(ranged)
        self.range.setVisible(ranged)
        if ranged and understood is not None:
            told = tr("The file says which range it expects pixels in.")
            unknown = tr(
                "The file does not say which range it expects pixels in. If its answers are wrong, try another."
            )
            self._range_text.setText(told if understood.told else unknown)
            self._range_text.set_tone("text2" if understood.told else "warn")
        if labelled and understood is not None:
            self._labels_text.set_tone("warn" if understood.needs_labels else "text2")
            self._labels_text.setText(understood.unnamed or understood.labels)

    def _check(self) -> None:
        understood = self._understood
        model_id = self.model_id.text()
        taken = understood is not None and self._is_taken(model_id)
        self.replace.setVisible(taken)
        good_name = bool(self.name.text())
        self.name.set_error(None if good_name or understood is None else tr("Give it a name."))
        problem: str | None = None
        if understood is not None and not is_valid_id(model_id):
            problem = tr("Small letters, digits, dots and hyphens, such as my-model.")
        elif taken and not self.replace.isChecked():
            problem = tr("A model of this id is installed already.")
        self.model_id.set_error(problem)
        labelled = understood is not None and (self._labels is not None or not understood.needs_labels)
        self.confirm.setEnabled(labelled and good_name and problem is None)

    def _ask_for_labels(self) -> None:
        folder = str(self._path.parent) if self._path is not None else ""
        dialog = QFileDialog(self, tr("Labels file"), folder, tr("Labels (*.txt *.csv);;All files (*)"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda chosen: self.set_labels(Path(chosen)))
        dialog.open()

    def _confirm(self) -> None:
        if self._path is None or self._understood is None:
            return
        wanted = self.range.current()
        chosen = self._understood.normalization not in (None, wanted)
        self.confirmed.emit(
            ImportRequest(
                self._path,
                self._labels,
                self.model_id.text(),
                " ".join(self.name.text().split()),
                self.replace.isChecked(),
                cast("Normalization", wanted) if chosen else None,
            )
        )


def _ranges() -> tuple[tuple[Normalization, str], ...]:
    """Return the value ranges to choose from, and what they are called."""
    return ("minus1_1", tr("−1 to 1")), ("zero_1", tr("0 to 1")), ("zero_255", tr("0 to 255"))
