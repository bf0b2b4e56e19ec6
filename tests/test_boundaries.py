"""What may load what, proved by running it: core without Qt, commands without Qt or TensorFlow, PySide6 sound."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QObject

REPOSITORY = Path(__file__).resolve().parents[1]

_BLOCK_QT = """
import sys
class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("PySide6", "shiboken6"):
            raise ModuleNotFoundError(f"No module named {name!r} (blocked)", name=name)
sys.meta_path.insert(0, NoQt())
"""


def _python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    for name in [n for n in environment if n.startswith("PYTEST_")]:
        del environment[name]  # a worker of pytest-xdist passes its own on
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )


@pytest.mark.timeout(1200)  # a thousand tests in one: on a small or busy machine they outlast the usual limit
def test_core_and_training_pass_their_tests_without_qt() -> None:
    code = _BLOCK_QT + "import pytest\nsys.exit(pytest.main(sys.argv[1:]))\n"
    done = _python(
        code,
        *("-c", "tests/no_qt.ini", "--rootdir", ".", "-q", "-p", "no:pytest-qt", "-p", "no:cacheprovider"),
        *("-p", "no:xdist", "-m", "not keras and not shared", "tests/core", "tests/training", "tests/cli"),
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["classify", "--help"], ["models", "list"], ["bench", "--help"]]
)
def test_commands_load_neither_qt_nor_tensorflow(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom mobilenet_gui.__main__ import main\n"
        "try:\n    code = main(sys.argv[1:])\nexcept SystemExit as end:\n    code = end.code\n"
        "bad = {'PySide6', 'tensorflow', 'keras', 'cv2'} & set(sys.modules)\n"
        "assert not bad, bad\nsys.exit(code)\n"
    )
    done = _python(code, *arguments)
    assert done.returncode == 0, done.stderr


def test_this_pyside_survives_many_void_calls(qapp: object) -> None:
    """6.12.0 on Python 3.10 and 3.11 loses a reference to None per call and aborts after some 5,000."""
    thing = QObject()
    for _ in range(20_000):
        thing.setObjectName("x")
