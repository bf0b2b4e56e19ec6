"""The only owner of where things are: shipped resources, and the user's data, cache and settings.

`MOBILENET_GUI_HOME` moves everything of the user's to one folder. Nothing is created by asking.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

APP_DIR_NAME = "mobilenet-gui"
HOME_VARIABLE = "MOBILENET_GUI_HOME"


def sample_photos() -> tuple[Path, ...]:
    """Return the photos that ship for trying out, by name; none without their folder."""
    return tuple(sorted((resources_dir() / "samples").glob("*.jpg")))


def resources_dir() -> Path:
    """Return the folder of shipped files (labels, fonts, icons, sample photos, built-in model).

    It stands beside the package in a checkout, inside it in a wheel, and at the bundle's root when frozen.
    """
    frozen_root = getattr(sys, "_MEIPASS", None)
    if frozen_root is not None:
        return Path(frozen_root) / "resources"
    package = Path(__file__).resolve().parent
    inside = package / "resources"
    return inside if inside.is_dir() else package.parent / "resources"


def ensure_home() -> None:
    """Give the process a home folder where the system names none, as for a service or a bare container.

    The root stands in, as it does for Docker and for Qt: nothing can be kept there, and all else works. Without it
    asking for any folder would raise.
    """
    variable = "USERPROFILE" if sys.platform == "win32" else "HOME"
    if os.path.isabs(os.environ.get(variable, "")):  # noqa: PTH117 - a Path of nothing is not nothing
        return
    os.environ.pop(variable, None)  # empty or relative, it is nobody's home
    home = os.path.expanduser("~")  # noqa: PTH111 - Path's raises
    os.environ[variable] = home if os.path.isabs(home) else os.path.abspath(os.sep)  # noqa: PTH100, PTH117


def _home() -> Path | None:
    value = os.environ.get(HOME_VARIABLE, "").strip()
    if not value:
        return None
    return Path(os.path.expanduser(value)).absolute()  # noqa: PTH111 - a user that does not exist is left as it stands


def data_dir() -> Path:
    """Return the folder of what the user would miss: models, projects."""
    home = _home()
    return home if home is not None else Path(platformdirs.user_data_dir(APP_DIR_NAME, appauthor=False))


def config_dir() -> Path:
    """Return the folder of the settings file."""
    home = _home()
    return home if home is not None else Path(platformdirs.user_config_dir(APP_DIR_NAME, appauthor=False))


def cache_dir() -> Path:
    """Return the folder of what can be made again: downloads under way, thumbnails."""
    home = _home()
    return home / "cache" if home is not None else Path(platformdirs.user_cache_dir(APP_DIR_NAME, appauthor=False))


def log_dir() -> Path:
    """Return the folder of log files and crash reports."""
    home = _home()
    return home / "logs" if home is not None else Path(platformdirs.user_log_dir(APP_DIR_NAME, appauthor=False))


def models_dir() -> Path:
    """Return the folder that holds one bundle a model."""
    return data_dir() / "models"


def projects_dir() -> Path:
    """Return the folder that holds one folder a fine-tuning project."""
    return data_dir() / "projects"


def thumbnails_dir() -> Path:
    """Return the folder of small pictures of photos, made again where they are missing."""
    return cache_dir() / "thumbnails"


def features_dir() -> Path:
    """Return the folder of what networks made of photos, kept between trainings, and of how fast they were."""
    return cache_dir() / "features"


def builtin_models_dir() -> Path:
    """Return the folder of bundles that ship with the program; it need not exist."""
    return resources_dir() / "models"


def builtin_model_dirs() -> tuple[Path, Path]:
    """Return the folders of built-in bundles: of those made here as the program's own folder is read-only, and that."""
    return cache_dir() / "models", builtin_models_dir()


def downloads_dir() -> Path:
    """Return the folder of weights on their way here."""
    return cache_dir() / "downloads"


def settings_file() -> Path:
    """Return the path of the settings file."""
    return config_dir() / "settings.json"


def worker_command() -> list[str]:
    """Return the command that starts the training worker: this program itself, also when frozen."""
    if getattr(sys, "frozen", False):
        # On Windows a program either has a console or has none, and one without has no pipes to speak through.
        console = Path(sys.executable).with_name("mobilenet-gui-console.exe")
        # The tarball's start script knows which libraries this system lacks.
        script = Path(sys.executable).parent.parent / "mobilenet-gui"
        starters = (console, script) if sys.platform != "darwin" else ()
        return [next((str(path) for path in starters if path.is_file()), sys.executable), "worker"]
    return [sys.executable, "-m", "mobilenet_gui", "worker"]
