"""Write values as source text of JavaScript and TypeScript, always the same way."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_NAME: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*", re.ASCII)
WIDTH: Final = 110  # characters of a line that holds a value whole


@dataclass(frozen=True, slots=True)
class Code:
    """An expression that stands as it is."""

    text: str


def text_literal(text: str) -> str:
    """A text in single quotes."""
    inner = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"


def literal(value: Any, indent: str = "  ", depth: int = 0) -> str:
    """A value of dicts, lists, texts, numbers and `Code`, over lines where it is long."""
    flat = _flat(value)
    if "\n" not in flat and len(flat) + depth * len(indent) <= WIDTH:
        return flat
    inner, end = indent * (depth + 1), indent * depth
    match value:
        case Mapping():
            parts = [f"{_key(name)}: {literal(one, indent, depth + 1)}" for name, one in value.items()]
            return "{\n" + "".join(f"{inner}{part},\n" for part in parts) + end + "}"
        case list() | tuple():
            return "[\n" + "".join(f"{inner}{literal(one, indent, depth + 1)},\n" for one in value) + end + "]"
        case _:
            return flat


def _flat(value: Any) -> str:
    match value:
        case Code():
            return value.text
        case str():
            return text_literal(value)
        case Mapping():
            return (
                "{ " + ", ".join(f"{_key(name)}: {_flat(one)}" for name, one in value.items()) + " }" if value else "{}"
            )
        case list() | tuple():
            return "[" + ", ".join(_flat(one) for one in value) + "]"
        case _:
            return json.dumps(value)


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else text_literal(name)
