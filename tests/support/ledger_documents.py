"""Generate sales documents that the ledger can hold, as `GET /v1/sales/{id}` gives them: amounts by the ledger's rules.

`given` is what a caller sends (`SaleIn`); what the ledger refuses of it is assumed away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from hypothesis import assume
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.command_errors import InvalidInput
from contracts.resources import sale as sale_resource
from contracts.resources.client import ClientIn
from contracts.resources.sale import SaleIn
from contracts.urls import PublicUrls
from ledger.account import Account
from ledger.clients.rules import new_client
from ledger.sales.sale import draft

_ACCOUNT = Account(UUID(int=1))
_NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)
_URLS = PublicUrls("https://books.example")

WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufffe\uffff"), min_size=1, max_size=30
).map(lambda text: " ".join(text.split())).filter(bool)  # fmt: skip
CODES = st.text("0123456789-AZ", min_size=1, max_size=20)


def decimals(least: int, most: int, places: int) -> st.SearchStrategy[str]:
    """Decimal text of at most so many places."""
    return st.one_of(
        [
            st.integers(least * 10**some, most * 10**some).map(partial(_with_point, places=some))
            for some in range(places + 1)
        ]
    )


def _with_point(value: int, places: int) -> str:
    if not places:
        return str(value)
    whole, fraction = divmod(abs(value), 10**places)
    return f"{'-' if value < 0 else ''}{whole}.{fraction:0{places}d}"


def optional(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of these fields."""
    return st.fixed_dictionaries({}, optional=strategies)


ADDRESSES = st.fixed_dictionaries(
    {"street": WORDS, "city": WORDS, "postal_code": CODES, "country": st.sampled_from(["LV", "DE", "FR", "BE"])},
    optional={"region": WORDS},
)
TAXES = st.sampled_from(
    [{}, {"tax_rate": "21"}, {"tax_rate": "5.5"}, {"tax_rate": "0"}, {"tax_rate": "19", "tax_category": "S"},
     {"tax_category": "E"}, {"tax_category": "AE"}]
)  # fmt: skip
DISCOUNTS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    decimals(0, 100, 3).map(lambda percent: {"discount": percent}),
    decimals(0, 50, 0).map(lambda amount: {"discount_amount": amount}),
)


def lines(taxes: st.SearchStrategy[dict[str, Any]] = TAXES) -> st.SearchStrategy[dict[str, Any]]:
    """A line: free text or an item, at times below 0, with every kind of discount."""
    amounts = {"description": WORDS, "quantity": decimals(-50, 1_000, 3), "unit_price": decimals(-50, 5_000, 4)}
    units = st.sampled_from(["pcs", "h", "KGM", "litre", "sack of 3"])
    return st.tuples(st.fixed_dictionaries(amounts), DISCOUNTS, taxes, optional(item_code=CODES, unit=units)).map(
        _merged
    )


def _merged(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


ADJUSTMENTS = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["charge", "discount"]), "mode": st.just("pct"), "amount": decimals(0, 20, 2)},
        optional={"description": WORDS},
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["charge", "discount"]), "mode": st.just("amount"), "amount": decimals(0, 40, 0)},
        optional={"description": WORDS},
    ),
)
TERMS = st.one_of(
    st.just({}),
    st.tuples(st.sampled_from([1, 2]), st.integers(0, 90)).map(lambda given: _term(*given)),
    st.sampled_from([3, 4]).map(lambda kind: _term(kind, None)),
    st.dates(date(2026, 5, 1), date(2027, 5, 1)).map(lambda day: {"date_due": str(day)}),
)


def _term(kind: int, days: int | None) -> dict[str, Any]:
    return {"pay_term": {"type": kind, "days": days}}


CLIENTS = st.fixed_dictionaries(
    {"name": WORDS, "address": ADDRESSES, "vat_number": CODES.map(lambda code: "LV4000" + code[:8])},
    optional={"reg_number": CODES, "email": st.just("bills@client.example"), "phone": CODES},
)

SELLER: Mapping[str, Any] = {
    "name": "Ziemeļu Papīrs SIA",
    "address": {
        "street": "Brīvības iela 1", "city": "Rīga", "postal_code": "LV-1010", "region": None, "country": "LV",
    },
    "reg_number": "40003000001",
    "vat_number": "LV40003000001",
    "email": "bills@papirs.example",
    "phone": "+371 20000000",
    "bank_accounts": [{"name": "Banka", "iban": "LV80BANK0000435195001", "bic": "HABALV22"}],
    "endpoint_id": "9939:LV40003000001",
}  # fmt: skip


def sales(
    *,
    kinds: tuple[str, ...] = ("sales_invoice", "credit_note"),
    currencies: tuple[str, ...] = ("EUR", "JPY", "USD"),
    taxes: st.SearchStrategy[dict[str, Any]] = TAXES,
    clients: st.SearchStrategy[dict[str, Any]] = CLIENTS,
) -> st.SearchStrategy[dict[str, Any]]:
    """An issued document with everything it may hold.

    All strategies are made here, once: Hypothesis checks each new one, which takes longer than to draw from it.
    """
    always = st.fixed_dictionaries(
        {
            "sale_type": st.sampled_from(kinds),
            "client": clients,
            "currency": st.sampled_from(currencies),
            "document_date": st.just("2026-05-01"),
            "include_tax": st.booleans(),
            "lines": st.lists(lines(taxes), min_size=1, max_size=4),
            "adjustments": st.lists(ADJUSTMENTS, max_size=3),
        }
    )
    sometimes = optional(
        operation=st.sampled_from(["sell_goods", "sell_services", "other_income"]),
        tax_basis=st.integers(1, 2),
        payment_method=st.integers(0, 6),
        shipping_type=st.integers(0, 3),
        shipping_charge=decimals(0, 30, 0),
        comment=WORDS,
        external_id=CODES,
        deposit=decimals(0, 10, 0),
    )
    return st.tuples(always, TERMS, sometimes, CODES).map(_sale_of_parts)


def _sale_of_parts(parts: tuple[Any, ...]) -> dict[str, Any]:
    *fields, code = parts
    given = _merged(fields)
    if given["sale_type"] == "credit_note":
        given.pop("deposit", None)
    return sale_of(given, number=f"INV-{code}")


def sale_of(given: Mapping[str, Any], *, number: str | None = "INV-2026-000001") -> dict[str, Any]:
    """The document that the ledger makes of what a caller sends, issued under this number; else the example is void."""
    try:
        asked = SaleIn.model_validate(given)
        client_in = asked.client or ClientIn(name="Client")
        client = new_client(client_in, client_id=UUID(int=2), account=_ACCOUNT, now=_NOW)
        sale = draft(asked, sale_id=UUID(int=3), account=_ACCOUNT, client=client, today=_NOW.date(), now=_NOW)
    except (InvalidInput, ValidationError):
        assume(False)  # noqa: FBT003  hypothesis's own signature
        raise
    row: dict[str, Any] = asdict(sale) | {
        "number": number, "status": "issued", "settlement": "unpaid", "overdue": False, "allocations": [],
        "refunds": [], "converted_to": None, "status_reason": None, "send_requested_at": None, "issued_at": _NOW,
        "amount_due_minor": sale.total_minor - sale.deposit_minor, "credited_minor": 0, "unapplied_minor": 0,
        "updated_at": _NOW,
    }  # fmt: skip
    return sale_resource.from_row(row, _URLS)
