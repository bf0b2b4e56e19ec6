"""Owns what is known of the export formats before anything is exported: their names, uses, sizes, and what they need.

TensorFlow.js is listed and never to be had: its converter (tensorflowjs 4.22, the last) takes TensorFlow back to 2.19
and NumPy below 2.2 and brings JAX, Flax and decision forests along, so it cannot live beside this program's TensorFlow;
its last release without such bounds, 3.18, does not start, for it uses names that NumPy 1.24 removed. And an exported
file could not be proved, because nothing on a user's machine runs it. TensorFlow Lite and ONNX run in browsers, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

from mobilenet_gui.i18n import tr
from mobilenet_gui.training.export_job import ExportFormat

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import Bundle

ALL_FORMATS: Final[tuple[ExportFormat, ...]] = get_args(ExportFormat)
_BYTES_A_WEIGHT: Final[dict[ExportFormat, float]] = {
    "tflite": 4.0,
    "tflite-float16": 2.2,
    "tflite-int8": 1.15,
    "onnx": 4.0,
    "keras": 4.15,
    "savedmodel": 4.5,
    "tfjs": 4.0,
}


@dataclass(frozen=True, slots=True)
class FormatInfo:
    """One format as a row of a list shows it.

    Attributes:
        format: which.
        title: its name.
        purpose: what it is good for, in a few words.
        estimated_bytes: about how large the exported file will be; 0 where unknown.
        unavailable: why this model cannot be exported so, in a sentence; empty where it can.
        caveat: what may come out otherwise than somebody expects, in a sentence; may be empty.
    """

    format: ExportFormat
    title: str
    purpose: str
    estimated_bytes: int = 0
    unavailable: str = ""
    caveat: str = ""


def format_title(kind: ExportFormat) -> str:
    """Return a format's name."""
    return {
        "tflite": tr("TensorFlow Lite"),
        "tflite-float16": tr("TensorFlow Lite, 16 bit"),
        "tflite-int8": tr("TensorFlow Lite, 8 bit"),
        "onnx": tr("ONNX"),
        "keras": tr("Keras"),
        "savedmodel": tr("SavedModel"),
        "tfjs": tr("TensorFlow.js"),
    }[kind]


def format_purpose(kind: ExportFormat) -> str:
    """Return what a format is good for."""
    return {
        "tflite": tr("Android, iOS and small devices"),
        "tflite-float16": tr("Half the size, for phones with a graphics chip"),
        "tflite-int8": tr("A quarter of the size; integer where possible"),
        "onnx": tr("Servers, Windows, Linux and the web"),
        "keras": tr("For more training in Python"),
        "savedmodel": tr("TensorFlow programs and servers"),
        "tfjs": tr("Web pages"),
    }[kind]


def format_caveat(kind: ExportFormat) -> str:
    """Return what is only known once the file has been tried; empty for most formats."""
    if kind != "tflite-int8":
        return ""
    return tr(
        "Where 8 bits throughout would answer differently, the weights alone take 8 bits, with floating-point input "
        "and output: not for Edge TPUs or microcontrollers."
    )


def unavailable_reason(kind: ExportFormat, bundle: Bundle) -> str:
    """Return why `bundle` cannot be exported as `kind`, in a sentence; empty where it can."""
    if bundle.is_backbone:
        return tr("This model has no classifier. Fine-tune it first.")
    if kind == "tfjs":
        return tr(
            "Its converter needs an older TensorFlow than this program. TensorFlow Lite and ONNX run in web pages, too."
        )
    if kind != "tflite" and not bundle.trainable:
        return tr("This model came as a .tflite file, so it can be exported as TensorFlow Lite only.")
    return ""


def formats_for(bundle: Bundle) -> tuple[FormatInfo, ...]:
    """Return all formats as they are for one model, in the order to show them."""
    weights = bundle.manifest.parameters or 0
    shown: Sequence[ExportFormat] = ALL_FORMATS
    return tuple(
        FormatInfo(
            kind,
            format_title(kind),
            format_purpose(kind),
            round(weights * _BYTES_A_WEIGHT[kind]),
            unavailable_reason(kind, bundle),
            format_caveat(kind),
        )
        for kind in shown
    )
