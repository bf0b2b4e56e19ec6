"""Owns how a name and password in an address are told to a server: Basic and Digest (RFC 7617, RFC 7616)."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from typing import Final
from urllib.parse import SplitResult, unquote

_HASHES: Final = {"md5": "md5", "sha-256": "sha256", "sha-512-256": "sha512_256"}
_FIELD: Final = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


def basic(parts: SplitResult) -> str:
    """Return what proves the name and password of an address without a question; empty where there are none."""
    if not parts.username and not parts.password:
        return ""
    name, password = _pair(parts)
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def digest(parts: SplitResult, challenges: list[str], method: str, place: str) -> str:
    """Return the answer to a server's question; empty where there is no password or no question that we know.

    Args:
        parts: the address.
        challenges: the answer's `WWW-Authenticate` lines.
        method: of the request, such as GET.
        place: as it stands in the request's first line.
    """
    asked = next((line for line in challenges if line.lower().startswith("digest ")), "")
    if not asked or not (parts.username or parts.password):
        return ""
    fields = {found[1].lower(): found[2] if found[2] is not None else found[3] for found in _FIELD.finditer(asked)}
    algorithm = fields.get("algorithm", "MD5")
    kind = _HASHES.get(algorithm.lower().removesuffix("-sess"))
    if kind is None or kind not in hashlib.algorithms_available or "nonce" not in fields:
        return ""

    def hashed(*words: str) -> str:
        return hashlib.new(kind, ":".join(words).encode(), usedforsecurity=False).hexdigest()

    name, password = _pair(parts)
    realm, nonce, own = fields.get("realm", ""), fields["nonce"], secrets.token_hex(8)
    who = hashed(name, realm, password)
    if algorithm.lower().endswith("-sess"):
        who = hashed(who, nonce, own)
    what = hashed(method, place)
    words = {"username": name, "realm": realm, "nonce": nonce, "uri": place}
    plain = {"algorithm": algorithm} if "algorithm" in fields else {}
    if "auth" in re.split(r"[\s,]+", fields.get("qop", "").lower()):
        count = "00000001"
        words |= {"cnonce": own, "response": hashed(who, nonce, count, own, "auth", what)}
        plain |= {"qop": "auth", "nc": count}
    else:
        words["response"] = hashed(who, nonce, what)
    if "opaque" in fields:
        words["opaque"] = fields["opaque"]
    told = [f'{key}="{value}"' for key, value in words.items()] + [f"{key}={value}" for key, value in plain.items()]
    return "Digest " + ", ".join(told)


def _pair(parts: SplitResult) -> tuple[str, str]:
    return unquote(parts.username or ""), unquote(parts.password or "")
