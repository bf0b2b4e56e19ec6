"""A loopback server and a place for its file; no test waits long before it tries again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mobilenet_gui.core import download
from tests.core.download.parts import DATA, PATH
from tests.loopback import LoopbackServer


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "RETRY_SECONDS", (0.01, 0.01, 0.01, 0.01))


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer({PATH: DATA}) as running:
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "weights.h5"
