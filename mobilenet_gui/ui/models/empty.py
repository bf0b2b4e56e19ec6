"""Owns what stands in the place of the models on this computer while there is none."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.labels import text_label


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
        super().__init__(parent, margin=20)
        self.body.addWidget(text_label(tr("No model yet"), "card", "text", fonts.SEMIBOLD))
        text = tr(
            "Photos are recognised by a model, and there is none on this computer. Downloading needs the network "
            "once; after that everything works offline."
        )
        self.body.addWidget(text_label(text, "body", "text2", wrap=True))
        self.download = Button(tr("Download {model} ({size})").format(model=name, size=size), "download", "primary")
        self.import_file = Button(tr("Import from file…"), "export")
        self.choose_folder = Button(tr("Choose folder…"), "folder")
        row = QHBoxLayout()
        row.setSpacing(8)
        for button, signal in (
            (self.download, self.download_wanted),
            (self.import_file, self.file_wanted),
            (self.choose_folder, self.folder_wanted),
        ):
            button.clicked.connect(signal)
            row.addWidget(button)
        row.addStretch(1)
        self.body.addSpacing(4)
        self.body.addLayout(row)
