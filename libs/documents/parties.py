"""A party of an e-invoice, in whichever syntax it was read, as the supplier or client of our document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from documents.document import Address, Client, Supplier
from documents.element import Element


@dataclass(frozen=True, slots=True)
class Party:
    """What both parties have in common; `type` is "person" where only a person is named."""

    name: str | None
    reg_number: str | None
    tax_number: str | None
    email: str | None
    phone: str | None
    address: Address | None
    type: Literal["person"] | None = None


def supplier_of(party: Party, element: Element, name: str, *, required: bool) -> Supplier | None:
    """Make the supplier; without a name, which stands at `name`, it is a fault where it is `required`."""
    if party.name is None:
        if required:
            element.refuse(name, "is required")
        return None
    return Supplier(
        name=party.name,
        reg_number=party.reg_number,
        tax_number=party.tax_number,
        email=party.email,
        phone=party.phone,
        address=party.address,
    )


def client_of(party: Party, element: Element, name: str, *, needed: bool) -> Client | None:
    """Make the client; one without a name is taken, with a warning where it is `needed`."""
    if party.name is None and needed:
        element.warn(name, "client_name_missing", "is missing")
    found = Client(
        name=party.name,
        type=party.type,
        reg_number=party.reg_number,
        vat_number=party.tax_number,
        email=party.email,
        phone=party.phone,
        address=party.address,
    )
    return None if found == Client() else found
