"""The split: shares, seeds, groups that stay whole, what is given."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mobilenet_gui.training.run_folder import Split
from mobilenet_gui.training.split import merge_groups, split_samples

USUAL = (60, 20, 20)


def split(
    labels: list[int],
    groups: list[str] | None = None,
    given: list[str] | None = None,
    percents: tuple[int, int, int] = USUAL,
    seed: int = 42,
    keys: list[str] | None = None,
) -> list[Split]:
    none = [""] * len(labels)
    return split_samples(labels, groups or none, given or none, percents, seed, keys)


def counts(labels: list[int], parts: list[Split], label: int) -> tuple[int, int, int]:
    found = Counter(part for one, part in zip(labels, parts, strict=True) if one == label)
    return found["train"], found["validation"], found["test"]


def test_every_class_has_its_share() -> None:
    labels = [0] * 100 + [1] * 50 + [2] * 10
    parts = split(labels)
    assert [counts(labels, parts, n) for n in range(3)] == [(60, 20, 20), (30, 10, 10), (6, 2, 2)]


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, (1, 0, 0)), (2, (1, 1, 0)), (3, (1, 1, 1)), (4, (2, 1, 1)), (5, (3, 1, 1)), (7, (5, 1, 1))],
)
def test_small_classes(size: int, expected: tuple[int, int, int]) -> None:
    labels = [0] * size
    assert counts(labels, split(labels), 0) == expected


def test_the_seed_decides() -> None:
    labels = [0] * 60
    assert split(labels) == split(labels)
    assert split(labels, seed=1) != split(labels)
    assert counts(labels, split(labels, seed=1), 0) == counts(labels, split(labels), 0)


def test_groups_stay_whole_whatever_they_look_like() -> None:
    random = np.random.default_rng(5)
    for _ in range(200):
        n = int(random.integers(1, 60))
        labels = [int(x) for x in random.integers(0, 4, n)]
        groups = [str(x) if x else "" for x in random.integers(0, 12, n)]
        given = [str(x) for x in random.choice(["", "", "", "train", "validation", "test"], n)]
        parts = split(labels, groups, given, seed=int(random.integers(0, 99)))
        for group in set(groups) - {""}:
            rows = [(part, w) for part, one, w in zip(parts, groups, given, strict=True) if one == group]
            asked = {wanted for _, wanted in rows} - {""}
            free = {part for part, wanted in rows if not wanted}
            assert len(free) <= 1
            if asked and free:
                assert free == {next(part for part in ("train", "validation", "test") if part in asked)} or (
                    free == {"validation"} and "train" in asked  # lent to a class without any
                )
        for part, wanted in zip(parts, given, strict=True):
            assert wanted not in ("test", "validation") or part == wanted
            assert wanted != "train" or part != "test"


def test_a_large_group_is_trained_on_and_the_others_have_their_photos() -> None:
    labels = [0] * 12
    parts = split(labels, ["burst"] * 10 + ["", ""])
    assert parts[0] == "train"
    assert set(parts[10:]) == {"test", "validation"}


def test_two_bursts_leave_a_validation_part() -> None:
    assert set(split([0] * 20, ["a"] * 10 + ["b"] * 10)) == {"train", "validation"}
    assert set(split([0] * 30, ["a"] * 10 + ["b"] * 10 + ["c"] * 10)) == {"train", "validation", "test"}


def test_a_given_test_part_is_kept_and_the_validation_part_comes_from_the_train_photos() -> None:
    labels = [0] * 150
    given = ["train"] * 100 + ["test"] * 50
    parts = split(labels, given=given)
    assert parts[100:] == ["test"] * 50
    assert Counter(parts[:100]) == {"train": 75, "validation": 25}


def test_a_given_validation_part_is_enough() -> None:
    given = ["train"] * 10 + ["validation"] * 5 + ["test"] * 5
    assert split([0] * 20, given=given) == given


def test_free_photos_fill_up_beside_given_ones() -> None:
    labels = [0] * 100
    parts = split(labels, given=["test"] * 20 + [""] * 80)
    assert counts(labels, parts, 0) == (60, 20, 20)


def test_given_parts_stay_whatever_is_alike_in_them() -> None:
    given = ["train", "test", "train", "validation", "train", "test"]
    assert split([0] * 6, ["twins", "twins", "pair", "pair", "", ""], given) == given
    names = ["a", "b", "c", "d"]
    parts = split([0] * 8, names * 2, ["train"] * 4 + ["test"] * 4)
    assert parts[4:] == ["test"] * 4
    assert "test" not in parts[:4]


@pytest.mark.parametrize(
    ("asked", "followed"),
    [(("train", "validation"), "train"), (("test", "train"), "train"), (("test", "validation"), "validation"),
     (("test",), "test")],
)  # fmt: skip
def test_a_free_photo_follows_its_group_to_training_first(asked: tuple[str, ...], followed: Split) -> None:
    given = [*asked, "", "train", "validation"]
    parts = split([0] * len(given), ["g"] * (len(asked) + 1) + ["", ""], given)
    assert parts == [*asked, followed, "train", "validation"]


def test_a_group_of_two_classes_is_one_unit() -> None:
    parts = split([0, 0, 1] + [0] * 9 + [1] * 9, ["same"] * 3 + [""] * 18)
    assert len(set(parts[:3])) == 1


def test_keys_keep_most_photos_where_they_were() -> None:
    keys = [f"photo {n}" for n in range(1000)]
    before = dict(zip(keys, split([0] * 1000, keys=keys), strict=True))
    fewer = keys[:400] + keys[410:]
    after = dict(zip(fewer, split([0] * 990, keys=fewer), strict=True))
    assert sum(before[key] != after[key] for key in fewer) <= 10


def test_nothing_to_split() -> None:
    assert split([]) == []
    assert merge_groups() == []


def test_merged_groups_hold_together_what_either_does() -> None:
    merged = merge_groups(["a", "a", "", "b", ""], ["", "x", "x", "", ""])
    assert merged[0] == merged[1] == merged[2] != ""
    assert merged[3] not in ("", merged[0])
    assert merged[4] == ""


def test_merged_groups_do_not_depend_on_the_order() -> None:
    assert merge_groups(["a", "b"], ["x", "x"])[0] == merge_groups(["b", "a"], ["x", "x"])[0]
