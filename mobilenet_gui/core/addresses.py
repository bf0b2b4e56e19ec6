"""Owns addresses of cameras, streams and servers: how one is shown, and how one as people type it is understood.

    shown("rtsp://me:secret@cam/live?token=abc")     # rtsp://…@cam/live?token=…
    shown_in("cannot open http://a:b@c/d")           # the same for every address inside a text

Whatever may be a password or a token is replaced by dots: too much rather than too little. What is shown can be saved
and sent on; `is_hidden` tells that it is not the address itself any more.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

DOTS: Final = "\N{HORIZONTAL ELLIPSIS}"

_SCHEME: Final = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*://")
_IN_TEXT: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"<>“”‘’]+")
# Separators also in their percent-encoded form, encoded once or more often, as where one address is part of another.
_PERCENT: Final = "%(?:25)*"
_BREAK: Final = rf"[?&;#/,]|{_PERCENT}(?:3[FfBb]|26|23|2[FfCc])"
_EQUALS: Final = rf"=|{_PERCENT}3[Dd]"
_PIECE: Final = re.compile(rf"({_BREAK})")
_PAIR: Final = re.compile(rf"(?P<name>.*?)(?P<equals>{_EQUALS})(?P<value>.*)", re.DOTALL)
_NESTED: Final = re.compile(
    rf"((?::|{_PERCENT}3[Aa])(?:/|{_PERCENT}2[Ff]){{2}})(?:(?!{_PERCENT}2[Ff])[^/?#&])*(@|{_PERCENT}40)"
)
_NAMES: Final = re.compile(
    r"pass|pwd|secret|token|auth|signature|^sig|credential|session|jwt|ticket|bearer|hash|nonce|otp|apikey|key$|^key|^code$"
    r"|^(p|pw|pin|psw|pas|sid|st|tk|hdnts|hdnea|md5|hmac|policy|loginpas|usrpwd|user(name)?pass.*)$"
)
# Cameras that take their password between words of the path: /user=admin_password=secret_channel=1_stream=0.sdp
_HIDDEN_VALUES: Final = ("=" + DOTS, "D" + DOTS, "d" + DOTS)
_UNDERLINED: Final = re.compile(r"(?<=_)(?=[A-Za-z]+=)")
_RANDOM: Final = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9]{20,}|[0-9A-Fa-f-]{30,}|eyJ[\w-]+(\.[\w-]+)*|[\w-]{40,}")
_ACCOUNT: Final = re.compile(r"((?:^|/)(?:live|movie|series|timeshift)/)[^/?#]+/[^/?#]+(/[^?#]*)")
_REAL_HOST: Final = re.compile(
    r"(\[[0-9A-Fa-f:.%]+\]|localhost|[\w-]+(\.[\w-]+)+\.?)(:\d{0,5})?", re.UNICODE | re.IGNORECASE
)
_WITH_PORT: Final = re.compile(r"[^:]+:\d{1,5}")


def shown(address: str) -> str:
    """Return an address as it may be shown, written into files and saved; any other text comes back unchanged."""
    start = _SCHEME.match(address)
    if start is None:
        return address
    head, rest = address[: start.end()], address[start.end() :]
    user, host, path = _parted(rest)
    return f"{head}{DOTS + '@' if user else ''}{host}{_without_secrets(path)}"


def shown_in(text: str) -> str:
    """Return a text with every address in it as it may be shown."""
    return _IN_TEXT.sub(lambda found: shown(found[0]), text) if "://" in text else text


def is_hidden(address: str) -> bool:
    """Say whether this is an address whose secrets were taken out, so that it leads nowhere."""
    return DOTS in address and _SCHEME.match(address) is not None


def usable(address: str) -> str:
    """Return an address with a user name and password that programs understand.

    People type passwords as they are; a slash or a question mark in one would end the host's name.
    """
    start = _SCHEME.match(address)
    if start is None:
        return address
    head, rest = address[: start.end()], address[start.end() :]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    # Only where it would not be an address otherwise.
    broken = re.fullmatch(r"[^@:\[\]]+:(?!\d{0,5}$)[^@]*", authority) is not None and "@" in rest
    end = rest.rindex("@") if broken else authority.rfind("@")
    if end < 0:
        return address
    name, colon, password = rest[:end].partition(":")
    quoted = quote(unquote(name), safe="") + colon + quote(unquote(password), safe="")
    return f"{head}{quoted}@{rest[end + 1 :]}"


def _parted(rest: str) -> tuple[str, str, str]:
    """Return user and password, host with port, and what follows; in doubt more is a password than less."""
    found = re.search(r"[/?#]", rest)
    authority, path = (rest, "") if found is None else (rest[: found.start()], rest[found.start() :])
    user, at, host = authority.rpartition("@")
    real = _REAL_HOST.fullmatch(host) is not None or (bool(at) and _WITH_PORT.fullmatch(host) is not None)
    if "@" in path and not real:
        whole, _, host_path = rest.rpartition("@")
        found = re.search(r"[/?#]", host_path)
        place = len(host_path) if found is None else found.start()
        return whole, host_path[:place], host_path[place:]
    if not at and (odd := re.fullmatch(r"([^\[\]:]*:)(?!\d*$).+", host)) is not None:
        host = odd[1] + DOTS  # no port; most likely a password whose end was forgotten
    return user if at else "", host, path


def _without_secrets(path: str) -> str:
    path = _NESTED.sub(lambda found: f"{found[1]}{DOTS}{found[2]}", path)
    path = _ACCOUNT.sub(rf"\1{DOTS}/{DOTS}\2", path)
    pieces = _PIECE.split(path)
    out = [_hidden_words(pieces[0])]
    for mark, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        # A password may hold such marks itself: what follows belongs to it until another name begins.
        if out[-1].endswith(_HIDDEN_VALUES) and mark != "&" and _PAIR.fullmatch(piece) is None:
            continue
        out += [mark, _hidden_words(piece)]
    return "".join(out)


def _hidden_words(piece: str) -> str:
    return "".join(_hidden_pair(word) for word in _UNDERLINED.split(piece))


def _hidden_pair(word: str) -> str:
    pair = _PAIR.fullmatch(word)
    if pair is None:
        stem, dot, suffix = word.partition(".")
        return DOTS + dot + suffix if _RANDOM.fullmatch(stem) else DOTS if _RANDOM.fullmatch(word) else word
    name, value = pair["name"], pair["value"]
    plain = re.sub(r"[^a-z0-9]", "", _unquoted(name).lower())
    if not value or not (_NAMES.search(plain) or _RANDOM.fullmatch(_unquoted(value))):
        return word
    # What parts it from the next word belongs to that.
    end = "_" if value.endswith("_") else ""
    return f"{name}{pair['equals']}{DOTS}{end}"


def _unquoted(text: str) -> str:
    for _ in range(3):
        text = unquote(text)
    return text
