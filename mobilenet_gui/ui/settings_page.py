"""The settings page: the table of settings as rows, where the data lies, and what the program says of itself."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from mobilenet_gui.core.catalog import OFFICIAL_BASE
from mobilenet_gui.core.cores import default_threads, usable_cores
from mobilenet_gui.core.download_urls import URL_VARIABLE, is_web_address, proxies_for, shown_url
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr
from mobilenet_gui.settings import Settings, SettingsStore
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.about import About
from mobilenet_gui.ui.models.words import megabytes
from mobilenet_gui.ui.settings.rows import (
    ChoiceRow,
    NumberRow,
    SettingRow,
    ShareRow,
    SwitchRow,
    TextRow,
    sentence_of,
)
from mobilenet_gui.ui.settings.storage import StorageDesk
from mobilenet_gui.ui.theme import Theme
from mobilenet_gui.ui.tokens import PAGE_MARGIN
from mobilenet_gui.ui.widgets.banner import Banner
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.labels import Divider, text_label
from mobilenet_gui.ui.widgets.page_header import PageHeader
from mobilenet_gui.ui.widgets.toast import ToastHost

WIDTH = 720
KEPT_BY_RESET = frozenset(
    {"window_geometry", "last_folder", "last_export_folder", "starts", "dismissed_banners", "unfinished_training"}
)
"""What is remembered rather than set, and so stays as it is."""


class SettingsPage(QWidget):
    """The page. Every change holds and is saved at once."""

    def __init__(self, settings: SettingsStore, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._theme = theme
        self.rows: dict[str, SettingRow] = {}
        self.storage = StorageDesk(self)
        self.reset = Button(tr("Reset to defaults"), "undo")
        self.reset.clicked.connect(self._reset)
        self.header = PageHeader(tr("Settings"))
        self.header.add_action(self.reset)
        self.problem = Banner("warn", "")
        self.problem.hide()
        self._column = QVBoxLayout()
        self._build()
        self._lay_out()
        self.toasts = ToastHost(self)
        self.storage.opened.connect(self._open)
        self.storage.emptied.connect(self._say_emptied)
        self.storage.failed.connect(self._say_problem)
        settings.subscribe(self._on_changed)
        self._show_values()

    def showEvent(self, event: QShowEvent) -> None:
        """Look up sizes anew."""
        super().showEvent(event)
        self.storage.measure()

    def hideEvent(self, event: QHideEvent) -> None:
        """Look for nothing while nobody looks."""
        super().hideEvent(event)
        self.storage.stop()

    # -- building -------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self._group(tr("Appearance"), [
            ChoiceRow("theme", tr("Colours"), "", [
                ("system", tr("System"), "monitor"), ("light", tr("Light"), "sun"), ("dark", tr("Dark"), "moon"),
            ]),
        ])  # fmt: skip
        usual = tr("Automatic ({n})").format(n=default_threads())
        threads = [(usual, 0), *((str(n), n) for n in range(1, min(usable_cores(), 16) + 1))]
        self._group(tr("Recognition"), [
            ShareRow("sure_from", tr("Sure from"), tr("Below this, the answer is shown as “not sure”.")),
            NumberRow("threads", tr("Threads"), tr("How many processor cores the network may use."), threads),
            ChoiceRow("precision", tr("Precision"),
                      tr("8 bits are faster on many processors. Automatic takes them where the answers stay the same."),
                      [("auto", tr("Automatic"), None), ("float", tr("Full"), None), ("int8", tr("8-bit"), None)]),
        ])  # fmt: skip
        self._group(tr("Photos"), [
            SwitchRow("include_subfolders", tr("Include subfolders"), tr("When a folder is opened or dropped.")),
        ])  # fmt: skip
        self._group(tr("Fine-tuning"), [
            SwitchRow("notify", tr("System notifications"),
                      tr("When a training has ended while no window of this program is in front.")),
        ])  # fmt: skip
        self._group(tr("Downloads"), self._download_rows())
        self._group(tr("Storage"), [row for row, _ in self.storage.rows])
        self._group(tr("About"), [About()])
        self._column.addStretch(1)

    def _download_rows(self) -> list[QWidget]:
        text = tr("Where models are downloaded from. Empty for their makers’ own servers: Keras’ and Hugging Face.")
        address = TextRow("weights_url", tr("Server address"), text, OFFICIAL_BASE, _check_address)
        told = os.environ.get(URL_VARIABLE, "").strip()
        if told:
            text = tr("The environment variable {name} is set to {url}, which is used instead.")
            address.lock(text.format(name=URL_VARIABLE, url=shown_url(told)))
        proxy = TextRow(
            "proxy", tr("Proxy"), tr("Empty to follow the system."), "http://proxy.example:8080",
            sentence_of(proxies_for),
        )  # fmt: skip
        return [address, proxy]

    def _group(self, title: str, rows: Sequence[QWidget]) -> None:
        self._column.addWidget(text_label(title, "body", "text", fonts.SEMIBOLD))
        self._column.addSpacing(8)
        card = Card(margin=0)
        card.body.setContentsMargins(16, 2, 16, 2)
        card.body.setSpacing(0)
        for number, row in enumerate(rows):
            if number:
                card.body.addWidget(Divider())
            card.body.addWidget(row)
            if isinstance(row, SettingRow):
                self.rows[row.name] = row
                row.edited.connect(self._set)
        self._column.addWidget(card)
        self._column.addSpacing(24)

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setAutoFillBackground(False)
        inner.setMaximumWidth(fonts.px(WIDTH))
        self._column.setSpacing(0)
        self._column.setContentsMargins(0, 4, 0, 0)
        inner.setLayout(self._column)
        content = QWidget()
        content.setAutoFillBackground(False)
        middle = QHBoxLayout(content)
        middle.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        middle.addWidget(inner, 1)
        middle.addStretch(0)
        self.area = QScrollArea()
        self.area.setWidget(content)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.viewport().setAutoFillBackground(False)
        notice = QVBoxLayout()
        notice.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        notice.addWidget(self.problem)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(self.header)
        page.addLayout(notice)
        page.addWidget(self.area, 1)

    # -- doing ----------------------------------------------------------------------------------------------------

    def _set(self, name: str, value: object) -> None:
        self._settings.update(**{name: value})

    def _reset(self) -> None:
        now, default = self._settings.values, Settings()
        before = {
            f.name: getattr(now, f.name)
            for f in fields(Settings)
            if f.name not in KEPT_BY_RESET and getattr(now, f.name) != getattr(default, f.name)
        }
        if not before:
            self.toasts.show_message(tr("All settings are at their defaults already"))
            return
        self._settings.update(**{name: getattr(default, name) for name in before})
        self.toasts.show_message(tr("Settings reset"), tr("Undo"), lambda: self._settings.update(**before))

    def _on_changed(self, names: frozenset[str]) -> None:
        if "theme" in names:
            self._theme.set_mode(self._settings.values.theme)
        if names & self.rows.keys():
            self._show_values()

    def _show_values(self) -> None:
        for row in self.rows.values():
            row.show_value(self._settings.values)

    def _say_emptied(self, freed: int) -> None:
        self.problem.hide()
        words = tr("Emptied; {size} are free again").format(size=megabytes(freed))
        self.toasts.show_message(words if freed else tr("There is nothing to empty"))

    def _say_problem(self, error: UserError) -> None:
        self.problem.set_content("warn", error.reason)
        self.problem.show()

    def _open(self, place: Path) -> None:
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.problem.set_content("warn", f"{place}: {error.strerror or error}")
            self.problem.show()
            return
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(place)))


def _check_address(text: str) -> str | None:
    if is_web_address(text) and not any(letter.isspace() for letter in text):
        return None
    return tr("An address begins with http:// or https://, such as https://models.example.org.")
