"""What CI does about the package: builds it and smoke-tests it within a limit of its own, or says in one line why not.

What lies outside the code (no room, no network, a slow machine) skips; a build or a program that fails is a failure.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "packaging" / "build.py"
SMOKE = ROOT / "packaging" / "smoke_test.py"
SECONDS = 25 * 60
ROOM = 12 * 10**9
FAILED_FOR_LACK_OF_ROOM = 10**9
KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)
BY_HAND = "make package && python3 packaging/smoke_test.py build/frozen/mobilenet-gui/mobilenet-gui"


class TooSlowError(Exception):
    """The time is over."""


def main() -> int:
    """Build and try; return the exit code."""
    problem = why_not()
    if problem:
        return skip(problem)
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ci-", dir=ROOT / "build", ignore_cleanup_errors=True) as folder:
        try:
            return build_and_try(Path(folder), time.monotonic() + SECONDS)
        except TooSlowError:
            return skip(f"it was not done after {SECONDS // 60} minutes")


def build_and_try(work: Path, end: float) -> int:
    """Build below `work` and smoke-test; return the exit code.

    Raises:
        TooSlowError: it is not done at `end`, by `time.monotonic`.
    """
    words: list[str | Path] = [sys.executable, BUILD, "--work", work, "--output", work / "dist"]
    log = work / "environment.log"
    if run([*words, "--environment-only"], end, log):
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or [""]
        return skip(f"its build inputs could not be installed: {lines[-1][:300]}")
    formats = "deb" if shutil.which("readelf") and shutil.which("dpkg-deb") else "none"
    code = run([*words, "--formats", formats, "--quick"], end)
    if code in KILLED:
        return skip("the system ended it; was there too little memory?")
    if code:
        if shutil.disk_usage(work).free < FAILED_FOR_LACK_OF_ROOM:
            return skip("the disk became full")
        return 1
    smoke: list[str | Path] = [sys.executable, SMOKE, work / "frozen" / "mobilenet-gui" / "mobilenet-gui"]
    if run(smoke, end) == 0:
        return 0
    print("Package: once more, in case the machine was to blame", flush=True)
    return run(smoke, end)


def why_not() -> str:
    """Return why nothing can be built here; empty where it can."""
    free = shutil.disk_usage(ROOT).free
    if free < ROOM:
        return f"{free / 1e9:.0f} GB are free, {ROOM / 1e9:.0f} are needed"
    if not sys.platform.startswith("linux") or sysconfig.get_platform() != "linux-x86_64":
        return "CI builds on 64-bit Linux only"
    if importlib.util.find_spec("ensurepip") is None:
        return "this Python has no ensurepip (on Debian: python3-venv)"
    places = (Path(str(sysconfig.get_config_var(name))) for name in ("LIBDIR", "LIBPL"))
    library = str(sysconfig.get_config_var("INSTSONAME"))
    if not any((place / library).exists() for place in places):
        return f"{library}, which is frozen with the program, is not there (on Debian: libpython3-dev)"
    words = ["git", "log", "-1", "--format=%ct"]
    try:
        subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return "this is no git checkout, and only what is committed is packed"
    return ""


def skip(reason: str) -> int:
    """Say in one line why nothing was tried."""
    print(f"Package: not tried here, {reason}; run: {BY_HAND}", flush=True)
    return 0


def run(words: Sequence[str | Path], end: float, log: Path | None = None) -> int:
    """Run a command with everything it starts, until `end`; return its exit code.

    Raises:
        TooSlowError: it was ended for being late.
    """
    with contextlib.ExitStack() as stack:
        out = None if log is None else stack.enter_context(log.open("wb"))
        environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
        environment["PYTHONIOENCODING"] = "utf-8"
        process = subprocess.Popen(
            list(map(str, words)), stdout=out, stderr=out and subprocess.STDOUT, env=environment, start_new_session=True
        )
        try:
            return process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise TooSlowError from error
        finally:
            if process.poll() is None:
                with contextlib.suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


if __name__ == "__main__":
    sys.exit(main())
