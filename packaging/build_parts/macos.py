"""Owns the macOS disk image. Signing and notarising want the owner's certificate; the bundle is laid out for it."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

from build_parts.environment import PACKAGING, Build, run, say


def build_dmg(build: Build) -> Path:
    """Make `mobilenet-gui-VERSION-macos-ARCH.dmg`; return its path.

    With MOBILENET_GUI_SIGN set to a Developer ID identity, the application is signed with the hardened runtime;
    without, ad hoc, which Apple silicon needs to start it at all.
    """
    say("Making the disk image")
    application = build.frozen.parent / "MobileNet GUI.app"
    identity = os.environ.get("MOBILENET_GUI_SIGN", "-")
    sign: list[str | Path] = [
        "codesign",
        "--force",
        "--deep",
        "--sign",
        identity,
        "--entitlements",
        PACKAGING / "macos" / "entitlements.plist",
    ]
    if identity != "-":
        sign += ["--options", "runtime", "--timestamp"]
    run([*sign, application])
    folder = build.work / "dmg"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copytree(application, folder / application.name, symlinks=True)
    (folder / "Applications").symlink_to("/Applications")
    target = build.output / f"mobilenet-gui-{build.version}-macos-{platform.machine()}.dmg"
    target.unlink(missing_ok=True)
    run(["hdiutil", "create", "-volname", "MobileNet GUI", "-srcfolder", folder, "-format", "ULMO", target])
    shutil.rmtree(folder)
    return target
