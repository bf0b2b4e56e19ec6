"""Exports that TensorFlow takes part in: each format from a real network, proved, run by others, and read back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilenet_gui.core import imaging
from mobilenet_gui.core.bundle import Bundle, write_bundle
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.tflite_graph import parse
from mobilenet_gui.core.tflite_import import import_tflite
from mobilenet_gui.core.types import Label
from mobilenet_gui.training import export_check
from mobilenet_gui.training.architectures import FAMILIES
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.detect import Declared, detect
from mobilenet_gui.training.export_formats import formats_for
from mobilenet_gui.training.export_job import ExportFormat, ExportJob, ExportResult
from mobilenet_gui.training.export_making import Maker
from mobilenet_gui.training.export_run import run_export
from mobilenet_gui.training.job import ConvertJob
from mobilenet_gui.training.process import run_job
from mobilenet_gui.training.weights import open_weights
from tests.training.onnx_reference import SIZES
from tests.training.test_convert import ask_keras
from tests.training.test_export import HOSTILE, example_answers, left_over

pytestmark = [pytest.mark.keras, pytest.mark.xdist_group("export-keras")]

SIZE = 64
TEMPERATURE = 1.3
FORMATS: tuple[ExportFormat, ...] = ("tflite", "tflite-float16", "tflite-int8", "onnx", "keras", "savedmodel")
LABELS = tuple(Label(i, "", name.replace("\0", " ")) for i, name in enumerate(HOSTILE))


@dataclass(frozen=True, slots=True)
class Made:
    """A model, the photos, and what came of each format."""

    bundle: Bundle
    photos: tuple[Path, ...]
    results: dict[str, ExportResult]

    def path(self, kind: str) -> Path:
        found = self.results[kind].path
        assert found is not None
        return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A calibrated V3, which has every operation there is, in every format; from a folder with an odd name."""
    folder = tmp_path_factory.mktemp("export é 木")
    np.save(folder / "in.npy", np.zeros((1, SIZE, SIZE, 3), np.float32))
    task = {"do": "save", "family": "v3-small", "alpha": 0.75, "size": SIZE, "classes": len(LABELS), "seed": 6}
    ask_keras(folder, [task | {"folder": str(folder / "made"), "tensor": str(folder / "in.npy")}])
    naming = Naming("garden", "Garden “1”", licence="MIT")
    run_job(ConvertJob(folder / "made" / "legacy.h5", folder / "b", naming, input_size=SIZE, labels=LABELS))
    plain = Bundle.open(folder / "b")
    bundle = write_bundle(
        folder / "c",
        replace(plain.manifest, temperature=TEMPERATURE),
        tflite=plain.tflite_bytes(),
        labels=plain.labels,
        head=plain.head(),
        weights=plain.weights_path,
    )
    photos = _photos(folder / "photos", 60)
    temporary = folder / "temporary"
    temporary.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TMPDIR", "TEMP"):
            patch.setenv(name, str(temporary))
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        results = run_export(ExportJob(bundle.folder, folder / "out", FORMATS, photos[:30], photos[30:]))
    assert left_over(folder / "out") == []
    assert list(temporary.iterdir()) == [], "TensorFlow's generated sources stay behind"
    return Made(bundle, photos, {result.format: result for result in results})


def _photos(folder: Path, count: int) -> tuple[Path, ...]:
    folder.mkdir()
    random = np.random.default_rng(2)
    for number in range(count):
        coarse = random.integers(0, 256, (6, 8, 3), np.uint8)
        Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC).save(
            folder / f"{number:03}.jpg", quality=95
        )
    return tuple(sorted(folder.iterdir()))


def test_every_format_is_proved(made: Made) -> None:
    assert list(made.results) == list(FORMATS)
    for result in made.results.values():
        assert (result.problem, result.checked, result.proved) == ("", 30, True), result
        if result.numbers == "float32":
            assert result.largest_difference < 1e-4, result
    assert made.results["tflite-float16"].numbers == "float16"
    assert made.results["tflite-int8"].numbers in ("int8", "int8 weights")


def test_files_are_about_as_large_as_foretold(made: Made) -> None:
    for info in formats_for(made.bundle):
        if info.format == "tfjs":
            continue
        assert info.unavailable == ""
        # In a network this small, what is not weights weighs more than it usually does.
        assert 0.8 < made.results[info.format].size_bytes / info.estimated_bytes < 1.6, info


@pytest.mark.parametrize("kind", ["tflite-float16", "tflite-int8", "onnx", "keras", "savedmodel"])
def test_the_example_gives_the_programs_answers(made: Made, kind: ExportFormat) -> None:
    photos = made.photos[:8]
    said = example_answers(made.path(kind).parent, photos)
    recognizer = LiteRTRecognizer(made.bundle, threads=1)
    names = (made.path(kind).parent / "labels.txt").read_text(encoding="utf-8").splitlines()
    allowed = {"tflite-float16": 0.2, "tflite-int8": 15.0}.get(kind, 0.1)
    for path in photos:
        best = recognizer.recognize(imaging.decode_for(path, made.bundle.preprocessing)).best
        shares = dict(said[str(path)])
        assert shares[names[best.index]] == pytest.approx(best.probability * 100, abs=allowed)


def test_tflite_files_come_back_through_our_own_importer(made: Made, tmp_path: Path) -> None:
    photo = imaging.decode_for(made.photos[0], made.bundle.preprocessing)
    wanted = LiteRTRecognizer(made.bundle, threads=1).recognize(photo, top_k=len(LABELS))
    for number, kind in enumerate(("tflite", "tflite-float16", "tflite-int8")):
        bundle = import_tflite(made.path(kind), tmp_path / str(number), Naming("x", "X"))
        assert bundle.preprocessing.normalization == "zero_255"
        given = LiteRTRecognizer(bundle, threads=1).recognize(photo, top_k=len(LABELS))
        ours = {p.index: p.probability for p in wanted.predictions}
        assert all(abs(p.probability - ours[p.index]) < 0.15 for p in given.predictions)


def test_where_8_bits_throughout_disagree_only_the_weights_have_them(made: Made, tmp_path: Path) -> None:
    code = (
        "from mobilenet_gui.training import export_making; export_making.QUANTIZED_AGREEMENT = 1.01; "
        "from mobilenet_gui.__main__ import main; main()"
    )
    job = ExportJob(made.bundle.folder, tmp_path / "out", ("tflite-int8",), made.photos[:30], made.photos[30:])
    (result,) = run_export(job, command=[sys.executable, "-c", code, "worker"])
    assert (result.problem, result.numbers, result.checked, result.proved) == ("", "int8 weights", 30, True)
    assert not result.integer
    assert result.note.startswith(
        "With 8 bits throughout it agreed with the program on too few photos. So it counts in"
    )
    assert result.largest_difference < 0.02
    assert result.path is not None
    assert [path.name for path in result.path.parent.glob("*.tflite")] == [result.path.name]
    assert result.size_bytes == result.path.stat().st_size < 1.3 * made.results["tflite-int8"].size_bytes
    said = example_answers(result.path.parent, made.photos[:1])
    assert max(share for _, share in said[str(made.photos[0])]) > 0
    again = import_tflite(result.path, tmp_path / "again", Naming("x", "X"))
    assert again.explainable
    photo = imaging.decode_for(made.photos[0], made.bundle.preprocessing)
    best, ours = (
        LiteRTRecognizer(bundle, threads=1).recognize(photo).best.probability for bundle in (again, made.bundle)
    )
    assert best == pytest.approx(ours, abs=0.02)


def test_8_bits_throughout_can_be_asked_for_and_is_refused_then(made: Made, tmp_path: Path) -> None:
    code = (
        "from mobilenet_gui.training import export_making; export_making.QUANTIZED_AGREEMENT = 1.01; "
        "from mobilenet_gui.__main__ import main; main()"
    )
    job = ExportJob(
        made.bundle.folder, tmp_path / "out", ("tflite-int8",), made.photos[:30], made.photos[30:], require_integer=True
    )
    (result,) = run_export(job, command=[sys.executable, "-c", code, "worker"])
    assert (result.path, result.proved) == (None, False)
    assert result.problem == "With 8 bits throughout it agreed with the program on too few photos."
    assert list((tmp_path / "out").iterdir()) == []


def test_it_is_chosen_by_other_photos_than_those_that_prove_it(made: Made, tmp_path: Path) -> None:
    def pixels(photos: tuple[Path, ...]) -> set[bytes]:
        found = export_check.read_pixels(photos, made.bundle.preprocessing, 100, Control())
        return {row.tobytes() for row in found}

    def parts(check: tuple[Path, ...], fitting: tuple[Path, ...]) -> tuple[set[bytes], set[bytes], set[bytes]]:
        job = ExportJob(made.bundle.folder, tmp_path, ("tflite-int8",), check, fitting)
        maker = Maker(job, made.bundle, Control(), lambda *_: None)
        rows = maker._check_set().pixels, maker._calibration_pixels(), maker._choice_set().pixels
        proving, fitted, chosen = ({row.tobytes() for row in some} for some in rows)
        assert not proving & (fitted | chosen)
        return proving, fitted, chosen

    proving, fitted, chosen = parts(made.photos[:30], made.photos[30:])
    assert proving == pixels(made.photos[:30])
    assert pixels(made.photos[30:]) < fitted
    assert len(chosen) > 30
    proving, fitted, _ = parts(made.photos[:30], ())
    assert proving == pixels(made.photos[:30:2])
    assert pixels(made.photos[1:30:2]) < fitted
    few, _, _ = parts(made.photos[:5], ())
    assert few == pixels(made.photos[:5])
    samples, _, _ = parts((), ())
    assert samples == pixels(export_check.sample_photos())


def test_8_bits_are_8_bits_throughout(made: Made) -> None:
    if made.results["tflite-int8"].numbers != "int8":
        pytest.skip("this network is not good enough with 8 bits")
    graph = parse(made.path("tflite-int8").read_bytes(), "x")
    assert {graph.input.dtype, graph.output.dtype} == {np.dtype(np.uint8)}
    per_channel = [t for t in graph.tensors if t.values is not None and t.scales.size > 1]
    assert len(per_channel) > 20
    between = [t for op in graph.operations for t in (graph.tensors[i] for i in op.outputs)]
    assert {str(t.dtype) for t in between} <= {"int8", "uint8"}


def test_the_keras_file_holds_the_weights_with_the_calibration_in_the_last_layer(made: Made) -> None:
    source = made.bundle.weights_path
    assert source is not None
    found = []
    for path in (source, made.path("keras")):
        with open_weights(path) as file:
            detected = detect(file, Declared(input_size=SIZE), "x")
            found.append(detected.read("x"))
    before, after = found
    assert list(before) == list(after)
    *others, last = before
    for name in others:
        assert all(np.array_equal(a, b) for a, b in zip(before[name], after[name], strict=True)), name
    assert all(np.allclose(a / TEMPERATURE, b, rtol=1e-6) for a, b in zip(before[last], after[last], strict=True))


def test_onnx_carries_labels_and_preprocessing(made: Made) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(made.path("onnx")))
    onnx.checker.check_model(model, full_check=True)
    about = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(about["labels"]) == (made.path("onnx").parent / "labels.txt").read_text("utf-8").splitlines()
    assert json.loads(about["preprocessing"])["input"]["layout"] == "NCHW"
    assert about["licence"] == "MIT"


def test_every_family_as_onnx_in_three_runtimes(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    script = Path(__file__).with_name("onnx_reference.py")
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow", "KERAS_HOME": str(tmp_path)}
    environment["PYTHONPATH"] = str(script.parents[2])
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "out.json")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert set(found) == {f"{family} {size}" for family in FAMILIES for size in SIZES}
    for name, figures in found.items():
        assert figures.pop("spread") > 1e-3, name
        # Random weights make large numbers, and each runtime adds them up in an order of its own.
        assert max(figures.values()) < 2e-4, (name, figures)
