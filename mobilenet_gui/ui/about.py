"""Owns what the program says of itself: version, privacy, and whose work is in it under which licence."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib import metadata

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mobilenet_gui import __version__
from mobilenet_gui.i18n import tr
from mobilenet_gui.paths import resources_dir
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import app_icon
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.labels import text_label


@dataclass(frozen=True, slots=True)
class Credit:
    """A part that others made: what it is, its licence, and the package that tells its version."""

    what: str
    licence: str
    package: str = ""


def credits_() -> tuple[Credit, ...]:
    """Return the parts that a copy of the program contains or uses."""
    return (
        Credit(tr("MobileNet models, by Google"), "Apache 2.0"),
        Credit(tr("Inter, the typeface, by The Inter Project Authors"), "SIL Open Font License 1.1"),
        Credit("Qt, PySide6", "LGPL 3", "PySide6-Essentials"),
        Credit("LiteRT", "Apache 2.0", "ai-edge-litert"),
        Credit("TensorFlow", "Apache 2.0", "tensorflow"),
        Credit("Keras", "Apache 2.0", "keras"),
        Credit("NumPy", "BSD 3-Clause", "numpy"),
        Credit("Pillow", "MIT-CMU", "pillow"),
        Credit("OpenCV", "Apache 2.0", "opencv-python"),
        Credit("pi-heif", "BSD 3-Clause, LGPL 3", "pi-heif"),
        Credit("h5py", "BSD 3-Clause", "h5py"),
        Credit("Requests", "Apache 2.0", "requests"),
    )


def version_text() -> str:
    """Return what to quote in a report of a fault: versions of program, Python, system, parts."""
    lines = [f"MobileNet GUI {__version__}", f"Python {platform.python_version()}, {platform.platform()}"]
    for credit in credits_():
        version = _version(credit.package)
        if version:
            lines.append(f"{credit.package} {version}")
    return "\n".join(lines)


class About(QWidget):
    """The program's name, version, promise and licences."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 12)
        column.setSpacing(12)
        column.addLayout(self._head())
        promise = tr(
            "Photos never leave this computer. The network is used only to download a model when you ask for it."
        )
        column.addWidget(text_label(promise, "body", "text2", wrap=True))
        column.addWidget(text_label(tr("Licences"), "small", "text2", fonts.SEMIBOLD))
        own = tr("MobileNet GUI: Apache 2.0. The sample photos: CC0 1.0, made by this project.")
        parts = "; ".join(f"{credit.what}: {credit.licence}" for credit in credits_()) + "."
        self.licences = text_label(f"{own} {parts}", "small", "text2", wrap=True)
        column.addWidget(self.licences)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        self.copy = Button(tr("Copy versions"), "copy")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(version_text()))
        self.font_licence = Button(tr("Licence of Inter"), "external")
        self.font_licence.clicked.connect(_open_font_licence)
        buttons.addWidget(self.copy)
        buttons.addWidget(self.font_licence)
        buttons.addStretch(1)
        column.addLayout(buttons)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(14)
        mark = text_label()
        mark.setPixmap(app_icon().pixmap(40, 40))
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(text_label("MobileNet GUI", "card", "text", fonts.SEMIBOLD))
        texts.addWidget(text_label(tr("Version {version}").format(version=__version__), "small", "text2"))
        row.addWidget(mark)
        row.addLayout(texts, 1)
        return row


def _version(package: str) -> str:
    if not package:
        return ""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _open_font_licence() -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(resources_dir() / "fonts" / "OFL.txt")))
