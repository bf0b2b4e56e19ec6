"""Exports without TensorFlow: what is written, proved, refused, replaced and left behind."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mobilenet_gui.core import imaging
from mobilenet_gui.core.atomic import PREFIX, staged_folder
from mobilenet_gui.core.bundle import Bundle, write_bundle
from mobilenet_gui.core.bundle_files import write_file
from mobilenet_gui.core.errors import Cancelled, ModelError, StorageError
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.tflite_import import import_tflite
from mobilenet_gui.core.types import Label
from mobilenet_gui.training import export_check, export_making, narrow_weights, protocol
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.export import _staging, export
from mobilenet_gui.training.export_companions import one_line, proof
from mobilenet_gui.training.export_formats import ALL_FORMATS, formats_for
from mobilenet_gui.training.export_job import ExportFormat, ExportJob, ExportResult, results_of
from mobilenet_gui.training.export_run import job_for_run, run_export
from mobilenet_gui.training.job import from_data, to_data
from mobilenet_gui.training.run_folder import RunFolder, RunSpec, Sample
from mobilenet_gui.training.training_settings import TrainingSettings
from tests import bundles
from tests.model_factory import CLASSES, make_bundle, make_labels
from tests.photo_samples import icc_profile

COMPANIONS = {"README.txt", "example.py", "labels.txt", "preprocessing.json"}
HOSTILE = (
    "ant, red; \"big\" 'one'",
    "two\nlines\r\n\x00and\u2028more",
    '{"0": ["n01440764", "tench"]}',
    "=cmd|' /C calc'!A0",
    '"""); import os; os.abort() #',
    "木 – émeute 🐜",
)


@pytest.fixture
def photos(tmp_path: Path) -> tuple[Path, ...]:
    """Photos of several sizes, kinds and colours, one of them turned by its EXIF block."""
    folder = tmp_path / "photos ü"
    folder.mkdir()
    random = np.random.default_rng(1)
    made = []
    for number in range(12):
        height, width = (int(n) for n in random.integers(40, 500, 2))
        pixels = np.clip(random.integers(0, 256, (1, 1, 3)) + random.normal(0, 30, (height, width, 3)), 0, 255)
        image = Image.fromarray(pixels.astype(np.uint8))
        exif = Image.Exif()
        exif[0x0112] = 6 if number == 3 else 1
        path = folder / f"{number}.{'png' if number % 3 == 0 else 'jpg'}"
        image.save(path, exif=exif)
        made.append(path)
    return tuple(made)


def run(job: ExportJob) -> list[ExportResult]:
    return list(results_of(export(job, Control())))


def one(job: ExportJob) -> ExportResult:
    (result,) = run(job)
    return result


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_a_foreign_model_is_exported_proved_and_importable(tmp_path: Path, photos: tuple[Path, ...]) -> None:
    bundle = make_bundle(tmp_path / "b", name="Tiny <b>")
    result = one(ExportJob(bundle.folder, tmp_path / "öut" / "deep", ("tflite",), photos))
    assert result.path == tmp_path / "öut" / "deep" / "tiny-tflite" / "tiny.tflite"
    assert result.path is not None
    assert (result.checked, result.agree, result.problem, result.note) == (12, 12, "", "")
    assert result.proved
    assert result.largest_difference == 0
    assert result.size_bytes == result.path.stat().st_size
    assert {path.name for path in result.path.parent.iterdir()} == COMPANIONS | {"tiny.tflite"}
    assert left_over(result.path.parent.parent) == []
    again = import_tflite(result.path, tmp_path / "again", Naming("x", "X"))
    assert again.labels == bundle.labels
    assert again.preprocessing == bundle.preprocessing
    assert again.explainable


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("kind", ["float32", "int8", "uint8"])
def test_the_example_gives_the_programs_answers(
    tmp_path: Path, photos: tuple[Path, ...], kind: Any, background: bool
) -> None:
    bundle = make_bundle(tmp_path / "b", kind=kind, background=background)
    calibrated = replace(bundle.manifest, temperature=1.6)
    bundle = write_bundle(
        tmp_path / "c", calibrated, tflite=bundle.tflite_bytes(), labels=bundle.labels, head=bundle.head()
    )
    result = one(ExportJob(bundle.folder, tmp_path / "out", ("tflite",), photos))
    assert result.problem == ""
    assert result.largest_difference < 1e-5
    assert result.path is not None
    recognizer = LiteRTRecognizer(bundle, threads=1)
    said = example_answers(result.path.parent, photos)
    for path in photos:
        best = recognizer.recognize(imaging.decode_for(path, bundle.preprocessing)).best
        label, share = said[str(path)][0]
        assert label == best.label
        assert share == pytest.approx(best.probability * 100, abs=0.15)


def test_the_example_reads_odd_photos_as_the_program_does(tmp_path: Path, photos: tuple[Path, ...]) -> None:
    bundle = make_bundle(tmp_path / "b")
    result = one(ExportJob(bundle.folder, tmp_path / "out", ("tflite",), photos[:2]))
    assert result.path is not None
    spec = importlib.util.spec_from_file_location("example", result.path.with_name("example.py"))
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    for path in odd_photos(tmp_path / "odd"):
        theirs = example.read_photo(path)
        pre = bundle.preprocessing
        ours = imaging.prepare(imaging.decode_for(path, pre), pre).pixels
        assert np.array_equal(theirs, ours), path.name


def odd_photos(folder: Path) -> list[Path]:
    """Write photos of every kind of pixels, among them large, small and turned ones."""
    folder.mkdir()
    random = np.random.default_rng(7)
    grey = np.clip(random.normal(0.3, 0.2, (90, 130)), 0, 0.6)
    colour = Image.fromarray(random.integers(0, 256, (97, 131, 3), np.uint8))
    turned = Image.Exif()
    turned[0x0112] = 5
    see_through = colour.convert("RGBA")
    see_through.putalpha(Image.fromarray((np.linspace(0, 255, 131)[None] * np.ones((97, 1))).astype(np.uint8)))
    wide = icc_profile(1.8, np.array([[0.52, 0.29, 0.16], [0.24, 0.69, 0.07], [0.0, 0.04, 0.78]]))
    Image.fromarray((grey * 65535).astype(np.uint16)).save(folder / "deep.png")
    Image.fromarray((grey * 900).astype(np.int32)).save(folder / "whole.tif")
    Image.fromarray((grey * 3 - 1).astype(np.float32)).save(folder / "fractions.tif")
    see_through.save(folder / "alpha.png")
    see_through.convert("LA").save(folder / "grey-alpha.png")
    colour.convert("P").save(folder / "palette.gif", transparency=3)
    colour.convert("CMYK").save(folder / "cmyk.jpg")
    colour.convert("1").save(folder / "black-and-white.png")
    colour.convert("LAB").save(folder / "lab.tif")
    colour.save(folder / "wide.png", icc_profile=wide)
    colour.resize((1501, 1001)).save(folder / "large.jpg", exif=turned, icc_profile=wide)
    colour.resize((1501, 1001)).save(folder / "large.png", exif=turned)
    colour.resize((5, 7)).save(folder / "tiny.png")
    return sorted(folder.iterdir())


def example_answers(folder: Path, photos: Sequence[Path]) -> dict[str, list[tuple[str, float]]]:
    """Run the example as a user does, from somewhere else, and return its answers."""
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "example.py"), *map(str, photos)],
        capture_output=True,
        encoding="utf-8",
        cwd=folder.anchor,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers: dict[str, list[tuple[str, float]]] = {}
    path = ""
    for line in done.stdout.splitlines():
        if line.startswith("  "):
            share, label = line.split(" %  ", 1)
            answers[path].append((label, float(share)))
        else:
            path = line
            answers[path] = []
    return answers


def test_hostile_names_stay_text(tmp_path: Path, photos: tuple[Path, ...]) -> None:
    labels = tuple(Label(i, "", name) for i, name in enumerate(HOSTILE))
    bundle = make_bundle(tmp_path / "b", labels=labels, name="“” & <script>")
    result = one(ExportJob(bundle.folder, tmp_path / "out", ("tflite",), photos[:2]))
    assert result.path is not None
    folder = result.path.parent
    lines = (folder / "labels.txt").read_text(encoding="utf-8").splitlines()
    assert lines == [one_line(name) for name in HOSTILE]
    assert len(lines) == CLASSES
    inside = import_tflite(result.path, tmp_path / "again", Naming("x", "X")).labels
    assert [label.name for label in inside] == lines
    assert {label for label, _ in example_answers(folder, photos[:2])[str(photos[0])]} <= set(lines)


def test_five_hundred_classes(tmp_path: Path, photos: tuple[Path, ...]) -> None:
    bundle = make_bundle(tmp_path / "b", classes=500)
    result = one(ExportJob(bundle.folder, tmp_path / "out", ("tflite",), photos))
    assert result.proved
    assert result.path is not None
    assert import_tflite(result.path, tmp_path / "again", Naming("x", "X")).labels == make_labels(500)


def test_preprocessing_is_stated_for_programs(tmp_path: Path, photos: tuple[Path, ...]) -> None:
    bundle = make_bundle(tmp_path / "b", kind="uint8")
    result = one(ExportJob(bundle.folder, tmp_path / "out", ("tflite",), photos))
    assert result.path is not None
    about = json.loads((result.path.parent / "preprocessing.json").read_text(encoding="utf-8"))
    assert about["input"]["table"] == list(range(256))
    assert (about["file"], about["input"]["size"], about["output"]["kind"]) == ("tiny.tflite", 32, "probabilities")
    readme = (result.path.parent / "README.txt").read_text(encoding="utf-8")
    assert "It was tried on 12 photos and gave the program's first guess on 12 of them." in readme


def test_other_formats_of_a_tflite_model_say_why_not(tmp_path: Path, photos: tuple[Path, ...]) -> None:
    bundle = make_bundle(tmp_path / "b")
    results = run(ExportJob(bundle.folder, tmp_path / "out", ALL_FORMATS, photos))
    assert [result.format for result in results if result.written] == ["tflite"]
    assert all(result.problem for result in results if not result.written)
    offered = {info.format: info for info in formats_for(bundle)}
    assert [kind for kind, info in offered.items() if not info.unavailable] == ["tflite"]
    assert "older TensorFlow" in offered["tfjs"].unavailable
    assert all(info.title and info.purpose for info in offered.values())


def test_a_backbone_is_refused(tmp_path: Path) -> None:
    bundle = bundles.make_bundle(tmp_path / "b", backbone=True)
    with pytest.raises(ModelError, match="no classifier"):
        run(ExportJob(bundle.folder, tmp_path / "out", ("tflite",)))
    assert all(info.unavailable for info in formats_for(bundle))


def test_without_photos_the_shipped_ones_serve(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "b")
    gone = (tmp_path / "gone.jpg",)
    for check in ((), gone):
        result = one(ExportJob(bundle.folder, tmp_path / "out", ("tflite",), check))
        assert result.checked == len(export_check.sample_photos()) > 0
        assert "sample photos only" in result.note


def test_nothing_to_try_it_on_is_said(
    tmp_path: Path, photos: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_check, "sample_photos", lambda: ())
    bundle = make_bundle(tmp_path / "b")
    result = one(ExportJob(bundle.folder, tmp_path / "out", ("tflite",)))
    assert (result.checked, result.proved, result.written) == (0, False, True)
    assert "not tried" in result.problem


def test_unreadable_photos_are_left_out(tmp_path: Path, photos: tuple[Path, ...]) -> None:
    photos[0].write_bytes(b"no photo")
    photos[1].unlink()
    bundle = make_bundle(tmp_path / "b")
    assert one(ExportJob(bundle.folder, tmp_path / "out", ("tflite",), photos)).checked == 10


def test_a_file_that_answers_differently_is_found_out(
    tmp_path: Path, photos: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = make_bundle(tmp_path / "b")
    monkeypatch.setattr(export_making, "scale_logits", lambda graph, factor: graph.data)
    calibrated = write_bundle(
        tmp_path / "c",
        replace(bundle.manifest, temperature=3.0),
        tflite=bundle.tflite_bytes(),
        labels=bundle.labels,
        head=bundle.head(),
    )
    result = one(ExportJob(calibrated.folder, tmp_path / "out", ("tflite",), photos))
    assert not result.proved
    assert result.largest_difference > 0.05
    assert "differs by up to" in result.problem


def test_an_older_export_gives_way_and_anything_else_does_not(tmp_path: Path, photos: tuple[Path, ...]) -> None:
    bundle = make_bundle(tmp_path / "b")
    job = ExportJob(bundle.folder, tmp_path / "out", ("tflite",), photos)
    first = one(job)
    assert first.path is not None
    assert one(replace(job, replace=False)).path is None
    assert one(job).path == first.path
    mine = first.path.parent / "my notes.txt"
    mine.write_text("keep")
    refused = one(job)
    assert (refused.path, mine.read_text()) == (None, "keep")
    assert refused.problem.startswith("Other files lie in")
    assert left_over(tmp_path / "out") == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, photos: tuple[Path, ...]) -> None:
    bundle = make_bundle(tmp_path / "b")
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageError) as caught:
        run(ExportJob(bundle.folder, tmp_path / "file" / "out", ("tflite",), photos))
    assert str(tmp_path / "file" / "out") in str(caught.value)


@pytest.mark.skipif(os.name == "nt" or getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_named(tmp_path: Path, photos: tuple[Path, ...]) -> None:
    bundle = make_bundle(tmp_path / "b")
    out = tmp_path / "out"
    out.mkdir(mode=0o500)
    with pytest.raises(StorageError, match="permission"):
        run(ExportJob(bundle.folder, out, ("tflite",), photos))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_leaves_nothing_half_made(
    tmp_path: Path, photos: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    bundle = make_bundle(tmp_path / "b")
    job = ExportJob(bundle.folder, tmp_path / "out", ("tflite",), photos)
    before = one(job)
    assert before.path is not None
    content = before.path.read_bytes()

    def full(path: Path, write: object) -> None:
        path.write_bytes(b"half")
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(export_making, "write_file", full)
    with pytest.raises(StorageError, match="full" if code == errno.ENOSPC else "read-only"):
        run(job)
    assert left_over(tmp_path / "out") == []
    assert before.path.read_bytes() == content


def test_a_folder_that_is_pulled_away_is_named(
    tmp_path: Path, photos: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = make_bundle(tmp_path / "b")

    def pulled_away(path: Path, write: Any) -> object:
        shutil.rmtree(tmp_path / "out")
        return write_file(path, write)

    monkeypatch.setattr(export_making, "write_file", pulled_away)
    with pytest.raises(StorageError, match="removed while"):
        run(ExportJob(bundle.folder, tmp_path / "out", ("tflite",), photos))
    assert not (tmp_path / "out").exists()


def test_classes_that_are_as_likely_are_one_first_guess(tmp_path: Path, photos: tuple[Path, ...]) -> None:
    wanted = export_check.check_set(make_bundle(tmp_path / "b"), photos, Control())
    even = np.full_like(wanted.answers, 1 / CLASSES)
    noisy = even + np.random.default_rng(0).normal(0, 1e-7, even.shape).astype(np.float32)
    for answers, agree in ((noisy, len(wanted)), (even + np.eye(1, CLASSES, dtype=np.float32) * 1e-3, 0)):
        program = replace(wanted, answers=answers)
        other = np.roll(noisy, 1, axis=1)
        other[:, 1] += 1e-6

        def ask(pixels: Any, rows: Any = other) -> Any:
            return rows[: len(pixels)]

        result = export_check.compare(ExportResult("onnx"), ask, program, Control())
        assert result.agree == agree


def test_cancelling_leaves_what_was_finished(tmp_path: Path, photos: tuple[Path, ...]) -> None:
    bundle = make_bundle(tmp_path / "b")
    seen: list[protocol.Event] = []

    def say(event: protocol.Event) -> None:
        seen.append(event)
        if isinstance(event, protocol.Exported):
            control.obey("cancel")

    control = Control(say)
    with pytest.raises(Cancelled):
        export(ExportJob(bundle.folder, tmp_path / "out", ("tflite", "onnx"), photos), control)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["tiny-tflite"]
    shares = [event.fraction for event in seen if isinstance(event, protocol.Progress)]
    assert shares == sorted(shares, key=lambda share: share or 0)


def test_what_a_crashed_export_left_is_cleared_and_a_running_ones_stays(
    tmp_path: Path, photos: tuple[Path, ...]
) -> None:
    bundle = make_bundle(tmp_path / "b")
    out = tmp_path / "out"
    crashed = out / f"{PREFIX}export-crashed"
    crashed.mkdir(parents=True)
    (crashed / "half").write_text("x")
    with staged_folder(out) as running:
        assert one(ExportJob(bundle.folder, out, ("tflite",), photos)).proved
        assert (crashed.exists(), running.exists()) == (False, True)


def test_the_worker_process_does_the_same(tmp_path: Path, photos: tuple[Path, ...]) -> None:
    bundle = make_bundle(tmp_path / "b")
    heard: list[ExportResult] = []
    events: list[protocol.Event] = []
    job = ExportJob(bundle.folder, tmp_path / "out", ("tflite", "tfjs"), photos)
    results = run_export(job, events.append, on_result=heard.append)
    assert list(results) == heard
    assert [result.proved for result in results] == [True, False]
    assert left_over(tmp_path / "out") == []
    assert any(isinstance(event, protocol.Progress) for event in events)


def test_an_order_survives_the_way_to_the_worker(tmp_path: Path) -> None:
    job = ExportJob(
        tmp_path, tmp_path / "o", ("onnx", "keras"), (Path("a"),), (Path("b"), Path("c")), replace=False, staging=".x"
    )
    assert from_data(json.loads(json.dumps(to_data(job)))) == job
    faults: tuple[dict[str, object], ...] = (
        {"formats": ["exe"]},
        {"formats": []},
        {"staging": "../x"},
        {"staging": "x"},
        {"bundle": None},
    )
    for bad in faults:
        with pytest.raises(ValueError, match="not a"):
            from_data(to_data(job) | bad)


def test_a_result_survives_the_way_back() -> None:
    result = ExportResult("onnx", Path("a/b.onnx"), 5, 200, 199, 0.0004, 3.5, "float32", "how", "note", "problem")
    assert results_of(json.loads(json.dumps({"results": [result.to_data(), {"format": "?"}, 7]}))) == (result,)
    assert results_of({}) == ()


@pytest.mark.parametrize(
    ("numbers", "agree", "difference", "proved"),
    [
        ("float32", 199, 1e-4, True),
        ("float32", 198, 1e-4, False),
        ("float32", 200, 2e-3, False),
        ("float16", 199, 1e-3, True),
        ("float16", 200, 2e-3, False),
        ("int8", 196, 0.2, True),
        ("int8", 195, 0.0, False),
        ("int8 weights", 196, 0.2, True),
    ],
)
def test_what_counts_as_proved(numbers: str, agree: int, difference: float, proved: bool) -> None:
    result = ExportResult("tflite", Path("x"), 1, 200, agree, difference, numbers=numbers)
    assert result.proved is proved
    assert not replace(result, checked=0).proved
    assert not replace(result, path=None).proved


def test_proof_in_words() -> None:
    text = proof(ExportResult("tflite", Path("x"), 1, 1, 1, 0.00012))
    assert text == (
        "It was tried on 1 photo and gave the program's first guess on 1. No probability differed by more than 0.00012."
    )
    assert "not tried" in proof(ExportResult("tflite"))


def test_a_training_is_proved_on_photos_it_was_not_trained_on(tmp_path: Path) -> None:
    def sample(number: int, split: Any) -> Sample:
        return Sample(str(number), tmp_path / f"{number}.jpg", number % 2, split)

    parts: tuple[Any, ...] = ("train", "train", "validation", "test")
    samples = tuple(sample(number, split) for number, split in enumerate(parts))
    folder = RunFolder(tmp_path / "run")
    spec = RunSpec("r", "", "N", ("a", "b"), samples, TrainingSettings(), tmp_path, tmp_path)
    folder.write_spec(spec)
    formats: tuple[ExportFormat, ...] = ("tflite",)
    job = job_for_run(folder, formats, tmp_path / "out")
    assert (job.bundle, job.check) == (folder.bundle_folder, (tmp_path / "2.jpg",))
    assert job.calibration == (tmp_path / "0.jpg", tmp_path / "1.jpg")
    folder.write_spec(replace(spec, samples=tuple(s for s in samples if s.split != "validation")))
    assert job_for_run(folder, formats, tmp_path / "out").check == (tmp_path / "3.jpg",)


def test_few_photos_for_8_bits_are_made_more() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 16, 16, 3), np.uint8)
    more = export_check.calibration_pixels(pixels)
    assert len(more) == 49  # each mirrored, and in five cuts
    assert np.array_equal(more[:7], pixels)
    many = np.repeat(pixels, 20, axis=0)
    assert len(export_check.calibration_pixels(many)) == 140
    assert len(export_check.calibration_pixels(pixels[:0])) == 0


def test_photos_are_taken_from_all_over_the_list() -> None:
    photos = [Path(str(number)) for number in range(1000)]
    some = export_check.spread(photos, 10)
    assert [int(path.name) for path in some] == list(range(0, 1000, 100))
    assert export_check.spread(photos[:3], 10) == photos[:3]


def test_a_damaged_bundle_is_named(tmp_path: Path) -> None:
    bundle: Bundle = make_bundle(tmp_path / "b")
    path = bundle.folder / "model.tflite"
    path.write_bytes(path.read_bytes()[::-1])
    result = one(ExportJob(bundle.folder, tmp_path / "out", ("tflite",)))
    assert "was changed or is damaged" in result.problem
    assert [path.name for path in (tmp_path / "out").iterdir()] == []


@pytest.mark.parametrize(("aim", "numbers", "words"), [(1.0, "float16", ""), (0.0, "float32", "All its weights keep")])
def test_16_bits_give_way_to_32_where_answers_would_differ(
    tmp_path: Path, photos: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch, aim: float, numbers: str, words: str
) -> None:
    monkeypatch.setattr("mobilenet_gui.training.export.unavailable_reason", lambda kind, bundle: "")
    monkeypatch.setattr(export_making, "_HALF_AIM", aim)
    monkeypatch.setattr(narrow_weights, "WHOLE_SHARES", (0.0, 0.5, 1.0))
    bundle = make_bundle(tmp_path / "b", classes=40)
    result = one(ExportJob(bundle.folder, tmp_path / "out", ("tflite-float16",), photos))
    assert (result.numbers, result.checked, result.proved) == (numbers, 12, True)
    assert result.note.startswith(words)
    assert (result.largest_difference > 0) == (numbers == "float16")
    assert result.path is not None
    assert result.size_bytes == result.path.stat().st_size
    assert import_tflite(result.path, tmp_path / "again", Naming("x", "X")).explainable


def test_an_error_is_measured_where_the_program_is_undecided(tmp_path: Path, photos: tuple[Path, ...]) -> None:
    wanted = export_check.check_set(make_bundle(tmp_path / "b"), photos[:1], Control())
    answers = np.full((1, CLASSES), 1e-6, np.float32)
    answers[0, :2] = 0.99, 0.01  # so sure that an error of its logits hardly shows
    other = answers.copy()
    other[0, :2] = 0.9899, 0.0101

    def ask(pixels: Any) -> Any:
        return other[: len(pixels)]

    found = export_check.largest_if_undecided(ask, replace(wanted, answers=answers), Control())
    assert found == pytest.approx(0.0025, rel=0.02)
    answers[0, 1] = 1e-7
    assert export_check.largest_if_undecided(ask, replace(wanted, answers=answers), Control()) == 0


def test_what_the_converter_leaves_goes_along_with_a_killed_export(tmp_path: Path) -> None:
    job: Any = SimpleNamespace(output=tmp_path, staging="")
    before = tempfile.gettempdir()
    with _staging(job) as staging:
        left = Path(tempfile.mkdtemp())
        assert left.parent == staging
    assert not left.exists()
    assert tempfile.gettempdir() == before
