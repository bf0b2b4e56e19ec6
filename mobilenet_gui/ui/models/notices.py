"""Owns the banners above the list: one a thing that went wrong, each with its reason and what can be done."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.ui.tokens import PAGE_MARGIN
from mobilenet_gui.ui.widgets.banner import Banner

Action = Callable[[], None]
MOST = 3
"""So many are shown at once; the oldest goes for a new one."""


class Notices(QWidget):
    """A stack of banners by key; takes no room while empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._banners: dict[str, Banner] = {}
        self._actions: dict[str, tuple[Action, Action]] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN - 4, 10)
        self._column.setSpacing(8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.hide()

    def banner(self, key: str) -> Banner | None:
        """Return the banner of a key that is shown."""
        return self._banners.get(key)

    def keys(self) -> list[str]:
        """Return what is shown, oldest first."""
        return list(self._banners)

    def say(
        self,
        key: str,
        tone: str,
        text: str,
        *,
        action: str = "",
        on_action: Action | None = None,
        on_close: Action | None = None,
    ) -> None:
        """Show a sentence, in place of an earlier one of the same key.

        Args:
            key: what it is about.
            tone: of the banner.
            text: the sentence.
            action: words of the link; empty for none.
            on_action: what the link does; the banner goes first.
            on_close: what the cross does besides closing.
        """
        banner = self._banners.get(key)
        if banner is None:
            if len(self._banners) >= MOST:
                self.drop(next(iter(self._banners)))
            banner = Banner(tone, text, action)
            banner.action.connect(lambda: self._act(key))
            banner.closed.connect(lambda: self._closed(key))
            self._banners[key] = banner
            self._column.addWidget(banner)
        else:
            banner.set_content(tone, text, action)
        self._actions[key] = (on_action or _nothing, on_close or _nothing)
        banner.show()
        self.show()

    def drop(self, key: str) -> None:
        """Take a banner away, if it is there."""
        banner = self._banners.pop(key, None)
        self._actions.pop(key, None)
        if banner is not None:
            banner.hide()
            self._column.removeWidget(banner)
            banner.deleteLater()
        self.setVisible(bool(self._banners))

    def _act(self, key: str) -> None:
        act = self._actions.get(key, (_nothing, _nothing))[0]
        self.drop(key)
        act()

    def _closed(self, key: str) -> None:
        close = self._actions.get(key, (_nothing, _nothing))[1]
        self.drop(key)
        close()


def _nothing() -> None:
    """Do nothing."""
