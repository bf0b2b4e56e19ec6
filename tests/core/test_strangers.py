"""What a model was shown: right likenesses, a file that is not believed, the recogniser's word on strangers."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobilenet_gui.core.bundle import SHOWN_FILE, Bundle
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.strangers import (
    Floats,
    Kinds,
    Likening,
    Shown,
    called,
    closest,
    directions,
    enough,
    likeness_of,
    parse_shown,
)
from mobilenet_gui.core.types import Label
from tests.model_factory import CLASSES, make_bundle, plain_photo

LABELS = (Label(0, "", "ants"), Label(1, "", "bees"))


def shown(**changes: Any) -> Shown:
    """Four photos of two classes; a photo at right angles to all has a cosine of 0, whose logarithm apart is 0."""
    vectors = np.array([[3, 0, 0, 0], [3, 0.3, 0, 0], [0, 5, 0, 0], [0, 5, 0.5, 0]], np.float32)
    made = in_every_direction(vectors, [0, 0, 1, 1], ("1", "2", "3", ""), -4.0, 0.4)
    if kinds := changes.get("kinds"):
        changes["called"] = called(vectors, kinds)
    return replace(made, **changes)


def in_every_direction(
    vectors: Floats, labels: Sequence[int], photos: tuple[str, ...], usual: float, limit: float
) -> Shown:
    """Return what a model keeps that compares photos in as many directions as there are channels."""
    axes, scales = np.eye(vectors.shape[1], dtype=np.float32), np.array([[usual, 1.0], [0.0, 1.0]])
    return Shown(axes, directions(vectors), np.array(labels, np.int32), photos, None, None, scales, limit)


def read(made: Shown) -> Shown:
    """Return it as it comes back from a file."""
    found = parse_shown(made.pack(), 2)
    assert found is not None
    return found


def shown_colours(recognizer: LiteRTRecognizer, *colours: tuple[int, int, int]) -> Shown:
    """Return what a tiny model keeps that was shown plain photos of these colours, three of each."""
    rows = []
    for colour in colours:
        _, features = recognizer.probabilities(plain_photo(colour), want_features=True)
        assert features is not None
        rows += [features.mean(axis=(0, 1))] * 3
    labels = np.repeat(np.arange(len(colours)), 3).tolist()
    return in_every_direction(np.stack(rows), labels, tuple(str(n) for n in range(len(rows))), -7.0, 0.5)


def test_a_photo_like_those_shown_is_near_and_another_is_a_stranger() -> None:
    likening = Likening(read(shown()), LABELS)
    ant = likening.likeness(np.array([6, 0.2, 0, 0], np.float32))
    assert not ant.unlike
    assert [(known.label, known.photo) for known in ant.nearest[:2]] == [("ants", "1"), ("ants", "2")]
    stranger = likening.likeness(np.array([0, 0, 0, 9], np.float32))
    # At right angles to everything: 4 spreads farther off than usual, and 1 / (1 + exp(4 / 1.5 - 1.6)) = 0.256.
    assert stranger.unlike
    assert stranger.value == pytest.approx(0.256, abs=5e-4)
    assert [known.likeness for known in stranger.nearest] == pytest.approx([0.256] * 3, abs=5e-4)
    assert likeness_of(0.0) == pytest.approx(1 / (1 + np.exp(-1.6)))


def test_what_the_base_would_call_it_counts_too() -> None:
    kinds = Kinds(np.eye(4, 3, dtype=np.float32) * 8, np.zeros(3, np.float32))
    made = shown(kinds=kinds, scales=np.array([[-4.0, 1.0], [-4.0, 1.0]]))
    likening = Likening(read(made), LABELS)
    ant, other = (likening.likeness(np.array(row, np.float32)) for row in ([3, 0.1, 0, 0], [0, 0, 3, 0]))
    assert ant.value > 0.8
    assert other.value < likening_without(np.array([0, 0, 3, 0], np.float32)) < 0.4


def likening_without(values: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    return Likening(shown(), LABELS).likeness(values).value


def test_the_file_gives_back_what_was_shown() -> None:
    kinds = Kinds(np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3), np.array([1, 2, 3], np.float32))
    made = shown(kinds=kinds, near_accepted=0.25)
    found = read(made)
    assert (found.photos, found.limit, found.near_accepted) == (made.photos, made.limit, 0.25)
    assert read(shown()).near_accepted is None
    assert found.labels.tolist() == [0, 0, 1, 1]
    assert found.kinds is not None
    assert found.called is not None
    assert made.called is not None
    for mine, its in ((found.axes, made.axes), (found.vectors, made.vectors), (found.called, made.called)):
        np.testing.assert_allclose(mine, its, atol=1 / 127 / 2 + 1e-6)
    np.testing.assert_allclose(found.kinds.kernel, kinds.kernel, atol=1 / 127 / 2 + 1e-6)
    np.testing.assert_array_equal(found.kinds.bias, kinds.bias)
    np.testing.assert_array_equal(found.scales, made.scales)


def test_a_photo_between_two_classes_is_like_neither() -> None:
    labels, needed = [0, 1, 0, 1, 1, 0], enough(np.array([0, 1, 0, 1, 1, 0]))
    assert closest([3, 0, 1, 2, 5, 4], labels, needed) == [0, 2, 5]
    assert closest([2, 1, 0], [0, 1, 2], enough(np.array([0, 1, 2]))) == [2], "a class of one photo has no more"


def test_the_form_of_an_earlier_version_tells_nothing(
    tmp_path: Path, plain: LiteRTRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shown_colours(plain, (0, 0, 0))
    with np.load(io.BytesIO(made.pack())) as stored:
        arrays = {name: stored[name] for name in stored.files if not name.startswith("axes")}
    out = io.BytesIO()
    np.savez(out, **arrays)
    monkeypatch.setattr(Shown, "pack", lambda _self: out.getvalue())
    bundle = make_bundle(tmp_path / "tiny", shown=made)
    bundle.verify()
    assert not LiteRTRecognizer(bundle, threads=1).knows_strangers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("axes", np.zeros((4, 4), np.float32)),
        ("axes", np.zeros((3, 4), np.int8)),
        ("near_accepted", np.float64(1.5)),
        ("vectors", np.zeros((4, 4), np.float32)),
        ("vectors", np.zeros((5000, 4), np.int8)),
        ("vectors", np.zeros((0, 4), np.int8)),
        ("vectors_sizes", np.array([1, 1, 1, np.nan], np.float32)),
        ("labels", np.array([0, 0, 1, 2], np.int32)),
        ("labels", np.array([0, 0, 1], np.int32)),
        ("photos", np.array([b"\xff\xfe", b"", b"", b""])),
        ("scales", np.zeros((2, 2))),
        ("limit", np.float64(np.nan)),
        ("kernel", np.zeros((3, 9), np.int8)),
        ("vectors", np.array([object()])),
    ],
)
def test_a_file_that_is_not_right_is_refused(name: str, value: Any) -> None:
    with np.load(io.BytesIO(shown().pack())) as stored:
        arrays = dict(stored)
    arrays[name] = value
    out = io.BytesIO()
    np.savez(out, **arrays)
    with pytest.raises(ValueError, match="not what a model was shown"):
        parse_shown(out.getvalue(), 2)
    with pytest.raises(ValueError, match="not what a model was shown"):
        parse_shown(shown().pack()[:-40], 2)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> LiteRTRecognizer:
    return LiteRTRecognizer(make_bundle(tmp_path_factory.mktemp("plain") / "tiny"), threads=1)


def test_the_recogniser_says_who_is_a_stranger(tmp_path: Path, plain: LiteRTRecognizer) -> None:
    made = shown_colours(plain, (0, 0, 0), (255, 0, 0))
    bundle = make_bundle(tmp_path / "tiny", shown=made)
    assert bundle.tells_strangers
    bundle.verify()
    recognizer = LiteRTRecognizer(bundle, threads=1)
    red, blue = (recognizer.recognize(plain_photo(colour, 50)) for colour in ((255, 0, 0), (0, 0, 255)))
    assert red.likeness is not None
    assert (red.unlike, red.likeness.nearest[0].label, red.features) == (False, "red", None)
    assert blue.unlike
    assert blue.best.label == "blue"  # what it says otherwise stays
    assert recognizer.recognize(plain_photo((0, 0, 255), 50), want_features=True).features is not None


def test_a_model_without_it_says_nothing_about_strangers(plain: LiteRTRecognizer) -> None:
    assert not plain.knows_strangers
    answer = plain.recognize(plain_photo((0, 0, 255), 50))
    assert (answer.likeness, answer.unlike) == (None, False)


def test_one_that_does_not_fit_the_network_is_damaged(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "tiny", shown=shown())
    assert bundle.manifest.classes == CLASSES
    with pytest.raises(ModelError, match=SHOWN_FILE):
        LiteRTRecognizer(bundle, threads=1)


def test_a_changed_file_is_told_when_the_model_is_verified(tmp_path: Path, plain: LiteRTRecognizer) -> None:
    bundle = make_bundle(tmp_path / "tiny", shown=shown_colours(plain, (255, 0, 0)))
    file = bundle.folder / SHOWN_FILE
    content = bytearray(file.read_bytes())
    content[40] ^= 1
    shutil.copyfile(file, tmp_path / "kept")
    file.write_bytes(bytes(content))
    with pytest.raises(ModelError, match=SHOWN_FILE):
        Bundle.open(bundle.folder).verify()
