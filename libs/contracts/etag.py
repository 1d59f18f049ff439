"""Entity tags (RFC 9110, 8.8.3): made of an object as `GET` gives it, so that every service makes the same."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any, Final

import orjson

ANY: Final = "*"
_BYTES: Final = 16  # two states of one object share a tag once in 2**64


def entity_tag(representation: Any) -> str:
    """The strong tag of a JSON value, in its quotes; the order of names does not count."""
    digest = hashlib.sha256(orjson.dumps(representation, option=orjson.OPT_SORT_KEYS)).digest()
    return f'"{digest[:_BYTES].hex()}"'


def matches(tags: Collection[str], representation: Any) -> bool:
    """Whether `If-Match` names the object's current state; `*` names any state."""
    return ANY in tags or entity_tag(representation) in tags
