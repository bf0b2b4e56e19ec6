"""`watch` as scripts use it: what it prints, where, and how it ends."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mobilenet_gui import cli_watch
from mobilenet_gui.__main__ import main
from mobilenet_gui.core.store import ModelStore
from tests.mjpeg import MjpegServer, jpeg
from tests.model_factory import make_bundle
from tests.video_files import BLUE, GREEN, RED, colours, numbered, write_video

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = (
    "import argparse, sys\nfrom mobilenet_gui import cli_watch\n"
    "p = argparse.ArgumentParser(); cli_watch.add_parser(p.add_subparsers())\n"
    "a = p.parse_args(sys.argv[1:]); sys.exit(a.run(a))\n"
)


@pytest.fixture
def installed() -> str:
    store = ModelStore()
    with store.staging_folder() as staging:
        make_bundle(staging)
        store.install(staging)
    store.activate("tiny")
    return "tiny"


@pytest.fixture
def video(tmp_path: Path) -> str:
    return str(colours(tmp_path / "a.mp4", [(RED, 15), (GREEN, 15)]))


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with MjpegServer() as running:
        yield running


def watch(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    cli_watch.add_parser(parser.add_subparsers())
    parsed = parser.parse_args(["watch", *arguments])
    return int(parsed.run(parsed))


def process(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", LAUNCH, "watch", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_frame_as_json(installed: str, video: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(video, "--format", "json", "--every-frame", "--top", "2") == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    found = records(printed.out)
    assert [r["timestamp"] for r in found] == pytest.approx([n / 25 for n in range(30)], abs=0.002)
    assert [r["predictions"][0]["label"] for r in found] == ["red"] * 15 + ["green"] * 15
    assert all(set(r) == {"source", "model", "timestamp", "predictions", "milliseconds", "precision"} for r in found)
    assert {r["precision"] for r in found} == {"float"}
    assert all(len(r["predictions"]) == 2 and r["milliseconds"] > 0 and r["model"] == installed for r in found)
    assert set(found[0]["predictions"][0]) == {"index", "id", "label", "probability", "name"}


def test_as_it_plays_as_text(installed: str, video: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(video) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines] == ["red", "green"]
    assert lines[0].startswith("00:00.")


def test_seconds_end_it(installed: str, video: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(video, "--every-frame", "--format", "json", "--seconds", "0.4") == 0
    assert len(records(capsys.readouterr().out)) == 10
    assert watch(video, "--format", "json", "--seconds", "0.3") == 0
    assert 1 <= len(records(capsys.readouterr().out)) <= 8


def test_the_seconds_begin_with_the_first_frame(
    installed: str, server: MjpegServer, capsys: pytest.CaptureFixture[str]
) -> None:
    waking = threading.Timer(1.0, server.run)
    waking.start()
    assert watch(server.url, "--format", "json", "--seconds", "0.4") == 0
    waking.join()
    assert len(records(capsys.readouterr().out)) > 1


@pytest.mark.parametrize("every", [[], ["--every-frame"]])
def test_a_stream_is_watched_until_it_ends(
    installed: str, server: MjpegServer, capsys: pytest.CaptureFixture[str], every: list[str]
) -> None:
    def feed() -> None:
        server.wait_for_viewer()
        for colour in (RED, GREEN, BLUE):
            server.frame(jpeg(colour))
        server.end()

    feeder = threading.Thread(target=feed)
    feeder.start()
    assert watch(server.url, "--format", "json", *every) == 0
    feeder.join()
    labels = [r["predictions"][0]["label"] for r in records(capsys.readouterr().out)]
    assert labels == ["red", "green", "blue"] if every else labels[-1] == "blue"


def test_a_stream_that_stays_away_ends_it(
    installed: str, server: MjpegServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_watch, "PATIENCE_SECONDS", 0.2)
    server.run()
    timer = threading.Thread(target=lambda: (server.wait_for_viewer(), server.refuse(True), server.drop()))  # type: ignore[func-returns-value]
    timer.start()
    assert watch(server.url, "--format", "json") == 1
    timer.join()
    printed = capsys.readouterr()
    assert "error" in records(printed.out)[-1]


@pytest.mark.parametrize(
    ("source", "reason"), [("none.mp4", "no such file"), ("http://127.0.0.1:9/", "Nothing answers")]
)
def test_what_cannot_be_watched_is_said(
    installed: str, capsys: pytest.CaptureFixture[str], source: str, reason: str
) -> None:
    assert watch(source) == 1
    printed = capsys.readouterr()
    assert (printed.out, reason in printed.err, source in printed.err) == ("", True, True)
    assert watch(source, "--format", "json") == 1
    assert reason in records(capsys.readouterr().out)[0]["error"]


def test_a_broken_off_file_is_an_error_at_its_end(
    installed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_video(tmp_path / "a.avi", numbered(100), codec="MJPG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert watch(str(path), "--every-frame", "--format", "json") == 1
    found = records(capsys.readouterr().out)
    assert len(found) > 20
    assert "incomplete" in found[-1]["error"]


@pytest.mark.parametrize(
    "wrong", [["a.mp4", "--seconds", "0"], ["a.mp4", "--seconds", "x"], ["a.mp4", "--top", "0"], []]
)
def test_wrong_use(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        watch(*wrong)
    assert end.value.code == 2


def test_no_model_and_nothing_to_watch(video: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(video) == 2
    assert watch(video, "--model", "none") == 2
    assert watch("") == 2
    assert capsys.readouterr().out == ""


def test_a_reader_that_leaves_ends_it_quietly(installed: str, video: str) -> None:
    running = process(video, "--every-frame")
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.readline()
    running.stdout.close()
    assert running.wait(30) in (0, 141)  # the file may have been over before it noticed
    assert running.stderr.read() == ""
    running.stderr.close()


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_interrupting_ends_it_cleanly(installed: str, server: MjpegServer) -> None:
    server.run()
    running = process(server.url, "--format", "json")
    assert running.stdout is not None
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=30)
    assert (running.returncode, errors) == (130, "")


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_interrupting_before_the_command_has_begun_is_clean_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("mobilenet_gui.cli.main", interrupted)
    assert main(["watch", "0"]) == 130
