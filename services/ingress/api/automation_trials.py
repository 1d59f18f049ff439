"""Try an automation before it runs: its trigger's events, one step, all of it without effects, or on the last days."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import Field

from contracts.catalog import SCHEDULE_SAMPLE, TRIGGERS
from contracts.primitives.problem import FieldError
from contracts.resources.automation import SCHEDULE, BacktestResult, TriggerEvents
from contracts.resources.output import Row
from contracts.resources.run import Trial
from contracts.resources.schemas import Model
from contracts.wire.commands import BACKTEST, TRY_AUTOMATION
from ingress.errors import InvalidInput
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from ingress.views import event_queries, queries, responses

EVENTS_SHOWN: Final = 3  # contract.md
DAYS_MAX: Final = 90  # of events that a backtest looks through; the log may be kept for less
Version = Literal["draft", "published"]


class DryRunIn(Model):
    """On which event, else the newest one of the trigger or its sample; and which version, else the draft if any."""

    event_id: UUID | None = None
    version: Version | None = None


class TestActionIn(DryRunIn):
    """Which of the outermost steps is tried; `really` makes its effects."""

    step: int = Field(ge=0, le=19)
    really: bool = False


class BacktestIn(Model):
    """On how many days, and which version, else the draft if any."""

    days: int = Field(default=7, ge=1, le=DAYS_MAX)
    version: Version | None = None


async def test_trigger(api: Api, call: Request) -> Response:
    """Show the trigger's newest events, else its sample."""
    row = await responses.row_of(api, call, queries.AUTOMATIONS)
    definition, _ = _definition_of(row, None)
    found = await _newest(api, call, definition["trigger"]["key"], EVENTS_SHOWN)
    reply = Response(body={"events": found or [_sample(definition)], "sample": not found})
    return await api.keep_first(call, reply)


async def dry_run(api: Api, call: Request) -> Response:
    """Take its steps on an event without effects."""
    requested = call.body_as(DryRunIn)
    data = await _trial_of(api, call, requested)
    return await api.submit(call, TRY_AUTOMATION, data | {"step": None, "really": False})


async def test_action(api: Api, call: Request) -> Response:
    """Take one step on an event, without effects unless `really` is asked for."""
    requested = call.body_as(TestActionIn)
    data = await _trial_of(api, call, requested)
    return await api.submit(call, TRY_AUTOMATION, data | {"step": requested.step, "really": requested.really})


async def backtest(api: Api, call: Request) -> Response:
    """Count how often it would have run on the last days."""
    requested = call.body_as(BacktestIn)
    row = await responses.row_of(api, call, queries.AUTOMATIONS)
    definition, version = _definition_of(row, requested.version)
    data = {
        "automation_id": str(row["id"]),
        "days": requested.days,
        "version": version,
        "definition": definition,
        "published": row["definition"] if version is None else None,
    }
    return await api.submit(call, BACKTEST, data)


async def _trial_of(api: Api, call: Request, requested: DryRunIn) -> dict[str, Any]:
    row = await responses.row_of(api, call, queries.AUTOMATIONS)
    definition, version = _definition_of(row, requested.version)
    event = await _event_of(api, call, definition, requested.event_id)
    return {"automation_id": str(row["id"]), "version": version, "definition": definition, "event": event}


def _definition_of(row: Row, version: Version | None) -> tuple[dict[str, Any], int | None]:
    """The definition that is asked for, and its number; None of a draft.

    Raises:
        InvalidInput: there is no draft.
    """
    draft = row["draft"]
    if version == "draft" and draft is None:
        raise InvalidInput(faults=[FieldError("version", "there is no draft: PUT one, or leave version out")])
    if draft is not None and version != "published":
        return draft["definition"], None
    return row["definition"], row["version"]


async def _event_of(api: Api, call: Request, definition: dict[str, Any], event_id: UUID | None) -> dict[str, Any]:
    key = definition["trigger"]["key"]
    if event_id is None:
        return next(iter(await _newest(api, call, key, 1)), None) or _sample(definition)
    body = await event_queries.event_body(api.pool, account_id=call.account_id, event_id=event_id)
    event = None if body is None else orjson.loads(body)
    if event is None or event["type"] != key:
        message = "is no event of this account" if event is None else f"is a {event['type']}, and the trigger is {key}"
        raise InvalidInput(faults=[FieldError("event_id", message)])
    return dict(event)


async def _newest(api: Api, call: Request, key: str, limit: int) -> list[dict[str, Any]]:
    rows, _ = await event_queries.events(api.pool, account_id=call.account_id, trigger=key, before=None, limit=limit)
    return [orjson.loads(row["body"]) for row in rows]


def _sample(definition: dict[str, Any]) -> dict[str, Any]:
    key = definition["trigger"]["key"]
    return SCHEDULE_SAMPLE if key == SCHEDULE else TRIGGERS[key].sample_event()


ROUTES = (
    Route(
        "POST", "/v1/automations/{id}/test-trigger", "testAutomationTrigger", test_trigger, "automate",
        "Show the last three events of an automation's trigger, or its sample", response_model=TriggerEvents,
        waits=False, tag="automations",
    ),
    Route(
        "POST", "/v1/automations/{id}/test-action", "testAutomationAction", test_action, "automate",
        "Try one step of an automation on an event", body=TestActionIn, response_model=Trial, tag="automations",
    ),
    Route(
        "POST", "/v1/automations/{id}/dry-run", "dryRunAutomation", dry_run, "automate",
        "Take an automation's steps on a past event without effects", body=DryRunIn, response_model=Trial,
        tag="automations",
    ),
    Route(
        "POST", "/v1/automations/{id}/backtest", "backtestAutomation", backtest, "automate",
        "Count how often an automation would have run on the last days", body=BacktestIn, response_model=BacktestResult,
        tag="automations",
    ),
)  # fmt: skip
