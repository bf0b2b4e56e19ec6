"""Owns the libraries that the tarball carries for systems that lack them: X11, OpenGL's dispatcher, fonts, D-Bus.

Every desktop has them, in versions that fit its display server, and those are used. A system without a desktop, or with
a reduced one, has not; nobody who unpacks an archive should have to find out their names. So a copy of each lies in a
folder of its own, and the start script adds just the folders of those that are missing. Graphics drivers, the C library
and the loader are never carried. A copy from a build machine newer than the oldest system that is promised may itself
need too new a C library: it says so in a file `glibc`, and the start script then names the package to install instead.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from build_parts import elf
from build_parts.environment import BuildError, run, say, tool

NEVER = re.compile(
    r"^(ld-linux.*|lib(c|m|dl|pthread|rt|resolv|util|mvec|nsl|anl|BrokenLocale|thread_db)\.so.*|"
    r"lib(GLX_mesa|EGL_mesa|gbm|drm|nvidia).*|linux-vdso.*)$"
)


def add_fallbacks(frozen: Path, folder: Path, licences: Path) -> int:
    """Copy every library that `frozen` needs, does not carry and a reduced system may lack; return how many.

    Each goes to `folder`/LIBRARY/LIBRARY, so that a search path can name just those that are missing.

    Args:
        frozen: the program.
        folder: where the libraries go.
        licences: where their licences go, a folder for each of this system's packages they come from.

    Raises:
        BuildError: this machine itself lacks one, or does not tell its licence.
    """
    carried = {path.name for path in frozen.rglob("*.so*")}
    inside = frozen / "_internal"
    ldd = tool("ldd", "libc-bin")
    roots = [frozen / "mobilenet-gui", *inside.glob("PySide6/**/*.so*"), *inside.glob("shiboken6/**/*.so*")]
    roots += [path for path in inside.glob("*.so*") if not path.is_symlink()]
    found: dict[str, Path] = {}
    for root in roots:
        for line in run([ldd, root], env={"LD_LIBRARY_PATH": f"{inside}:{inside / 'PySide6/Qt/lib'}"}).splitlines():
            name, arrow, rest = line.strip().partition(" => ")
            if not arrow or name in carried or NEVER.match(name):
                continue
            if rest.startswith("not found"):
                raise BuildError(f"{root.name} needs {name}, which is not here; see packaging/debian-packages.txt.")
            found[name] = Path(rest.rsplit(" (", 1)[0])
    newer = []
    for name, path in sorted(found.items()):
        target = folder / name / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path.resolve(), target)
        package, _ = copy_licence(path, licences)
        glibc = elf.read(target)[1].get("GLIBC", (0, 0))
        if glibc > elf.OLDEST["GLIBC"]:
            newer.append(name)
            (target.parent / "glibc").write_text(f"{glibc[0]}.{glibc[1]} {package}\n", encoding="ascii")
    if newer:
        say(f"Of the libraries for systems that lack them, these need a newer system: {', '.join(newer)}")
    say(f"{len(found)} libraries for systems that lack them, {_size(folder) / 1e6:.0f} MB")
    return len(found)


def copy_licence(library: Path, licences: Path) -> tuple[str, str]:
    """Copy the licence of the package that a library of this machine comes from; return the package and its version.

    Raises:
        BuildError: no package of this system has the library, or it tells no licence.
    """
    query = [tool("dpkg", "dpkg"), "--search", f"*/{library.resolve().name}"]
    packages = sorted({line.split(":")[0] for line in run(query).splitlines() if ":" in line})
    for package in packages:
        text = Path("/usr/share/doc") / package / "copyright"
        if text.is_file():
            (licences / package).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(text, licences / package / "copyright")
            versions = run([tool("dpkg-query", "dpkg"), "--show", "--showformat=${Version}\n", package]).split()
            return package, versions[0]
    raise BuildError(f"The licence of {library} was not found; it must travel with it.")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
