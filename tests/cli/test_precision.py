"""`--precision`: which network answers, that the answer says so, and that none is made unasked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from mobilenet_gui import model_builder
from mobilenet_gui.core import twins
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.store import ModelStore
from tests.cli.conftest import Call
from tests.model_factory import make_bundle, make_twin


@pytest.fixture
def model(tmp_path: Path) -> Bundle:
    """A model in use that can have a twin."""
    (tmp_path / "weights.h5").write_bytes(b"weights")
    store = ModelStore()
    with store.staging_folder() as staging:
        make_bundle(staging, weights=tmp_path / "weights.h5")
        store.install(staging)
    return store.activate("tiny")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.new("RGB", (64, 48), (250, 0, 0)).save(tmp_path / "red.png")
    return tmp_path / "red.png"


@pytest.fixture
def makings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which models had a twin made; it is there then."""
    made: list[str] = []

    def make(bundle: Bundle, *_: object, **__: object) -> None:
        made.append(bundle.id)
        make_twin(bundle)

    monkeypatch.setattr(model_builder, "make_twin", make)
    return made


def said(call: Call, photo: Path, *more: str) -> str:
    code, out, _ = call("classify", photo, "--format", "json", *more)
    assert code == 0
    record = json.loads(out)
    assert record["predictions"][0]["label"] == "red"
    return str(record["precision"])


def test_the_answer_says_which_network_gave_it(call: Call, model: Bundle, photo: Path, makings: list[str]) -> None:
    assert said(call, photo) == "float"
    assert said(call, photo, "--precision", "float") == "float"
    assert makings == []  # none is made unasked
    assert said(call, photo, "--precision", "int8") == "int8"
    assert said(call, photo, "--precision", "int8") == "int8"
    assert makings == ["tiny"]  # once
    assert said(call, photo) == "int8"
    assert said(call, photo, "--precision", "float") == "float"
    make_twin(model, agree=90)
    assert said(call, photo) == "float"


def test_a_model_that_can_have_none_is_refused_with_the_reason(call: Call, photo: Path, makings: list[str]) -> None:
    store = ModelStore()
    make_bundle(store.models_dir / "plain", bundle_id="plain")
    code, out, err = call("classify", photo, "--model", "plain", "--precision", "int8")
    assert (code, out, makings) == (2, "", [])
    assert "weights" in err
    assert call("classify", photo, "--model", "plain")[0] == 0


def test_one_that_turned_out_to_have_none_is_refused_too(
    call: Call, model: Bundle, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(bundle: Bundle, *_: object) -> None:
        folder = twins.place(bundle)
        folder.mkdir(parents=True)
        (folder / twins.RECORD_FILE).write_bytes(twins.Twin(folder).record())

    monkeypatch.setattr(model_builder, "make_twin", fail)
    code, _, err = call("classify", photo, "--precision", "int8")
    assert code == 2
    assert "cannot be made in 8 bits" in err
    assert said(call, photo) == "float"


def test_evaluate_answers_with_it_as_well(call: Call, model: Bundle, tmp_path: Path, makings: list[str]) -> None:
    for name in ("red", "blue"):
        (tmp_path / "set" / name).mkdir(parents=True)
        Image.new("RGB", (64, 48), name).save(tmp_path / "set" / name / "a.png")
    code, out, _ = call("evaluate", tmp_path / "set", "--precision", "int8", "--format", "json")
    assert code == 0
    assert json.loads(out)["accuracy"] == 1
    assert json.loads(out)["precision"] == "int8"
    assert makings == ["tiny"]
