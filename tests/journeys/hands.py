"""Owns what a user's hands can do to windows, through the window system's own door.

A click goes to a window and lands on what lies on top there; a window that a dialog blocks gets nothing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import shiboken6
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QInputMethodEvent,
    QMouseEvent,
    QWindow,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QScrollArea,
    QWidget,
)

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
_CONTROLS = (QAbstractButton, QLineEdit, QAbstractSlider, QComboBox, QAbstractItemView)


@dataclass(frozen=True)
class Target:
    """A widget that can be hit, and where in its window."""

    window: QWidget
    widget: QWidget
    at: QPoint
    name: str


def open_windows() -> list[QWidget]:
    """Return the windows that a user can act in now, the last ones raised by dialogs first."""
    popup = QApplication.activePopupWidget()
    if popup is not None:
        return [popup]
    modal = QApplication.activeModalWidget()
    if modal is not None:
        return [modal]
    return [
        one
        for one in QApplication.topLevelWidgets()
        if one.isVisible() and one.windowHandle() is not None and one.windowType() is not Qt.WindowType.ToolTip
    ]


def blocked() -> bool:
    """Say whether a dialog or menu keeps everything else from being reached."""
    return QApplication.activePopupWidget() is not None or QApplication.activeModalWidget() is not None


def name_of(widget: QWidget) -> str:
    """Return what a person would call a widget: its kind and words."""
    words = widget.accessibleName()
    if isinstance(widget, (QAbstractButton, QLabel)):
        words = widget.text() or words
    if isinstance(widget, QLineEdit):
        words = words or widget.placeholderText()
    words = words or widget.objectName() or widget.toolTip()
    return f"{type(widget).__name__}({words[:50]})" if words else type(widget).__name__


def words_of(widget: QWidget) -> str:
    """Return the words on a widget, or those it is read out by."""
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return (text or widget.accessibleName() or widget.toolTip()).replace("&", "")


def _is_control(widget: QWidget) -> bool:
    if isinstance(widget, _CONTROLS):
        return True
    if isinstance(widget, QScrollArea):
        return False
    return bool(
        hasattr(widget, "clicked")
        or widget.focusPolicy() & Qt.FocusPolicy.ClickFocus
        or widget.cursor().shape() is Qt.CursorShape.PointingHandCursor
        or widget.contextMenuPolicy() is Qt.ContextMenuPolicy.CustomContextMenu
    )


def targets(window: QWidget) -> list[Target]:
    """Return what can be hit in a window."""
    found = []
    for widget in (window, *window.findChildren(QWidget)):
        if not widget.isVisible() or not widget.isEnabled() or widget.window() is not window:
            continue
        if widget is not window and not _is_control(widget):
            continue
        seen = widget.visibleRegion().boundingRect()
        if seen.width() < 4 or seen.height() < 4:
            continue
        found.append(Target(window, widget, widget.mapTo(window, seen.center()), name_of(widget)))
    return found


def find(words: str, window: QWidget | None = None, kind: type[QWidget] = QAbstractButton) -> Target | None:
    """Return a control in reach that says `words`, or else one whose words begin so."""
    begins = None
    for one in (window,) if window is not None else reversed(open_windows()):
        for target in targets(one):
            said = words_of(target.widget) if isinstance(target.widget, kind) else ""
            if said == words:
                return target
            if begins is None and words and said.startswith(words):
                begins = target
    return begins


def point_in(target: Target, rng: random.Random) -> QPoint:
    """Return where to hit: the middle, or anywhere in what is seen; in a list, one of its items."""
    widget = target.widget
    if isinstance(widget, QAbstractItemView) and widget.model() is not None and rng.random() < 0.85:
        rows = widget.model().rowCount(widget.rootIndex())
        if rows:
            index = widget.model().index(rng.randrange(min(rows, 40)), 0, widget.rootIndex())
            rect = widget.visualRect(index)
            if rect.isValid() and widget.viewport().rect().contains(rect.center()):
                return widget.viewport().mapTo(target.window, rect.center())
    if rng.random() < 0.7:
        return target.at
    seen = widget.visibleRegion().boundingRect()
    if seen.isEmpty():  # covered by now
        return target.at
    inside = QPoint(rng.randint(seen.left(), seen.right()), rng.randint(seen.top(), seen.bottom()))
    return widget.mapTo(target.window, inside)


def handle(window: QWidget) -> QWindow | None:
    """Return the window system's side of a window, if it is still there and shown."""
    if not shiboken6.isValid(window):
        return None
    made = window.windowHandle()
    return made if made is not None and made.isVisible() else None


def click(window: QWidget, at: QPoint, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NONE) -> None:
    """Click at a place."""
    # Each stroke asks anew whether the window is there: the one before may have closed it.
    if (where := handle(window)) is not None:
        QTest.mouseMove(where, at)
    if (where := handle(window)) is not None:
        QTest.mousePress(where, button, keys, at)
    if (where := handle(window)) is not None:
        QTest.mouseRelease(where, button, keys, at)


def double_click(window: QWidget, at: QPoint) -> None:
    """Click twice, quickly."""
    click(window, at)
    kinds = QEvent.Type.MouseButtonDblClick, QEvent.Type.MouseButtonRelease
    for kind, held in zip(kinds, (LEFT, Qt.MouseButton.NoButton), strict=True):
        if (where := handle(window)) is not None:
            place = QPointF(at)
            QApplication.sendEvent(where, QMouseEvent(kind, place, where.mapToGlobal(place), LEFT, held, NONE))


def press_and_move(window: QWidget, start: QPoint, end: QPoint, steps: int = 4) -> None:
    """Press, move with the button held, let go."""
    where = handle(window)
    if where is None:
        return
    QTest.mousePress(where, LEFT, NONE, start)
    for step in range(1, steps + 1):
        if (still := handle(window)) is None:
            return
        QTest.mouseMove(still, start + (end - start) * step / steps)
    if (still := handle(window)) is not None:
        QTest.mouseRelease(still, LEFT, NONE, end)


def scroll(window: QWidget, at: QPoint, amount: int, keys: Qt.KeyboardModifier = NONE) -> None:
    """Turn the wheel at a place."""
    if (where := handle(window)) is not None:
        QTest.wheelEvent(where, QPointF(at), QPoint(0, amount), QPoint(0, 0), keys)


def key(window: QWidget, which: Qt.Key, keys: Qt.KeyboardModifier = NONE) -> None:
    """Press a key."""
    if (where := handle(window)) is not None:
        QTest.keyPress(where, which, keys)
    if (where := handle(window)) is not None:
        QTest.keyRelease(where, which, keys)


def type_text(window: QWidget, text: str) -> None:
    """Type: letters of the keyboard as keys, others as an input method would give them."""
    for letter in text:
        where = handle(window)
        if where is None:
            return
        if letter.isascii() and letter.isprintable():
            QTest.keyPress(where, ord(letter))
            if (still := handle(window)) is not None:
                QTest.keyRelease(still, ord(letter))
        elif (focus := QApplication.focusWidget()) is not None:
            event = QInputMethodEvent()
            event.setCommitString(letter)
            QApplication.sendEvent(focus, event)


def mime_of(paths: Sequence[Path | str], text: str = "") -> QMimeData:
    """Return what a file manager gives for files; a str is an address as it stands."""
    mime = QMimeData()
    urls = [QUrl.fromLocalFile(str(path)) if isinstance(path, Path) else QUrl(path) for path in paths]
    if urls:
        mime.setUrls(urls)
    if text:
        mime.setText(text)
    return mime


def drag_over(window: QWidget, at: QPoint, mime: QMimeData) -> bool:
    """Hover over a window with something; say whether it would take it."""
    where = handle(window)
    if where is None:
        return False
    copy, left = Qt.DropAction.CopyAction, LEFT
    enter = QDragEnterEvent(at, copy, mime, left, NONE)
    QApplication.sendEvent(where, enter)
    for offset in (0, 6):
        if (still := handle(window)) is None:
            return False
        QApplication.sendEvent(still, QDragMoveEvent(at + QPoint(offset, offset), copy, mime, left, NONE))
    return enter.isAccepted()


def drop(window: QWidget, at: QPoint, mime: QMimeData, *, let_go: bool = True) -> bool:
    """Drag something over a window and drop it there, or leave again; say whether it was taken."""
    taken = drag_over(window, at, mime)
    where = handle(window)
    if where is None:
        return False
    if not let_go or not taken:
        QApplication.sendEvent(where, QDragLeaveEvent())
        return False
    QApplication.sendEvent(where, QDropEvent(QPointF(at), Qt.DropAction.CopyAction, mime, LEFT, NONE, QEvent.Type.Drop))
    return True


def menu_entries(menu: QMenu) -> list[tuple[str, QPoint]]:
    """Return the entries of a menu that can be chosen, and where they are."""
    return [
        (action.text().partition("\t")[0].replace("&", ""), menu.actionGeometry(action).center())
        for action in menu.actions()
        if action.isVisible() and action.isEnabled() and not action.isSeparator()
    ]
