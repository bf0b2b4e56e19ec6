"""Twenty seconds of the random user; `python -m benchmarks.random_user` is it at length."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.random_user import play

SEED = 7


@pytest.mark.timeout(180)
def test_twenty_seconds_of_a_random_user(tmp_path: Path) -> None:
    outcome = play(SEED, 20.0, keep=tmp_path, more=("--limit", "2"))
    assert outcome.code == 0, outcome.output[-20_000:]
    assert "page: " in outcome.output
