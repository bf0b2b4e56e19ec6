"""Owns writing records with file names in them as JSON: readable, and whatever bytes a name is made of."""

from __future__ import annotations

import json
from typing import Any


def json_text(record: dict[str, Any], indent: int) -> str:
    """Return a record as JSON text that UTF-8 can be made of, with a line's end."""
    text = json.dumps(record, ensure_ascii=False, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:  # a file name that is no UTF-8; as an escape its bytes survive
        text = json.dumps(record, indent=indent)
    return text + "\n"
