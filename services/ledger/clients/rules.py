"""Who a client is and how one is found again: pure, between a command's input and the table of clients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel

from contracts.resources.client import ClientIn, ClientPatch
from ledger.account import Account

BalanceKey = tuple[UUID, UUID, str]
"""Account, client, currency."""


@dataclass(frozen=True, slots=True)
class Client:
    """A row of `ledger.client`."""

    account_id: UUID
    id: UUID
    name: str
    type: Literal["company", "person"]
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    reg_number: str | None
    vat_number: str | None
    address: dict[str, Any] | None
    shipping_address: dict[str, Any] | None
    contacts: list[dict[str, Any]]
    locale: str | None
    currency: str
    pay_term: dict[str, Any] | None
    collector_id: UUID | None
    external_id: str | None
    comment: str | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity of a client: `second` is the registration number beside a name, else empty."""

    by: Literal["external_id", "email", "name"]
    first: str
    second: str = ""


def identity_of(ctx: ClientIn) -> Identity:
    """The identity that decides whether a given client exists already.

    The strongest one decides alone: the external id, else the e-mail address without regard to capitals, else name and
    registration number both exactly. A new external id is a new client, whatever the address.
    """
    if ctx.external_id is not None:
        return Identity("external_id", ctx.external_id)
    if ctx.email is not None:
        return Identity("email", ctx.email.lower())
    return Identity("name", ctx.name, ctx.reg_number or "")


def identities_of(client: Client) -> tuple[Identity, ...]:
    """All identities of a client; an archived one keeps only its external id, which stays reserved."""
    known = []
    if client.external_id is not None:
        known.append(Identity("external_id", client.external_id))
    if client.archived_at is None:
        known.append(Identity("name", client.name, client.reg_number or ""))
        if client.email is not None:
            known.append(Identity("email", client.email.lower()))
    return tuple(known)


def new_client(ctx: ClientIn, *, client_id: UUID, account: Account, now: datetime) -> Client:
    """Make the client; without a currency of its own it gets the account's."""
    given = {name: _plain(getattr(ctx, name)) for name in _GIVEN}
    return Client(
        account_id=account.id,
        id=client_id,
        archived_at=None,
        created_at=now,
        updated_at=now,
        **(given | {"currency": ctx.currency or account.currency}),
    )


_GIVEN: Final = (
    "name", "type", "first_name", "last_name", "email", "phone", "reg_number", "vat_number", "address",
    "shipping_address", "contacts", "locale", "currency", "pay_term", "collector_id", "external_id", "comment",
)  # fmt: skip
"""The client's input fields, as `ClientIn` and `ClientPatch` name them."""


def changed(client: Client, ctx: ClientIn | ClientPatch, *, now: datetime) -> Client:
    """The client with what was sent of it; the very same where that is what it was."""
    sent: dict[str, Any] = {name: _plain(getattr(ctx, name)) for name in _GIVEN if name in ctx.model_fields_set}
    if isinstance(ctx, ClientIn) and ctx.currency is None:
        sent.pop("currency", None)  # a client always has one
    if isinstance(ctx, ClientPatch) and ctx.archived is not None:
        sent["archived_at"] = (client.archived_at or now) if ctx.archived else None
    after = replace(client, **sent)
    return client if after == client else replace(after, updated_at=now)


def archived(client: Client, *, now: datetime) -> Client:
    """The client, hidden from lists and from new documents."""
    return replace(client, archived_at=now, updated_at=now)


def _plain(value: Any) -> Any:
    """A model's fields as stored: nested objects as plain JSON values."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


_ON_PAPER: Final = (
    "name", "type", "first_name", "last_name", "email", "phone", "reg_number", "vat_number", "address",
    "shipping_address", "locale", "external_id",
)  # fmt: skip


def snapshot(client: Client) -> dict[str, Any]:
    """The snapshot of a client that a document keeps."""
    return {name: getattr(client, name) for name in _ON_PAPER}
