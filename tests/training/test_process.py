"""The worker process: jobs run in it, cancel is certain, a crash is told, and it dies with its parent."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from mobilenet_gui import paths
from mobilenet_gui.core import child
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import Cancelled, ModelError, StorageError
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.types import Preprocessing
from mobilenet_gui.training import memory_kills, process, protocol
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.job import ConvertJob, Job, TfliteJob, TrainJob, from_data, to_data
from mobilenet_gui.training.process import WorkerProcess, run_job
from mobilenet_gui.training.run_folder import RunFolder, RunState
from tests.model_factory import make_labels, make_tflite
from tests.training.weight_files import write_legacy

READY = 'import sys,json,time\nprint(json.dumps({"event":"ready"}),flush=True)\nline=sys.stdin.readline()\n'


def script(body: str) -> list[str]:
    """A command that speaks the protocol as `body` says."""
    return [sys.executable, "-c", READY + body]


@pytest.fixture
def job(tmp_path: Path) -> TfliteJob:
    path = tmp_path / "m.tflite"
    path.write_bytes(make_tflite())
    return TfliteJob(path, tmp_path / "out", Naming("tiny", "Tiny"), make_labels())


def test_jobs_survive_the_way_through_json(tmp_path: Path) -> None:
    naming = Naming("a", "B", top1=0.5, preprocessing=Preprocessing(96, 1.0))
    jobs: list[Job] = [
        ConvertJob(tmp_path / "w.h5", tmp_path / "o", naming, "v2", 0.35, 96, make_labels()),
        ConvertJob(tmp_path / "ü ☃.h5", tmp_path / "o", Naming("a", "B")),
        TfliteJob(tmp_path / "m.tflite", tmp_path / "o", naming, make_labels()),
        TrainJob(tmp_path / "run ü", resume=False),
    ]
    for one in jobs:
        said = protocol.decode_command(protocol.command("run", job=to_data(one)))
        assert said is not None
        assert from_data(said[1]["job"]) == one


@pytest.mark.parametrize("data", [{}, {"kind": "convert"}, {"kind": "evil", "naming": {}, "output": "x"}])
def test_what_is_no_job_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_data(data)


def test_events_survive_and_noise_is_no_event() -> None:
    events: list[protocol.Event] = [
        protocol.Ready(),
        protocol.Progress("x", 0.5),
        protocol.Progress("ü", None),
        protocol.Log("a\nb"),
        protocol.Finished({"id": "x"}),
        protocol.Failed("s", "r", "storage"),
        protocol.PhaseChanged("head", 40),
        protocol.Epoch("adapt", 3, 40, 0.5, 0.75, 0.25, 0.875, 12.5, 1e-4, 100.0, 31.5),
        protocol.Epoch("head", 1, 40, 0.5, 0.75, 0.25, 0.875, 12.5, 1e-4),
        protocol.Note("ü", "batch"),
        protocol.Unreadable("/ü/a.jpg", "The file is damaged."),
        protocol.Paused(True),
        protocol.Paused(False),
    ]
    for event in events:
        line = protocol.encode(event)
        assert line.count(b"\n") == 1
        assert protocol.decode(line) == event
    for noise in (b"", b"hello", b"5", b"[]", b'{"event": 3}', b'{"event": "dance"}', b"\xff\xfe", b"[" * 5000):
        assert protocol.decode(noise) is None
    assert protocol.decode(b'{"event":"progress","phase":3,"fraction":7}') == protocol.Progress("", None)
    odd = protocol.decode(b'{"event":"epoch","phase":"head","epoch":-1,"epochs":true,"loss":"x","seconds_left":NaN}')
    assert isinstance(odd, protocol.Epoch)
    assert (odd.epoch, odd.epochs, odd.seconds_left) == (0, 0, None)
    assert math.isnan(odd.loss)


def test_tflite_import_runs_in_the_worker(job: TfliteJob) -> None:
    events: list[protocol.Event] = []
    result = run_job(job, events.append)
    assert result == {"id": "tiny", "folder": str(job.output), "backbone": False}
    assert Bundle.open(job.output).labels == make_labels()
    assert isinstance(events[0], protocol.Ready)
    assert isinstance(events[-1], protocol.Finished)
    fractions = [e.fraction for e in events if isinstance(e, protocol.Progress) and e.fraction is not None]
    assert fractions == sorted(fractions)


def test_backbone_imports_without_tensorflow(tmp_path: Path) -> None:
    weights = write_legacy(tmp_path / "mobilenet_2_5_160_tf_no_top.h5", Architecture("v1", 0.25, None))
    start = time.monotonic()
    with WorkerProcess() as worker:
        result = worker.run(ConvertJob(weights, tmp_path / "out", Naming("b", "")))
        assert not any("tensorflow" in line.lower() for line in worker.log)
    assert time.monotonic() - start < 30
    bundle = Bundle.open(Path(result["folder"]))
    assert bundle.is_backbone
    assert (bundle.name, bundle.preprocessing.size, bundle.manifest.alpha) == ("MobileNet V1 0.25 / 160", 160, 0.25)


def test_worker_says_what_is_wrong_with_a_file(tmp_path: Path, job: TfliteJob) -> None:
    job.model.write_bytes(b"rubbish")
    with pytest.raises(ModelError, match="not a TensorFlow Lite model") as caught:
        run_job(job)
    assert caught.value.subject == str(job.model)
    weights = write_legacy(tmp_path / "w.h5", Architecture("v1", 0.25, 5))
    with pytest.raises(ModelError, match="5 classes without names"):
        run_job(ConvertJob(weights, tmp_path / "o2", Naming("a", "A")))
    assert not (tmp_path / "o2").exists()


def test_disk_that_refuses_is_a_storage_error(job: TfliteJob) -> None:
    job.output.write_text("a file is in the way")
    with pytest.raises(StorageError) as caught:
        run_job(job)
    assert caught.value.subject == str(job.output)


def test_noise_becomes_log(job: TfliteJob) -> None:
    body = (
        'print("noise");print("{}");sys.stderr.write("more noise\\n");sys.stderr.flush()\n'
        'print(json.dumps({"event":"log","text":"said"}))\n'
        'print(json.dumps({"event":"finished","result":{"id":"x"}}),flush=True)'
    )
    with WorkerProcess(script(body)) as worker:
        assert worker.run(job) == {"id": "x"}
    assert {"noise", "{}", "more noise", "said"} <= set(worker.log)


def test_crash_is_told_with_the_last_words(job: TfliteJob) -> None:
    with pytest.raises(ModelError, match=r"ended unexpectedly \(code 7\).*no luck") as caught:
        run_job(job, command=script('sys.stderr.write("no luck\\n");sys.stderr.flush();sys.exit(7)'))
    assert caught.value.subject == str(job.model)
    with pytest.raises(ModelError, match="ended unexpectedly"):
        run_job(job, command=script("import os; os.abort()"))


def test_crash_is_told_without_what_is_said_on_every_start(job: TfliteJob) -> None:
    noise = (
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        "E0000 00:00:1795493903.052948   32283 cuda_platform.cc:52] failed call to cuInit: UNKNOWN ERROR (303)",
        "I0000 00:00:1795474308.719835   25074 port.cc:153] oneDNN custom operations are on.",
        "F0000 00:00:1795474308.719835   25074 tensor.cc:1] Check failed: no luck",
    )
    body = f"sys.stderr.write({chr(10).join(noise)!r}); sys.stderr.flush(); sys.exit(7)"
    with pytest.raises(ModelError, match=r"\(code 7\)\. F0000 .* no luck$"):
        run_job(job, command=script(body))


@pytest.mark.skipif(sys.platform == "win32", reason="has no signals")
@pytest.mark.parametrize(("counts", "said"), [((5, 6), "memory ran out"), ((5, 5), "outside"), ((None,) * 2, "memory")])
def test_a_killed_helper_may_have_lacked_memory(
    job: TfliteJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counts: tuple[int | None, ...], said: str
) -> None:
    """A training that the system ended for want of memory has it noted, for whoever goes on with it."""
    numbers = iter(counts * 2)
    for module in (process, memory_kills):
        monkeypatch.setattr(module, "kills_so_far", lambda: next(numbers))
    command = script("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(ModelError, match=said):
        run_job(job, command=command)
    run = RunFolder(tmp_path / "run")
    run.write_state(RunState(status="running", phase="adapt"))
    with pytest.raises(ModelError, match=said):
        run_job(TrainJob(run.path), command=command)
    state = run.state()
    assert (state.status, state.memory_ran_out) == ("interrupted", "memory" in said)


@pytest.mark.skipif(sys.platform == "win32", reason="has no signals")
def test_a_helper_that_we_end_ourselves_did_not_lack_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "was_memory", lambda _before: True)
    run = RunFolder(tmp_path / "run")
    run.write_state(RunState(status="running", phase="adapt"))
    with WorkerProcess(script("time.sleep(60)")) as worker, pytest.raises(ModelError, match="outside"):
        worker.run(TrainJob(run.path), lambda _event: worker.stop_at_once())
    assert not run.state().memory_ran_out


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts")
def test_the_system_counts_whom_it_ends_for_want_of_memory() -> None:
    before = memory_kills.kills_so_far()
    assert before is not None
    assert not memory_kills.was_memory(before)
    assert memory_kills.was_memory(before - 1)


def test_fault_of_ours_is_told_apart(job: TfliteJob) -> None:
    body = (
        'print(json.dumps({"event":"failed","subject":"","reason":"ZeroDivisionError: x","kind":"crash"}),flush=True)'
    )
    with pytest.raises(ModelError, match="failed: ZeroDivisionError"):
        run_job(job, command=script(body))


def test_helper_that_cannot_start_is_told(job: TfliteJob) -> None:
    with pytest.raises(ModelError, match="could not be started"):
        run_job(job, command=["/no/such/program"])


def test_silence_is_ended(job: TfliteJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "STALL_SECONDS", 0.3)
    with pytest.raises(ModelError, match="stopped answering"):
        run_job(job, command=script("time.sleep(600)"))


@pytest.mark.parametrize("deaf", [False, True])
def test_cancel_is_certain(job: TfliteJob, monkeypatch: pytest.MonkeyPatch, deaf: bool) -> None:
    monkeypatch.setattr(process, "CANCEL_SECONDS", 0.5)
    body = 'print(json.dumps({"event":"progress","phase":"x","fraction":0.1}),flush=True)\n'
    if deaf:  # neither the word nor the signal ends it
        body += "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)"
    else:
        body += "sys.stdin.readline()\nsys.exit(3)"
    cancel = threading.Event()

    def on_event(event: protocol.Event) -> None:
        if isinstance(event, protocol.Progress):
            cancel.set()

    start = time.monotonic()
    with WorkerProcess(script(body)) as worker:
        with pytest.raises(Cancelled):
            worker.run(job, on_event, cancel)
        assert not worker.running
        assert time.monotonic() - start < 20


def test_real_worker_obeys_cancel_and_end_of_input() -> None:
    for how in ("cancel", "close", "rubbish then close"):
        child = _start_real()
        assert child.stdin is not None
        assert child.stdout is not None
        assert protocol.decode(child.stdout.readline()) == protocol.Ready()
        if how == "cancel":
            child.stdin.write(protocol.command("cancel"))
            child.stdin.flush()
        else:
            if how.startswith("rubbish"):
                child.stdin.write(b"rubbish\n{}\n[1]\n")
            child.stdin.close()
        assert child.wait(20) == protocol.EXIT_CANCELLED
        child.stdout.close()
        child.stdin.close()


def test_worker_is_not_for_people() -> None:
    done = subprocess.run([*paths.worker_command(), "what"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == protocol.EXIT_USAGE
    assert "usage" in done.stderr


def _start_real() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        paths.worker_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
    )


def test_worker_dies_with_its_parent() -> None:
    code = (
        "import sys,time\nfrom mobilenet_gui.training.process import WorkerProcess\n"
        "w=WorkerProcess()\nprint(w.pid,flush=True)\ntime.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    worker = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    gone, _ = psutil.wait_procs([worker], timeout=20)
    assert gone or not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


@pytest.mark.skipif(os.name == "nt", reason="process groups and niceness are POSIX's")
def test_a_worker_stands_back_within_our_session_and_hears_no_ctrl_c() -> None:
    # In a session of its own it would stand back only there: Linux shares processors out between sessions first.
    with process.WorkerProcess(polite=True) as worker:
        assert os.getsid(worker.pid) == os.getsid(0)
        assert os.getpgid(worker.pid) == worker.pid
        assert os.getpriority(os.PRIO_PROCESS, worker.pid) >= process.POLITE_NICENESS


def test_modules_are_never_taken_from_the_current_folder(
    job: TfliteJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "photos"
    trap.mkdir()
    (trap / "numpy.py").write_text("raise SystemExit('taken from the photo folder')")
    monkeypatch.chdir(trap)
    monkeypatch.setenv("QT_QPA_PLATFORM_PLUGIN_PATH", "/opencv/qt/plugins")
    monkeypatch.setenv("QT_QPA_FONTDIR", "/opencv/qt/fonts")
    assert run_job(job)["id"] == "tiny"
    assert "QT_QPA_PLATFORM_PLUGIN_PATH" not in child.environment()
    assert "QT_QPA_FONTDIR" not in child.environment()
    assert os.environ["QT_QPA_FONTDIR"] == "/opencv/qt/fonts"


def test_hostile_tflite_never_takes_this_process_along(job: TfliteJob) -> None:
    sound = job.model.read_bytes()
    for number, place in enumerate(range(0, len(sound) - 4, len(sound) // 12)):
        job.model.write_bytes(sound[:place] + b"\xff\xff\xff\x7f" + sound[place + 4 :])
        try:
            run_job(replace(job, output=job.output / str(number)))
        except ModelError:
            continue
