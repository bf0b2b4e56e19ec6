"""Judging a model: the same numbers as the command line, figures that follow from the answers, and their file."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image

from mobilenet_gui import cli
from mobilenet_gui.core.bundle import Bundle, write_bundle
from mobilenet_gui.core.errors import Cancelled, ProjectError, UserError
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.core.types import Label
from mobilenet_gui.training.comparison import compare
from mobilenet_gui.training.evaluation import evaluate, match_classes
from mobilenet_gui.training.evaluation_file import from_data, read_evaluation, to_data, write_evaluation
from mobilenet_gui.training.evaluation_types import (
    OTHER,
    Answer,
    Evaluation,
    Guess,
    calibration_error,
    reliability,
    wilson,
)
from tests.core.test_strangers import shown_colours
from tests.model_factory import make_bundle, make_labels
from tests.photo_samples import shapes

COLOURS = {"red": (230, 20, 10), "green": (10, 220, 30), "blue": (20, 30, 240)}


@dataclass(frozen=True)
class Known:
    """A photo whose class is known."""

    id: str
    path: Path
    label: int
    group: str = ""


@pytest.fixture
def tiny(tmp_path: Path) -> Bundle:
    """A network that knows red, green and blue."""
    return make_bundle(tmp_path / "tiny")


@pytest.fixture
def samples(tmp_path: Path) -> list[Known]:
    """Photos of the three colours, one of them under a wrong class, and one that is damaged."""
    found = []
    for label, (name, colour) in enumerate(COLOURS.items()):
        path = tmp_path / f"{name}.png"
        Image.new("RGB", (60, 40), colour).save(path)
        found.append(Known(name, path, label))
    found.append(Known("wrong", tmp_path / "red.png", 2))
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    found.append(Known("broken", tmp_path / "broken.jpg", 0))
    return found


def made_up(answers: list[tuple[int, int, float]], classes: tuple[str, ...] = ("a", "b", "c")) -> Evaluation:
    """An evaluation out of (truth, guess, probability)."""
    return Evaluation(
        "m",
        "M",
        classes,
        tuple(
            Answer(
                str(n),
                Path(f"{n}.jpg"),
                truth,
                (Guess(guess, classes[guess] if guess >= 0 else "cup", share),),
                share if truth == guess else 1 - share,
                share,
            )
            for n, (truth, guess, share) in enumerate(answers)
        ),
    )


def test_answers_and_figures(tiny: Bundle, samples: list[Known]) -> None:
    seen: list[tuple[int, int]] = []
    found = evaluate(tiny, samples, ("red", "Green", "BLUE"), progress=lambda *at: seen.append(at))
    assert [answer.guess for answer in found.answers] == [0, 1, 2, 0, OTHER]
    assert found.accuracy == 0.75
    assert found.confusion == ((1, 0, 0), (0, 1, 0), (1, 0, 1))
    assert [answer.id for answer in found.mistakes] == ["wrong"]
    assert [answer.id for answer in found.errors] == ["broken"]
    assert found.errors[0].error
    red, _, blue = found.per_class
    assert (red.support, red.correct, red.said, red.recall, red.precision) == (1, 1, 2, 1.0, 0.5)
    assert (blue.support, blue.recall, blue.precision) == (2, 0.5, 1.0)
    assert blue.f1 == pytest.approx(2 / 3)
    assert found.weakest == blue
    assert seen == [(n, 5) for n in range(1, 6)]
    assert (found.model_id, found.unknown) == ("tiny", ())


def test_to_the_last_digit_what_classify_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ModelStore()
    with store.staging_folder() as staging:
        made = make_bundle(staging / "bundle")
        calibrated = replace(made.manifest, temperature=1.7, sure_from=0.6)
        again = write_bundle(staging / "again", calibrated, tflite=made.tflite_bytes(), labels=make_labels())
        bundle = store.install(again.folder)
    paths = []
    for seed in range(6):
        paths.append(tmp_path / f"{seed}.jpg")
        shapes(200 + 30 * seed, 180, seed).save(paths[-1])
    assert cli.main(["classify", "--model", bundle.id, "--format", "json", *map(str, paths)]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    classes = [label.name for label in bundle.labels]
    found = evaluate(bundle, [Known(str(p), p, 0) for p in paths], classes)
    assert found.sure_from == 0.6
    assert found.temperature == 1.7
    for record, answer in zip(printed, found.answers, strict=True):
        assert [p["probability"] for p in record["predictions"]] == [g.probability for g in answer.guesses]
        assert [p["label"] for p in record["predictions"]] == [g.name for g in answer.guesses]


def test_the_temperature_is_undone_for_the_error_before(tmp_path: Path, samples: list[Known]) -> None:
    plain = make_bundle(tmp_path / "plain")
    warm = write_bundle(
        tmp_path / "warm", replace(plain.manifest, temperature=2.0), tflite=plain.tflite_bytes(), labels=make_labels()
    )
    classes = ("red", "green", "blue")
    before, after = evaluate(plain, samples, classes), evaluate(warm, samples, classes)
    for one, two in zip(before.tested, after.tested, strict=True):
        assert one.raw_confidence == one.probability
        assert two.raw_confidence == pytest.approx(one.probability, abs=1e-6)
        assert two.probability < one.probability
    assert after.raw_calibration_error == pytest.approx(before.calibration_error, abs=1e-6)


def test_a_model_of_other_classes_is_matched_by_name(tiny: Bundle, samples: list[Known]) -> None:
    assert match_classes(tiny, ["BLUE", "n00000001", "green two"]) == {3: 0, 1: 1, 2: 2}
    assert match_classes(tiny, ["reds"]) == {1: 0}
    found = evaluate(tiny, samples, ("red", "cat", "blue"))
    assert found.unknown == ("cat",)
    assert {answer.id for answer in found.answers} == {"red", "blue", "wrong", "broken"}
    with pytest.raises(UserError, match="cat, dog"):
        evaluate(tiny, samples, ("cat", "dog", "cow"))


def test_the_very_name_beats_one_that_looks_the_same(tiny: Bundle, tmp_path: Path) -> None:
    assert match_classes(tiny, ["RED", "gre\u200ben", "Blue"]) == {1: 0, 2: 1, 3: 2}
    assert match_classes(tiny, ["RED", "red"]) == {1: 1}
    names = ("Red", "red", "RED", "green", "blue", "other")
    both = make_bundle(tmp_path / "both", labels=[Label(n, "", name) for n, name in enumerate(names)])
    assert match_classes(both, ["RED", "red"]) == {2: 0, 1: 1}


def test_naming_something_else_is_a_mistake(tiny: Bundle, samples: list[Known]) -> None:
    found = evaluate(tiny, [replace(samples[0], label=0)], ("dark", "blue"))
    assert found.answers[0].guess == OTHER
    assert found.answers[0].said == "red"
    assert found.confusion == ((0, 0, 1), (0, 0, 0))
    assert found.cell(0, OTHER) == found.answers
    assert from_data(to_data(found)) == found


def test_stopping(tiny: Bundle, samples: list[Known]) -> None:
    stop = threading.Event()

    def progress(done: int, _: int) -> None:
        if done == 2:
            stop.set()

    with pytest.raises(Cancelled):
        evaluate(tiny, samples * 20, ("red", "green", "blue"), progress=progress, cancel=stop)


def test_the_file(tmp_path: Path, tiny: Bundle, samples: list[Known]) -> None:
    found = evaluate(tiny, samples, ("red", "green", "blue"))
    path = tmp_path / "evaluation.json"
    write_evaluation(path, found)
    assert read_evaluation(path) == found
    assert json.loads(path.read_text())["accuracy"] == 0.75
    assert from_data(json.loads(json.dumps(to_data(found)))) == found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"format_version": 1', '"format_version": 2'),
        ('"classes": ["red"', '"classes": [7'),
        ('"answers": [', '"answers": [[1],'),
        ('"sure_from": null', '"sure_from": "x"'),
        ("{", "["),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, tiny: Bundle, samples: list[Known], old: str, new: str) -> None:
    path = tmp_path / "evaluation.json"
    write_evaluation(path, evaluate(tiny, samples, ("red", "green", "blue")))
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ProjectError):
        read_evaluation(path)
    with pytest.raises(ProjectError):
        read_evaluation(tmp_path / "none.json")


def test_wilson_interval() -> None:
    # The interval for 8 of 10, worked out by hand with z = 1.96.
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 20)[0] == 0.0
    assert wilson(20, 20)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_burst_counts_as_one_in_the_interval(tmp_path: Path) -> None:
    alone = made_up([(0, 0, 0.9)] * 8 + [(0, 1, 0.6)] * 2)
    assert alone.interval == pytest.approx(wilson(8, 10))
    # Each photo as a burst of three: three times as many, and none of them says anything new.
    three = [replace(a, id=f"{a.id}/{k}", group=f"burst {n}") for n, a in enumerate(alone.answers) for k in range(3)]
    bursts = replace(alone, answers=tuple(three))
    assert bursts.accuracy == alone.accuracy
    assert bursts.interval == pytest.approx(alone.interval)
    write_evaluation(tmp_path / "evaluation.json", bursts)
    again = read_evaluation(tmp_path / "evaluation.json")
    assert again.interval == pytest.approx(bursts.interval)
    assert len({answer.group for answer in again.answers}) == 10


def test_calibration_error() -> None:
    bins = reliability([0.9] * 10 + [0.6] * 10, [True] * 9 + [False] + [True] * 3 + [False] * 7)
    assert [entry.photos for entry in bins] == [10, 10]
    assert calibration_error(bins) == pytest.approx((0 + 0.3) / 2)
    assert calibration_error(()) == 0.0


def test_sure_figures() -> None:
    found = made_up([(0, 0, 0.95), (1, 1, 0.9), (2, 0, 0.7), (0, 0, 0.55)])
    sure = found.sure_at(0.8)
    assert (sure.sure, sure.coverage, sure.accuracy) == (2, 0.5, 1.0)
    assert found.sure_at(0.99).accuracy is None
    assert found.sure is None
    assert replace(found, sure_from=0.6).sure == found.sure_at(0.6)


def test_the_worst_mistake_comes_first() -> None:
    found = made_up([(0, 1, 0.6), (1, 0, 0.99), (2, 2, 0.9), (2, 1, 0.8)])
    assert [answer.id for answer in found.mistakes] == ["1", "3", "0"]
    assert [answer.id for answer in found.cell(2, 1)] == ["3"]


def test_nothing_tested() -> None:
    found = made_up([])
    assert (found.accuracy, found.weakest, found.calibration_error) == (None, None, 0.0)
    assert found.interval == (0.0, 1.0)
    assert found.confusion == ((0, 0, 0),) * 3
    assert found.per_class[0].f1 is None


def test_two_models_beside_each_other() -> None:
    old = made_up([(0, 0, 0.9)] * 50 + [(0, 1, 0.6)] * 10)
    new = made_up([(0, 0, 0.9)] * 48 + [(0, 1, 0.9)] * 2 + [(0, 0, 0.6)] * 10)
    found = compare(old, new)
    assert (found.both, len(found.only_old), len(found.only_new), found.neither) == (48, 2, 10, 0)
    # Two-sided exact binomial test of 2 in 12: 2 (1 + 12 + 66) / 4096.
    assert found.p_value == pytest.approx(2 * 79 / 4096)
    assert found.significant
    assert found.old_accuracy == pytest.approx(50 / 60)
    assert found.new_accuracy == pytest.approx(58 / 60)
    assert compare(old, old).p_value == 1.0


def test_relabelled_and_new_photos_are_left_out_of_a_comparison() -> None:
    old = made_up([(0, 0, 0.9), (1, 1, 0.9), (2, 2, 0.9)])
    new = made_up([(0, 0, 0.9), (2, 2, 0.9)])
    found = compare(old, new)
    assert (found.photos, found.left_out) == (1, 3)


def test_a_comparison_of_thousands_stays_a_number() -> None:
    old = made_up([(0, 0, 0.9)] * 3000 + [(0, 1, 0.9)] * 3000)
    new = made_up([(0, 1, 0.9)] * 3000 + [(0, 0, 0.9)] * 3000)
    assert compare(old, new).p_value == 1.0
    better = made_up([(0, 0, 0.9)] * 6000)
    assert compare(old, better).p_value < 1e-12


def test_strangers_are_counted_and_kept(tmp_path: Path, tiny: Bundle, samples: list[Known]) -> None:
    recognizer = LiteRTRecognizer(tiny, threads=1)
    made = replace(shown_colours(recognizer, COLOURS["red"], COLOURS["green"]), near_accepted=0.125)
    knows = make_bundle(tmp_path / "knows", shown=made)
    found = evaluate(knows, samples, ("red", "green", "blue"), threads=1)
    assert [answer.unlike for answer in found.answers] == [False, False, True, False, None]
    assert found.accepted == 0.75
    write_evaluation(tmp_path / "evaluation.json", found)
    kept = read_evaluation(tmp_path / "evaluation.json")
    assert (kept.accepted, kept.near_accepted) == (0.75, 0.125)
    before = evaluate(tiny, samples, ("red", "green", "blue"), threads=1)
    assert (before.accepted, from_data(to_data(before)).accepted) == (None, None)
    assert (before.near_accepted, from_data(to_data(before)).near_accepted) == (None, None)
    data = to_data(found)
    data["answers"][0][-1] = "yes"
    with pytest.raises(ValueError, match="yes or no"):
        from_data(data)
