"""The doctor: each kind of problem, its fix and what counts as fixed; what was seen is kept; nothing harms it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from mobilenet_gui.core.errors import Cancelled, ProjectError
from mobilenet_gui.training import doctor_job, job
from mobilenet_gui.training.doctor import Examination, Finding, PlainPhoto, examine, from_data, to_data
from mobilenet_gui.training.doctor_class_rules import few_words
from mobilenet_gui.training.doctor_job import DoctorJob, read_answer, read_order, write_answer, write_order
from mobilenet_gui.training.doctor_labels import Suspect, suspects_among, suspects_by_probability
from mobilenet_gui.training.evaluation_types import Answer, Guess
from mobilenet_gui.training.process import WorkerProcess
from tests.training.disguises import jpeg, picture, scaled, trimmed

CLASSES = {"c1": "Ants", "c2": "Bees"}
Place = Callable[..., PlainPhoto]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Returns what writes a photo and says where it is."""
    count = 0

    def put(
        content: Image.Image | bytes, class_id: str = "c1", split: str = "", group: str = "", quality: int = 90
    ) -> PlainPhoto:
        nonlocal count
        count += 1
        path = tmp_path / f"{count}.jpg"
        path.write_bytes(content if isinstance(content, bytes) else jpeg(content, quality))
        return PlainPhoto(str(count), path, class_id, split, group)

    return put


@pytest.fixture
def fine(place: Place) -> list[PlainPhoto]:
    """Twenty photos of each class with nothing wrong; few pictures are drawn, the rest cut out of them."""
    corners = [(0, 0, 0.5, 0.5), (0.5, 0, 0, 0.5), (0, 0.5, 0.5, 0), (0.5, 0.5, 0, 0)]
    found = []
    for n in range(40):
        part = trimmed(*corners[n % 4])(picture(100 + n // 4, 480, 360))
        found.append(place(part, "c1" if n % 2 else "c2"))
    return found


def check(photos: Sequence[PlainPhoto], tmp_path: Path, **more: object) -> Examination:
    return examine(photos, CLASSES, cache_path=tmp_path / "cache.sqlite", **more)  # type: ignore[arg-type]


def only(found: Examination, kind: str) -> Finding:
    (finding,) = [finding for finding in found.findings if finding.kind == kind]
    return finding


def left_out(photos: Sequence[PlainPhoto], ids: Sequence[str]) -> list[PlainPhoto]:
    return [replace(photo, left_out=photo.id in ids) for photo in photos]


def test_a_good_dataset(fine: list[PlainPhoto], tmp_path: Path) -> None:
    found = check(fine, tmp_path)
    assert found.findings == ()
    assert (found.checked, found.fresh) == (40, 40)
    assert len(found.fine) == 8
    again = check(fine, tmp_path)
    assert (again.fresh, again.findings) == (0, ())


def test_what_cannot_be_read(fine: list[PlainPhoto], place: Place, tmp_path: Path) -> None:
    photos = [
        *fine,
        place(b"not a photo"),
        place(jpeg(picture(1))[:2000]),
        PlainPhoto("gone", tmp_path / "no.jpg", "c1"),
    ]
    finding = only(check(photos, tmp_path), "unreadable")
    assert (finding.severity, len(finding.photo_ids), finding.fixed) == ("error", 2, False)
    assert all(finding.notes)
    assert finding.title.startswith("2 files")
    assert finding.fix is not None
    (step,) = finding.fix.steps
    assert (step.operation, set(step.photo_ids)) == ("leave_out", set(finding.photos))
    fixed = only(check(left_out(photos, finding.photos), tmp_path), "unreadable")
    assert fixed.fixed
    assert fixed.fix is None
    assert fixed.undo is not None
    assert fixed.undo.steps[0].operation == "take_back"
    assert set(fixed.undo.steps[0].photo_ids) == set(finding.photos)


@pytest.mark.shared
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # pytest lifts our own filter
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_bad_files_of_every_kind(shared: Path, tmp_path: Path) -> None:
    files = sorted((shared / "bad-input").iterdir())
    found = check([PlainPhoto(path.name, path, "c1") for path in files], tmp_path)
    assert found.checked == len(files)
    assert len(only(found, "unreadable").photo_ids) >= 9


def test_copies_one_of_each_is_kept(fine: list[PlainPhoto], place: Place, tmp_path: Path) -> None:
    image = picture(1, 480, 360)
    small, large = place(scaled(0.5)(image)), place(image)
    same = place(large.path.read_bytes())
    photos = [*fine, small, large, same]
    finding = only(check(photos, tmp_path), "duplicates")
    assert finding.title == "2 duplicates"
    assert finding.detail == "1 identical and 1 nearly identical"
    assert finding.photo_ids == ((large.id, same.id, small.id),)
    assert finding.fix is not None
    assert finding.fix.steps[0].photo_ids == (same.id, small.id)
    fixed = only(check(left_out(photos, finding.fix.steps[0].photo_ids), tmp_path), "duplicates")
    assert (fixed.fixed, fixed.title) == (True, "2 duplicates")
    assert fixed.undo is not None
    assert set(fixed.undo.steps[0].photo_ids) == {same.id, small.id}


def test_a_burst_is_meant_to_be_alike(fine: list[PlainPhoto], place: Place, tmp_path: Path) -> None:
    wide = picture(5, 400, 270)
    burst = [place(wide.crop((3 * n, 0, 360 + 3 * n, 270)), group="burst 1") for n in range(4)]
    assert {f.kind for f in check([*fine, *burst], tmp_path).findings} == {"near_duplicates"}
    copy = place(burst[0].path.read_bytes(), group="burst 1")
    assert only(check([*fine, *burst, copy], tmp_path), "duplicates").title == "1 duplicate"


def test_one_photo_in_two_classes(fine: list[PlainPhoto], place: Place, tmp_path: Path) -> None:
    image = picture(1)
    photos = [*fine, place(image, "c1"), place(scaled(0.7)(image), "c2")]
    found = check(photos, tmp_path)
    finding = only(found, "two_classes")
    assert (finding.severity, finding.notes) == ("error", ("Ants, Bees",))
    assert finding.fix is not None
    assert set(finding.fix.steps[0].photo_ids) == {photos[-1].id, photos[-2].id}
    assert not [f for f in found.findings if f.kind == "duplicates"]
    # One of the two left out settles it, whichever that is.
    assert only(check(left_out(photos, [photos[-1].id]), tmp_path), "two_classes").fixed
    # So does moving one to the other's class; then it is a plain copy.
    moved = [*photos[:-1], replace(photos[-1], class_id="c1")]
    assert {f.kind for f in check(moved, tmp_path).findings} == {"duplicates"}


def test_one_photo_on_both_sides(fine: list[PlainPhoto], place: Place, tmp_path: Path) -> None:
    image = picture(1, 480, 360)
    tested, learnt = place(image, split="test"), place(scaled(0.5)(image), split="train")
    finding = only(check([*fine, tested, learnt], tmp_path), "both_sides")
    assert finding.title == "1 photo is in both training and test"
    assert finding.fix is not None
    (step,) = finding.fix.steps
    assert (step.operation, step.photo_ids) == ("leave_out", (tested.id,))
    without = check([*fine, replace(tested, left_out=True), learnt], tmp_path)
    assert not [f for f in without.findings if f.kind == "both_sides"]
    # Thinning out keeps the one that is learnt from, though the other has more pixels.
    assert only(check([*fine, tested, learnt], tmp_path), "duplicates").photo_ids == ((learnt.id, tested.id),)
    moved = check([*fine, replace(tested, split="train"), learnt], tmp_path)
    assert not [f for f in moved.findings if f.kind == "both_sides"]
    drawn = check([*fine, replace(tested, split=""), replace(learnt, split="")], tmp_path)
    assert not [f for f in drawn.findings if f.kind == "both_sides"]


def test_small_dark_and_blurred(fine: list[PlainPhoto], place: Place, tmp_path: Path) -> None:
    small = place(picture(1, 80, 40))
    dark = place(picture(2).point(lambda value: value // 9))
    blurred = place(picture(3).filter(ImageFilter.GaussianBlur(14)))
    found = check([*fine, small, dark, blurred], tmp_path)
    assert only(found, "too_small").photo_ids == ((small.id,),)
    assert only(found, "too_small").notes == ("80 × 40",)
    assert only(found, "dark").photo_ids == ((dark.id,),)
    assert only(found, "blurred").photo_ids == ((blurred.id,),)
    assert {f.severity for f in found.findings} == {"hint"}
    assert found.fix_all() == ()  # whether that is how it is meant, only a person can say


def test_classes_too_small_and_uneven(fine: list[PlainPhoto], tmp_path: Path) -> None:
    bees = [photo for photo in fine if photo.class_id == "c2"]
    ants = [photo for photo in fine if photo.class_id == "c1"]
    found = check([*bees, *ants[:5]], tmp_path, class_weights=False)
    few = only(found, "too_few")
    assert (few.severity, few.notes) == ("hint", ("Ants: 5 photos",))
    assert few.detail == few_words(["Ants"])  # the names may be many and long
    assert "10 to 40 fewer" in few.detail
    uneven = only(found, "uneven")
    assert uneven.detail == "Bees has 4 times more photos than Ants"
    assert uneven.fix is not None
    assert (uneven.fix.steps[0].operation, uneven.fix.steps[0].target) == ("class_weights", "on")
    balanced = only(check([*bees, *ants[:5]], tmp_path), "uneven")
    assert balanced.fixed
    assert balanced.undo is not None
    assert balanced.undo.steps[0].target == "off"
    one = only(check([*bees, *ants[:1]], tmp_path), "too_few")
    assert one.severity == "error"
    assert "Ants" in one.detail


def test_doubted_labels(fine: list[PlainPhoto], tmp_path: Path) -> None:
    photo = fine[0]
    doubts = (Suspect(photo.id, "Bees", "Ants", 0.93, 0.9), Suspect("gone", "Bees", "Ants", 0.9, 0.8))
    finding = only(check(fine, tmp_path, suspects=doubts), "wrong_label")
    assert finding.photo_ids == ((photo.id,),)
    assert finding.notes == ("Bees, looks like Ants (93 %)",)
    assert finding.fix is not None
    (step,) = finding.fix.steps
    assert (step.operation, step.photo_ids, step.target) == ("move", (photo.id,), "c1")
    moved = [replace(photo, class_id="c1"), *fine[1:]]
    assert {f.kind for f in check(moved, tmp_path, suspects=doubts).findings} == {"too_few"}


def answer(photo: str, truth: int, shares: Sequence[float]) -> Answer:
    order = sorted(range(len(shares)), key=lambda k: -shares[k])
    return Answer(photo, Path(), truth, tuple(Guess(k, "abc"[k], shares[k]) for k in order), shares[truth], max(shares))


def test_confident_learning() -> None:
    sound = [answer(f"a{n}", 0, (0.9, 0.05, 0.05)) for n in range(9)]
    sound += [answer(f"b{n}", 1, (0.3, 0.6, 0.1)) for n in range(9)]
    wrong = answer("wrong", 1, (0.97, 0.02, 0.01))
    hard = answer("hard", 1, (0.55, 0.4, 0.05))  # less than class a's own photos usually get
    found = suspects_among([*sound, hard, wrong], "abc")
    assert [suspect.photo_id for suspect in found] == ["wrong"]
    assert (found[0].given, found[0].expected) == ("b", "a")
    assert found[0].suspicion == pytest.approx(0.98)


def test_of_as_many_suspects_those_whose_own_label_is_least_probable() -> None:
    sound = [answer(f"a{n}", 0, (0.8, 0.1, 0.1)) for n in range(9)] + [
        answer(f"b{n}", 1, (0.1, 0.8, 0.1)) for n in range(9)
    ]
    sure = answer("sure", 1, (0.85, 0.12, 0.03))  # counts for class a, and so there is one wrong label
    torn = answer("torn", 1, (0.50, 0.01, 0.49))  # counts for none, and b it is not
    (found,) = suspects_among([*sound, sure, torn], "abc")
    assert (found.photo_id, found.given, found.expected, found.probability) == ("torn", "b", "a", 0.50)
    assert found.suspicion == pytest.approx(0.99)
    foreign = Answer("other", Path(), 0, (Guess(-1, "lemon", 0.99), Guess(0, "a", 0.01)), 0.01)
    assert foreign.id not in {suspect.photo_id for suspect in suspects_among([*sound, sure, foreign], "abc")}


def test_confident_learning_finds_planted_errors() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 600)
    rows = rng.dirichlet((1, 1, 1), 600) + 4 * np.eye(3)[truth]
    rows /= rows.sum(axis=1, keepdims=True)
    given = truth.copy()
    planted = set(range(0, 600, 30))
    for n in planted:
        given[n] = (truth[n] + 1) % 3
    found = suspects_by_probability([str(n) for n in range(600)], rows, given.tolist(), "abc")
    named = [int(suspect.photo_id) for suspect in found]
    assert len(planted & set(named)) >= 17
    assert len(set(named) - planted) <= 3


def test_a_changed_photo_is_looked_at_again(fine: list[PlainPhoto], tmp_path: Path) -> None:
    check(fine, tmp_path)
    fine[3].path.write_bytes(b"no longer a photo")
    found = check(fine, tmp_path)
    assert (found.fresh, only(found, "unreadable").photo_ids) == (1, ((fine[3].id,),))


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"x" * 5000, b"nonsense" * 600])
def test_a_damaged_cache_costs_only_time(fine: list[PlainPhoto], tmp_path: Path, content: bytes) -> None:
    check(fine[:4], tmp_path)
    (tmp_path / "cache.sqlite").write_bytes(content)
    assert check(fine[:4], tmp_path).fresh == 4
    assert check(fine[:4], tmp_path).fresh == 0


def test_a_cache_of_other_content_costs_only_time(fine: list[PlainPhoto], tmp_path: Path) -> None:
    check(fine[:4], tmp_path)
    base = sqlite3.connect(tmp_path / "cache.sqlite")
    with base:
        base.execute("UPDATE photos SET data = X'01'")
        base.execute("UPDATE searches SET data = '[[[0, 99]], 7]'")
    base.close()
    found = check(fine[:4], tmp_path)
    assert found.fresh == 4
    assert {finding.kind for finding in found.findings} == {"too_few"}


def test_no_place_for_the_cache(fine: list[PlainPhoto], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    found = examine(fine[:4], CLASSES, cache_path=tmp_path / "file" / "cache.sqlite")
    assert (found.checked, found.fresh) == (4, 4)


def test_stopping_keeps_what_was_seen(fine: list[PlainPhoto], tmp_path: Path) -> None:
    stop = threading.Event()
    heard: list[float] = []

    def progress(fraction: float) -> None:
        heard.append(fraction)
        if fraction > 0.3:
            stop.set()

    with pytest.raises(Cancelled):
        check(fine, tmp_path, progress=progress, cancel=stop, threads=1)
    assert heard == sorted(heard)
    assert check(fine, tmp_path).fresh < 40


def test_photos_named_twice(fine: list[PlainPhoto], tmp_path: Path) -> None:
    twice = [*fine, replace(fine[0], id="again")]
    finding = only(check(twice, tmp_path), "duplicates")
    assert set(finding.photos) == {fine[0].id, "again"}


def test_as_data(fine: list[PlainPhoto], place: Place, tmp_path: Path) -> None:
    found = check([*fine, place(b"broken"), place(fine[0].path.read_bytes())], tmp_path)
    assert len(found.findings) == 2
    assert from_data(to_data(found)) == found
    write_answer(tmp_path / "answer.json", found)
    assert read_answer(tmp_path / "answer.json") == found
    with pytest.raises(ProjectError):
        read_answer(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text('{"findings": [{"kind": "x"}]}')
    with pytest.raises(ProjectError):
        read_answer(tmp_path / "bad.json")


def test_the_order(fine: list[PlainPhoto], tmp_path: Path) -> None:
    photos = [replace(fine[0], split="test", group="g", left_out=True), *fine[1:]]
    doubts = (Suspect("1", "Bees", "Ants", 0.93, 0.9),)
    write_order(tmp_path / "order.json", photos, CLASSES, class_weights=False, suspects=doubts)
    order = read_order(tmp_path / "order.json")
    assert (list(order.photos), order.classes, order.class_weights) == (photos, CLASSES, False)
    assert order.suspects == doubts
    with pytest.raises(ProjectError):
        read_order(tmp_path / "none.json")
    asked = DoctorJob(tmp_path / "order.json", tmp_path / "answer.json", None, 2)
    assert job.from_data(job.to_data(asked)) == asked
    with pytest.raises(ValueError, match="not"):
        job.from_data({"kind": "doctor", "order": "x"})


def test_in_the_worker_process(fine: list[PlainPhoto], place: Place, tmp_path: Path) -> None:
    write_order(tmp_path / "order.json", [*fine, place(b"broken")], CLASSES)
    asked = DoctorJob(tmp_path / "order.json", tmp_path / "answer.json", tmp_path / "cache.sqlite")
    heard: list[str] = []
    with WorkerProcess() as worker:
        result = worker.run(asked, lambda event: heard.append(getattr(event, "phase", "")))
    assert (result["checked"], result["findings"]) == (41, 1)
    assert doctor_job.PHASE in heard
    assert [f.kind for f in read_answer(tmp_path / "answer.json").findings] == ["unreadable"]
