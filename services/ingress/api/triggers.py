"""`/v1/triggers`: what there is to react to, with samples and a poll, whose events are the same as in a hook's body."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import Field

from contracts.catalog import OFFERED_TRIGGERS, Trigger
from contracts.primitives.problem import FieldError
from contracts.resources.event import Events
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model
from ingress import response_models as models
from ingress.errors import InvalidInput, NotFound
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import event_queries, responses
from ingress.views.paging import read_id_cursor, write_cursor

DEFAULT_SAMPLES: Final = 3
SAMPLES_MAX: Final = 200


class SampleQuery(Model):
    """How many samples at most."""

    limit: int = Field(default=DEFAULT_SAMPLES, ge=1, le=SAMPLES_MAX)


async def list_triggers(_: Api, call: Request) -> Response:
    """Show every trigger, in the catalog's order."""
    return responses.catalog(call, list(OFFERED_TRIGGERS.values()), Trigger.public)


async def get_trigger(_: Api, call: Request) -> Response:
    """Show one trigger."""
    return Response(body=_requested(call).public())


async def list_samples(api: Api, call: Request) -> Response:
    """Return the newest events of this account, else the sample of the catalog: an array in both cases."""
    trigger, limit = _requested(call), call.query_as(SampleQuery).limit
    rows, _ = await event_queries.events(
        api.pool, account_id=call.account_id, trigger=trigger.key, before=None, limit=limit
    )
    if not rows:
        return Response(body=[trigger.sample_event()])
    return Response(body=_array(row["body"] for row in rows))


async def list_events(api: Api, call: Request) -> Response:
    """Return all events, newest first, as a bare array; the header `Link` has the next page."""
    trigger, query = _requested(call), call.query_as(Page)
    page_rows, more = await event_queries.events(
        api.pool,
        account_id=call.account_id,
        trigger=trigger.key,
        before=read_id_cursor(call),
        limit=query.limit,
    )
    headers = {}
    if more:
        cursor = write_cursor(call.route.path, page_rows[-1]["event_id"])
        headers["Link"] = f'<{_next_url(api, call, query.limit, cursor)}>; rel="next"'
    return Response(body=_array(row["body"] for row in page_rows), headers=headers)


def _requested(call: Request) -> Trigger:
    try:
        return OFFERED_TRIGGERS[call.params["key"]]
    except KeyError:
        raise NotFound(f"there is no trigger {call.params['key'][:100]!r}; GET /v1/triggers lists them") from None


TriggerKey = Annotated[str, Field(max_length=100, json_schema_extra={"enum": [*OFFERED_TRIGGERS]})]
"""The filter `trigger` of another list, which `check_key` checks."""


def check_key(trigger: str | None) -> None:
    """Check the filter `trigger` of another list.

    Raises:
        InvalidInput: there is no such trigger.
    """
    if trigger is not None and trigger not in OFFERED_TRIGGERS:
        raise InvalidInput(faults=[FieldError("trigger", "is not a trigger: GET /v1/triggers lists them")])


def _array(bodies: Iterable[bytes]) -> bytes:
    """Join public bodies as they are, so that a poll shows the very bytes that hooks get."""
    return b"[" + b",".join(bodies) + b"]"


def _next_url(api: Api, call: Request, limit: int, cursor: str) -> str:
    return api.urls.at(f"/v1/triggers/{call.params['key']}/events?limit={limit}&cursor={cursor}")


ROUTES = (
    Route(
        "GET", "/v1/triggers", "listTriggers", list_triggers, "read", "The catalog of triggers",
        query=Page, response_model=ResourcePage[models.Trigger], tag="triggers",
    ),
    Route(
        "GET", "/v1/triggers/{key}", "getTrigger", get_trigger, "read",
        "One trigger", response_model=models.Trigger, tag="triggers",
    ),
    Route(
        "GET", "/v1/triggers/{key}/samples", "listTriggerSamples", list_samples, "read",
        "Recent events of a trigger, or its sample", query=SampleQuery, response_model=Events, tag="triggers",
    ),
    Route(
        "GET", "/v1/triggers/{key}/events", "listTriggerEvents", list_events, "read",
        "All events of a trigger, newest first, for polling", query=Page, response_model=Events, tag="triggers",
    ),
)  # fmt: skip
