"""Classifiers of two classes with a single output: they answer as two, and say so in their names."""

from __future__ import annotations

from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from mobilenet_gui.core.confidence import softmax
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.explain import logits
from mobilenet_gui.core.labels import LabelsBeside
from mobilenet_gui.core.litert import load_interpreter
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.tensors import dequantize
from mobilenet_gui.core.tflite_import import import_tflite
from mobilenet_gui.core.types import Label
from tests.core.test_tflite_import import metadata, put
from tests.model_factory import Kind, make_tflite, plain_photo

NAMING = Naming("x", "X")
TWO = (Label(0, "", "bright"), Label(1, "", "dark"))
GREY = (40, 130, 220)


def asked(data: bytes, value: int) -> float:
    """What the single output of a network says of a plain photo, as a real number."""
    interpreter = load_interpreter(data, "x", 1)
    photo, answer = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    pixels = np.full(photo["shape"], value)
    floats = photo["dtype"] == np.float32
    shifted = pixels / 127.5 - 1 if floats else pixels - (128 if photo["dtype"] == np.int8 else 0)
    interpreter.set_tensor(photo["index"], shifted.astype(photo["dtype"]))
    interpreter.invoke()
    return float(dequantize(interpreter.get_tensor(answer["index"]), answer["quantization"]).reshape(()))


@pytest.mark.parametrize("kind", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("sigmoid", [True, False])
def test_one_output_is_two_classes(tmp_path: Path, kind: Kind, sigmoid: bool) -> None:
    data = make_tflite(kind, classes=1, sigmoid=sigmoid, softmax=False)
    bundle = import_tflite(put(tmp_path, data), tmp_path / "b", NAMING, TWO)
    assert [label.name for label in bundle.labels] == ["bright", "dark"]
    assert (bundle.manifest.background, bundle.explainable) == (False, True)
    recognizer = LiteRTRecognizer(bundle)
    head = bundle.head()
    assert head is not None
    for value in GREY:
        said = asked(data, value)
        wanted = said if sigmoid else 1 / (1 + np.exp(-said))
        scores, features = recognizer.probabilities(plain_photo((value,) * 3), want_features=True)
        assert scores[1] == pytest.approx(wanted, abs=1e-5 if kind == "float32" else 0.006)
        assert scores.sum() == pytest.approx(1, abs=0.006)
        assert features is not None
        assert softmax(logits(features, head))[1] == pytest.approx(wanted, abs=1e-4 if kind == "float32" else 0.03)
    assert recognizer.probabilities(plain_photo((0, 0, 0)))[0].argmax() == 1


def test_a_list_may_name_the_second_alone(tmp_path: Path) -> None:
    path = put(tmp_path, make_tflite(classes=1, sigmoid=True))
    bundle = import_tflite(path, tmp_path / "b", NAMING, (Label(0, "", "dark"),))
    assert [(label.index, label.name) for label in bundle.labels] == [(0, "not dark"), (1, "dark")]
    beside = LabelsBeside("labels.txt", (Label(0, "", "dark"),))
    assert import_tflite(path, tmp_path / "c", NAMING, beside=beside).labels == bundle.labels


@pytest.mark.parametrize("inside", ["dark\n", "not dark\ndark\n"])
def test_labels_and_range_inside_the_file_are_kept(tmp_path: Path, inside: str) -> None:
    data = make_tflite(classes=1, sigmoid=True, metadata=metadata([0.0], [1.0]))
    bundle = import_tflite(put(tmp_path, data, inside), tmp_path / "b", NAMING)
    assert [label.name for label in bundle.labels] == ["not dark", "dark"]
    assert bundle.preprocessing.normalization == "zero_255"


def test_more_names_than_two_do_not_fit(tmp_path: Path) -> None:
    path = put(tmp_path, make_tflite(classes=1, sigmoid=True))
    with pytest.raises(ModelError, match="2 classes but the labels file names 3"):
        import_tflite(path, tmp_path / "b", NAMING, (*TWO, Label(2, "", "other")))


def test_one_output_of_softmax_says_nothing(tmp_path: Path) -> None:
    path = put(tmp_path, make_tflite(classes=1))
    with pytest.raises(ModelError, match="neither a probability nor a score"):
        import_tflite(path, tmp_path / "b", NAMING, TWO)


@pytest.mark.parametrize(
    ("beside", "why"),
    [
        (LabelsBeside("labels.txt", TWO), "6 classes, but labels.txt beside it names 2"),
        (LabelsBeside("classes.txt", reason="Line 3 is empty."), "classes.txt beside the model .*6.*: Line 3 is empty"),
    ],
)
def test_labels_beside_that_do_not_fit_are_named(tmp_path: Path, beside: LabelsBeside, why: str) -> None:
    with pytest.raises(ModelError, match=why):
        import_tflite(put(tmp_path, make_tflite()), tmp_path / "b", NAMING, beside=beside)


def test_a_damaged_file_is_called_that(tmp_path: Path) -> None:
    data = make_tflite("uint8", classes=1, sigmoid=True)
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    score = next(t for t in model.subgraphs[0].tensors if t.name == b"logits")
    score.quantization.zeroPoint = np.array([16000], np.int64)  # outside of 8 bits
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    with pytest.raises(ModelError, match="damaged"):
        import_tflite(put(tmp_path, bytes(builder.Output())), tmp_path / "b", NAMING, TWO)
