"""Who a client is and how one is found again: pure, between a command's input and the table of clients."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from contracts.objects import ClientIn
from ledger.account import Account


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
    locale: str | None
    currency: str
    pay_term: dict[str, Any] | None
    collector_id: UUID | None
    external_id: str | None
    comment: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """One way in which a client is recognised: `second` is the register's number beside a name, else empty."""

    by: Literal["external_id", "email", "name"]
    first: str
    second: str = ""


def identity_of(asked: ClientIn) -> Identity:
    """What decides whether a client given in full is one that we have.

    The strongest thing said decides alone: the external id, else the e-mail address without regard to capitals, else
    name and registration number both exactly. Someone with a new external id is a new client, whatever the address.
    """
    if asked.external_id is not None:
        return Identity("external_id", asked.external_id)
    if asked.email is not None:
        return Identity("email", asked.email.lower())
    return Identity("name", asked.name, asked.reg_number or "")


def identities_of(client: Client) -> tuple[Identity, ...]:
    """Everything that a client is recognised by."""
    known = [Identity("name", client.name, client.reg_number or "")]
    if client.external_id is not None:
        known.append(Identity("external_id", client.external_id))
    if client.email is not None:
        known.append(Identity("email", client.email.lower()))
    return tuple(known)


def new_client(asked: ClientIn, *, client_id: UUID, account: Account, now: datetime) -> Client:
    """Make the client; without a currency of its own it gets the account's."""
    return Client(
        account_id=account.id,
        id=client_id,
        name=asked.name,
        type=asked.type,
        first_name=asked.first_name,
        last_name=asked.last_name,
        email=asked.email,
        phone=asked.phone,
        reg_number=asked.reg_number,
        vat_number=asked.vat_number,
        address=None if asked.address is None else asked.address.model_dump(mode="json"),
        locale=asked.locale,
        currency=asked.currency or account.currency,
        pay_term=None if asked.pay_term is None else asked.pay_term.model_dump(mode="json"),
        collector_id=asked.collector_id,
        external_id=asked.external_id,
        comment=asked.comment,
        created_at=now,
        updated_at=now,
    )


_ON_PAPER: Final = (
    "name", "type", "first_name", "last_name", "email", "phone", "reg_number", "vat_number", "address", "locale",
    "external_id",
)  # fmt: skip


def snapshot(client: Client) -> dict[str, Any]:
    """The client as a document keeps it, whatever becomes of the client later."""
    return {name: getattr(client, name) for name in _ON_PAPER}
