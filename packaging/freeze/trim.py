"""Owns what stays out of a frozen build: parts of wheels that nothing loads, and libraries of the build machine.

Used by `mobilenet_gui.spec`. A name is a path inside the bundle, with forward slashes.
"""

from __future__ import annotations

import re
from typing import Final

EXCLUDED_MODULES: Final = [
    # Tools of the build itself and of notebooks, found through late imports of the libraries.
    "IPython",
    "PyInstaller",
    "_pytest",
    "clang",
    "matplotlib",
    "pandas",
    "pip",
    "pytest",
    "scipy",
    "setuptools",
    "sklearn",
    "tensorboard",
    "tkinter",
    "_tkinter",
    "wheel",
    # Python's own modules over libraries under the GPL, which may not travel with the rest. Nothing here edits lines.
    "_curses",
    "_curses_panel",
    "_gdbm",
    "readline",
    # Keras' other backends.
    "jax",
    "openvino",
    "torch",
    # Parts of Qt that the window does not use.
    "PySide6.QtDesigner",
    "PySide6.QtHelp",
    "PySide6.QtOpenGL",
    "PySide6.QtOpenGLWidgets",
    "PySide6.QtPrintSupport",
    "PySide6.QtQml",
    "PySide6.QtQuick",
    "PySide6.QtQuickControls2",
    "PySide6.QtQuickWidgets",
    "PySide6.QtSql",
    "PySide6.QtTest",
    "PySide6.QtUiTools",
    "PySide6.QtXml",
]

_DROPPED: Final = re.compile(
    "|".join(
        [
            # Qt plugins for screens, databases and tools that a desktop window has no use for. Pillow reads the photos;
            # of Qt's own image formats the icons need SVG, and the small pictures that the program keeps need JPEG.
            r"plugins/(designer|egldeviceintegrations|generic|printsupport|qmllint|qmltooling|sqldrivers|virtualkeyboard|vectorimageformats|networkinformation)/",
            r"plugins/wayland-graphics-integration-server/",
            r"plugins/platforms/libq(eglfs|linuxfb|vnc|vkkhrdisplay|minimalegl|minimal)\.so",
            r"plugins/platforminputcontexts/libqtvirtualkeyboardplugin",
            r"plugins/platformthemes/libqgtk3\.so",
            r"plugins/imageformats/(lib)?q(gif|icns|tga|tiff|wbmp|webp|pdf)\.",
            r"libQt6(Designer\w*|EglF\w*|Help|Labs\w*|Pdf\w*|Qml\w*|Quick\w*|Sql|Test|UiTools|VirtualKeyboard\w*)\.so",
            r"Qt6(Designer\w*|Help|Labs\w*|Pdf\w*|Qml\w*|Quick\w*|Sql|Test|UiTools|VirtualKeyboard\w*)\.dll",
            # The window speaks through `tr`; of Qt's own words only those of the standard dialogs are shown.
            r"PySide6/(Qt/)?translations/(?!qtbase_)",
            r"PySide6/(Qt/)?qml/",
            # For those who compile against TensorFlow.
            r"tensorflow/include/",
            r"\.(h|hpp|proto|pyi|cmake|lib|a)$",
            # What pip noted of the build environment; its paths are in it, and every build would be another.
            r"\.dist-info/(RECORD|INSTALLER|REQUESTED|direct_url\.json)$",
            # A second copy of the same converter, for TensorFlow's own command line.
            r"tensorflow/lite/toco/",
            r"(numpy|keras|tensorflow|PIL|google)/(.*/)?(tests?|testing_data)/",
        ]
    )
)

_HOST_LIBRARIES: Final = re.compile(
    # From the build machine only what belongs to Python itself may travel. What has to fit the user's display server,
    # graphics driver, fonts and sound is a dependency of the package instead. None of these is under the GPL.
    r"lib(python3|ffi|ssl|crypto|bz2|lzma|z|sqlite3|uuid|mpdec)[.\d-]"
)

_PORTABLE_LIBRARIES: Final = re.compile(
    # What has no dependencies also carries X11's small helpers, which every desktop has in one version or another
    # but a bare system may lack. Never libGL, libEGL, libX11, libxcb itself, fontconfig or libc.
    r"lib(xcb-(?!dri)\w[\w-]*|xkbcommon-x11|wayland-cursor)[.\d-]"
)


def is_kept(name: str, source: str, *, portable: bool = False) -> bool:
    """Tell whether a file belongs into the build.

    Args:
        name: its path inside the bundle.
        source: where it comes from.
        portable: the build must run without a package manager's help.
    """
    name = name.replace("\\", "/")
    if _DROPPED.search(name):
        return False
    if re.match(r"/(usr/)?lib(64)?/(?!python3)", source):
        library = name.rsplit("/", 1)[-1]
        return bool(_HOST_LIBRARIES.match(library) or (portable and _PORTABLE_LIBRARIES.match(library)))
    return True
