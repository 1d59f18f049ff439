"""Parties of a UBL document: supplier and customer, companies or persons, with what identifies them."""

from __future__ import annotations

from typing import Final

from documents.document import NAME_CHARS_MAX, REFERENCE_CHARS_MAX, Address
from documents.element import Element
from documents.parties import Party

REPEATABLE: Final = frozenset({"cac:PartyTaxScheme", "cac:PartyName", "cac:PartyLegalEntity", "cac:Person"})


NAME: Final = "cac:PartyLegalEntity/cbc:RegistrationName"


def party(holder: Element) -> tuple[Party, Element]:
    """Read `cac:Party` of a supplier or customer, and return it with the element.

    Its name is the registered one, else the trading name, else a person's.
    """
    party = holder.child("cac:Party")
    name: str | None = None
    reg_number: str | None = None
    for legal in party.children("cac:PartyLegalEntity"):
        name = name or legal.text("cbc:RegistrationName", NAME_CHARS_MAX)
        reg_number = reg_number or legal.text("cbc:CompanyID", REFERENCE_CHARS_MAX)
    for traded in party.children("cac:PartyName"):
        name = name or traded.text("cbc:Name", NAME_CHARS_MAX)
    person = None if name else _person_name(party)
    contact = party.child("cac:Contact")
    contact_name = contact.text("cbc:Name", NAME_CHARS_MAX)
    read = Party(
        name=name or person or contact_name,
        type="person" if person else None,
        reg_number=reg_number,
        tax_number=_vat_number(party),
        email=contact.text("cbc:ElectronicMail", NAME_CHARS_MAX),
        phone=contact.text("cbc:Telephone", REFERENCE_CHARS_MAX),
        address=_address(party.child("cac:PostalAddress")),
    )
    return read, party


def _person_name(party: Element) -> str | None:
    for person in party.children("cac:Person"):
        parts = [
            person.text(f"cbc:{part}", NAME_CHARS_MAX)
            for part in ("FirstName", "MiddleName", "FamilyName", "OtherName")
        ]
        if name := " ".join(part for part in parts if part)[:NAME_CHARS_MAX]:
            return name
    return None


def _vat_number(party: Element) -> str | None:
    """Read the number under the scheme VAT, else the first one whose scheme is not named."""
    unnamed: str | None = None
    for scheme in party.children("cac:PartyTaxScheme"):
        number = scheme.text("cbc:CompanyID", REFERENCE_CHARS_MAX)
        kind = scheme.child("cac:TaxScheme").text("cbc:ID", REFERENCE_CHARS_MAX)
        if number and kind == "VAT":
            return number
        unnamed = unnamed or (number if kind is None else None)
    return unnamed


def _address(element: Element) -> Address | None:
    streets = [element.text(f"cbc:{name}", NAME_CHARS_MAX) for name in ("StreetName", "AdditionalStreetName")]
    country = element.child("cac:Country")
    address = Address(
        street=", ".join(street for street in streets if street)[:NAME_CHARS_MAX] or None,
        city=element.text("cbc:CityName", NAME_CHARS_MAX),
        postal_code=element.text("cbc:PostalZone", REFERENCE_CHARS_MAX),
        region=element.text("cbc:CountrySubentity", NAME_CHARS_MAX),
        country=country.text("cbc:IdentificationCode", NAME_CHARS_MAX) or country.text("cbc:Name", NAME_CHARS_MAX),
    )
    return address if address != Address() else None
