"""Builds the installers: `make package`, or `python packaging/build.py [--formats deb,tar] [--with-model ID=FILE]`.

Freezes the program with its training into one folder (PyInstaller) and makes of it what this system installs: a
`.deb`, a `.tar.zst` and an AppImage on Linux, an installer on Windows, a disk image on macOS. Needs the network once,
for the pinned build inputs of `freeze/constraints.txt`. Two builds of one commit with one Python give the same bytes:
every date is the commit's (SOURCE_DATE_EPOCH); `--check-reproducible` builds twice and compares.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import sysconfig
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from build_parts import appimage, deb, macos, reproducible, tarball, windows
from build_parts.environment import ROOT, Build, BuildError, prepare, require, say, source_epoch, source_version
from build_parts.freeze import freeze
from build_parts.sizes import report_sizes

FORMATS: dict[str, dict[str, Callable[[Build], Path]]] = {
    "linux": {"deb": deb.build_deb, "tar": tarball.build_tarball, "appimage": appimage.build_appimage},
    "win32": {"setup": windows.build_setup},
    "darwin": {"dmg": macos.build_dmg},
}

NEEDED: dict[str, dict[str, str]] = {
    "linux": {
        "git": "git",
        "objdump": "binutils",
        "readelf": "binutils",
        "ldd": "libc-bin",
        "dpkg-deb": "dpkg",
        # Debian's Python runs without it, but a frozen one does not.
        f"{sysconfig.get_config_var('LIBDIR')}/{sysconfig.get_config_var('INSTSONAME')}": (
            f"libpython{sysconfig.get_python_version()}"
        ),
    },
    "tar": {"zstd": "zstd"},
}
"""What a system's builds need, and what a format needs beside: programs and files, each with its Debian package."""


def main(arguments: list[str]) -> int:
    """Build; return the exit code."""
    possible = FORMATS.get(sys.platform, {})
    parser = argparse.ArgumentParser(
        prog="build.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--formats",
        help=f"some of {', '.join(possible)} (default: all that this system has the tools for); “none” only freezes",
    )
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="where finished packages go (default: dist)")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "build", help="where intermediate files lie (default: build)"
    )
    parser.add_argument(
        "--with-model",
        action="append",
        default=[],
        metavar="ID=FILE",
        help="ship an official model, made from a local weights file; for machines without a network (may be repeated)",
    )
    parser.add_argument(
        "--check-reproducible",
        action="store_true",
        help="build all of it a second time, in another folder with another environment; fail where a byte differs",
    )
    parser.add_argument("--environment-only", action="store_true", help="install the build inputs, and stop there")
    parser.add_argument("--quick", action="store_true", help="pack the .deb loosely and fast, to try it")
    parser.add_argument("--reuse-frozen", action="store_true", help="pack what an earlier run froze")
    options = parser.parse_args(arguments)
    if options.formats is None:
        formats = usual(possible)
    else:
        formats = [] if options.formats == "none" else [name for name in options.formats.split(",") if name]
    for name in formats:
        if name not in possible:
            parser.error(f"{name} cannot be built on this system; possible: {', '.join(possible)}")
    try:
        require({name: package for part in (sys.platform, *formats) for name, package in NEEDED.get(part, {}).items()})
        return _build(options, [possible[name] for name in formats])
    except BuildError as error:
        print(f"The build stopped: {error}", file=sys.stderr)
        return 1


def usual(possible: Iterable[str]) -> list[str]:
    """Return the formats that are built unless others are asked for; say so where one is left out."""
    formats = list(possible)
    if "appimage" in formats and (lacks := appimage.missing()):
        say(f"No AppImage is built: its tools are not here; {lacks}")
        formats.remove("appimage")
    return formats


def _build(options: argparse.Namespace, packers: list[Callable[[Build], Path]]) -> int:
    started = time.monotonic()
    build = Build(options.work.resolve(), options.output.resolve(), source_version(), source_epoch(), options.quick)
    if options.environment_only:
        build.work.mkdir(parents=True, exist_ok=True)
        prepare(build)
        return 0
    made = _make(build, packers, models=options.with_model, reuse=options.reuse_frozen)
    report_sizes(build.frozen)
    for path in made:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        path.with_name(path.name + ".sha256").write_text(f"{digest}  {path.name}\n", encoding="utf-8")
        say(f"{path.stat().st_size / 1e6:6.0f} MB  {path}")
    if options.check_reproducible:
        say("Building a second time")
        second = replace(build, work=build.work / "again", output=build.work / "again" / "output")
        reproducible.compare(build, made, second, _make(second, packers, models=options.with_model))
    say(f"Done in {time.monotonic() - started:.0f} s")
    return 0


def _make(
    build: Build, packers: list[Callable[[Build], Path]], *, models: list[str], reuse: bool = False
) -> list[Path]:
    """Freeze and pack; return the packages."""
    build.work.mkdir(parents=True, exist_ok=True)
    build.output.mkdir(parents=True, exist_ok=True)
    prepare(build)
    if not (reuse and build.frozen.is_dir()):
        freeze(build, models=models, portable=False)
    return [pack(build) for pack in packers]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
