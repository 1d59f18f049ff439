"""Check what templates refer to: fields of the trigger's events, of earlier steps' outputs, of the account. Pure.

A field that no event of the trigger has would be empty in every run; it is named when the automation is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from contracts.catalog import ACTIONS
from contracts.primitives.problem import FieldError, path_of, texts_in
from contracts.resources.account import SAMPLE_TEMPLATE_ACCOUNT
from step_checks.tree import PlacedStep

NEAREST_MAX: Final = 3
NAME_CHARACTERS_MAX: Final = 100

_MARKUP: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_LITERAL_BLOCK: Final = re.compile(r"\{%-?\s*(raw|comment)\b")  # what stands in one refers to nothing
_REFERENCE: Final = re.compile(
    r"\"[^\"]*\"|'[^']*'|(?<![\w.\]-])(trigger|steps|account|inner)(?![\w-])"
    r"((?:\.[A-Za-z_][\w-]*|\[\s*\d{1,9}\s*\]|\[\s*\"[^\"\]]*\"\s*\]|\[\s*'[^'\]]*'\s*\])*)"
)
_SEGMENT: Final = re.compile(r"\.([A-Za-z_][\w-]*)|\[\s*(\d+)\s*\]|\[\s*[\"']([^\"'\]]*)[\"']\s*\]")
ANY: Final = object()
"""A value whose fields are not known beforehand."""


def reference_faults(
    trigger: Mapping[str, Any], actions: Sequence[str], placed: Sequence[PlacedStep]
) -> Iterator[FieldError]:
    """Yield the references that lead nowhere, each with its path and the nearest names there are.

    `trigger` is a sample of what starts the steps, `actions` are those of the outermost ones.
    """
    outputs = [_output_of(action) for action in actions]
    for one in placed:
        names = {
            "trigger": trigger,
            "account": SAMPLE_TEMPLATE_ACCOUNT,
            "steps": outputs[: one.before],
            "inner": [_output_of(action) for action in one.beside],
        }
        for text, place in texts_in(one.own_input, (None, f"{one.path}.input")):
            if reason := _fault_of(text, names):
                yield FieldError(path_of(place), reason)


def _output_of(key: str) -> Any:
    action = ACTIONS.get(key)
    if action is None:
        return ANY
    return {"output": action.output | dict.fromkeys(action.free_form, ANY)}


def _fault_of(text: str, names: Mapping[str, Any]) -> str | None:
    if ("{{" not in text and "{%" not in text) or _LITERAL_BLOCK.search(text):
        return None
    for markup in _MARKUP.findall(text):
        for root, path in _REFERENCE.findall(markup):
            if root and (reason := _lost(root, path, names[root])):
                return reason
    return None


def _lost(root: str, path: str, value: Any) -> str | None:
    """Why a path leads nowhere; None when it leads somewhere, or where the content is unknown."""
    at = root
    for word, index, quoted in _SEGMENT.findall(path):
        step = int(index) if index else word or quoted
        following = _item(value, step)
        if following is None:
            missing = f"there is no {str(step)[:NAME_CHARACTERS_MAX]} in {at}{_nearest(step, value)}"
            return f"asks for {root}{path[: 2 * NAME_CHARACTERS_MAX]}, and {missing}"
        if following is ANY:
            return None
        at, value = f"{at}[{index}]" if index else f"{at}.{step}", following
    return None


def _item(value: Any, step: str | int) -> Any:
    """What a name or an index leads to; None for nothing, `ANY` for what is not known."""
    match value, step:
        case dict(), str() if step in value:
            return ANY if value[step] in (None, {}, []) else value[step]
        case [], _:
            return ANY
        case list(), int():
            return value[min(step, len(value) - 1)]
        case list(), "first" | "last":
            return value[0]
        case ((dict() | list() | str()), "size"):
            return 0
        case _:
            return ANY if value is ANY else None


def _nearest(step: str | int, value: Any) -> str:
    names = list(value) if isinstance(value, dict) else []
    near = get_close_matches(str(step)[:NAME_CHARACTERS_MAX], names, NEAREST_MAX, cutoff=0.5) or sorted(names)[:10]
    return f": did you mean {', '.join(near)}?" if near else ""
