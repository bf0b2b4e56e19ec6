"""Model tasks: what runs at once, what pausing keeps, what cancelling loses, and how the end is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from mobilenet_gui import paths
from mobilenet_gui.core import catalog
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import Cancelled, DownloadError, ModelError, StorageError
from mobilenet_gui.core.install import InstallProgress
from mobilenet_gui.core.speed import Speed
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.model_service import ModelService
from mobilenet_gui.settings import Settings
from mobilenet_gui.workers.model_inspect import Understood
from mobilenet_gui.workers.model_work import Gate, ImportRequest
from mobilenet_gui.workers.models import ModelTasks
from tests.fake_work import FakeWork
from tests.loopback import Behaviour, LoopbackServer
from tests.model_factory import make_bundle, make_tflite

V2 = "mobilenet-v2-1.0-224"
V1 = "mobilenet-v1-1.0-224"
SMALL = "mobilenet-v3-small-1.0-224"
SECONDS = 60_000


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", tmp_path / "builtin")


@pytest.fixture
def work(store: ModelStore) -> FakeWork:
    return FakeWork(store)


@pytest.fixture
def tasks(qapp: object, work: FakeWork, store: ModelStore) -> Iterator[ModelTasks]:
    made = ModelTasks(work, store)
    yield made
    assert made.shut_down()


def phase(tasks: ModelTasks, model_id: str) -> str:
    state = tasks.state(model_id)
    return "" if state is None else state.phase


def test_a_download_tells_its_bytes_is_measured_and_put_to_use(
    qtbot: QtBot, tasks: ModelTasks, work: FakeWork, store: ModelStore
) -> None:
    work.prepare(V2)
    active: list[str] = []
    tasks.models_changed.connect(lambda: active.append(store.active_id or ""))
    tasks.download(V2)
    qtbot.waitUntil(lambda: phase(tasks, V2) == "downloading", timeout=SECONDS)
    state = tasks.state(V2)
    assert state is not None
    assert (state.done, state.total, state.seconds_left) == (620, 1000, 4)
    assert state.fraction == pytest.approx(0.62)
    results: list[object] = []
    tasks.returned.connect(lambda _id, result: results.append(result))
    work.go[V2].set()
    qtbot.waitUntil(lambda: any(isinstance(r, Speed) for r in results), timeout=SECONDS)
    assert isinstance(results[0], Bundle)
    assert V2 in active
    assert tasks.states() == []
    speed = tasks.book.get(store.get(V2))
    assert speed is not None
    assert speed.milliseconds > 0


def test_two_downloads_run_at_once_and_the_third_waits(qtbot: QtBot, tasks: ModelTasks, work: FakeWork) -> None:
    work.prepare(V2, V1, SMALL)
    for model_id in (V2, V1, SMALL):
        tasks.download(model_id)
    qtbot.waitUntil(lambda: work.begun[V2].is_set() and work.begun[V1].is_set(), timeout=SECONDS)
    assert phase(tasks, SMALL) == "waiting"
    assert not work.begun[SMALL].is_set()
    work.go[V2].set()
    qtbot.waitUntil(work.begun[SMALL].is_set, timeout=SECONDS)
    work.go[V1].set()
    work.go[SMALL].set()
    qtbot.waitUntil(lambda: not tasks.states(), timeout=SECONDS)
    assert work.most_converting == 1


def test_staging_folders_made_at_once_do_not_take_each_other_for_leftovers(store: ModelStore) -> None:
    """Two downloads install at the same moment; found here, and worth its own place among the store's tests."""
    errors: list[Exception] = []

    def stage() -> None:
        for _ in range(60):
            try:
                with store.staging_folder() as folder:
                    (folder / "file").write_text("x")
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=stage) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_pausing_keeps_the_bytes_and_resuming_goes_on(qtbot: QtBot, tasks: ModelTasks, work: FakeWork) -> None:
    work.prepare(V2)
    tasks.download(V2)
    qtbot.waitUntil(lambda: phase(tasks, V2) == "downloading", timeout=SECONDS)
    tasks.pause(V2)
    qtbot.waitUntil(lambda: phase(tasks, V2) == "paused", timeout=SECONDS)
    state = tasks.state(V2)
    assert state is not None
    assert state.paused
    assert not state.running
    assert (state.done, state.seconds_left) == (620, None)
    assert work.partial(V2) is not None
    work.go[V2].set()
    with qtbot.waitSignal(tasks.returned, timeout=SECONDS):
        tasks.resume(V2)


def test_a_waiting_download_can_be_paused_and_cancelled(qtbot: QtBot, tasks: ModelTasks, work: FakeWork) -> None:
    work.prepare(V2, V1, SMALL)
    for model_id in (V2, V1, SMALL):
        tasks.download(model_id)
    tasks.pause(SMALL)
    assert phase(tasks, SMALL) == "paused"
    with qtbot.waitSignal(tasks.cancelled, timeout=SECONDS) as told:
        tasks.cancel(SMALL)
    assert told.args == [SMALL]
    assert tasks.state(SMALL) is None


def test_cancelling_forgets_what_arrived(qtbot: QtBot, tasks: ModelTasks, work: FakeWork) -> None:
    work.prepare(V2)
    tasks.download(V2)
    qtbot.waitUntil(work.begun[V2].is_set, timeout=SECONDS)
    with qtbot.waitSignal(tasks.cancelled, timeout=SECONDS):
        tasks.cancel(V2)
    assert tasks.state(V2) is None
    assert work.partial(V2) is None


def test_a_stopped_download_says_why_and_can_go_on(qtbot: QtBot, tasks: ModelTasks, work: FakeWork) -> None:
    work.prepare(V2)
    work.errors[V2] = DownloadError("MobileNet V2", "The server fell silent.", resumable=True)
    work.go[V2].set()
    with qtbot.waitSignal(tasks.failed, timeout=SECONDS) as told:
        tasks.download(V2)
    assert told.args == [V2, work.errors[V2]]
    state = tasks.state(V2)
    assert state is not None
    assert state.failed
    assert state.paused
    assert state.fraction == pytest.approx(0.62)
    tasks.dismiss(V2)
    assert phase(tasks, V2) == "paused"
    del work.errors[V2]
    with qtbot.waitSignal(tasks.returned, timeout=SECONDS):
        tasks.resume(V2)


def test_a_failure_that_cannot_go_on_is_forgotten_when_dismissed(
    qtbot: QtBot, tasks: ModelTasks, work: FakeWork
) -> None:
    work.prepare(V2)
    work.errors[V2] = StorageError("/models", "The disk is full.")
    work.go[V2].set()
    with qtbot.waitSignal(tasks.failed, timeout=SECONDS):
        tasks.download(V2)
    state = tasks.state(V2)
    assert state is not None
    assert not state.paused
    tasks.dismiss(V2)
    assert tasks.states() == []


def test_a_fault_of_the_program_is_reported_and_the_task_fails(
    qtbot: QtBot, tasks: ModelTasks, work: FakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[object] = []
    monkeypatch.setattr("sys.excepthook", lambda _kind, error, _where: reported.append(error))
    work.prepare(V2)
    work.errors[V2] = ZeroDivisionError("oops")
    work.go[V2].set()
    with qtbot.waitSignal(tasks.failed, timeout=SECONDS) as told:
        tasks.download(V2)
    assert isinstance(told.args, list)
    assert isinstance(told.args[1], ModelError)
    assert reported == [work.errors[V2]]


def test_an_unknown_model_cannot_be_downloaded(tasks: ModelTasks) -> None:
    with pytest.raises(ModelError):
        tasks.download("no-such-model")


def test_importing_installs_and_a_bad_file_says_why(
    qtbot: QtBot, tasks: ModelTasks, work: FakeWork, store: ModelStore, tmp_path: Path
) -> None:
    with qtbot.waitSignal(tasks.returned, timeout=SECONDS):
        key = tasks.import_file(ImportRequest(tmp_path / "good.tflite", model_id="good", name="Good"))
    assert key.startswith("import:")
    assert store.has("good")
    work.errors["bad.tflite"] = ModelError("bad.tflite", "The file is damaged.")
    with qtbot.waitSignal(tasks.failed, timeout=SECONDS) as told:
        tasks.import_file(ImportRequest(tmp_path / "bad.tflite"))
    assert isinstance(told.args, list)
    assert "damaged" in told.args[1].reason


def test_a_file_is_understood_before_it_is_imported(qtbot: QtBot, tasks: ModelTasks, tmp_path: Path) -> None:
    file = tmp_path / "my pets.tflite"
    file.write_bytes(make_tflite())
    with qtbot.waitSignal(tasks.returned, timeout=SECONDS) as told:
        tasks.inspect(file)
    assert isinstance(told.args, list)
    what = told.args[1]
    assert isinstance(what, Understood)
    assert what.needs_labels
    assert (what.outputs, what.model_id, what.name) == (6, "my-pets", "my pets")
    file.write_bytes(b"no model")
    with qtbot.waitSignal(tasks.failed, timeout=SECONDS):
        tasks.inspect(file)
    assert tasks.states() == []


def test_a_removed_model_stays_until_committed(qtbot: QtBot, tasks: ModelTasks, store: ModelStore) -> None:
    for model_id in ("one", "two"):
        make_bundle(store.models_dir / model_id, bundle_id=model_id)
    store.activate("one")
    tasks.leave("one")
    tasks.stay("one")
    tasks.commit_leaving()
    assert tasks.states() == []
    tasks.leave("one")
    assert tasks.is_leaving("one")
    assert store.has("one")
    with qtbot.waitSignals([tasks.returned, tasks.models_changed], timeout=SECONDS):
        tasks.commit_leaving()
    assert not store.has("one")
    assert store.active_id == "two"


def test_what_is_marked_is_removed_at_the_end(qapp: object, work: FakeWork, store: ModelStore) -> None:
    make_bundle(store.models_dir / "one", bundle_id="one")
    tasks = ModelTasks(work, store)
    tasks.leave("one")
    assert tasks.shut_down()
    assert not store.has("one")


def test_renaming_keeps_the_model_and_its_files(qtbot: QtBot, tasks: ModelTasks, store: ModelStore) -> None:
    before = make_bundle(store.models_dir / "one", bundle_id="one")
    with qtbot.waitSignal(tasks.returned, timeout=SECONDS):
        tasks.rename("one", "  Garden   wildlife ")
    after = store.get("one")
    assert after.name == "Garden wildlife"
    assert after.manifest.files == before.manifest.files
    with qtbot.waitSignal(tasks.failed, timeout=SECONDS):
        tasks.rename("one", " ")


def test_removing_does_not_wait_for_a_measurement(qtbot: QtBot, tasks: ModelTasks, store: ModelStore) -> None:
    make_bundle(store.models_dir / "one", bundle_id="one")
    ended: list[object] = []
    tasks.returned.connect(lambda _id, result: ended.append(result))
    tasks.cancelled.connect(ended.append)
    tasks.measure("one")
    tasks.remove("one")
    qtbot.waitUntil(lambda: not tasks.states(), timeout=SECONDS)
    assert not store.has("one")
    assert ended == [None]


def test_shutting_down_in_the_middle_keeps_the_bytes(qtbot: QtBot, work: FakeWork, store: ModelStore) -> None:
    work.prepare(V2)
    tasks = ModelTasks(work, store)
    tasks.download(V2)
    qtbot.waitUntil(work.begun[V2].is_set, timeout=SECONDS)
    assert tasks.shut_down()
    assert work.partial(V2) is not None
    work.begun[V2].clear()
    tasks.download(V1)
    assert tasks.state(V1) is None


def test_an_earlier_run_s_download_goes_on_where_it_stopped(qtbot: QtBot, store: ModelStore) -> None:
    """Through the real service and a server that drops the connection, then over a new start."""
    entry = catalog.by_id("mobilenet-v1-0.25-128")
    assert entry is not None
    data = bytes(range(256)) * 4000
    built = threading.Event()

    def build(request: object, progress: object, cancel: threading.Event) -> None:
        built.set()
        make_bundle(request.output, bundle_id=entry.id)  # type: ignore[attr-defined]

    with LoopbackServer() as server:
        path = server.add_official(entry.file_name, data)
        server.behave(path, Behaviour(stall_after=620_000))
        settings = Settings(weights_url=server.base)
        first = ModelTasks(ModelService(settings, store, build=build), store)
        first.download(entry.id)
        qtbot.waitUntil(server.stalled.is_set, timeout=SECONDS)
        # The server has sent it all by then; the client may not have taken it yet.
        qtbot.waitUntil(lambda: (state := first.state(entry.id)) is not None and state.done > 0, timeout=SECONDS)
        assert first.shut_down()
        second = ModelTasks(ModelService(settings, store, build=build), store)
        second.remember_partials()
        state = second.state(entry.id)
        assert state is not None
        assert state.phase == "paused"
        assert state.total == len(data)
        assert 0 < state.done <= 620_000
        server.behave(path, Behaviour())
        with qtbot.waitSignal(second.returned, timeout=SECONDS):
            second.resume(entry.id)
        assert built.is_set()
        assert server.requests[-1].headers.get("Range", server.requests[-1].headers.get("range")) is not None
        assert second.shut_down()
    assert store.has(entry.id)
    assert not any(paths.downloads_dir().glob("*.part"))


def test_the_gate_lets_one_through_and_a_cancel_ends_the_wait() -> None:
    gate = Gate()
    told: list[str] = []
    waiting: list[bool] = []
    first, leave_first = gate.guard(lambda p: told.append(p.step), lambda: waiting.append(True), threading.Event())
    first(InstallProgress("preparing", ""))
    cancel = threading.Event()
    cancel.set()
    second, leave_second = gate.guard(lambda p: told.append(p.step), lambda: waiting.append(True), cancel)
    with pytest.raises(Cancelled):
        second(InstallProgress("preparing", ""))
    leave_second()
    assert waiting == [True]
    leave_first()
    third, leave_third = gate.guard(lambda p: told.append("third"), lambda: waiting.append(True), cancel)
    third(InstallProgress("preparing", ""))
    leave_third()
    assert told == ["preparing", "third"]
