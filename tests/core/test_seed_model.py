"""The network that the program began with, fetched while a checkout is set up: from a server on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mobilenet_gui import seed_model
from mobilenet_gui.core import catalog, install
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.model_service import ModelService
from mobilenet_gui.settings import Settings
from tests.bundles import make_bundle
from tests.core.test_install import WEIGHTS, FakeBuilder
from tests.loopback import Behaviour, LoopbackServer

_entry = catalog.by_id(seed_model.MODEL_ID)
assert _entry is not None
FILE = _entry.file_name


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as running:
        running.add_official(FILE, WEIGHTS)
        yield running


def place(server: LoopbackServer) -> str:
    (path,) = server.files
    return path


@pytest.fixture
def service(server: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelService:
    monkeypatch.setattr(install, "try_once", lambda *_: None)
    store = ModelStore(tmp_path / "models", tmp_path / "builtin")
    return ModelService(
        Settings(weights_url=server.base), store, downloads_dir=tmp_path / "downloads", build=FakeBuilder()
    )


def test_it_is_fetched_once_and_answers(service: ModelService, server: LoopbackServer) -> None:
    assert seed_model.fetch(service) == "Fetched MobileNet V2; it answers now."
    assert service.store.chosen_id() == seed_model.MODEL_ID
    asked = len(server.requests)
    assert seed_model.fetch(service) == ""
    assert len(server.requests) == asked


def test_a_model_that_was_chosen_stays_the_one_that_answers(service: ModelService, tmp_path: Path) -> None:
    make_bundle(service.store.models_dir / "mine", "mine")
    service.store.activate("mine")
    assert seed_model.fetch(service) == "Fetched MobileNet V2."
    assert service.store.chosen_id() == "mine"


def test_without_an_answer_it_is_one_line(service: ModelService, server: LoopbackServer) -> None:
    server.behave(place(server), Behaviour(stall_head=True))
    said = seed_model.fetch(service, connect_seconds=0.2)
    assert said == "MobileNet V2 was not fetched (no answer within 0 seconds); the built-in model answers."
    server.files.clear()
    said = seed_model.fetch(service)
    assert said.startswith("MobileNet V2 was not fetched (")
    assert "\n" not in said
    assert service.store.list() == []


@pytest.mark.parametrize("word", ["no", "0", ""])
def test_the_command_never_fails_and_can_be_told_not_to(server: LoopbackServer, tmp_path: Path, word: str) -> None:
    server.files.clear()
    settings = {"MOBILENET_GUI_WEIGHTS_URL": server.base, "MOBILENET_GUI_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "mobilenet_gui.seed_model"],
        env=os.environ | settings | {seed_model.FETCH_VARIABLE: word},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(done.stderr.splitlines()) == (0 if word else 1)
    assert bool(server.requests) == (not word)
