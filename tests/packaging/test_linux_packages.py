"""The Linux packages: what they may ask of a system, libraries carried for reduced ones, which files they open."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from mobilenet_gui.core.install_import import KERAS_SUFFIXES, TFLITE_SUFFIX
from mobilenet_gui.training.archive import SUFFIX
from mobilenet_gui.ui.given_files import sort_given
from tests.model_factory import make_tflite

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
LINUX = PACKAGING / "linux"
PROJECT = "application/x-mobilenet-gui-project"
MIME = "{http://www.freedesktop.org/standards/shared-mime-info}"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux packages are made on Linux")
reads_programs = pytest.mark.skipif(shutil.which("readelf") is None, reason="binutils is not installed")


@pytest.fixture(autouse=True)
def build_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PACKAGING))


# -- what is asked of a system -----------------------------------------------------------------------------------------


@reads_programs
def test_a_library_nobody_named_stops_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from build_parts import elf
    from build_parts.environment import BuildError

    shutil.copyfile(shutil.which("cat") or "", tmp_path / "program")
    (tmp_path / "link").symlink_to("program")
    monkeypatch.setattr(elf, "OLDEST", dict.fromkeys(elf.OLDEST, (99,)))
    needed = elf.needs(tmp_path)
    assert needed.programs == 1
    assert "libc6" in needed.packages
    empty = tmp_path / "libraries.txt"
    empty.write_text("# nothing\n", encoding="utf-8")
    monkeypatch.setattr(elf, "LIBRARIES", empty)
    with pytest.raises(BuildError, match="neither carried nor named"):
        elf.needs(tmp_path)


@reads_programs
def test_a_program_for_newer_systems_stops_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from build_parts import elf
    from build_parts.environment import BuildError

    shutil.copyfile(shutil.which("cat") or "", tmp_path / "program")
    monkeypatch.setattr(elf, "OLDEST", {**elf.OLDEST, "GLIBC": (2, 1)})
    with pytest.raises(BuildError, match=r"program needs GLIBC 2\.\d+; the packages promise 2\.1\."):
        elf.needs(tmp_path)


def test_only_what_is_needed_counts_not_what_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    from build_parts import elf

    said = """
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]
Version definition section '.gnu.version_d' contains 1 entry:
  0x001c: Rev: 1  Flags: none  Index: 2  Cnt: 1  Name: GLIBCXX_3.4.99
Version needs section '.gnu.version_r' contains 2 entries:
 Addr: 0x00  Offset: 0x00  Link: 6 (.dynstr)
  000000: Version: 1  File: libc.so.6  Cnt: 2
  0x0010:   Name: GLIBC_2.4  Flags: none  Version: 3
  0x0020:   Name: GLIBC_ABI_DT_RELR  Flags: none  Version: 2
  0x0030: Version: 1  File: libstdc++.so.6  Cnt: 2
  0x0040:   Name: CXXABI_1.3.9  Flags: none  Version: 3
  0x0050:   Name: GLIBCXX_3.4.9  Flags: none  Version: 3
  0x0060:   Name: GLIBCXX_3.4.29  Flags: none  Version: 3
"""
    monkeypatch.setattr(elf, "run", lambda *_arguments, **_options: said)
    monkeypatch.setattr(elf, "tool", lambda *_arguments: "readelf")
    libraries, versions = elf.read(Path("program"))
    assert libraries == ["libc.so.6"]
    assert versions == {"GLIBC": (2, 36), "CXXABI": (1, 3, 9), "GLIBCXX": (3, 4, 29)}


def test_libraries_for_reduced_systems_are_used_where_they_run(tmp_path: Path) -> None:
    """The archive's start script, in a folder with a space and an umlaut, and through a link."""
    folder = tmp_path / "Größe und Raum"
    for name in ("libc.so.6", "libold.so.9", "libnew.so.9"):
        (folder / "fallback" / name).mkdir(parents=True)
    (folder / "fallback" / "libnew.so.9" / "glibc").write_text("2.999 libnew9\n", encoding="ascii")
    (folder / "program").mkdir()
    program = folder / "program" / "mobilenet-gui"
    program.write_text('#!/bin/sh\necho "$LD_LIBRARY_PATH|$MOBILENET_GUI_LIBRARY_PATH|$1"\n', encoding="ascii")
    shutil.copyfile(LINUX / "start.sh", folder / "mobilenet-gui")
    for script in (program, folder / "mobilenet-gui"):
        script.chmod(0o755)
    (tmp_path / "link").symlink_to("Größe und Raum/mobilenet-gui")
    for start in (folder / "mobilenet-gui", tmp_path / "link"):
        environment = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": "/before"}
        done = subprocess.run([start, "a b"], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == f"/before:{folder}/fallback/libold.so.9|/before|a b\n"
        assert "Install it with your package manager: libnew9" in done.stderr


# -- which files are opened -------------------------------------------------------------------------------------------


def globs() -> dict[str, set[str]]:
    """Return the patterns of each MIME type of ours."""
    tree = ElementTree.parse(LINUX / "mobilenet-gui.mime.xml")
    return {
        kind.attrib["type"]: {glob.attrib["pattern"] for glob in kind.iter(f"{MIME}glob")}
        for kind in tree.iter(f"{MIME}mime-type")
    }


def test_types_are_named_for_what_the_program_writes_and_opens() -> None:
    found = globs()
    assert found[PROJECT] == {f"*{SUFFIX}"}
    models = set.union(*(patterns for kind, patterns in found.items() if kind != PROJECT))
    assert {f"*{TFLITE_SUFFIX}", "*.keras", "*.weights.h5"} == models
    assert all(Path(pattern).suffix in {*KERAS_SUFFIXES, TFLITE_SUFFIX} for pattern in models)
    for pattern in set.union(*found.values()):
        given = sort_given([pattern.replace("*", "garden")])
        assert given.projects if pattern in found[PROJECT] else given.models
    entry = next(LINUX.glob("*.desktop")).read_text(encoding="utf-8")
    types = re.search(r"^MimeType=(.*);$", entry, re.MULTILINE)
    assert types is not None
    assert set(found) <= set(types[1].split(";"))


@pytest.mark.skipif(
    not (shutil.which("update-mime-database") and shutil.which("gio") and Path("/usr/share/mime/mime.cache").exists()),
    reason="needs shared-mime-info and gio",
)
def test_a_desktop_tells_our_files_from_others(tmp_path: Path) -> None:
    packages = tmp_path / "share" / "mime" / "packages"
    packages.mkdir(parents=True)
    shutil.copyfile(LINUX / "mobilenet-gui.mime.xml", packages / "mobilenet-gui.xml")
    subprocess.run(["update-mime-database", packages.parent], check=True, capture_output=True)
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "share"), "HOME": str(tmp_path)}
    zipped = b"PK\x05\x06" + b"\0" * 18
    expected = {
        f"garden{SUFFIX}": (zipped, PROJECT),
        "other.zip": (zipped, "application/zip"),
        "net.tflite": (make_tflite(), "application/vnd.mobilenet-gui.tflite"),
        "net without a suffix": (make_tflite(), "application/vnd.mobilenet-gui.tflite"),
        "net.keras": (zipped, "application/vnd.mobilenet-gui.keras"),
        "net.weights.h5": (b"\x89HDF\r\n\x1a\n", "application/vnd.mobilenet-gui.keras-weights"),
        "other.h5": (b"\x89HDF\r\n\x1a\n", "application/x-hdf"),
    }
    for name, (content, kind) in expected.items():
        (tmp_path / name).write_bytes(content)
        done = subprocess.run(
            ["gio", "info", "-a", "standard::content-type", tmp_path / name],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert f"content-type: {kind}\n" in done.stdout, name


# -- two builds of one commit ------------------------------------------------------------------------------------------


def test_differences_between_two_builds_are_named(tmp_path: Path) -> None:
    from build_parts.reproducible import differences

    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        (folder / "lib").mkdir(parents=True)
        (folder / "lib" / "same").write_text("same", encoding="ascii")
        (folder / "lib" / "link").symlink_to("same")
    assert differences(one, other) == []
    (one / "lib" / "same").write_text("Same", encoding="ascii")
    (other / "lib" / "link").unlink()
    (other / "lib" / "link").symlink_to("elsewhere")
    (other / "only here").touch()
    assert differences(one, other) == ["lib/link", "lib/same", "only here"]
    (other / "lib" / "same").write_text("Same", encoding="ascii")
    (other / "lib" / "same").chmod(0o755)
    assert "lib/same" in differences(one, other)


def test_the_smoke_test_finds_a_program_by_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import smoke_test

    (tmp_path / "built").mkdir()
    program = tmp_path / "built" / "program"
    program.write_text("#!/bin/sh\necho found\n", encoding="ascii")
    program.chmod(0o755)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path)
    assert smoke_test.Program(["built/program"], tmp_path / "work").run("--version") == "found\n"
