"""Pipes where files are expected: each is refused in words at once; opening one would wait for a writer for ever."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mobilenet_gui.core.answers import CopyStep, copy_step
from mobilenet_gui.core.errors import ProjectError, StorageError
from mobilenet_gui.core.photo_files import NoFileError, open_regular
from mobilenet_gui.training.archive import export_zip
from mobilenet_gui.training.archive_reading import import_zip
from mobilenet_gui.training.correction import Wrong
from mobilenet_gui.training.dataset_table import looks_like_table, names_photos
from mobilenet_gui.training.fingerprint import look_at
from mobilenet_gui.training.project import NewPhoto
from mobilenet_gui.training.project_copies import copy_photos
from mobilenet_gui.training.project_store import ProjectStore

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names"),
    pytest.mark.timeout(30),
]


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe.jpg"
    os.mkfifo(path)
    return path


def in_time(work: Callable[[], object]) -> object:
    """Return what `work` returns, or the exception that it raises; fail where it waits."""
    came: list[object] = []

    def run() -> None:
        try:
            came.append(work())
        except Exception as error:
            came.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(10)
    assert came, "it waits for somebody to write into the pipe"
    return came[0]


def test_a_pipe_is_no_file(pipe: Path) -> None:
    assert isinstance(in_time(lambda: open_regular(pipe)), NoFileError)


def test_what_becomes_a_pipe_after_the_look_is_not_waited_for(
    pipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file.jpg"
    file.write_bytes(b"x")
    usual = file.stat()
    monkeypatch.setattr(os, "stat", lambda *_args, **_more: usual)
    assert isinstance(in_time(lambda: open_regular(pipe)), NoFileError)


def test_copying_into_a_project_leaves_a_pipe_out(pipe: Path, tmp_path: Path) -> None:
    copied = in_time(lambda: copy_photos(tmp_path / "project", [pipe]))
    assert [problem.reason for problem in copied.problems] == ["This is a device or a pipe, not a file."]  # type: ignore[attr-defined]


def test_a_project_with_a_pipe_is_exported_without_it(pipe: Path, tmp_path: Path) -> None:
    project = ProjectStore(tmp_path / "projects").create("Garden")
    project.add_photos([NewPhoto(pipe, class_name="red")])
    exported = in_time(lambda: export_zip(project.snapshot(), tmp_path / "out.zip"))
    assert [problem.reason for problem in exported.problems] == ["This is a device or a pipe, not a file."]  # type: ignore[attr-defined]


def test_a_pipe_is_no_project(pipe: Path, tmp_path: Path) -> None:
    error = in_time(lambda: import_zip(ProjectStore(tmp_path / "projects"), pipe))
    assert isinstance(error, ProjectError)
    assert error.reason == "This is a device or a pipe, not a file."


def test_a_pipe_is_not_sorted_into_a_folder(pipe: Path, tmp_path: Path) -> None:
    error = in_time(lambda: copy_step(CopyStep(pipe, tmp_path / "out" / "a.jpg")))
    assert isinstance(error, StorageError)
    assert not (tmp_path / "out" / "a.jpg").exists()


def test_a_pipe_corrects_nothing(pipe: Path) -> None:
    assert isinstance(in_time(lambda: Wrong(pipe, "pipe.jpg").content()), OSError)


def test_a_pipe_has_no_fingerprint(pipe: Path) -> None:
    assert in_time(lambda: look_at(pipe)).error  # type: ignore[attr-defined]


def test_a_pipe_is_no_table(tmp_path: Path) -> None:
    pipe = tmp_path / "photos.csv"
    os.mkfifo(pipe)
    found = in_time(lambda: looks_like_table(pipe) and names_photos(pipe, named=True))
    assert not isinstance(found, bool) or not found
