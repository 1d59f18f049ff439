"""What callers send about clients and products beside `ClientIn`: changes, products, and what to do on a clash.

A change carries only the fields that were sent (`model_fields_set`): what is absent stays as it is, null takes a value
away, and lists and addresses are replaced whole. Suppliers are what the purchase inbox tells of them.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, field_validator

from contracts.resources.schemas import (
    CONTACTS_MAX,
    Address,
    ClientIn,
    Contact,
    Email,
    Locale,
    LongText,
    Model,
    PayTerm,
    Reference,
    ShortText,
    WithCurrency,
)

OnConflict = Literal["error", "update", "return"]
"""What becomes of an object that is there already: it is refused, or changed, or given back as it is."""

DEFAULT_ON_CONFLICT: Final[OnConflict] = "error"


def required_if_sent(value: Any) -> Any:
    """Refuse null for a field that every object has."""
    if value is None:
        raise ValueError("cannot be taken away: leave it out to keep it")
    return value


class ByIdInput(Model):
    """A thing by its id."""

    id: UUID


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
    """A client by whatever tells who it is, and what becomes of one that is there.

    With `update` its external id tells, with `return` the strongest of external id, e-mail address, and name with
    registration number.
    """

    on_conflict: OnConflict = DEFAULT_ON_CONFLICT
