"""Draws fields for the style: text lines, combo boxes, spin boxes, sliders, scroll bars, progress bars."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter
from PySide6.QtWidgets import (
    QStyle,
    QStyleOption,
    QStyleOptionComboBox,
    QStyleOptionComplex,
    QStyleOptionProgressBar,
    QStyleOptionSlider,
    QStyleOptionSpinBox,
    QWidget,
)

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.style_buttons import has_focus_ring
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_CONTROL, RADIUS_CONTROL, mix
from mobilenet_gui.ui.widgets.painting import bar, draw_text, focus_ring, rounded, shadow

_State = QStyle.StateFlag
_Sub = QStyle.SubControl
KNOB = 16
GROOVE = 4
AXIS_PROPERTY = "axis"
"""A slider's property: the value at the far end of its axis, whose near end is 0, where its range is only a part."""
SCROLL_EXTENT = 12
SCROLL_THICK, SCROLL_THICK_HOVER = 6, 8
_ARROW_ROOM = 30
_LEADING = 10
_SPIN_ROOM = 26


def draw_field(painter: QPainter, rect: QRectF, option: QStyleOption, widget: QWidget | None) -> None:
    """Draw a field's box; focused it has an accent edge, invalid a red one."""
    colours = tokens()
    state: QStyle.StateFlag = option.state
    enabled = bool(state & _State.State_Enabled)
    fill = colours.field if enabled else colours.panel
    border, width = colours.line2 if enabled else colours.line, 1.0
    if widget is not None and widget.property("invalid"):
        border, width = colours.bad, 1.5
    elif state & _State.State_HasFocus and enabled:
        border, width = colours.accentText, 2.0
    elif state & _State.State_MouseOver and enabled:
        border = colours.control
    rounded(painter, rect, RADIUS_CONTROL, fill, border, width=width)


def draw_combo(painter: QPainter, option: QStyleOptionComboBox, widget: QWidget | None) -> None:
    """Draw a combo box's box, leading icon and arrow; its text comes from `draw_combo_label`."""
    colours = tokens()
    state: QStyle.StateFlag = option.state
    rect = QRectF(option.rect)
    enabled = bool(state & _State.State_Enabled)
    opened = bool(state & _State.State_On) or bool(state & _State.State_Sunken)
    fill = colours.field if enabled else colours.panel
    if option.editable:
        draw_field(painter, rect, option, widget)
    else:
        if enabled and (opened or state & _State.State_MouseOver):
            fill = colours.line if opened else mix(colours.field, colours.hover, 0.6)
        if has_focus_ring(option):
            rounded(painter, focus_ring(painter, rect, RADIUS_CONTROL), RADIUS_CONTROL - 3, fill, colours.line2)
        else:
            rounded(painter, rect, RADIUS_CONTROL, fill, colours.line2 if enabled else colours.line)
    ink = colours.text2 if enabled else colours.disabledText
    arrow = QRectF(rect.right() - fonts.px(14) - 10, rect.y(), fonts.px(14), rect.height())
    paint_icon(painter, "chevron-down", arrow, ink, fonts.px(14))
    leading = widget.property("leadingIcon") if widget is not None else None
    if leading:
        paint_icon(painter, leading, QRectF(_LEADING, rect.y(), fonts.px(16), rect.height()), ink, fonts.px(16))


def draw_combo_label(painter: QPainter, option: QStyleOptionComboBox, widget: QWidget | None) -> None:
    """Draw the chosen option's icon and text."""
    if option.editable or (widget is not None and widget.property("compact")):
        return
    colours = tokens()
    enabled = bool(option.state & _State.State_Enabled)
    rect = QRectF(combo_edit_rect(option, widget))
    if not option.currentIcon.isNull():
        size = option.iconSize
        box = QRect(round(rect.x()), round(rect.center().y() - size.height() / 2), size.width(), size.height())
        option.currentIcon.paint(
            painter, box, Qt.AlignmentFlag.AlignCenter, QIcon.Mode.Normal if enabled else QIcon.Mode.Disabled
        )
        rect.setLeft(rect.left() + size.width() + 8)
    draw_text(painter, rect, option.currentText, painter.font(), colours.text if enabled else colours.disabledText)


def combo_edit_rect(option: QStyleOptionComboBox, widget: QWidget | None) -> QRect:
    """Return where a combo box's text goes."""
    leading = widget.property("leadingIcon") if widget is not None else None
    left = _LEADING + fonts.px(16) + 8 if leading else 12
    rect: QRect = option.rect
    return rect.adjusted(left, 1, -fonts.px(_ARROW_ROOM) + 2, -1)


def combo_size(contents: QSize, widget: QWidget | None) -> QSize:
    """Return a combo box's size for the widest of its texts."""
    leading = widget.property("leadingIcon") if widget is not None else None
    left = _LEADING + fonts.px(16) + 8 if leading else 12
    return QSize(contents.width() + left + fonts.px(_ARROW_ROOM), max(fonts.px(HEIGHT_CONTROL), contents.height() + 8))


def draw_spin_box(painter: QPainter, option: QStyleOptionSpinBox, widget: QWidget | None) -> None:
    """Draw a spin box's box and its two arrows."""
    colours = tokens()
    draw_field(painter, QRectF(option.rect), option, widget)
    for part, name, step in (
        (_Sub.SC_SpinBoxUp, "chevron-up", "StepUpEnabled"),
        (_Sub.SC_SpinBoxDown, "chevron-down", "StepDownEnabled"),
    ):
        rect = QRectF(spin_rect(option, part))
        possible = step in str(option.stepEnabled) and bool(option.state & _State.State_Enabled)
        if option.activeSubControls & part and possible:
            fill = colours.line2 if option.state & _State.State_Sunken else colours.hover
            rounded(painter, rect.adjusted(2, 1, -2, -1), 4, fill)
        paint_icon(painter, name, rect, colours.text2 if possible else colours.disabledText, fonts.px(12))


def spin_extra_width() -> int:
    """Return how much wider than its text a spin box is."""
    return fonts.px(_SPIN_ROOM) + 24


def spin_rect(option: QStyleOptionComplex, part: QStyle.SubControl) -> QRect:
    """Return where a part of a spin box is."""
    rect: QRect = option.rect
    room = fonts.px(_SPIN_ROOM)
    half = rect.height() // 2
    if part == _Sub.SC_SpinBoxUp:
        return QRect(rect.right() - room, rect.y() + 2, room - 1, half - 2)
    if part == _Sub.SC_SpinBoxDown:
        return QRect(rect.right() - room, rect.y() + half, room - 1, half - 2)
    if part == _Sub.SC_SpinBoxEditField:
        return rect.adjusted(8, 1, -room - 1, -1)
    return rect


def slider_travel(option: QStyleOptionSlider, widget: QWidget | None) -> QRect:
    """Return the part of a slider that its knob moves in: all of it, or less where its range is part of its axis."""
    rect: QRect = option.rect
    axis = widget.property(AXIS_PROPERTY) if widget is not None else None
    if not isinstance(axis, int) or axis <= 0 or option.orientation == Qt.Orientation.Vertical:
        return rect
    side = fonts.px(KNOB)
    room = rect.width() - side
    left, right = (round(room * end / axis) for end in (option.minimum, option.maximum))
    return QRect(rect.x() + left, rect.y(), right - left + side, rect.height())


def slider_handle(option: QStyleOptionSlider, widget: QWidget | None) -> QRect:
    """Return where a slider's knob is."""
    rect = slider_travel(option, widget)
    side = fonts.px(KNOB)
    upright = option.orientation == Qt.Orientation.Vertical
    room = (rect.height() if upright else rect.width()) - side
    at = QStyle.sliderPositionFromValue(option.minimum, option.maximum, option.sliderPosition, room, option.upsideDown)
    if upright:
        return QRect(rect.x() + (rect.width() - side) // 2, rect.y() + at, side, side)
    return QRect(rect.x() + at, rect.y() + (rect.height() - side) // 2, side, side)


def draw_slider(painter: QPainter, option: QStyleOptionSlider, widget: QWidget | None) -> None:
    """Draw a slider: groove filled to the knob, knob, ring."""
    colours = tokens()
    rect = QRectF(option.rect)
    knob = QRectF(slider_handle(option, widget))
    enabled = bool(option.state & _State.State_Enabled)
    groove = colours.control if colours.edge.alpha() else colours.line2 if colours.dark else colours.track
    fill = colours.accent if enabled else colours.line2
    upright = option.orientation == Qt.Orientation.Vertical
    if upright:
        line = QRectF(rect.center().x() - GROOVE / 2, rect.y(), GROOVE, rect.height())
        done = QRectF(line.x(), knob.center().y(), GROOVE, line.bottom() - knob.center().y())
    else:
        line = QRectF(rect.x(), rect.center().y() - GROOVE / 2, rect.width(), GROOVE)
        done = QRectF(line.x(), line.y(), knob.center().x() - line.x(), GROOVE)
    rounded(painter, line, GROOVE / 2, groove)
    rounded(painter, done, GROOVE / 2, fill)
    if has_focus_ring(option):
        rounded(painter, knob.adjusted(-4, -4, 4, 4), knob.width(), None, colours.accentText, width=2)
    shadow(painter, knob.adjusted(1, 1, -1, -1), knob.width() / 2, size=3, drop=1)
    ground = colours.knob if enabled else colours.panel
    edge = colours.accent if option.state & _State.State_Sunken else colours.line2
    rounded(painter, knob, knob.width() / 2, ground, None if colours.dark and enabled else edge)


def scroll_slider(option: QStyleOptionSlider) -> QRect:
    """Return where a scroll bar's thumb is; it has the whole length, there are no arrows."""
    rect: QRect = option.rect
    upright = option.orientation == Qt.Orientation.Vertical
    length = rect.height() if upright else rect.width()
    span = option.maximum - option.minimum
    if span <= 0:
        return rect
    size = max(min(36, length), round(length * option.pageStep / (span + option.pageStep)))
    at = QStyle.sliderPositionFromValue(
        option.minimum, option.maximum, option.sliderPosition, length - size, option.upsideDown
    )
    return (
        QRect(rect.x(), rect.y() + at, rect.width(), size)
        if upright
        else QRect(rect.x() + at, rect.y(), size, rect.height())
    )


def scroll_rect(option: QStyleOptionSlider, part: QStyle.SubControl) -> QRect:
    """Return where a part of a scroll bar is; empty for arrows."""
    rect: QRect = option.rect
    thumb = scroll_slider(option)
    upright = option.orientation == Qt.Orientation.Vertical
    if part == _Sub.SC_ScrollBarSlider:
        return thumb
    if part == _Sub.SC_ScrollBarGroove:
        return rect
    if part == _Sub.SC_ScrollBarSubPage:
        return QRect(
            rect.topLeft(),
            QSize(rect.width(), thumb.y() - rect.y()) if upright else QSize(thumb.x() - rect.x(), rect.height()),
        )
    if part == _Sub.SC_ScrollBarAddPage:
        return (
            QRect(rect.x(), thumb.bottom() + 1, rect.width(), rect.bottom() - thumb.bottom())
            if upright
            else QRect(thumb.right() + 1, rect.y(), rect.right() - thumb.right(), rect.height())
        )
    return QRect()


def draw_scroll_bar(painter: QPainter, option: QStyleOptionSlider) -> None:
    """Draw a scroll bar's thumb, thicker under the pointer; the groove stays unseen."""
    if option.maximum <= option.minimum:
        return
    colours = tokens()
    active = bool(option.state & _State.State_Enabled) and bool(option.activeSubControls & _Sub.SC_ScrollBarSlider)
    pressed = active and bool(option.state & _State.State_Sunken)
    over = bool(option.state & _State.State_MouseOver)
    thick = SCROLL_THICK_HOVER if over or pressed else SCROLL_THICK
    thumb = QRectF(scroll_slider(option))
    if option.orientation == Qt.Orientation.Vertical:
        thumb = QRectF(thumb.center().x() - thick / 2, thumb.y() + 2, thick, thumb.height() - 4)
    else:
        thumb = QRectF(thumb.x() + 2, thumb.center().y() - thick / 2, thumb.width() - 4, thick)
    fill = colours.control if pressed or active else mix(colours.line2, colours.control, 0.3)
    rounded(painter, thumb, thick / 2, fill)


def draw_progress(painter: QPainter, option: QStyleOptionProgressBar) -> None:
    """Draw a progress bar as a thin bar in the middle of its box."""
    colours = tokens()
    rect = QRectF(option.rect)
    thick = 4.0
    line = QRectF(rect.x(), rect.center().y() - thick / 2, rect.width(), thick)
    span = option.maximum - option.minimum
    if span <= 0:
        bar(painter, line, 0, colours.accent, colours.track)
        middle = QRectF(line.x() + line.width() * 0.35, line.y(), line.width() * 0.3, thick)
        bar(painter, middle, 1, colours.accent, None)
        return
    bar(painter, line, (option.progress - option.minimum) / span, colours.accent, colours.track)
