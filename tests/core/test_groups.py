"""A sure kind above an unsure class: summed over all classes, the narrowest that is sure, none for own classes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mobilenet_gui.core import labels
from mobilenet_gui.core.answers import as_record, as_text, csv_cells, csv_heading, group_answer
from mobilenet_gui.core.groups import GROUP_FROM, Kinds, group_text, named_group
from mobilenet_gui.core.types import CropBox, Group, Label, Prediction, Recognition, Timing

LAKELAND, AIREDALE, WHIPPET, GOLF_BALL = 189, 191, 172, 574


def scores(**shares: float) -> np.ndarray:
    """Return probabilities of the thousand classes by index."""
    found = np.zeros(1000, np.float32)
    for name, share in shares.items():
        found[int(name[1:])] = share
    return found


def recognition(best: float, *groups: Group) -> Recognition:
    label = labels.imagenet()[LAKELAND]
    first = Prediction(label.index, label.id, label.name, best, label.synonyms)
    return Recognition("model", (first,), Timing(), CropBox(0, 0, 1, 1), groups=groups, classes=1000)


def test_the_narrowest_kind_comes_first_and_is_the_sum_of_its_classes() -> None:
    kinds = Kinds(labels.imagenet())
    found = kinds.groups(scores(i189=0.5, i191=0.42, i172=0.05, i574=0.03))
    assert [group.name for group in found] == ["terrier", "dog", "dog, wolf or fox", "mammal", "animal"]
    assert found[0].probability == pytest.approx(0.92)
    assert found[1].probability == pytest.approx(0.97)
    found = kinds.groups(scores(i189=0.5, i172=0.42, i574=0.08))
    assert found[0].name == "dog"
    assert kinds.groups(scores(i189=0.5, i574=0.5)) == ()
    assert max(group.probability for group in kinds.groups(np.full(1000, 0.0011, np.float32), 0.3)) <= 1


def test_classes_of_ones_own_have_no_kinds_and_few_classes_only_those_with_two() -> None:
    assert Kinds([Label(0, "", "terrier"), Label(1, "", "dog")]).groups(np.array([0.5, 0.5], np.float32)) == ()
    table = labels.imagenet()
    few = Kinds([table[LAKELAND], table[WHIPPET], table[GOLF_BALL]])
    found = few.groups(np.array([0.5, 0.45, 0.05], np.float32))
    assert [group.name for group in found] == ["dog"], "of kinds with the same classes the narrowest"


def test_a_kind_answers_only_where_no_class_does_and_never_below_the_users_limit() -> None:
    terrier, dog = Group("terrier", 0.92), Group("dog", 0.97)
    assert GROUP_FROM == 0.9
    assert group_answer(recognition(0.4, terrier, dog), 0.5) is terrier
    assert group_answer(recognition(0.6, terrier, dog), 0.5) is None
    assert group_answer(recognition(0.6, terrier, dog), 0.95) is dog
    assert group_answer(recognition(0.4), 0.5) is None
    assert named_group((terrier, dog), 0.99) is None
    assert group_text(terrier) == "Some kind of terrier"


def test_it_leaves_the_program_beside_the_labels() -> None:
    unsure = recognition(0.4, Group("terrier", 0.925), Group("dog", 0.97))
    assert as_text("a.jpg", unsure, 0.5).splitlines()[0] == "a.jpg: Some kind of terrier (Very sure)"
    record = json.loads(json.dumps(as_record("a.jpg", unsure)))
    assert record["group"] == {"name": "terrier", "probability": 0.925}
    assert record["predictions"][0]["name"] == "Lakeland terrier"
    assert "group" not in as_record("a.jpg", recognition(0.4))
    cells = dict(zip(csv_heading(1), csv_cells("a.jpg", unsure, 1), strict=True))
    assert (cells["group"], cells["group_probability"]) == ("terrier", "0.925000")
    assert cells["name_1"] == "Lakeland terrier"
