"""Draws menus, lists, tabs, tool tips and frames for the style."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QIcon, QPainter, QPalette
from PySide6.QtWidgets import (
    QStyle,
    QStyleOption,
    QStyleOptionHeader,
    QStyleOptionMenuItem,
    QStyleOptionTab,
    QStyleOptionViewItem,
    QTabBar,
    QWidget,
)

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.style_buttons import has_focus_ring
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CONTROL, RADIUS_SMALL
from mobilenet_gui.ui.widgets.painting import draw_text, outline, rounded

_State = QStyle.StateFlag
POPUP_RADIUS = RADIUS_CONTROL
MENU_MARGIN = 5
FRAME_WIDTH = 4
"""Wide enough that the round corners of a list stay clear of its contents."""
_MENU_ROW = 30
_MENU_PADDING = 10
_MENU_ICON = 16


def draw_popup(painter: QPainter, rect: QRectF) -> None:
    """Draw the ground of a menu or a combo box's list."""
    colours = tokens()
    ground = colours.field if colours.dark else colours.panel
    rounded(painter, rect, POPUP_RADIUS, ground, colours.line2)


def draw_tool_tip(painter: QPainter, rect: QRectF) -> None:
    """Draw the ground of a tool tip."""
    rounded(painter, rect, RADIUS_SMALL, tokens().toast, outline(tokens()))


def menu_item_size(option: QStyleOptionMenuItem) -> QSize:
    """Return a menu entry's size."""
    if option.menuItemType == QStyleOptionMenuItem.MenuItemType.Separator:
        return QSize(10, 9)
    text, _, shortcut = option.text.partition("\t")
    metrics = QFontMetricsF(option.font)
    width = metrics.size(int(Qt.TextFlag.TextShowMnemonic), text).width() + 2 * _MENU_PADDING + _lead(option)
    if shortcut:
        width += metrics.horizontalAdvance(shortcut) + 28
    if option.menuItemType == QStyleOptionMenuItem.MenuItemType.SubMenu:
        width += fonts.px(20)
    return QSize(round(width) + 2 * MENU_MARGIN + 6, max(fonts.px(_MENU_ROW), round(metrics.height()) + 10))


def draw_menu_item(painter: QPainter, option: QStyleOptionMenuItem) -> None:
    """Draw a menu entry: mark or icon, text, shortcut, arrow."""
    colours = tokens()
    rect = QRectF(option.rect)
    if option.menuItemType == QStyleOptionMenuItem.MenuItemType.Separator:
        painter.fillRect(QRectF(rect.x() + 6, round(rect.center().y()), rect.width() - 12, 1), colours.line)
        return
    enabled = bool(option.state & _State.State_Enabled)
    if enabled and option.state & _State.State_Selected:
        rounded(painter, rect, RADIUS_SMALL, colours.track if not colours.dark else colours.line)
    ink = colours.text if enabled else colours.disabledText
    x = rect.x() + _MENU_PADDING
    size = fonts.px(_MENU_ICON)
    if option.checked:
        paint_icon(painter, "check", QRectF(x, rect.y(), size, rect.height()), colours.accentText, size)
    elif not option.icon.isNull():
        box = QRect(round(x), round(rect.center().y() - size / 2), size, size)
        option.icon.paint(painter, box, Qt.AlignmentFlag.AlignCenter,
                          QIcon.Mode.Normal if enabled else QIcon.Mode.Disabled)  # fmt: skip
    x += _lead(option)
    text, _, shortcut = option.text.partition("\t")
    right = rect.right() - _MENU_PADDING
    if option.menuItemType == QStyleOptionMenuItem.MenuItemType.SubMenu:
        paint_icon(painter, "chevron-right", QRectF(right - size, rect.y(), size, rect.height()), ink, fonts.px(14))
        right -= fonts.px(20)
    if shortcut:
        room = QRectF(x, rect.y(), right - x, rect.height())
        taken = draw_text(painter, room, shortcut, option.font, colours.text3 if enabled else ink,
                          align=Qt.AlignmentFlag.AlignRight, elide=False)  # fmt: skip
        right -= taken + 16
    plain = text.replace("&&", "\0").replace("&", "").replace("\0", "&")
    draw_text(painter, QRectF(x, rect.y(), right - x, rect.height()), plain, option.font, ink)


def draw_item_ground(painter: QPainter, option: QStyleOptionViewItem, widget: QWidget | None) -> None:
    """Draw the ground of a list's row: chosen, hovered, or with the keyboard's ring."""
    colours = tokens()
    rect = QRectF(option.rect).adjusted(1, 1, -1, -1)
    if option.state & _State.State_Selected:
        rounded(painter, rect, RADIUS_SMALL, colours.soft, outline(colours))
    elif option.state & _State.State_MouseOver and option.state & _State.State_Enabled:
        rounded(painter, rect, RADIUS_SMALL, colours.track)
    if has_focus_ring(option) and not (widget is not None and is_combo_list(widget.window())):
        rounded(painter, rect, RADIUS_SMALL, None, colours.accentText, width=2)


def is_combo_list(window: QWidget) -> bool:
    """Say whether `window` is the list of a combo box."""
    return window.inherits("QComboBoxPrivateContainer")


def draw_header(painter: QPainter, option: QStyleOption) -> None:
    """Draw the ground of a table's heading: a line below, a hairline between columns."""
    colours = tokens()
    rect: QRect = option.rect
    painter.fillRect(rect, colours.field)
    painter.fillRect(rect.x(), rect.bottom(), rect.width(), 1, colours.line2)
    painter.fillRect(rect.right(), rect.y() + 6, 1, rect.height() - 12, colours.line)


def draw_header_arrow(painter: QPainter, option: QStyleOptionHeader) -> None:
    """Draw which way a column is sorted."""
    name = "chevron-up" if option.sortIndicator == QStyleOptionHeader.SortIndicator.SortUp else "chevron-down"
    paint_icon(painter, name, QRectF(option.rect), tokens().text2, fonts.px(12))


def draw_splitter(painter: QPainter, option: QStyleOption) -> None:
    """Draw a hairline down or across a splitter's handle."""
    rect: QRect = option.rect
    if rect.height() > rect.width():
        painter.fillRect(rect.center().x(), rect.y(), 1, rect.height(), tokens().line)
    else:
        painter.fillRect(rect.x(), rect.center().y(), rect.width(), 1, tokens().line)


def tab_size(option: QStyleOptionTab, contents: QSize) -> QSize:
    """Return a tab's size."""
    face = QFont(fonts.font("body", fonts.SEMIBOLD))
    width = QFontMetricsF(face).horizontalAdvance(option.text) + 28
    return QSize(max(round(width), contents.width()), max(fonts.px(36), contents.height()))


def draw_tab(painter: QPainter, option: QStyleOptionTab) -> None:
    """Draw a tab: text, and an accent line below the chosen one."""
    colours = tokens()
    rect = QRectF(option.rect)
    chosen = bool(option.state & _State.State_Selected)
    over = bool(option.state & _State.State_MouseOver)
    enabled = bool(option.state & _State.State_Enabled)
    if has_focus_ring(option):
        rounded(painter, rect.adjusted(2, 3, -2, -5), RADIUS_SMALL, None, colours.accentText, width=2)
    ink = colours.accentText if chosen else colours.text if over else colours.text2
    face = fonts.font("body", fonts.SEMIBOLD if chosen else fonts.MEDIUM)
    draw_text(painter, rect, option.text, face, ink if enabled else colours.disabledText,
              align=Qt.AlignmentFlag.AlignHCenter)  # fmt: skip
    upright = option.shape in (QTabBar.Shape.RoundedWest, QTabBar.Shape.RoundedEast)
    if chosen and not upright:
        rounded(painter, QRectF(rect.x() + 10, rect.bottom() - 2, rect.width() - 20, 2), 1, colours.accent)


def draw_frame(painter: QPainter, option: QStyleOption) -> None:
    """Draw the frame of a list or a text area."""
    colours = tokens()
    focused = has_focus_ring(option)
    edge = colours.accentText if focused else colours.line
    rounded(painter, QRectF(option.rect), RADIUS_CONTROL, colours.field, edge, width=2 if focused else 1)


def readable_selection(option: QStyleOptionViewItem) -> None:
    """Give a row that is chosen its usual text colour: the ground of the choice is soft."""
    colours = tokens()
    option.palette.setColor(QPalette.ColorRole.HighlightedText, colours.text)


def draw_group(painter: QPainter, rect: QRectF) -> None:
    """Draw the frame of a group box."""
    rounded(painter, rect, RADIUS_CONTROL, None, tokens().line)


def _lead(option: QStyleOptionMenuItem) -> float:
    has_marks = option.menuHasCheckableItems or option.maxIconWidth > 0 or not option.icon.isNull()
    return fonts.px(_MENU_ICON) + 8 if has_marks else 0.0
