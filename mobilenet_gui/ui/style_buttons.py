"""Draws push buttons, tool buttons, check boxes and radio buttons for the style."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QIcon, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyleOption, QStyleOptionButton, QStyleOptionToolButton, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_CONTROL, RADIUS_CONTROL, Tokens, mix
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring, outline, rounded

_PADDING = 12
PADDING_LARGE = 14
_GAP = 7
_INDICATOR = 18
_State = QStyle.StateFlag


@dataclass(frozen=True, slots=True)
class Look:
    """Colours of one button in one state; None draws nothing there."""

    fill: QColor | None
    border: QColor | None
    text: QColor


def has_focus_ring(option: QStyleOption) -> bool:
    """Say whether `option` is focused, and by keyboard."""
    state: QStyle.StateFlag = option.state
    return bool(state & _State.State_HasFocus) and bool(state & _State.State_KeyboardFocusChange)


def kind_of(option: QStyleOption, widget: QWidget | None) -> str:
    """Return the kind a button was given, else "primary" for a dialog's default, else "secondary"."""
    kind = widget.property("kind") if widget is not None else None
    if isinstance(kind, str):
        return kind
    if isinstance(option, QStyleOptionButton):
        if option.features & QStyleOptionButton.ButtonFeature.DefaultButton:
            return "primary"
        if option.features & QStyleOptionButton.ButtonFeature.Flat:
            return "ghost"
    return "secondary"


def look_of(kind: str, option: QStyleOption, widget: QWidget | None, colours: Tokens) -> Look:  # noqa: PLR0911
    """Return the colours of a button of `kind` in the state of `option`."""
    state: QStyle.StateFlag = option.state
    enabled = bool(state & _State.State_Enabled)
    down = bool(state & _State.State_Sunken)
    over = bool(state & _State.State_MouseOver) and enabled
    checked = bool(state & _State.State_On)
    if kind == "link":
        tone = (widget.property("linkTone") if widget is not None else None) or "accentText"
        return Look(None, None, colours.named(tone) if enabled else colours.disabledText)
    if kind == "toast":
        veil = QColor(colours.toastText)
        veil.setAlphaF(0.24 if down else 0.12)
        return Look(veil if down or over else None, None, colours.toastText)
    if kind == "primary":
        if not enabled:
            return Look(colours.track, None, colours.disabledText)
        return Look(colours.accentPressed if down else colours.accentHover if over else colours.accent, None,
                    colours.onAccent)  # fmt: skip
    if checked:
        fill = mix(colours.soft, colours.barMuted, 0.45 if down else 0.2) if over or down else colours.soft
        border = outline(colours)
        return Look(fill if enabled else colours.track, border, colours.accentText if enabled else colours.disabledText)
    text = {"danger": colours.bad, "ghost": colours.text2}.get(kind, colours.text)
    if not enabled:
        return Look(None if kind == "ghost" else colours.field, None if kind == "ghost" else colours.line,
                    colours.disabledText)  # fmt: skip
    if kind == "ghost":
        return Look(colours.pressed if down else colours.hover if over else None, None, text)
    return Look(colours.pressed if down else colours.hover if over else colours.field, colours.line2, text)


def draw_push_button(painter: QPainter, option: QStyleOptionButton, widget: QWidget | None) -> None:
    """Draw a whole push button."""
    kind = kind_of(option, widget)
    look = look_of(kind, option, widget, tokens())
    rect = QRectF(option.rect)
    draw_panel(painter, rect, look, ring=has_focus_ring(option), kind=kind)
    draw_content(painter, option, rect, look, kind)


def draw_panel(painter: QPainter, rect: QRectF, look: Look, *, ring: bool, kind: str) -> None:
    """Draw a button's ground; with `ring` the ring takes the edge and the ground shrinks inside it."""
    if ring:
        inside = focus_ring(painter, rect, RADIUS_CONTROL)
        if kind not in ("link", "ghost") or look.fill is not None:
            rounded(painter, inside, RADIUS_CONTROL - 3, look.fill, look.border)
        return
    if look.fill is not None or look.border is not None:
        rounded(painter, rect, RADIUS_CONTROL, look.fill, look.border)


def draw_content(painter: QPainter, option: QStyleOptionButton, rect: QRectF, look: Look, kind: str) -> None:
    """Draw icon and text in the middle, the menu's arrow at the right."""
    state: QStyle.StateFlag = option.state
    enabled = bool(state & _State.State_Enabled)
    mode = QIcon.Mode.Normal if enabled else QIcon.Mode.Disabled
    icon_state = QIcon.State.On if state & _State.State_On else QIcon.State.Off
    size = option.iconSize if not option.icon.isNull() else QSize(0, 0)
    face = painter.font()
    text = option.text
    text_width = QFontMetricsF(face).size(int(Qt.TextFlag.TextShowMnemonic), text).width() if text else 0.0
    gap = _GAP if text and size.width() else 0
    arrow = fonts.px(16) if option.features & QStyleOptionButton.ButtonFeature.HasMenu else 0
    edge = 0 if kind == "link" else 2
    room = rect.adjusted(edge, 0, -edge - arrow, 0)
    total = min(size.width() + gap + text_width, room.width())
    x = rect.x() if kind == "link" else room.x() + (room.width() - total) / 2
    if size.width():
        box = QRect(round(x), round(rect.y() + (rect.height() - size.height()) / 2), size.width(), size.height())
        option.icon.paint(painter, box, Qt.AlignmentFlag.AlignCenter, mode, icon_state)
        x += size.width() + gap
    if text:
        where = QRectF(x, rect.y(), room.right() - x + 1, rect.height())
        draw_text(painter, where, text.replace("&&", "\0").replace("&", "").replace("\0", "&"), face, look.text)
        if kind == "link" and state & (_State.State_MouseOver) and enabled:
            y = rect.y() + (rect.height() + QFontMetricsF(face).capHeight()) / 2 + 2.5
            painter.setPen(QPen(look.text, 1))
            painter.drawLine(QPointF(x, y), QPointF(x + min(text_width, where.width()), y))
    if arrow:
        paint_icon(painter, "chevron-down", QRectF(rect.right() - arrow - 4, rect.y(), arrow, rect.height()), look.text,
                   fonts.px(14))  # fmt: skip


def button_size(option: QStyleOptionButton, widget: QWidget | None, contents: QSize) -> QSize:
    """Return a push button's size for its icon and text."""
    kind = kind_of(option, widget)
    wanted = widget.property("controlHeight") if widget is not None else None
    height = fonts.px(wanted if isinstance(wanted, int) else HEIGHT_CONTROL)
    if kind == "link":
        return QSize(contents.width() + 2, height)
    face = option.fontMetrics
    width = float(face.size(int(Qt.TextFlag.TextShowMnemonic), option.text).width()) if option.text else 0.0
    if not option.icon.isNull():
        width += option.iconSize.width() + (_GAP if option.text else 0)
    if option.features & QStyleOptionButton.ButtonFeature.HasMenu:
        width += fonts.px(16)
    padding = PADDING_LARGE if height > fonts.px(HEIGHT_CONTROL) else _PADDING
    width += 2 * padding if option.text else 2 * (height - option.iconSize.height()) // 2
    return QSize(max(math.ceil(width - 0.2), height), height)


def draw_tool_button(painter: QPainter, option: QStyleOptionToolButton) -> None:
    """Draw a tool button's ground."""
    colours = tokens()
    kind = "ghost" if option.state & _State.State_AutoRaise else "secondary"
    look = look_of(kind, option, None, colours)
    draw_panel(painter, QRectF(option.rect), look, ring=has_focus_ring(option), kind=kind)


def indicator_size() -> int:
    """Return the side of a check box's square."""
    return fonts.px(_INDICATOR)


def draw_check_box(painter: QPainter, option: QStyleOption) -> None:
    """Draw a check box's square: empty, checked, or partly checked."""
    colours = tokens()
    state: QStyle.StateFlag = option.state
    rect = _square(QRectF(option.rect))
    on, part = bool(state & _State.State_On), bool(state & _State.State_NoChange)
    fill, border = _indicator_colours(state, colours, on or part)
    rounded(painter, rect, 5, fill, border, width=1.5)
    ink = colours.onAccent if state & _State.State_Enabled else colours.disabledText
    if on:
        paint_icon(painter, "check", rect, ink, int(rect.width() - 4))
    elif part:
        paint_icon(painter, "minus", rect, ink, int(rect.width() - 4))


def draw_radio(painter: QPainter, option: QStyleOption) -> None:
    """Draw a radio button's circle."""
    colours = tokens()
    state: QStyle.StateFlag = option.state
    rect = _square(QRectF(option.rect))
    on = bool(state & _State.State_On)
    fill, border = _indicator_colours(state, colours, on)
    rounded(painter, rect, rect.width() / 2, fill, border, width=1.5)
    if on:
        ink = colours.onAccent if state & _State.State_Enabled else colours.disabledText
        dot = rect.width() * 0.32
        rounded(painter, rect.adjusted(dot, dot, -dot, -dot), rect.width(), ink)


def draw_indicator_focus(painter: QPainter, rect: QRectF) -> None:
    """Draw the ring around the whole of a check box or radio button with its text."""
    rounded(painter, rect, 6, None, tokens().accentText, width=2)


def _square(rect: QRectF) -> QRectF:
    side = min(rect.width(), rect.height())
    return QRectF(rect.center().x() - side / 2, rect.center().y() - side / 2, side, side)


def _indicator_colours(state: QStyle.StateFlag, colours: Tokens, on: bool) -> tuple[QColor, QColor | None]:
    over, down = bool(state & _State.State_MouseOver), bool(state & _State.State_Sunken)
    if not state & _State.State_Enabled:
        return colours.track, colours.line2
    if on:
        return (colours.accentPressed if down else colours.accentHover if over else colours.accent), None
    return (colours.pressed if down else colours.hover if over else colours.field), colours.control
