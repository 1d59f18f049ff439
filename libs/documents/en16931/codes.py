"""Code lists as far as they are needed to write: tax categories, electronic addresses, units, payment means."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from documents.document import TAX_CATEGORIES

_VATEX: Final = re.compile(r"VATEX-[A-Z]{2}-[A-Z0-9-]{1,40}", re.ASCII)
_CATEGORY_OF_VATEX: Final = {"VATEX-EU-AE": "AE", "VATEX-EU-IC": "K", "VATEX-EU-G": "G", "VATEX-EU-O": "O"}
_VATEX_OF_CATEGORY: Final = {category: code for code, category in _CATEGORY_OF_VATEX.items()}
_REASONS: Final = {
    "AE": "Reverse charge", "K": "Intra-community supply", "G": "Export outside the EU", "O": "Not subject to VAT",
    "E": "Exempt from VAT",
}  # fmt: skip
NOT_SUBJECT: Final = "O"
_WITHOUT_RATE: Final = frozenset({"E", "AE", "K", "G", "O", "Z"})


class UnknownCategory(ValueError):
    """The tax category cannot be said in EN 16931; the message says why."""


def category_of(category: str | None, rate: Decimal | None) -> tuple[str, str | None]:
    """Return (UN/ECE 5305 code, VATEX code) of a tax as our documents name it: by either, or by its rate alone.

    Raises:
        UnknownCategory: the category is no code and the rate is 0, or the code does not go with the rate.
    """
    percent = rate or Decimal(0)
    code, vatex = _named(category, percent)
    if code == "S" and not percent:
        code = "Z"
    if percent and code in _WITHOUT_RATE:
        raise UnknownCategory(f"is {category}, which has no rate, but the rate is {percent:f}")
    return code, vatex or _VATEX_OF_CATEGORY.get(code)


def _named(category: str | None, percent: Decimal) -> tuple[str, str | None]:
    if category is not None and _VATEX.fullmatch(category):
        return _CATEGORY_OF_VATEX.get(category, "E"), category
    if category in TAX_CATEGORIES:
        return category, None
    if percent:
        return "S", None
    if category is None:
        return "Z", None
    raise UnknownCategory("does not say why no tax is charged: use a code of UN/ECE 5305 (Z, E, AE, K, G, O) or VATEX")


def reason_of(code: str) -> str | None:
    """Why no tax is charged, in words; None for categories that need no reason."""
    return _REASONS.get(code)


_VAT_SCHEMES: Final = {
    "AD": "9922", "AL": "9923", "AT": "9914", "BA": "9924", "BE": "9925", "BG": "9926", "CH": "9927", "CY": "9928",
    "CZ": "9929", "DE": "9930", "EE": "9931", "EL": "9933", "ES": "9920", "FR": "9957", "GB": "9932", "HR": "9934",
    "HU": "9910", "IE": "9935", "IT": "0211", "LI": "9936", "LT": "9937", "LU": "9938", "LV": "9939", "MC": "9940",
    "ME": "9941", "MK": "9942", "MT": "9943", "NL": "9944", "PL": "9945", "PT": "9946", "RO": "9947", "RS": "9948",
    "SI": "9949", "SK": "9950", "SM": "9951", "TR": "9952", "VA": "9953",
}  # fmt: skip
"""Schemes of the EAS list in which an identifier is a VAT number, by its prefix."""


def endpoint_of(identifier: str | None, vat_number: str | None, email: str | None) -> tuple[str, str] | None:
    """An electronic address: the stored one (`0088:...`), else by the VAT number, else by e-mail (scheme EM)."""
    if identifier:
        scheme, _, value = identifier.partition(":")
        return scheme, value
    if vat_number and (scheme := _VAT_SCHEMES.get(vat_number[:2], "")):
        return scheme, vat_number
    return ("EM", email) if email else None


def vat_number_of(number: str | None, country: str | None) -> str | None:
    """A VAT number with its country's prefix, which EN 16931 wants (BR-CO-09); Greece has EL."""
    if not number:
        return None
    compact = re.sub(r"[\s.-]", "", number).upper()
    prefix = "EL" if country == "GR" else country or ""
    return compact if compact[:2].isalpha() and compact.isascii() else f"{prefix}{compact}"


_UNITS: Final = frozenset({
    "ANN", "BLL", "C62", "CMK", "CMQ", "CMT", "CQ", "DAY", "DMQ", "DTN", "EA", "GRM", "H87", "HAR", "HLT", "HUR", "INH",
    "KGM", "KMT", "KWH", "LTR", "LS", "MAW", "MGM", "MIN", "MLT", "MMT", "MON", "MTK", "MTQ", "MTR", "MWH", "NAR",
    "NPR", "P1", "PR", "QAN", "SEC", "SET", "SMI", "STN", "TNE", "WEE", "XBG", "XBO", "XBX", "XCT", "XPA", "XPK", "XPP",
    "XPX", "XRO", "XSA", "ZZ",
})  # fmt: skip
_WORDS: Final = {
    "pcs": "H87", "pc": "H87", "pce": "H87", "piece": "H87", "pieces": "H87", "stk": "H87", "gab": "H87", "gab.": "H87",
    "h": "HUR", "hr": "HUR", "hour": "HUR", "hours": "HUR", "heure": "HUR", "hora": "HUR", "st.": "HUR",
    "d": "DAY", "day": "DAY", "days": "DAY", "jour": "DAY", "month": "MON", "months": "MON", "year": "ANN",
    "week": "WEE", "min": "MIN", "kg": "KGM", "g": "GRM", "t": "TNE", "l": "LTR", "litre": "LTR", "liter": "LTR",
    "ml": "MLT", "m": "MTR", "cm": "CMT", "mm": "MMT", "km": "KMT", "m2": "MTK", "m²": "MTK", "m3": "MTQ", "m³": "MTQ",
    "kwh": "KWH", "mwh": "MWH", "pack": "XPK", "box": "XBX", "bag": "XBG", "pallet": "XPX", "set": "SET", "pair": "PR",
}  # fmt: skip
ONE: Final = "C62"


def unit_of(unit: str | None) -> tuple[str, str | None]:
    """Return (code of UN/ECE Recommendation 20, the unit's own word where the code alone would lose it)."""
    if not unit:
        return ONE, None
    if unit in _UNITS:
        return unit, None
    return _WORDS.get(unit.lower(), ONE), unit


PAYMENT_CODES: Final = {
    "bank": "30", "cash": "10", "card": "48", "offsetting": "97", "prepayment": "1", "factoring": "1",
    "not_defined": "1",
}  # fmt: skip
"""UN/ECE 4461 by the payment method of a document; 1 is "instrument not defined"."""
CREDIT_TRANSFER: Final = "30"
CARD: Final = "48"
NOT_DEFINED: Final = "1"
