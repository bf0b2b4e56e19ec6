"""Owns short journeys that a random user is on between its whims: each goes deep into one part, and is easily diverted.

A story is a generator: it does one thing and yields. What it looks for may not be there; then it gives up.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QLineEdit, QWidget

from mobilenet_gui import paths
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.wizard.dialog import WizardDialog
from tests.journeys import hands
from tests.journeys.user import RandomUser, Story


def main_window() -> MainWindow | None:
    """Return the program's window."""
    for window in QApplication.topLevelWidgets():
        if isinstance(window, MainWindow) and window.isVisible():
            return window
    return None


def wizards() -> list[WizardDialog]:
    """Return the wizards that are open."""
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, WizardDialog) and one.isVisible()]


def press(user: RandomUser, *words: str, within: Callable[[], QWidget | None] = lambda: None, tries: int = 30) -> Story:
    """Press the first control found whose words begin so, looking for it a while."""
    for _ in range(tries):
        for text in words:
            target = hands.find(text, within())
            if target is not None:
                user.press(target)
                yield
                return
        yield
    user.coverage[f"not found {words[0]}"] += 1


def go(user: RandomUser, page: str) -> Story:
    """Go to a page of the main window."""
    for _ in range(20):
        window = main_window()
        if window is not None and not hands.blocked():
            user.log(f"go to {page}")
            item = window.rail.item(page)
            hands.click(window, item.mapTo(window, item.rect().center()))
            yield
            if window.rail.current() == page:
                return
        yield


def wait(user: RandomUser, condition: Callable[[], bool], looks: int = 150) -> Story:
    """Wait until something holds, not for ever."""
    for _ in range(looks):
        if condition():
            return
        yield


def choose_in_menu(user: RandomUser, words: str) -> Story:
    """Choose an entry of the menu that is open."""
    from PySide6.QtWidgets import QMenu

    popup = QApplication.activePopupWidget()
    if isinstance(popup, QMenu):
        user.log(f"menu: {words}")
        user.answers.menu(popup, words)
    yield


def photos(user: RandomUser) -> Story:
    """Look at photos in many ways."""
    yield from go(user, "photos")
    window = main_window()
    if window is None:
        return
    user.drop(window, user.bait.some(user.rng, "photo", 8) + user.bait.some(user.rng, "broken", 2))
    yield from wait(user, lambda: user.rng.random() < 0.1)
    for _ in range(user.rng.randint(3, 12)):
        roll = user.rng.randrange(9)
        if roll == 0:
            yield from press(user, "Explain", tries=3)
        elif roll == 1:
            yield from press(user, "All photos", "One photo", tries=3)
        elif roll == 2:
            yield from press(user, "Export", tries=3)
        elif roll == 3:
            yield from press(user, "Sort into folders", tries=3)
        else:
            window = main_window()
            if window is not None:
                which = user.rng.choice([Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_E, Qt.Key.Key_G, Qt.Key.Key_C,
                                         Qt.Key.Key_Delete, Qt.Key.Key_F11])  # fmt: skip
                user.log(f"key {which.name} in Photos")
                hands.key(window, which)
        yield


def train(user: RandomUser) -> Story:
    """Make a model: from a folder of folders to the last step, with turns aside."""
    if not wizards() or user.rng.random() < 0.3:
        yield from go(user, "finetune")
        window = main_window()
        if window is None:
            return
        if user.rng.random() < 0.8:
            user.drop(window, [user.bait.pick(user.rng, "set")])
        else:
            yield from press(user, "New model", "Untitled")
        yield from wait(user, lambda: bool(wizards()), 100)
    if not wizards():
        return
    wizard = user.rng.choice(wizards())
    user.log("go through the wizard")
    yield from wait(user, lambda: user.rng.random() < 0.08)
    for _ in range(user.rng.randint(6, 40)):
        if not wizard.isVisible():
            return
        word = user.rng.choice([
            "Continue", "Continue", "Continue", "Start training", "Start training", "Skip the check", "Continue anyway",
            "Fast", "See how good it is", "Fix all", "Continue in background", "Train again", "Use ", "Export",
        ])  # fmt: skip
        yield from press(user, word, within=lambda: wizard if wizard.isVisible() else None, tries=2)
        if word == "Start training" and user.rng.random() < 0.6:
            yield from wait(user, lambda: user.rng.random() < 0.02, 200)
    if user.rng.random() < 0.3 and wizard.isVisible():
        user.log("close the wizard")
        wizard.close()
    yield


def train_straight(user: RandomUser) -> Story:
    """Make a model without turns aside, and go elsewhere while it trains."""
    chaos, user.chaos = user.chaos, 0.05
    try:
        yield from go(user, "finetune")
        before = len(wizards())
        if (window := main_window()) is None:
            return
        user.drop(window, [user.bait.kinds["set"][0]])
        yield from wait(user, lambda: len(wizards()) > before)
        if not wizards():
            return
        wizard = wizards()[-1]

        def inside() -> WizardDialog | None:
            return wizard if wizard.isVisible() else None

        yield from wait(user, lambda: user.rng.random() < 0.05)
        for words in ("Continue", "Continue", "Fast", "Start training"):
            yield from press(user, words, within=inside, tries=150)
        user.coverage["trainings started"] += 1
        user.chaos = chaos
        roll = user.rng.random()
        if roll < 0.3:
            yield from press(user, "Continue in background", "Close", within=inside, tries=10)
        elif roll < 0.5 and wizard.isVisible():
            user.log("close the wizard while it trains")
            wizard.close()
        yield from wait(user, lambda: not wizard.isVisible() or hands.find("See how good", wizard) is not None, 400)
        for words in ("See how good it is", "Continue", "Use ", "Export"):
            yield from press(user, words, within=inside, tries=20)
            yield from wait(user, lambda: user.rng.random() < 0.1)
    finally:
        user.chaos = chaos


def take_photos(user: RandomUser) -> Story:
    """Record photos out of a video for a class, and close something meanwhile."""
    if not wizards():
        yield from train(user)
    if not wizards():
        return
    wizard = user.rng.choice(wizards())
    wizard.go("data")
    user.drop(wizard, [user.bait.pick(user.rng, "video")])
    yield from press(user, "Take photos", "Record", "Open", tries=4)
    for _ in range(user.rng.randint(4, 25)):
        windows = [one for one in hands.open_windows() if type(one).__name__ == "CaptureDialog"]
        if windows:
            user.coverage["recorded"] += 1
            held = [t for t in hands.targets(windows[0]) if type(t.widget).__name__ == "HoldButton"]
            if held:
                user.log("hold to record")
                where = hands.handle(windows[0])
                if where is not None:
                    from PySide6.QtTest import QTest

                    QTest.mousePress(where, hands.LEFT, hands.NONE, held[0].at)
                    yield
                    yield
                    if (still := hands.handle(windows[0])) is not None:
                        QTest.mouseRelease(still, hands.LEFT, hands.NONE, held[0].at)
        yield
    if user.rng.random() < 0.5 and wizard.isVisible():
        user.log("close the wizard under its photos")
        wizard.close()
    yield


def live(user: RandomUser) -> Story:
    """Watch a video, move about in it, analyse it, switch models meanwhile."""
    yield from go(user, "live")
    window = main_window()
    if window is None:
        return
    user.drop(window, [user.bait.pick(user.rng, "video" if user.rng.random() < 0.8 else "broken video")])
    for _ in range(user.rng.randint(5, 25)):
        roll = user.rng.randrange(10)
        if roll < 3:
            yield from press(user, "Analyse", "Snapshot", "Explain", "Heat map", tries=3)
        elif roll < 5:
            yield from press(user, user.rng.choice(["Snapshot", "Freeze", "Play", "Pause", "One frame", "Start", "Stop",
                                                    "Table", "Export"]), tries=3)  # fmt: skip
        elif roll < 6:
            yield from go(user, user.rng.choice(["models", "photos", "live"]))
            yield from go(user, "live")
        elif (window := main_window()) is not None:
            which = user.rng.choice([Qt.Key.Key_Space, Qt.Key.Key_S, Qt.Key.Key_E, Qt.Key.Key_Period, Qt.Key.Key_Comma,
                                     Qt.Key.Key_C, Qt.Key.Key_M, Qt.Key.Key_F11])  # fmt: skip
            user.log(f"key {which.name} in Live")
            hands.key(window, which)
        yield


def models(user: RandomUser) -> Story:
    """Import a model, sound or broken, use it, remove it."""
    yield from go(user, "models")
    window = main_window()
    if window is None:
        return
    kind = "model" if user.rng.random() < 0.75 else "broken model"
    user.drop(window, [user.bait.pick(user.rng, kind)])
    yield from wait(user, lambda: user.rng.random() < 0.08)
    for _ in range(user.rng.randint(2, 8)):
        word = user.rng.choice(
            ["Import", "Use", "Use", "Labels file", "Remove", "Undo", "Cancel", "Get", "Fine-tune…", "Details"]
        )
        yield from press(user, word, tries=3)


def correct(user: RandomUser) -> Story:
    """Correct answers of the model in use, and take it back."""
    yield from go(user, user.rng.choice(["photos", "live"]))
    window = main_window()
    if window is None:
        return
    user.log("correct the answer")
    hands.key(window, Qt.Key.Key_C)
    yield
    yield
    active = QApplication.activePopupWidget() or QApplication.activeWindow()
    if active is not None:
        roll = user.rng.random()
        user.log(f"choose a class in {type(active).__name__}")
        if roll < 0.6:
            hands.key(active, user.rng.choice([Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3]))
        elif roll < 0.8:
            hands.type_text(active, user.rng.choice(["red", "new thing"]))
            hands.key(active, Qt.Key.Key_Return)
        else:
            hands.key(active, Qt.Key.Key_Escape)
    yield from wait(user, lambda: user.rng.random() < 0.03, 100)
    if user.rng.random() < 0.5 and (window := main_window()) is not None:
        user.log("take the correction back")
        hands.key(window, Qt.Key.Key_Z, hands.CTRL)
    yield


def damage(user: RandomUser) -> Story:
    """Do to the program's folders what another program, a sync or a full disk would."""
    rng = user.rng
    places = {
        "an installed model": sorted(paths.models_dir().glob("*/model.tflite")),
        "a manifest": sorted(paths.models_dir().glob("*/manifest.json")),
        "a project's file": sorted(paths.projects_dir().glob("*/project.json")),
        "photos of a class": sorted((user.bait.root / "folders").glob("*/*/*.png"))[:200],
        "a run": sorted(paths.projects_dir().glob("*/runs/*/*")),
    }  # fmt: skip
    what = rng.choice(sorted(places))
    if not places[what] or rng.random() < 0.5:
        return
    victim: Path = rng.choice(places[what])
    user.log(f"damage {what}: {victim.name}")
    user.coverage[f"damaged {what}"] += 1
    try:
        if what == "photos of a class" or rng.random() < 0.3:
            shutil.rmtree(victim) if victim.is_dir() else victim.unlink()
        elif victim.is_file():
            data = victim.read_bytes()
            victim.write_bytes(data[: len(data) // 2])
    except OSError:
        return
    yield


def settings(user: RandomUser) -> Story:
    """Change settings."""
    yield from go(user, "settings")
    for _ in range(user.rng.randint(2, 6)):
        window = main_window()
        if window is None:
            return
        found = [t for t in hands.targets(window) if isinstance(t.widget, (QAbstractButton, QLineEdit))]
        if found:
            user.press(user.rng.choice(found))
        yield
        if user.rng.random() < 0.3:
            yield from go(user, "settings")


def projects(user: RandomUser) -> Story:
    """Open, rename, copy, export and delete projects by their cards."""
    yield from go(user, "finetune")
    for _ in range(user.rng.randint(1, 4)):
        window = main_window()
        if window is None:
            return
        cards = [t for t in hands.targets(window) if type(t.widget).__name__ == "ProjectCard"]
        if not cards:
            return
        target = user.rng.choice(cards)
        roll = user.rng.random()
        user.log(f"card {target.name}")
        if roll < 0.4:
            hands.click(window, target.at)
        elif roll < 0.6:
            hands.double_click(window, target.at)
        else:
            yield from press(user, "More for", tries=2)
            yield from choose_in_menu(user, user.rng.choice(["Open", "Duplicate", "Export", "Delete", "Rename"]))
        yield


def other_start(user: RandomUser) -> Story:
    """Start the program a second time with files: they come to the first one's window."""
    window = main_window()
    if window is not None:
        given = [str(path) for path in user.some_paths()]
        user.log(f"second start with {len(given)} files: {', '.join(Path(one).name[:30] for one in given)}")
        window.open_from_other_start(given)
    yield


def chosen_items(user: RandomUser) -> Story:
    """Choose several things in a list and act on them."""
    for window in hands.open_windows():
        lists = [t for t in hands.targets(window) if isinstance(t.widget, QAbstractItemView)]
        if lists:
            target = user.rng.choice(lists)
            user.log(f"choose several in {target.name}")
            hands.click(window, hands.point_in(target, user.rng))
            for keys in (hands.CTRL, hands.SHIFT):
                hands.click(window, hands.point_in(target, user.rng), hands.LEFT, keys)
            yield
            hands.click(window, hands.point_in(target, user.rng), hands.RIGHT)
            yield
            return
    yield


WEIGHTS: list[tuple[float, Callable[[RandomUser], Story]]] = [
    (2.5, train), (2.5, train_straight), (2, photos), (2, live),
    (2, models), (1, correct), (1, damage), (1, settings), (1.5, projects),
    (1.5, take_photos), (0.7, other_start), (1, chosen_items),
]  # fmt: skip


def any_story(user: RandomUser) -> Story:
    """Begin a story."""
    weights = [weight / (1 + user.coverage[f"story {story.__name__}"]) ** 0.5 for weight, story in WEIGHTS]
    story = user.rng.choices([story for _, story in WEIGHTS], weights)[0]
    user.coverage[f"story {story.__name__}"] += 1
    user.log(f"story: {story.__name__}")
    return story(user)
