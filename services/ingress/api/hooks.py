"""`/v1/hooks`: subscriptions of URLs to triggers; stored by the dispatcher, delivered by the executor.

A new secret is shown only in the responses to create and rotate; until then it is encrypted; a replay of the same
request shows it again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal
from uuid import UUID

import orjson
from pydantic import Field

from contracts.etag import entity_tag
from contracts.moments import PastMoment
from contracts.resources import hook
from contracts.resources.hook import Hook, HookIn, HookPatch, HookTested, RecoveryCount
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model, ShortText
from contracts.wire.commands import (
    CREATE_HOOK,
    DELETE_HOOK,
    RECOVER_HOOK,
    ROTATE_HOOK_SECRET,
    TEST_HOOK,
    UPDATE_HOOK,
)
from ingress.api.triggers import TriggerKey, check_key
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import hook_health, queries, responses


class HookQuery(Page):
    """Which hooks: those of a target, those that hear of a trigger, those that one credential made, by its id."""

    target_url: str | None = None
    trigger: TriggerKey | None = None
    created_by: UUID | None = None


class HookTestIn(Model):
    """Which trigger to test with; absent is the hook's first."""

    trigger: ShortText | None = None


class HookRecoverIn(Model):
    """Since when; `dry_run` counts and sends nothing."""

    since: PastMoment
    only: Literal["undelivered", "failed"] = Field(
        default="undelivered", description="failed: what was given up or cancelled, and nothing else"
    )
    dry_run: bool = False


async def create_hook(api: Api, call: Request) -> Response:
    """Subscribe; the same target, triggers and filters again return the same hook."""
    data = call.body_as(HookIn).model_dump(mode="json") | {"created_by": call.made_by}
    return await _with_health(api, call, await api.submit(call, CREATE_HOOK, data))


async def list_hooks(api: Api, call: Request) -> Response:
    """List hooks, newest first."""
    query = call.query_as(HookQuery)
    check_key(query.trigger)
    return await responses.many(
        api,
        call,
        queries.HOOKS,
        hook.from_row,
        target_url=query.target_url,
        trigger=query.trigger,
        created_by=str(query.created_by) if query.created_by else None,
    )


async def get_hook(api: Api, call: Request) -> Response:
    """Look at one hook, with figures of how its receiver does; these are no part of its `ETag`."""
    row = await responses.row_of(api, call, queries.HOOKS)
    representation = hook.from_row(row)
    health = await hook_health.find(api.pool, account_id=call.account_id, hook_id=row["id"])
    return Response(body=representation | {"health": health}, headers={"ETag": entity_tag(representation)})


async def update_hook(api: Api, call: Request) -> Response:
    """Change the fields of a hook that were sent."""
    changes = call.body_as(HookPatch).model_dump(mode="json", exclude_unset=True)
    return await _with_health(api, call, await api.submit(call, UPDATE_HOOK, _about(call, **changes)))


async def _with_health(api: Api, call: Request, reply: Response) -> Response:
    """The dispatcher's answer, with the executor's figures of the receiver."""
    if reply.status not in {200, 201}:
        return reply
    representation = orjson.loads(reply.body) if isinstance(reply.body, bytes) else reply.body
    health = await hook_health.find(api.pool, account_id=call.account_id, hook_id=UUID(representation["id"]))
    return replace(reply, body=representation | {"health": health})


async def delete_hook(api: Api, call: Request) -> Response:
    """Unsubscribe; no error when it is gone already."""
    return await api.submit(call, DELETE_HOOK, _about(call))


async def rotate_secret(api: Api, call: Request) -> Response:
    """Rotate the hook's secret; the old one also signs for 24 h."""
    return await api.submit(call, ROTATE_HOOK_SECRET, _about(call))


async def test_hook(api: Api, call: Request) -> Response:
    """Send the newest event of a trigger, or its sample, to this hook alone."""
    return await api.submit(call, TEST_HOOK, _about(call, trigger=call.body_as(HookTestIn).trigger))


async def recover_hook(api: Api, call: Request) -> Response:
    """Send what the hook never got since a time."""
    return await api.submit(call, RECOVER_HOOK, _about(call, **call.body_as(HookRecoverIn).model_dump(mode="json")))


def _about(call: Request, **more: Any) -> dict[str, Any]:
    return {"id": str(call.id_of()), **more}


ROUTES = (
    Route(
        "POST", "/v1/hooks", "createHook", create_hook, "automate",
        "Subscribe a URL to triggers; only this response has the secret",
        body=HookIn, response_model=Hook, status=201, tag="hooks",
    ),
    Route(
        "GET", "/v1/hooks", "listHooks", list_hooks, "read", "List hooks",
        query=HookQuery, response_model=ResourcePage[Hook], tag="hooks",
    ),
    Route("GET", "/v1/hooks/{id}", "getHook", get_hook, "read", "Get a hook", response_model=Hook, tag="hooks"),
    Route(
        "PATCH", "/v1/hooks/{id}", "updateHook", update_hook, "automate", "Change a hook",
        body=HookPatch, response_model=Hook, tag="hooks",
    ),
    Route(
        "DELETE", "/v1/hooks/{id}", "deleteHook", delete_hook, "automate", "Unsubscribe; also when it is gone already",
        response_model=Hook, tag="hooks",
    ),
    Route(
        "POST", "/v1/hooks/{id}/rotate-secret", "rotateHookSecret", rotate_secret, "automate",
        "Rotate a hook's secret, shown once", response_model=Hook, tag="hooks",
    ),
    Route(
        "POST", "/v1/hooks/{id}/test", "testHook", test_hook, "automate", "Send a hook its newest event, or the sample",
        body=HookTestIn, response_model=HookTested, tag="hooks",
    ),
    Route(
        "POST", "/v1/hooks/{id}/recover", "recoverHook", recover_hook, "automate",
        "Send a hook what it missed since a time", body=HookRecoverIn, response_model=RecoveryCount, tag="hooks",
    ),
)  # fmt: skip
