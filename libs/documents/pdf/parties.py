"""Seller and client, as the PDF shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from documents.pdf.formats import Formats
from documents.pdf.labels.shape import Labels

# Countries whose postal code follows city and region, and its separator.
_CODE_LAST: Final = {"AU": " ", "CA": " ", "GB": " ", "IE": " ", "IN": " ", "US": " ", "LV": ", "}


@dataclass(frozen=True, slots=True)
class Party:
    """A name, what is below it, and the same in short for the foot of the page."""

    name: str
    details: tuple[str, ...]
    short: str


def party(who: Mapping[str, Any], labels: Labels, formats: Formats, clean: Callable[[str], str]) -> Party:
    """Read a client's snapshot, or an account: all but `name` may be missing."""

    def format_value(value: object) -> str:
        return " ".join(clean(str(value)).split("\n")).strip() if value else ""

    name = format_value(who["name"])
    person = f"{format_value(who.get('first_name'))} {format_value(who.get('last_name'))}".strip()
    address = {field: format_value(value) for field, value in (who.get("address") or {}).items()}
    numbers = [
        f"{label} {format_value(value)}"
        for label, value in ((labels.registration, who.get("reg_number")), (labels.vat, who.get("vat_number")))
        if value
    ]
    lines = [
        "" if person == name else person,
        *_address(address, formats),
        *numbers,
        format_value(who.get("email")),
        format_value(who.get("phone")),
        format_value(who.get("website")),
        *(" ".join(map(format_value, _bank(account))).strip() for account in who.get("bank_accounts") or ()),
    ]
    return Party(name, tuple(filter(None, lines)), "  ·  ".join([name, *numbers]))


def _bank(account: Mapping[str, Any]) -> Iterator[object]:
    """Yield a bank account's name, IBAN and BIC."""
    yield account.get("name")
    yield f"IBAN {account['iban']}"
    yield f"BIC {account['bic']}" if account.get("bic") else None


def _address(address: Mapping[str, str], formats: Formats) -> Iterator[str]:
    """Street, city with its postal code, region and country, in the order of the address's own country."""
    street, city, code, region, country = (
        address.get(field, "") for field in ("street", "city", "postal_code", "region", "country")
    )
    yield street
    if country in _CODE_LAST:
        town = ", ".join(filter(None, (city, region)))
        yield _CODE_LAST[country].join(filter(None, (town, code)))
    else:
        yield f"{code} {city}".strip()
        yield region
    yield formats.country(country) if country else ""
