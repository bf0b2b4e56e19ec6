"""`mobilenet-gui models` as a person and a script use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mobilenet_gui import cli, cli_models_show, paths
from mobilenet_gui.core import catalog, install
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.install import BuildRequest, InstallProgress
from mobilenet_gui.core.store import ModelStore
from tests.bundles import make_bundle
from tests.loopback import Behaviour, LoopbackServer
from tests.model_factory import make_bundle as make_tiny

ENTRY_ID = "mobilenet-v1-0.25-128"
FILE_NAME = "mobilenet_2_5_128_tf.h5"
WEIGHTS = b"\x89HDF\r\n\x1a\n" + bytes(200_000)


class FakeBuilder:
    """Stands in for the converting process."""

    error: Exception | None = None

    def __enter__(self) -> FakeBuilder:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def warm(self) -> None:
        pass

    def __call__(
        self, request: BuildRequest, progress: Callable[[str, float | None], None], cancel: threading.Event
    ) -> None:
        progress("Converting", 0.5)
        if FakeBuilder.error is not None:
            raise FakeBuilder.error
        make_bundle(
            request.output,
            request.naming.id,
            name=request.naming.name,
            backbone=bool(request.backbone),
            content=request.source.read_bytes(),
        )


@pytest.fixture(autouse=True)
def no_conversion(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeBuilder.error = None
    monkeypatch.setattr("mobilenet_gui.model_service.WorkerBuilder", FakeBuilder)
    monkeypatch.setattr(install, "try_once", lambda *_: None)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackServer]:
    with LoopbackServer() as running:
        running.add_official(FILE_NAME, WEIGHTS)
        running.add_official("mobilenet_2_5_128_tf_no_top.h5", WEIGHTS)
        monkeypatch.setenv("MOBILENET_GUI_WEIGHTS_URL", running.base)
        yield running


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `models` with arguments; returns exit code, stdout, stderr."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        try:
            code = cli.main(["models", *map(str, arguments)])
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


Call = Callable[..., tuple[int, str, str]]


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def put(name: str, *, backbone: bool = False) -> None:
    make_bundle(paths.models_dir() / name, name, backbone=backbone)


def test_list_on_a_new_machine(call: Call) -> None:
    code, out, err = call("list")
    assert (code, err) == (0, "")
    assert "none yet" in out
    assert all(entry.id in out for entry in catalog.ENTRIES)
    assert "71.8 %" in out
    assert not paths.models_dir().exists()


def test_list_as_json(call: Call) -> None:
    put("cats")
    put("body", backbone=True)
    code, out, _ = call("list", "--format", "json")
    assert code == 0
    found = {record["id"]: record for record in objects(out)}
    assert len(found) == len(catalog.ENTRIES) + 2
    assert list(found)[:2] == ["body", "cats"]
    cats = found["cats"]
    assert (cats["installed"], cats["active"], cats["backbone"], cats["builtin"]) == (True, True, False, False)
    assert cats["size"] > 0
    assert cats["speed_ms"] is None
    assert found["body"]["backbone"]
    entry = found["mobilenet-v2-1.0-224"]
    assert not entry["installed"]
    assert (entry["parameters"], entry["macs"], entry["top1"]) == (3_538_984, 300_000_000, 0.718)
    assert entry["licence"] == "Apache-2.0"


def test_list_shows_the_active_one_and_its_speed(call: Call) -> None:
    from mobilenet_gui.model_service import ModelService
    from mobilenet_gui.settings import Settings

    put("cats")
    put("dogs")
    store = ModelStore()
    store.activate("dogs")
    ModelService(Settings(), store).record_speed("dogs", 6.43, 4)
    _, out, _ = call("list")
    line = next(line for line in out.splitlines() if " dogs " in line)
    assert line.startswith("*")
    assert line.endswith("6.4 ms")
    assert sum(line.startswith("*") for line in out.splitlines()) == 1


def test_list_names_what_is_broken(call: Call) -> None:
    put("cats")
    (paths.models_dir() / "cats" / "manifest.json").write_text("{")
    code, out, err = call("list", "--format", "json")
    assert code == 0
    assert "cats" not in {record["id"] for record in objects(out)}
    assert str(paths.models_dir() / "cats") in err


def test_download_makes_the_first_model_the_active_one(server: LoopbackServer, call: Call) -> None:
    code, out, err = call("download", ENTRY_ID)
    assert (code, err) == (0, "")
    assert ENTRY_ID in out
    assert "now the active model" in out
    assert ModelStore().chosen_id() == ENTRY_ID


def test_download_leaves_another_choice_alone_and_says_how_to_change_it(server: LoopbackServer, call: Call) -> None:
    put("cats")
    ModelStore().activate("cats")
    code, out, _ = call("download", ENTRY_ID)
    assert code == 0
    assert f"models activate {ENTRY_ID}" in out
    assert ModelStore().active_id == "cats"
    code, out, _ = call("download", ENTRY_ID, "--activate", "--format", "json")
    assert objects(out)[0]["active"]
    assert len(server.requests) == 1


def test_download_of_a_backbone(server: LoopbackServer, call: Call) -> None:
    code, out, _ = call("download", ENTRY_ID, "--backbone")
    assert code == 0
    assert "fine-tuning" in out
    assert ModelStore().active() is None


def test_download_of_an_unknown_id_suggests(call: Call) -> None:
    code, out, err = call("download", "mobilenet-v2")
    assert code == 2
    assert out == ""
    assert "mobilenet-v2-1.0-224" in err
    code, out, err = call("download", "mobilenet-v2", "--format", "json")
    assert objects(out)[0]["subject"] == "mobilenet-v2"


def test_download_failures_name_model_and_reason(server: LoopbackServer, call: Call) -> None:
    code, out, err = call("download", "mobilenet-v2-1.0-224")
    assert (code, out) == (1, "")
    assert err.startswith("mobilenet-gui: MobileNet V2: ")
    assert server.base in err
    FakeBuilder.error = ModelError("x", "a layer is missing.")
    code, _, err = call("download", ENTRY_ID)
    assert code == 1
    assert "a layer is missing" in err
    assert ModelStore().list() == []


def test_import_and_its_collision(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "My cats.h5"
    path.write_bytes(WEIGHTS)
    labels = tmp_path / "labels.txt"
    labels.write_text("cat\ndog\n")
    code, out, _ = call("import", path, "--labels", labels)
    assert code == 0
    assert "my-cats" in out
    code, _, err = call("import", path)
    assert code == 1
    assert "installed already" in err
    assert err.endswith("(--id ID or --replace)\n")
    assert call("import", path, "--replace")[0] == 0
    assert call("import", path, "--id", "other", "--name", "Others")[0] == 0
    assert [b.id for b in ModelStore().list()] == ["my-cats", "other"]
    assert ModelStore().get("other").name == "Others"


def test_what_train_has_written_is_imported(call: Call, tmp_path: Path) -> None:
    make_tiny(tmp_path / "run" / "bundle", bundle_id="garden", name="Garden")
    code, out, _ = call("import", tmp_path / "run", "--activate")
    assert (code, "Garden was installed as garden" in out) == (0, True)
    assert ModelStore().chosen_id() == "garden"
    code, _, err = call("import", tmp_path)
    assert code == 1
    assert "There is no model in this folder" in err


@pytest.mark.parametrize("name", ["missing.h5", "photo.png"])
def test_import_failures_name_the_file(call: Call, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "photo.png":
        path.write_bytes(b"x")
    code, out, err = call("import", path)
    assert (code, out) == (1, "")
    assert str(path) in err


def test_activate_and_remove(call: Call) -> None:
    put("cats")
    put("dogs")
    code, out, _ = call("activate", "dogs")
    assert code == 0
    assert "Dogs (dogs) is now the active model" in out
    code, out, _ = call("remove", "dogs", "--format", "json")
    assert code == 0
    told = objects(out)[0]
    assert (told["id"], told["removed"], told["active"]) == ("dogs", True, "cats")
    assert told["freed"] > 0
    code, out, _ = call("remove", "cats")
    assert code == 0
    assert "No model is left" in out


def test_a_damaged_model_is_not_put_to_use(call: Call) -> None:
    put("cats")
    put("dogs")
    call("activate", "cats")
    path = ModelStore().models_dir / "dogs" / "model.tflite"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    code, _, err = call("activate", "dogs")
    assert code == 1
    assert "dogs" in err
    assert "model.tflite was changed or is damaged" in err
    assert ModelStore().chosen_id() == "cats"


@pytest.mark.parametrize("action", ["activate", "remove"])
def test_an_id_that_is_not_installed(call: Call, action: str) -> None:
    code, _, err = call(action, "nothing")
    assert code == 2
    assert "nothing: This model is not installed" in err


def test_a_backbone_cannot_be_activated(call: Call) -> None:
    put("body", backbone=True)
    code, _, err = call("activate", "body")
    assert code == 1
    assert "no classifier" in err


@pytest.mark.parametrize("arguments", [[], ["fly"], ["download"], ["list", "--format", "xml"]])
def test_usage(call: Call, arguments: list[str]) -> None:
    code, out, err = call(*arguments)
    assert code == 2
    assert out == ""
    assert "usage" in err


def test_a_damaged_settings_file_is_told_and_does_not_stop(call: Call) -> None:
    paths.settings_file().parent.mkdir(parents=True)
    paths.settings_file().write_text("{")
    code, _, err = call("list")
    assert code == 0
    assert "settings file" in err


def test_progress_text() -> None:
    def text(**values: Any) -> str:
        return cli_models_show.progress_text("MobileNet V2", InstallProgress(**values))

    assert (
        text(step="downloading", text="Downloading", done=13_600_000, total=21_900_000, seconds_left=3.7)
        == "MobileNet V2: Downloading, 13.6 of 21.9 MB, 4 s left"
    )
    assert text(step="downloading", text="Downloading", done=1_000_000) == "MobileNet V2: Downloading, 1.0 MB"
    assert text(step="preparing", text="Converting", step_fraction=0.55) == "MobileNet V2: Converting, 55 %"
    assert text(step="trying", text="Trying it once") == "MobileNet V2: Trying it once"


def test_progress_goes_to_a_terminal_only(server: LoopbackServer, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    code, out, err = call("download", ENTRY_ID)
    assert code == 0
    assert "Converting, 50 %" in err
    assert err.endswith("\r\x1b[K")
    assert "\x1b" not in out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_leaves_a_download_that_can_go_on(server: LoopbackServer, isolated_home: Path) -> None:
    path = next(p for p in server.files if p.endswith("/" + FILE_NAME))
    server.behave(path, Behaviour(stall_after=150_000))
    command = [sys.executable, "-m", "mobilenet_gui", "models", "download", ENTRY_ID]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not server.stalled.wait(0.1):
        assert run.poll() is None, run.communicate()
    part = paths.downloads_dir() / (FILE_NAME + ".part")
    waiting = threading.Event()
    while not (part.exists() and run.poll() is None):
        waiting.wait(0.02)
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=20)
    assert run.returncode == 130, err
    assert out == ""
    assert "to continue" in err
    assert "Traceback" not in err
    assert part.stat().st_size == 150_000
    assert ModelStore().list() == []
