"""Decide `create_sale`: from the input to a draft or an issued document, its entry and events.

Creating and issuing at once is two transitions, so it fires two events: `sale.created`, then `sale.posted`.
"""

from __future__ import annotations

from contracts.primitives.ids import new_id
from contracts.resources.sale import SaleIn
from ledger.products import lines
from ledger.sales import issue as issuing
from ledger.sales import numbers, references
from ledger.sales.document_state import standing_of
from ledger.sales.sale import draft
from ledger.sales.state import SaleChanges, SalePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan


def _plan(ctx: CommandContext[SaleIn], plan: ReadPlan) -> None:
    sale = ctx.input
    references.need(ctx, plan, client_id=sale.client_id, client=sale.client, external_id=sale.external_id)
    references.need_others(ctx, plan, invoice_id=sale.invoice_id, payment_id=sale.payment_id)
    lines.need(ctx, sale.lines, plan)
    if sale.issue:
        series = numbers.series_of(sale.sale_type, sale.document_date or ctx.today)
        plan[SalePlan].counters.add((ctx.account.id, series))


def _create(ctx: CommandContext[SaleIn], state: LoadedState) -> ChangeSet:
    references.check_external_id(ctx, state, ctx.input)
    sale_id = new_id()
    changes = ChangeSet(("sale", sale_id), http_status=201)
    client = references.client_of(ctx, state, changes, ctx.input)
    given = references.referring(ctx, state, ctx.input, client)
    given = lines.with_products(ctx, state, changes, given, currency=given.currency or client.currency)
    sale = draft(given, sale_id=sale_id, account=ctx.account, client=client, today=ctx.today, now=ctx.now)
    document_state = standing_of(sale, now=ctx.now)
    changes[SaleChanges].documents[sale_id] = sale
    changes[SaleChanges].set_document_state(document_state)
    changes.emit("sale.created", None, document_state)
    if given.issue:
        issuing.issue_within(changes, sale, document_state, ctx, state)
    return changes


CREATE_SALE = CommandHandler(SaleIn, _plan, _create)
