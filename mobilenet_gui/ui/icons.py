"""Owns icons: stroke drawings in `resources/icons`, tinted when painted, kept by name, colour, size and pixel ratio."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from mobilenet_gui.paths import resources_dir
from mobilenet_gui.ui.theme import tokens

APP_ICON_SIZES = (16, 20, 24, 32, 40, 48, 64, 96, 128, 256)


@lru_cache(maxsize=128)
def _source(name: str) -> bytes:
    return (resources_dir() / "icons" / f"{name}.svg").read_bytes()


@lru_cache(maxsize=768)
def _rendered(name: str, width: int, height: int, rgba: int, ratio: float) -> QPixmap:
    colour = QColor.fromRgba(rgba)
    data = _source(name).replace(b"currentColor", colour.name().encode("ascii"))
    renderer = QSvgRenderer(QByteArray(data))
    result = QPixmap(round(width * ratio), round(height * ratio))
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(colour.alphaF())
    renderer.render(painter, QRectF(0, 0, result.width(), result.height()))
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result


def pixmap(name: str, size: int, color: QColor, dpr: float = 1.0) -> QPixmap:
    """Return icon `name` in `color`, `size` device-independent pixels square, for a screen of ratio `dpr`.

    Raises:
        FileNotFoundError: no icon of that name ships.
    """
    return _rendered(name, size, size, color.rgba(), dpr)


def paint_icon(painter: QPainter, name: str, rect: QRectF | QRect, color: QColor, size: int = 0) -> None:
    """Draw icon `name` in the middle of `rect`, `size` pixels square (0: as large as fits)."""
    rect = QRectF(rect)
    side = size or int(min(rect.width(), rect.height()))
    if side <= 0:
        return
    ratio = painter.device().devicePixelRatioF()
    x = rect.x() + (rect.width() - side) / 2
    y = rect.y() + (rect.height() - side) / 2
    # On whole device pixels the cached drawing stays crisp.
    painter.drawPixmap(QPointF(round(x * ratio) / ratio, round(y * ratio) / ratio), pixmap(name, side, color, ratio))


class _ToneEngine(QIconEngine):
    """Draws one icon in the colour that a token has at the moment of painting."""

    def __init__(self, name: str, tone: str) -> None:
        super().__init__()
        self._name = name
        self._tone = tone

    def _colour(self, mode: QIcon.Mode, state: QIcon.State) -> QColor:
        if mode == QIcon.Mode.Disabled:
            return tokens().disabledText
        # A button that is switched on shows its icon in the colour of its text.
        return tokens().accentText if state == QIcon.State.On else tokens().named(self._tone)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        paint_icon(painter, self._name, rect, self._colour(mode, state))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return _rendered(self._name, size.width(), size.height(), self._colour(mode, state).rgba(), 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        result = QPixmap(_rendered(self._name, size.width(), size.height(), self._colour(mode, state).rgba(), 1.0))
        result.setDevicePixelRatio(scale)
        return result

    def actualSize(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QSize:
        side = min(size.width(), size.height())
        return QSize(side, side)

    def iconName(self) -> str:
        return self._name

    def clone(self) -> QIconEngine:
        return _kept(_ToneEngine(self._name, self._tone))

    def key(self) -> str:
        return "mobilenet-gui-tone"


_engines: list[QIconEngine] = []


def _kept(engine: QIconEngine) -> QIconEngine:
    # What `clone` returns belongs to C++ but Python would free it: keep the few there are.
    _engines.append(engine)
    return engine


@lru_cache(maxsize=256)
def icon(name: str, tone: str = "text") -> QIcon:
    """Return icon `name` tinted by the token `tone` ("text", "text2", "accentText", ...); it follows the theme.

    Raises:
        FileNotFoundError: no icon of that name ships.
        KeyError: no token of that name.
    """
    _source(name)
    tokens().named(tone)
    return QIcon(_ToneEngine(name, tone))


def app_icon() -> QIcon:
    """Return the application's own icon in the sizes that desktops ask for."""
    result = QIcon()
    for size in APP_ICON_SIZES:
        result.addPixmap(_rendered("app", size, size, 0xFFFFFFFF, 1.0))
    return result


def preload() -> None:
    """Read every icon from the disk, in any thread, so that none has the window's thread wait for a cold disk."""
    for name in (*names(), "app"):
        _source(name)


def names() -> tuple[str, ...]:
    """Return the names of all icons that ship, sorted."""
    return tuple(sorted(p.stem for p in (resources_dir() / "icons").glob("*.svg") if p.stem != "app"))
