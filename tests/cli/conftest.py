"""What the tests of the command line share: the program as a call, and a tiny model with two photos."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from mobilenet_gui import cli
from mobilenet_gui.core.store import ModelStore
from tests.model_factory import make_bundle

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run the program with arguments; returns exit code, stdout, stderr."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Stands for the window; what it was opened with."""
    calls: list[list[str]] = []

    def run(photos: list[str], **_: object) -> int:
        calls.append(photos)
        return 0

    # In the place of the module, which would load Qt: the tests of the command line run without it, too.
    stand_in = SimpleNamespace(run=run, end_process=lambda _code: None)
    monkeypatch.setitem(sys.modules, "mobilenet_gui.app", stand_in)
    return calls


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A tiny active model, and a folder with two photos."""
    store = ModelStore()
    with store.staging_folder() as staging:
        make_bundle(staging)
        store.install(staging)
    store.activate("tiny")
    place = tmp_path / "photos"
    place.mkdir()
    for name, colour in (("red", (250, 0, 0)), ("green", (0, 250, 0))):
        Image.new("RGB", (64, 48), colour).save(place / f"{name}.png")
    return place
