"""JSON files with hostile values at every place: refused in words or read without them, never a crash."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.download_part import PartFile
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.labels import parse_labels_file
from mobilenet_gui.core.speed import SpeedBook
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import Settings, SettingsStore
from mobilenet_gui.training import evaluation_file, project_file
from mobilenet_gui.training.estimate import PaceBook
from mobilenet_gui.training.export_job import ExportResult
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.project_summary import summary_of
from mobilenet_gui.training.run_folder import RunFolder, RunState
from tests.model_factory import make_bundle
from tests.training.test_evaluation import made_up
from tests.training.test_run_folder import EPOCH, make_spec

DEEP = "[" * 100_000 + "]" * 100_000
FAIRLY_DEEP = "[" * 600 + "]" * 600
NASTY = [
    DEEP,
    FAIRLY_DEEP,
    '{"a":' * 600 + "1" + "}" * 600,
    "1e400",
    "-1e400",
    "1" + "0" * 400,
    "9" * 5000,
    "NaN",
    "Infinity",
    '"\\ud83d"',
    '"\\udfff\\u0000"',
    '"/\\ud83d"',
    "-1",
    "null",
    "true",
    '""',
    "[]",
    "{}",
    "[[]]",
]
MARK = "@@nasty@@"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value; of long lists the first two."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for number in range(min(2, len(value))):
            yield from places(value[number], (*path, number))


def spoilt(text: str) -> Iterator[str]:
    """The file with something nasty at every place, and under a name that nobody knows."""
    whole = json.loads(text)
    for path in places(whole):
        changed = copy.deepcopy(whole)
        if path:
            inner = changed
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = MARK
        else:
            changed = MARK
        yield json.dumps(changed)
    if isinstance(whole, dict):
        yield json.dumps(whole | {"from_a_newer_version": MARK})


def assert_sound(value: object) -> None:
    """No half characters and, in figures that are shown, nothing that is no number."""
    if isinstance(value, str):
        value.encode("utf-8", "surrogateescape")
    elif isinstance(value, dict):
        for key, inner in value.items():
            assert_sound(key)
            assert_sound(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            assert_sound(inner)
    elif isinstance(value, Path):
        assert_sound(str(value))


def check(file: Path, look: Callable[[], object]) -> None:
    """Look at the file in all its spoilt forms."""
    good = file.read_text(encoding="utf-8")
    for text in spoilt(good):
        for nasty in NASTY:
            file.write_text(text.replace(f'"{MARK}"', nasty), encoding="utf-8")
            try:
                said: object = look()
            except UserError as error:
                said = str(error)[:1000]
            assert_sound(said)
    file.write_text(good, encoding="utf-8")


def test_settings(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    values = asdict(Settings()) | {"last_folder": "/photos", "threads": 3, "sure_from": 0.7}
    file.write_text(json.dumps(values), encoding="utf-8")

    def look() -> object:
        store = SettingsStore(file)
        text = json.dumps(asdict(store.values), allow_nan=False)
        store.update(theme="light" if store.values.theme == "dark" else "dark")
        again = SettingsStore(file)
        assert again.problem is None
        assert again.values == store.values
        return json.loads(text)

    check(file, look)
    assert len(fields(Settings)) > 10


def test_a_project_keeps_its_last_good_state(tmp_path: Path) -> None:
    project = ProjectStore(tmp_path).create("Garden")
    project.add_class("ants")
    project.save()
    project.add_class("bees")
    project.save()
    project.close()
    file = project.folder / project_file.FILE_NAME
    good = file.read_text(encoding="utf-8")

    def look() -> object:
        data, problem = project_file.load(project.folder, repair=False)
        summary = summary_of(project.folder)
        if problem:
            assert [one.name for one in data.classes] == ["ants"]
        return [data.name, data.created, *(one.name for one in data.classes), summary.name, summary.problem]

    check(file, look)
    assert file.read_text(encoding="utf-8") == good


def test_a_runs_order_and_state(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.write_spec(make_spec(tmp_path, 3))
    check(run.spec_path, lambda: [run.spec().name, *run.spec().classes, *(s.path for s in run.spec().samples)])
    run.write_state(RunState("failed", "adapt", (EPOCH,), 2, 12.5, 0.875, ("A note.",), "It broke."))

    def look() -> object:
        state = run.state()
        assert math.isfinite(state.seconds)
        run.write_state(state)
        return [state.phase, state.error, *state.notes]

    check(run.state_path, look)


def test_a_test_result(tmp_path: Path) -> None:
    file = tmp_path / "evaluation.json"
    evaluation_file.write_evaluation(file, made_up([(0, 0, 0.9), (1, 2, 0.6)]))
    check(file, lambda: [evaluation_file.read_evaluation(file).model_name])


def test_a_manifest(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "tiny")

    def look() -> object:
        manifest = Bundle.open(bundle.folder).manifest
        return [manifest.id, manifest.name, manifest.description]

    check(bundle.folder / "manifest.json", look)


def test_what_can_be_made_again(tmp_path: Path, isolated_home: Path) -> None:
    bundle = make_bundle(tmp_path / "tiny")
    speeds = tmp_path / "speeds.json"
    entry = {"milliseconds": 3.5, "threads": 2, "measured": "2026", "model_hash": "x"}
    speeds.write_text(json.dumps({"tiny": entry}))
    check(speeds, lambda: [SpeedBook(speeds).get(bundle)])
    paces = PaceBook(tmp_path)
    paces.put("seen", "net", 0.5)

    def put_and_get() -> float | None:
        paces.put("rest", "net", 0.25)
        return paces.get("seen", "net")

    file = next(path for path in tmp_path.iterdir() if path.name not in ("speeds.json", "tiny"))
    check(file, lambda: [put_and_get()])
    store = ModelStore(tmp_path / "models")
    store.models_dir.mkdir()
    (store.models_dir / ".state.json").write_text(json.dumps({"active": "tiny", "previous": None}))
    check(store.models_dir / ".state.json", lambda: [store.active()])
    part = PartFile(tmp_path / "w.h5")
    origin = {"url": "http://x", "etag": "e", "modified": "m", "total": 3}
    (tmp_path / "w.h5.part.json").write_text(json.dumps(origin))
    check(tmp_path / "w.h5.part.json", lambda: [part.origin()])
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps(["cat", "dog"]))
    check(labels, lambda: [label.name for label in parse_labels_file(labels)])


@pytest.mark.parametrize("nasty", NASTY)
def test_the_result_of_an_export(nasty: str, tmp_path: Path) -> None:
    good = json.dumps(ExportResult("tflite", tmp_path / "x", 3, 2, 2, 0.1, 3.0).to_data())
    for text in spoilt(good):
        try:
            data = json.loads(text.replace(f'"{MARK}"', nasty))
        except (ValueError, RecursionError):
            continue
        try:
            result = ExportResult.from_data(data)
        except ValueError:
            continue
        assert_sound([result.numbers, result.note, result.problem])
