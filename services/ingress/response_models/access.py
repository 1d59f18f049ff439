"""The shapes of what ingress itself keeps: who calls, with what, through which channels, and what became of it."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from contracts.resources.inbox import InboxWarning
from contracts.resources.output import ResponseModel
from ingress.response_models.base import Problem
from ingress.scopes import Scope


class Account(ResponseModel):
    """One company's books; a limit of null is none."""

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
    """A credential that was just made. Whoever makes one must have all its scopes: see `ingress.access.granting`."""


class NewToken(Token, NewCredential):
    """An access token that was just made; its secret, under two names, is in this answer alone."""

    token: str
    access_token: str


class KeyPair(ResponseModel):
    """The account's API key; the API token that goes with it is not shown."""

    id: UUID
    api_key: str
    created_at: dt.datetime
    last_used_at: dt.datetime | None


class NewKeyPair(KeyPair, NewCredential):
    """A pair that was just made; the API token is in this answer alone."""

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


class Channel(ResponseModel):
    """A secret URL into the account: `url` is where to POST, and is there for callers with the scope `admin` alone."""

    id: UUID
    kind: Literal["direct", "orders", "replies", "hook"]
    name: str | None
    state: Literal["active", "disabled"]
    created_at: dt.datetime
    disabled_at: dt.datetime | None
    url: str | None = None


class Operation(ResponseModel):
    """What became of an accepted request: its `result`, or the `problem` that it ended with.

    With both it was carried out, and a message that it brought about is a dead letter: it must not be repeated.
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
    """A document that is in the inbox; `duplicate_of` names the first when other content came under its reference."""

    message_id: UUID
    duplicate: bool
    warnings: list[InboxWarning]
    duplicate_of: UUID | None = None
