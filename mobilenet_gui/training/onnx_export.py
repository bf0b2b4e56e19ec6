"""Owns turning a Keras MobileNet into ONNX, operation by operation, and asking the result through OpenCV.

Photos come in as (photos, colours, rows, columns), the order of nearly every ONNX classifier, any number at once. Batch
normalisation is worked into the convolution before it, in double precision. The Keras model is only looked at: no
TensorFlow is imported here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui import __version__
from mobilenet_gui.core.cores import default_threads
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.tensors import normalized_range
from mobilenet_gui.core.types import Normalization, Pixels
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import onnx_file

if TYPE_CHECKING:
    from mobilenet_gui.training.export_check import Answer

INPUT: Final = "photo"
OUTPUT: Final = "probabilities"
_BATCH: Final = "photos"


class UnknownOperationError(RuntimeError):
    """The network holds something that no MobileNet does."""


def to_onnx(model: Any, size: int, classes: int, *, description: str, properties: dict[str, Any]) -> bytes:
    """Return a Keras model as an ONNX file.

    Args:
        model: a functional model of `keras.applications`, ending in a softmax.
        size: the input's side.
        classes: how many probabilities come out.
        description: a text for people.
        properties: what programs may want to know, by name; written as JSON unless it is a text.

    Raises:
        UnknownOperationError: the model is none of the MobileNets.
    """
    writer = _Writer(model)
    writer.write()
    texts = {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in properties.items()
    }
    return onnx_file.model(
        writer.graph,
        (INPUT, (_BATCH, 3, size, size)),
        (OUTPUT, (_BATCH, classes)),
        producer="MobileNet GUI",
        version=__version__,
        description=description,
        properties=texts,
    )


def open_onnx(data: bytes, normalization: Normalization) -> Answer:
    """Load an ONNX file with OpenCV, and return how to ask it.

    Raises:
        ModelError: OpenCV is not there or refuses the file.
    """
    from mobilenet_gui.core.opencv import cv2

    try:
        module = cv2()
        module.setNumThreads(default_threads())
        network = module.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
    except (ImportError, RuntimeError, ValueError, AttributeError) as error:
        raise ModelError("", tr("OpenCV cannot read it: {reason}").format(reason=str(error)[:200])) from error
    except Exception as error:  # cv2.error derives from Exception and is not importable by its name here
        if type(error).__name__ != "error":
            raise
        raise ModelError("", tr("OpenCV cannot read it: {reason}").format(reason=str(error)[:200])) from error
    table = normalized_range(normalization)

    def ask(pixels: Pixels) -> NDArray[np.float32]:
        network.setInput(np.ascontiguousarray(table[pixels].transpose(0, 3, 1, 2)))
        answers: NDArray[np.float32] = np.array(network.forward(), np.float32).reshape(len(pixels), -1)
        return answers

    return ask


class _Writer:
    """Walks the model's operations in order and writes each as ONNX has it."""

    def __init__(self, model: Any) -> None:
        self.graph = onnx_file.Graph(model.name)
        self._model = model
        self._names: dict[int, str] = {}
        self._pads: dict[int, tuple[int, int, int, int]] = {}
        self._users: dict[int, list[Any]] = {}
        self._final = id(model.output)
        self._kinds: dict[str, Callable[[Any, list[Any]], None]] = {
            "InputLayer": self._input,
            "Rescaling": self._rescaling,
            "Conv2D": self._convolution,
            "DepthwiseConv2D": self._convolution,
            "Dense": self._dense,
            "BatchNormalization": self._normalization,
            "ReLU": self._relu,
            "Activation": self._activation,
            "ZeroPadding2D": self._padding,
            "GlobalAveragePooling2D": self._pooling,
            "Add": self._binary,
            "Multiply": self._binary,
            "Dropout": self._nothing,
            "Reshape": self._flatten,
            "Flatten": self._flatten,
        }

    def write(self) -> None:
        for op in self._model.operations:
            for value in _arguments(op):
                self._users.setdefault(id(value), []).append(op)
        for op in self._model.operations:
            kind = type(op).__name__
            if kind not in self._kinds:
                raise UnknownOperationError(f"{kind} {op.name}")
            self._kinds[kind](op, _arguments(op))

    def _emit(self, op: Any, operator: str, inputs: list[str], **attributes: onnx_file.Attribute) -> None:
        name = OUTPUT if id(op.output) == self._final else op.name
        self._names[id(op.output)] = self.graph.node(operator, inputs, name, **attributes)

    def _name(self, value: Any) -> str:
        return self._names[id(value)]

    def _number(self, op: Any, part: str, value: float | Sequence[float]) -> str:
        """Write a number, or one for each channel."""
        values = np.array(value, np.float32)
        return self.graph.constant(f"{op.name}/{part}", values.reshape(-1, 1, 1) if values.ndim else values)

    def _input(self, op: Any, _: list[Any]) -> None:
        self._names[id(op.output)] = INPUT

    def _nothing(self, op: Any, inputs: list[Any]) -> None:
        self._names[id(op.output)] = self._name(inputs[0])

    def _rescaling(self, op: Any, inputs: list[Any]) -> None:
        scaled = self.graph.node(
            "Mul", [self._name(inputs[0]), self._number(op, "scale", op.scale)], f"{op.name}/scaled"
        )
        self._emit(op, "Add", [scaled, self._number(op, "offset", op.offset)])

    def _padding(self, op: Any, inputs: list[Any]) -> None:
        (top, bottom), (left, right) = op.padding
        users = self._users.get(id(op.output), [])
        alone = len(users) == 1 and type(users[0]).__name__ in ("Conv2D", "DepthwiseConv2D")
        if not alone or users[0].padding != "valid":
            raise UnknownOperationError(f"padding {op.name}")
        self._pads[id(op.output)] = (top, left, bottom, right)
        self._names[id(op.output)] = self._name(inputs[0])

    def _convolution(self, op: Any, inputs: list[Any]) -> None:
        depthwise = type(op).__name__ == "DepthwiseConv2D"
        weights = [np.asarray(values, np.float64) for values in op.get_weights()]
        kernel = weights[0].transpose(2, 3, 0, 1) if depthwise else weights[0].transpose(3, 2, 0, 1)
        bias = weights[1] if op.use_bias else np.zeros(kernel.shape[0])
        users = self._users.get(id(op.output), [])
        if len(users) == 1 and type(users[0]).__name__ == "BatchNormalization":
            scale, shift = _scale_and_shift(users[0])
            kernel, bias = kernel * scale[:, None, None, None], bias * scale + shift
        names = [
            self._name(inputs[0]),
            self.graph.constant(f"{op.name}/kernel", kernel.astype(np.float32)),
            self.graph.constant(f"{op.name}/bias", bias.astype(np.float32)),
        ]
        self._emit(
            op,
            "Conv",
            names,
            kernel_shape=list(op.kernel_size),
            strides=list(op.strides),
            pads=self._pads_of(op, inputs[0]),
            group=kernel.shape[0] if depthwise else 1,
        )

    def _pads_of(self, op: Any, source: Any) -> list[int]:
        """Return zeros to add at the top, left, bottom and right."""
        if op.padding == "valid":
            return list(self._pads.get(id(source), (0, 0, 0, 0)))
        before, after = [], []
        for length, side, stride in zip(source.shape[1:3], op.kernel_size, op.strides, strict=True):
            total = max((-(-length // stride) - 1) * stride + side - length, 0)
            before.append(total // 2)
            after.append(total - total // 2)
        return [*before, *after]

    def _normalization(self, op: Any, inputs: list[Any]) -> None:
        users = self._users[id(inputs[0])]
        makers = [o for o in self._model.operations if o.output is inputs[0]]
        if len(users) != 1 or type(makers[0]).__name__ not in ("Conv2D", "DepthwiseConv2D"):
            raise UnknownOperationError(f"normalisation {op.name}")
        self._names[id(op.output)] = self._name(inputs[0])

    def _dense(self, op: Any, inputs: list[Any]) -> None:
        kernel, bias = op.get_weights()
        names = [
            self._name(inputs[0]),
            self.graph.constant(f"{op.name}/kernel", kernel.astype(np.float32)),
            self.graph.constant(f"{op.name}/bias", bias.astype(np.float32)),
        ]
        if op.activation.__name__ != "softmax":
            raise UnknownOperationError(f"activation of {op.name}")
        logits = self.graph.node("Gemm", names, f"{op.name}/logits")
        self._emit(op, "Softmax", [logits], axis=1)

    def _relu(self, op: Any, inputs: list[Any]) -> None:
        if op.max_value is None:
            self._emit(op, "Relu", [self._name(inputs[0])])
            return
        limits = [self._number(op, "low", 0.0), self._number(op, "high", op.max_value)]
        self._emit(op, "Clip", [self._name(inputs[0]), *limits])

    def _activation(self, op: Any, inputs: list[Any]) -> None:
        kind = op.activation.__name__
        source = self._name(inputs[0])
        if kind == "softmax":
            self._emit(op, "Softmax", [source], axis=1)
        elif kind in ("hard_silu", "hard_swish"):
            self._emit(op, "HardSwish", [source])
        else:
            raise UnknownOperationError(f"activation {kind}")

    def _pooling(self, op: Any, inputs: list[Any]) -> None:
        source = self._name(inputs[0])
        if op.keepdims:
            self._emit(op, "GlobalAveragePool", [source])
            return
        pooled = self.graph.node("GlobalAveragePool", [source], f"{op.name}/pooled")
        self._emit(op, "Flatten", [pooled], axis=1)

    def _binary(self, op: Any, inputs: list[Any]) -> None:
        names = [
            self._number(op, f"number_{place}", value) if isinstance(value, (int, float)) else self._name(value)
            for place, value in enumerate(inputs)
        ]
        if len(names) != 2:
            raise UnknownOperationError(f"{op.name} of {len(names)}")
        self._emit(op, "Add" if type(op).__name__ == "Add" else "Mul", names)

    def _flatten(self, op: Any, inputs: list[Any]) -> None:
        if len(op.output.shape) != 2 or inputs[0].shape[1:3] != (1, 1):
            raise UnknownOperationError(f"shape of {op.name}")
        self._emit(op, "Flatten", [self._name(inputs[0])], axis=1)


def _arguments(op: Any) -> list[Any]:
    """Return what an operation works on, in order: tensors, and numbers written in the model's code.

    Keras tells the tensors in public, the numbers only by way of the operation's node.
    """
    if type(op).__name__ == "InputLayer":
        return []
    first = op._inbound_nodes[0].arguments.args
    values = first[0] if len(first) == 1 and isinstance(first[0], (list, tuple)) else first
    return list(values)


def _scale_and_shift(norm: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return s and t with `norm(x) = s x + t`, each one number a channel."""
    gamma, beta, mean, variance = (np.asarray(values, np.float64) for values in norm.get_weights())
    scale = gamma / np.sqrt(variance + norm.epsilon)
    return scale, beta - mean * scale
