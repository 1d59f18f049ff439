"""Write what the commands of a batch changed: one statement for each table, however many commands."""

from __future__ import annotations

from datetime import datetime

from ledger.bills import store as bills
from ledger.clients import store as parties
from ledger.inbox import store as inbox
from ledger.journal import store as journal
from ledger.payments import store as payments
from ledger.products import store as products
from ledger.quotas import store as quotas
from ledger.sales import store as documents
from ledger.suppliers import store as suppliers
from ledger.unit_of_work.state import LoadedState
from storage.pool import Connection


async def write(conn: Connection, state: LoadedState, *, now: datetime) -> None:
    """Write everything taken into the books; the counters last."""
    taken = [(ctx.account.id, ctx.envelope.id, changes) for ctx, changes in state.taken]
    await parties.insert(conn, clients=[client for *_, changes in taken for client in changes.clients])
    await parties.update(conn, clients=[client for *_, changes in taken for client in changes.clients_changed])
    await _write_catalogue(conn, state)
    await _write_documents(conn, state)
    await _write_payments(conn, state)
    bookings = [
        (account_id, command_id, booking) for account_id, command_id, changes in taken for booking in changes.bookings
    ]
    await journal.insert(conn, rows=bookings, now=now)
    settlements = [(account_id, one) for account_id, _, changes in taken for one in changes.settlements]
    await payments.settle(conn, rows=settlements, now=now)
    refunds = [(account_id, one) for account_id, _, changes in taken for one in changes.refunds]
    await payments.refund(conn, rows=refunds, now=now)
    wishes = [
        (account_id, command_id, one) for account_id, command_id, changes in taken for one in changes.send_requests
    ]
    await documents.insert_send_requests(conn, rows=wishes, now=now)
    await _write_inboxes(conn, state)
    await parties.remove(conn, clients=[client for *_, changes in taken for client in changes.clients_removed])
    await parties.write_balances(conn, balances={key: state.balances[key] for key in state.rebalanced})
    await documents.advance(
        conn, moved={key: (before, state.counters[key]) for key, before in state.number_assignments.items()}
    )


async def _write_documents(conn: Connection, state: LoadedState) -> None:
    await documents.delete(conn, keys=state.gone)
    new = [key for key in state.written if key in state.new]
    await documents.insert(
        conn, sales=[state.documents[key] for key in new], document_states=[state.document_states[key] for key in new]
    )
    await documents.rewrite(conn, sales=[state.documents[key] for key in state.written if key not in state.new])
    moved = [key for key in state.moved if key in state.document_states and key not in state.new]
    await documents.move(conn, document_states=[state.document_states[key] for key in moved])


async def _write_payments(conn: Connection, state: LoadedState) -> None:
    moved = [key for key in state.moved if key in state.payments]
    await payments.insert(conn, payments=[state.payments[key] for key in moved if key in state.new])
    await payments.move(conn, payments=[state.payments[key] for key in moved if key not in state.new])


async def _write_catalogue(conn: Connection, state: LoadedState) -> None:
    all_changes = [changes.reference for _, changes in state.taken]
    await products.insert(conn, products=[one for changes in all_changes for one in changes.products])
    await products.update(conn, products=[one for changes in all_changes for one in changes.products_changed])
    await products.remove(conn, products=[one for changes in all_changes for one in changes.products_removed])
    await suppliers.insert(conn, suppliers=[one for changes in all_changes for one in changes.suppliers])
    usage, before = state.reference.usage, state.reference.usage_before
    await quotas.write(conn, moved={key: (stood, usage[key]) for key, stood in before.items()})


async def _write_inboxes(conn: Connection, state: LoadedState) -> None:
    taken = [(ctx.account.id, changes.inbox) for ctx, changes in state.taken]
    await bills.insert(conn, bills=[one for _, changes in taken for one in changes.bills])
    await inbox.handle(conn, rows=[(account_id, one) for account_id, changes in taken for one in changes.verdicts])
    await inbox.insert_rules(conn, rules=[one for _, changes in taken for one in changes.rules])
    removed = [(account_id, one) for account_id, changes in taken for one in changes.rules_removed]
    await inbox.delete_rules(conn, keys=removed)
