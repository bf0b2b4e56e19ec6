"""Owns the archive that any Linux user can unpack anywhere and start, without installing."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

from build_parts.environment import APP_ID, PACKAGING, Build, BuildError, say, set_times, tool
from build_parts.portable import lay_out

LEVEL = 12


def build_tarball(build: Build) -> Path:
    """Make the `.tar.zst` from the frozen program; return its path."""
    say("Making the .tar.zst")
    name = f"mobilenet-gui-{build.version}"
    root = build.work / "tarball" / name
    lay_out(build, root, start="mobilenet-gui", desktop="desktop")
    for file in ("install.sh", "README.txt"):
        shutil.copyfile(PACKAGING / "linux" / file, root / file)
    (root / "app-id.txt").write_text(APP_ID + "\n", encoding="utf-8")
    (root / "install.sh").chmod(0o755)
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
