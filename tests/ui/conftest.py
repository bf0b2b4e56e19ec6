"""Qt hygiene for every test of this folder, and the wizards that several of them open."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.fake_trainer import Step
from tests.qt_hygiene import no_leaked_qt_objects  # noqa: F401 - a fixture
from tests.ui.trained_parts import MakeTrained, TrainedBench


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
