"""What can be checked of a template before there is a run: its syntax, and the names it begins with. Pure.

The executor alone renders Liquid; what is looked for here are the slips that would make every run of a step fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from contracts.primitives.problem import FieldError, path_of, texts_in
from step_checks.tree import PlacedStep

_NAMES: Final = ("trigger", "steps", "account", "inner", "item", "index", "run")
TEMPLATE_CHARACTERS_MAX: Final = 16 * 1024  # as the executor has it
_ENDS: Final = {"{{": "}}", "{%": "%}"}
_OPENS: Final = re.compile(r"\{\{|\{%")
# The name an output begins with: `{{ trigger.data.total }}`; texts, numbers and ranges have none.
_OUTPUT: Final = re.compile(r"\{\{-?\s*([A-Za-z_][\w-]*)")
_STEP: Final = re.compile(r"(?<![\w.])(steps|inner)\s*\[\s*(\d{1,4})\s*\]")
_LITERALS: Final = frozenset({"true", "false", "nil", "null", "none", "None", "blank", "empty"})


def template_faults(one: PlacedStep) -> Iterator[FieldError]:
    """Yield what is wrong with the templates inside the input of a step, each with its path."""
    for text, place in texts_in(one.own_input, (None, f"{one.path}.input")):
        if (reason := template_fault(text, one)) is not None:
            yield FieldError(path_of(place), reason)


def template_fault(text: str, one: PlacedStep) -> str | None:
    """What is wrong with the templates inside a text of a step; None where nothing is, or there is none."""
    if not _OPENS.search(text):
        return None
    if len(text) > TEMPLATE_CHARACTERS_MAX:
        return f"a template has at most {TEMPLATE_CHARACTERS_MAX} characters"
    if (opened := _never_closed(text)) is not None:
        return f"opens {opened} and never closes it with {_ENDS[opened]}"
    known = {"steps": one.before, "inner": len(one.beside)}
    for name, index in _STEP.findall(text):
        if int(index) >= (number := known[name]):
            before = f"{name}[0] to {name}[{number - 1}]" if number > 1 else f"{name}[0]" if number else "no step"
            return f"asks for {name}[{index}], and before this step there is {before}"
    if "{%" in text:  # tags make names of their own
        return None
    unknown = [name for name in _OUTPUT.findall(text) if name not in one.names and name not in _LITERALS]
    known_names = ", ".join(name for name in _NAMES if name in one.names)
    return f"begins with {unknown[0][:100]}: templates here know {known_names}" if unknown else None


def _never_closed(text: str) -> str | None:
    at = 0
    while (opened := _OPENS.search(text, at)) is not None:
        closed = text.find(_ENDS[opened[0]], opened.end())
        if closed < 0:
            return opened[0]
        at = closed + 2
    return None
