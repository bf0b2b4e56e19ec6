"""The random user: acts every few hundredths of a second, also while a dialog or menu waits, and remembers it.

The same seed makes the same choices while the same things are in reach; threads and the machine's speed have a say.
"""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Generator
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QTextEdit, QWidget

from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.wizard.dialog import WizardDialog
from tests.journeys import hands
from tests.journeys.answers import Answers, file_dialog_open
from tests.journeys.bait import Bait
from tests.journeys.hands import CTRL, LEFT, NONE, RIGHT, SHIFT, Target
from tests.journeys.watch import Record

Story = Generator[None, None, None]
DIARY = "actions.txt"
_REMEMBERED = 60
_DEEPEST = 40
_STROKE_SECONDS = 0.15
"""A click or key runs what is pending; only what has a loop of its own, such as a drag, takes longer than this."""
_K = Qt.Key
KEYS = [
    (_K.Key_Tab, NONE), (_K.Key_Tab, NONE), (_K.Key_Backtab, SHIFT), (_K.Key_Return, NONE), (_K.Key_Space, NONE),
    (_K.Key_Escape, NONE), (_K.Key_Left, NONE), (_K.Key_Right, NONE), (_K.Key_Up, NONE), (_K.Key_Down, NONE),
    (_K.Key_Delete, NONE), (_K.Key_Backspace, NONE), (_K.Key_F1, NONE), (_K.Key_F2, NONE), (_K.Key_F9, NONE),
    (_K.Key_F11, NONE), (_K.Key_Home, NONE), (_K.Key_End, NONE), (_K.Key_PageDown, NONE), (_K.Key_PageUp, NONE),
    (_K.Key_A, CTRL), (_K.Key_C, CTRL), (_K.Key_V, CTRL), (_K.Key_V, CTRL), (_K.Key_Z, CTRL), (_K.Key_Z, CTRL),
    (_K.Key_Z, CTRL | SHIFT), (_K.Key_Y, CTRL), (_K.Key_S, CTRL), (_K.Key_O, CTRL), (_K.Key_O, CTRL | SHIFT),
    (_K.Key_F, CTRL), (_K.Key_E, CTRL), (_K.Key_W, CTRL), (_K.Key_1, CTRL), (_K.Key_2, CTRL), (_K.Key_3, CTRL),
    (_K.Key_4, CTRL), (_K.Key_Comma, CTRL), (_K.Key_Plus, CTRL), (_K.Key_0, CTRL), (_K.Key_Menu, NONE),
    (_K.Key_Plus, NONE), (_K.Key_Minus, NONE), (_K.Key_0, NONE), (_K.Key_1, NONE), (_K.Key_2, NONE),
    (_K.Key_Comma, NONE), (_K.Key_Period, NONE),
    *((key, NONE) for key in (_K.Key_C, _K.Key_E, _K.Key_G, _K.Key_M, _K.Key_S, _K.Key_F, _K.Key_O)),
]  # fmt: skip
TEXTS = [
    "red", "thing", "a", "0", "1280", "-5", "99999999", "0.5", "été", "שלום", "名前", "<b>x</b>", "%s {n} {0}", "a/b",
    "../up", "con", " ", "x" * 300, "http://127.0.0.1:9/video", "rtsp://127.0.0.1:9/live", "http://[x", "=1+1",
    "\u202eabc",
]  # fmt: skip
_CLOSED_GENTLY = ("Delete", "Remove", "Empty", "Reset")
"""Words of what ends a journey's stage early; pressed, but seldom."""


class RandomUser:
    """Acts while an event loop runs.

    Attributes:
        coverage: what was reached, by kind and name.
        leaving: no new story and no new window: the program is to end.
    """

    def __init__(
        self,
        seed: int,
        bait: Bait,
        out: Path,
        record: Record,
        *,
        stories: Callable[[RandomUser], Story] | None = None,
        verbose: bool = False,
    ) -> None:
        self.rng = random.Random(seed)
        self.seed = seed
        self.bait, self.out, self.record = bait, out, record
        self.answers = Answers(self.rng, bait, out)
        self.coverage: Counter[str] = Counter()
        self.pressed: Counter[str] = Counter()
        self.count = 0
        self.last = time.monotonic()
        self.leaving = False
        self.chaos = 0.4
        self._stories = stories
        self._story: Story | None = None
        self._recent: deque[str] = deque(maxlen=_REMEMBERED)
        self._active = False
        self._telling = False
        self._waiting: list[tuple[QWidget | None, QWidget | None]] = []
        """The dialog and the menu that each act now under way began with; an act in a dialog's own loop comes last."""
        self._verbose = verbose
        # Read after a crash that takes the process along, hence written line by line.
        self._diary = (out.parent / DIARY).open("w", encoding="utf-8", errors="replace", buffering=1)
        record.recent = lambda: tuple(self._recent)

    # -- pace ---------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Act from now on, as soon as an event loop runs."""
        self._active = True
        self._next()

    def end(self) -> None:
        """Rest."""
        self._active = False

    def _next(self) -> None:
        pause = self.rng.choice((0, 5, 15, 30, 60)) if self.rng.random() < 0.97 else 400
        QTimer.singleShot(pause, self._act)

    def _act(self) -> None:
        if not self._active:
            return
        self._next()  # before anything is done: a dialog's own loop may run for long
        waiting = (QApplication.activeModalWidget(), QApplication.activePopupWidget())
        # A stroke runs what is pending. To act then, after a dialog has closed and before its loop has returned, is
        # what no user can do: what it leaves is deleted under Qt's own feet.
        if waiting in self._waiting[:-1] or len(self._waiting) > _DEEPEST:
            return
        if waiting in self._waiting and time.monotonic() - self.last < _STROKE_SECONDS:
            return
        self._waiting.append(waiting)
        try:
            self._act_once()
        except RuntimeError as error:  # what was in reach is gone: deleted between two looks
            if "already deleted" not in str(error):
                raise
        finally:
            self._waiting.pop()

    def log(self, text: str) -> None:
        """Note an action before it is done."""
        self.count += 1
        self.last = time.monotonic()
        line = f"{self.count:5} {time.strftime('%H:%M:%S')} {text}"
        self._recent.append(line)
        self._diary.write(f"{line}\n")
        if self._verbose:
            self.record.tell(line)

    # -- choosing -----------------------------------------------------------------------------------------------------

    def _act_once(self) -> None:
        self._look_around()
        dialog = file_dialog_open()
        if dialog is not None:
            self.log(f"file dialog “{dialog.windowTitle()}”")
            self.coverage[f"dialog {dialog.windowTitle()}"] += 1
            self._recent[-1] += ": " + self.answers.file_dialog(dialog)
            return
        popup = QApplication.activePopupWidget()
        if isinstance(popup, QMenu):
            self.log("menu")
            done = self.answers.menu(popup)
            self._recent[-1] += ": " + done
            self.coverage[f"menu {done.partition('“')[2].partition('”')[0]}"] += 1
            return
        if self._story is None and self._stories is not None:
            self._story = self._stories(self)
        if self._story is not None and not self._telling and not (self.rng.random() < self.chaos or hands.blocked()):
            self._telling = True
            try:
                next(self._story)
            except StopIteration:
                self._story = None
            finally:
                self._telling = False
            return
        self.anything()

    def anything(self) -> None:
        """Do one thing at random."""
        windows = hands.open_windows()
        if not windows:
            return
        active = QApplication.activeWindow()
        window = self.rng.choice(windows)
        if active is not None and active in windows and self.rng.random() < 0.75:
            window = active
        roll = self.rng.random()
        choices = [
            (0.45, self._click), (0.09, self._press_key), (0.06, self._type), (0.05, self._double_click),
            (0.06, self._right_click), (0.05, self._scroll), (0.05, self._drag), (0.07, self._drop),
            (0.02, self._paste), (0.02, self._resize), (0.015, self._close), (0.02, self._hover), (0.01, self._wait),
        ]  # fmt: skip
        for share, act in choices:
            roll -= share
            if roll < 0:
                act(window)
                return
        self._click(window)

    def _look_around(self) -> None:
        for window in QApplication.topLevelWidgets():
            if window.isVisible():
                kind = type(window).__name__
                self.coverage[f"window {kind}"] += 1
                if isinstance(window, MainWindow):
                    self.coverage[f"page {window.rail.current()}"] += 1
                elif isinstance(window, WizardDialog) and window.isVisible() and window.stack.count():
                    self.coverage[f"wizard {type(window.current).__name__}"] += 1

    def _choose(self, window: QWidget) -> Target | None:
        found = hands.targets(window)
        if not found:
            return None
        weights = []
        for target in found:
            weight = 3.0 if hands.words_of(target.widget) else 1.0
            weight /= 1 + self.pressed[self._key(target)] ** 0.7
            if target.widget is window:
                weight = 0.2
            words = hands.words_of(target.widget)
            if words.startswith(_CLOSED_GENTLY):
                weight *= 0.3
            weights.append(weight)
        return self.rng.choices(found, weights)[0]

    @staticmethod
    def _key(target: Target) -> str:
        return f"{type(target.window).__name__}/{target.name}"

    # -- acts ---------------------------------------------------------------------------------------------------------

    def press(self, target: Target) -> None:
        """Click a target."""
        self.log(f"click {self._key(target)}")
        self.pressed[self._key(target)] += 1
        keys = self.rng.choice((CTRL, SHIFT)) if self.rng.random() < 0.06 else NONE
        hands.click(target.window, hands.point_in(target, self.rng), LEFT, keys)

    def _click(self, window: QWidget) -> None:
        if (target := self._choose(window)) is not None:
            self.press(target)

    def _double_click(self, window: QWidget) -> None:
        if (target := self._choose(window)) is not None:
            self.log(f"double-click {self._key(target)}")
            hands.double_click(target.window, hands.point_in(target, self.rng))

    def _right_click(self, window: QWidget) -> None:
        if (target := self._choose(window)) is not None:
            self.log(f"right-click {self._key(target)}")
            at = hands.point_in(target, self.rng)
            hands.click(target.window, at, RIGHT)
            under = window.childAt(at) or window
            from PySide6.QtGui import QContextMenuEvent

            event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, under.mapFrom(window, at), window.mapToGlobal(at))
            if QApplication.activePopupWidget() is None and under.isVisible():
                QApplication.sendEvent(under, event)

    def _hover(self, window: QWidget) -> None:
        if (target := self._choose(window)) is not None and (where := hands.handle(window)) is not None:
            from PySide6.QtTest import QTest

            self.log(f"point at {self._key(target)}")
            QTest.mouseMove(where, hands.point_in(target, self.rng))

    def _press_key(self, window: QWidget) -> None:
        which, keys = self.rng.choice(KEYS)
        for _ in range(self.rng.choice((1, 1, 1, 3))):
            self.log(f"key {which.name} {'' if keys is NONE else keys} in {type(window).__name__}")
            hands.key(window, which, keys)

    def _type(self, window: QWidget) -> None:
        fields = [t for t in hands.targets(window) if isinstance(t.widget, (QLineEdit, QTextEdit))]
        if fields and self.rng.random() < 0.8:
            self.press(self.rng.choice(fields))
            if self.rng.random() < 0.5:
                hands.key(window, Qt.Key.Key_A, CTRL)
        text = self.rng.choice(TEXTS)
        self.log(f"type {text[:40]!r} in {type(window).__name__}")
        hands.type_text(window, text)
        if self.rng.random() < 0.6:
            hands.key(window, Qt.Key.Key_Return)

    def _scroll(self, window: QWidget) -> None:
        if (target := self._choose(window)) is not None:
            amount = self.rng.choice((-960, -120, 120, 960))
            self.log(f"wheel {amount} over {self._key(target)}")
            hands.scroll(window, target.at, amount, CTRL if self.rng.random() < 0.2 else NONE)

    def _drag(self, window: QWidget) -> None:
        if (target := self._choose(window)) is not None:
            end = QPoint(self.rng.randrange(max(1, window.width())), self.rng.randrange(max(1, window.height())))
            self.log(f"drag from {self._key(target)} to {end.x()}, {end.y()}")
            hands.press_and_move(window, hands.point_in(target, self.rng), end)

    def some_paths(self) -> list[Path]:
        """Return files to drop: of one kind, or of several."""
        rng = self.rng
        kinds = ["photo", "photo", "broken", "set", "set", "class", "odd folder", "model", "broken model", "video",
                 "broken video", "table", "other"]  # fmt: skip
        paths = self.bait.some(rng, rng.choice(kinds), 6)
        if rng.random() < 0.25:
            paths += self.bait.some(rng, rng.choice(kinds), 4)
        return paths

    def drop(self, window: QWidget, paths: list[Path], *, let_go: bool = True) -> bool:
        """Drop files somewhere on a window."""
        at = QPoint(self.rng.randrange(max(1, window.width())), self.rng.randrange(max(1, window.height())))
        names = ", ".join(repr(path.name[:40]) for path in paths)
        self.log(f"drop {names} on {type(window).__name__} at {at.x()}, {at.y()}{'' if let_go else ', then away'}")
        self.coverage["drops"] += 1
        self._mime = hands.mime_of(list(paths))
        return hands.drop(window, at, self._mime, let_go=let_go)

    def _drop(self, window: QWidget) -> None:
        if QApplication.activePopupWidget() is not None:
            return
        if self.rng.random() < 0.15:
            what = self.rng.choice(["http://127.0.0.1:9/a.jpg", "file://localhost/x.jpg", "data:image/png;base64,AAAA"])
            self.log(f"drop address {what} on {type(window).__name__}")
            self._mime = hands.mime_of([what], what)
            hands.drop(window, QPoint(window.width() // 2, window.height() // 2), self._mime)
            return
        self.drop(window, self.some_paths(), let_go=self.rng.random() < 0.9)

    def _paste(self, window: QWidget) -> None:
        board = QApplication.clipboard()
        kind = self.rng.randrange(3)
        self.log(f"paste {('a picture', 'files', 'text')[kind]} in {type(window).__name__}")
        if kind == 0:
            image = QImage(60, 40, QImage.Format.Format_RGB32)
            image.fill(0xFF3366)
            board.setImage(image)
        elif kind == 1:
            board.setMimeData(hands.mime_of(list(self.some_paths())))
        else:
            board.setText(self.rng.choice(TEXTS))
        hands.key(window, Qt.Key.Key_V, CTRL)

    def _resize(self, window: QWidget) -> None:
        if not window.isWindow() or hands.blocked():
            return
        width, height = self.rng.choice(((400, 300), (900, 600), (1366, 768), (1920, 1080), (2600, 1500)))
        roll = self.rng.random()
        self.log(f"resize {type(window).__name__} to {width} x {height}")
        if roll < 0.1:
            window.showMaximized()
        elif roll < 0.15:
            window.showMinimized()
            QTimer.singleShot(100, window, window.showNormal)
        elif roll < 0.3:
            window.showNormal()
        else:
            window.resize(width, height)

    def _close(self, window: QWidget) -> None:
        """Alt+F4: of the main window only when a life may end."""
        if isinstance(window, MainWindow) and not self.leaving:
            others = [one for one in hands.open_windows() if not isinstance(one, MainWindow)]
            if not others:
                return
            window = self.rng.choice(others)
        self.log(f"close {type(window).__name__}")
        window.close()

    def _wait(self, window: QWidget) -> None:
        self.log("wait")
