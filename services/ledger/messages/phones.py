"""Read phone numbers as people write them (libphonenumber's data): the form E.164 is what gateways and matching use."""

from __future__ import annotations

from typing import Final

import phonenumbers

LAST_DIGITS: Final = 7
"""By so many last digits a client's number is looked up before it is compared: `ledger.last_digits`."""


def e164(number: str, country: str | None = None) -> str | None:
    """The number as `+37120000000`; None where it is no possible number.

    `country` (ISO 3166) reads a number without a country's code; `00` in front of one is taken as a plus.
    """
    text = number.strip()
    if text.startswith("00"):
        text = f"+{text[2:]}"
    try:
        read = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(read):
        return None
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)


def last_digits(number: str) -> str:
    """The digits by which a number is looked up."""
    return "".join(char for char in number if char in "0123456789")[-LAST_DIGITS:]
