"""Decide the commands on drafts: change, delete, and convert from another document."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from pydantic import ValidationError

from contracts.command_errors import InvalidInput
from contracts.primitives.ids import new_id
from contracts.primitives.money import from_minor
from contracts.primitives.problem import FieldError, field_errors
from contracts.resources.document_kinds import KINDS
from contracts.resources.sale import SaleIn
from contracts.resources.sale_line import AdjustmentIn, LineIn
from contracts.resources.transitions import ByIdInput, ConvertSale, UpdateSale
from ledger.clients import handlers as parties
from ledger.clients.state import ClientPlan
from ledger.products import lines
from ledger.sales import issue as issuing
from ledger.sales import lookup, numbers, references
from ledger.sales import transitions as states
from ledger.sales.document_state import standing_of
from ledger.sales.sale import Sale, draft
from ledger.sales.state import LoadedSales, SaleChanges, SalePlan
from ledger.sales.transitions import Facts
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, DomainEvent, LoadedState, ReadPlan

_OTHER_DATE: Final = 0
_COPIED: Final = (
    "sale_type", "currency", "pay_term", "operation", "tax_basis", "include_tax", "payment_method", "shipping_type",
    "comment", "external_id", "invoice_id", "payment_id", "client_id", "document_date",
)  # fmt: skip


def _need_draft(ctx: CommandContext[UpdateSale], plan: ReadPlan) -> None:
    patch = ctx.input
    plan[SalePlan].documents.add(ctx.key(patch.id))
    references.need(ctx, plan, client_id=patch.client_id, client=patch.client, external_id=patch.external_id)
    references.need_others(ctx, plan, invoice_id=patch.invoice_id, payment_id=patch.payment_id)
    lines.need(ctx, patch.lines, plan)


def _need_its_own(ctx: CommandContext[Any], state: LoadedState, plan: ReadPlan) -> None:
    """Plan the reads of the draft's references."""
    paper = state[LoadedSales].documents.get(ctx.key(ctx.input.id))
    if paper is not None:
        plan[ClientPlan].ids.add(ctx.key(paper.client_id))
        references.need_others(ctx, plan, invoice_id=paper.invoice_id, payment_id=paper.payment_id)
        if paper.converted_from is not None:
            plan[SalePlan].states.add(ctx.key(paper.converted_from))


def _update(ctx: CommandContext[UpdateSale], state: LoadedState) -> ChangeSet:
    before = lookup.document_of(ctx, state, ctx.input.id)
    document_state = lookup.state_of(ctx, state, before.id)
    states.decide_transition(before.sale_type, document_state.status, "update")
    given = _patched(before, ctx.input)
    references.check_external_id(ctx, state, given, own_id=before.id)
    changes = ChangeSet(("sale", before.id))
    client = references.client_of(ctx, state, changes, given)
    given = references.referring(ctx, state, given, client)
    if "lines" in ctx.input.model_fields_set:
        given = lines.with_products(ctx, state, changes, given, currency=given.currency or client.currency)
    after = draft(given, sale_id=before.id, account=ctx.account, client=client, today=ctx.today, now=ctx.now)
    snapshot = after.client if ctx.input.model_fields_set & {"client_id", "client"} else before.client
    after = replace(after, client=snapshot, created_at=before.created_at, converted_from=before.converted_from)
    changes[SaleChanges].documents[after.id] = after
    stands = standing_of(after, now=ctx.now)
    changes[SaleChanges].set_document_state(stands)
    changes.emit("sale.updated", document_state.status, stands)
    return changes


UPDATE_SALE = CommandHandler(UpdateSale, _need_draft, _update, _need_its_own)


def _delete(ctx: CommandContext[ByIdInput], state: LoadedState) -> ChangeSet:
    paper = lookup.document_of(ctx, state, ctx.input.id)
    document_state = lookup.state_of(ctx, state, paper.id)
    status = states.decide_transition(paper.sale_type, document_state.status, "delete")
    changes = ChangeSet(("sale", paper.id), deleted=[("sale", paper.id)])
    issuing.unlinked(changes, paper.id, paper.converted_from, ctx, state)
    changes.domain_events.append(
        DomainEvent("sale.deleted", "sale", paper.id, paper.client_id, (document_state.status, status))
    )
    return changes


def _need_paper(ctx: CommandContext[Any], plan: ReadPlan) -> None:
    plan[SalePlan].documents.add(ctx.key(ctx.input.id))


DELETE_SALE = CommandHandler(ByIdInput, _need_paper, _delete, _need_its_own)


def _need_converted(ctx: CommandContext[ConvertSale], plan: ReadPlan) -> None:
    _need_paper(ctx, plan)
    references.need(ctx, plan, client_id=None, client=None, external_id=ctx.input.external_id)


def _need_to_convert(ctx: CommandContext[ConvertSale], state: LoadedState, plan: ReadPlan) -> None:
    _need_its_own(ctx, state, plan)
    paper = state[LoadedSales].documents.get(ctx.key(ctx.input.id))
    possible = () if paper is None else KINDS[paper.sale_type].converts_to
    if possible and ctx.input.issue:
        to = ctx.input.to or possible[0]
        series = numbers.series_of(to, ctx.input.document_date or ctx.today)
        plan[SalePlan].counters.add((ctx.account.id, series))


def _convert(ctx: CommandContext[ConvertSale], state: LoadedState) -> ChangeSet:
    """Make the next document of one: its lines copied, its amounts recomputed, both linked."""
    source = lookup.document_of(ctx, state, ctx.input.id)
    document_state = lookup.state_of(ctx, state, source.id)
    facts = Facts(invoiced=document_state.converted_to is not None)
    status = states.decide_transition(source.sale_type, document_state.status, "convert", facts)
    given = _converted(source, ctx.input)
    references.check_external_id(ctx, state, given)
    made_id = new_id()
    made = draft(
        given,
        sale_id=made_id,
        account=ctx.account,
        client=parties.named(ctx, state, source.client_id),
        today=ctx.today,
        now=ctx.now,
        converted_from=source.id,
    )
    changes = ChangeSet(("sale", made_id), http_status=201)
    stands = replace(document_state, status=status, converted_to=made_id, status_reason=None, updated_at=ctx.now)
    changes[SaleChanges].set_document_state(stands)
    changes.emit("sale.updated", document_state.status, stands)
    draft_stands = standing_of(made, now=ctx.now)
    changes[SaleChanges].documents[made_id] = made
    changes[SaleChanges].set_document_state(draft_stands)
    changes.emit("sale.created", None, draft_stands)
    if ctx.input.issue:
        issuing.issue_within(changes, made, draft_stands, ctx, state)
    return changes


CONVERT_SALE = CommandHandler(ConvertSale, _need_converted, _convert, _need_to_convert)


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

    A new pay term replaces a due date, and a new due date replaces a pay term.

    Raises:
        InvalidInput: the fields contradict unchanged ones.
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


def _converted(source: Sale, ctx: ConvertSale) -> SaleIn:
    """The input of a document's successor.

    Raises:
        InvalidInput: its kind cannot be converted to that kind.
    """
    possible = KINDS[source.sale_type].converts_to
    to = ctx.to or possible[0]
    if to not in possible:
        raise InvalidInput(faults=[FieldError("to", f"must be {' or '.join(possible)}")])
    term = source.pay_term
    if ctx.date_due is not None or (term or {}).get("type") == _OTHER_DATE:
        term = None
    return _read(
        as_asked(source)
        | {
            "sale_type": to,
            "document_date": ctx.document_date,
            "date_due": ctx.date_due,
            "pay_term": term,
            "external_id": ctx.external_id,
        }
    )


def _read(given: dict[str, Any]) -> SaleIn:
    try:
        return SaleIn.model_validate(given)
    except ValidationError as error:
        raise InvalidInput(faults=field_errors(error)) from None
