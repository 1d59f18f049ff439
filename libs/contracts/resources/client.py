"""Clients, who owe. Input, changes, output, how a row becomes it, and a sample."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, field_validator

from contracts.primitives.money import from_minor
from contracts.resources.output import JSONObject, ResponseModel, Row, text, time_text
from contracts.resources.schemas import (
    CONTACTS_MAX,
    DEFAULT_ON_CONFLICT,
    Address,
    Contact,
    Email,
    Locale,
    LongText,
    OnConflict,
    PayTerm,
    Reference,
    ShortText,
    WithCurrency,
    required_if_sent,
)


class ClientIn(WithCurrency):
    """Someone who will owe. `address` is where bills go; goods go to `shipping_address`, if it is another."""

    name: ShortText
    type: Literal["company", "person"] = "company"
    first_name: ShortText | None = None
    last_name: ShortText | None = None
    email: Email | None = None
    phone: Reference | None = None
    reg_number: Reference | None = None
    vat_number: Reference | None = None
    address: Address | None = None
    shipping_address: Address | None = None
    contacts: list[Contact] = Field(default_factory=list, max_length=CONTACTS_MAX)
    locale: Locale | None = None
    pay_term: PayTerm | None = None
    collector_id: UUID | None = None
    external_id: Reference | None = None
    comment: LongText | None = None


class ClientPatch(WithCurrency):
    """What may change of a client. `archived` hides it from lists and from new documents, or brings it back."""

    name: ShortText | None = None
    type: Literal["company", "person"] | None = None
    first_name: ShortText | None = None
    last_name: ShortText | None = None
    email: Email | None = None
    phone: Reference | None = None
    reg_number: Reference | None = None
    vat_number: Reference | None = None
    address: Address | None = None
    shipping_address: Address | None = None
    contacts: Annotated[list[Contact], Field(max_length=CONTACTS_MAX)] | None = None
    locale: Locale | None = None
    pay_term: PayTerm | None = None
    collector_id: UUID | None = None
    external_id: Reference | None = None
    comment: LongText | None = None
    archived: bool | None = None

    _kept = field_validator("name", "type", "currency", "contacts", "archived", mode="before")(required_if_sent)


class ClientUpdate(ClientPatch):
    """A client's id, and what changes of it; absent fields stay."""

    id: UUID


class ClientUpsert(ClientIn):
    """A client by what identifies it, and what happens to an existing one.

    With `update` its external id identifies it, with `return` the strongest of external id, e-mail address, and name
    with registration number.
    """

    on_conflict: OnConflict = DEFAULT_ON_CONFLICT


class Balance(ResponseModel):
    """What a client owes and has in credit in one currency."""

    currency: str
    receivable: str
    unapplied: str


class Client(ResponseModel):
    """Someone who owes; `balance` is by currency."""

    id: UUID
    name: str
    type: Literal["company", "person"]
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    reg_number: str | None
    vat_number: str | None
    address: Address | None
    shipping_address: Address | None
    contacts: list[Contact]
    locale: str | None
    currency: str
    pay_term: PayTerm | None
    collector_id: UUID | None
    external_id: str | None
    comment: str | None
    archived: bool
    balance: list[Balance]
    created_at: dt.datetime
    updated_at: dt.datetime


class ClientReference(ResponseModel):
    """A client in short, inside other resources."""

    id: UUID
    name: str
    email: str | None
    external_id: str | None


_CLIENT_FIELDS = (
    "name", "type", "first_name", "last_name", "email", "phone", "reg_number", "vat_number", "address",
    "shipping_address", "contacts", "locale", "currency", "pay_term",
)  # fmt: skip


def from_row(row: Row) -> dict[str, Any]:
    """A client, from `ledger_api.client`.

    `balance` has one row for each currency that the client ever had something in: what is owed, and what the client has
    in credit (overpaid or credited). A client's own `currency` is what new documents get.
    """
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in _CLIENT_FIELDS},
        "collector_id": text(row["collector_id"]),
        "external_id": row["external_id"],
        "comment": row["comment"],
        "archived": row["archived_at"] is not None,
        "balance": [_balance(balance) for balance in row["balances"]],
        "created_at": time_text(row["created_at"]),
        "updated_at": time_text(row["updated_at"]),
    }


def _balance(row: Row) -> dict[str, str]:
    currency = row["currency"]
    return {
        "currency": currency,
        "receivable": from_minor(row["receivable_minor"], currency),
        "unapplied": from_minor(row["unapplied_minor"], currency),
    }


def reference(row: Row) -> JSONObject:
    """A resource's client: `client_id`, and `client` in short, from the `client_*` columns of the resource's view."""
    named = {name: row[f"client_{name}"] for name in ("name", "email", "external_id")}
    return {"client_id": str(row["client_id"]), "client": {"id": str(row["client_id"]), **named}}


def found_or_created(shown: JSONObject, *, created: bool) -> JSONObject:
    """The output of `find_or_create_client`: that of `find_client`, and whether the client was made just now."""
    return {"found": not created, "created": created, "client": shown}


SAMPLE: Final[JSONObject] = {
    "id": "0198f7c4-1a00-7d10-8a51-0c2d3e4f5a6b",
    "name": "Ozola Design SIA",
    "type": "company",
    "first_name": "Aija",
    "last_name": "Ozola",
    "email": "aija@ozola.example",
    "phone": "+371 20000000",
    "reg_number": "40003000000",
    "vat_number": "LV40003000000",
    "address": {
        "street": "Brīvības iela 1",
        "city": "Rīga",
        "postal_code": "LV-1010",
        "region": None,
        "country": "LV",
    },
    "shipping_address": {
        "street": "Uriekstes iela 3",
        "city": "Rīga",
        "postal_code": "LV-1005",
        "region": None,
        "country": "LV",
    },
    "contacts": [
        {"name": "Jānis Kalns", "role": "Accountant", "email": "janis@ozola.example", "phone": "+371 20000002"},
    ],
    "locale": "en",
    "currency": "EUR",
    "pay_term": {"type": 1, "days": 14},
    "collector_id": None,
    "external_id": "crm-1042",
    "comment": "Prefers e-mail",
    "archived": False,
    "balance": [{"currency": "EUR", "receivable": "165.01", "unapplied": "0.00"}],
    "created_at": "2026-03-02T08:00:00+00:00",
    "updated_at": "2026-03-02T08:00:00+00:00",
}

REFERENCE_SAMPLE: Final[JSONObject] = {name: SAMPLE[name] for name in ("id", "name", "email", "external_id")}
