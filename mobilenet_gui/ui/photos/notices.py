"""Owns the banners between header and photos: at most one of each kind, the newest at the bottom."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.tokens import PAGE_MARGIN
from mobilenet_gui.ui.widgets.banner import Banner


class Notices(QWidget):
    """A column of banners by kind. It takes no room while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._banners: dict[str, Banner] = {}
        self._actions: dict[str, str] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, 12)
        self._column.setSpacing(8)
        self.hide()

    def show_notice(
        self,
        kind: str,
        tone: str,
        text: str,
        action: str = "",
        on_action: Callable[[], None] | None = None,
        *,
        on_close: Callable[[], None] | None = None,
        closable: bool = True,
    ) -> None:
        """Show a banner, in place of an earlier one of its kind.

        Args:
            kind: names it for `dismiss` and `update_text`.
            tone: "info", "ok", "warn" or "bad".
            text: the sentence.
            action: words of the action.
            on_action: carries it out.
            on_close: called when the user closes it.
            closable: whether there is a cross.
        """
        self.dismiss(kind)
        banner = Banner(tone, text, action, closable=closable)
        if on_action is not None:
            banner.action.connect(on_action)
        banner.closed.connect(lambda: self._closed(kind, on_close))
        self._banners[kind] = banner
        self._actions[kind] = action
        self._column.addWidget(banner)
        self.show()

    def show_model_trouble(self, text: str, show_models: Callable[[], None], read: Callable[[], None]) -> None:
        """Say what is wrong with a model that was asked for; nothing for an empty text.

        Args:
            text: the sentences.
            show_models: brings the Models page to the front.
            read: called when the user closes it.
        """
        if not text:
            self.dismiss("model")
        elif self.text_of("model") != text:
            self.show_notice("model", "bad", text, tr("Show models"), show_models, on_close=read)

    def update_text(self, kind: str, text: str) -> None:
        """Say something else in a banner that is shown."""
        banner = self._banners.get(kind)
        if banner is not None:
            banner.set_content(banner.tone(), text, self._actions[kind])

    def set_progress(self, kind: str, fraction: float | None) -> None:
        """Show in a banner how much of what it tells of is done; see `Banner.set_progress`."""
        banner = self._banners.get(kind)
        if banner is not None:
            banner.set_progress(fraction)

    def dismiss(self, kind: str) -> None:
        """Take a banner away."""
        banner = self._banners.pop(kind, None)
        if banner is not None:
            self._column.removeWidget(banner)
            banner.hide()
            banner.deleteLater()
        self.setVisible(bool(self._banners))

    def shown(self) -> list[str]:
        """Return the kinds that are shown."""
        return list(self._banners)

    def text_of(self, kind: str) -> str:
        """Return the sentence of a banner; empty when it is not shown."""
        banner = self._banners.get(kind)
        return "" if banner is None else banner.text()

    def trigger(self, kind: str) -> None:
        """Carry out the action of a banner that is shown."""
        banner = self._banners.get(kind)
        if banner is not None:
            banner.action.emit()

    def _closed(self, kind: str, on_close: Callable[[], None] | None) -> None:
        self.dismiss(kind)
        if on_close is not None:
            on_close()
