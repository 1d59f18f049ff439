"""The actions that leave, and those that steer a run, called by themselves: the executor carries them out.

Each is a run of one step there, whose output is the answer; one that takes longer than a caller waits is an operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from contracts.catalog import ACTIONS, Action, flow_inputs, inputs
from contracts.resources.json_rules import at_least_one_of
from contracts.resources.schemas import Model
from contracts.wire.commands import RUN_ACTION
from ingress.api.search_actions import RunQuery
from ingress.errors import InvalidInput
from ingress.http.context import Api
from ingress.http.route import Handler, Request, Response
from ingress.response_models import actions as results


class _ByUrlOrConnection(Model):
    """Leads to the URL, or where the connection does."""

    model_config = ConfigDict(validate_default=True, json_schema_extra=at_least_one_of("url", "connection_id"))

    connection_id: UUID | None = None

    @field_validator("url", check_fields=False)
    @classmethod
    def _leads_somewhere(cls, url: str | None, info: ValidationInfo) -> str | None:
        # An invalid connection is not in `data`; it is reported on its own.
        if not url and info.data.get("connection_id", "faulty") is None:
            raise PydanticCustomError("missing", "is required, or a connection that holds it")
        return url


class HttpRequestRun(inputs.HttpRequest, _ByUrlOrConnection):
    """One HTTP request, and the connection whose credentials go with it."""

    connection_id: UUID | None = Field(default=None, description="a connection of kind http")


class ChatMessageRun(inputs.PostChatMessage, _ByUrlOrConnection):
    """A message, and the connection that leads to the chat."""

    connection_id: UUID | None = Field(default=None, description="a connection of kind chat")


class StoreFileRun(inputs.StoreFile):
    """A file, and the connection that leads to its place."""

    connection_id: UUID = Field(description="a connection of kind s3, webdav, sftp or folder")


class AppendRowRun(inputs.AppendRow):
    """A row, and the connection that leads to its file."""

    connection_id: UUID = Field(description="a connection of kind s3, webdav, sftp, folder or google_sheets")


class SendDirectRun(inputs.SendDirect, _ByUrlOrConnection):
    """A sales document, and the connection that leads to the buyer's inbox."""

    connection_id: UUID | None = Field(default=None, description="a connection of kind http")


@dataclass(frozen=True, slots=True)
class Runnable:
    """What a call takes and what it answers."""

    body: type[Model]
    response_model: type[BaseModel]


RUNNABLE: Final[dict[str, Runnable]] = {
    "http_request": Runnable(HttpRequestRun, results.HttpRequestResult),
    "send_email": Runnable(inputs.SendEmail, results.SentEmail),
    "send_sms": Runnable(inputs.SendSms, results.SentSms),
    "post_chat_message": Runnable(ChatMessageRun, results.PostedChatMessage),
    "store_file": Runnable(StoreFileRun, results.StoredFile),
    "append_row": Runnable(AppendRowRun, results.AppendedRow),
    "send_direct": Runnable(SendDirectRun, results.DirectReceipt),
    "filter": Runnable(flow_inputs.FilterStep, results.FilterResult),
    "delay": Runnable(flow_inputs.Delay, results.DelayResult),
}
"""The actions that the executor carries out."""


def running(action: Action) -> Handler:
    """Make the handler of an action that the executor carries out."""

    async def run_action(api: Api, call: Request) -> Response:
        """Run it and answer its output, or show what would leave."""
        given = call.body_as(RUNNABLE[action.key].body).model_dump(mode="json", exclude_unset=True, by_alias=True)
        connection_id = given.pop("connection_id", None)
        dry_run = call.query_as(RunQuery).dry_run
        data = {"action": action.key, "input": given, "connection_id": connection_id, "dry_run": dry_run}
        return await api.submit(call, RUN_ACTION, data)

    return run_action


def steering(action: Action) -> Handler:
    """Make the handler of an action that only makes sense between others."""

    async def refuse(_: Api, __: Request) -> Response:
        """Say where it works."""
        raise InvalidInput(f"{action.key} steers a run: use it as a step of an automation (POST /v1/automations)")

    return refuse


def steering_actions() -> list[Action]:
    """The offered actions that only make sense between others."""
    return [one for key, one in ACTIONS.items() if one.available and one.group == "flow" and key not in RUNNABLE]
