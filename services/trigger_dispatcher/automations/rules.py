"""What an automation may be: its trigger, its steps and their inputs, checked against the catalog. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError

from chassis.egress import EgressPolicy
from contracts.catalog import ACTIONS, Action, offered_actions
from contracts.catalog.inputs import HeaderName, HeaderValue
from contracts.primitives.problem import ERRORS_MAX, FieldError, field_errors
from contracts.resources.automation import SCHEDULE, STEPS_MAX, AutomationIn, AutomationStep, AutomationTrigger
from trigger_dispatcher.automations.references import reference_faults
from trigger_dispatcher.automations.schedule_rules import UTC, schedule_faults
from trigger_dispatcher.automations.step_tree import placed_steps, tree_faults
from trigger_dispatcher.automations.templates import concurrency_faults, template_faults
from trigger_dispatcher.hooks.rules import as_texts, filter_faults, trigger_faults

DEFINITION_BYTES_MAX: Final = 256 * 1024
_HEADERS: Final = TypeAdapter(dict[HeaderName, HeaderValue])
PLACED_MAX: Final = 2 * STEPS_MAX  # more are too many anyway
_TAKES_TEMPLATES: Final = {
    "filter",
    "branch",
    "for_each",
}  # a condition compares any values: a template fits where a value does
_TEMPLATE_MARKS: Final = ("{{", "{%")


def definition(requested: AutomationIn) -> dict[str, Any]:
    """What a version keeps: `{"trigger": {"key", "filters"}, "steps": [{"action", "input", ...}]}`."""
    return {
        "trigger": _trigger(requested.trigger),
        "steps": [step.model_dump(mode="json") for step in requested.steps],
        **requested.model_dump(mode="json", include={"on_failure", "concurrency"}, exclude_none=True),
    }


def _trigger(trigger: AutomationTrigger) -> dict[str, Any]:
    kept: dict[str, Any] = {"key": trigger.key, "filters": as_texts(trigger.filters)}
    return kept | {"cron": trigger.cron, "time_zone": trigger.time_zone or UTC} if trigger.key == SCHEDULE else kept


def read_definition(name: str, definition: Mapping[str, Any]) -> AutomationIn:
    """Make the request again that a draft was made of."""
    return AutomationIn.model_validate({"name": name, **definition})


def faults(requested: AutomationIn, egress: EgressPolicy) -> list[FieldError]:
    """Everything that is wrong with an automation, each with its path."""
    if len(orjson.dumps(definition(requested))) > DEFINITION_BYTES_MAX:
        return [FieldError("steps", f"come to more than {DEFINITION_BYTES_MAX} bytes of JSON")]
    key = requested.trigger.key
    found = schedule_faults(requested.trigger)
    if key != SCHEDULE:
        found += [FieldError("trigger.key", fault.message) for fault in trigger_faults([key])]
        found += filter_faults(requested.trigger.filters, [key], "trigger.filters")
    placed = list(islice(placed_steps(requested), PLACED_MAX))
    if shape := tree_faults(placed):
        return shape
    found += concurrency_faults(requested)
    for one in placed:
        found += _step_faults(one.step, one.path, egress)
        found += islice(template_faults(one), ERRORS_MAX + 1)
    # Of templates that are closed and begin with names there are.
    return found or list(islice(reference_faults(requested, placed), ERRORS_MAX + 1))


def _step_faults(step: AutomationStep, path: str, egress: EgressPolicy) -> list[FieldError]:
    action = ACTIONS.get(step.action)
    if action is None or not action.available:
        offered = ", ".join(one.key for one in offered_actions())
        return [FieldError(f"{path}.action", f"{step.action[:100]} is not an action: one of {offered}")]
    return [*_input_faults(step.input, action, f"{path}.input"), *_way_faults(step, action, path, egress)]


def _way_faults(step: AutomationStep, action: Action, path: str, egress: EgressPolicy) -> list[FieldError]:
    """What is wrong with where a step goes: its URL, its connection, or both."""
    url = step.input.get("url")
    found = _connection_fault(step, action, path, url)
    if found is not None:
        return [found]
    if not isinstance(url, str) or _is_template(url):
        return []
    if step.connection_id is not None and not url.startswith(("http:", "https:")):
        return []  # a path on the connection's server
    reason = egress.allows_url(url)
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


def connections_of(requested: AutomationIn) -> set[UUID]:
    """The connections named by steps whose actions take one."""
    takers = {key for key, action in ACTIONS.items() if action.connections}
    steps = [one.step for one in placed_steps(requested)]
    return {step.connection_id for step in steps if step.connection_id is not None and step.action in takers}


def connection_faults(requested: AutomationIn, kinds: Mapping[UUID, str]) -> list[FieldError]:
    """The steps whose connection is not among the account's, `kinds` by id, or is of another kind than they take."""
    found = []
    for one in placed_steps(requested):
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
    return unknown + _header_faults(given, action, f"{path}.headers")


def _header_faults(given: Mapping[str, object], action: Action, path: str) -> list[FieldError]:
    """The headers that no request can have; those with templates are checked when they are filled in."""
    headers = given.get("headers")
    if "headers" not in action.fields or not isinstance(headers, dict):
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


def order_of(found: Sequence[FieldError]) -> list[FieldError]:
    """The faults in the order of their paths, so that the same input is answered alike each time."""
    return sorted(found, key=lambda fault: fault.path)
