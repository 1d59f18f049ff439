"""What reminders say: the language that is chosen, and the names that their templates know. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from contracts.primitives.money import from_minor

LISTED_MAX: Final = 50  # invoices that one message lists: as many as it can carry as PDF
SUBJECT_CHARACTERS_MAX: Final = 250  # mail programs show less
_FALLBACK: Final = "en"


@dataclass(frozen=True, slots=True)
class ListedInvoice:
    """An open invoice, as a message lists it; amounts in minor units. Nothing is demanded for a disputed one."""

    number: str
    document_date: date | None
    date_due: date | None
    currency: str
    total_minor: int
    open_minor: int
    disputed: bool = False


def chosen_language(languages: Iterable[str], *wanted: str | None) -> str:
    """The first language wanted that there is, with its country or without; else English, else the first there is."""
    there = {one.replace("_", "-").lower(): one for one in languages}
    for locale in (*wanted, _FALLBACK):
        normal = (locale or "").replace("_", "-").lower()
        for one in (normal, normal.partition("-")[0]):
            if one in there:
                return there[one]
    return next(iter(there.values()))


def texts_of(template: Mapping[str, Any], *wanted: str | None) -> tuple[str, Mapping[str, Any]]:
    """The language and the texts `{subject, body}` of a step's template, which has one for all or one for each."""
    if "body" in template:
        return (wanted[0] if wanted and wanted[0] else _FALLBACK), template
    language = chosen_language(template, *wanted)
    return language, template[language]


def says_disputed(template: Mapping[str, Any]) -> bool:
    """Whether a step's template marks disputed invoices, in each of its languages: else it must not list them."""
    texts = [template] if "body" in template else template.values()
    return bool(template) and all(".disputed" in one["body"] for one in texts)


def template_names(
    *,
    client: Mapping[str, Any],
    account: Mapping[str, Any],
    invoices: Sequence[ListedInvoice],
    step: int,
    today: date,
) -> dict[str, Any]:
    """The names that a message's templates know; `step` counts from 1. JSON-able.

    `account` is {name, and what its profile has}; `client` a row of the client; `invoices` has disputed ones last,
    which are listed, but neither counted nor demanded.
    """
    listed = [_listed(one, today) for one in invoices[:LISTED_MAX]]
    demanded = [one for one in invoices if not one.disputed]
    amount = amounts(demanded)
    return {
        "client": _client(client),
        "account": _account(account),
        "invoices": listed,
        "invoice": listed[0] if listed else None,
        "count": len(demanded),
        "amount": amount,
        "amount_due": amount,
        "overdue": amounts([one for one in demanded if _days_overdue(one, today) > 0]),
        "disputed": amounts([one for one in invoices if one.disputed]) or None,
        "step": step,
        "today": today.isoformat(),
    }


def sample_names() -> dict[str, Any]:
    """Names with every value there: what a template is tried with before any client sees it."""
    client = dict.fromkeys(("email", "phone", "reg_number", "vat_number", "external_id"), "sample")
    profile = dict.fromkeys(("email", "phone", "website", "reg_number", "vat_number"), "sample")
    names = template_names(
        client={**client, "name": "Ozola Design SIA", "first_name": "Aija", "last_name": "Ozola"},
        account={**profile, "name": "Baltic Trading SIA", "bank_accounts": [{"iban": "LV80BANK0000435195001"}]},
        invoices=[SAMPLE_INVOICE],
        step=1,
        today=date(2026, 3, 19),
    )
    return {**names, "target": {"id": "sample", "name": "Final notice"}}


SAMPLE_INVOICE: Final = ListedInvoice("INV-2026-000042", date(2026, 3, 2), date(2026, 3, 16), "EUR", 16501, 16501)


def amounts(invoices: Sequence[ListedInvoice]) -> str:
    """What is open, in each currency: `165.01 EUR, 20.00 USD`; empty without any."""
    sums: defaultdict[str, int] = defaultdict(int)
    for one in invoices:
        sums[one.currency] += one.open_minor
    return ", ".join(f"{from_minor(minor, currency)} {currency}" for currency, minor in sums.items())


def one_line(subject: str) -> str:
    """A subject as a mail can bear it."""
    return " ".join(subject.split())[:SUBJECT_CHARACTERS_MAX]


def _client(client: Mapping[str, Any]) -> dict[str, Any]:
    names = ("name", "first_name", "last_name", "email", "phone", "reg_number", "vat_number", "external_id")
    person = " ".join(filter(None, (client["first_name"], client["last_name"])))
    return {name: client[name] for name in names} | {"contact": person or client["name"]}


def _account(account: Mapping[str, Any]) -> dict[str, Any]:
    names = ("email", "phone", "website", "reg_number", "vat_number")
    banks = account.get("bank_accounts") or []
    return {name: account.get(name) for name in names} | {
        "name": account.get("legal_name") or account["name"],
        "iban": banks[0]["iban"] if banks else None,
    }


def _listed(one: ListedInvoice, today: date) -> dict[str, Any]:
    days, amount_due = _days_overdue(one, today), from_minor(one.open_minor, one.currency)
    return {
        "number": one.number,
        "document_date": one.document_date.isoformat() if one.document_date else None,
        "date_due": one.date_due.isoformat() if one.date_due else None,
        "currency": one.currency,
        "total": from_minor(one.total_minor, one.currency),
        "open": amount_due,
        "amount_due": amount_due,
        "days_overdue": days,
        "overdue": days > 0,
        "disputed": one.disputed,
    }


def _days_overdue(one: ListedInvoice, today: date) -> int:
    return max((today - one.date_due).days, 0) if one.date_due else 0
