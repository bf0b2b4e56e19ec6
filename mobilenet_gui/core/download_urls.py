"""Owns the addresses of a download: where the files are, through which proxy, and how an address is shown."""

from __future__ import annotations

import os
from typing import Final
from urllib.parse import urlsplit

from mobilenet_gui.core.addresses import shown
from mobilenet_gui.core.catalog import OFFICIAL_BASE, CatalogEntry, WeightsFile
from mobilenet_gui.core.errors import DownloadError
from mobilenet_gui.i18n import tr

URL_VARIABLE: Final = "MOBILENET_GUI_WEIGHTS_URL"


def base_url(settings_value: str = "") -> str:
    """Return the download base: the environment's, else the setting's, else Keras' own; without a slash at its end."""
    for value in (os.environ.get(URL_VARIABLE, ""), settings_value):
        if value.strip():
            return value.strip().rstrip("/")
    return OFFICIAL_BASE


def urls_for(entry: CatalogEntry | WeightsFile, base: str = OFFICIAL_BASE) -> list[str]:
    """Return the addresses to try for a file, best first.

    A mirror may copy the official folder, the whole official host, or hold all files in one folder.
    """
    base = base.rstrip("/")
    official = (entry.weights if isinstance(entry, CatalogEntry) else entry).base
    if base == OFFICIAL_BASE:
        return [f"{official}/{entry.url_path}"]
    first = f"{base}/{entry.url_path}"
    official_folder = urlsplit(official).path
    host_copy = [] if base.endswith(official_folder) else [f"{base}{official_folder}/{entry.url_path}"]
    return [first, *host_copy, f"{base}/{entry.file_name}"]


def proxies_for(setting: str) -> dict[str, str]:
    """Return what `fetch` takes as proxies; empty for an empty setting, and then the environment's are used.

    Raises:
        DownloadError: not an http or https address.
    """
    text = setting.strip()
    if not text:
        return {}
    if "://" not in text:
        text = f"http://{text}"
    if not is_web_address(text):
        raise DownloadError(shown_url(text), tr("The proxy's address must be like http://host:port."), resumable=False)
    return {"http": text, "https": text}


def shown_url(url: str) -> str:
    """Return an address fit to be shown: without what may be a password or a token."""
    return shown(url)


def is_web_address(url: str) -> bool:
    """Say whether `url` is an http or https address of some host."""
    try:
        parts = urlsplit(url)
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
