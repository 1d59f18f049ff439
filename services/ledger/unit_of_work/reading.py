"""Read what a batch of commands needs of the books: under lock, a handful of statements however many commands."""

from __future__ import annotations

from ledger.bills import store as bills
from ledger.clients import store as parties
from ledger.inbox import store as inbox
from ledger.inbox.inbox_state import InboxReadPlan, InboxState
from ledger.journal import store as journal
from ledger.payments import store as payments
from ledger.products import store as products
from ledger.quotas import store as quotas
from ledger.sales import store as documents
from ledger.suppliers import store as suppliers
from ledger.unit_of_work.reference_data import ReferenceData, ReferenceReadPlan
from ledger.unit_of_work.state import LoadedState, ReadPlan
from storage.pool import Connection


async def read(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    """Read into `books` what is needed and not there yet; the accounts' books must be locked."""
    state.documents |= await documents.documents(conn, keys=plan.documents - state.documents.keys())
    wanted = (plan.sales | plan.documents) - state.document_states.keys()
    state.document_states |= await documents.document_states(conn, keys=wanted)
    known = state.document_states  # what the batch has read before stays as it is
    state.document_states = await documents.open_invoices(conn, keys=plan.open_invoices) | known
    state.credited |= await documents.credited(conn, keys=plan.credited - state.credited.keys())
    state.payments |= await payments.payments(conn, keys=plan.payments - state.payments.keys())
    undoable = plan.undoable - state.booked.keys()
    state.booked |= {key: [] for key in undoable} | await journal.live(conn, keys=undoable)
    state.settlements |= await payments.live_settlements(conn, keys=undoable)
    state.refunds |= await payments.live_refunds(conn, keys=undoable)
    state.sale_external_ids |= await documents.external_ids(conn, wanted=plan.sale_external_ids)
    state.payment_external_ids |= await payments.external_ids(conn, wanted=plan.payment_external_ids)
    state.counters |= await documents.counters(conn, wanted=plan.counters - state.counters.keys())
    clients = await parties.find(conn, keys=plan.clients - state.clients.keys(), identities=plan.identities)
    for client in clients:
        state.know(client)
    state.referred |= await parties.referred(conn, keys=plan.references)
    await _read_catalogue(conn, plan.reference, state.reference)
    await _read_inboxes(conn, plan.inbox, state.inbox)


async def read_balances(conn: Connection, state: LoadedState) -> None:
    """Read the balances of every client whose documents or payments were read."""
    keys = set(state.clients)
    keys.update((one.account_id, one.client_id) for one in state.document_states.values())
    keys.update((one.account_id, one.client_id) for one in state.payments.values())
    state.balances = await parties.balances(conn, keys=keys)


async def _read_catalogue(conn: Connection, plan: ReferenceReadPlan, reference: ReferenceData) -> None:
    missing = plan.products - reference.products.keys()
    for product in await products.find(conn, keys=missing, identities=plan.product_identities):
        reference.know(product)
    for supplier in await suppliers.find(conn, identities=plan.suppliers - reference.suppliers.keys()):
        reference.know_supplier(supplier)
    reference.usage |= await quotas.read(conn, wanted=plan.usage - reference.usage.keys())


async def _read_inboxes(conn: Connection, plan: InboxReadPlan, inboxes: InboxState) -> None:
    inboxes.messages |= await inbox.held(conn, keys=plan.messages - inboxes.messages.keys())
    inboxes.rules |= await inbox.rules(conn, account_ids=plan.rules - inboxes.rules.keys())
    inboxes.bills |= await bills.references(conn, wanted=plan.bill_references)
    inboxes.suppliers |= await suppliers.by_ids(conn, keys=plan.suppliers - inboxes.suppliers.keys())
