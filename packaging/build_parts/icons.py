"""Draws the program's icon in every size from its one SVG: icons.py SVG FOLDER, with the build environment's Python."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SIZES = (16, 24, 32, 48, 64, 128, 256, 512)


def main(svg: Path, folder: Path) -> None:
    """Write SIZExSIZE.png, mobilenet-gui.svg, mobilenet-gui.ico (Windows) and mobilenet-gui.icns (macOS)."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PIL import Image
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    folder.mkdir(parents=True)
    application = QGuiApplication([])
    renderer = QSvgRenderer(str(svg))
    if not renderer.isValid():
        raise SystemExit(f"{svg} is no SVG that Qt can draw.")
    for size in SIZES:
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        image.save(str(folder / f"{size}x{size}.png"))
    application.quit()
    (folder / "mobilenet-gui.svg").write_bytes(svg.read_bytes())
    pictures = {size: Image.open(folder / f"{size}x{size}.png") for size in SIZES}
    small = [pictures[size] for size in SIZES if size <= 256]
    pictures[256].save(folder / "mobilenet-gui.ico", sizes=[one.size for one in small], append_images=small)
    pictures[512].save(folder / "mobilenet-gui.icns", append_images=[pictures[128], pictures[256]])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
