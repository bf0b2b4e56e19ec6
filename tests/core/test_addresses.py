"""Addresses as they may be shown: nothing that may be a password or a token is left in them."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from mobilenet_gui.core.addresses import is_hidden, shown, shown_in, usable
from mobilenet_gui.core.frames_types import Problem, SourceError, SourceSpec
from mobilenet_gui.settings import SettingsStore


@pytest.mark.parametrize(
    "address",
    [
        "http://user:SECRET/pw@127.0.0.1:1/",
        "rtsp://me:SECRET@host:554/a@b",
        "rtsp://me:p@SECRET/word@host/x",
        "http://me:SE@CRET/SECRET#?y@host/x",
        "http://me:123/SECRET@host/x",
        "http://SECRET@host/",
        "http://me:SECRET",
        "http://me:SECRET@[::1]:80/x",
        "http://[x:SECRET@host/",
        "http://host/live?password=SECRET",
        "http://host/live?a=1&token=SECRET&channel=2",
        "http://host/live?apiKey=SECRET#token=SECRET",
        "http://host/v?pass%77ord=SECRET",
        "http://host/v;jsessionid=SECRET",
        "http://host/v?password=a/SECRET;SECRET,SECRET?SECRET#SECRET",
        "http://host/v?X-Amz-Signature=SECRET&X-Amz-Credential=SECRET",
        "http://host/cgi?loginuse=admin&loginpas=SECRET",
        "http://host/a?u=me&p=SECRET&key=SECRET&signature=SECRET",
        "rtsp://host:554/user=admin_password=SECRET_channel=1_stream=0.sdp?real_stream",
        "rtsp://host:554/user=admin&password=SECRET&channel=1",
        "http://host/play?url=rtsp%3A%2F%2Fuser%3ASECRET%40cam%2Flive",
        "http://host/play%3Fpassword%3DSECRET%26x%3D1",
        "http://host/play%253Fpassword%253DSECRET",
        "http://host:8080/live/me/SECRET/123.ts",
        "https://host/0123456789abcdefSECRET0123/index.m3u8",
    ],
)
def test_nothing_secret_is_shown(address: str, tmp_path: Path) -> None:
    hidden = shown(address)
    assert "SECRET" not in hidden
    assert is_hidden(hidden)
    assert shown(hidden) == hidden
    assert "SECRET" not in shown_in(f"cannot open “{address}”, nor {address}")
    assert "SECRET" not in SourceSpec.parse(address).shown
    assert "SECRET" not in str(SourceError(address, f"failed: {address}", Problem.LOST))
    store = SettingsStore(tmp_path / "settings.json")
    store.update(live_stream=address)
    assert "SECRET" not in (tmp_path / "settings.json").read_text()


@pytest.mark.parametrize(
    "address",
    [
        "rtsp://10.0.0.7:554/Streaming/Channels/101?transportmode=unicast",
        "http://host/holiday_2024-05-12_at_10.30.12.mp4",
        "http://host/video.mp4?quality=high&channel=2",
        "clip.mp4",
        "HD Camera",
    ],
)
def test_what_is_not_secret_stays(address: str) -> None:
    assert shown(address) == address == shown_in(address) == usable(address)
    assert not is_hidden(address)


@pytest.mark.parametrize("password", ["a/b", "a#b", "a?b", "a b", "a/b@c", "pass:word", "%zz"])
def test_a_password_may_be_typed_as_it_is(password: str) -> None:
    parts = urlsplit(usable(f"rtsp://me:{password}@host:554/x"))
    assert (unquote(parts.password or ""), parts.hostname, parts.port, parts.path) == (password, "host", 554, "/x")


def test_what_an_older_version_saved_is_taken_out_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"live_stream": "http://host/x?token=SECRET", "theme": "dark"}))
    store = SettingsStore(path)
    assert store.values.live_stream == "http://host/x?token=…"
    assert "SECRET" not in path.read_text()
    assert json.loads(path.read_text())["theme"] == "dark"
    assert store.whole_address(store.values.live_stream) == "http://host/x?token=…"  # it is asked for again
    assert store.remember_address("http://host/x?token=NEW") == "http://host/x?token=…"
    assert store.whole_address("http://host/x?token=…") == "http://host/x?token=NEW"
