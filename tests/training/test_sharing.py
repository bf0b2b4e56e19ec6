"""Sharing photos out: what is given stays, what was learnt before is not tested, and all of it is said."""

from __future__ import annotations

import pytest

from mobilenet_gui.core.manifest import LEARNT_BYTES, MOST_LEARNT, Provenance
from mobilenet_gui.training.sharing import Shared, share_out
from mobilenet_gui.training.training_settings import TrainingSettings


def share(
    given: list[str], groups: list[str] | None = None, learnt: list[bool] | None = None, *, leave_out: bool = False
) -> Shared:
    keys = [str(n) for n in range(len(given))]
    none = [""] * len(given)
    return share_out(
        [0] * len(given), groups or none, given, TrainingSettings(), keys, learnt or (), leave_out=leave_out
    )


def test_drawn_at_random_there_is_nothing_to_tell() -> None:
    shared = share([""] * 10)
    assert (shared.notes, shared.resembling, shared.given) == ((), (), False)
    assert sorted(map(str, shared.parts)) == ["test"] * 2 + ["train"] * 6 + ["validation"] * 2


def test_given_parts_are_used_as_given_and_what_resembles_is_told() -> None:
    given = ["train"] * 8 + ["test"] * 4
    groups = ["", "a", "a", *[""] * 5, "a", "", "", ""]
    shared = share(given, groups)
    assert shared.parts[8:] == ("test",) * 4
    assert shared.resembling == (8,)
    assert shared.notes == (
        "Your own train and test parts are used as given.",
        "1 test photo resembles training photos, which flatters the result.",
    )
    without = share(given, groups, leave_out=True)
    assert without.parts[8:] == (None, "test", "test", "test")
    assert without.notes[1] == "1 test photo that resembles training photos is left out."


def test_copies_stay_together_and_are_told() -> None:
    shared = share([""] * 12, ["a", "a", "b", "b", "b", *[""] * 7])
    assert len(set(shared.parts[:2])) == len(set(shared.parts[2:5])) == 1
    assert shared.notes == ("5 photos are copies or of one burst; each group stays in one part.",)


@pytest.mark.parametrize("seed", range(5))
def test_what_the_base_has_learnt_is_trained_on(seed: int) -> None:
    learnt = [n < 6 for n in range(14)]
    keys = [str(n) for n in range(14)]
    shared = share_out([0] * 14, [""] * 14, [""] * 14, TrainingSettings(seed=seed), keys, learnt)
    assert shared.parts[:6] == ("train",) * 6
    assert {"validation", "test"} <= set(shared.parts[6:])
    assert shared.notes == ("6 photos stay in training, because the model to start from has learnt them.",)


def test_where_all_is_learnt_nothing_is_tested() -> None:
    assert set(share([""] * 10, learnt=[True] * 10).parts) == {"train", "validation"}


def test_a_given_test_photo_that_was_learnt_does_not_count() -> None:
    shared = share(["train"] * 4 + ["test"] * 2, learnt=[True, False, False, False, True, False])
    assert shared.parts[4:] == (None, "test")
    assert shared.notes[1:] == ("1 test photo does not count, because the model to start from has learnt it.",)


def test_a_manifest_holds_what_was_learnt() -> None:
    contents = [bytes([n]) * 16 for n in range(20)]
    first = Provenance().with_learnt(contents[:12])
    both = first.with_learnt(contents[8:])
    assert both.learnt_photos == {content[:LEARNT_BYTES] for content in contents}
    assert len(both.learnt) == 136
    many = Provenance().with_learnt(n.to_bytes(16, "little") for n in range(MOST_LEARNT + 10))
    assert len(many.learnt_photos) == MOST_LEARNT
