"""The list of photos: adding, removing and bringing back, answers, order, filter, search."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mobilenet_gui.core.photo_session import Counts, Order, Photo, PhotoSession, PhotoState, Show
from mobilenet_gui.core.types import CropBox, Likeness, Prediction, Recognition, Timing


def answer(
    label: str,
    probability: float,
    synonyms: str = "",
    *,
    features: bool = False,
    likeness: Likeness | None = None,
) -> Recognition:
    return Recognition(
        "model",
        (Prediction(1, "n1", label, probability, synonyms), Prediction(2, "n2", "other", 0.01)),
        Timing(1, 2, 3),
        CropBox(0, 0, 1, 1),
        np.zeros((2, 2, 4), np.float32) if features else None,
        likeness=likeness,
    )


def test_a_stranger_is_not_sure_whatever_its_percentage() -> None:
    session, keys = session_of("bee.jpg", "bird.jpg")
    session.set_answer(keys[0], answer("bees", 0.7, likeness=Likeness(0.8, 0.4)))
    session.set_answer(keys[1], answer("bees", 0.99, likeness=Likeness(0.1, 0.4)))
    bird = photo(session, keys[1])
    assert (bird.unlike, bird.confidence, session.is_unsure(bird)) == (True, 0.0, True)
    assert session.counts() == Counts(total=2, sure=1, not_sure=1)
    assert session.worth_a_look(2) == [keys[1]]


def session_of(*names: str) -> tuple[PhotoSession, list[int]]:
    session = PhotoSession()
    keys, _ = session.add((Path("/photos") / name, name) for name in names)
    return session, keys


def photo(session: PhotoSession, key: int) -> Photo:
    found = session.get(key)
    assert found is not None
    return found


def names(session: PhotoSession) -> list[str]:
    return [photo(session, key).name for key in session.visible()]


def test_a_file_is_in_the_list_once_but_equal_bytes_are_two_photos() -> None:
    session = PhotoSession()
    first, known = session.add([(Path("/a.jpg"), "a.jpg"), (b"bytes", "Pasted photo 1"), (b"bytes", "Pasted photo 2")])
    assert (len(first), known) == (3, [])
    again, known = session.add([(Path("/a.jpg"), "a.jpg"), (Path("/b.jpg"), "b.jpg")])
    assert (len(again), known) == (1, [first[0]])
    assert len(session) == 4


def test_undo_brings_photos_back_to_their_places_with_their_answers() -> None:
    session, keys = session_of("a", "b", "c", "d", "e")
    session.set_answer(keys[1], answer("owl", 0.9))
    assert session.remove([keys[1], keys[3], 999]) == 2
    assert session.remove([keys[0]]) == 1
    assert names(session) == ["c", "e"]
    assert session.undo() == [keys[0]]
    assert session.undo() == [keys[1], keys[3]]
    assert names(session) == ["a", "b", "c", "d", "e"]
    assert photo(session, keys[1]).state is PhotoState.DONE
    assert session.undo() == []
    assert not session.can_undo


def test_undo_does_not_make_a_file_appear_twice() -> None:
    session, keys = session_of("a", "b")
    session.remove([keys[0]])
    session.add([(Path("/photos/a"), "a")])
    assert session.undo() == []
    assert names(session) == ["b", "a"]


def test_clear_is_one_removal() -> None:
    session, _ = session_of("a", "b", "c")
    assert session.clear() == 3
    assert len(session) == 0
    assert len(session.undo()) == 3


def test_answers_are_kept_without_their_feature_maps() -> None:
    session, keys = session_of("a")
    assert session.set_answer(keys[0], answer("owl", 0.9, features=True))
    kept = photo(session, keys[0]).recognition
    assert kept is not None
    assert kept.features is None
    assert not session.set_answer(999, answer("owl", 0.9))


def test_counts_follow_the_limit() -> None:
    session, keys = session_of("a", "b", "c", "d")
    session.set_answer(keys[0], answer("owl", 0.9))
    session.set_answer(keys[1], answer("mink", 0.4))
    session.set_problem(keys[2], "broken")
    counts = session.counts()
    assert (counts.total, counts.sure, counts.not_sure, counts.problems, counts.pending) == (4, 1, 1, 1, 1)
    assert counts.finished == 3
    session.sure_from = 0.3
    assert session.counts().sure == 2
    assert session.worth_a_look(3) == []
    session.sure_from = 0.95
    assert session.worth_a_look(3) == [keys[1], keys[0]]


def test_restart_marks_old_answers_stale_and_leaves_unreadable_photos_alone() -> None:
    session, keys = session_of("a", "b", "c")
    session.set_answer(keys[0], answer("owl", 0.9))
    session.set_problem(keys[1], "broken")
    assert session.restart() == [keys[0], keys[2]]
    assert photo(session, keys[0]).stale
    assert photo(session, keys[1]).state is PhotoState.FAILED
    assert session.counts().pending == 2
    assert session.restart([keys[1]]) == [keys[1]]
    assert photo(session, keys[1]).problem == ""
    session.set_answer(keys[0], answer("owl", 0.8))
    assert not photo(session, keys[0]).stale


def test_resting_photos_wait_again() -> None:
    session, keys = session_of("a", "b")
    assert session.set_running(keys[0])
    assert not session.set_running(keys[0])
    assert session.rest() == [keys[0]]
    assert session.pending() == keys


def test_search_looks_at_labels_synonyms_and_names() -> None:
    session, keys = session_of("IMG_1.jpg", "IMG_2.jpg", "holiday.jpg")
    session.set_answer(keys[0], answer("great grey owl", 0.9, "great grey owl, Strix nebulosa"))
    session.set_answer(keys[1], answer("toucan", 0.9))
    for words, found in (
        ("OWL", ["IMG_1.jpg"]),
        ("strix", ["IMG_1.jpg"]),
        ("grey img", ["IMG_1.jpg"]),
        ("holi", ["holiday.jpg"]),
        ("img", ["IMG_1.jpg", "IMG_2.jpg"]),
        ("nothing", []),
    ):
        session.search = words
        assert names(session) == found, words


def test_filters_and_orders() -> None:
    session, keys = session_of("b10", "b9", "a", "bad", "new")
    session.set_answer(keys[0], answer("owl", 0.95))
    session.set_answer(keys[1], answer("ant", 0.3))
    session.set_answer(keys[2], answer("zebra", 0.7))
    session.set_problem(keys[3], "broken")
    session.order = Order.NAME
    assert names(session) == ["a", "b9", "b10", "bad", "new"]
    session.order = Order.LABEL
    assert names(session)[:3] == ["b9", "b10", "a"]
    session.order = Order.MOST_SURE
    assert names(session) == ["b10", "a", "b9", "bad", "new"]
    session.order = Order.LEAST_SURE
    assert names(session) == ["b9", "a", "b10", "bad", "new"]
    session.order, session.show = Order.ADDED, Show.NOT_SURE
    assert names(session) == ["b9"]
    session.show = Show.PROBLEMS
    assert names(session) == ["bad"]


def test_a_cleared_list_comes_back_as_it_was_even_among_new_photos() -> None:
    session = PhotoSession()
    keys, _ = session.add((Path(f"/p/{name}.jpg"), f"{name}.jpg") for name in "abc")
    session.set_answer(keys[0], answer("dog", 0.9))
    session.set_running(keys[1])
    before = session.counts()
    session.clear()
    assert (len(session), session.counts(), session.visible()) == (0, Counts(), [])
    assert session.undo() == keys
    assert session.counts() == before
    assert [photo.state for photo in session.photos()] == [PhotoState.DONE, PhotoState.WAITING, PhotoState.WAITING]
    assert session.add([(Path("/p/a.jpg"), "a.jpg")]) == ([], [keys[0]])
    session.clear()
    new, _ = session.add([(Path("/p/b.jpg"), "b.jpg"), (Path("/p/d.jpg"), "d.jpg")])
    assert session.undo() == [keys[0], keys[2]]
    assert sorted(session.visible()) == sorted([keys[0], keys[2], *new])
    assert session.counts().total == 4
    assert session.confidences().tolist() == [0.9]


def test_a_search_looks_through_the_present_answer() -> None:
    session = PhotoSession()
    (key,), _ = session.add([(Path("/p/x.jpg"), "x.jpg")])
    session.set_answer(key, answer("Beagle", 0.9))
    session.search = "beagle X"
    assert session.visible() == [key]
    session.set_answer(key, answer("Tabby", 0.9))
    assert session.visible() == []
    session.search = "tabby"
    assert session.visible() == [key]
    session.set_problem(key, "gone")
    assert session.visible() == []
