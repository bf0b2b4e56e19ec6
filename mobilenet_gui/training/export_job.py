"""Owns what an export is asked to do and what it tells of itself: the order, and the result of one format."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, cast, get_args

from mobilenet_gui.core.sound_text import is_sound

ExportFormat = Literal["tflite", "tflite-float16", "tflite-int8", "onnx", "keras", "savedmodel", "tfjs"]
"""What a model can be exported as."""

FLOAT_AGREEMENT: Final = 0.995
"""The share of first guesses in which a format with floating point numbers must agree with the program."""
FLOAT_DIFFERENCE: Final = 1e-3
"""By how much a probability of such a format, 16-bit weights included, may differ from the program's at most."""
QUANTIZED_AGREEMENT: Final = 0.98
"""The share of first guesses in which a quantised format must agree with the program."""


@dataclass(frozen=True, slots=True)
class ExportJob:
    """Write a model in other programs' formats, each proved on photos.

    Attributes:
        bundle: the model's folder.
        output: the folder to write into; each format gets a folder of its own in it. Made if it is not there.
        formats: which, without repetition.
        check: photos that the exported files are tried on, best the validation part; the shipped samples when empty.
        calibration: photos that numbers of fewer bits are fitted to and chosen by, best the train part; none of them
            is in `check`. When empty, half of `check` serves for it, or views of the shipped samples.
        replace: an earlier export of the model gives way to the new one once that is finished; otherwise, and where the
            folder holds anything else, the format is not written.
        require_integer: 8 bits throughout or no file: what runs on microcontrollers and on Edge TPUs.
        staging: name of the hidden folder inside `output` that the work is done in; made up by `run_export`.

    The result: `{"results": [ExportResult.to_data(), ...]}`, one a format, in order. Each is also told as an `Exported`
    event as soon as it is there.
    """

    bundle: Path
    output: Path
    formats: tuple[ExportFormat, ...]
    check: tuple[Path, ...] = ()
    calibration: tuple[Path, ...] = ()
    replace: bool = True
    require_integer: bool = False
    staging: str = ".mobilenet-gui-export"
    kind: ClassVar[str] = "export"

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        return {
            "kind": self.kind,
            "bundle": str(self.bundle),
            "output": str(self.output),
            "formats": list(self.formats),
            "check": [str(path) for path in self.check],
            "calibration": [str(path) for path in self.calibration],
            "replace": self.replace,
            "require_integer": self.require_integer,
            "staging": self.staging,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> ExportJob:
        """Read it back.

        Raises:
            ValueError: it is none of ours.
        """
        try:
            formats = tuple(data["formats"])
            staging = data["staging"]
            plain = isinstance(staging, str) and staging.startswith(".") and Path(staging).name == staging
            if not formats or not set(formats) <= set(get_args(ExportFormat)) or not plain:
                raise ValueError(f"not an export: {formats!r}")
            return cls(
                Path(data["bundle"]),
                Path(data["output"]),
                cast("tuple[ExportFormat, ...]", formats),
                tuple(map(Path, data.get("check", ()))),
                tuple(map(Path, data.get("calibration", ()))),
                data.get("replace") is True,
                data.get("require_integer") is True,
                staging,
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not an export: {error!r}") from error


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What came of one format.

    Attributes:
        format: which.
        path: the exported file (a folder for a SavedModel); with its companions it stands in a folder of its own.
            None where nothing was written.
        size_bytes: of `path` alone.
        checked: how many photos both the program and the exported file answered.
        agree: on how many of them the first guesses were the same.
        largest_difference: of any class's probability on any photo, 0-1.
        milliseconds: the exported file's mean time for one photo, without decoding; 0 where it was not tried.
        numbers: how the network counts: `float32`, `float16` (such weights, float32 in between), `int8` (throughout) or
            `int8 weights` (float32 in between).
        preprocessing: how pixels become its input, in words.
        note: what the user should know though it worked, in words; may be empty.
        problem: why there is none, or why it is not to be trusted, in words; empty where all is well.
    """

    format: ExportFormat
    path: Path | None = None
    size_bytes: int = 0
    checked: int = 0
    agree: int = 0
    largest_difference: float = 0.0
    milliseconds: float = 0.0
    numbers: str = "float32"
    preprocessing: str = ""
    note: str = ""
    problem: str = ""

    @property
    def written(self) -> bool:
        """There is a file, be it good or not."""
        return self.path is not None

    @property
    def agreement(self) -> float:
        """Share of photos with the same first guess, 0-1; 0 where none was tried."""
        return self.agree / self.checked if self.checked else 0.0

    @property
    def integer(self) -> bool:
        """Its input, its output and all between are whole numbers: it needs no floating-point unit."""
        return self.numbers in ("int8", "uint8")

    @property
    def quantized(self) -> bool:
        """It counts with fewer bits than the program does, and may differ more."""
        return self.numbers not in ("float32", "float16")

    @property
    def proved(self) -> bool:
        """It answers as the program does, as nearly as its numbers allow."""
        if not self.checked or self.path is None:
            return False
        if self.quantized:
            return self.agreement >= QUANTIZED_AGREEMENT
        return self.largest_difference <= FLOAT_DIFFERENCE and self.agreement >= FLOAT_AGREEMENT

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data for JSON, with `proved` for those who only read."""
        difference = self.largest_difference
        return {
            "format": self.format,
            "path": None if self.path is None else str(self.path),
            "size_bytes": self.size_bytes,
            "checked": self.checked,
            "agree": self.agree,
            "agreement": round(self.agreement, 6),
            "largest_difference": difference if math.isfinite(difference) else None,
            "milliseconds": round(self.milliseconds, 3),
            "numbers": self.numbers,
            "preprocessing": self.preprocessing,
            "note": self.note,
            "problem": self.problem,
            "proved": self.proved,
            "integer": self.integer,
        }

    @classmethod
    def from_data(cls, data: object) -> ExportResult:
        """Read it back.

        Raises:
            ValueError: it is none.
        """
        if not isinstance(data, dict) or data.get("format") not in get_args(ExportFormat):
            raise ValueError("not the result of an export")
        path, difference = data.get("path"), data.get("largest_difference")
        words = [data.get(name) for name in ("numbers", "preprocessing", "note", "problem")]
        if not all(is_sound(text) for text in (words if path is None else [path, *words])):
            raise ValueError("not the result of an export")
        try:
            return cls(
                data["format"],
                None if path is None else Path(path),
                int(data["size_bytes"]),
                int(data["checked"]),
                int(data["agree"]),
                math.nan if difference is None else float(difference),
                float(data["milliseconds"]),
                *map(str, words),
            )
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError("not the result of an export") from error

    def moved(self, folder: Path) -> ExportResult:
        """Return it with the exported file in another folder."""
        return replace(self, path=None if self.path is None else folder / self.path.name)


def results_of(result: dict[str, Any]) -> tuple[ExportResult, ...]:
    """Read the results out of a finished job's result; what is none is left out."""
    rows = result.get("results")
    return tuple(_readable(rows if isinstance(rows, list) else ()))


def _readable(rows: Iterable[object]) -> Iterable[ExportResult]:
    for row in rows:
        try:
            yield ExportResult.from_data(row)
        except ValueError:
            continue
