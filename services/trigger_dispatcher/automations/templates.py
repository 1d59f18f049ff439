"""What can be told of a template before there is a run: how it is written, and the names it begins with. Pure.

The executor alone renders Liquid; what is looked for here are the slips that would make every run of a step fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from contracts.primitives.problem import FieldError, path_of, texts_in

NAMES: Final = ("trigger", "steps", "account")
TEMPLATE_CHARACTERS_MAX: Final = 16 * 1024  # as the executor has it
_ENDS: Final = {"{{": "}}", "{%": "%}"}
_OPENS: Final = re.compile(r"\{\{|\{%")
# The name an output begins with: `{{ trigger.data.total }}`; texts, numbers and ranges have none.
_OUTPUT: Final = re.compile(r"\{\{-?\s*([A-Za-z_][\w-]*)")
_STEP: Final = re.compile(r"(?<![\w.])steps\s*\[\s*(\d{1,4})\s*\]")
_LITERALS: Final = frozenset({"true", "false", "nil", "null", "none", "None", "blank", "empty"})


def template_faults(given: object, path: str, number: int) -> Iterator[FieldError]:
    """Yield what is wrong with the templates inside the input of step `number`, each with its path."""
    for text, place in texts_in(given, (None, path)):
        reason = _fault_of(text, number) if _OPENS.search(text) else None
        if reason is not None:
            yield FieldError(path_of(place), reason)


def _fault_of(text: str, number: int) -> str | None:
    if len(text) > TEMPLATE_CHARACTERS_MAX:
        return f"a template has at most {TEMPLATE_CHARACTERS_MAX} characters"
    if (opened := _never_closed(text)) is not None:
        return f"opens {opened} and never closes it with {_ENDS[opened]}"
    later = [int(named) for named in _STEP.findall(text) if int(named) >= number]
    if later:
        before = f"steps[0] to steps[{number - 1}]" if number > 1 else "steps[0]" if number else "no step"
        return f"asks for steps[{later[0]}], and before this step there is {before}"
    if "{%" in text:  # tags make names of their own
        return None
    unknown = [name for name in _OUTPUT.findall(text) if name not in NAMES and name not in _LITERALS]
    return f"begins with {unknown[0][:100]}: templates know {', '.join(NAMES)}" if unknown else None


def _never_closed(text: str) -> str | None:
    at = 0
    while (opened := _OPENS.search(text, at)) is not None:
        closed = text.find(_ENDS[opened[0]], opened.end())
        if closed < 0:
            return opened[0]
        at = closed + 2
    return None
