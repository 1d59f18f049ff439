"""Response models of accounts, callers, credentials, channels and operations."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from contracts.resources.inbox import InboxWarning
from contracts.resources.output import ResponseModel
from ingress.response_models.base import Problem
from ingress.scopes import Scope


class Account(ResponseModel):
    """One company's ledger; a limit of null is unlimited."""

    id: UUID
    name: str
    time_zone: str
    locale: str
    currency: str
    clients_max: int | None
    products_max: int | None
    created_at: dt.datetime


class Caller(ResponseModel):
    """What was presented, by its id and name."""

    kind: Literal["access_token", "key_pair", "user", "application"]
    id: UUID
    name: str


class Me(ResponseModel):
    """Who is calling, what they may do, and what they are talking to."""

    account: Account
    caller: Caller
    scopes: list[Scope]
    server_version: str


class Token(ResponseModel):
    """An access token without its secret."""

    id: UUID
    name: str
    scopes: list[Scope]
    created_at: dt.datetime
    last_used_at: dt.datetime | None


class NewCredential(ResponseModel):
    """A new credential. Its creator must have all its scopes: see `ingress.access.granting`."""


class NewToken(Token, NewCredential):
    """A new access token; only this response has its secret, under two names."""

    token: str
    access_token: str


class KeyPair(ResponseModel):
    """The account's API key; the API token that goes with it is not shown."""

    id: UUID
    api_key: str
    created_at: dt.datetime
    last_used_at: dt.datetime | None


class NewKeyPair(KeyPair, NewCredential):
    """A new pair; only this response has the API token."""

    api_token: str


class Deleted(ResponseModel):
    """It is gone."""

    id: UUID | None
    deleted: bool


class DeletedToken(Deleted):
    """The token is gone; it had made so many hooks and automations, and so many of the hooks were deleted with it."""

    hooks: int | None  # null: they could not be counted
    automations: int | None
    hooks_deleted: int | None


class LastMessage(ResponseModel):
    """The inbox message that came in last by a channel."""

    id: UUID
    received_at: dt.datetime


class Channel(ResponseModel):
    """A secret URL into the account: `url` is where to POST, and is there for callers with the scope `admin` alone.

    `last_message` is the newest one in an inbox, in answers of `GET`; absent where none came in yet.
    """

    id: UUID
    kind: Literal["direct", "orders", "replies", "hook"]
    name: str | None
    state: Literal["active", "disabled"]
    created_at: dt.datetime
    disabled_at: dt.datetime | None
    last_message: LastMessage | None = None
    url: str | None = None


class Operation(ResponseModel):
    """The outcome of an accepted request: its `result`, or its `problem`.

    With both it succeeded, and a message that it caused is dead-lettered: it must not be repeated.
    """

    id: UUID
    state: Literal["pending", "succeeded", "failed"]
    command: str
    request: str
    subject_id: UUID | None
    accepted_at: dt.datetime
    finished_at: dt.datetime | None
    status: int | None
    result: Any
    problem: Problem | None


class PushReceipt(ResponseModel):
    """A document in the inbox; `duplicate_of` names an earlier message with its reference and other content."""

    message_id: UUID
    duplicate: bool
    warnings: list[InboxWarning]
    duplicate_of: UUID | None = None
