"""Owns a run of the random user: the whole program, life after life in one process, and the verdict on it.

Run as `python -m tests.journeys.play --seed N --seconds S --sandbox FOLDER`: in a process of its own, since the program
is given a sandbox for a home that cannot be left again. `benchmarks.random_user` starts several.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

REPOSITORY = Path(__file__).resolve().parents[2]
LIFE_SECONDS = (15.0, 75.0)
"""A program is used for so long before it is quit and started again."""
EXIT_FAULTS = 1
WINDOW_HOLD_SECONDS = 2.0 if os.environ.get("CI") else 1.0


class Play:
    """One run."""

    def __init__(self, seed: int, seconds: float, sandbox: Path, *, limit: float, verbose: bool) -> None:
        """Make the data and stand the fences; from here on this process belongs to the run."""
        from PySide6.QtCore import Qt
        from PySide6.QtWidgets import QApplication

        from mobilenet_gui import display
        from tests.journeys import guard
        from tests.journeys.bait import make_bait
        from tests.journeys.stories import any_story
        from tests.journeys.user import RandomUser
        from tests.journeys.watch import HoldWatch, Hooks, Leftovers, Record

        self.seed, self.seconds = seed, seconds
        self.rng = random.Random(f"lives {seed}")
        self.record = Record(tell=_say)
        self.record.give_up = self.tell
        shared = os.environ.get("MOBILENET_GUI_SHARED")
        self.bait = make_bait(sandbox / "data", seed, extra_photos=Path(shared, "photos") if shared else None)
        self._outside = {place: guard.fingerprint(place) for place in (REPOSITORY,)}
        self.app = QApplication(sys.argv[:1])
        QApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
        display.open_application = lambda arguments: self.app
        self.fence = guard.Fence(sandbox, self.record.fault)
        self.opener = guard.Opener()
        Hooks(self.record)
        self.user = RandomUser(seed, self.bait, sandbox / "saved", self.record, stories=any_story, verbose=verbose)
        self.watch = HoldWatch(self.record, limit)
        self._leftovers = Leftovers
        self.lives: list[float] = []
        self.quits: list[float] = []
        self._quit_at = 0.0

    def run(self) -> int:
        """Live until the time is over; return the exit code."""
        end = time.monotonic() + self.seconds
        while (left := end - time.monotonic()) > 3 or not self.lives:
            least, most = LIFE_SECONDS
            life = max(4.0, min(self.rng.uniform(least, most), left if left < most else most, self.seconds / 2))
            self.live(life)
        self.watch.close()
        self._judge_outside()
        return self.tell()

    def live(self, seconds: float) -> None:
        """Start the program, use it, quit it."""
        from PySide6.QtCore import QTimer

        from mobilenet_gui import app
        from mobilenet_gui.startup import StartupTrace

        leftovers = self._leftovers()
        given = [str(path) for path in self.user.some_paths()] if self.lives and self.rng.random() < 0.5 else []
        self.user.log(f"life {len(self.lives) + 1}, for {seconds:.0f} s, with {len(given)} files")
        self.user.leaving = False
        self._quit_at = 0.0
        QTimer.singleShot(0, self.user.begin)
        leave = QTimer()
        leave.setInterval(80)
        leave.timeout.connect(self._leave)
        over = QTimer()
        over.setSingleShot(True)
        over.timeout.connect(leave.start)
        over.start(round(seconds * 1000))
        began = time.monotonic()
        self.watch.on()
        try:
            code = app.run(given, trace=StartupTrace(False), new_window=self.rng.random() < 0.5)
        finally:
            self.watch.off()
            self.user.end()
            over.stop()
            leave.stop()
        self.lives.append(time.monotonic() - began)
        if code != 0:
            self.record.fault(f"the program ended with {code}", "")
        self.quits.append(leftovers.judge(self.record, self._quit_at or self.user.last))

    def _leave(self) -> None:
        """Quit, in one of the ways there are; get out of what stands in the way."""
        from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

        from tests.journeys import hands
        from tests.journeys.stories import main_window

        self.user.leaving = True
        window = main_window()
        if window is None:
            self._judge_leaving()
            return
        popup, modal = QApplication.activePopupWidget(), QApplication.activeModalWidget()
        if popup is not None:
            popup.close()
            return
        if modal is not None:
            self.user.log(f"out of {type(modal).__name__} “{modal.windowTitle()}”")
            self._quit_at = time.monotonic()
            if isinstance(modal, (QFileDialog, QMessageBox)):
                modal.reject()
            else:
                self._answer(modal)
            return
        how = self.rng.choice(["Ctrl+Q", "close", "polite kill"])
        if how == "polite kill" and sys.platform == "win32":
            how = "close"
        self.user.log(f"quit: {how}")
        self._quit_at = time.monotonic()
        if how == "Ctrl+Q":
            from PySide6.QtCore import Qt

            chosen = self.rng.choice(hands.open_windows())
            hands.key(chosen, Qt.Key.Key_Q, hands.CTRL)
        elif how == "close":
            window.close()
        else:
            signal.raise_signal(signal.SIGTERM)

    def _answer(self, modal: object) -> None:
        from PySide6.QtWidgets import QAbstractButton, QWidget

        from tests.journeys import hands

        assert isinstance(modal, QWidget)
        for words in ("Quit", "Close", "Stop"):
            target = hands.find(words, modal, QAbstractButton)
            if target is not None:
                self.user.press(target)
                return
        modal.close()

    def _judge_leaving(self) -> None:
        from PySide6.QtWidgets import QApplication

        from mobilenet_gui.ui.crash_dialog import CrashDialog
        from tests.journeys.watch import QUIT_SECONDS

        reports = [one for one in QApplication.topLevelWidgets() if isinstance(one, CrashDialog) and one.isVisible()]
        if reports:
            self.user.log("put the crash report away")
            self._quit_at = time.monotonic()
            reports[0].accept()
            return
        late = time.monotonic() - (self._quit_at or self.user.last)
        if late > QUIT_SECONDS:
            left = [type(one).__name__ for one in QApplication.topLevelWidgets() if one.isVisible()]
            self.record.fault(f"no window is left, but the program runs on; windows: {left}", self.watch.stack())
            self.app.exit()

    def _judge_outside(self) -> None:
        from tests.journeys import guard

        for place, before in self._outside.items():
            after = guard.fingerprint(place)
            changed = [path for path in {*before, *after} if before.get(path) != after.get(path)]
            if changed:
                self.record.notes.append(f"changed outside, by whomever: {changed[:5]}")

    def tell(self) -> int:
        """Print what was found and reached; return the exit code."""
        faults = list(self.record.faults.values())
        for number, fault in enumerate(faults, 1):
            _say(f"\n== fault {number} of {len(faults)} (seed {self.seed}, {fault.count}×): {fault.title}")
            _say(fault.details.rstrip())
            _say("   last actions:")
            _say("\n".join(fault.actions[-40:]))
        for state in Path(os.environ["MOBILENET_GUI_HOME"], "projects").glob("*/runs/*/state.json"):
            status = re.search(r'"status": *"(\w+)"', state.read_text(encoding="utf-8", errors="replace"))
            self.user.coverage[f"runs {status[1] if status else 'damaged'}"] += 1
        _say(f"\nreached: {_summary(self.user.coverage)}")
        lives = ", ".join(
            f"{life:.0f} s (quit {quit_:.1f} s)" for life, quit_ in zip(self.lives, self.quits, strict=False)
        )
        _say(f"lives: {lives}; longest hold {self.watch.worst:.2f} s; {self.user.count} actions")
        for note in self.record.notes:
            _say(f"note: {note}")
        if self.opener.opened or self.fence.refused:
            _say(
                f"handed to other programs: {len(self.opener.opened)}; hosts refused: {sorted(set(self.fence.refused))}"
            )
        _say(f"seed {self.seed}: {'FAULTS: ' + str(len(faults)) if faults else 'no fault'}")
        return EXIT_FAULTS if faults else 0


def _summary(coverage: Counter[str]) -> str:
    groups: dict[str, list[str]] = {}
    for name, count in sorted(coverage.items()):
        kind, _, rest = name.partition(" ")
        groups.setdefault(kind, []).append(f"{rest} {count}" if rest else str(count))
    return "\n  ".join(["", *(f"{kind}: {', '.join(parts)}" for kind, parts in groups.items())])


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def main() -> int:
    """Run as told."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--sandbox", type=Path, required=True)
    parser.add_argument("--limit", type=float, default=WINDOW_HOLD_SECONDS, help="longest hold in seconds")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    from tests.journeys import guard

    sandbox = options.sandbox.resolve()
    os.environ.update(guard.environment(sandbox))
    sys.dont_write_bytecode = True
    guard.fence_network()
    (sandbox / "cwd").mkdir(exist_ok=True)
    os.environ["PYTHONPATH"] = str(REPOSITORY)  # the worker is started from another folder
    os.chdir(sandbox / "cwd")
    faulthandler.enable(all_threads=True)
    return Play(options.seed, options.seconds, sandbox, limit=options.limit, verbose=options.verbose).run()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # What Qt and Python do to each other as an interpreter ends is no part of the run; the program itself ends so, too.
    os._exit(code)
