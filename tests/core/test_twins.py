"""8-bit twins: when one answers, how, and what gives way to the full network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mobilenet_gui.core import twins
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from tests.bundles import make_bundle as make_backbone
from tests.model_factory import make_bundle, make_twin, plain_photo


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """A model that can have a twin: one with weights."""
    (tmp_path / "weights.h5").write_bytes(b"weights")
    return make_bundle(tmp_path / "b", weights=tmp_path / "weights.h5")


def precision(bundle: Bundle, wanted: twins.Precision) -> str:
    recognizer = LiteRTRecognizer(twins.settled(bundle, wanted), threads=1)
    try:
        return recognizer.recognize(plain_photo((255, 0, 0))).precision
    finally:
        recognizer.close()


def test_a_twin_answers_as_the_full_network_does(bundle: Bundle) -> None:
    twin = make_twin(bundle)
    warm = Bundle(bundle.folder, replace(bundle.manifest, temperature=2.5), bundle.labels)
    for model in (bundle, warm):
        full, ours = (LiteRTRecognizer(each, threads=1) for each in (model, model.with_twin(twin)))
        for colour in ((255, 0, 0), (20, 200, 40), (130, 120, 110)):
            wanted, given = (each.probabilities(plain_photo(colour), want_features=True) for each in (full, ours))
            np.testing.assert_allclose(given[0], wanted[0], atol=0.06)
            assert given[0].sum() == pytest.approx(1)
            assert wanted[1] is not None
            assert given[1] is not None
            np.testing.assert_allclose(given[1], wanted[1], atol=0.03)
        assert (full.precision, ours.precision) == ("float", "int8")


@pytest.mark.parametrize(
    ("figures", "pays"),
    [
        ({}, True),
        ({"agree": 99}, True),
        ({"agree": 98}, False),
        ({"checked": 0, "agree": 0}, False),
        ({"difference": 0.2}, False),
        ({"int8_ms": 1.9}, False),
        ({"int8_ms": 4.0}, False),
    ],
)
def test_by_default_it_answers_only_if_it_agrees_and_is_faster(
    bundle: Bundle, figures: dict[str, float], pays: bool
) -> None:
    assert precision(bundle, "auto") == "float"
    assert precision(bundle, "int8") == "float"
    make_twin(bundle, **figures)
    assert precision(bundle, "auto") == ("int8" if pays else "float")
    assert precision(bundle, "int8") == "int8"
    assert precision(bundle, "float") == "float"


def test_a_damaged_or_missing_twin_gives_way(bundle: Bundle) -> None:
    twin = make_twin(bundle)
    network, record = twin.folder / twins.NETWORK_FILE, twin.folder / twins.RECORD_FILE
    whole = network.read_bytes()
    changed = [bytes([*whole[:n], whole[n] ^ 1, *whole[n + 1 :]]) for n in range(0, len(whole), len(whole) // 12)]
    for broken in (whole[:-100], b"", *changed):
        network.write_bytes(broken)
        assert precision(bundle, "auto") == "float"
    network.unlink()
    assert precision(bundle, "int8") == "float"
    network.write_bytes(whole)
    assert precision(bundle, "auto") == "int8"
    for text in ("{", "[]", '{"sha256": 3}', '{"checked": "many"}', record.read_text().replace("100", "1e999")):
        record.write_text(text)
        assert twins.find(bundle) is None
        assert precision(bundle, "auto") == "float"


def test_one_that_litert_refuses_gives_way(bundle: Bundle) -> None:
    twin = make_twin(bundle)
    other = b"TFL3" * 100
    (twin.folder / twins.NETWORK_FILE).write_bytes(other)
    import hashlib

    (twin.folder / twins.RECORD_FILE).write_bytes(replace(twin, sha256=hashlib.sha256(other).hexdigest()).record())
    assert precision(bundle, "int8") == "float"


def test_a_model_that_could_have_none_has_none(bundle: Bundle, tmp_path: Path) -> None:
    assert not twins.hindrance(bundle)
    assert "weights" in twins.hindrance(make_bundle(tmp_path / "plain"))
    assert "fine-tuned" in twins.hindrance(make_backbone(tmp_path / "backbone", backbone=True))
    strange = Bundle(
        bundle.folder,
        replace(bundle.manifest, files={**bundle.manifest.files, "shown": bundle.manifest.files["head"]}),
        bundle.labels,
    )
    assert "unlike" in twins.hindrance(strange)
    make_twin(strange)  # even if one lies there
    assert twins.settled(strange, "int8").twin is None


def test_another_network_of_the_same_id_does_not_get_it(bundle: Bundle, tmp_path: Path) -> None:
    make_twin(bundle)
    (tmp_path / "weights.h5").write_bytes(b"weights")
    other = make_bundle(tmp_path / "other", classes=7, weights=tmp_path / "weights.h5")
    assert twins.find(other) is None
    twins.forget(bundle)
    assert twins.find(bundle) is None
