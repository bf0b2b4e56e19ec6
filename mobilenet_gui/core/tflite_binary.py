"""Owns classifiers of two classes that have a single output, as Keras' tutorials make them: they are given two.

The one number z before the sigmoid says how much a photo is of the second class. Softmax makes the same of 0 and z as
sigmoid does of z, so a 0 is put before it, in the number format that is there; everything after z is left out.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.tflite_edit import without_archive
from mobilenet_gui.core.tflite_graph import CONCATENATION, CONV, FULLY_CONNECTED, LOGISTIC, SOFTMAX, Graph, parse
from mobilenet_gui.core.tflite_narrow import packed
from mobilenet_gui.core.tflite_tensor import Tensor
from mobilenet_gui.i18n import tr

_ZERO_NAME: Final = b"the first of two classes"


def read_classifier(data: bytes, subject: str) -> tuple[Graph, bool]:
    """Read and check a .tflite file of anybody's; see `tflite_graph.parse`.

    Args:
        data: the file's content.
        subject: what an error names: the file.

    Returns:
        The graph, and whether it had a single output, in whose place there are two classes now.

    Raises:
        ModelError: it is damaged, or no photo classifier.
    """
    graph = parse(data, subject, least=1)
    if graph.outputs > 1:
        return graph, False
    score = _score(graph)
    if score is None:
        text = tr("This model is not a photo classifier: its only output is neither a probability nor a score.")
        raise ModelError(subject, text)
    try:
        changed = _with_two_classes(graph, score)
    except (ValueError, OverflowError, StopIteration) as error:
        raise ModelError(subject, tr("The model file is damaged.")) from error
    return parse(changed, subject), True


def _score(graph: Graph) -> Tensor | None:
    """Return the one number that a sigmoid is, or would be, made of; None where the output is something else."""
    last = graph.behind(graph.output.index)
    if last is None:
        return None
    if last.code == LOGISTIC:
        return graph.tensors[last.inputs[0]]
    dense = last.code in (FULLY_CONNECTED, CONV) and last.options is not None
    plain = dense and int(last.options.fusedActivationFunction) == 0
    return graph.tensors[last.outputs[0]] if plain else None


def _with_two_classes(graph: Graph, score: Tensor) -> bytes:
    from ai_edge_litert import schema_py_generated as schema

    model: Any = schema.ModelT.InitFromPackedBuf(graph.data, 0)
    inside = model.subgraphs[0]
    dropped = _behind(graph, score)
    inside.operators = [op for n, op in enumerate(inside.operators) if n not in dropped]
    shape = score.shape
    if not shape or max(shape) != 1 or score.dtype.kind not in "fiu" or score.scales.size > 1:
        raise ValueError("score")
    zero, both, answer = (_copy(schema, inside.tensors[score.index]) for _ in range(3))
    zero.name, both.name, answer.name = _ZERO_NAME, b"scores", b"probabilities"
    nothing = np.full(shape, score.quantization[1], score.dtype)
    zero.buffer = len(model.buffers)
    model.buffers.append(schema.BufferT())
    model.buffers[-1].data = np.frombuffer(nothing.tobytes(), np.uint8)
    both.shape = answer.shape = np.array([*shape[:-1], 2], np.int32)
    if score.scales.size:  # what softmax gives in 8 bits
        answer.quantization = schema.QuantizationParametersT()
        answer.quantization.scale = np.array([1 / 256], np.float32)
        answer.quantization.zeroPoint = np.array([0 if score.dtype == np.uint8 else -128], np.int64)
    first = len(inside.tensors)
    inside.tensors = [*inside.tensors, zero, both, answer]
    join, soft = schema.ConcatenationOptionsT(), schema.SoftmaxOptionsT()
    join.axis, soft.beta = len(shape) - 1, 1.0
    version = 2 if score.dtype == np.int8 else 1
    for code, options, inputs, output in (
        (CONCATENATION, join, [first, score.index], first + 1),
        (SOFTMAX, soft, [first + 1], first + 2),
    ):
        kind, operation = schema.OperatorCodeT(), schema.OperatorT()
        kind.builtinCode = kind.deprecatedBuiltinCode = code
        kind.version = version
        operation.opcodeIndex = len(model.operatorCodes)
        model.operatorCodes = [*model.operatorCodes, kind]
        operation.inputs, operation.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
        operation.builtinOptions = options
        operation.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        inside.operators.append(operation)
    old = int(inside.outputs[0])
    inside.outputs = np.array([first + 2], np.int32)
    for signature in model.signatureDefs or ():
        for place in signature.outputs or ():
            if place.tensorIndex == old:
                place.tensorIndex = first + 2
    archive = graph.data[len(without_archive(graph.data)) :]  # the labels
    return packed(schema, model) + archive


def _behind(graph: Graph, score: Tensor) -> set[int]:
    """Return the numbers of the operations between the score and the output."""
    found: set[int] = set()
    tensor = graph.output.index
    while tensor != score.index:
        number = next(n for n, op in enumerate(graph.operations) if tensor in op.outputs)
        found.add(number)
        tensor = graph.operations[number].inputs[0]
    return found


def _copy(schema: Any, tensor: Any) -> Any:
    made = schema.TensorT()
    made.type, made.hasRank, made.shape, made.quantization = tensor.type, True, tensor.shape, tensor.quantization
    return made
