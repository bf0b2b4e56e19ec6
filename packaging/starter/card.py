"""The words that go with the starter model: the sentences in the window's model list, and the model card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mobilenet_gui.core.bundle import Bundle

MADE = (
    "It was trained from random weights by `packaging/starter` of this program on the 100,000 training photos of Tiny "
    "ImageNet (200 of ImageNet's classes, 64 pixels). A linear classifier on the features of an official MobileNet V2, "
    "itself trained on those photos, taught it with soft targets; no official weight is in it. Licence of the weights: "
    "Apache-2.0."
)
LIMITS = (
    "Everything outside its 200 classes: it always answers with one of them. Fine detail, because it has only ever "
    "seen 64 pixels; several things in one photo; things seen from unusual sides."
)


def percent(share: float) -> str:
    """Return a share with one decimal."""
    return f"{100 * share:.1f} %"


def description(figures: Mapping[str, Any]) -> str:
    """Return what the window says of it."""
    return (
        "Comes with the program, so that it works at once and offline. It tells 200 classes of animals, things and "
        f"food apart and was correct in {percent(figures['top1'])} of {figures['photos']:,} small test photos "
        f"({percent(figures['top5'])} in the first five). It learnt from photos of 64 pixels, so it misses detail, and "
        "it takes whatever it does not know for something it does. The official models know 1,000 classes and are "
        "correct far more often."
    )


def _list(pairs: list[tuple[str, float]]) -> str:
    return ", ".join(f"{name} ({100 * share:.0f} %)" for name, share in pairs)


def _head(figures: Mapping[str, Any], bundle: Bundle) -> list[str]:
    manifest = bundle.manifest
    return [
        "# Starter model",
        "",
        f"Keras' `MobileNet` (V1), width {manifest.alpha:g}, photos of {manifest.input_size} × {manifest.input_size} "
        f"pixels, 200 classes; {(manifest.parameters or 0) / 1e6:.2f} million parameters, "
        f"{(manifest.macs or 0) / 1e6:.0f} million multiply-adds a photo, {figures['size'] / 1e6:.2f} MB with the "
        "weights for fine-tuning. It ships with the program, so that the first photo is recognised without a network, "
        "and is used until an official model is installed.",
        "",
        MADE,
    ]


def _measured(figures: Mapping[str, Any]) -> list[str]:
    lines = [
        "",
        "## Measured",
        "",
        "| on | correct | in the first five |",
        "| --- | ---: | ---: |",
        f"| validation part of Tiny ImageNet, {figures['photos']:,} photos | {percent(figures['top1'])} "
        f"| {percent(figures['top5'])} |",
    ]
    for row in figures["real"]:
        count, first, five = row["count"], row["first"], row["five"]
        lines.append(
            f"| full-size photos of {row['name']}, {count} ({row['seen']} more were left out: it has learnt from them) "
            f"| {first} of {count} | {five} of {count} |"
        )
    lines += [
        "",
        f"Calibration: temperature {figures['temperature']:.2f}, fitted on half of the validation part; on the other "
        f"half the expected calibration error is {percent(figures['error_after'])} ({percent(figures['error_before'])} "
        f"without). {percent(figures['sure_share'])} of the answers reach the 50 % from which the program calls one "
        f"sure; of these {percent(figures['sure_correct'])} are correct. The input's size and crop were chosen on the "
        "validation part, so its figures are a little kind.",
    ]
    if figures["milliseconds"] is not None:
        lines += [
            "",
            f"Speed: {figures['milliseconds']:.2f} ms a photo for the network alone, {figures['threads']} threads of "
            "an AMD EPYC processor.",
        ]
    return lines


def _limits(figures: Mapping[str, Any]) -> list[str]:
    confused = "; ".join(f"{true} for {given}" for true, given, _ in figures["confused"][:5])
    return [
        "",
        "## What it is bad at",
        "",
        f"{LIMITS} Its weakest classes are {_list(figures['worst'])}; its best {_list(figures['best'])}. Most often it "
        f"takes {confused}.",
    ]


def _backbones(compared: Mapping[str, Any]) -> list[str]:
    if not compared:
        return []
    rows = [
        f"| {row['name']} | {row['size']} | {100 * row['mean']:.1f} ± {100 * row['spread']:.1f} % |"
        for row in compared["rows"]
    ]
    head = ["| backbone | photo size | correct |", "| --- | ---: | ---: |"]
    return ["", "## As a backbone for fine-tuning", "", str(compared["about"]), "", *head, *rows]


def text(figures: Mapping[str, Any], bundle: Bundle, compared: Mapping[str, Any]) -> str:
    """Return the card as Markdown.

    Args:
        figures: `evaluate.Figures` as a dictionary.
        bundle: The model.
        compared: What `backbones.py` wrote; may be empty.
    """
    lines = [*_head(figures, bundle), *_measured(figures), *_limits(figures), *_backbones(compared)]
    return "\n".join(lines) + "\n"
