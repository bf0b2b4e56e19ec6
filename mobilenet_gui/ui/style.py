"""Owns how every standard control looks: one proxy over Fusion that paints with the tokens. No style sheets.

This module only decides who draws what and how large it is; the drawing is in `style_buttons`, `style_fields` and
`style_views`. What is not named here stays Fusion's, in the palette's colours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPainterPath, QRegion
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QComboBox,
    QFrame,
    QLineEdit,
    QMenu,
    QProxyStyle,
    QStyle,
    QStyleHintReturn,
    QStyleOption,
    QStyleOptionComplex,
    QWidget,
)

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui import style_buttons as buttons
from mobilenet_gui.ui import style_fields as fields
from mobilenet_gui.ui import style_views as views
from mobilenet_gui.ui.icons import icon
from mobilenet_gui.ui.theme import duration, tokens
from mobilenet_gui.ui.tokens import HEIGHT_CONTROL, HEIGHT_SMALL

_CE, _PE, _CC = QStyle.ControlElement, QStyle.PrimitiveElement, QStyle.ComplexControl
_CT, _PM, _SH, _SC = QStyle.ContentsType, QStyle.PixelMetric, QStyle.StyleHint, QStyle.SubControl
Draw = Callable[[Any, QPainter, QWidget | None], None]

_HINTS: dict[QStyle.StyleHint, int] = {
    _SH.SH_EtchDisabledText: 0,
    _SH.SH_DitherDisabledText: 0,
    _SH.SH_ComboBox_Popup: 0,
    _SH.SH_ComboBox_PopupFrameStyle: QFrame.Shape.StyledPanel.value | QFrame.Shadow.Plain.value,
    _SH.SH_DialogButtonBox_ButtonsHaveIcons: 0,
    _SH.SH_MessageBox_CenterButtons: 0,
    _SH.SH_Menu_MouseTracking: 1,
    _SH.SH_Menu_SubMenuPopupDelay: 120,
    _SH.SH_ScrollBar_Transient: 0,
    _SH.SH_ScrollBar_LeftClickAbsolutePosition: 0,
    _SH.SH_Slider_AbsoluteSetButtons: Qt.MouseButton.LeftButton.value,
    _SH.SH_Slider_PageSetButtons: Qt.MouseButton.MiddleButton.value,
    _SH.SH_ItemView_ShowDecorationSelected: 1,
    _SH.SH_UnderlineShortcut: 0,
    _SH.SH_ToolTip_WakeUpDelay: 500,
    _SH.SH_ToolTipLabel_Opacity: 255,
    _SH.SH_TabBar_Alignment: Qt.AlignmentFlag.AlignLeft.value,
}

_SP = QStyle.StandardPixmap
_ICONS: dict[QStyle.StandardPixmap, tuple[str, str]] = {
    _SP.SP_MessageBoxInformation: ("info", "accentText"),
    _SP.SP_MessageBoxQuestion: ("question-circle", "accentText"),
    _SP.SP_MessageBoxWarning: ("alert", "warn"),
    _SP.SP_MessageBoxCritical: ("alert", "bad"),
    _SP.SP_DirIcon: ("folder", "accentText"),
    _SP.SP_DirClosedIcon: ("folder", "accentText"),
    _SP.SP_DirOpenIcon: ("folder", "accentText"),
    _SP.SP_DirLinkIcon: ("folder", "accentText"),
    _SP.SP_DirHomeIcon: ("folder", "accentText"),
    _SP.SP_DesktopIcon: ("monitor", "text2"),
    _SP.SP_ComputerIcon: ("monitor", "text2"),
    _SP.SP_DriveHDIcon: ("drive", "text2"),
    _SP.SP_FileIcon: ("file", "text2"),
    _SP.SP_FileLinkIcon: ("file", "text2"),
    _SP.SP_ArrowBack: ("arrow-left", "text2"),
    _SP.SP_ArrowForward: ("arrow-right", "text2"),
    _SP.SP_FileDialogBack: ("arrow-left", "text2"),
    _SP.SP_FileDialogToParent: ("arrow-up", "text2"),
    _SP.SP_FileDialogNewFolder: ("folder-plus", "text2"),
    _SP.SP_FileDialogListView: ("view-grid", "text2"),
    _SP.SP_FileDialogDetailedView: ("list", "text2"),
    _SP.SP_LineEditClearButton: ("close", "text2"),
    _SP.SP_TitleBarCloseButton: ("close", "text2"),
    _SP.SP_DialogCloseButton: ("close", "text2"),
    _SP.SP_BrowserReload: ("refresh", "text2"),
}


def _metrics() -> dict[QStyle.PixelMetric, int]:
    side = buttons.indicator_size()
    return {
        _PM.PM_ButtonShiftHorizontal: 0,
        _PM.PM_ButtonShiftVertical: 0,
        _PM.PM_ButtonDefaultIndicator: 0,
        _PM.PM_MenuButtonIndicator: 0,
        _PM.PM_IndicatorWidth: side,
        _PM.PM_IndicatorHeight: side,
        _PM.PM_ExclusiveIndicatorWidth: side,
        _PM.PM_ExclusiveIndicatorHeight: side,
        _PM.PM_CheckBoxLabelSpacing: 8,
        _PM.PM_RadioButtonLabelSpacing: 8,
        _PM.PM_ScrollBarExtent: fields.SCROLL_EXTENT,
        _PM.PM_ScrollBarSliderMin: 36,
        _PM.PM_ScrollView_ScrollBarSpacing: 0,
        _PM.PM_ScrollView_ScrollBarOverlap: 0,
        _PM.PM_SliderThickness: fonts.px(fields.KNOB) + 8,
        _PM.PM_SliderControlThickness: fonts.px(fields.KNOB),
        _PM.PM_SliderLength: fonts.px(fields.KNOB),
        _PM.PM_MenuPanelWidth: 0,
        _PM.PM_MenuHMargin: views.MENU_MARGIN,
        _PM.PM_MenuVMargin: views.MENU_MARGIN,
        _PM.PM_ToolTipLabelFrameWidth: 7,
        _PM.PM_SmallIconSize: fonts.px(16),
        _PM.PM_ListViewIconSize: fonts.px(16),
        _PM.PM_ButtonIconSize: fonts.px(16),
        _PM.PM_TabBarTabShiftVertical: 0,
        _PM.PM_TabBarTabShiftHorizontal: 0,
        _PM.PM_TabBarBaseOverlap: 0,
        _PM.PM_FocusFrameHMargin: 7,
        _PM.PM_FocusFrameVMargin: 2,
        _PM.PM_TextCursorWidth: 1,
        _PM.PM_SplitterWidth: 5,
        _PM.PM_MessageBoxIconSize: fonts.px(32),
    }


class Style(QProxyStyle):
    """The application's style."""

    def __init__(self) -> None:
        super().__init__("fusion")
        self._pixels = _metrics()
        self._popups = _PopupShaper(self)
        self._controls: dict[QStyle.ControlElement, Draw] = {
            _CE.CE_PushButton: lambda o, p, w: buttons.draw_push_button(p, o, w),
            _CE.CE_PushButtonBevel: lambda o, p, w: buttons.draw_panel(
                p, QRectF(o.rect), buttons.look_of(buttons.kind_of(o, w), o, w, tokens()),
                ring=buttons.has_focus_ring(o), kind=buttons.kind_of(o, w)),
            _CE.CE_PushButtonLabel: lambda o, p, w: buttons.draw_content(
                p, o, QRectF(o.rect), buttons.look_of(buttons.kind_of(o, w), o, w, tokens()), buttons.kind_of(o, w)),
            _CE.CE_ComboBoxLabel: lambda o, p, w: fields.draw_combo_label(p, o, w),
            _CE.CE_MenuItem: lambda o, p, _w: views.draw_menu_item(p, o),
            _CE.CE_MenuEmptyArea: lambda _o, _p, _w: None,
            _CE.CE_ProgressBar: lambda o, p, _w: fields.draw_progress(p, o),
            _CE.CE_TabBarTab: lambda o, p, _w: views.draw_tab(p, o),
            _CE.CE_Splitter: lambda o, p, _w: views.draw_splitter(p, o),
            _CE.CE_HeaderSection: lambda o, p, _w: views.draw_header(p, o),
            _CE.CE_HeaderEmptyArea: lambda o, p, _w: p.fillRect(o.rect, tokens().field),
        }  # fmt: skip
        self._primitives: dict[QStyle.PrimitiveElement, Draw] = {
            _PE.PE_PanelLineEdit: self._line_edit,
            _PE.PE_FrameLineEdit: lambda _o, _p, _w: None,
            _PE.PE_IndicatorCheckBox: lambda o, p, _w: buttons.draw_check_box(p, o),
            _PE.PE_IndicatorItemViewItemCheck: lambda o, p, _w: buttons.draw_check_box(p, o),
            _PE.PE_IndicatorRadioButton: lambda o, p, _w: buttons.draw_radio(p, o),
            _PE.PE_PanelItemViewItem: lambda o, p, w: views.draw_item_ground(p, o, w),
            _PE.PE_PanelItemViewRow: lambda _o, _p, _w: None,
            _PE.PE_PanelMenu: lambda o, p, _w: views.draw_popup(p, QRectF(o.rect)),
            _PE.PE_FrameMenu: lambda _o, _p, _w: None,
            _PE.PE_PanelTipLabel: lambda o, p, _w: views.draw_tool_tip(p, QRectF(o.rect)),
            _PE.PE_FrameFocusRect: self._focus,
            _PE.PE_Frame: self._frame,
            _PE.PE_FrameGroupBox: lambda o, p, _w: views.draw_group(p, QRectF(o.rect)),
            _PE.PE_FrameTabWidget: lambda _o, _p, _w: None,
            _PE.PE_FrameTabBarBase: lambda o, p, _w: p.fillRect(
                QRect(o.rect.x(), o.rect.bottom(), o.rect.width(), 1), tokens().line),
            _PE.PE_IndicatorHeaderArrow: lambda o, p, _w: views.draw_header_arrow(p, o),
            _PE.PE_PanelButtonTool: lambda o, p, _w: buttons.draw_tool_button(p, o),
        }  # fmt: skip
        self._complex: dict[QStyle.ComplexControl, Draw] = {
            _CC.CC_ComboBox: lambda o, p, w: fields.draw_combo(p, o, w),
            _CC.CC_SpinBox: lambda o, p, w: fields.draw_spin_box(p, o, w),
            _CC.CC_Slider: lambda o, p, w: fields.draw_slider(p, o, w),
            _CC.CC_ScrollBar: lambda o, p, _w: fields.draw_scroll_bar(p, o),
        }

    def drawControl(self, element: QStyle.ControlElement, option: QStyleOption, painter: QPainter,
                    widget: QWidget | None = None) -> None:  # fmt: skip
        """Draw what is ours; leave the rest to Fusion."""
        if element == _CE.CE_ItemViewItem:
            views.readable_selection(option)  # type: ignore[arg-type]
        draw = self._controls.get(element)
        if draw is not None:
            draw(option, painter, widget)
        else:
            super().drawControl(element, option, painter, widget)

    def drawPrimitive(self, element: QStyle.PrimitiveElement, option: QStyleOption, painter: QPainter,
                      widget: QWidget | None = None) -> None:  # fmt: skip
        """Draw what is ours; leave the rest to Fusion."""
        draw = self._primitives.get(element)
        if draw is not None:
            draw(option, painter, widget)
        else:
            super().drawPrimitive(element, option, painter, widget)

    def drawComplexControl(self, control: QStyle.ComplexControl, option: QStyleOptionComplex, painter: QPainter,
                           widget: QWidget | None = None) -> None:  # fmt: skip
        """Draw what is ours; leave the rest to Fusion."""
        draw = self._complex.get(control)
        if draw is not None:
            draw(option, painter, widget)
        else:
            super().drawComplexControl(control, option, painter, widget)

    def subControlRect(self, control: QStyle.ComplexControl, option: QStyleOptionComplex, part: QStyle.SubControl,
                       widget: Any = None) -> QRect:  # fmt: skip
        """Say where parts of fields are."""
        option_: Any = option
        if control == _CC.CC_ScrollBar:
            return fields.scroll_rect(option_, part)
        if control == _CC.CC_Slider:
            find = fields.slider_handle if part == _SC.SC_SliderHandle else fields.slider_travel
            return find(option_, widget)
        if control == _CC.CC_SpinBox:
            return fields.spin_rect(option, part)
        if control == _CC.CC_ComboBox and part == _SC.SC_ComboBoxEditField:
            return fields.combo_edit_rect(option_, widget)
        if control == _CC.CC_ComboBox and part == _SC.SC_ComboBoxListBoxPopup:
            return QRect(option_.rect.adjusted(0, 0, 0, 4))
        return super().subControlRect(control, option, part, widget)

    def subElementRect(self, element: QStyle.SubElement, option: QStyleOption, widget: Any = None) -> QRect:
        """Let text lines use their whole box."""
        if element == QStyle.SubElement.SE_LineEditContents:
            rect: QRect = option.rect
            return rect.adjusted(2, 1, -2, -1)
        return super().subElementRect(element, option, widget)

    def sizeFromContents(self, kind: QStyle.ContentsType, option: QStyleOption, size: QSize,
                         widget: Any = None) -> QSize:  # fmt: skip
        """Say how large controls are."""
        option_: Any = option
        if kind == _CT.CT_PushButton:
            return buttons.button_size(option_, widget, size)
        if kind == _CT.CT_ComboBox:
            return fields.combo_size(size, widget)
        if kind == _CT.CT_MenuItem:
            return views.menu_item_size(option_)
        if kind == _CT.CT_TabBarTab:
            return views.tab_size(option_, size)
        wanted = super().sizeFromContents(kind, option, size, widget)
        if kind == _CT.CT_SpinBox:
            wanted.setWidth(size.width() + fields.spin_extra_width())
        if kind in (_CT.CT_LineEdit, _CT.CT_SpinBox):
            wanted.setHeight(max(wanted.height(), fonts.px(HEIGHT_CONTROL)))
        elif kind in (_CT.CT_CheckBox, _CT.CT_RadioButton, _CT.CT_ItemViewItem):
            wanted.setHeight(max(wanted.height(), fonts.px(HEIGHT_SMALL)))
        return wanted

    def pixelMetric(self, metric: QStyle.PixelMetric, option: QStyleOption | None = None,
                    widget: QWidget | None = None) -> int:  # fmt: skip
        """Return a measure of ours, else Fusion's."""
        if metric == _PM.PM_DefaultFrameWidth and widget is not None:
            if isinstance(widget, QAbstractScrollArea):
                return views.FRAME_WIDTH
            if views.is_combo_list(widget):
                return views.MENU_MARGIN
        value = self._pixels.get(metric)
        return value if value is not None else super().pixelMetric(metric, option, widget)

    def styleHint(self, hint: QStyle.StyleHint, option: QStyleOption | None = None, widget: QWidget | None = None,
                  data: QStyleHintReturn | None = None) -> int:  # fmt: skip
        """Return a habit of ours, else Fusion's."""
        value = _HINTS.get(hint)
        if value is not None:
            return value
        if hint == _SH.SH_Widget_Animation_Duration:
            return duration(200)
        return super().styleHint(hint, option, widget, data)

    def standardIcon(self, which: QStyle.StandardPixmap, option: QStyleOption | None = None,
                     widget: QWidget | None = None) -> QIcon:  # fmt: skip
        """Return our own drawing for what message boxes and file dialogs show."""
        known = _ICONS.get(which)
        return icon(*known) if known is not None else super().standardIcon(which, option, widget)

    def polish(self, what: Any) -> Any:
        """Prepare a widget: hovering is noticed; menus, lists and tool tips get round corners."""
        result = super().polish(what)
        if isinstance(what, QWidget):
            if (
                isinstance(what, (QComboBox, QLineEdit))
                or what.inherits("QAbstractButton")
                or what.inherits("QAbstractSlider")
            ):
                what.setAttribute(Qt.WidgetAttribute.WA_Hover)
            elif isinstance(what, QMenu) or what.inherits("QComboBoxPrivateContainer") or what.inherits("QTipLabel"):
                self._popups.adopt(what)
        return result

    @staticmethod
    def _line_edit(option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
        # Inside a spin box or an editable combo box the outer control has drawn the field already.
        parent = widget.parentWidget() if widget is not None else None
        if parent is not None and (parent.inherits("QAbstractSpinBox") or parent.inherits("QComboBox")):
            return
        fields.draw_field(painter, QRectF(option.rect), option, widget)

    @staticmethod
    def _focus(option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
        if isinstance(widget, QAbstractItemView):
            return  # the row's ground has its ring already
        if buttons.has_focus_ring(option) or option.state & QStyle.StateFlag.State_KeyboardFocusChange:
            buttons.draw_indicator_focus(painter, QRectF(option.rect))

    @staticmethod
    def _frame(option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
        if widget is not None and (widget.inherits("QComboBoxPrivateContainer") or widget.inherits("QTipLabel")):
            views.draw_popup(painter, QRectF(option.rect))
        else:
            views.draw_frame(painter, option)


class _PopupShaper(QObject):
    """Rounds the corners of menus, lists and tool tips: by transparency where windows can have it, else by a mask."""

    def adopt(self, popup: QWidget) -> None:
        """Round the corners of `popup`, once."""
        if popup.property("rounded"):
            return
        popup.setProperty("rounded", True)
        flags = popup.windowFlags() | Qt.WindowType.FramelessWindowHint | Qt.WindowType.NoDropShadowWindowHint
        popup.setWindowFlags(flags)
        if self._masks():
            popup.installEventFilter(self)
        else:
            popup.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cut the corners whenever the size changes."""
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            path = QPainterPath()
            path.addRoundedRect(QRectF(watched.rect()), views.POPUP_RADIUS, views.POPUP_RADIUS)
            watched.setMask(QRegion(path.toFillPolygon().toPolygon()))
        return super().eventFilter(watched, event)

    @staticmethod
    def _masks() -> bool:
        # An X server without a compositor shows black where a window is transparent, and Qt cannot tell.
        return sys.platform.startswith("linux") and QGuiApplication.platformName() == "xcb"
