"""CI's build of the package: what fails it, and what only makes it say why it skipped."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = """
import sys
if "--environment-only" in sys.argv:
    print("first line", "no network", sep="\\n")
    sys.exit({environment})
{build}
"""
SMOKE = """
import pathlib, sys
tries = pathlib.Path(__file__).with_name("tries")
tries.write_text(tries.read_text() + "x" if tries.exists() else "x")
sys.exit(0 if len(tries.read_text()) >= {good_try} else 1)
"""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="CI builds on Linux")


@pytest.fixture
def ci(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> object:
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))
    import ci_package

    monkeypatch.setattr(ci_package, "ROOT", tmp_path)
    monkeypatch.setattr(ci_package, "BUILD", tmp_path / "build.py")
    monkeypatch.setattr(ci_package, "SMOKE", tmp_path / "smoke.py")
    monkeypatch.setattr(ci_package, "why_not", lambda: "")
    return ci_package


def tried(folder: Path) -> int:
    file = folder / "tries"
    return len(file.read_text()) if file.exists() else 0


@pytest.mark.parametrize(
    ("environment", "build", "good_try", "code", "tries", "said"),
    [
        (0, "sys.exit(0)", 1, 0, 1, ""),
        (0, "sys.exit(0)", 2, 0, 2, "once more"),
        (0, "sys.exit(0)", 3, 1, 2, "once more"),
        (0, "sys.exit(1)", 1, 1, 0, ""),
        (1, "sys.exit(0)", 1, 0, 0, "not tried here, its build inputs could not be installed: no network; run: make"),
        (0, "import os; os.kill(os.getpid(), 9)", 1, 0, 0, "not tried here, the system ended it"),
        (0, "import time; time.sleep(60)", 1, 0, 0, "not tried here, it was not done after"),
    ],
)
def test_only_the_codes_own_failures_fail(
    ci: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    environment: int,
    build: str,
    good_try: int,
    code: int,
    tries: int,
    said: str,
) -> None:
    import ci_package

    (tmp_path / "build.py").write_text(BUILD.format(environment=environment, build=build), encoding="utf-8")
    (tmp_path / "smoke.py").write_text(SMOKE.format(good_try=good_try), encoding="utf-8")
    monkeypatch.setattr(ci_package, "SECONDS", 2 if "sleep" in build else 60)
    started = time.monotonic()
    assert ci_package.main() == code
    assert time.monotonic() - started < 40
    assert tried(tmp_path) == tries
    out = capfd.readouterr().out
    assert said in out if said else out == ""
    assert list((tmp_path / "build").iterdir()) == []


def test_a_full_disk_and_a_bare_folder_are_reasons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))
    import ci_package

    monkeypatch.setattr(ci_package, "ROOT", tmp_path)
    monkeypatch.setattr(ci_package, "ROOM", 10**18)
    assert "are needed" in ci_package.why_not()
    monkeypatch.setattr(ci_package, "ROOM", 0)
    assert "git" in ci_package.why_not() or "libpython" in ci_package.why_not()


def test_the_ci_command_can_be_read() -> None:
    subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=True)
    assert "packaging/ci_package.py" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
