"""`/v1/automations`: a trigger and its steps; kept by the dispatcher, run by the executor."""

from __future__ import annotations

from contracts import present_subscriptions as present
from contracts.commands import CREATE_AUTOMATION, DELETE_AUTOMATION, SET_AUTOMATION_STATE, UPDATE_AUTOMATION
from contracts.objects import AutomationIn
from ingress.http.api import Api
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import answering, reads, shapes


async def create_automation(api: Api, call: Call) -> Reply:
    """Make an automation."""
    return await api.submit(call, CREATE_AUTOMATION, call.body_as(AutomationIn).model_dump(mode="json"))


async def list_automations(api: Api, call: Call) -> Reply:
    """List automations, newest first."""
    return await answering.many(api, call, reads.AUTOMATIONS, present.automation)


async def get_automation(api: Api, call: Call) -> Reply:
    """Look at one automation."""
    return await answering.one(api, call, reads.AUTOMATIONS, present.automation)


async def update_automation(api: Api, call: Call) -> Reply:
    """Replace it: its next version runs from now on. Without `enabled` it stays on, or off."""
    asked = call.body_as(AutomationIn)
    data = asked.model_dump(mode="json") | {"id": str(call.id_of())}
    if "enabled" not in asked.model_fields_set:
        del data["enabled"]
    return await api.submit(call, UPDATE_AUTOMATION, data)


async def enable_automation(api: Api, call: Call) -> Reply:
    """Let it run from now on."""
    return await api.submit(call, SET_AUTOMATION_STATE, {"id": str(call.id_of()), "enabled": True})


async def disable_automation(api: Api, call: Call) -> Reply:
    """Let it start no further runs."""
    return await api.submit(call, SET_AUTOMATION_STATE, {"id": str(call.id_of()), "enabled": False})


async def delete_automation(api: Api, call: Call) -> Reply:
    """Take it away; no error when it is gone already."""
    return await api.submit(call, DELETE_AUTOMATION, {"id": str(call.id_of())})


ROUTES = (
    Route(
        "POST", "/v1/automations", "createAutomation", create_automation, "write", "Create an automation",
        body=AutomationIn, answers=shapes.Automation, status=201, tag="automations",
    ),
    Route(
        "GET", "/v1/automations", "listAutomations", list_automations, "read", "List automations",
        query=Page, answers=shapes.Listed[shapes.Automation], tag="automations",
    ),
    Route(
        "GET", "/v1/automations/{id}", "getAutomation", get_automation, "read", "Get an automation",
        answers=shapes.Automation, tag="automations",
    ),
    Route(
        "PUT", "/v1/automations/{id}", "updateAutomation", update_automation, "write",
        "Replace an automation by its next version", body=AutomationIn, answers=shapes.Automation, tag="automations",
    ),
    Route(
        "POST", "/v1/automations/{id}/enable", "enableAutomation", enable_automation, "write", "Enable an automation",
        answers=shapes.Automation, tag="automations",
    ),
    Route(
        "POST", "/v1/automations/{id}/disable", "disableAutomation", disable_automation, "write",
        "Disable an automation", answers=shapes.Automation, tag="automations",
    ),
    Route(
        "DELETE", "/v1/automations/{id}", "deleteAutomation", delete_automation, "write",
        "Delete an automation; also when it is gone", answers=shapes.Automation, tag="automations",
    ),
)  # fmt: skip
