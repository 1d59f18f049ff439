"""`/v1/automations`: a trigger and its steps; kept by the dispatcher, run by the executor."""

from __future__ import annotations

from contracts.resources import automation
from contracts.resources.automation import Automation, AutomationIn
from contracts.resources.output import ResourcePage
from contracts.wire.commands import (
    CREATE_AUTOMATION,
    DELETE_AUTOMATION,
    SET_AUTOMATION_STATE,
    UPDATE_AUTOMATION,
)
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import queries, responses


async def create_automation(api: Api, call: Request) -> Response:
    """Make an automation."""
    data = call.body_as(AutomationIn).model_dump(mode="json") | {"created_by": call.made_by}
    return await api.submit(call, CREATE_AUTOMATION, data)


async def list_automations(api: Api, call: Request) -> Response:
    """List automations, newest first."""
    return await responses.many(api, call, queries.AUTOMATIONS, automation.from_row)


async def get_automation(api: Api, call: Request) -> Response:
    """Look at one automation."""
    return await responses.one(api, call, queries.AUTOMATIONS, automation.from_row)


async def update_automation(api: Api, call: Request) -> Response:
    """Replace it: its next version runs from now on. Without `enabled` it stays on, or off."""
    requested = call.body_as(AutomationIn)
    data = requested.model_dump(mode="json") | {"id": str(call.id_of())}
    if "enabled" not in requested.model_fields_set:
        del data["enabled"]
    return await api.submit(call, UPDATE_AUTOMATION, data)


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
        body=AutomationIn, answers=Automation, status=201, tag="automations",
    ),
    Route(
        "GET", "/v1/automations", "listAutomations", list_automations, "read", "List automations",
        query=Page, answers=ResourcePage[Automation], tag="automations",
    ),
    Route(
        "GET", "/v1/automations/{id}", "getAutomation", get_automation, "read", "Get an automation",
        answers=Automation, tag="automations",
    ),
    Route(
        "PUT", "/v1/automations/{id}", "updateAutomation", update_automation, "automate",
        "Replace an automation by its next version", body=AutomationIn, answers=Automation, tag="automations",
    ),
    Route(
        "POST", "/v1/automations/{id}/enable", "enableAutomation", enable_automation, "automate",
        "Enable an automation", answers=Automation, tag="automations",
    ),
    Route(
        "POST", "/v1/automations/{id}/disable", "disableAutomation", disable_automation, "automate",
        "Disable an automation", answers=Automation, tag="automations",
    ),
    Route(
        "DELETE", "/v1/automations/{id}", "deleteAutomation", delete_automation, "automate",
        "Delete an automation; also when it is gone", answers=Automation, tag="automations",
    ),
)  # fmt: skip
