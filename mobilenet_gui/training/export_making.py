"""Owns making each export format and trying it: from a bundle to a file and the figures of its proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.bundle_files import write_file
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.phases import Phase
from mobilenet_gui.core.tflite_describe import Description, metadata
from mobilenet_gui.core.tflite_edit import only_first_output, scale_logits, with_metadata
from mobilenet_gui.core.tflite_graph import Graph, parse
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import export_check as check
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.export_companions import (
    Ends,
    labels_inside,
    one_line,
    preprocessing,
    preprocessing_text,
)
from mobilenet_gui.training.export_job import (
    FLOAT_AGREEMENT,
    FLOAT_DIFFERENCE,
    QUANTIZED_AGREEMENT,
    ExportFormat,
    ExportJob,
    ExportResult,
)
from mobilenet_gui.training.own_weights import holds_halves

if TYPE_CHECKING:
    from mobilenet_gui.training.export_keras import Network

_GOOD_FIRST_TRY: Final = 0.995
"""An 8-bit network that agrees as often as this on photos is left as the converter made it."""
_GOOD_WEIGHTS: Final = 0.99
"""How often one with 8-bit weights is to agree on the photos it is chosen by, so that it is often enough on others."""
_MOST_CHOSEN_BY: Final = 200
_ENOUGH_TO_DIVIDE: Final = 20
"""As many photos are divided into those that numbers are fitted to and those that the file is tried on."""
_SAVED_MODEL: Final = "saved_model"
_HALF_AIM: Final = 0.6 * FLOAT_DIFFERENCE
"""What 16-bit weights are to keep to on the photos at hand, so that others stay within the bound."""


class Maker:
    """Makes one format after the other; what several need is made once.

    What is a matter of choice (8 bits throughout or for the weights alone, how many weights stay whole) is chosen by
    other photos than those that prove the file, or the proof would flatter.

    Attributes:
        on_samples: it was tried on the photos that ship with the program, for want of others.
    """

    def __init__(self, job: ExportJob, bundle: Bundle, control: Control, say: Callable[[Phase, float], None]) -> None:
        """Take what to export, and who is told the step and the share of the format that is done."""
        self._job, self._bundle, self._control, self._say = job, bundle, control, say
        self._network: Network | None = None
        self._check: check.CheckSet | None = None
        self._chosen_by: check.CheckSet | None = None
        self._samples: check.CheckSet | None = None
        self._calibration: Pixels | None = None
        self._fitted_to: Pixels | None = None
        self._on_views = False
        self._proving, self._fitting = _apart(job)
        self.on_samples = not job.check

    def make(self, kind: ExportFormat, folder: Path) -> tuple[ExportResult, Ends]:
        """Write one format into `folder` and try it.

        Raises:
            ModelError: it cannot be made.
            OSError: the disk refused.
            Cancelled: it is to stop.
        """
        name = self._bundle.id
        if kind == "tflite":
            return self._own_tflite(folder / f"{name}.tflite")
        if kind == "tflite-float16":
            return self._half(folder / f"{name}-float16.tflite")
        if kind == "tflite-int8":
            return self._quantized(folder / f"{name}-int8.tflite")
        if kind == "onnx":
            return self._onnx(folder / f"{name}.onnx")
        if kind == "keras":
            return self._keras(folder / f"{name}.keras")
        return self._saved_model(folder / _SAVED_MODEL)

    def _own_tflite(self, path: Path) -> tuple[ExportResult, Ends]:
        """Take the bundle's network as it is, with one output, its calibration worked in, and metadata."""
        graph, temperature = self._own_network()
        quantized = graph.input.dtype.kind != "f"
        numbers = graph.input.dtype.name if quantized else "float16" if holds_halves(graph) else "float32"
        data = self._described(graph.data, quantized=quantized, probabilities=self._softmax_inside)
        answer, ends = self._open_own(data, temperature)
        return self._finished(ExportResult("tflite", path, numbers=numbers), ends, answer, lambda: _write(path, data))

    def _own_network(self) -> tuple[Graph, float]:
        """Return the bundle's network with one output, and the temperature that could not be worked into it, or 1."""
        bundle = self._bundle
        graph = only_first_output(bundle.tflite_bytes(), bundle.name)
        if bundle.temperature != 1 and (scaled := scale_logits(graph, 1 / bundle.temperature)) is not None:
            return parse(scaled, bundle.name), 1.0
        return graph, bundle.temperature

    def _open_own(self, data: bytes, temperature: float) -> tuple[check.Answer, Ends]:
        """Load a file made from the bundle's own network."""
        return check.open_tflite(
            data,
            self._bundle,
            probabilities=self._softmax_inside,
            temperature=temperature,
            background=self._bundle.manifest.background,
        )

    @property
    def _softmax_inside(self) -> bool:
        return self._bundle.manifest.output == "probabilities"

    def _in_eight_bits(self) -> bytes:
        from mobilenet_gui.training import export_keras

        data = export_keras.tflite(self._keras_network(), "int8", self._calibration_pixels())
        return self._described(data, quantized=True, probabilities=True)

    def _tried_tflite(self, kind: ExportFormat, numbers: str, data: bytes, path: Path) -> tuple[ExportResult, Ends]:
        answer, ends = check.open_tflite(data, self._bundle)
        return self._finished(ExportResult(kind, path, numbers=numbers), ends, answer, lambda: _write(path, data))

    def _half(self, path: Path) -> tuple[ExportResult, Ends]:
        """Take 16 bits for as many weights as the program's probabilities allow."""
        from mobilenet_gui.training.narrow_weights import WHOLE_SHARES, narrow

        self._say(Phase.CONVERT, 0.1)
        graph, temperature = self._own_network()
        halves = narrow(graph, self._photos_for_rounding(), self._bundle.preprocessing.normalization, self._control)
        for share in WHOLE_SHARES:
            kept = halves.kept(share)
            data = self._described(halves.file(kept), quantized=False, probabilities=self._softmax_inside)
            answer, ends = self._open_own(data, temperature)
            tried = self._tried_where_it_is_chosen(answer)
            near = max(tried.largest_difference, self._largest_elsewhere(answer)) <= _HALF_AIM
            if (near and tried.agreement >= FLOAT_AGREEMENT) or not tried.checked:
                break
        numbers = "float16" if kept < halves.count or holds_halves(graph) else "float32"
        note = _whole_weights(halves.share(kept)) if share != WHOLE_SHARES[0] else ""
        started = ExportResult("tflite-float16", path, numbers=numbers, note=note)
        return self._finished(started, ends, answer, lambda: _write(path, data))

    def _photos_for_rounding(self) -> Pixels:
        """Return photos of the model's own kind and others, for it will be shown others, too."""
        try:
            own = self._calibration_pixels()
            others = check.read_pixels(
                check.sample_photos(), self._bundle.preprocessing, check.MOST_CALIBRATION, self._control
            )
            return np.concatenate([own, check.calibration_pixels(others)])
        except ModelError:  # none can be read, so weights become the nearest numbers
            return np.zeros((0, 0, 0, 3), np.uint8)

    def _largest_elsewhere(self, answer: check.Answer) -> float:
        """Return the largest difference to be expected on other photos than those at hand."""
        undecided = check.largest_if_undecided(answer, self._choice_set(), self._control)
        if self._samples is None:
            self._samples = check.check_set(self._bundle, check.sample_photos(), self._control)
        there = check.compare(ExportResult("tflite"), answer, self._samples, self._control).largest_difference
        return max(undecided, there)

    def _refined(self, data: bytes) -> bytes:
        """Round the weights anew, as photos show it is best, and return whichever file agrees better."""
        from mobilenet_gui.training import export_keras
        from mobilenet_gui.training.rounding import refine

        before = self._agreement(data)
        if before.agreement >= _GOOD_FIRST_TRY or not before.checked:
            return data
        self._say(Phase.CONVERT, 0.5)
        network = self._keras_network()
        exact = export_keras.tflite(network, "float32")
        better = refine(exact, data, self._calibration_pixels(), network.normalization, self._control)
        if better is None:
            return data
        after = self._agreement(better)
        good = (after.agree, -after.largest_difference) > (before.agree, -before.largest_difference)
        return better if good else data

    def _quantized(self, path: Path) -> tuple[ExportResult, Ends]:
        """Take 8 bits throughout; where that disagrees too much, for the weights alone."""
        self._say(Phase.CONVERT, 0.1)
        self._calibration_pixels()
        try:
            data = self._refined(self._in_eight_bits())
        except ModelError:
            throughout: ExportResult | None = None
            reason = tr("TensorFlow's converter cannot write it with 8 bits throughout.")
        else:
            throughout = self._agreement(data)
            if throughout.agreement >= QUANTIZED_AGREEMENT or not throughout.checked:
                found = self._tried_tflite("tflite-int8", "int8", data, path)
                if found[0].agreement >= QUANTIZED_AGREEMENT or not found[0].checked:
                    return found
                path.unlink()
            reason = tr("With 8 bits throughout it agreed with the program on too few photos.")
        if self._job.require_integer:
            raise ModelError(self._bundle.name, reason)
        return self._eight_bit_weights(path.with_name(f"{self._bundle.id}-int8-weights.tflite"), reason)

    def _eight_bit_weights(self, path: Path, reason: str) -> tuple[ExportResult, Ends]:
        """Let the network count in float32, with 8 bits for as many weights as the program's answers allow."""
        from mobilenet_gui.training import export_keras
        from mobilenet_gui.training.narrow_weights import WHOLE_BESIDE_8_BITS, narrow

        self._say(Phase.CONVERT, 0.7)
        network = self._keras_network()
        graph = parse(export_keras.tflite(network, "float32"), self._bundle.name)
        layers = narrow(graph, self._photos_for_rounding(), network.normalization, self._control, "int8")
        for share in WHOLE_BESIDE_8_BITS:
            kept = layers.kept(share)
            data = self._described(layers.file(kept), quantized=False, probabilities=True)
            tried = self._agreement(data)
            if tried.agreement >= _GOOD_WEIGHTS or not tried.checked:
                break
        result, ends = self._tried_tflite("tflite-int8", "int8 weights", data, path)
        note = tr(
            "So it counts in floating point, input and output too, with 8 bits for {share} % of its weights: not for "
            "microcontrollers or Edge TPUs."
        )
        words = note.format(share=f"{(1 - layers.share(kept)) * 100:.0f}")
        return replace(result, note=f"{reason} {words}"), ends

    def _agreement(self, data: bytes) -> ExportResult:
        """Return how a .tflite file answers on the photos that it is chosen by."""
        return self._tried_where_it_is_chosen(check.open_tflite(data, self._bundle)[0])

    def _tried_where_it_is_chosen(self, answer: check.Answer) -> ExportResult:
        return check.compare(ExportResult("tflite"), answer, self._choice_set(), self._control)

    def _keras(self, path: Path) -> tuple[ExportResult, Ends]:
        from mobilenet_gui.training import export_keras

        network = self._keras_network()
        export_keras.write_keras(network, path)
        answer = export_keras.open_keras(path, network.normalization)
        return self._finished(ExportResult("keras", path), Ends(), answer, lambda: None, framework=True)

    def _saved_model(self, path: Path) -> tuple[ExportResult, Ends]:
        from mobilenet_gui.training import export_keras

        network = self._keras_network()
        export_keras.write_saved_model(network, path)
        answer = export_keras.open_saved_model(path, network.normalization)
        return self._finished(ExportResult("savedmodel", path), Ends(), answer, lambda: None, framework=True)

    def _onnx(self, path: Path) -> tuple[ExportResult, Ends]:
        from mobilenet_gui.training import onnx_export

        network, bundle = self._keras_network(), self._bundle
        ends, result = Ends(layout="NCHW"), ExportResult("onnx", path)
        self._say(Phase.CONVERT, 0.4)
        data = onnx_export.to_onnx(
            network.model,
            network.size,
            len(bundle.labels),
            description=self._about,
            properties={
                "name": bundle.name,
                "licence": bundle.manifest.licence,
                "labels": [one_line(label.name) for label in bundle.labels],
                "preprocessing": preprocessing(bundle, result, ends),
            },
        )
        answer = onnx_export.open_onnx(data, network.normalization)
        return self._finished(result, ends, answer, lambda: _write(path, data))

    def _finished(
        self,
        result: ExportResult,
        ends: Ends,
        answer: check.Answer,
        write: Callable[[], None],
        *,
        framework: bool = False,
    ) -> tuple[ExportResult, Ends]:
        """Write the file, if that is yet to be done, and compare its answers with the program's."""
        write()
        self._say(Phase.COMPARE, 0.6)
        text = preprocessing_text(self._bundle.preprocessing.normalization, ends)
        size = 0 if result.path is None else _size_of(result.path)
        result = replace(result, size_bytes=size, preprocessing=text)
        result = check.compare(result, answer, self._check_set(), self._control, batch=check.batch_of(framework))
        return result, ends

    def _keras_network(self) -> Network:
        if self._network is None:
            self._say(Phase.BUILD, 0.05)
            from mobilenet_gui.training import export_keras

            self._network = export_keras.load_network(self._bundle)
        return self._network

    def _check_set(self) -> check.CheckSet:
        if self._check is None:
            photos = self._proving or check.sample_photos()
            found = check.check_set(self._bundle, photos, self._control)
            if not len(found) and self._job.check:  # not one of them can be read any more
                self.on_samples = True
                found = check.check_set(self._bundle, check.sample_photos(), self._control)
            self._check = found
        return self._check

    def _choice_set(self) -> check.CheckSet:
        """Return views of the photos that numbers are fitted to, with the program's answers.

        Mirrored ones and cuts: of the photos themselves, which it was trained on, it is surer than of any other, and
        an error that would turn the answer elsewhere turns none there.
        """
        if self._chosen_by is None:
            found = self._fitting_photos()
            views = check.varied(found, _MOST_CHOSEN_BY) if len(found) else found
            self._chosen_by = check.answered(self._bundle, views, self._control)
        return self._chosen_by

    def _calibration_pixels(self) -> Pixels:
        if self._calibration is None:
            found = self._fitting_photos()
            if not len(found):
                raise ModelError(
                    self._bundle.name, tr("Numbers of 8 bits are fitted to photos, and none of them can be read.")
                )
            if self._on_views:
                self._calibration = check.varied(found, check.ENOUGH_CALIBRATION)
            else:
                self._calibration = check.calibration_pixels(found)
        return self._calibration

    def _fitting_photos(self) -> Pixels:
        """Return the photos that numbers are fitted to, or, for want of such, the samples, to be seen in views only."""
        if self._fitted_to is None:
            pre, most = self._bundle.preprocessing, check.MOST_CALIBRATION
            found = check.read_pixels(self._fitting, pre, most, self._control)
            self._on_views = not len(found)
            self._fitted_to = (
                check.read_pixels(check.sample_photos(), pre, most, self._control) if self._on_views else found
            )
        return self._fitted_to

    def _described(self, data: bytes, *, quantized: bool, probabilities: bool) -> bytes:
        manifest = self._bundle.manifest
        about = Description(
            name=self._bundle.name,
            text=self._about,
            licence=manifest.licence,
            size=manifest.input_size,
            normalization=manifest.preprocessing.normalization,
            quantized=quantized,
            probabilities=probabilities,
        )
        return with_metadata(data, metadata(about), labels_inside(self._bundle))

    @property
    def _about(self) -> str:
        return self._bundle.manifest.description or tr("A photo classifier, exported by MobileNet GUI.")


def _apart(job: ExportJob) -> tuple[Sequence[Path], Sequence[Path]]:
    """Return the photos that prove an export, and the others that its numbers are fitted to and chosen by."""
    if job.calibration or len(job.check) < _ENOUGH_TO_DIVIDE:
        return job.check, job.calibration
    return job.check[::2], job.check[1::2]


def _whole_weights(share: float) -> str:
    if share == 1:
        return tr("All its weights keep 32 bits: with 16 its probabilities would not be the program's.")
    return tr("{share} % of its weights keep 32 bits, so that its probabilities are the program's.").format(
        share=f"{share * 100:.0f}"
    )


def _write(path: Path, data: bytes) -> None:
    write_file(path, lambda out: out.write(data))


def _size_of(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(entry.stat().st_size for entry in path.rglob("*") if entry.is_file())
