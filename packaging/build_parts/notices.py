"""Writes the licences and the bill of materials of what a package carries: notices.py FOLDER VERSION EPOCH.

Run with the build environment's Python: what is installed there, less the tools that only build, is what is shipped,
with the libraries of this system that Python's own modules need. PYTHONPATH names `packaging` and `freeze`. The bill is
CycloneDX 1.6, JSON.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import sys
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path, PurePosixPath

from trim import is_kept

from build_parts import carried, fallback

PACKAGING = Path(__file__).resolve().parents[1]
BUILD_TOOLS = frozenset(
    {"altgraph", "libclang", "macholib", "packaging", "pefile", "pip", "pyinstaller-hooks-contrib"}
    | {"pywin32-ctypes", "setuptools", "wheel"}
)
"""PyInstaller is none: its starter is the executable, under the GPL with an exception for what it starts."""
LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice|copyright|authors)", re.IGNORECASE)
NO_TEXT = frozenset({".h", ".py", ".pyc", ".so", ".xml"})
APACHE = ("flatbuffers", "tensorflow", "tensorflow-cpu")
LGPL = ("pi-heif", "pyside6-essentials", "shiboken6")
SPDX = frozenset({"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "MPL-2.0", "OFL-1.1", "PSF-2.0"})
"""Identifiers that the bill may name as such, where a package names one only in the free text of its metadata."""


def main(folder: Path, version: str, epoch: int) -> None:
    """Write FOLDER/licences/PACKAGE/..., FOLDER/THIRD-PARTY.md and FOLDER/bom.cdx.json, anew."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "licences").mkdir(parents=True)
    shipped = sorted((d for d in metadata.distributions() if _name(d) not in BUILD_TOOLS), key=_name)
    parts = []
    lines = ["# What this package carries", "", "| Package | Version | Licence |", "| --- | --- | --- |"]
    for part in shipped:
        name, licence = _name(part), _licence(part)
        files = _copy_texts(part, folder / "licences" / name)
        if not files:
            raise SystemExit(f"No licence text was found for {name}; name one in packaging/build_parts/notices.py.")
        lines.append(f"| {name} | {part.version} | {licence} |")
        parts.append(_component(name, part.version, licence, spdx=bool(_field(part, "License-Expression"))))
    of_system = carried.system_libraries(is_kept)
    (folder / carried.SYSTEM_LIST).write_text(json.dumps(sorted(of_system)), encoding="utf-8")
    for name, (release, libraries) in _copy_system_texts(of_system, folder / "licences").items():
        lines.append(f"| {name} | {release} | see its text |")
        parts.append({**_component(name, release, ""), "description": libraries, "purl": f"pkg:deb/{name}@{release}"})
    shared = folder / "licences" / "shared"
    shared.mkdir()
    for text in sorted((PACKAGING / "licences").glob("[a-z]*.txt")):
        if text != carried.TABLE:
            shutil.copyfile(text, shared / text.name)
    python = folder / "licences" / "python"
    python.mkdir()
    shutil.copyfile(_python_licence(), python / "LICENSE.txt")
    lines.append(f"| python | {platform.python_version()} | PSF-2.0 |")
    parts.append({**_component("python", platform.python_version(), "PSF-2.0"), "type": "framework"})
    shutil.copyfile(PACKAGING.parent / "LICENSE", folder / "LICENSE.txt")
    fonts = PACKAGING.parent / "resources" / "fonts" / "OFL.txt"
    (folder / "licences" / "inter").mkdir()
    shutil.copyfile(fonts, folder / "licences" / "inter" / "OFL.txt")
    parts.append({**_component("inter", "4", "OFL-1.1"), "type": "file", "purl": "pkg:generic/inter@4"})
    lines += [
        "| inter (font) | 4 | OFL-1.1 |",
        "",
        "The texts lie in `licences/`. Qt is used as shared libraries under LGPL-3.0: they may be",
        "replaced by your own builds in the folder `PySide6/Qt/lib`.",
        "",
    ]
    (folder / "THIRD-PARTY.md").write_text("\n".join(lines), encoding="utf-8")
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        # The same for the same content: a random one would make every build another.
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(parts) + version)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {**_component("mobilenet-gui", version, "Apache-2.0"), "type": "application"},
        },
        "components": parts,
    }
    (folder / "bom.cdx.json").write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")


def _name(part: metadata.Distribution) -> str:
    return re.sub(r"[-_.]+", "-", part.metadata["Name"]).lower()


def _field(part: metadata.Distribution, name: str) -> str:
    return str(part.metadata[name]) if name in part.metadata else ""


def _licence(part: metadata.Distribution) -> str:
    text = _field(part, "License-Expression") or _field(part, "License")
    if not text or "\n" in text or len(text) > 80:
        kinds = [
            line.rsplit("::", 1)[-1].strip()
            for line in part.metadata.get_all("Classifier") or []
            if "License ::" in line
        ]
        text = ", ".join(kinds) or "see its text"
    return text.strip()


def _copy_texts(part: metadata.Distribution, folder: Path) -> list[Path]:
    """Copy a distribution's licence texts; return where they lie now."""
    copied = []
    for file in part.files or []:
        place = licence_place(PurePosixPath(file.as_posix()))
        source = Path(str(part.locate_file(file)))
        if place is not None and source.is_file():
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            copied.append(Path(shutil.copyfile(source, folder / place)))
    extra: list[Path] = []
    if _name(part) in LGPL:
        extra = [PACKAGING / "licences" / "LGPL-3.0.txt", PACKAGING / "licences" / "GPL-3.0.txt"]
    elif _name(part) in APACHE:
        extra = [PACKAGING.parent / "LICENSE"]
    for source in extra:
        folder.mkdir(parents=True, exist_ok=True)
        copied.append(Path(shutil.copyfile(source, folder / source.name)))
    return copied


def licence_place(file: PurePosixPath) -> PurePosixPath | None:
    """Return where a distribution's licence text goes below its folder; None when the file is no such text.

    What lies in `X.dist-info/licenses` is one whatever its name; two of one name in two folders stay two.
    """
    parts = [part for part in file.parts if part != ".."]
    inside = parts[0].endswith(".dist-info")
    of_licences = inside and "licenses" in parts[1:-1]
    if file.suffix.lower() in NO_TEXT or not (of_licences or LICENCE_FILE.search(file.name)):
        return None
    if inside:
        parts = parts[2:] if len(parts) > 2 and parts[1] == "licenses" else parts[1:]
    return PurePosixPath(*parts)


def _copy_system_texts(libraries: Mapping[str, Path], folder: Path) -> dict[str, tuple[str, str]]:
    """Copy the licences of this system's libraries; return the version and the libraries of each package."""
    found: dict[str, tuple[str, str]] = {}
    for library, path in sorted(libraries.items()):
        package, version = fallback.copy_licence(path, folder)
        before = found.get(package, ("", ""))[1]
        found[package] = (version, f"{before}, {library}" if before else library)
    return found


def _component(name: str, version: str, licence: str, *, spdx: bool = False) -> dict[str, object]:
    if spdx:
        licences: list[dict[str, object]] = [{"expression": licence}]
    elif licence in SPDX:
        licences = [{"license": {"id": licence}}]
    else:
        licences = [{"license": {"name": licence or "see its text"}}]
    return {
        "type": "library",
        "name": name,
        "version": version,
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "purl": f"pkg:pypi/{name}@{version}",
        "licenses": licences,
    }


def _python_licence() -> Path:
    """Return Python's own licence text; systems keep it in different places."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    places = [
        Path(sys.base_prefix) / "lib" / version / "LICENSE.txt",
        Path(sys.base_prefix) / "LICENSE.txt",
        Path("/usr/share/doc") / f"lib{version}-stdlib" / "copyright",
        Path("/usr/share/doc") / version / "copyright",
    ]
    for place in places:
        if place.is_file():
            return place
    raise SystemExit(f"Python's licence text was found in none of {', '.join(map(str, places))}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
