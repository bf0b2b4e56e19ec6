"""PyTorch's legacy files are read as arrays; what they hold besides is refused before it is looked at twice."""

from __future__ import annotations

import contextlib
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.detect import Declared, detect, input_size
from mobilenet_gui.training.pth_file import read_state_dict
from mobilenet_gui.training.weights import open_weights
from tests.training.torch_files import MAGIC, PROTOCOL, legacy_pth, torch_state


def written(folder: Path, data: bytes) -> Path:
    path = folder / "weights.pth"
    path.write_bytes(data)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read_state_dict(path)
    assert caught.value.subject == str(path)
    return caught.value.reason


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    state: dict[str, NDArray[Any]] = {
        "a.weight": random.normal(size=(4, 3, 2, 2)).astype(np.float32),
        "turned.weight": random.normal(size=(5, 6)).astype(np.float32).T,
        "half.weight": random.normal(size=7).astype(np.float16),
        "count": np.array(3, np.int64),
    }
    read = read_state_dict(written(tmp_path, legacy_pth(state)))
    assert list(read) == list(state)
    for name, array in state.items():
        assert read[name].dtype == array.dtype
        assert (read[name] == array).all()


@pytest.mark.parametrize("family", ["lite0", "lite1", "lite2"])
def test_efficientnet_lite_is_known_by_its_shapes(tmp_path: Path, family: str) -> None:
    architecture = Architecture(family, 1.0, 7)  # type: ignore[arg-type]
    random = np.random.default_rng(2)
    arrays = {
        layer.name: (layer.kind, [random.random(shape, np.float32) for shape in layer.shapes])
        for layer in architecture.layers
    }
    path = written(tmp_path, legacy_pth(torch_state({f"_x.{n}": each for n, each in enumerate(arrays.values())})))
    with open_weights(path) as file:
        found = detect(file, Declared(), str(path))
        assert found.architecture == architecture
        assert (
            input_size(file, Declared(), path, architecture.family)
            == {"lite0": 224, "lite1": 240, "lite2": 260}[family]
        )
        for name, values in found.read(str(path)).items():
            for value, wanted in zip(values, arrays[name][1], strict=True):
                assert (value == wanted).all(), name


class Ran:
    """What a pickle would do if anybody ran it."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(Ran.place),)

    place = Path()


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    Ran.place = tmp_path / "ran"
    head = b"".join(pickle.dumps(each, 2) for each in (MAGIC, PROTOCOL, {"little_endian": True}))
    for state in (Ran(), {"a": Ran()}, {"a": os.system}, {"a": getattr}):
        path = written(tmp_path, head + pickle.dumps(state, 2) + pickle.dumps([], 2))
        assert refusal(path) == "The file holds something else than numbers, which is not allowed."
    for place in range(3):
        parts = [pickle.dumps(each, 2) for each in (MAGIC, PROTOCOL, {"little_endian": True})]
        parts[place] = pickle.dumps(Ran(), 2)
        assert refusal(written(tmp_path, b"".join(parts))).endswith(".")
    assert not Ran.place.exists()


def test_a_file_that_breaks_off_anywhere(tmp_path: Path) -> None:
    data = legacy_pth({"a.weight": np.arange(60, dtype=np.float32).reshape(3, 20)})
    for end in range(0, len(data) - 1, 7):
        assert refusal(written(tmp_path, data[:end])) == "The file is damaged. Download it again."


def test_bytes_changed_anywhere_end_in_words_or_arrays(tmp_path: Path) -> None:
    data = legacy_pth({"a.weight": np.arange(12, dtype=np.float32).reshape(3, 4), "a.bias": np.ones(3, np.float32)})
    random = np.random.default_rng(4)
    for _ in range(400):
        spoilt = bytearray(data)
        for at in random.integers(0, len(data), 3):
            spoilt[at] = random.integers(0, 256)
        with contextlib.suppress(ModelError), open_weights(written(tmp_path, bytes(spoilt))) as file:
            for layer in file.layers:
                with contextlib.suppress(ValueError):  # not finite
                    layer.read()


def test_a_tensor_beyond_its_storage_is_damage(tmp_path: Path) -> None:
    data = legacy_pth({"a.weight": np.arange(12, dtype=np.float32).reshape(3, 4)})
    wrong = data.replace(b"K\x03K\x04\x86", b"K\x03K\x28\x86")  # the tuple (3, 4) becomes (3, 40)
    assert wrong != data
    assert refusal(written(tmp_path, wrong)) == "The file is damaged. Download it again."
