"""Reports and model cards: complete, escaped, alone in the world, and of bounded size."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ProjectError, StorageError
from mobilenet_gui.training import report as reports
from mobilenet_gui.training.evaluation_file import write_evaluation
from mobilenet_gui.training.evaluation_types import OTHER, Answer, Evaluation, Guess
from mobilenet_gui.training.model_card import model_card, write_model_card
from mobilenet_gui.training.report import Making, making_of, report_html, write_report, write_run_report
from mobilenet_gui.training.run_folder import EpochRecord, RunFolder, RunSpec, RunState, Sample, TrainingSettings
from tests.model_factory import make_bundle
from tests.training.disguises import jpeg, picture

HOSTILE = '<script>alert("1")</script>'


@pytest.fixture
def evaluation(tmp_path: Path) -> Evaluation:
    """Thirty answers about three classes, some wrong, some unreadable, with a hostile class name."""
    classes = ("red", HOSTILE, "blue")
    answers = []
    for n in range(30):
        path = tmp_path / f"photo {n} & <b>.jpg"
        if n % 2 == 0:
            path.write_bytes(jpeg(picture(n % 4)))
        truth, guess = n % 3, (n % 3 if n % 5 else (n + 1) % 3)
        probability = 0.5 + n / 70
        guesses = (Guess(guess, classes[guess], probability), Guess(truth, classes[truth], 0.1))
        error = "The file is cut short." if n == 7 else ""
        answers.append(Answer(str(n), path, truth, () if error else guesses, 0.1, probability, error))
    return Evaluation(
        "m", "My model", classes, tuple(answers), 1.4, 0.6, created="2026-11-24T10:00:00+00:00", near_accepted=0.371
    )


@pytest.fixture
def run(tmp_path: Path, evaluation: Evaluation) -> RunFolder:
    """A finished training."""
    base = make_bundle(tmp_path / "base", name="Base model")
    folder = RunFolder(tmp_path / "run")
    samples = tuple(Sample(a.id, a.path, a.truth, "test") for a in evaluation.answers)
    folder.write_spec(
        RunSpec("1", "", "My model", evaluation.classes, samples, TrainingSettings(seed=7), base.folder, tmp_path)
    )
    history = tuple(EpochRecord("head", n, 5, 1 / n, 0.9, 1 / n, 0.8 + n / 50, 1.0, 0.1) for n in range(1, 6))
    folder.write_state(RunState("finished", history=history, seconds=12.3, accuracy=0.8, notes=(f"Note {HOSTILE}",)))
    make_bundle(folder.bundle_folder, name="My model")
    write_evaluation(folder.evaluation_path, evaluation)
    return folder


class Page(HTMLParser):
    """Checks that tags are closed as they were opened, and gathers what a page would load or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.tags: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name in {"src", "href", "data", "action"}:
                self.sources.append(value or "")
        if tag not in {"meta", "img", "br", "line", "circle", "polyline"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"line", "circle", "polyline"}:
            assert self.open.pop() == tag


def test_a_report_stands_alone_and_escapes_everything(tmp_path: Path, run: RunFolder, evaluation: Evaluation) -> None:
    path = tmp_path / "report.html"
    write_run_report(path, run, replace(evaluation, model_name="Older"))
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert "script" not in page.tags
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    assert 1 <= len(page.sources) <= reports.MOST_MISTAKES
    assert "default-src 'none'" in text
    assert not re.search(r"https?://|@import|url\(", text)
    assert str(tmp_path) not in text
    for words in (
        "My model",
        "Fine-tuned from Base model",
        "Older",
        "12 s",
        "How it learnt",
        "cut short",
        "Seed",
        "Near strangers that pass",
    ):
        assert words in text
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;" in text


def test_pictures_are_bounded(tmp_path: Path, evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MOST_PICTURE_BYTES", 20_000)
    path = tmp_path / "report.html"
    write_report(path, evaluation)
    assert path.stat().st_size < 80_000
    assert "The photo is gone" in path.read_text()


def test_many_classes_become_a_list() -> None:
    classes = tuple(f"class {n}" for n in range(200))
    answers = tuple(
        Answer(str(n), Path(f"{n}.jpg"), n % 200, (Guess((n * 7) % 200, classes[(n * 7) % 200], 0.9),), 0.9, 0.9)
        for n in range(2000)
    )
    text = report_html(Evaluation("m", "M", classes, answers))
    assert Page(text).open == []
    assert 'class="matrix"' not in text
    assert "most frequent mix-ups" in text


@pytest.mark.parametrize(
    "answers", [(), (Answer("1", Path("1.jpg"), 0, (Guess(OTHER, "cup", 0.9),), 0.0, 0.9),)], ids=["none", "other"]
)
def test_odd_evaluations(answers: tuple[Answer, ...]) -> None:
    found = Evaluation("m", "M", ("a", "b"), answers)
    assert Page(report_html(found)).open == []


def test_names_that_are_no_text(evaluation: Evaluation, tmp_path: Path) -> None:
    strange = replace(evaluation.answers[0], path=Path("caf\udce9.jpg"))
    path = tmp_path / "report.html"
    write_report(path, replace(evaluation, answers=(strange, *evaluation.answers[1:])))
    path.read_text(encoding="utf-8")


def test_no_place_for_it(tmp_path: Path, evaluation: Evaluation) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        write_report(tmp_path / "file" / "report.html", evaluation)
    with pytest.raises(ProjectError):
        write_run_report(tmp_path / "report.html", RunFolder(tmp_path / "nothing"))


def test_a_model_card(tmp_path: Path, run: RunFolder, evaluation: Evaluation) -> None:
    bundle = Bundle.open(run.bundle_folder)
    named = replace(evaluation, classes=("red", "a|b <i>*", "blue"))
    text = model_card(bundle, named, making_of(run))
    assert text.startswith("# My model\n")
    assert "Fine-tuned from: Base model" in text
    assert r"| a\|b \<i\>\* |" in text
    assert "(95 % interval" in text
    assert "tested on few photos" in text
    assert str(tmp_path) not in text
    assert "whatever else a photo shows, it names one of them" in text
    run.write_spec(replace(run.spec(), background=2))
    rejecting = model_card(bundle, named, making_of(run))
    assert "to call “blue”; strangers that look alike may still pass" in rejecting
    assert "whatever else" not in rejecting
    write_model_card(tmp_path / "card.md", bundle)
    assert "How good" not in (tmp_path / "card.md").read_text(encoding="utf-8")


def test_a_comparison_says_whether_it_is_chance(evaluation: Evaluation) -> None:
    text = report_html(evaluation, making=Making(earlier=evaluation))
    assert "That may be chance: in 100.0" in text
