"""`/v1/automations`: a trigger and its steps; kept by the dispatcher, run by the executor."""

from __future__ import annotations

from contracts.resources import automation
from contracts.resources.automation import Automation, AutomationIn, AutomationVersion
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model
from contracts.wire.commands import (
    CREATE_AUTOMATION,
    DELETE_AUTOMATION,
    PUBLISH_AUTOMATION,
    SET_AUTOMATION_STATE,
    UPDATE_AUTOMATION,
)
from ingress.api.resource_handlers import getting, listing
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import queries, responses, run_queries
from ingress.views.paging import read_cursor, write_cursor


async def create_automation(api: Api, call: Request) -> Response:
    """Make an automation."""
    data = call.body_as(AutomationIn).model_dump(mode="json") | {"created_by": call.made_by}
    return await api.submit(call, CREATE_AUTOMATION, data)


class PublishQuery(Model):
    """Whether the change is published at once."""

    publish: bool = False


async def update_automation(api: Api, call: Request) -> Response:
    """Keep a draft of it, or publish it at once. Without `enabled` it stays on, or off."""
    requested = call.body_as(AutomationIn)
    publish = call.query_as(PublishQuery).publish
    data = requested.model_dump(mode="json") | {"id": str(call.id_of()), "publish": publish}
    if "enabled" not in requested.model_fields_set:
        del data["enabled"]
    return await api.submit(call, UPDATE_AUTOMATION, data)


async def publish_automation(api: Api, call: Request) -> Response:
    """Make its draft the next version; without one, turn on an automation that is off."""
    return await api.submit(call, PUBLISH_AUTOMATION, {"id": str(call.id_of())})


async def list_versions(api: Api, call: Request) -> Response:
    """List its versions, newest first, each with its differences from the one before."""
    key, limit = read_cursor(call, int), call.query_as(Page).limit
    await responses.row_of(api, call, queries.AUTOMATIONS)
    rows = await run_queries.automation_versions(
        api.pool,
        account_id=call.account_id,
        automation_id=call.id_of(),
        before=key[0] if key else None,
        limit=limit + 1,  # its definition is what the last one shown differs from
    )
    definitions = [row["definition"] for row in rows] + [None]
    versions = [automation.version_from_row(row, definitions[at + 1]) for at, row in enumerate(rows[:limit])]
    more = len(rows) > limit
    cursor = write_cursor(call.route.path, rows[limit - 1]["version"]) if more else None
    return Response(body={"items": versions, "next_cursor": cursor})


async def enable_automation(api: Api, call: Request) -> Response:
    """Let it run from now on."""
    return await api.submit(call, SET_AUTOMATION_STATE, {"id": str(call.id_of()), "enabled": True})


async def disable_automation(api: Api, call: Request) -> Response:
    """Let it start no further runs."""
    return await api.submit(call, SET_AUTOMATION_STATE, {"id": str(call.id_of()), "enabled": False})


async def delete_automation(api: Api, call: Request) -> Response:
    """Take it away; no error when it is gone already."""
    return await api.submit(call, DELETE_AUTOMATION, {"id": str(call.id_of())})


ROUTES = (
    Route(
        "POST", "/v1/automations", "createAutomation", create_automation, "automate", "Create an automation",
        body=AutomationIn, response_model=Automation, status=201, tag="automations",
    ),
    Route(
        "GET", "/v1/automations", "listAutomations", listing(queries.AUTOMATIONS, automation.from_row),
        "read", "List automations",
        query=Page, response_model=ResourcePage[Automation], tag="automations",
    ),
    Route(
        "GET", "/v1/automations/{id}", "getAutomation", getting(queries.AUTOMATIONS, automation.from_row),
        "read", "Get an automation",
        response_model=Automation, tag="automations",
    ),
    Route(
        "PUT", "/v1/automations/{id}", "updateAutomation", update_automation, "automate",
        "Change an automation: a draft, or with publish its next version", body=AutomationIn, query=PublishQuery,
        response_model=Automation, tag="automations",
    ),
    Route(
        "POST", "/v1/automations/{id}/publish", "publishAutomation", publish_automation, "automate",
        "Publish the draft of an automation as its next version", response_model=Automation, tag="automations",
    ),
    Route(
        "GET", "/v1/automations/{id}/versions", "listAutomationVersions", list_versions, "read",
        "List the versions of an automation with their differences", query=Page,
        response_model=ResourcePage[AutomationVersion], tag="automations",
    ),
    Route(
        "POST", "/v1/automations/{id}/enable", "enableAutomation", enable_automation, "automate",
        "Enable an automation", response_model=Automation, tag="automations",
    ),
    Route(
        "POST", "/v1/automations/{id}/disable", "disableAutomation", disable_automation, "automate",
        "Disable an automation", response_model=Automation, tag="automations",
    ),
    Route(
        "DELETE", "/v1/automations/{id}", "deleteAutomation", delete_automation, "automate",
        "Delete an automation; also when it is gone", response_model=Automation, tag="automations",
    ),
)  # fmt: skip
