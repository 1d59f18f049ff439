"""The time line of a document: what became of it, what settled it, and what was written and said about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from console.case_timeline import TITLES, Happened
from console.event_texts import EVENTS
from console.i18n import N_

PURPOSES: Final = {"reminder": N_("Reminder sent"), "document": N_("Document sent")}


def of_sale(items: Sequence[Mapping[str, Any]], sale_id: str) -> Iterator[Happened]:
    """The entries of the API's time line of a sales document, in its order."""
    for one in items:
        detail, kind = one["detail"], one["kind"]
        if kind == "event":
            yield _event(one)
        elif kind == "settlement":
            yield _settlement(one, sale_id)
        elif kind == "message":
            title = PURPOSES.get(detail["purpose"], TITLES[detail["direction"]])
            yield Happened(one["at"], kind, title, detail, detail["state"], f"/messages/{one['id']}")
        elif kind == "dispute":
            title = TITLES["dispute" if detail["state"] == "open" else "dispute_resolved"]
            yield Happened(one["at"], kind, title, detail, link=f"/disputes/{one['id']}")
        elif kind == "promise":
            yield Happened(one["at"], kind, TITLES[kind], detail, detail["state"], "/promises")
        elif kind == "refund":
            yield Happened(one["at"], kind, N_("Refunded"), detail)
        else:
            title = TITLES["call" if detail["note_kind"] == "call" else "note"]
            yield Happened(one["at"], kind, title, detail)


def _event(one: Mapping[str, Any]) -> Happened:
    """A change of state is shown as the state that it led to."""
    detail = one["detail"]
    is_changed = detail["trigger"] == "sale.updated" and detail["status"] != detail["status_before"]
    title = N_("State changed") if is_changed else EVENTS.get(detail["trigger"], detail["trigger"])
    return Happened(one["at"], "event", title, detail, detail["status"] if is_changed else "")


def _settlement(one: Mapping[str, Any], sale_id: str) -> Happened:
    """What a payment or credit note settled of an invoice; on the credit note's own page, which invoice."""
    detail = one["detail"]
    is_taken_back = Decimal(detail["amount"]) < 0
    about = detail | {"amount": detail["amount"].removeprefix("-")}
    if detail["payment_id"]:
        title, link = N_("Payment applied"), f"/payments/{detail['payment_id']}"
        title = N_("Payment taken off") if is_taken_back else title
    else:
        other = detail["sale_id"] if detail["credit_note_id"] == sale_id else detail["credit_note_id"]
        title, link = N_("Credit applied"), f"/sales/{other}"
        title = N_("Credit taken off") if is_taken_back else title
    return Happened(one["at"], "settlement", title, about, link=link)


def of_bill(bill: Mapping[str, Any], message: Mapping[str, Any] | None) -> list[Happened]:
    """When a bill came in, was recorded and was made void, newest first; the message may not be kept any more."""
    found = [Happened(bill["created_at"], "event", N_("Bill recorded"), {})]
    if message is not None:
        link = f"/inbox/purchases/{message['id']}"
        found.append(Happened(message["received_at"], "event", EVENTS["inbox.received"], {}, link=link))
    if bill["status"] == "void":
        found.append(Happened(bill["updated_at"], "event", EVENTS["sale.voided"], {"reason": bill["status_reason"]}))
    return sorted(found, key=lambda one: one.at, reverse=True)
