"""Reading Keras weights: every layout and architecture is recognised, the hostile and broken refused in words."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mobilenet_gui.core.catalog import Family
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.training.architectures import FAMILIES, Architecture
from mobilenet_gui.training.detect import Declared, Detected, detect, input_size
from mobilenet_gui.training.weights import open_weights
from tests.training.weight_files import arrays_for, input_config, write_archive, write_legacy, write_modern

SMALL = Architecture("v1", 0.25, 5)


def read(path: Path, declared: Declared | None = None) -> tuple[Detected, int, dict[str, Any]]:
    with open_weights(path) as file:
        found = detect(file, declared or Declared(), str(path))
        size = input_size(file, declared or Declared(), path, found.architecture.family)
        return found, size, found.read(str(path))


def check(path: Path, architecture: Architecture) -> None:
    found, _, arrays = read(path)
    assert found.architecture == architecture
    random = np.random.default_rng(0)
    for layer in architecture.layers:
        for wanted, got in zip(arrays_for(layer, random), arrays[layer.name], strict=True):
            np.testing.assert_array_equal(wanted, got)


EVERY: list[tuple[Family, float]] = [
    *(("v1", alpha) for alpha in (0.25, 0.5, 0.75, 1.0)),
    *(("v2", alpha) for alpha in (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)),
    ("v3-small", 0.75),
    ("v3-small", 1.0),
    ("v3-large", 0.75),
    ("v3-large", 1.0),
    ("v3-small-minimalistic", 1.0),
    ("v3-large-minimalistic", 1.0),
]


@pytest.mark.parametrize(("family", "alpha"), EVERY)
@pytest.mark.parametrize("classes", [None, 1000, 7])
def test_every_architecture_is_recognised(tmp_path: Path, family: Family, alpha: float, classes: int | None) -> None:
    architecture = Architecture(family, alpha, classes)
    check(write_legacy(tmp_path / "w.h5", architecture), architecture)


LAID_OUT = tuple(f for f in FAMILIES if f not in ("lite1", "lite2", "lite3", "lite4", "v4-medium", "v4-large"))
"""The larger ones have the same kinds of layers, only more of them: 120 MB a file."""


@pytest.mark.parametrize("family", LAID_OUT)
@pytest.mark.parametrize("classes", [None, 7])
def test_every_layout_is_read(tmp_path: Path, family: Family, classes: int | None) -> None:
    architecture = Architecture(family, 1.0, classes)
    check(write_legacy(tmp_path / "other names.h5", architecture, prefix="theirs/"), architecture)
    check(write_legacy(tmp_path / "whole.h5", architecture, inside="model_weights"), architecture)
    check(write_modern(tmp_path / "a.weights.h5", architecture), architecture)
    check(write_modern(tmp_path / "b.weights.h5", architecture, named=False), architecture)
    check(write_archive(tmp_path / "c.keras", architecture, 96), architecture)


def test_long_lists_of_names_come_in_pieces(tmp_path: Path) -> None:
    path = write_legacy(tmp_path / "w.h5", SMALL)
    with h5py.File(path, "r+") as file:
        names = file.attrs["layer_names"]
        del file.attrs["layer_names"]
        file.attrs["layer_names0"], file.attrs["layer_names1"] = names[:20], names[20:]
    check(path, SMALL)


def test_input_size_is_found_wherever_it_is_told(tmp_path: Path) -> None:
    assert read(write_legacy(tmp_path / "plain.h5", SMALL))[1] == 224
    assert read(write_legacy(tmp_path / "mobilenet_2_5_160_mine.h5", SMALL))[1] == 160
    assert read(write_legacy(tmp_path / "mobilenet_2_5_128_tf.h5", SMALL))[1] == 128
    assert read(write_legacy(tmp_path / "c.h5", SMALL, inside="model_weights", config=input_config(192)))[1] == 192
    old = input_config(96, "batch_input_shape")
    assert read(write_legacy(tmp_path / "d.h5", SMALL, inside="model_weights", config=old))[1] == 96
    assert read(write_archive(tmp_path / "e.keras", SMALL, 64))[1] == 64
    assert read(write_archive(tmp_path / "f.keras", SMALL, 64), Declared(input_size=128))[1] == 128


@pytest.mark.parametrize("value", [True, "224", -1, 10**9, None, [1]])
def test_strange_input_size_is_ignored(tmp_path: Path, value: object) -> None:
    config = input_config(0)
    config["config"]["layers"][1]["config"]["batch_shape"] = [None, value, value, 3]
    assert read(write_legacy(tmp_path / "x.h5", SMALL, config=config))[1] == 224


def test_another_architecture_than_declared_is_refused_by_name(tmp_path: Path) -> None:
    path = write_legacy(tmp_path / "w.h5", SMALL)
    with pytest.raises(ModelError, match=r"weights of MobileNet V1 0\.25, not of MobileNet V2 1\.0"):
        read(path, Declared("v2", 1.0))
    with pytest.raises(ModelError, match=r"V1 0\.25, not of MobileNet V1 0\.5"):
        read(path, Declared("v1", 0.5))
    assert read(path, Declared("v1", 0.25))[0].architecture == SMALL
    broken = change(path, replace_kernel(np.zeros((1, 1, 64, 63), np.float32)))
    with pytest.raises(ModelError, match=r"not the weights of MobileNet V2 1\.0"):
        read(broken, Declared("v2", 1.0))


def change(path: Path, edit: Callable[[Any], None]) -> Path:
    with h5py.File(path, "r+") as file:
        edit(file)
    return path


def replace_kernel(values: Any) -> Callable[[Any], None]:
    def edit(file: Any) -> None:
        del file["conv_pw_5/conv_pw_5/kernel:0"]
        file.create_dataset("conv_pw_5/conv_pw_5/kernel:0", data=values)

    return edit


def test_layer_that_differs_is_named(tmp_path: Path) -> None:
    path = change(write_legacy(tmp_path / "w.h5", SMALL), replace_kernel(np.zeros((1, 1, 64, 63), np.float32)))
    with pytest.raises(ModelError, match=r"conv_pw_5.*1×1×64×64.*1×1×64×63"):
        read(path)


def test_missing_and_extra_layers_are_named(tmp_path: Path) -> None:
    def drop(file: Any) -> None:
        file.attrs["layer_names"] = [n for n in file.attrs["layer_names"] if n != "conv_pw_13_bn"]

    def add(file: Any) -> None:
        file.copy("conv_preds", "again")
        file.attrs["layer_names"] = [*file.attrs["layer_names"], "again"]

    with pytest.raises(ModelError, match="conv_p"):
        read(change(write_legacy(tmp_path / "a.h5", SMALL), drop))
    with pytest.raises(ModelError, match="again"):
        read(change(write_legacy(tmp_path / "b.h5", SMALL), add))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    path = change(write_legacy(tmp_path / "w.h5", SMALL), replace_kernel(np.full((1, 1, 64, 64), value, np.float32)))
    with pytest.raises(ModelError, match="conv_pw_5"):
        read(path)


def test_negative_variance_is_refused(tmp_path: Path) -> None:
    def edit(file: Any) -> None:
        file["conv1_bn/conv1_bn/moving_variance:0"][0] = -1

    with pytest.raises(ModelError, match="conv1_bn"):
        read(change(write_legacy(tmp_path / "w.h5", SMALL), edit))


def _external_link(file: Any) -> None:
    del file["conv1"]
    file["conv1"] = h5py.ExternalLink("/etc/passwd", "/x")


def _soft_link(file: Any) -> None:
    file.move("conv1", "hidden")
    file["conv1"] = h5py.SoftLink("/hidden")


def _external_storage(file: Any) -> None:
    del file["conv1/conv1/kernel:0"]
    file.create_dataset("conv1/conv1/kernel:0", (3, 3, 3, 8), "f4", external=[("/etc/passwd", 0, 864)])


def _virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((3, 3, 3, 8), "f4")
    layout[...] = h5py.VirtualSource("/etc/passwd", "x", (3, 3, 3, 8))
    del file["conv1/conv1/kernel:0"]
    file.create_virtual_dataset("conv1/conv1/kernel:0", layout)


def _objects(file: Any) -> None:
    del file["conv1/conv1/kernel:0"]
    file.create_dataset("conv1/conv1/kernel:0", (3, 3, 3, 8), h5py.string_dtype())


def _whole_numbers(file: Any) -> None:
    del file["conv1/conv1/kernel:0"]
    file.create_dataset("conv1/conv1/kernel:0", (3, 3, 3, 8), "i8")


def _huge(file: Any) -> None:
    del file["conv1/conv1/kernel:0"]
    file.create_dataset("conv1/conv1/kernel:0", (1 << 20, 1 << 20, 3, 8), "f4", chunks=(64, 64, 3, 8))


def _dots(file: Any) -> None:
    file["conv1"].attrs["weight_names"] = [b"../conv_preds/conv_preds/kernel:0"]


def _nowhere(file: Any) -> None:
    file["conv1"].attrs["weight_names"] = [b"not/there:0"]


def _group(file: Any) -> None:
    del file["conv1/conv1/kernel:0"]
    file.create_group("conv1/conv1/kernel:0")


def _twice(file: Any) -> None:
    file.attrs["layer_names"] = [b"conv1"] * 3


def _no_names(file: Any) -> None:
    del file.attrs["layer_names"]


@pytest.mark.parametrize(
    "attack",
    [_external_link, _soft_link, _external_storage, _virtual, _objects, _whole_numbers, _huge, _dots, _nowhere, _group,
     _twice, _no_names],
)  # fmt: skip
def test_hostile_file_is_refused(tmp_path: Path, attack: Callable[[Any], None]) -> None:
    path = change(write_legacy(tmp_path / "w.h5", SMALL), attack)
    with pytest.raises(ModelError) as caught:
        read(path)
    assert caught.value.subject == str(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html>", "web page"),
        (b"hello there", "not a Keras"),
        (b"PK\x03\x04 broken", "damaged"),
    ],
)
def test_something_else_is_told(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "w.h5"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=words):
        read(path)


def test_missing_file_and_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No such file"):
        read(tmp_path / "missing.h5")
    with pytest.raises(ModelError, match="not a file"):
        read(tmp_path)


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.95, 0.999])
@pytest.mark.parametrize("kind", ["legacy", "keras"])
def test_half_a_download_is_told(tmp_path: Path, share: float, kind: str) -> None:
    path = tmp_path / ("w.h5" if kind == "legacy" else "w.keras")
    if kind == "legacy":
        write_legacy(path, SMALL)
    else:
        write_archive(path, SMALL, 96)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelError, match="Download it again"):
        read(path)


def test_archive_without_weights_or_with_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../model.weights.h5", "x")
    with pytest.raises(ModelError, match=r"model\.weights\.h5 is missing"):
        read(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", b"\0" * 5_000_000)
    monkeypatch.setattr("mobilenet_gui.training.weights.MAX_FILE_BYTES", 1_000_000)
    with pytest.raises(ModelError, match="too big"):
        read(path)


def test_configuration_is_never_more_than_data(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "w.keras", SMALL, 96)
    with zipfile.ZipFile(path) as archive:
        weights = archive.read("model.weights.h5")
    for config in ("not json", "[" * 5000, '{"config": {"layers": [5, {"config": 3}]}}', '{"config": []}'):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", config)
            archive.writestr("model.weights.h5", weights)
        assert read(path)[1] == 224


def test_model_inside_a_model_is_told(tmp_path: Path) -> None:
    path = write_modern(tmp_path / "w.weights.h5", SMALL)
    with h5py.File(path, "r+") as file:
        file.create_group("layers/functional/layers/conv2d")
    with pytest.raises(ModelError, match="inside another"):
        read(path)


def test_foreign_layers_are_told(tmp_path: Path) -> None:
    path = write_modern(tmp_path / "w.weights.h5", SMALL)
    with h5py.File(path, "r+") as file:
        file.create_dataset("layers/lstm/vars/0", data=np.zeros(3, np.float32))
    with pytest.raises(ModelError, match="lstm"):
        read(path)


def test_flipped_bytes_never_end_in_anything_but_a_model_error(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    path = write_legacy(tmp_path / "w.h5", SMALL)
    sound = path.read_bytes()
    for _ in range(40):
        data = bytearray(sound)
        for _ in range(20):
            data[int(random.integers(8, 60_000))] = int(random.integers(0, 256))
        path.write_bytes(data)
        try:
            read(path)
        except ModelError:
            continue


@pytest.mark.shared
def test_real_files_are_recognised(shared: Path) -> None:
    wanted = {
        "mobilenet_1_0_224_tf_no_top.h5": (Architecture("v1", 1.0, None), 224),
        "mobilenet_2_5_128_tf.h5": (Architecture("v1", 0.25, 1000), 128),
        "mobilenet_7_5_192_tf_no_top.h5": (Architecture("v1", 0.75, None), 192),
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5": (Architecture("v2", 1.0, 1000), 224),
    }
    for name, (architecture, size) in wanted.items():
        found, got, _ = read(shared / "weights" / "keras" / name)
        assert (found.architecture, got) == (architecture, size)
