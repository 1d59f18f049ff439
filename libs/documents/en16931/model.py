"""An invoice or credit note as EN 16931 has it (BG and BT are its groups and terms), ready to be written.

Amounts are text with the currency's decimals, at most two; quantities, prices and rates are plain decimal text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Profile = Literal["peppol", "xrechnung", "facturx"]
"""Peppol BIS Billing 3, XRechnung 3, Factur-X at its level EN 16931."""

SPECIFICATIONS: Final[dict[Profile, str]] = {
    "peppol": "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
    "xrechnung": "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
    "facturx": "urn:cen.eu:en16931:2017",
}
"""BT-24, by which a receiver knows the rules that a document follows."""

PROCESS: Final = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
"""BT-23, the billing process of Peppol."""

INVOICE: Final = "380"
CREDIT_NOTE: Final = "381"
UNIT_PROPERTY: Final = "Unit"
"""The item attribute (BG-32) that keeps a unit for which UN/ECE Recommendation 20 has no code here."""

FREIGHT: Final = "FC"
"""Shipping among charges: UN/ECE 7161, freight service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """BG-4 or BG-7; `endpoint` is (scheme of the EAS list, identifier)."""

    name: str
    street: str | None
    city: str | None
    postal_code: str | None
    region: str | None
    country: str
    vat_number: str | None
    reg_number: str | None
    email: str | None
    phone: str | None
    endpoint: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Vat:
    """A tax category (UN/ECE 5305) with its rate in percent; None where it must have none (not subject to VAT)."""

    code: str
    rate: str | None


@dataclass(frozen=True, slots=True)
class AllowanceCharge:
    """BG-20, 21, 27 or 28; `base` and `percent` both or neither; `vat` for the whole document's alone."""

    is_charge: bool
    amount: str
    reason: str
    code: str | None = None
    base: str | None = None
    percent: str | None = None
    vat: Vat | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """BG-25; `price` is of one and never below 0, `quantity` may be. `unit` is (code, the word where it has none)."""

    id: str
    name: str
    description: str | None
    item_code: str | None
    quantity: str
    unit: tuple[str, str | None]
    price: str
    net: str
    vat: Vat
    discount: AllowanceCharge | None = None


@dataclass(frozen=True, slots=True)
class TaxRow:
    """BG-23."""

    vat: Vat
    taxable: str
    tax: str
    exemption_code: str | None
    exemption_reason: str | None


@dataclass(frozen=True, slots=True)
class BankAccount:
    """BG-17."""

    iban: str
    name: str | None
    bic: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """BG-13 with BG-15."""

    date: str
    street: str | None
    city: str | None
    postal_code: str | None
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """The whole document; dates as YYYY-MM-DD."""

    profile: Profile
    type_code: str
    number: str
    issue_date: str
    due_date: str | None
    terms: str | None
    currency: str
    note: str | None
    buyer_reference: str
    preceding: str | None
    seller: Party
    buyer: Party
    delivery: Delivery | None
    payment_code: str
    bank_accounts: tuple[BankAccount, ...]
    lines: tuple[Line, ...]
    changes: tuple[AllowanceCharge, ...]
    taxes: tuple[TaxRow, ...]
    line_total: str
    allowance_total: str | None
    charge_total: str | None
    net: str
    tax: str
    total: str
    prepaid: str | None
    payable: str
