"""Owns a name that can be changed where it stands: a click makes it a field; Enter takes, Escape leaves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QStackedLayout, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.widgets.fields import LineEdit
from mobilenet_gui.ui.widgets.labels import ElidedLabel

LONGEST = 120


class _NameButton(ElidedLabel):
    """The name at rest: looks like text, can be focused and pressed."""

    pressed = Signal()

    def __init__(self, hint: str, role: str) -> None:
        self._hint = hint
        super().__init__("", role, "text", fonts.SEMIBOLD)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.IBeamCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Be pressed."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.pressed.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the press, so that the release comes here as well."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Be pressed by F2, Space or Enter."""
        if event.key() in (Qt.Key.Key_F2, Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)

    def _explain(self) -> None:
        self.setToolTip(f"{self.text()}\n{self._hint}" if self.is_elided() else self._hint)
        self.setAccessibleDescription(self._hint)


class InlineName(QWidget):
    """The name.

    Attributes:
        renamed: another name was typed: not empty, spaces trimmed, not the one before.
    """

    renamed = Signal(str)

    def __init__(self, hint: str, role: str = "card", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._by_click = True
        self._label = _NameButton(hint, role)
        self._label.pressed.connect(self.edit)
        self.field = LineEdit(hint)
        self.field.setMaxLength(LONGEST)
        self.field.installEventFilter(self)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self._label)
        self._stack.addWidget(self.field)
        self.setFixedHeight(fonts.px(24))
        self.field.setFixedHeight(fonts.px(24))

    def name(self) -> str:
        """Return the name shown."""
        return self._name

    def is_editing(self) -> bool:
        """Say whether it is a field now."""
        return self._stack.currentWidget() is self.field

    def set_name(self, name: str) -> None:
        """Show a name; one that is being typed is left alone."""
        self._name = name
        self._label.setText(name)

    def set_editable_by_click(self, editable: bool) -> None:
        """Become a field by a click, or only when `edit` says so and be mere text for mouse and keyboard."""
        self._label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not editable)
        self._label.setFocusPolicy(Qt.FocusPolicy.TabFocus if editable else Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not editable and not self.is_editing())
        self._by_click = editable

    def edit(self) -> None:
        """Become a field with everything selected."""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, False)
        self.field.setText(self._name)
        self._stack.setCurrentWidget(self.field)
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.field.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave by Escape; take by Enter, and when the focus goes elsewhere."""
        if watched is self.field and self.is_editing():
            if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
                if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                    # Kept from the card around it, which would be opened.
                    self._finish(take=event.key() != Qt.Key.Key_Escape)
                    return True
            elif event.type() == QEvent.Type.FocusOut:
                self._finish(take=True)
        return super().eventFilter(watched, event)

    def _finish(self, *, take: bool) -> None:
        if not self.is_editing():
            return
        text = " ".join(self.field.text().split())
        had_focus = self.field.hasFocus()
        self._stack.setCurrentWidget(self._label)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not self._by_click)
        if had_focus and self._by_click:
            self._label.setFocus(Qt.FocusReason.OtherFocusReason)
        if take and text and text != self._name:
            self.renamed.emit(text)
