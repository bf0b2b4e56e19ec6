"""Unexpected exceptions: report, file, and the hook that takes them from any thread."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from mobilenet_gui import crash


def _raise() -> None:
    raise RuntimeError("boom")


def test_report_names_versions_and_hides_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    try:
        raise ValueError(f"cannot read {tmp_path}/secret/photo.jpg")
    except ValueError as error:
        report = crash.make_report(type(error), error, error.__traceback__)
    assert "MobileNet GUI" in report
    assert "test_report_names_versions" in report
    assert str(tmp_path) not in report
    assert "~/secret/photo.jpg" in report


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_hook_catches_main_and_threads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown: list[tuple[str, str]] = []
    undo = crash.install(tmp_path, lambda summary, report: shown.append((summary, report)))
    try:
        try:
            _raise()
        except RuntimeError as error:
            sys.excepthook(type(error), error, error.__traceback__)
        thread = threading.Thread(target=_raise)
        thread.start()
        thread.join()
    finally:
        undo()
    assert [summary for summary, _ in shown] == ["RuntimeError: boom"] * 2
    assert len(list(tmp_path.glob("crash-*.txt"))) == 2
    assert "boom" in capsys.readouterr().err


def test_old_reports_are_dropped(tmp_path: Path) -> None:
    for _ in range(crash.KEPT_REPORTS + 5):
        assert crash.save_report("x", tmp_path) is not None
    assert len(list(tmp_path.iterdir())) == crash.KEPT_REPORTS


def test_a_full_disk_does_not_crash_the_crash(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    assert crash.save_report("x", blocker / "logs") is None
