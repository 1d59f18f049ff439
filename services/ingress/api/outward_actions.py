"""The actions that leave, and those that steer a run, called by themselves: the executor carries them out.

Each is a run of one step there, whose output is the answer; one that takes longer than a caller waits is an operation,
and so is at once what waits for a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, create_model, field_validator
from pydantic_core import PydanticCustomError

from contracts.catalog import ACTIONS, Action
from contracts.resources.json_rules import at_least_one_of
from contracts.resources.schemas import Model
from contracts.wire.commands import RUN_ACTION
from ingress.api.search_actions import RunQuery
from ingress.http.context import Api
from ingress.http.route import Handler, Request, Response


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


@dataclass(frozen=True, slots=True)
class Runnable:
    """What a call takes and what it answers."""

    body: type[Model]
    response_model: type[BaseModel]


def _with_connection(action: Action) -> type[Model]:
    """The action's input with the connection that a step would name beside it."""
    *others, last = action.connections
    described = f"a connection of kind {', '.join(others)} or {last}" if others else f"a connection of kind {last}"
    own = cast("type[Model]", action.input_by_itself)
    name, docstring = f"{action.type_name}Input", action.input.__doc__
    if action.needs_connection:
        return create_model(name, __base__=own, __doc__=docstring, connection_id=(UUID, Field(description=described)))
    return create_model(
        name,
        __base__=(own, _ByUrlOrConnection),
        __doc__=docstring,
        connection_id=(UUID | None, Field(default=None, description=described)),
    )


def _runnable(action: Action, response_model: type[BaseModel]) -> Runnable:
    body = _with_connection(action) if action.connections else cast("type[Model]", action.input_by_itself)
    return Runnable(body, response_model)


_OF_A_PERSON: Final = "approve"  # takes hours or days: its caller gets the operation

RUNNABLE: Final = {
    key: _runnable(action, action.response_model)
    for key, action in ACTIONS.items()
    if action.available and action.response_model is not None
}
"""The actions that the executor carries out, by key."""

RUNNABLE_SCHEMA_NAMES: Final[dict[type[BaseModel], str]] = {
    model: f"{ACTIONS[key].type_name}{kind}"
    for key, one in RUNNABLE.items()
    for kind, model in (("Input", one.body), ("Result", one.response_model))
}
"""The public names of their models."""


def running(action: Action) -> Handler:
    """Make the handler of an action that the executor carries out."""

    async def run_action(api: Api, call: Request) -> Response:
        """Run it and answer its output, or show what would leave."""
        given = call.body_as(RUNNABLE[action.key].body).model_dump(mode="json", exclude_unset=True, by_alias=True)
        connection_id = given.pop("connection_id", None)
        dry_run = call.query_as(RunQuery).dry_run
        data = {"action": action.key, "input": given, "connection_id": connection_id, "dry_run": dry_run}
        return await api.submit(call, RUN_ACTION, data, waits=dry_run or action.key != _OF_A_PERSON)

    return run_action
