"""The words that go with the starter model: the sentence in the window's model list, and the model card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mobilenet_gui.core.bundle import Bundle


def percent(share: float) -> str:
    """One decimal."""
    return f"{100 * share:.1f} %"


def description(figures: Mapping[str, Any]) -> str:
    """What the window says of it."""
    return (
        "Comes with the program, so that it works at once and offline. It knows 200 everyday animals, things and foods "
        f"and was correct in {percent(figures['top1'])} of {figures['photos']:,} small test photos "
        f"({percent(figures['top5'])} in five). It learnt from photos of only 64 pixels, so it misses detail: breeds, "
        "small or thin things, and anything outside its 200 classes. The official models know 1,000 classes and are "
        "correct far more often."
    )


def _list(pairs: list[tuple[str, float]]) -> str:
    return ", ".join(f"{name} ({100 * share:.0f} %)" for name, share in pairs)


def text(figures: Mapping[str, Any], bundle: Bundle, backbones: Mapping[str, Any]) -> str:
    """The card as Markdown.

    Args:
        figures: `evaluate.Figures` as a dictionary.
        bundle: The model.
        backbones: What `backbones.py` wrote; may be empty.
    """
    manifest = bundle.manifest
    size = manifest.input_size
    lines = [
        "# Starter model",
        "",
        f"Keras' `MobileNet` (V1), width {manifest.alpha:g}, photos of {size} × {size} pixels, 200 classes; "
        f"{(manifest.parameters or 0) / 1e6:.2f} million parameters, {(manifest.macs or 0) / 1e6:.0f} million "
        f"multiply-adds a photo, {figures['size'] / 1e6:.2f} MB with the weights for fine-tuning. It ships with the "
        "program, so that the first photo is recognised without a network, and is used until an official model is installed.",
        "",
        "It was trained from random weights by `packaging/starter` of this program on the 100,000 training photos of Tiny ImageNet "
        "(200 of ImageNet's classes, 64 pixels). A new linear classifier on the features of an official MobileNet V2 "
        "taught it with soft targets; no official weight is in it. Licence of the weights: Apache-2.0.",
        "",
        "## Measured",
        "",
        "| on | correct | in the first five |",
        "| --- | ---: | ---: |",
        f"| validation part of Tiny ImageNet, {figures['photos']:,} photos | {percent(figures['top1'])} | {percent(figures['top5'])} |",
    ]
    if figures["real_count"]:
        count = figures["real_count"]
        lines.append(
            f"| real photos of its classes that it never saw, {count} | {figures['real_top1']} of {count} | {figures['real_top5']} of {count} |"
        )
    lines += [
        "",
        f"Calibration: temperature {figures['temperature']:.2f}, fitted on half of the validation part; on the other half "
        f"the expected calibration error is {percent(figures['error_after'])} ({percent(figures['error_before'])} without). "
        f"Answers from {100 * figures['sure_from']:.0f} % up count as sure: {percent(figures['sure_share'])} of the answers, of "
        f"which {percent(figures['sure_correct'])} are correct. All these photos were chosen by nobody for this program, but the "
        "input's size was chosen on the validation part, so its figures are a little kind.",
    ]
    if figures["milliseconds"] is not None:
        lines += [
            "",
            f"Speed: {figures['milliseconds']:.2f} ms a photo for the network alone, {figures['threads']} threads of an AMD EPYC processor.",
        ]
    lines += [
        "",
        "## What it is bad at",
        "",
        "Everything outside its 200 classes: it always answers with one of them. Fine detail, because it has only ever seen 64 pixels; "
        "several things in one photo; things seen from unusual sides. "
        f"Its weakest classes are {_list(figures['worst'])}; its best {_list(figures['best'])}. Most often it takes "
        + "; ".join(f"{a} for {b}" for a, b, _ in figures["confused"][:5])
        + ".",
    ]
    if backbones:
        lines += [
            "",
            "## As a backbone for fine-tuning",
            "",
            f"{backbones['about']}",
            "",
            "| backbone | photo size | correct |",
            "| --- | ---: | ---: |",
            *(
                f"| {row['name']} | {row['size']} | {100 * row['mean']:.1f} ± {100 * row['spread']:.1f} % |"
                for row in backbones["rows"]
            ),
        ]
    return "\n".join(lines) + "\n"
