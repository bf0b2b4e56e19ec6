"""`bench` measures what it says, in both formats, without the parts a command must not load."""

from __future__ import annotations

import dataclasses
import errno
import json

import pytest

from mobilenet_gui import cli_bench
from mobilenet_gui.cli import main
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.store import ModelStore
from tests.model_factory import make_bundle


@pytest.fixture
def installed() -> str:
    store = ModelStore()
    with store.staging_folder() as staging:
        make_bundle(staging)
        store.install(staging)
    store.activate("tiny")
    return "tiny"


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the photos small and the runs short; the figures do not matter here."""
    monkeypatch.setattr(cli_bench, "LARGE", (400, 300))
    measure = cli_bench.measure

    def short(bundle: Bundle, threads: int | None = None) -> cli_bench.Figures:
        return measure(bundle, threads, batch_seconds=0.05)

    monkeypatch.setattr(cli_bench, "measure", short)


def test_json_holds_every_figure(installed: str, brief: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--format", "json", "--threads", "2"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures) == {field.name for field in dataclasses.fields(cli_bench.Figures)}
    assert figures["model"] == installed
    assert figures["threads"] == 2
    assert 0 < figures["network_p50_ms"] <= figures["network_p95_ms"]
    assert min(value for value in figures.values() if isinstance(value, int | float)) > 0


def test_text_is_aligned(installed: str, brief: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--model", installed]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9
    assert len({len(line) - len(line.partition("  ")[2].lstrip()) for line in lines}) == 1


def test_the_photo_that_is_measured_is_as_hard_as_a_photo() -> None:
    data = cli_bench._jpeg((1000, 750))
    assert data == cli_bench._jpeg((1000, 750))
    assert 0.15 < len(data) / (1000 * 750) < 0.8


def test_wrong_use_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--model", "nothing-like-it"]) == 2
    assert "nothing-like-it" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        main(["bench", "--threads", "0"])
    assert caught.value.code == 2


def test_a_disk_without_room_is_reported(
    installed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> cli_bench.Figures:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cli_bench, "measure", refuse)
    assert main(["bench"]) == 1
    assert capsys.readouterr().err == "mobilenet-gui: The speed cannot be measured: No space left on device.\n"
