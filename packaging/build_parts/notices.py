"""Writes the licences and the bill of materials of what a package carries: notices.py FOLDER VERSION EPOCH.

Run with the build environment's Python: what is installed there, less the tools that only build, is what is shipped.
The bill is CycloneDX 1.6, JSON.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import sys
import uuid
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

PACKAGING = Path(__file__).resolve().parents[1]
BUILD_TOOLS = frozenset(
    {"altgraph", "libclang", "macholib", "packaging", "pefile", "pip", "pyinstaller", "pyinstaller-hooks-contrib"}
    | {"pywin32-ctypes", "setuptools", "wheel"}
)
LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice|copyright|authors)", re.IGNORECASE)
APACHE = ("flatbuffers", "tensorflow", "tensorflow-cpu")
QT = ("pyside6-essentials", "shiboken6")


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
        parts.append(_component(name, part.version, licence))
    python = folder / "licences" / "python"
    python.mkdir()
    shutil.copyfile(_python_licence(), python / "LICENSE.txt")
    lines.append(f"| python | {platform.python_version()} | PSF-2.0 |")
    parts.append({**_component("python", platform.python_version(), "PSF-2.0"), "type": "framework"})
    shutil.copyfile(PACKAGING.parent / "LICENSE", folder / "LICENSE.txt")
    fonts = PACKAGING.parent / "resources" / "fonts" / "OFL.txt"
    (folder / "licences" / "inter").mkdir()
    shutil.copyfile(fonts, folder / "licences" / "inter" / "OFL.txt")
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
    wanted = [
        f
        for f in part.files or []
        if LICENCE_FILE.search(f.name) and f.suffix.lower() not in {".py", ".pyc", ".h", ".so"}
    ]
    extra: list[Path] = []
    if _name(part) in QT:
        extra = [PACKAGING / "licences" / "LGPL-3.0.txt", PACKAGING / "licences" / "GPL-3.0.txt"]
    elif _name(part) in APACHE:
        extra = [PACKAGING.parent / "LICENSE"]
    sources = [
        (Path(str(part.locate_file(file))), "-".join(file.parts[-2:]) if len(file.parts) > 2 else file.name)
        for file in wanted
    ]
    for source, name in [*sources, *((path, path.name) for path in extra)]:
        if source.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            copied.append(Path(shutil.copyfile(source, folder / name)))
    return copied


def _component(name: str, version: str, licence: str) -> dict[str, object]:
    kind = "expression" if re.fullmatch(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*", licence) else "name"
    licences = [{"expression": licence}] if kind == "expression" else [{"license": {"name": licence}}]
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
