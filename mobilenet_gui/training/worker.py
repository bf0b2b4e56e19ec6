"""Owns the worker process: it takes one job from stdin, says how it goes on stdout, and ends.

Everything that is heavy or may crash happens here, so that the window's process stays small and alive. TensorFlow is
loaded only by a job that needs it, or beforehand when asked to warm up. When the parent dies, stdin closes and the
worker ends too.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from mobilenet_gui import paths
from mobilenet_gui.core.errors import Cancelled, StorageError, UserError
from mobilenet_gui.training import protocol
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.doctor_job import DoctorJob
from mobilenet_gui.training.export_job import ExportJob
from mobilenet_gui.training.job import ConvertJob, Job, LookJob, TrainJob, TwinJob, from_data

CANCEL_SECONDS = 1.0
"""How long a cancelled job may take to notice; native code that does not return is ended with the process."""

_BLOCK = 1 << 16
_GENERATED = "__autograph_generated_file"

Report = Callable[[str, float | None], None]


def main(argv: list[str]) -> int:
    """Serve one job, or try one network (`core.trial`), and return the exit code; see `protocol`."""
    if argv == ["try"]:
        from mobilenet_gui.core import trial_child

        return trial_child.main()
    if argv:
        sys.stderr.write("usage: mobilenet-gui worker (it is started by the program itself)\n")
        return protocol.EXIT_USAGE
    _prepare_environment()
    worker = _Worker()
    code = worker.serve()
    if sys.stderr is not None:  # a frozen program without console has none
        sys.stderr.flush()
    _leave(code)


class _Worker:
    def __init__(self) -> None:
        # Protocol and noise must not mix: keep the real stdout for ourselves, and let prints go to the log.
        self._out = os.dup(1)
        os.dup2(2, 1)
        self._in = os.dup(0)
        if sys.platform == "win32":
            import msvcrt

            for handle in (self._out, self._in):
                msvcrt.setmode(handle, os.O_BINARY)
        self._said = threading.Lock()
        self._cancel = threading.Event()
        self._control = Control(self._say, self._cancel)
        self._jobs: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def serve(self) -> int:
        threading.Thread(target=self._listen, name="commands", daemon=True).start()
        self._say(protocol.Ready())
        data = self._jobs.get()
        if data is None:
            return protocol.EXIT_CANCELLED
        try:
            job = from_data(data)
            result = _run(job, self._report, self._control)
        except Cancelled:
            return protocol.EXIT_CANCELLED
        except UserError as error:
            kind = "storage" if isinstance(error, StorageError) else "model"
            self._say(protocol.Failed(error.subject, error.reason, kind))
            return protocol.EXIT_FAILED
        except Exception as error:
            self._say(protocol.Log(traceback.format_exc()))
            self._say(protocol.Failed("", f"{type(error).__name__}: {error}"[:500], "crash"))
            return protocol.EXIT_CRASHED
        self._say(protocol.Finished(result))
        return protocol.EXIT_FINISHED

    def _report(self, phase: str, fraction: float | None) -> None:
        if self._cancel.is_set():
            raise Cancelled
        self._say(protocol.Progress(phase, fraction))

    def _say(self, event: protocol.Event) -> None:
        line = protocol.encode(event)
        with self._said:
            try:
                while line:
                    line = line[os.write(self._out, line) :]
            except OSError:  # nobody listens any more
                _leave(protocol.EXIT_CANCELLED)

    def _listen(self) -> None:
        rest = b""
        while True:
            try:
                block = os.read(self._in, _BLOCK)
            except OSError:
                block = b""
            if not block:
                break
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                if not self._obey(line):
                    self._stop()
                    return
            if len(rest) > protocol.MAX_LINE:
                break
        self._stop()

    def _obey(self, line: bytes) -> bool:
        said = protocol.decode_command(line)
        if said is None:
            return True
        name, more = said
        if name == "cancel":
            self._control.obey(name)  # a training records that it was cancelled; one whose parent died was interrupted
            return False
        if name == "warm":
            threading.Thread(target=_warm, name="warm-up", daemon=True).start()
        elif name == "run" and isinstance(more.get("job"), dict):
            self._jobs.put(more["job"])
        else:
            self._control.obey(name)
        return True

    def _stop(self) -> None:
        self._cancel.set()
        self._control.obey("resume")
        self._jobs.put(None)
        # The main thread ends the process if it can; otherwise this does.
        threading.Event().wait(CANCEL_SECONDS)
        _leave(protocol.EXIT_CANCELLED)


def _run(job: Job, report: Report, control: Control) -> dict[str, Any]:
    if isinstance(job, TrainJob):
        from mobilenet_gui.training.trainer import train

        return train(job, control)
    if isinstance(job, ExportJob):
        from mobilenet_gui.training.export import export

        return export(job, control)
    if isinstance(job, DoctorJob):
        from mobilenet_gui.training import doctor_job

        return doctor_job.run(job, control.report)
    if isinstance(job, ConvertJob):
        from mobilenet_gui.training.convert import convert

        bundle = convert(job, report)
    elif isinstance(job, LookJob):
        from mobilenet_gui.training.look import understand

        return understand(job.path).to_data()
    elif isinstance(job, TwinJob):
        from mobilenet_gui.training.twin_making import make_twin

        make_twin(job.path, control)
        return {}
    else:
        from mobilenet_gui.core.tflite_import import import_tflite

        bundle = import_tflite(
            job.model, job.output, job.naming, job.labels, report, beside=job.beside, wanted=job.normalization
        )
    return {"id": bundle.id, "folder": str(bundle.folder), "backbone": bundle.is_backbone}


def _warm() -> None:
    try:
        importlib.import_module("mobilenet_gui.training.keras_models")
    except Exception:
        traceback.print_exc()


def _leave(code: int) -> NoReturn:
    """End the process at once: TensorFlow's threads and the one that listens may take seconds to end by themselves.

    All there is to tidy up are the sources that TensorFlow generates, one a file in the folder for temporary files,
    and Python's translations of them: it removes them only at an orderly end, which this is not.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith(_GENERATED):
            files = [Path(file) for file in (module.__file__, module.__cached__) if file is not None]
            for file in files:
                with contextlib.suppress(OSError):
                    file.unlink()
            for folder in {file.parent for file in files if file.parent.name == "__pycache__"}:
                with contextlib.suppress(OSError):  # others' may lie there, too
                    folder.rmdir()
    os._exit(code)


def _prepare_environment() -> None:
    """Make TensorFlow quiet, and Keras independent of the user's own settings for it."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["KERAS_HOME"] = str(paths.cache_dir() / "keras")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        os.environ.pop(name, None)
