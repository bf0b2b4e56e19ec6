"""Owns what a Linux desktop finds besides the program.

Menu entry, icons, metainfo, MIME types, man page, completions, licences.
"""

from __future__ import annotations

import gzip
import shutil
from datetime import UTC, datetime
from pathlib import Path

from build_parts.environment import APP_ID, PACKAGING, ROOT, Build, run

LINUX = PACKAGING / "linux"


def install_desktop_files(build: Build, prefix: Path) -> None:
    """Put everything but the program itself below `prefix` (a package's `/usr`)."""
    share = prefix / "share"
    _copy(LINUX / f"{APP_ID}.desktop", share / "applications")
    metainfo = (LINUX / f"{APP_ID}.metainfo.xml").read_text(encoding="utf-8")
    date = datetime.fromtimestamp(build.epoch, UTC).date().isoformat()
    metainfo = metainfo.replace("@VERSION@", build.version).replace("@DATE@", date)
    _write(share / "metainfo" / f"{APP_ID}.metainfo.xml", metainfo.encode())
    _write(share / "mime" / "packages" / "mobilenet-gui.xml", (LINUX / "mobilenet-gui.mime.xml").read_bytes())
    for picture in (build.work / "icons").glob("*x*.png"):
        _write(share / "icons" / "hicolor" / picture.stem / "apps" / "mobilenet-gui.png", picture.read_bytes())
    icon = build.work / "icons" / "mobilenet-gui.svg"
    _write(share / "icons" / "hicolor" / "scalable" / "apps" / "mobilenet-gui.svg", icon.read_bytes())
    page = (
        (LINUX / "mobilenet-gui.1")
        .read_text(encoding="utf-8")
        .replace("@VERSION@", build.version)
        .replace("@DATE@", date)
    )
    _write(share / "man" / "man1" / "mobilenet-gui.1.gz", _packed(page.encode()))
    scripts = PACKAGING / "build_parts" / "completions.py"
    for shell, place in (
        ("bash", "bash-completion/completions/mobilenet-gui"),
        ("zsh", "zsh/vendor-completions/_mobilenet-gui"),
        ("fish", "fish/vendor_completions.d/mobilenet-gui.fish"),
    ):
        text = run([build.python, scripts, shell], env={"PYTHONPATH": str(build.work / "source")})
        _write(share / place, text.encode())
    documents = share / "doc" / "mobilenet-gui"
    _write(documents / "changelog.gz", _packed((ROOT / "CHANGELOG.md").read_bytes()))
    shutil.copytree(build.work / "notices" / "licences", documents / "licences")
    for name in ("THIRD-PARTY.md", "bom.cdx.json"):
        _copy(build.work / "notices" / name, documents)


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _copy(source: Path, folder: Path) -> None:
    _write(folder / source.name, source.read_bytes())
