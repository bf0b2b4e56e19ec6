"""Servers, proxies and addresses that misbehave in every way that was thought of are answered in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mobilenet_gui.core import catalog, download
from mobilenet_gui.core.errors import DownloadError
from tests.core.download.parts import DATA, PATH, QUICK, get, part_of
from tests.loopback import Behaviour, LoopbackServer


@pytest.mark.parametrize("how", [Behaviour(chunked=True), Behaviour(gzipped=True)], ids=["chunked", "gzip"])
def test_transfer_and_content_encodings_are_undone(server: LoopbackServer, target: Path, how: Behaviour) -> None:
    server.behave(PATH, how)
    get(server, target)
    assert target.read_bytes() == DATA


def test_missing_here_found_at_the_next_address(server: LoopbackServer, target: Path) -> None:
    get(server, target, urls=[server.url + "/no/weights.h5", server.url + PATH])
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_missing_everywhere_names_the_first_address(server: LoopbackServer, target: Path, status: int) -> None:
    urls = [server.url + "/one.h5", server.url + "/two.h5"]
    for path in ("/one.h5", "/two.h5"):
        server.behave(path, Behaviour(status=status))
    with pytest.raises(DownloadError, match=f"{status}.*/one.h5") as caught:
        get(server, target, urls=urls)
    assert not caught.value.resumable
    assert server.paths() == ["/one.h5", "/two.h5"]


def test_a_server_in_trouble_is_asked_again(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(status=503), Behaviour(status=500), Behaviour())
    get(server, target)
    assert target.read_bytes() == DATA


def test_a_server_in_lasting_trouble(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(status=500))
    with pytest.raises(DownloadError, match="500") as caught:
        get(server, target)
    assert caught.value.resumable
    assert len(server.requests) == 5


def test_an_unexpected_answer_is_not_asked_for_twice(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(status=418))
    with pytest.raises(DownloadError, match="418"):
        get(server, target)
    assert len(server.requests) == 1


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><html>", b"\n  <html><body>Sign in", b"<?xml version='1.0'?>"])
def test_a_web_page_instead_of_the_file(server: LoopbackServer, target: Path, page: bytes) -> None:
    server.behave(PATH, Behaviour(body=page, content_type="text/html"))
    with pytest.raises(DownloadError, match="web page instead"):
        get(server, target)
    assert not part_of(target).exists()


def test_an_empty_file(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(body=b""))
    with pytest.raises(DownloadError, match="empty"):
        get(server, target)
    assert not target.exists()


def test_a_server_that_is_not_there(target: Path) -> None:
    with LoopbackServer() as gone:
        url = gone.url + PATH
    with pytest.raises(DownloadError, match="cannot be reached") as caught:
        download.fetch([url], target, name="MobileNet V2", timeouts=QUICK)
    assert caught.value.resumable


def test_follows_redirects_to_the_web_only(server: LoopbackServer, target: Path) -> None:
    server.behave("/old", Behaviour(redirect="/older"))
    server.behave("/older", Behaviour(status=307, redirect=server.url + PATH))
    get(server, target, urls=[server.url + "/old"])
    assert target.read_bytes() == DATA
    server.behave("/file", Behaviour(redirect="file:///etc/passwd"))
    with pytest.raises(DownloadError, match="file:///etc/passwd"):
        get(server, target.with_name("other"), urls=[server.url + "/file"])


def test_redirects_in_a_circle_end(server: LoopbackServer, target: Path) -> None:
    server.behave("/a", Behaviour(redirect="/a"))
    with pytest.raises(DownloadError, match="not followed"):
        get(server, target, urls=[server.url + "/a"])
    assert len(server.requests) <= 7


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "weights.h5", "http://", "http://[bad/x"])
def test_only_web_addresses(target: Path, url: str) -> None:
    with pytest.raises(DownloadError, match="not a web address"):
        download.fetch([url], target, name="x")
    assert not target.parent.exists()


def test_through_a_proxy_from_the_settings(server: LoopbackServer, target: Path) -> None:
    url = "http://weights.invalid" + PATH
    get(server, target, urls=[url], proxies=download.proxies_for(server.url))
    assert target.read_bytes() == DATA
    assert server.requests[0].via_proxy


def test_through_a_proxy_from_the_environment(
    server: LoopbackServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    get(server, target, urls=["http://weights.invalid" + PATH])
    assert server.requests[0].via_proxy


def test_a_proxy_that_is_not_there(target: Path) -> None:
    with LoopbackServer() as gone:
        proxy = gone.url
    with pytest.raises(DownloadError, match="proxy"):
        download.fetch(
            ["http://weights.invalid/x"], target, name="x", proxies=download.proxies_for(proxy), timeouts=QUICK
        )


def test_a_proxy_that_wants_a_password(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(status=407))
    with pytest.raises(DownloadError, match="proxy"):
        get(server, target, urls=["http://weights.invalid" + PATH], proxies=download.proxies_for(server.url))


def test_https_where_there_is_none(server: LoopbackServer, target: Path) -> None:
    with pytest.raises(DownloadError, match="cannot be reached"):
        get(server, target, urls=[server.url.replace("http:", "https:") + PATH])


def test_what_the_network_library_raises_is_understood() -> None:
    import requests.exceptions as outer
    import urllib3.exceptions as inner

    from mobilenet_gui.core.download_http import NetworkError, understood

    pool: Any = None
    kinds: dict[str, Exception] = {
        "certificate": outer.SSLError("certificate verify failed: self-signed certificate"),
        "proxy": outer.ProxyError("x"),
        "stalled": inner.ReadTimeoutError(pool, "u", "x"),
        "unreachable": outer.ConnectTimeout("x"),
        "dropped": inner.IncompleteRead(3, 4),
        "address": outer.InvalidURL("x"),
    }
    for kind, error in kinds.items():
        found = understood(error)
        assert isinstance(found, NetworkError)
        assert found.kind == kind
    ours = KeyError("x")
    assert understood(ours) is ours


def test_proxy_settings() -> None:
    assert download.proxies_for("  ") == {}
    assert download.proxies_for("host:3128") == {"http": "http://host:3128", "https": "http://host:3128"}
    with pytest.raises(DownloadError, match="proxy") as caught:
        download.proxies_for("socks5://user:secret@host:1")
    assert "secret" not in str(caught.value)


def test_passwords_in_addresses_are_not_shown(server: LoopbackServer, target: Path) -> None:
    url = server.url.replace("http://", "http://user:secret@") + "/missing.h5"
    with pytest.raises(DownloadError) as caught:
        get(server, target, urls=[url])
    assert "secret" not in str(caught.value)
    assert "/missing.h5" in str(caught.value)


def test_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = catalog.by_id("mobilenet-v1-1.0-224")
    assert entry is not None
    official = "https://storage.googleapis.com/tensorflow/keras-applications"
    assert download.base_url("") == official
    assert download.urls_for(entry, download.base_url("")) == [f"{official}/mobilenet/mobilenet_1_0_224_tf.h5"]
    assert download.base_url(" http://mirror/x/ ") == "http://mirror/x"
    assert download.urls_for(entry, "http://mirror/x/") == [
        "http://mirror/x/mobilenet/mobilenet_1_0_224_tf.h5",
        "http://mirror/x/tensorflow/keras-applications/mobilenet/mobilenet_1_0_224_tf.h5",
        "http://mirror/x/mobilenet_1_0_224_tf.h5",
    ]
    assert entry.backbone is not None
    assert len(download.urls_for(entry.backbone, "http://m/tensorflow/keras-applications")) == 2
    monkeypatch.setenv("MOBILENET_GUI_WEIGHTS_URL", "http://env/")
    assert download.base_url("http://mirror") == "http://env"
