"""What an automation may be: its trigger, its steps and their inputs, checked against the catalog. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

import orjson

from chassis.egress import EgressPolicy
from contracts.catalog import SCHEDULE_SAMPLE, TRIGGERS, Trigger
from contracts.primitives.problem import ERRORS_MAX, FieldError
from contracts.resources.automation import SCHEDULE, AutomationIn, AutomationTrigger
from step_checks.references import ANY, reference_faults
from step_checks.rules import PLACED_MAX, step_faults
from step_checks.templates import template_fault
from step_checks.tree import PlacedStep, placed_steps, tree_faults
from trigger_dispatcher.automations.schedule_rules import UTC, schedule_faults
from trigger_dispatcher.hooks.rules import as_texts, filter_faults, trigger_faults

DEFINITION_BYTES_MAX: Final = 256 * 1024


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
    found += _concurrency_faults(requested)
    found += step_faults(placed, egress.allows_url)
    # Of templates that are closed and begin with names there are, for a trigger that there is.
    return found or list(islice(_reference_faults(requested, placed), ERRORS_MAX + 1))


def _concurrency_faults(requested: AutomationIn) -> list[FieldError]:
    """What is wrong with the template of the concurrency key, which knows no steps."""
    if requested.concurrency is None:
        return []
    before = PlacedStep(requested.steps[0], "concurrency", 0, {})
    reason = template_fault(requested.concurrency.key, before)
    return [FieldError("concurrency.key", reason)] if reason else []


def _reference_faults(requested: AutomationIn, placed: list[PlacedStep]) -> Iterator[FieldError]:
    key = requested.trigger.key
    trigger = SCHEDULE_SAMPLE if key == SCHEDULE else _event_of(TRIGGERS[key])
    return reference_faults(trigger, [step.action for step in requested.steps], placed)


def _event_of(trigger: Trigger) -> dict[str, Any]:
    event = trigger.sample_event()
    return event | {"data": event["data"] | {"body": ANY}} if trigger.free_form else event
