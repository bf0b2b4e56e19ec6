"""Owns asking a network: photo in, typed answer out. The `Recognizer` protocol and its LiteRT implementation.

Everything between pixels and probabilities is here: the input's number format, the output's, the background class of
1001-way networks, calibration and the order of the top five. Decoding and cropping are `imaging`'s.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core import imaging, trial
from mobilenet_gui.core.bundle import SHOWN_FILE, Bundle
from mobilenet_gui.core.bundle_files import damaged
from mobilenet_gui.core.confidence import calibrate, softmax
from mobilenet_gui.core.cores import default_threads
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.explain import through
from mobilenet_gui.core.litert import invoke, load_interpreter
from mobilenet_gui.core.strangers import Likening
from mobilenet_gui.core.tensors import dequantize, input_table, is_plain_minus1_1
from mobilenet_gui.core.types import Label, Likeness, Pixels, Prediction, Recognition, Timing
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from mobilenet_gui.core.imaging import DecodedPhoto

Floats = NDArray[np.float32]


class Recognizer(Protocol):
    """Answers for photos. Not for two threads at the same moment unless the implementation says so."""

    @property
    def bundle(self) -> Bundle:
        """The model that answers."""

    @property
    def precision(self) -> Literal["float", "int8"]:
        """What its network counts in."""

    def recognize(self, photo: DecodedPhoto | Pixels, *, top_k: int = 5, want_features: bool = False) -> Recognition:
        """Return the `top_k` most probable classes, and the last feature map where asked for and present."""

    def probabilities(self, pixels: Pixels, *, want_features: bool = False) -> tuple[Floats, Floats | None]:
        """Return one probability a reported class for pixels that are already cropped and resized."""

    @property
    def knows_strangers(self) -> bool:
        """It tells how like a photo is to what the model was shown."""

    def likeness(self, features: Floats) -> Likeness | None:
        """Return how like a photo is to what the model was shown, by its last feature map; None where nobody knows."""

    def close(self) -> None:
        """Let the network go. Later calls are an error; closing twice is not."""


class LiteRTRecognizer:
    """A network in LiteRT. Loaded from memory: its folder may vanish while it is in use.

    Calls from several threads are put in a row.

    Attributes:
        bundle: the model that answers.
        precision: what its network counts in; `float` also where the bundle's twin turned out to be damaged.
    """

    def __init__(self, bundle: Bundle, threads: int | None = None, *, untried: bool = False) -> None:
        """Load the network of `bundle`, after it has stood its trial in a process of its own.

        Args:
            bundle: the model; a backbone is refused.
            threads: how many threads the network may use; by default `default_threads()`.
            untried: this process may be lost, or the network was made in it: take it as it is.

        Raises:
            ModelError: the bundle is a backbone, damaged, failed its trial, or LiteRT cannot run it.
        """
        self.bundle = bundle
        self._lock = threading.Lock()
        if not untried:
            trial.ensure(bundle)
        self._logits = bundle.manifest.output == "logits"
        if not self._load_twin(threads or default_threads()):
            self._interpreter: Any = load_interpreter(bundle.tflite_bytes(), bundle.name, threads or default_threads())
            self._read_details()
        self.precision: Literal["float", "int8"] = "float" if self._input.dtype == np.float32 else "int8"
        shown = bundle.shown()
        head = None if shown is None else bundle.head()
        self._hidden = head.layers[:-1] if head is not None else ()
        self._likening: Likening | None = None
        if shown is not None and head is not None:
            if shown.channels != head.layers[-1].kernel.shape[0]:
                raise damaged(str(bundle.folder), SHOWN_FILE)
            self._likening = Likening(shown, bundle.labels)

    @property
    def knows_strangers(self) -> bool:
        """It tells how like a photo is to what the model was shown."""
        return self._likening is not None

    def likeness(self, features: Floats) -> Likeness | None:
        """Return how like a photo is to what the model was shown; None where the model does not know.

        Args:
            features: the last feature map, shape (rows, columns, channels).
        """
        if self._likening is None:
            return None
        values = np.einsum("ijk->k", features) / np.float32(features.shape[0] * features.shape[1])
        return self._likening.likeness(through(self._hidden, values))

    def recognize(
        self, photo: DecodedPhoto | Pixels, *, top_k: int = 5, want_features: bool = False, decode_ms: float = 0.0
    ) -> Recognition:
        """Recognise one photo.

        Args:
            photo: a decoded photo, or RGB pixels of any size, shape (height, width, 3).
            top_k: how many classes to return, at least 1; more than there are gives all.
            want_features: also return the last feature map for `explain`, where the model has one.
            decode_ms: what decoding took, to be passed on in the answer's timing.
        """
        start = time.perf_counter()
        prepared = imaging.prepare(photo, self.bundle.preprocessing)
        ready = time.perf_counter()
        wanted = want_features or self.knows_strangers
        scores, features = self.probabilities(prepared.pixels, want_features=wanted)
        likeness = None if features is None else self.likeness(features)
        labels = self.bundle.labels
        predictions = tuple(_prediction(labels[i], scores[i]) for i in top(scores, top_k))
        groups = self.bundle.kinds.groups(scores)
        done = time.perf_counter()
        timing = Timing(decode=decode_ms, prepare=(ready - start) * 1e3, network=(done - ready) * 1e3)
        note = photo.note if isinstance(photo, imaging.DecodedPhoto) else ""
        kept = features if want_features else None
        return Recognition(
            self.bundle.id, predictions, timing, prepared.crop, kept, note, groups, len(labels), likeness,
            self.precision,
        )  # fmt: skip

    def probabilities(self, pixels: Pixels, *, want_features: bool = False) -> tuple[Floats, Floats | None]:
        """Run the network on pixels that are already cropped and resized.

        Args:
            pixels: uint8, shape (size, size, 3).
            want_features: also return the last feature map.

        Returns:
            Probabilities, float32, shape (classes,), background left out; and the feature map, float32, shape (rows,
            columns, channels), or None.

        Raises:
            ModelError: LiteRT cannot run it.
            ValueError: the pixels do not have the network's size.
        """
        if pixels.dtype != np.uint8 or pixels.shape != self._input.shape[1:]:
            raise ValueError(f"pixels of {pixels.dtype} {pixels.shape}, wanted uint8 {self._input.shape[1:]}")
        with self._lock:
            if self._interpreter is None:
                raise RuntimeError("the recogniser is closed")
            self._fill(pixels)
            self._interpreter.set_tensor(self._input_index, self._input)
            invoke(self._interpreter, self.bundle.name)
            raw = self._interpreter.get_tensor(self._output_index)
            raw_features = None
            if want_features and self._features_index is not None:
                raw_features = self._interpreter.get_tensor(self._features_index)
        scores = dequantize(raw.reshape(-1), self._output_scale)
        if self._logits:
            scores = softmax(scores, self.bundle.temperature)
        else:
            scores = calibrate(scores, self.bundle.temperature)
        if self.bundle.manifest.background:
            scores = scores[1:]
        return scores, None if raw_features is None else dequantize(raw_features[0], self._features_scale)

    def run_tensor(self, tensor: NDArray[Any]) -> NDArray[Any]:
        """Run the network on a finished input tensor and return its raw first output; for comparisons."""
        with self._lock:
            self._interpreter.set_tensor(self._input_index, tensor)
            invoke(self._interpreter, self.bundle.name)
            result: NDArray[Any] = self._interpreter.get_tensor(self._output_index)
        return result

    def close(self) -> None:
        """Let the network go."""
        with self._lock:
            self._interpreter = None

    def _load_twin(self, threads: int) -> bool:
        """Load the 8-bit network that is to answer; False where there is none, or none that can be used any more."""
        data = None if self.bundle.twin is None else self.bundle.twin.network()
        if data is None:
            return False
        try:
            self._interpreter = load_interpreter(data, self.bundle.name, threads)
            self._read_details()
        except ModelError:  # of another version of the program or of LiteRT; the full network is still there
            return False
        self._logits = True
        return True

    def _read_details(self) -> None:
        manifest = self.bundle.manifest
        try:
            inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        except UnicodeDecodeError as error:  # a tensor's name
            raise ModelError(self.bundle.name, tr("The model file is damaged.")) from error
        size = manifest.input_size
        fits = len(inputs) == 1 and tuple(inputs[0]["shape"]) == (1, size, size, 3)
        fits = fits and 1 <= len(outputs) <= 2 and int(np.prod(outputs[0]["shape"])) == manifest.outputs
        if fits and manifest.explainable:
            fits = len(outputs) == 2 and len(outputs[1]["shape"]) == 4 and outputs[1]["shape"][0] == 1
        dtype = np.dtype(inputs[0]["dtype"]) if fits else np.dtype(np.float64)
        if dtype not in (np.dtype(np.float32), np.dtype(np.uint8), np.dtype(np.int8)):
            raise ModelError(self.bundle.name, tr("The network inside does not match the model's description."))
        self._input_index = int(inputs[0]["index"])
        self._input: NDArray[Any] = np.zeros((1, size, size, 3), dtype)
        self._output_index, self._output_scale = int(outputs[0]["index"]), outputs[0]["quantization"]
        self._features_index: int | None = None
        self._features_scale = (0.0, 0)
        if manifest.explainable:
            self._features_index, self._features_scale = int(outputs[1]["index"]), outputs[1]["quantization"]
        self._table = input_table(dtype, inputs[0]["quantization"], manifest.preprocessing.normalization)
        self._minus1_1 = is_plain_minus1_1(dtype, manifest.preprocessing.normalization)

    def _fill(self, pixels: Pixels) -> None:
        if self._minus1_1:  # two passes over contiguous floats beat 150,000 look-ups by three
            np.divide(pixels, np.float32(127.5), out=self._input[0])
            np.subtract(self._input, np.float32(1), out=self._input)
        elif self._table is None:
            self._input[0] = pixels
        else:
            np.take(self._table, pixels, out=self._input[0], mode="clip")


def top(scores: Floats, k: int) -> list[int]:
    """Return the indices of the `k` largest scores, largest first; of equal ones the later index comes first.

    This is the order of Keras' `decode_predictions`, made independent of the sorting routine.
    """
    return [int(i) for i in scores.argsort(kind="stable")[::-1][: max(1, k)]]


def _prediction(label: Label, probability: np.float32) -> Prediction:
    return Prediction(label.index, label.id, label.name, float(probability), label.synonyms)
