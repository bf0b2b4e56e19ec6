"""Owns the Debian package."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from build_parts import elf
from build_parts.environment import Build, run, say, set_times, tool
from build_parts.linux_tree import LINUX, install_desktop_files

NAME = "mobilenet-gui"
MAINTAINER = "The MobileNet GUI developers <packages@mobilenet-gui.invalid>"
LEVEL = 17
"""Of zstd. A sample of the libraries gets 4.7 % smaller than at level 12, and takes 8 times as long to pack; level 15
saves 0.3 %. It unpacks as fast at every level."""
QUICK_LEVEL = 12


def build_deb(build: Build) -> Path:
    """Make the package from the frozen program; return its path."""
    say("Making the .deb")
    root = build.work / "deb"
    shutil.rmtree(root, ignore_errors=True)
    usr = root / "usr"
    (usr / "bin").mkdir(parents=True)
    shutil.copytree(build.frozen, usr / "lib" / NAME, symlinks=True)
    (usr / "bin" / NAME).symlink_to(f"../lib/{NAME}/{NAME}")
    install_desktop_files(build, usr)
    documents = usr / "share" / "doc" / NAME
    (documents / "copyright").write_text(_copyright(), encoding="utf-8")
    date = datetime.fromtimestamp(build.epoch, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    news = f"{NAME} ({build.version}) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- {MAINTAINER}  {date}\n"
    (documents / "changelog.Debian.gz").write_bytes(gzip.compress(news.encode(), 9, mtime=0))
    overrides = usr / "share" / "lintian" / "overrides"
    overrides.mkdir(parents=True)
    shutil.copyfile(LINUX / "lintian-overrides", overrides / NAME)

    control = root / "DEBIAN"
    control.mkdir()
    files = [path for path in sorted(usr.rglob("*")) if path.is_file() and not path.is_symlink()]
    sums = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(root)}\n" for path in files]
    (control / "md5sums").write_text("".join(sums), encoding="utf-8")
    size = sum(path.stat().st_size for path in files) // 1024
    (control / "control").write_text(_control(build, size), encoding="utf-8")
    shutil.copyfile(LINUX / "postrm.sh", control / "postrm")
    set_times(root, build.epoch)
    (control / "postrm").chmod(0o755)
    os.utime(control, (build.epoch, build.epoch))

    architecture = run([tool("dpkg", "dpkg"), "--print-architecture"]).strip()
    target = build.output / f"{NAME}_{build.version}_{architecture}.deb"
    target.unlink(missing_ok=True)
    pack: list[str | Path] = [
        tool("dpkg-deb", "dpkg"),
        "--root-owner-group",
        "-Zzstd",
        f"-z{QUICK_LEVEL if build.quick else LEVEL}",
        "--build",
        root,
        target,
    ]
    run(pack, env={"SOURCE_DATE_EPOCH": str(build.epoch)})
    shutil.rmtree(root)
    return target


def _control(build: Build, size: int) -> str:
    needs = elf.needs(build.frozen)
    say(f"{needs.programs} libraries need glibc {needs.glibc[0]}.{needs.glibc[1]} and {len(needs.packages)} packages")
    # From the oldest system that is promised on; built there or not.
    glibc = ".".join(map(str, elf.OLDEST["GLIBC"]))
    wanted = [f"{package} (>= {glibc})" if package == "libc6" else package for package in needs.packages]
    architecture = run([tool("dpkg", "dpkg"), "--print-architecture"]).strip()
    return f"""Package: {NAME}
Version: {build.version}
Architecture: {architecture}
Maintainer: {MAINTAINER}
Installed-Size: {size}
Section: graphics
Priority: optional
Depends: {", ".join(wanted)}
Recommends: shared-mime-info, desktop-file-utils
Suggests: fonts-noto-cjk
Description: recognise photos and live video, and teach your own classes
 Names what is in a photo or in front of a webcam and shows where the
 network looked, entirely on this computer. A wizard turns a few dozen
 photos of your own things into a model of your own and exports it.
 .
 Training is included; neither Python nor a network is needed.
"""


def _copyright() -> str:
    return f"""Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: MobileNet GUI
Comment: The program's own files are under the Apache licence. Below
 /usr/lib/{NAME} lie libraries of others; /usr/share/doc/{NAME}/THIRD-PARTY.md
 lists them and /usr/share/doc/{NAME}/licences has their texts.

Files: *
Copyright: 2026 The MobileNet GUI developers
License: Apache-2.0
 On Debian systems the full text is in /usr/share/common-licenses/Apache-2.0.
"""
