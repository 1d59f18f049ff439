"""Check each step against the catalog: its action, its input, where it goes, its connection, its templates. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from contracts.catalog import ACTIONS, Action, offered_actions
from contracts.catalog.inputs import HeaderName, HeaderValue
from contracts.primitives.problem import ERRORS_MAX, FieldError, field_errors
from contracts.resources.automation import STEPS_MAX, AutomationStep
from step_checks.references import ANY, reference_faults
from step_checks.templates import template_faults
from step_checks.tree import PlacedStep, inner_steps, tree_faults

PLACED_MAX: Final = 2 * STEPS_MAX  # more are too many anyway

RefusesUrl: TypeAlias = "Callable[[str], str | None]"
"""Why a URL may not be called; None when it may."""

_HEADERS: Final = TypeAdapter(dict[HeaderName, HeaderValue])
_TAKES_TEMPLATES: Final = {
    "filter",
    "branch",
    "for_each",
}  # a condition compares any values: a template fits where a value does
_FIRST: Final = re.compile(r"[.\[]")  # ends the field that a path begins with
_TEMPLATE_MARKS: Final = ("{{", "{%")


def step_faults(placed: Sequence[PlacedStep], refuses_url: RefusesUrl) -> list[FieldError]:
    """Everything that is wrong with steps by themselves, each with its path."""
    found: list[FieldError] = []
    for one in placed:
        found += _step_faults(one.step, one.path, refuses_url)
        found += islice(template_faults(one), ERRORS_MAX + 1)
    return found


def faults_inside(action: str, given: Mapping[str, Any], refuses_url: RefusesUrl) -> list[FieldError]:
    """Everything that is wrong with the steps inside an action that is called by itself; `given` is its checked input.

    Their templates see as `trigger` what was called: `{"type": "action", "data": {"action", "input"}}`. What the input
    holds is the caller's: names in it are not compared, of which there may be very many.
    """
    placed = list(islice(inner_steps(action, given), PLACED_MAX))
    if shape := tree_faults(placed, "branches" if action == "branch" else "steps", steps_max=STEPS_MAX - 1):
        return shape
    data = {"action": action, "input": dict.fromkeys(given, ANY), "connection_id": None}
    called = {"id": ANY, "type": "action", "timestamp": ANY, "data": data}
    return step_faults(placed, refuses_url) or list(islice(reference_faults(called, (), placed), ERRORS_MAX + 1))


def connections_of(placed: Iterable[PlacedStep]) -> set[UUID]:
    """The connections named by steps whose actions take one."""
    takers = {key for key, action in ACTIONS.items() if action.connections}
    steps = [one.step for one in placed]
    return {step.connection_id for step in steps if step.connection_id is not None and step.action in takers}


def connection_faults(placed: Iterable[PlacedStep], kinds: Mapping[UUID, str]) -> list[FieldError]:
    """The steps whose connection is not among the account's, `kinds` by id, or is of another kind than they take."""
    found = []
    for one in placed:
        step, action = one.step, ACTIONS.get(one.step.action)
        if step.connection_id is None or action is None or not action.connections:
            continue
        kind = kinds.get(step.connection_id)
        if kind is None:
            found.append(FieldError(f"{one.path}.connection_id", "unknown connection"))
        elif kind not in action.connections:
            value = f"is of kind {kind}, and this action takes one of kind {' or '.join(action.connections)}"
            found.append(FieldError(f"{one.path}.connection_id", value))
    return found


def order_of(found: Sequence[FieldError]) -> list[FieldError]:
    """The faults in the order of their paths, so that the same input is answered alike each time."""
    return sorted(found, key=lambda fault: fault.path)


def _step_faults(step: AutomationStep, path: str, refuses_url: RefusesUrl) -> list[FieldError]:
    action = ACTIONS.get(step.action)
    if action is None or not action.available:
        offered = ", ".join(one.key for one in offered_actions())
        return [FieldError(f"{path}.action", f"{step.action[:100]} is not an action: one of {offered}")]
    return [*_input_faults(step.input, action, f"{path}.input"), *_way_faults(step, action, path, refuses_url)]


def _way_faults(step: AutomationStep, action: Action, path: str, refuses_url: RefusesUrl) -> list[FieldError]:
    """What is wrong with where a step goes: its URL, its connection, or both."""
    url = step.input.get("url")
    found = _connection_fault(step, action, path, url)
    if found is not None:
        return [found]
    if not isinstance(url, str) or _is_template(url):
        return []
    if step.connection_id is not None and not url.startswith(("http:", "https:")):
        return []  # a path on the connection's server
    reason = refuses_url(url)
    return [FieldError(f"{path}.input.url", reason)] if reason else []


def _connection_fault(step: AutomationStep, action: Action, path: str, url: object) -> FieldError | None:
    named = step.connection_id is not None
    if named and not action.connections:
        value = "names stored credentials, which this action does not take: leave it out"
        return FieldError(f"{path}.connection_id", value)
    if action.needs_connection and not named:
        return FieldError(
            f"{path}.connection_id", f"is required: a connection of kind {' or '.join(action.connections)}"
        )
    if action.connections and not named and not url:
        return FieldError(f"{path}.input.url", "is required, or a connection_id")
    if action.connection == "chat" and named and url:
        return FieldError(f"{path}.input.url", "is what the connection holds: leave it out")
    return None


def _input_faults(given: dict[str, object], action: Action, path: str) -> list[FieldError]:
    if not _is_template(given) or action.key in _TAKES_TEMPLATES:
        # Nothing is left to be filled in that could be wrong, so that the run's own check can be made now.
        try:
            action.input.model_validate(given)
        except ValidationError as error:
            return [FieldError(_joined(path, fault.path), fault.message) for fault in field_errors(error)]
        return []
    unknown = [
        FieldError(f"{path}.{name}", "is not a field of this action: leave it out")
        for name in islice(sorted(given.keys() - action.fields), ERRORS_MAX + 1)
    ]
    unknown += [FieldError(f"{path}.{name}", "is required") for name in action.required - given.keys()]
    return unknown + _plain_faults(given, action, path) + _header_faults(given, action, f"{path}.headers")


def _plain_faults(given: Mapping[str, object], action: Action, path: str) -> list[FieldError]:
    """What is wrong with the fields that hold no template, whatever becomes of the others."""
    plain = {name for name, value in given.items() if name in action.fields and not _is_template(value)}
    try:
        action.input.model_validate(given)
    except ValidationError as error:
        found = field_errors(error)
        return [FieldError(_joined(path, one.path), one.message) for one in found if _FIRST.split(one.path)[0] in plain]
    return []


def _header_faults(given: Mapping[str, object], action: Action, path: str) -> list[FieldError]:
    """The headers beside templates that no request can have; what is filled in is checked then."""
    headers = given.get("headers")
    if "headers" not in action.fields or not isinstance(headers, dict) or not _is_template(headers):
        return []
    known = {name: "-" if _is_template(value) else value for name, value in headers.items()}
    try:
        _HEADERS.validate_python(known)
    except ValidationError as error:
        return [FieldError(_joined(path, fault.path), fault.message) for fault in field_errors(error)]
    return []


def _joined(path: str, inner: str) -> str:
    return f"{path}.{inner}" if inner else path


def _is_template(value: object) -> bool:
    match value:
        case str():
            return any(mark in value for mark in _TEMPLATE_MARKS)
        case dict():
            return any(_is_template(part) for part in value.values())
        case list():
            return any(_is_template(part) for part in value)
        case _:
            return False
