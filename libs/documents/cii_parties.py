"""Parties of a Cross Industry Invoice: seller and buyer, with what identifies them."""

from __future__ import annotations

from typing import Final

from documents.document import NAME_CHARS_MAX, REFERENCE_CHARS_MAX, Address
from documents.element import Element
from documents.parties import Party

NAME: Final = "ram:Name"
REPEATABLE: Final = frozenset({"ram:DefinedTradeContact", "ram:SpecifiedTaxRegistration"})
_VAT: Final = "VA"


def party(element: Element) -> Party:
    """Read `ram:SellerTradeParty` or `ram:BuyerTradeParty`: its name, else its trading name, else its contact's."""
    name = element.texts(NAME, NAME_CHARS_MAX)
    organization = element.child("ram:SpecifiedLegalOrganization")
    trading = organization.text("ram:TradingBusinessName", NAME_CHARS_MAX)
    email, phone, contact = _contact(element)
    return Party(
        name=name or trading or contact,
        reg_number=organization.text("ram:ID", REFERENCE_CHARS_MAX),
        tax_number=_tax_number(element),
        email=email,
        phone=phone,
        address=_address(element.child("ram:PostalTradeAddress")),
    )


def _contact(element: Element) -> tuple[str | None, str | None, str | None]:
    """Read e-mail address, telephone and name of the first contact that has each."""
    email, phone, name = None, None, None
    for contact in element.children("ram:DefinedTradeContact"):
        at = contact.child("ram:EmailURIUniversalCommunication").text("ram:URIID", NAME_CHARS_MAX)
        number = contact.child("ram:TelephoneUniversalCommunication").text("ram:CompleteNumber", REFERENCE_CHARS_MAX)
        person = contact.text("ram:PersonName", NAME_CHARS_MAX)
        email, phone, name = email or at, phone or number, name or person
    return email, phone, name


def _tax_number(element: Element) -> str | None:
    """Read the VAT number (scheme VA), else one whose scheme is not named; a number of the tax office is none."""
    unnamed: str | None = None
    for registration in element.children("ram:SpecifiedTaxRegistration"):
        scheme = registration.attribute("ram:ID", "schemeID")
        number = registration.text("ram:ID", REFERENCE_CHARS_MAX)
        if number and scheme == _VAT:
            return number
        unnamed = unnamed or (number if scheme is None else None)
    return unnamed


def _address(element: Element) -> Address | None:
    streets = [element.text(f"ram:Line{which}", NAME_CHARS_MAX) for which in ("One", "Two", "Three")]
    address = Address(
        street=", ".join(street for street in streets if street)[:NAME_CHARS_MAX] or None,
        city=element.text("ram:CityName", NAME_CHARS_MAX),
        postal_code=element.text("ram:PostcodeCode", REFERENCE_CHARS_MAX),
        region=element.texts("ram:CountrySubDivisionName", NAME_CHARS_MAX),
        country=element.text("ram:CountryID", NAME_CHARS_MAX),
    )
    return address if address != Address() else None
