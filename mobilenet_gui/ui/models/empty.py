"""Owns what stands in the place of the models on this computer while there is none."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.labels import text_label

_MARGIN = 20
_LEAST_WIDTH = 240


class NoModelCard(Card):
    """Says that there is no model, and offers the three ways to one.

    Attributes:
        download_wanted: download the recommended model.
        file_wanted: import from a file.
        folder_wanted: look for model files in a folder.
    """

    download_wanted = Signal()
    file_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, name: str, size: str, parent: QWidget | None = None) -> None:
        """Offer to download the model called `name`, which is `size` large."""
        super().__init__(parent, margin=_MARGIN)
        self.body.addWidget(text_label(tr("No model yet"), "card", "text", fonts.SEMIBOLD))
        text = tr(
            "Photos are recognised by a model, and there is none on this computer. Downloading needs the network "
            "once; after that everything works offline."
        )
        self.body.addWidget(text_label(text, "body", "text2", wrap=True))
        self.download = Button(tr("Download {model} ({size})").format(model=name, size=size), "download", "primary")
        self.import_file = Button(tr("Import from file…"), "export")
        self.choose_folder = Button(tr("Choose folder…"), "folder")
        others = QHBoxLayout()
        others.setSpacing(8)
        others.addWidget(self.import_file)
        others.addWidget(self.choose_folder)
        others.addStretch(1)
        self._ways = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._ways.setSpacing(8)
        self._ways.addWidget(self.download, 0, Qt.AlignmentFlag.AlignLeft)
        self._ways.addLayout(others, 1)
        self.download.clicked.connect(self.download_wanted)
        self.import_file.clicked.connect(self.file_wanted)
        self.choose_folder.clicked.connect(self.folder_wanted)
        self.body.addSpacing(4)
        self.body.addLayout(self._ways)
        # Without it the one-line form would keep the page from ever growing narrow enough for two.
        self.setMinimumWidth(_LEAST_WIDTH)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the buttons on one line or on two."""
        super().resizeEvent(event)
        buttons = (self.download, self.import_file, self.choose_folder)
        needed = sum(button.sizeHint().width() for button in buttons) + 16 + 2 * _MARGIN
        direction = QBoxLayout.Direction.LeftToRight if needed <= self.width() else QBoxLayout.Direction.TopToBottom
        self._ways.setDirection(direction)
