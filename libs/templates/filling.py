"""Fill a step's input in: templates over `trigger`, `steps[n].output`, `account` and a few more, within strict bounds.

A text whose templates are nothing but paths (`{{ trigger.data.total }}`) is filled in here, in time linear in its size.
Whatever has filters or tags is Liquid, a language in which a single expression can take for ever: the renderer hands
such an input to a worker process (see `renderer`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

DATA_BYTES_MAX: Final = 256 * 1024
TEMPLATE_CHARACTERS_MAX: Final = 16 * 1024
DEPTH_MAX: Final = 32
WARNINGS_MAX: Final = 50  # on one step
NAMES: Final = ("trigger", "steps", "account", "inner", "item", "index", "run")

_WORD: Final = r"[A-Za-z_][\w-]*"
_PATH: Final = rf"(?:{'|'.join(NAMES)})(?![\w-])(?:\.{_WORD}|\[[0-9]{{1,9}}\]|\[\"[^\"\]]*\"\]|\['[^'\]]*'\])*"
_OUTPUT: Final = re.compile(rf"\{{\{{\s*({_PATH})\s*\}}\}}")
_SEGMENT: Final = re.compile(rf"({_WORD})|\[([0-9]+)\]|\[[\"']([^\"'\]]*)[\"']\]")
_MISSING: Final = object()

Render = Callable[[str, Mapping[str, Any], list[str]], Any]
"""Fills in one text; adds the paths that lead nowhere to the list."""


class TemplateFault(Exception):
    """A template cannot be filled in; the message says which and why."""


@dataclass(slots=True)
class Filled:
    """An input without templates. `warnings` are `{"path", "code", "message"}`, one for each value that was missing."""

    value: Any
    warnings: list[dict[str, str]] = field(default_factory=list)


def is_template(text: str) -> bool:
    """Whether there is anything to fill in."""
    return "{{" in text or "{%" in text


def is_plain(value: Any) -> bool:
    """Whether every template inside a JSON value is made of paths alone, so that `fill` needs no Liquid."""
    return all(not any(is_template(text) for text in _OUTPUT.split(one)[::2]) for one in _texts(value))


def fill(value: Any, names: Mapping[str, Any], render: Render | None = None) -> Filled:
    """Fill in every text inside a JSON value; a text that is exactly one expression becomes that expression's value.

    A value that is missing is empty, with a warning. `render` takes the texts that are more than paths.

    Raises:
        TemplateFault: a name is unknown, the syntax is wrong, or a bound is reached.
    """
    filled = Filled(None)
    filled.value = _fill(value, names, "input", 0, render or _refuse, filled)
    if len(orjson.dumps(filled.value)) > DATA_BYTES_MAX:
        raise TemplateFault(f"input: comes to more than {DATA_BYTES_MAX // 1024} KiB")
    return filled


def _refuse(text: str, _: Mapping[str, Any], __: list[str]) -> Any:
    raise TemplateFault(f"{text[:100]} needs the template worker")


def _texts(value: Any) -> Iterator[str]:
    """Every text inside a JSON value, without recursion: the value is not measured yet."""
    rest = [value]
    while rest:
        match rest.pop():
            case str() as text:
                yield text
            case dict() as found:
                rest.extend(found.values())
            case list() as found:
                rest.extend(found)
            case _:
                pass


def _fill(value: Any, names: Mapping[str, Any], path: str, depth: int, render: Render, filled: Filled) -> Any:
    if depth > DEPTH_MAX:
        raise TemplateFault(f"{path[:200]}: is nested more than {DEPTH_MAX} deep")
    match value:
        case str() if is_template(value):
            return _fill_text(value, names, path, render, filled)
        case list():
            return [
                _fill(part, names, f"{path}[{number}]", depth + 1, render, filled) for number, part in enumerate(value)
            ]
        case dict():
            return {
                name: _fill(part, names, f"{path}.{name}", depth + 1, render, filled) for name, part in value.items()
            }
        case _:
            return value


def _fill_text(text: str, names: Mapping[str, Any], path: str, render: Render, filled: Filled) -> Any:
    if len(text) > TEMPLATE_CHARACTERS_MAX:
        raise TemplateFault(f"{path}: a template has at most {TEMPLATE_CHARACTERS_MAX} characters")
    missing: list[str] = []
    try:
        found = (_fill_paths if is_plain(text) else render)(text, names, missing)
    except TemplateFault as fault:
        raise TemplateFault(f"{path}: {fault}") from None
    for one in dict.fromkeys(missing):
        if len(filled.warnings) < WARNINGS_MAX:
            message = f"{one[:200]} is missing: left empty"
            filled.warnings.append({"path": path, "code": "missing_value", "message": message})
    return found


def _fill_paths(text: str, names: Mapping[str, Any], missing: list[str]) -> Any:
    parts = _OUTPUT.split(text)  # text, path, text, path, ... text
    if len(parts) == 3 and not parts[0] and not parts[2]:  # noqa: PLR2004  one path and nothing around it
        return _value_at(parts[1], names, missing)
    size, made = 0, []
    for number, part in enumerate(parts):
        made.append(as_text(_value_at(part, names, missing)) if number % 2 else part)
        size += len(made[-1])
        if size > DATA_BYTES_MAX:
            raise TemplateFault(f"comes to more than {DATA_BYTES_MAX // 1024} KiB")
    return "".join(made)


def as_text(value: Any) -> str:
    """A value inside a text: nothing for null, lists and objects as JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case _:
            return orjson.dumps(value).decode()


def _value_at(path: str, names: Mapping[str, Any], missing: list[str]) -> Any:
    value: Any = names
    for number, (word, index, quoted) in enumerate(_SEGMENT.findall(path)):
        value = _item(value, int(index) if index else word or quoted)
        if value is _MISSING:
            if number == 1 and path.startswith("steps"):
                raise TemplateFault("steps has no item there")
            missing.append(path)
            return None
    return value


def _item(value: Any, key: str | int) -> Any:
    """A field before a word of the language: an object may well have one named `size` or `first`."""
    match value, key:
        case dict(), str() if key in value:
            return value[key]
        case list(), int() if key < len(value):
            return value[key]
        case ((dict() | list() | str()), "size"):
            return len(value)
        case [first, *_], "first":
            return first
        case [*_, last], "last":
            return last
        case _:
            return _MISSING
