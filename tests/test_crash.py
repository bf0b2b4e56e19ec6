"""Unexpected exceptions: report, file, and the hook that takes them from any thread."""

from __future__ import annotations

import os
import subprocess
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


def test_no_password_of_an_address_is_written_shown_or_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []
    uninstall = crash.install(tmp_path, lambda summary, report: told.extend([summary, report]))
    try:
        error = ValueError("cannot open 'rtsp://me:SECRET@cam/live?token=SECRET'")
        sys.excepthook(ValueError, error, None)
    finally:
        uninstall()
    written = [file.read_text(encoding="utf-8") for file in tmp_path.glob("crash-*.txt")]
    texts = [*told, *written, capsys.readouterr().err]
    assert len(texts) == 4
    for text in texts:
        assert "SECRET" not in text
        assert "rtsp://…@cam/live?token=…" in text


def test_old_reports_are_dropped(tmp_path: Path) -> None:
    for _ in range(crash.KEPT_REPORTS + 5):
        assert crash.save_report("x", tmp_path) is not None
    assert len(list(tmp_path.iterdir())) == crash.KEPT_REPORTS


def test_a_full_disk_does_not_crash_the_crash(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    assert crash.save_report("x", blocker / "logs") is None


def test_a_native_crash_is_kept_and_told_with_the_next_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/somebody"))
    assert crash.keep_fault(tmp_path) is None
    fault = crash.fault_file(tmp_path)
    fault.touch()
    assert crash.keep_fault(tmp_path) is None
    fault.write_text("Fatal Python error: Segmentation fault in /home/somebody/x.py")
    kept = crash.keep_fault(tmp_path)
    assert kept is not None
    assert not fault.exists()
    assert "~/x.py" in crash.fault_report(kept)
    shown: list[str] = []
    undo = crash.install(tmp_path, lambda _, report: shown.append(report))
    try:
        for _ in range(2):
            try:
                _raise()
            except RuntimeError as error:
                sys.excepthook(type(error), error, error.__traceback__)
    finally:
        undo()
    assert ["Segmentation fault" in report for report in shown] == [True, False]
    assert kept.exists()
    assert "boom" in capsys.readouterr().err


def test_old_faults_are_dropped(tmp_path: Path) -> None:
    for number in range(crash.KEPT_FAULTS + 2):
        crash.fault_file(tmp_path).write_text(f"{number}")
        assert crash.keep_fault(tmp_path) is not None
    assert len(list(tmp_path.iterdir())) == crash.KEPT_FAULTS


def test_a_crash_is_written_down_and_the_next_start_sets_it_aside(tmp_path: Path) -> None:
    code = (
        "import faulthandler\nfrom mobilenet_gui.app import _fault_log\n"
        "with _fault_log() as kept:\n    print(kept)\n    faulthandler._sigsegv()\n"
    )
    environment = {**os.environ, "MOBILENET_GUI_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    said = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-uc", code], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode != 0
        said.append(done.stdout.strip())
    assert said[0] == "None"
    assert "_fault_log" not in said[1]
    assert "Segmentation fault" in Path(said[1]).read_text() or "Fatal" in Path(said[1]).read_text()
    assert (tmp_path / "logs" / "fault.txt").stat().st_size > 0
