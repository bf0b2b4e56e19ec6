"""Owns the AppImage: one file that starts by itself, the whole folder as an image behind a program that mounts it.

That program, `appimage/runtime.c`, is our own, since the usual one could only be downloaded. It is linked from this
system's static libraries; so this system must have them, and their licences travel with it.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from build_parts.environment import APP_ID, PACKAGING, Build, BuildError, run, say, set_times, tool
from build_parts.portable import LICENCES, lay_out

RUNTIME = PACKAGING / "appimage" / "runtime.c"
COMPILE = ("-std=c11", "-Os", "-Wall", "-Wextra", "-static", "-s", "-Wl,--build-id=none")
LIBRARIES = ("squashfuse_ll", "squashfuse", "fuse3", "zstd", "pthread", "dl")
LINKED = ("libsquashfuse-dev", "libfuse3-dev", "libzstd-dev", "libc6-dev", "libgcc-s1")
"""The Debian packages whose code is in the runtime."""
PACKAGES = "gcc libsquashfuse-dev libfuse3-dev libzstd-dev squashfs-tools"
LEVEL = 12
BLOCK = "256K"
ID = b"@@@@IMAGE-ID-GOES-HERE-32-CHARS@"
"""What the runtime holds where the image's digest belongs."""
MAGIC = (8, b"AI\x02")
"""How a desktop knows an AppImage of type 2: these bytes at this place."""


def missing() -> str:
    """Return what this system lacks for an AppImage; empty where it can be built."""
    advice = f"on Debian: apt-get install {PACKAGES}"
    if not (shutil.which("gcc") and shutil.which("mksquashfs")):
        return advice
    with tempfile.TemporaryDirectory() as folder:
        try:
            compile_runtime(Path(folder))
        except BuildError:  # it takes a second; nothing less tells whether the static libraries fit
            return advice
    return ""


def build_appimage(build: Build) -> Path:
    """Make `mobilenet-gui-VERSION-x86_64.AppImage`; return its path.

    Raises:
        BuildError: this system lacks a compiler, a library or squashfs-tools; names the packages.
    """
    if lacks := missing():
        raise BuildError(f"The AppImage needs what is not here; {lacks}")
    say("Making the AppImage")
    work = build.work / "appimage"
    shutil.rmtree(work, ignore_errors=True)
    root = work / "AppDir"
    lay_out(build, root, start="AppRun", desktop="usr")
    share = root / "usr" / "share"
    shutil.copyfile(share / "applications" / f"{APP_ID}.desktop", root / f"{APP_ID}.desktop")
    shutil.copyfile(share / "icons" / "hicolor" / "256x256" / "apps" / "mobilenet-gui.png", root / "mobilenet-gui.png")
    (root / ".DirIcon").symlink_to("mobilenet-gui.png")
    # The name that AppImage catalogues look for.
    (share / "metainfo" / f"{APP_ID}.appdata.xml").symlink_to(f"{APP_ID}.metainfo.xml")
    _add_licences(root / LICENCES / "appimage-runtime")
    set_times(root, build.epoch)

    image = work / "image.squashfs"
    pack: list[str | Path] = [tool("mksquashfs", "squashfs-tools"), root, image, "-noappend", "-all-root", "-no-xattrs"]
    pack += ["-comp", "zstd", "-Xcompression-level", str(LEVEL), "-b", BLOCK, "-quiet", "-no-progress"]
    run(pack, env={"SOURCE_DATE_EPOCH": str(build.epoch)})
    target = build.output / f"mobilenet-gui-{build.version}-x86_64.AppImage"
    join(compile_runtime(work), image, target)
    shutil.rmtree(work)
    return target


def compile_runtime(folder: Path) -> Path:
    """Compile the program that an AppImage begins with, in `folder`; return its path."""
    target = folder / "runtime"
    # By its name only: no path of this machine is in it.
    shutil.copyfile(RUNTIME, folder / RUNTIME.name)
    run(
        [tool("gcc", "gcc"), *COMPILE, "-o", target.name, RUNTIME.name, *(f"-l{name}" for name in LIBRARIES)],
        cwd=folder,
    )
    return target


def join(runtime: Path, image: Path, target: Path) -> None:
    """Put an image behind the runtime, with its digest inside, and mark the whole as an AppImage.

    Raises:
        BuildError: the runtime has no place for the digest.
    """
    with image.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[: len(ID)].encode("ascii")
    program = bytearray(runtime.read_bytes())
    if program.count(ID) != 1:
        raise BuildError(f"{runtime.name} has no place for the image's digest.")
    program[program.find(ID) : program.find(ID) + len(ID)] = digest
    at, mark = MAGIC
    program[at : at + len(mark)] = mark
    with target.open("wb") as file, image.open("rb") as content:
        file.write(program)
        shutil.copyfileobj(content, file, 1 << 20)
    target.chmod(0o755)


def _add_licences(folder: Path) -> None:
    """Copy the licences of what is in the runtime, its source, and how to link it with others (LGPL-2.1, section 6)."""
    folder.mkdir(parents=True)
    for package in LINKED:
        text = Path("/usr/share/doc") / package / "copyright"
        if not text.is_file():
            raise BuildError(f"The licence of {package} was not found; it must travel with the AppImage.")
        shutil.copyfile(text, folder / f"{package}.txt")
    lesser = Path("/usr/share/common-licenses/LGPL-2.1")
    if not lesser.is_file():
        raise BuildError(f"{lesser} was not found; it must travel with the AppImage.")
    shutil.copyfile(lesser, folder / "LGPL-2.1.txt")
    shutil.copyfile(RUNTIME, folder / RUNTIME.name)
    words = " ".join(["gcc", *COMPILE, "-o", "runtime", RUNTIME.name, *(f"-l{name}" for name in LIBRARIES)])
    (folder / "README.txt").write_text(
        "The AppImage's first part is made from runtime.c. In it are the C library and libfuse (LGPL-2.1), and\n"
        "libsquashfuse and libzstd (BSD). To use other versions of them, link it anew and put it before the image:\n\n"
        f"    {words}\n"
        "    tail -c +$(($(./OLD.AppImage --appimage-offset) + 1)) OLD.AppImage > image\n"
        "    cat runtime image > NEW.AppImage\n",
        encoding="utf-8",
    )
