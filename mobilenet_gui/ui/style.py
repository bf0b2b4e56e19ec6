"""Owns how every standard control looks: one proxy over Fusion that paints with the tokens. No style sheets."""

from __future__ import annotations

from PySide6.QtWidgets import QProxyStyle


class Style(QProxyStyle):
    """The application's style."""

    def __init__(self) -> None:
        super().__init__("fusion")
