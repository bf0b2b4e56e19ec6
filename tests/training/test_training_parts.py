"""What a training is made of: material, recipes, blocks, files, estimates, and the words between the processes."""

from __future__ import annotations

import io
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from mobilenet_gui.core import cores
from mobilenet_gui.core.catalog import Family
from mobilenet_gui.core.errors import Cancelled, ModelError, ProjectError
from mobilenet_gui.core.litert import load_interpreter
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.core.tflite_graph import parse
from mobilenet_gui.core.tflite_head import find_head
from mobilenet_gui.core.types import Preprocessing
from mobilenet_gui.training import protocol
from mobilenet_gui.training.architectures import FAMILIES, PLANS, Architecture
from mobilenet_gui.training.augment import varied
from mobilenet_gui.training.bases import recommended
from mobilenet_gui.training.blocks import adapted_layers, count_blocks
from mobilenet_gui.training.calibration import probabilities_from_logits
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.detect import Declared, detect
from mobilenet_gui.training.estimate import PaceBook, Work, estimate, learn_from, network_of, probe
from mobilenet_gui.training.head_training import HeadTraining, LearntHead
from mobilenet_gui.training.keras_file import pack_weights
from mobilenet_gui.training.material import Item, Material, gather
from mobilenet_gui.training.presets import recipe_for
from mobilenet_gui.training.replace_head import can_replace, replace_head
from mobilenet_gui.training.run_folder import Preset, RunSpec, Sample, Split
from mobilenet_gui.training.training_settings import TrainingSettings
from mobilenet_gui.training.weights import open_weights
from tests.model_factory import CHANNELS, Kind, make_bundle, make_tflite
from tests.training.painted import paint, paint_folder, random_arrays

if TYPE_CHECKING:
    from mobilenet_gui.training.journal import Journal


def spec_of(rows: list[tuple[int, str]], classes: int = 3, background: int | None = None) -> RunSpec:
    samples = tuple(
        Sample(str(n), Path(f"{n}.png"), label, cast("Split", split)) for n, (label, split) in enumerate(rows)
    )
    names = tuple("abcdef"[:classes])
    return RunSpec("1", "", "Mine", names, samples, TrainingSettings(), Path(), Path(), background=background)


# -- material -------------------------------------------------------------------------------------------------------


def test_test_photos_are_never_learnt_from() -> None:
    material = gather(spec_of([(0, "train"), (0, "validation"), (1, "train"), (1, "train"), (0, "test"), (2, "train")]))
    assert [item.sample.split for item in material.items].count("test") == 0
    assert len(material.test) == 1
    assert material.classes == ("a", "b", "c")


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(0, "train"), (1, "train")],
        [(0, "train")] * 20,
        [(0, "train")] * 20 + [(1, "test")] * 5,
        [(0, "train")] * 5 + [(1, "validation")] * 5,
    ],
)
def test_too_little_to_learn_from_is_said_before_anything_is_done(rows: list[tuple[int, str]]) -> None:
    with pytest.raises(ProjectError, match="at least two classes with two photos") as caught:
        gather(spec_of(rows))
    assert caught.value.subject == "Mine"


def test_a_class_without_photos_is_left_out_and_told() -> None:
    material = gather(spec_of([(0, "train"), (0, "train"), (2, "train"), (2, "validation")]))
    assert material.classes == ("a", "c")
    assert material.dropped == ("b",)
    assert list(material.labels()) == [0, 0, 1, 1]


def test_photos_that_fail_leave_no_gaps_and_may_be_too_many() -> None:
    material = gather(spec_of([(0, "train")] * 2 + [(1, "train")] * 2 + [(2, "train")] * 2))
    left = material.without([0, 1], "Mine")
    assert left.classes == ("b", "c")
    assert list(left.labels()) == [0, 0, 1, 1]
    with pytest.raises(ProjectError):
        left.without([0, 1], "Mine")


def test_none_of_these_gets_spoilt_photos_of_all_classes() -> None:
    rows = [(0, "train")] * 3 + [(1, "train")] * 3 + [(1, "validation")]
    material = gather(spec_of(rows, background=2))
    spoilt = [item for item in material.items if item.view != "plain"]
    assert len(spoilt) == 7
    assert {item.label for item in spoilt} == {2}
    assert {item.view for item in spoilt} == {"patches", "corner", "noise"}
    assert len(material.places("validation")) == 2


# -- recipes --------------------------------------------------------------------------------------------------------


def test_certainty_is_measured_on_photos_that_are_new_to_the_network() -> None:
    """A network tells the photos apart that it learnt from; what is held out of those says nothing of others."""
    rng = np.random.default_rng(3)
    labels = np.arange(120) % 2
    new = np.arange(120) % 4 >= 2
    values = rng.normal(0, 1, (120, 8)).astype(np.float32)
    values[:, 0] += np.where(new, 0.7, 8.0) * (2 * labels - 1)
    items = tuple(
        Item(Sample(str(n), Path(f"{n}.jpg"), int(label), "validation" if is_new else "train"), int(label))
        for n, (label, is_new) in enumerate(zip(labels, new, strict=True))
    )
    recipe = recipe_for(TrainingSettings(preset="fast", seed=1), 96)
    journal = cast("Journal", SimpleNamespace(phase=_nothing, epoch=_nothing, head_done=_nothing))
    found = {
        known: HeadTraining(
            values,
            Material(("ant", "bee"), items, ()),
            recipe,
            journal,
            Control(None, threading.Event()),
            by_heart=known,
        ).learn()
        for known in (False, True)
    }
    assert len(found[False].held) == 120
    assert sorted(found[True].held) == np.flatnonzero(new).tolist()

    def stated(head: LearntHead) -> float:
        return float(probabilities_from_logits(head.held_logits, head.temperature).max(axis=1).mean())

    right = float((found[True].held_logits.argmax(axis=1) == labels[found[True].held]).mean())
    assert abs(stated(found[True]) - right) < 0.12


def _nothing(*_: object, **__: object) -> None:
    """Do nothing."""


def test_presets_rise_in_effort_and_settings_win() -> None:
    fast, balanced, best = (recipe_for(TrainingSettings(preset=p), 224) for p in ("fast", "balanced", "best"))
    assert not fast.adapts
    assert 0 < balanced.unfreeze_blocks < best.unfreeze_blocks
    assert 0 < balanced.epochs < best.epochs
    assert (fast.input_size, balanced.input_size, best.input_size) == (224, 224, 256)
    own = recipe_for(
        TrainingSettings(preset="best", epochs=3, unfreeze_blocks=1, input_size=160, label_smoothing=0.0), 224
    )
    assert (own.epochs, own.unfreeze_blocks, own.input_size, own.label_smoothing) == (3, 1, 160, 0.0)
    assert not recipe_for(TrainingSettings(preset="best", unfreeze_blocks=0), 224).adapts
    assert recipe_for(TrainingSettings(preset="fast", unfreeze_blocks=2), 224).adapts
    assert recipe_for(TrainingSettings(preset="best"), 300).input_size == 300


# -- blocks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_adapted_layers_are_the_last_and_never_normalisation(family: Family) -> None:
    architecture = Architecture(family, 1.0, 3)
    blocks = count_blocks(architecture)
    known = {"v1": 13, "v2": 17, "lite0": 16, "lite1": 21, "lite2": 21, "lite3": 24, "lite4": 30}
    known |= {"v4-small": 16, "v4-medium": 22, "v4-large": 27}
    assert blocks == known.get(family, 11 if "small" in family else 15)
    norms = {layer.name for layer in architecture.layers if layer.kind == "norm"}
    before: set[str] = set()
    names = [layer.name for layer in architecture.layers if layer.kind != "norm"]
    for count in range(1, blocks + 2):
        adapted = adapted_layers(architecture, count)
        assert not adapted & norms
        assert before < adapted
        assert adapted == set(names[-len(adapted) :])
        before = adapted
    assert before == set(names)
    assert adapted_layers(architecture, 0) == set()


# -- files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "v4-large"])
def test_written_weights_are_read_back(family: Family, tmp_path: Path) -> None:
    architecture = Architecture(family, 1.0 if "mini" in family or family in PLANS else 0.75, 7)
    arrays = random_arrays(architecture)
    path = tmp_path / "weights.h5"
    path.write_bytes(pack_weights(architecture, arrays))
    with open_weights(path) as file:
        found = detect(file, Declared(), "x")
        assert found.architecture == architecture
        read = found.read("x")
    for name, values in arrays.items():
        assert all(np.array_equal(a, b) for a, b in zip(values, read[name], strict=True))
    with pytest.raises(ValueError, match="wanted"):
        pack_weights(replace(architecture, classes=8), arrays)


@pytest.mark.parametrize("softmax", [True, False])
@pytest.mark.parametrize("classes", [2, 6, 40])
def test_another_last_layer_answers_as_it_should(softmax: bool, classes: int) -> None:
    random = np.random.default_rng(classes)
    kernel = random.normal(0, 1, (CHANNELS, classes)).astype(np.float32)
    bias = random.normal(0, 1, classes).astype(np.float32)
    data = replace_head(make_tflite(softmax=softmax), kernel, bias, "tiny")
    found = find_head(parse(data, "tiny"))
    assert found is not None
    assert np.array_equal(found.head.layers[-1].kernel, kernel)
    interpreter = load_interpreter(data, "tiny", 1)
    photo = random.normal(0, 1, (1, 32, 32, 3)).astype(np.float32)
    plain = load_interpreter(make_tflite(softmax=False), "tiny", 1)
    for one in (interpreter, plain):
        one.set_tensor(one.get_input_details()[0]["index"], photo)
        one.invoke()
    answer = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    assert answer.shape == (1, classes)
    assert np.isfinite(answer).all()
    assert not softmax or answer.sum() == pytest.approx(1, abs=1e-4)


def test_buffers_stay_on_their_boundaries() -> None:
    from ai_edge_litert import schema_py_generated as schema

    data = replace_head(make_tflite(), np.ones((CHANNELS, 3), np.float32), np.zeros(3, np.float32), "tiny")
    model = schema.Model.GetRootAs(data, 0)
    for n in range(model.BuffersLength()):
        buffer = model.Buffers(n)
        if buffer.DataLength():
            assert buffer._tab.Vector(buffer._tab.Offset(4)) % 16 == 0


@pytest.mark.parametrize("kind", ["uint8", "int8"])
def test_a_quantised_last_layer_is_not_exchanged(kind: Kind) -> None:
    assert can_replace(make_tflite())
    assert not can_replace(make_tflite(kind))
    with pytest.raises(ModelError, match="cannot be exchanged"):
        replace_head(make_tflite(kind), np.ones((CHANNELS, 3), np.float32), np.zeros(3, np.float32), "tiny")


# -- photos ---------------------------------------------------------------------------------------------------------


def test_photos_are_varied_but_repeatable() -> None:
    from PIL import Image

    from mobilenet_gui.core import imaging

    file = io.BytesIO()
    Image.fromarray(paint("stripes", 1, 120)).save(file, "PNG")
    photo = imaging.decode(file.getvalue(), name="x")
    pre = Preprocessing(size=32)
    usual = varied(photo, pre, "none", np.random.default_rng(0))
    assert np.array_equal(usual, imaging.prepare(photo, pre).pixels)
    for augmentation in ("light", "medium", "strong"):
        some = [varied(photo, pre, augmentation, np.random.default_rng(n)) for n in range(4)]
        assert all(pixels.shape == (32, 32, 3) and pixels.dtype == np.uint8 for pixels in some)
        assert len({pixels.tobytes() for pixels in some}) == 4
        again = varied(photo, pre, augmentation, np.random.default_rng(0))
        assert np.array_equal(again, some[0])


# -- estimates ------------------------------------------------------------------------------------------------------


def test_an_estimate_grows_with_effort_and_photos_and_learns_from_trainings(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "tiny")
    cache = tmp_path / "cache"

    def seconds(preset: Preset, photos: int = 500) -> float:
        return estimate(bundle, photos, TrainingSettings(preset=preset), cache).seconds

    assert seconds("fast") < seconds("balanced") < seconds("best")
    assert seconds("best", 500) < seconds("best", 5000)
    guess = estimate(bundle, 500, TrainingSettings(preset="fast"), cache)
    assert not guess.measured
    photos = paint_folder(tmp_path / "photos", 4)
    probe(bundle, sorted(photos.rglob("*.png")), cache)
    known = estimate(bundle, 500, TrainingSettings(preset="fast"), cache)
    assert known.measured
    assert estimate(bundle, 500, TrainingSettings(preset="fast"), cache, cached=True).seconds <= known.seconds
    known_pace = PaceBook(cache).get("seen", network_of(bundle, 32))
    assert known_pace is not None
    recipe = recipe_for(TrainingSettings(preset="balanced"), 32)
    PaceBook(cache).put("learnt", network_of(bundle, 32, recipe.unfreeze_blocks), 2.0)
    assert seconds("balanced") > 300 * 2 * recipe.epochs * 0.7
    work = Work(300, 180, 60, recipe.epochs)
    learn_from(bundle, recipe, work, work.seconds(known_pace, 2.0) + 77.0, cache)
    assert seconds("balanced", 300) == pytest.approx(work.seconds(known_pace, 2.0) + 77.0, abs=0.1)
    half = replace(work, epochs=recipe.epochs // 2)
    learn_from(bundle, recipe, half, half.seconds(known_pace, 2.0) + 77.0, cache)
    between = replace(work, epochs=recipe.epochs * 0.75)
    assert seconds("balanced", 300) == pytest.approx(between.seconds(known_pace, 2.0) + 77.0, abs=0.1)
    fast = recipe_for(TrainingSettings(preset="fast"), 32)
    learn_from(bundle, fast, Work(100, 60, 20, 0), 5.0, cache)
    assert seconds("fast", 100) == pytest.approx(5.0, abs=0.1)
    learn_from(bundle, fast, Work(100, 60, 20, 0), 0.0, cache)
    assert seconds("fast", 0) > 0
    (cache / "paces.json").write_text("rubbish")
    assert not estimate(bundle, 500, TrainingSettings(preset="fast"), cache).measured


def test_what_the_program_does_beside_it_does_not_slow_the_probe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = make_bundle(tmp_path / "tiny")
    mine = threading.local()

    def spent() -> float:
        """10 ms at each look, so that every photo takes as long, however long it takes; the first one a second."""
        looks = mine.looks = int(getattr(mine, "looks", 0)) + 1
        return 0.01 * looks + (1.0 if looks > 1 else 0.0)

    monkeypatch.setattr(time, "thread_time", spent)
    monkeypatch.setattr(cores, "usable_cores", lambda: 2)
    probe(bundle, sorted(paint_folder(tmp_path / "photos", 4).rglob("*.png")), tmp_path)
    assert PaceBook(tmp_path).get("seen", network_of(bundle, 32)) == pytest.approx(0.01 / 2 * 1.15)


# -- what a training hears ------------------------------------------------------------------------------------------


def test_pausing_stands_still_until_told_to_go_on() -> None:
    events: list[protocol.Event] = []
    stood = threading.Event()

    def say(event: protocol.Event) -> None:
        events.append(event)
        if event == protocol.Paused(True):
            stood.set()

    control = Control(say)
    heard: list[bool] = []
    control.on_pause(heard.append)
    control.obey("pause")
    thread = threading.Thread(target=control.check)
    thread.start()
    assert stood.wait(10)
    assert thread.is_alive()
    control.obey("resume")
    thread.join(10)
    assert not thread.is_alive()
    assert events == [protocol.Paused(True), protocol.Paused(False)]
    assert heard == [True, False]
    assert control.paused_seconds > 0


def test_cancelling_ends_a_pause_and_is_told_at_once() -> None:
    told: list[str] = []
    control = Control()
    control.on_cancel(lambda: told.append("cancelled"))
    control.obey("pause")
    control.obey("cancel")
    assert told == ["cancelled"]
    with pytest.raises(Cancelled):
        control.check()
    finishing = Control()
    finishing.obey("nonsense")
    assert not finishing.finishing
    finishing.obey("finish")
    assert finishing.finishing


def test_no_model_to_start_from_is_said_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"models download mobilenet-v2-1\.0-224"):
        recommended(ModelStore(tmp_path / "models", builtin_dir=tmp_path / "none"))
