"""Find text that Postgres cannot keep, before it turns into a database error: on the way in of every command."""

from __future__ import annotations

from typing import Any

from contracts.problem import Fault

NUL = "\x00"


def unstorable(value: Any, path: str = "") -> list[Fault]:
    """Every piece of text in JSON-like data that has a NUL character in it."""
    match value:
        case str():
            return [Fault(path, "must not contain the character U+0000")] if NUL in value else []
        case dict():
            return [
                fault
                for name, inner in value.items()
                for fault in unstorable(inner, f"{path}.{name}" if path else name)
            ]
        case list():
            return [fault for index, inner in enumerate(value) for fault in unstorable(inner, f"{path}[{index}]")]
        case _:
            return []


def storable(value: Any) -> Any:
    """The same data with U+FFFD in place of each NUL: for what must be kept whatever it contains."""
    match value:
        case str():
            return value.replace(NUL, "\ufffd") if NUL in value else value
        case dict():
            return {storable(name): storable(inner) for name, inner in value.items()}
        case list():
            return [storable(inner) for inner in value]
        case _:
            return value
