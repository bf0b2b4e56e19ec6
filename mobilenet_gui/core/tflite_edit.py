"""Owns small changes to a finished .tflite file: one output again, a calibration, metadata, an archive of labels.

Everything else stays byte for byte, and aligned, as it was. Offsets in a flatbuffer are relative and point forward
only, which decides how each change is made: a list that an old table points to goes to the end of the file, a new root
with everything that it points to goes to the front.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from mobilenet_gui.core.tflite_graph import Graph, Operation, parse

METADATA_NAME: Final = "TFLITE_METADATA"
_CONV, _FULLY_CONNECTED = 3, 9
_SUBGRAPH_OUTPUTS = 2
_ROOT_FIELDS: Final = 8
_VERSION, _BUFFERS, _METADATA = 0, 4, 6
_ALIGNMENT: Final = 64
_FIRST: Final = 8
"""Where a file's content begins: behind the root's offset and the file's identifier."""


def only_first_output(data: bytes, subject: str) -> Graph:
    """Return the graph of a bundle's network, without the feature map as second output and without an archive.

    Args:
        data: the file; one of ours, with one or two outputs.
        subject: what an error names.

    Raises:
        ModelError: it is damaged.
    """
    from ai_edge_litert import schema_py_generated as schema

    graph = schema.Model.GetRootAs(data, 0).Subgraphs(0)
    if graph.OutputsLength() == 1:
        return parse(without_archive(data), subject)
    place = graph._tab.Pos + graph._tab.Offset(4 + 2 * _SUBGRAPH_OUTPUTS)
    # The list of two outputs stands behind the archive, if there is one, and goes with it.
    changed = bytearray(without_archive(data))
    changed.extend(b"\0" * (-len(changed) % 16))
    struct.pack_into("<I", changed, place, len(changed) - place)
    changed.extend(struct.pack("<Ii", 1, graph.Outputs(0)))
    return parse(bytes(changed), subject)


def without_archive(data: bytes) -> bytes:
    """Return a file without the zip archive at its end and all that follows it; unchanged where there is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            start = min((info.header_offset for info in archive.infolist()), default=len(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
        return data
    whole = _FIRST < start < len(data) and data[start : start + 4] == b"PK\3\4"
    return data[:start] if whole else data


def scale_logits(graph: Graph, factor: float) -> bytes | None:
    """Return the file with the logits multiplied by `factor`: that of a calibration, 1 / temperature.

    Returns None where the last layer's numbers are no plain float32 constants of its own.
    """
    last = last_layer(graph)
    constants = [] if last is None else [graph.tensors[index] for index in last.inputs[1:] if index >= 0]
    changed = bytearray(graph.data)
    if not constants:
        return None
    for tensor in constants:
        start = constant_place(graph, tensor.index)
        if start is None or tensor.values is None or tensor.dtype != np.float32:
            return None
        count = tensor.values.size
        values = np.frombuffer(changed, np.float32, count, start) * np.float64(factor)
        changed[start : start + 4 * count] = values.astype("<f4").tobytes()
    return bytes(changed)


def last_layer(graph: Graph) -> Operation | None:
    """Return the dense layer that makes the logits; None where a fused activation or something else comes after it."""
    op = graph.producer(graph.output.index)
    for _ in range(8):
        if op is None:
            return None
        if op.code in (_FULLY_CONNECTED, _CONV):
            plain = op.options is not None and int(op.options.fusedActivationFunction) == 0
            return op if plain and len(op.inputs) >= 2 else None
        op = graph.producer(op.inputs[0])
    return None


def constant_place(graph: Graph, index: int) -> int | None:
    """Return where in the file a constant's numbers begin; None for what is none, or shares them with another."""
    from ai_edge_litert import schema_py_generated as schema

    if graph.tensors[index].values is None:
        return None
    model = schema.Model.GetRootAs(graph.data, 0)
    subgraph = model.Subgraphs(0)
    number = subgraph.Tensors(index).Buffer()
    users = sum(subgraph.Tensors(i).Buffer() == number for i in range(subgraph.TensorsLength()))
    table = model.Buffers(number)._tab
    field = table.Offset(4)
    if users != 1 or not field:
        return None
    return int(table.Vector(field))


def with_metadata(data: bytes, metadata: bytes, files: Mapping[str, bytes]) -> bytes:
    """Return a .tflite file that carries metadata and, in a zip archive at its end, files.

    Args:
        data: a file without archive.
        metadata: the content of the buffer `TFLITE_METADATA`; takes the place of one that is there.
        files: contents by name; stored uncompressed, which is what readers on phones want.
    """
    return _with_buffer(data, METADATA_NAME, metadata) + _archive(files)


def _archive(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            # A fixed date: the same model gives the same file.
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Root:
    """The old root: where in the file each of its fields points (0 where absent), and the version."""

    version: int
    targets: tuple[int, ...]
    buffers: tuple[int, ...]
    metadata: tuple[tuple[int, str], ...]


def _read_root(data: bytes) -> _Root:
    from ai_edge_litert import schema_py_generated as schema

    model: Any = schema.Model.GetRootAs(data, 0)
    table = model._tab
    targets = []
    for field in range(_ROOT_FIELDS):
        offset = table.Offset(4 + 2 * field)
        targets.append(int(table.Indirect(table.Pos + offset)) if offset and field != _VERSION else 0)
    buffers = tuple(int(model.Buffers(n)._tab.Pos) for n in range(model.BuffersLength()))
    entries = [model.Metadata(n) for n in range(model.MetadataLength())]
    metadata = tuple((int(entry._tab.Pos), (entry.Name() or b"").decode("utf-8", "replace")) for entry in entries)
    return _Root(int(model.Version()), tuple(targets), buffers, metadata)


def _with_buffer(data: bytes, name: str, content: bytes) -> bytes:
    """Return the file with a named buffer, by way of a new root at the front."""
    old = _read_root(data)
    kept = [place for place, known in old.metadata if known != name]
    text = name.encode()
    # The lengths of all parts are known, so their places are too.
    vtable = _FIRST
    root = _aligned(vtable + 4 + 2 * _ROOT_FIELDS, 4)
    buffers = root + 4 + 4 * _ROOT_FIELDS
    entries = buffers + 4 + 4 * (len(old.buffers) + 1)
    entry_vtable = entries + 4 + 4 * (len(kept) + 1)
    entry = _aligned(entry_vtable + 8, 4)
    string = entry + 12
    buffer_vtable = _aligned(string + 4 + len(text) + 1, 4)
    buffer = _aligned(buffer_vtable + 6, 4)
    vector = _aligned(buffer + 8 + 4, 16) - 4  # the content itself starts aligned, behind its length
    end = vector + 4 + len(content)
    shift = _aligned(end - _FIRST, _ALIGNMENT)

    front = bytearray(_FIRST + shift)
    front[4:_FIRST] = data[4:_FIRST]
    struct.pack_into("<I", front, 0, root)
    struct.pack_into("<2H", front, vtable, 4 + 2 * _ROOT_FIELDS, 4 + 4 * _ROOT_FIELDS)
    struct.pack_into("<i", front, root, root - vtable)
    replaced = {_BUFFERS: buffers, _METADATA: entries}
    for field in range(_ROOT_FIELDS):
        target = replaced.get(field) or (old.targets[field] + shift if old.targets[field] else 0)
        place = root + 4 + 4 * field
        if field == _VERSION:
            struct.pack_into("<I", front, place, old.version)
        elif target:
            struct.pack_into("<I", front, place, target - place)
        if field == _VERSION or target:
            struct.pack_into("<H", front, vtable + 4 + 2 * field, 4 + 4 * field)
    _offsets(front, buffers, [*(place + shift for place in old.buffers), buffer])
    _offsets(front, entries, [*(place + shift for place in kept), entry])
    struct.pack_into("<4H", front, entry_vtable, 8, 12, 4, 8)
    struct.pack_into("<iII", front, entry, entry - entry_vtable, string - entry - 4, len(old.buffers))
    struct.pack_into(f"<I{len(text)}s", front, string, len(text), text)
    struct.pack_into("<3H", front, buffer_vtable, 6, 8, 4)
    struct.pack_into("<iI", front, buffer, buffer - buffer_vtable, vector - buffer - 4)
    struct.pack_into("<I", front, vector, len(content))
    front[vector + 4 : end] = content
    return bytes(front) + data[_FIRST:]


def _offsets(out: bytearray, place: int, targets: Sequence[int]) -> None:
    """Write a list of offsets."""
    struct.pack_into("<I", out, place, len(targets))
    for number, target in enumerate(targets):
        at = place + 4 + 4 * number
        struct.pack_into("<I", out, at, target - at)


def _aligned(place: int, to: int) -> int:
    return -(-place // to) * to
