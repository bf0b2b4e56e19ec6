"""Owns the archive that any Linux user can unpack anywhere and start, without installing."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

from build_parts.environment import APP_ID, PACKAGING, Build, BuildError, say, set_times, tool
from build_parts.fallback import add_fallbacks
from build_parts.linux_tree import install_desktop_files

LEVEL = 12


def build_tarball(build: Build) -> Path:
    """Make the `.tar.zst` from the frozen program; return its path."""
    say("Making the .tar.zst")
    name = f"mobilenet-gui-{build.version}"
    root = build.work / "tarball" / name
    shutil.rmtree(root.parent, ignore_errors=True)
    root.parent.mkdir()
    root.mkdir()
    shutil.copytree(build.frozen, root / "program", symlinks=True)
    add_fallbacks(build.frozen, root / "fallback", root / "program" / "_internal" / "notices" / "licences")
    install_desktop_files(build, root / "desktop")
    for source, script in (("start.sh", "mobilenet-gui"), ("install.sh", "install.sh"), ("README.txt", "README.txt")):
        shutil.copyfile(PACKAGING / "linux" / source, root / script)
    (root / "app-id.txt").write_text(APP_ID + "\n", encoding="utf-8")
    for script in ("mobilenet-gui", "install.sh"):
        (root / script).chmod(0o755)
    set_times(root, build.epoch)
    target = build.output / f"{name}-linux-x86_64.tar.zst"
    packer = subprocess.Popen(
        [tool("zstd", "zstd"), "--quiet", "--force", f"-{LEVEL}", "-T0", "-o", str(target)], stdin=subprocess.PIPE
    )
    if packer.stdin is None:
        raise BuildError("zstd could not be started.")
    with (
        packer.stdin,
        tarfile.open(fileobj=packer.stdin, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in [root, *sorted(root.rglob("*"))]:
            archive.add(path, arcname=str(path.relative_to(root.parent)), recursive=False, filter=_nobodys)
    if packer.wait() != 0:
        raise BuildError("zstd failed; is the disk full?")
    shutil.rmtree(root.parent)
    return target


def _nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Forget who built it."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry
