"""Owns what goes with an exported file: `labels.txt`, `preprocessing.json`, `README.txt`, `example.py`, `shown.npz`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from mobilenet_gui.core.bundle import SHOWN_FILE, Bundle, format_labels
from mobilenet_gui.core.bundle_files import read_entry, write_file
from mobilenet_gui.core.labels import BACKGROUND
from mobilenet_gui.core.tensors import Quantization, input_table, quantize
from mobilenet_gui.core.tflite_describe import LABELS_NAME, mean_and_deviation
from mobilenet_gui.core.tflite_edit import last_layer
from mobilenet_gui.core.tflite_graph import parse
from mobilenet_gui.core.types import Label, Normalization
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.example_program import EXAMPLE_NAME, example_program, needs
from mobilenet_gui.training.export_formats import format_title
from mobilenet_gui.training.export_job import ExportResult

PREPROCESSING_NAME: Final = "preprocessing.json"
README_NAME: Final = "README.txt"


@dataclass(frozen=True, slots=True)
class Ends:
    """What goes into an exported network and what comes out.

    Attributes:
        layout: `NHWC` (rows, columns, colours) or `NCHW` (colours, rows, columns).
        dtype: the input's number format.
        quantization: of the input; a scale of 0 where it is a float.
        probabilities: the output needs no softmax.
        temperature: what the output's logits are yet to be divided by; 1 where that is done inside.
        background: output 0 is a class that is never reported.
    """

    layout: str = "NHWC"
    dtype: str = "float32"
    quantization: Quantization = (0.0, 0)
    probabilities: bool = True
    temperature: float = 1.0
    background: bool = False


def one_line(text: str) -> str:
    """Return a label as it can stand in a file with one label a line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()) or "?"


def plain_labels(labels: Sequence[Label]) -> tuple[Label, ...]:
    """Return labels whose texts are one line each."""
    return tuple(
        Label(label.index, one_line(label.id) if label.id else "", one_line(label.name),
              one_line(label.synonyms) if label.synonyms else "")
        for label in labels
    )  # fmt: skip


def labels_text(bundle: Bundle) -> bytes:
    """Return `labels.txt`: one name a line, in the order of the reported classes."""
    return "".join(f"{one_line(label.name)}\n" for label in bundle.labels).encode()


def labels_inside(bundle: Bundle) -> dict[str, bytes]:
    """Return what is put into a .tflite file: a line an output, so also one for a background; and the whole table."""
    first = f"{BACKGROUND}\n".encode() if bundle.manifest.background else b""
    return {"labels.csv": format_labels(plain_labels(bundle.labels)), LABELS_NAME: first + labels_text(bundle)}


def preprocessing_text(normalization: Normalization, ends: Ends) -> str:
    """Return in words how pixels become the network's input."""
    if ends.dtype != "float32":
        return tr("Pixels go in as they are, 0 to 255.")
    words = {
        "minus1_1": tr("Pixels become numbers from -1 to 1: pixel / 127.5 - 1."),
        "zero_1": tr("Pixels become numbers from 0 to 1: pixel / 255."),
        "zero_255": tr("Pixels go in as floating point numbers from 0 to 255; the network scales them itself."),
    }[normalization]
    return words + (" " + tr("Colours come first (NCHW).") if ends.layout == "NCHW" else "")


def preprocessing(bundle: Bundle, result: ExportResult, ends: Ends) -> dict[str, Any]:
    """Return the content of `preprocessing.json`."""
    pre = bundle.preprocessing
    mean, deviation = mean_and_deviation(pre.normalization)
    shape = [1, pre.size, pre.size, 3] if ends.layout == "NHWC" else [1, 3, pre.size, pre.size]
    given: dict[str, Any] = {
        "size": pre.size,
        "layout": ends.layout,
        "shape": shape,
        "type": ends.dtype,
        "colours": "RGB",
        "mean": mean,
        "deviation": deviation,
    }
    if ends.dtype != "float32":
        table = _pixel_table(ends, pre.normalization)
        given["quantization"] = {"scale": ends.quantization[0], "zero_point": ends.quantization[1]}
        given["table"] = table
    return {
        "model": bundle.name,
        "id": bundle.id,
        "file": result.path.name if result.path is not None else "",
        "format": result.format,
        "numbers": result.numbers,
        "input": given,
        "resize": {
            "crop_fraction": pre.crop_fraction,
            "stretch": pre.stretch,
            "filter": "nearest" if pre.stretch else pre.filter,
        },
        "output": {
            "kind": "probabilities" if ends.probabilities else "logits",
            "temperature": ends.temperature,
            "background": ends.background,
            "classes": len(bundle.labels),
        },
        "labels": LABELS_NAME,
    }


def strangers_told(bundle: Bundle, result: ExportResult) -> dict[str, Any] | None:
    """Return what an export's example needs to tell strangers; None where the model does not, or the format cannot.

    What goes into the last layer is read from a .tflite file's own tensor, or from a Keras model's layer. ONNX files
    and SavedModels give probabilities alone.
    """
    if not bundle.tells_strangers or result.path is None or result.format in {"onnx", "savedmodel"}:
        return None
    if result.format == "keras":
        return {"file": SHOWN_FILE}
    last = last_layer(parse(result.path.read_bytes(), bundle.name))
    return None if last is None else {"file": SHOWN_FILE, "tensor": int(last.inputs[0])}


def _pixel_table(ends: Ends, normalization: Normalization) -> list[int]:
    """Return what each pixel value becomes in an 8-bit input."""
    dtype = np.dtype(ends.dtype)
    table = input_table(dtype, ends.quantization, normalization)
    if table is None:
        table = quantize(np.arange(256, dtype=np.float32), (0.0, 0), dtype)
    return [int(value) for value in table]


def write_companions(folder: Path, bundle: Bundle, result: ExportResult, ends: Ends) -> None:
    """Write everything that goes with an exported file into its folder.

    Raises:
        OSError: the disk refused.
    """
    given = preprocessing(bundle, result, ends)
    strangers = strangers_told(bundle, result)
    if strangers is not None:
        given["strangers"] = strangers
    about = json.dumps(given, indent=2, ensure_ascii=False, allow_nan=False)
    files = {
        LABELS_NAME: labels_text(bundle),
        PREPROCESSING_NAME: f"{about}\n".encode(),
        README_NAME: readme(bundle, result, ends, strangers=strangers is not None).encode(),
        EXAMPLE_NAME: example_program(result.format).encode(),
    }
    if strangers is not None:
        files[SHOWN_FILE] = read_entry(bundle.folder, bundle.manifest.files["shown"])
    for name, content in files.items():
        write_file(folder / name, lambda out, content=content: out.write(content))  # type: ignore[misc]


def readme(bundle: Bundle, result: ExportResult, ends: Ends, *, strangers: bool = False) -> str:
    """Return `README.txt`: what this is, how to use it, how it was proved."""
    pre = bundle.preprocessing
    title = f"{one_line(bundle.name)}: {format_title(result.format)}"
    if pre.stretch:
        crop = tr("The whole photo is squeezed to {size} x {size} pixels (nearest neighbour).")
    else:
        crop = tr(
            "The central square of the photo, {share} % of its short side, is resized to {size} x {size} pixels "
            "({filter}, antialiased)."
        )
    crop = crop.format(size=pre.size, share=f"{pre.crop_fraction * 100:g}", filter=pre.filter)
    output = (
        tr("The output is one probability for each line of labels.txt, in that order.")
        if ends.probabilities
        else tr("The output is one logit for each line of labels.txt, in that order; their softmax are probabilities.")
    )
    if ends.background:
        output += " " + tr("Output 0 stands for the background and has no line.")
    if ends.temperature != 1:
        output += " " + tr("It is calibrated by a temperature of {value}; see example.py.").format(
            value=f"{ends.temperature:.4g}"
        )
    parts = [
        title,
        "=" * len(title),
        "",
        tr("Model file: {file} ({numbers})").format(
            file=result.path.name if result.path else "", numbers=result.numbers
        ),
        "",
        tr("Try it:"),
        f"  {needs(result.format)}",
        f"  python {EXAMPLE_NAME} PHOTO.jpg",
        "",
        tr("Input:"),
        f"  {crop}",
        f"  {result.preprocessing}",
        "  " + tr("preprocessing.json says the same for programs."),
        "",
        tr("Output:"),
        f"  {output}",
        *([f"  {_stranger_words(strangers)}"] if bundle.tells_strangers else []),
        "",
        tr("Proof:"),
        f"  {proof(result)}",
    ]
    parts += [f"  {text}" for text in (result.note, result.problem) if text]
    if bundle.manifest.licence:
        parts += ["", tr("Licence: {licence}").format(licence=one_line(bundle.manifest.licence))]
    return "\n".join(parts) + "\n"


def _stranger_words(told: bool) -> str:
    if told:
        return tr("shown.npz is what the model was shown; example.py says where a photo is unlike all of that.")
    return tr("This format gives probabilities alone, so nothing tells where a photo is unlike anything it was shown.")


def proof(result: ExportResult) -> str:
    """Return in words how the exported file compares with the program."""
    if not result.checked:
        return tr("It was not tried on photos.")
    text = trn(
        "It was tried on {n} photo and gave the program's first guess on {agree}.",
        "It was tried on {n} photos and gave the program's first guess on {agree} of them.",
        result.checked,
    ).replace("{agree}", str(result.agree))
    largest = tr("No probability differed by more than {difference}.").format(
        difference=f"{result.largest_difference:.2g}"
    )
    return f"{text} {largest}"
