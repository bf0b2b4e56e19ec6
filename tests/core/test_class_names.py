"""What people read for ImageNet's classes: short, each another, WordNet's ids unchanged; own words stay."""

from __future__ import annotations

import pytest

from mobilenet_gui.core import class_names, labels
from mobilenet_gui.core.answers import names_tip, second_name
from mobilenet_gui.core.photo_session import PhotoSession
from mobilenet_gui.core.types import CropBox, Label, Prediction, Recognition, Timing


def prediction(index: int) -> Prediction:
    label = labels.imagenet()[index]
    return Prediction(label.index, label.id, label.name, 0.9, label.synonyms)


def test_every_class_has_a_short_name_that_no_other_class_has() -> None:
    table = class_names.table()
    assert len({row.shown.casefold() for row in table}) == 1000
    assert all(0 < len(row.shown) <= 30 and "," not in row.shown and row.shown == row.shown.strip() for row in table)


@pytest.mark.parametrize(
    ("index", "shown"),
    [
        (134, "crane (bird)"),
        (264, "Cardigan corgi"),
        (437, "lighthouse"),
        (474, "cardigan"),
        (517, "crane (machine)"),
        (638, "leotard or swimsuit"),
        (639, "one-piece swimsuit"),
        (836, "pair of sunglasses"),
        (837, "sunglasses"),
        (947, "mushroom"),
        (992, "fly agaric"),
    ],
)
def test_reviewed_names(index: int, shown: str) -> None:
    assert labels.imagenet()[index].shown == prediction(index).shown == shown


def test_a_models_own_word_for_a_class_stays() -> None:
    assert Label(0, "", "crane").shown == "crane"
    assert Label(0, "n12998815", "my mushroom").shown == "my mushroom"
    assert Label(0, "n99999999", "agaric").shown == "agaric"
    assert class_names.kinds_of("") == class_names.kinds_of("n99999999") == ()


def test_kinds_end_in_a_widest_one_and_each_has_two_classes_or_more() -> None:
    parents = class_names.parents()
    members = dict.fromkeys(parents, 0)
    for row in class_names.table():
        kinds = class_names.kinds_of(row.id)
        assert len(set(kinds)) == len(kinds) <= 6
        assert (kinds[0] if kinds else "") == row.kind
        for kind in kinds:
            members[kind] += 1
    assert min(members.values()) >= 2
    assert class_names.kinds_of("n02097298") == ("terrier", "dog", "dog, wolf or fox", "mammal", "animal")
    assert (members["terrier"], members["dog"]) == (26, 118), "WordNet's: indices 179-204 and 151-268"


def test_other_names_stand_in_the_tooltip_and_are_found() -> None:
    assert second_name(prediction(24)) == "Strix nebulosa"
    assert second_name(prediction(437)) == "beacon"
    assert second_name(prediction(574)) == ""
    assert names_tip(prediction(437)) == "beacon, beacon light, pharos\nbuilding › tower"
    assert names_tip(Prediction(0, "", "mug", 0.5)) == ""
    session = PhotoSession()
    (key,), _ = session.add([(b"x", "IMG_1.jpg")])
    session.set_answer(key, Recognition("model", (prediction(437),), Timing(), CropBox(0, 0, 1, 1)))
    for words in ("lighthouse", "Beacon", "pharos", "tower", "img_1"):
        assert words.casefold() in session.photos()[0].words
    assert "golf" not in session.photos()[0].words
