"""Qt hygiene for every test of this folder, the looks of widgets tried by themselves, and wizards that several open."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import theme
from tests.fake_trainer import Step
from tests.qt_hygiene import no_leaked_qt_objects, waits  # noqa: F401 - fixtures
from tests.ui.trained_parts import MakeTrained, TrainedBench
from tests.ui.widget_window import windows
from tests.ui.wizard_parts import WizardBench


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[WizardBench]:
    """Return a wizard's surroundings, without a training process; they are shut down after the test."""
    made = WizardBench(qtbot, tmp_path)
    yield made
    made.shut_down()


@pytest.fixture
def make_trained(qtbot: QtBot, tmp_path: Path) -> Iterator[MakeTrained]:
    """Build wizards whose worker does what a test says; they are shut down after it."""
    made: list[TrainedBench] = []

    def build(*plan: Step) -> TrainedBench:
        made.append(TrainedBench(qtbot, tmp_path, *plan))
        return made[-1]

    yield build
    for bench in made:
        bench.shut_down()


@pytest.fixture
def dressed() -> Iterator[None]:
    """Give widgets the light theme without motion; leave nothing of it, nor of their windows."""
    theme().apply()
    theme().set_mode("light")
    theme().set_reduced_motion(True)
    yield
    windows.clear()
    theme().set_mode("system")
    theme().set_reduced_motion(None)
    fonts.set_scale(None)
