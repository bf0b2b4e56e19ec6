"""Owns writing ONNX files: the few messages of its format that a photo classifier needs, in protobuf's wire form.

Written out here because the `onnx` package is 27 MB for what a hundred lines do; the tests check the files with that
package's checker and run them with ONNX Runtime and OpenCV. Field numbers are those of onnx.proto (ONNX 1.9, IR version
7, operator set 14), which is old enough for every runtime in use.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

IR_VERSION: Final = 7
OPERATOR_SET: Final = 14

_FLOAT, _INT64 = 1, 7
_VARINT, _BYTES, _FIXED32 = 0, 2, 5
_TYPES: Final = {np.dtype(np.float32): _FLOAT, np.dtype(np.int64): _INT64}

Attribute = int | float | str | Sequence[int]
Dimension = int | str
"""A length, or the name of one that is known only when the network runs."""


@dataclass(slots=True)
class Graph:
    """A network while it is written: operations in order, constants by name."""

    name: str
    nodes: list[bytes] = field(default_factory=list)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add a constant, float32 or int64, and return its name."""
        self.constants[name] = np.ascontiguousarray(values)
        return name

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Attribute) -> str:
        """Add an operation with one output, and return that output's name."""
        parts = [_text(1, name) for name in inputs]
        parts += [_text(2, output), _text(3, output), _text(4, operator)]
        parts += [_message(5, _attribute(name, value)) for name, value in attributes.items()]
        self.nodes.append(b"".join(parts))
        return output


def model(
    graph: Graph,
    photo: tuple[str, Sequence[Dimension]],
    answer: tuple[str, Sequence[Dimension]],
    *,
    producer: str,
    version: str,
    description: str,
    properties: Mapping[str, str],
) -> bytes:
    """Return an ONNX file.

    Args:
        graph: the network.
        photo: the input's name and shape; float32.
        answer: the output's name and shape; float32.
        producer: the program that wrote it.
        version: that program's version.
        description: a text for people.
        properties: texts by name (`metadata_props`).
    """
    body = [_message(1, node) for node in graph.nodes]
    body.append(_text(2, graph.name))
    body += [_message(5, _tensor(name, values)) for name, values in graph.constants.items()]
    body += [_message(11, _value(*photo)), _message(12, _value(*answer))]
    parts = [
        _number(1, IR_VERSION),
        _text(2, producer),
        _text(3, version),
        _text(6, description),
        _message(7, b"".join(body)),
        _message(8, _text(1, "") + _number(2, OPERATOR_SET)),
        *(_message(14, _text(1, key) + _text(2, text)) for key, text in properties.items()),
    ]
    return b"".join(parts)


def _attribute(name: str, value: Attribute) -> bytes:
    start = _text(1, name)
    if isinstance(value, str):
        return start + _text(4, value) + _number(20, 3)
    if isinstance(value, float):
        return start + _key(2, _FIXED32) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, int):
        return start + _number(3, value) + _number(20, 2)
    return start + _numbers(8, value) + _number(20, 7)


def _tensor(name: str, values: NDArray[Any]) -> bytes:
    raw = values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    return _numbers(1, values.shape) + _number(2, _TYPES[values.dtype]) + _text(8, name) + _message(9, raw)


def _value(name: str, shape: Sequence[Dimension]) -> bytes:
    dimensions = (_number(1, size) if isinstance(size, int) else _text(2, size) for size in shape)
    kind = _number(1, _FLOAT) + _message(2, b"".join(_message(1, each) for each in dimensions))
    return _text(1, name) + _message(2, _message(1, kind))


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # a negative number is written as its 64-bit complement
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(number: int, value: int) -> bytes:
    return _key(number, _VARINT) + _varint(value)


def _numbers(number: int, values: Iterable[int]) -> bytes:
    return b"".join(_number(number, int(value)) for value in values)


def _message(number: int, content: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(content)) + content


def _text(number: int, value: str) -> bytes:
    return _message(number, value.encode())
