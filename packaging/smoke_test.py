"""Starts what ships, not the source, and does with it what a person would: `smoke_test.py PROGRAM`.

Window shown, a photo recognised in it, a photo and a video dropped on it, a project opened, photos of every format
recognised on the command line, a model fine-tuned on twenty photos, its export proved, a video recognised, the
cameras listed, clean exits; and no traceback, missing module or missing library in anything that was printed or
logged. Needs nothing but Python's standard library and PROGRAM; without a display the window opens on Qt's offscreen
one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from smoke_data import make_dataset, write_project, write_video
from smoke_photos import write_small_photos
from x11_drop import DropError, drop

USER = 1000
ISOLATED = ("unshare", "--net", "/usr/sbin/chroot", f"--userspec={USER}:{USER}")
BAD = re.compile(
    r"Traceback \(most recent|ModuleNotFoundError|ImportError|cannot open shared object|Segmentation fault|"
    r"core dumped|QFatal|"
    r"Could not load the Qt platform plugin|Fatal Python error"
)
WINDOW_SECONDS = 60
EXPORTS = ("tflite", "tflite-int8", "onnx", "keras", "savedmodel")
TRAIN_SECONDS = 300


class SmokeError(Exception):
    """What ships does not work; the message says what."""


class Program:
    """The program under test, with a home of its own and a record of all it said."""

    def __init__(self, command: list[str], folder: Path, root: Path | None = None) -> None:
        """Test `command`.

        Args:
            command: the program, and words that come before every argument.
            folder: where to work.
            root: another system's root, that holds `folder`; the program is started inside, by an ordinary user,
                without a network.
        """
        if root is None and Path(command[0]).parent != Path():
            command = [str(Path(command[0]).absolute()), *command[1:]]  # it is started in another folder
        self.program = command[0]
        self.root = root
        self.command = command if root is None else [*ISOLATED, str(root), *command]
        self.folder = folder
        self.home = folder / "home ü"
        self.home.mkdir()
        self.said: list[str] = []
        self.environment = {
            **os.environ,
            "MOBILENET_GUI_HOME": self.word(self.home / "data"),
            "HOME": self.word(self.home),
            "USERPROFILE": self.word(self.home),
            "XDG_RUNTIME_DIR": self.word(folder),
        }
        for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
            self.environment.pop(name, None)
        if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            self.environment["QT_QPA_PLATFORM"] = "offscreen"
        if root is not None:
            self.environment["PATH"] = "/usr/local/bin:/usr/bin:/bin"
            for path in (folder, self.home):
                os.chown(path, USER, USER)

    def word(self, word: str | Path) -> str:
        """Return a word of the command line; a path as the program will see it."""
        if self.root is not None and isinstance(word, Path) and word.is_relative_to(self.root):
            return "/" + str(word.relative_to(self.root))
        return str(word)

    def run(
        self,
        *words: str | Path,
        timeout: float = 120,
        expected: int = 0,
        environment: dict[str, str] | None = None,
        cwd: Path | None = None,
    ) -> str:
        """Run a command to its end and return what it printed to stdout."""
        done = subprocess.run(
            [*self.command, *map(self.word, words)],
            capture_output=True,
            timeout=timeout,
            env=environment or self.environment,
            cwd=cwd or self.folder,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        self.said.append(f"$ {' '.join(map(str, words))}\n{out}{err}")
        if done.returncode != expected:
            raise SmokeError(f"“{' '.join(map(str, words[:3]))}” ended with {done.returncode}:\n{(out + err)[-2000:]}")
        return out

    @contextmanager
    def started(self, *words: str | Path) -> Iterator[subprocess.Popen[bytes]]:
        """Start the window; it must end by itself when asked to."""
        log = self.folder / "window.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*self.command, *map(self.word, words)],
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            self.said.append(log.read_text(encoding="utf-8", errors="replace"))

    def logs(self) -> str:
        """Return everything it printed or wrote into its log folder."""
        written = [
            path.read_text(encoding="utf-8", errors="replace")
            for path in self.home.rglob("*")
            if path.is_file() and path.parent.name in {"logs", "log"}
        ]
        return "\n".join([*self.said, *written])


def check_version(program: Program) -> str:
    """See that the program starts at all."""
    return program.run("--version").strip()


def check_window(program: Program) -> str:
    """See the window shown, a photo recognised in it, and a clean end."""
    log = program.folder / "window.log"
    started = time.monotonic()
    with program.started("--new-window", "--startup-trace", sample_photo(program)) as process:
        shown = _wait_for(log, "window shown", process)
        _wait_for(log, "first result", process)
        result = time.monotonic() - started
        _close(process)
    return f"shown after {shown - started:.2f} s, first result after {result:.2f} s"


def check_drop(program: Program) -> str:
    """Drop a photo on the window, then a video: one is recognised in Photos, the other in Live."""
    if not sys.platform.startswith("linux") or not os.environ.get("DISPLAY"):
        return "skipped: there is no X display"
    log = program.folder / "window.log"
    video = program.folder / "dropped.avi"
    write_video(video, sample_photo(program).read_bytes(), frames=100)
    took = []
    with program.started("--new-window", "--startup-trace") as process:
        _wait_for(log, "window shown", process)
        for file, answer in ((sample_photo(program), "first result"), (video, "first live answer")):
            dropped = time.monotonic()
            try:
                drop("mobilenet-gui", [program.word(file)])
            except DropError as error:
                raise SmokeError(f"{file.name} could not be dropped: {error}") from error
            took.append(_wait_for(log, answer, process) - dropped)
        _close(process)
    return f"photo recognised after {took[0]:.2f} s, video after {took[1]:.2f} s"


def check_project(program: Program) -> str:
    """Open an exported project as a file manager would: it is imported, and its card shows photos."""
    log = program.folder / "window.log"
    project = program.folder / "garden ü.mobilenet.zip"
    write_project(project, make_dataset(program.folder / "project photos"))
    with program.started("--new-window", "--startup-trace", project) as process:
        shown = _wait_for(log, "window shown", process)
        seen = _wait_for(log, "first project picture", process)
        _close(process)
    return f"imported and seen {seen - shown:.2f} s after the window was shown"


def check_classify(program: Program) -> str:
    """Recognise a photo on the command line."""
    answer = json.loads(program.run("classify", sample_photo(program), "--format", "json"))
    best = answer["predictions"][0]
    return f"{best['label']}, {best['probability']:.0%}, with {answer['model']}"


def check_formats(program: Program) -> str:
    """Recognise a photo of every format that is neither JPEG nor PNG, such as a telephone's HEIC."""
    photos = write_small_photos(program.folder / "formats")
    lines = program.run("classify", *photos, "--format", "json").splitlines()
    for photo, answer in zip(photos, map(json.loads, lines), strict=True):
        if not answer.get("predictions"):
            raise SmokeError(f"{photo.name} was not recognised: {answer}")
    return ", ".join(photo.suffix[1:] for photo in photos)


def check_training(program: Program) -> str:
    """Fine-tune twenty photos into a model that tells them apart."""
    dataset = make_dataset(program.folder / "photos é")
    lines = program.run(
        "train",
        dataset,
        "--output",
        program.folder / "run",
        "--preset",
        "fast",
        "--format",
        "json",
        timeout=TRAIN_SECONDS,
    )
    last = json.loads(lines.strip().splitlines()[-1])
    if last.get("event") != "finished" or last.get("accuracy", 0) < 0.7:
        raise SmokeError(f"The training ended with {last}.")
    return f"{last['accuracy']:.0%} correct after {last['seconds']:.1f} s"


def check_export(program: Program) -> str:
    """Export the trained model; the exports must give the app's own answers."""
    words: list[str | Path] = [
        "export",
        program.folder / "run",
        "--to",
        *EXPORTS,
        "--output",
        program.folder / "exports",
    ]
    lines = program.run(
        *words, "--check", program.folder / "photos é", "--format", "json", timeout=TRAIN_SECONDS
    ).splitlines()
    results = [found for line in lines if "format" in (found := json.loads(line))]
    if len(results) != len(EXPORTS):
        raise SmokeError(f"The export said: {lines[-3:]}")
    for result in results:
        needed = result["checked"] * (0.95 if "int8" in result["format"] else 1)
        if result.get("problem") or result["agree"] < needed or not result["checked"]:
            raise SmokeError(f"The export does not agree: {result}")
    return ", ".join(f"{one['format']}: {one['agree']} of {one['checked']} agree" for one in results)


def check_video(program: Program) -> str:
    """Recognise a video file."""
    video = program.folder / "video.avi"
    write_video(video, sample_photo(program).read_bytes())
    lines = program.run("watch", video, "--format", "json", "--every-frame").splitlines()
    if not lines or not json.loads(lines[0])["predictions"]:
        raise SmokeError("The video was not recognised.")
    return f"{len(lines)} frames"


def check_surroundings(program: Program) -> str:
    """Recognise a photo in surroundings that have broken frozen programs: it works, or says in a line why not."""
    photo = sample_photo(program)
    evil = program.folder / "evil"
    evil.mkdir(exist_ok=True)
    for name in ("numpy", "json", "mobilenet_gui", "sitecustomize"):
        (evil / f"{name}.py").write_text("raise SystemExit('a module of the working folder was imported')\n")
    nowhere = str(program.folder / "nowhere")
    surroundings: dict[str, dict[str, str | None]] = {
        "C locale": {"LC_ALL": "C", "LANG": None},
        "POSIX locale": {"LC_ALL": "POSIX"},
        "Chinese": {"LC_ALL": "zh_CN.UTF-8"},
        "Turkish": {"LC_ALL": "tr_TR.UTF-8"},
        "a locale that is not there": {"LC_ALL": "xx_XX.KOI8-R"},
        "another Python's variables": {"PYTHONHOME": nowhere, "PYTHONPATH": str(evil), "PYTHONSTARTUP": nowhere},
        "another Qt's variables": {"QT_PLUGIN_PATH": nowhere, "QT_QPA_PLATFORM_PLUGIN_PATH": nowhere},
        "another library path": {"LD_LIBRARY_PATH": str(evil)},
        "no temporary folder": {"TMPDIR": nowhere, "TEMP": nowhere, "TMP": nowhere},
        "no home": {"HOME": nowhere, "XDG_RUNTIME_DIR": None},
        "no variables at all": dict.fromkeys(os.environ),
    }
    for name, changes in surroundings.items():
        environment = {**program.environment, **changes}
        if name == "no variables at all":
            environment |= {
                key: program.environment[key]
                for key in ("MOBILENET_GUI_HOME", "SYSTEMROOT", "PATH")
                if key in program.environment
            }
        kept = {key: value for key, value in environment.items() if value is not None}
        answer = program.run("classify", photo, "--format", "json", environment=kept, cwd=evil)
        if not json.loads(answer)["predictions"]:
            raise SmokeError(f"{name}: {answer}")
    return f"{len(surroundings)}: {', '.join(surroundings)}"


def check_cameras(program: Program) -> str:
    """Ask for a camera that is not there: the answer must be words."""
    program.run("watch", "no such camera", "--seconds", "1", timeout=30, expected=1)
    words = program.said[-1].strip().splitlines()[-1]
    if "camera" not in words.lower() and "no such" not in words.lower():
        raise SmokeError(f"Asked for a camera, it said: {words}")
    return words


CHECKS: dict[str, Callable[[Program], str]] = {
    "version": check_version,
    "window": check_window,
    "drop": check_drop,
    "project": check_project,
    "classify": check_classify,
    "formats": check_formats,
    "train": check_training,
    "export": check_export,
    "video": check_video,
    "surroundings": check_surroundings,
    "cameras": check_cameras,
}


def _close(process: subprocess.Popen[bytes]) -> None:
    """Ask a window to close; it must, cleanly. On Windows nobody can ask so without a window of his own."""
    if sys.platform == "win32":
        process.kill()
        return
    process.send_signal(signal.SIGTERM)
    if process.wait(timeout=20) != 0:
        raise SmokeError(f"The window ended with {process.returncode}.")


def _wait_for(log: Path, text: str, process: subprocess.Popen[bytes]) -> float:
    """Wait until the window has said `text`; return when."""
    end = time.monotonic() + WINDOW_SECONDS
    while time.monotonic() < end:
        if text in log.read_text(encoding="utf-8", errors="replace"):
            return time.monotonic()
        if process.poll() is not None:
            raise SmokeError(f"The window ended with {process.returncode}:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)
    raise SmokeError(
        f"The window did not say “{text}” within {WINDOW_SECONDS} s:\n{log.read_text(errors='replace')[-2000:]}"
    )


def sample_photo(program: Program) -> Path:
    """Return a photo that ships with the program."""
    target = program.folder / "phötö.jpg"
    if not target.exists():
        root = program.root or Path("/")
        found_at = (
            root / program.program.lstrip("/")
            if program.root
            else Path(shutil.which(program.program) or program.program)
        )
        here = found_at.resolve().parent
        for place in (
            here / "_internal",
            here / "program" / "_internal",
            here.parent / "Resources",
            Path(__file__).resolve().parents[1],
        ):
            found = place / "resources" / "samples" / "daisy.jpg"
            if found.is_file():
                shutil.copyfile(found, target)
                break
        else:
            raise SmokeError("The program carries no sample photos.")
    return target


def main(arguments: list[str]) -> int:
    """Run the checks; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="+", help="the installed program (and words that come before every argument)")
    parser.add_argument("--only", action="append", choices=CHECKS, help="run only this check (may be repeated)")
    parser.add_argument(
        "--root", type=Path, help="run it in this root folder of another system, without a network (Linux, as root)"
    )
    parser.add_argument("--keep", type=Path, help="a folder to work in, which is kept")
    options = parser.parse_args(arguments)
    inside = None if options.root is None else options.root / "tmp"
    folder = options.keep or Path(tempfile.mkdtemp(prefix="smoke äß ", dir=inside))
    folder.mkdir(parents=True, exist_ok=True)
    program = Program(options.program, folder.resolve(), None if options.root is None else options.root.resolve())
    failed = 0
    try:
        for name in options.only or CHECKS:
            try:
                print(f"ok    {name}: {CHECKS[name](program)}", flush=True)
            except (SmokeError, OSError, subprocess.TimeoutExpired, ValueError, KeyError, IndexError) as error:
                failed += 1
                print(f"FAIL  {name}: {type(error).__name__}: {error}", flush=True)
        found = BAD.search(program.logs())
        if found:
            failed += 1
            print(f"FAIL  log: …{program.logs()[max(0, found.start() - 500) : found.end() + 1500]}", flush=True)
        else:
            print("ok    log: no traceback, no missing module, no missing library")
    finally:
        if options.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
