"""Owns what people read for ImageNet's classes: a reviewed name, further names, and the kinds that a class belongs to.

WordNet's first word for a class is often not the one a person would say: “agaric” for the fly agaric, “beacon” for the
lighthouse, “crane” for two things. `resources/imagenet_labels.csv` has both words. What a model calls a class by a name
of its own keeps that name. The kinds (`imagenet_kinds.csv`) are those of WordNet 3.0's hypernyms that a person
would name, such as terrier, dog, mammal, animal.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from typing import Final, NamedTuple

from mobilenet_gui import paths

IMAGENET_FILE: Final = "imagenet_labels.csv"
KINDS_FILE: Final = "imagenet_kinds.csv"


class ClassName(NamedTuple):
    """A class of ImageNet.

    Attributes:
        id: WordNet's, which never changes.
        published: WordNet's first name; two pairs (`crane`, `maillot`) share one.
        synonyms: WordNet's further names, comma separated; may be empty.
        shown: the name for people, another for each class.
        kind: the narrowest kind that it belongs to; may be empty.
    """

    id: str
    published: str
    synonyms: str
    shown: str
    kind: str


@cache
def table() -> tuple[ClassName, ...]:
    """Return the thousand classes in the order that every official model uses."""
    rows = csv.DictReader((paths.resources_dir() / IMAGENET_FILE).read_text(encoding="utf-8").splitlines())
    return tuple(ClassName(r["wnid"], r["name"], r["synonyms"], r["shown"], r["kind"]) for r in rows)


@cache
def parents() -> dict[str, str]:
    """Return the next wider kind of each kind; empty for the widest."""
    rows = csv.DictReader((paths.resources_dir() / KINDS_FILE).read_text(encoding="utf-8").splitlines())
    return {row["kind"]: row["parent"] for row in rows}


@cache
def _by_id() -> dict[str, ClassName]:
    return {row.id: row for row in table()}


def shown_name(wordnet_id: str, name: str) -> str:
    """Return the name to show for a class that a model calls `name`: its own word, unless that is WordNet's."""
    known = _by_id().get(wordnet_id) if wordnet_id else None
    return known.shown if known is not None and known.published == name else name


def other_names(wordnet_id: str, name: str, synonyms: str) -> list[str]:
    """Return what else the class is called, in WordNet's order, less what is shown."""
    shown = shown_name(wordnet_id, name).casefold()
    found = dict.fromkeys(word.strip() for word in (name, *synonyms.split(",")))
    return [word for word in found if word and word.casefold() != shown]


def kinds_of(wordnet_id: str) -> tuple[str, ...]:
    """Return the kinds that a class belongs to, the narrowest first; none for a class of the user's own."""
    known = _by_id().get(wordnet_id) if wordnet_id else None
    return tuple(_upwards(known.kind)) if known is not None else ()


def _upwards(kind: str) -> Iterable[str]:
    while kind:
        yield kind
        kind = parents()[kind]
