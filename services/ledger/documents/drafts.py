"""Decide what becomes of drafts: changed, deleted, or made of another document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from contracts.ids import new_id
from contracts.money import from_minor
from contracts.objects import AdjustmentIn, LineIn, SaleIn, SaleType
from contracts.problem import faults_of
from contracts.transitions import ConvertSale, OnOne, UpdateSale
from ledger.books import Asked, Books, Changes, Happening, Needs
from ledger.decision import Decision
from ledger.documents import issuing, lookup, numbers, references, states
from ledger.documents.sale import Sale, draft
from ledger.documents.standing import standing_of
from ledger.documents.states import Facts
from ledger.errors import BadInput, Fault
from ledger.parties import handlers as parties
from ledger.products import lines

_OTHER_DATE: Final = 0
_COPIED: Final = (
    "sale_type", "currency", "pay_term", "operation", "tax_basis", "include_tax", "payment_method", "shipping_type",
    "comment", "external_id", "invoice_id", "payment_id", "client_id", "document_date",
)  # fmt: skip

BECOMES: Final[Mapping[SaleType, tuple[SaleType, ...]]] = MappingProxyType(
    {
        "sales_estimate": ("sales_order", "sales_proforma", "sales_invoice"),
        "sales_order": ("sales_invoice",),
        "sales_proforma": ("sales_invoice",),
    }
)
"""What each kind is converted to; the first is meant when nothing is said."""


def _need_draft(asked: Asked[UpdateSale], needs: Needs) -> None:
    patch = asked.input
    needs.papers.add(asked.key(patch.id))
    references.need(asked, needs, client_id=patch.client_id, client=patch.client, external_id=patch.external_id)
    references.need_others(asked, needs, invoice_id=patch.invoice_id, payment_id=patch.payment_id)
    lines.need(asked, patch.lines, needs)


def _need_its_own(asked: Asked[Any], books: Books, needs: Needs) -> None:
    """Ask for what the draft names already."""
    paper = books.papers.get(asked.key(asked.input.id))
    if paper is not None:
        needs.clients.add(asked.key(paper.client_id))
        references.need_others(asked, needs, invoice_id=paper.invoice_id, payment_id=paper.payment_id)
        if paper.converted_from is not None:
            needs.sales.add(asked.key(paper.converted_from))


def _update(asked: Asked[UpdateSale], books: Books) -> Changes:
    before = lookup.paper_of(asked, books, asked.input.id)
    standing = lookup.standing_of(asked, books, before.id)
    states.decide(before.sale_type, standing.status, "update")
    given = _patched(before, asked.input)
    references.check_external_id(asked, books, given, own_id=before.id)
    changes = Changes(("sale", before.id))
    client = references.client_of(asked, books, changes, given)
    given = references.referring(asked, books, given, client)
    if "lines" in asked.input.model_fields_set:
        given = lines.with_products(asked, books, changes, given, currency=given.currency or client.currency)
    after = draft(given, sale_id=before.id, account=asked.account, client=client, today=asked.today, now=asked.now)
    snapshot = after.client if asked.input.model_fields_set & {"client_id", "client"} else before.client
    after = replace(after, client=snapshot, created_at=before.created_at, converted_from=before.converted_from)
    changes.sales[after.id] = after
    stands = standing_of(after, now=asked.now)
    changes.stand(stands)
    changes.tell("sale.updated", standing.status, stands)
    return changes


UPDATE_SALE = Decision(UpdateSale, _need_draft, _update, _need_its_own)


def _delete(asked: Asked[OnOne], books: Books) -> Changes:
    paper = lookup.paper_of(asked, books, asked.input.id)
    standing = lookup.standing_of(asked, books, paper.id)
    status = states.decide(paper.sale_type, standing.status, "delete")
    changes = Changes(("sale", paper.id), gone=[paper.id])
    issuing.unlinked(changes, paper.id, paper.converted_from, asked, books)
    changes.happenings.append(Happening("sale.deleted", "sale", paper.id, paper.client_id, (standing.status, status)))
    return changes


def _need_paper(asked: Asked[Any], needs: Needs) -> None:
    needs.papers.add(asked.key(asked.input.id))


DELETE_SALE = Decision(OnOne, _need_paper, _delete, _need_its_own)


def _need_converted(asked: Asked[ConvertSale], needs: Needs) -> None:
    _need_paper(asked, needs)
    references.need(asked, needs, client_id=None, client=None, external_id=asked.input.external_id)


def _need_to_convert(asked: Asked[ConvertSale], books: Books, needs: Needs) -> None:
    _need_its_own(asked, books, needs)
    paper = books.papers.get(asked.key(asked.input.id))
    if paper is not None and asked.input.issue and paper.sale_type in BECOMES:
        to = asked.input.to or BECOMES[paper.sale_type][0]
        series = numbers.series_of(to, asked.input.document_date or asked.today)
        needs.counters.add((asked.account.id, series))


def _convert(asked: Asked[ConvertSale], books: Books) -> Changes:
    """Make the next document of one: its lines copied, its amounts computed anew, both naming each other."""
    source = lookup.paper_of(asked, books, asked.input.id)
    standing = lookup.standing_of(asked, books, source.id)
    facts = Facts(invoiced=standing.converted_to is not None)
    status = states.decide(source.sale_type, standing.status, "convert", facts)
    given = _converted(source, asked.input)
    references.check_external_id(asked, books, given)
    made_id = new_id()
    made = draft(
        given,
        sale_id=made_id,
        account=asked.account,
        client=parties.named(asked, books, source.client_id),
        today=asked.today,
        now=asked.now,
        converted_from=source.id,
    )
    changes = Changes(("sale", made_id), http_status=201)
    stands = replace(standing, status=status, converted_to=made_id, status_reason=None, updated_at=asked.now)
    changes.stand(stands)
    changes.tell("sale.updated", standing.status, stands)
    draft_stands = standing_of(made, now=asked.now)
    changes.sales[made_id] = made
    changes.stand(draft_stands)
    changes.tell("sale.created", None, draft_stands)
    if asked.input.issue:
        issuing.issue_within(changes, made, draft_stands, asked, books)
    return changes


CONVERT_SALE = Decision(ConvertSale, _need_converted, _convert, _need_to_convert)


def as_asked(sale: Sale) -> dict[str, Any]:
    """What a caller would send to make this document again."""
    given: dict[str, Any] = {name: getattr(sale, name) for name in _COPIED}
    return given | {
        "date_due": sale.date_due if sale.date_due_given else None,
        "lines": [{name: line.get(name) for name in LineIn.model_fields if name in line} for line in sale.lines],
        "adjustments": [{name: one[name] for name in AdjustmentIn.model_fields} for one in sale.adjustments],
        "shipping_charge": from_minor(sale.shipping_minor, sale.currency),
        "deposit": from_minor(sale.deposit_minor, sale.currency),
    }


def _patched(sale: Sale, patch: UpdateSale) -> SaleIn:
    """The draft with the fields that were sent.

    A new pay term takes the place of a due date, and a new due date that of a pay term.

    Raises:
        BadInput: the fields contradict what stays.
    """
    given = as_asked(sale)
    sent = patch.model_dump(mode="json", include=patch.model_fields_set - {"id"})
    if "client" in sent:
        del given["client_id"]
    if "pay_term" in sent and (sent["pay_term"] or {}).get("type") != _OTHER_DATE:
        given["date_due"] = None
    if sent.get("date_due") is not None and (given["pay_term"] or {}).get("type") != _OTHER_DATE:
        given["pay_term"] = None
    return _read(given | sent)


def _converted(source: Sale, asked: ConvertSale) -> SaleIn:
    """What a document's successor is asked to be.

    Raises:
        BadInput: it does not become such a document.
    """
    possible = BECOMES[source.sale_type]
    to = asked.to or possible[0]
    if to not in possible:
        raise BadInput(faults=[Fault("to", f"must be {' or '.join(possible)}")])
    term = source.pay_term
    if asked.date_due is not None or (term or {}).get("type") == _OTHER_DATE:
        term = None
    return _read(
        as_asked(source)
        | {
            "sale_type": to,
            "document_date": asked.document_date,
            "date_due": asked.date_due,
            "pay_term": term,
            "external_id": asked.external_id,
        }
    )


def _read(given: dict[str, Any]) -> SaleIn:
    try:
        return SaleIn.model_validate(given)
    except ValidationError as error:
        raise BadInput(faults=faults_of(error)) from None
