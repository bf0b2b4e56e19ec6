"""The frozen program's entry: the same three programs as `python -m mobilenet_gui`, in one executable."""

import os
import sys

from mobilenet_gui.__main__ import main


def _give_back_library_path() -> None:
    """Let the programs that we start, such as a browser, find their own libraries and not ours.

    The launcher points the loader at the bundle and keeps what was there before; the loader has read its copy by now. A
    copy of ourselves, such as the training worker, must be pointed there anew: PyInstaller's launcher would otherwise
    take it for a part of this process, which needs nothing.
    """
    os.environ["PYINSTALLER_RESET_ENVIRONMENT"] = "1"
    before_launcher = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    before_script = os.environ.pop("MOBILENET_GUI_LIBRARY_PATH", None)
    os.environ.pop("LD_LIBRARY_PATH", None)
    original = before_script if before_script is not None else before_launcher
    if original:
        os.environ["LD_LIBRARY_PATH"] = original


if __name__ == "__main__":
    if sys.platform.startswith("linux"):
        _give_back_library_path()
    sys.exit(main())
