"""Register cases and moves with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from contracts.resources import case as present
from contracts.wire import commands as names
from ledger.collections.cases import assigned, handlers, moves, rounds, settings_watch, store, write
from ledger.collections.cases.state import CaseChanges, CasePlan, LoadedCases, take
from ledger.collections.due import store as due
from ledger.collections.due.state import due_clients, held_clients, settled_sales
from ledger.messages.state import MessageChanges
from ledger.unit_of_work.capability import Capability, Entity
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from ledger.unit_of_work.store import lock_books
from storage.pool import Connection

_SELECT_CASE: Final = """
SELECT v.* FROM ledger_api.collection_case v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""
_SELECT_MOVE: Final = """
SELECT v.* FROM ledger_api.invoice_move v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    wanted, known = plan[CasePlan], state[LoadedCases]
    known.cases |= await store.cases(conn, keys=wanted.cases - known.cases.keys())
    missing = wanted.clients - known.debtors.keys()
    if not missing:
        return
    locked = await lock_books(conn, account_ids={key[0] for key in missing})
    accounts = await store.accounts(conn, accounts=locked)
    made = await rounds.read(conn, keys=missing, accounts=accounts, cache=store.StepCache())
    known.debtors |= made.debtors
    known.accounts |= made.accounts
    known.steps |= made.steps


async def _save(conn: Connection, state: LoadedState, now: datetime) -> None:
    taken = [changes for _, changes in state.changes_of(CaseChanges)]
    latest = {one.id: one for changes in taken for one in changes.cases.values()}
    await write.cases(conn, cases=list(latest.values()))
    await write.steps(conn, steps=[one for changes in taken for one in changes.steps])
    await write.entries(conn, entries=[one for changes in taken for one in changes.entries])
    await assigned.assign(conn, invoices=[one for changes in taken for one in changes.assigned.values()])
    await assigned.insert_moves(conn, moves=[one for changes in taken for one in changes.moves])
    await write.messages(conn, messages=[one for changes in taken for one in changes.messages])
    never_sent = {ctx.key(one) for ctx, changes in state.changes_of(MessageChanges) for one in changes.never_sent}
    await due.mark(conn, clients=set(await write.release(conn, messages=never_sent)), now=now)
    following = _following(state)
    await settings_watch.follow(conn, account_ids=following, now=now)
    await write.call_off_disputed(conn, account_ids=following, now=now)
    await _call_off(conn, state, now)


def _following(state: LoadedState) -> set[UUID]:
    """The accounts that are to be decided on by other settings."""
    return {one for _, changes in state.changes_of(CaseChanges) for one in changes.following}


def _next_due(state: LoadedState) -> datetime | None:
    """When all schedulers have to look: with another time zone days end at other moments."""
    moments = (ctx.now for ctx, changes in state.changes_of(CaseChanges) if changes.following)
    return max(moments, default=None)


async def _call_off(conn: Connection, state: LoadedState, now: datetime) -> None:
    """Cancel what is to go out about documents that a command changed, or to clients who are not to be reminded."""
    clients = due_clients(state)
    if clients:
        held = {ctx.key(one) for ctx, changes in state.taken for one in held_clients(changes)}
        held |= {ctx.key(one) for ctx, changes in state.changes_of(CaseChanges) for one in changes.held}
        sales = {one for _, changes in state.taken for one in settled_sales(changes)}
        await write.call_off(conn, clients=clients, sales=sales, held=held, now=now)


_OF_ONE_CASE: Final = (
    names.SEND_CASE_STEP, names.SKIP_CASE_STEP, names.PAUSE_CASE, names.RESUME_CASE, names.MUTE_CASE,
    names.UNMUTE_CASE, names.SNOOZE_CASE,
)  # fmt: skip

CASES: Final = Capability(
    name="cases",
    participant=Participant(load=_load, take=take, save=_save, next_due=_next_due),
    entities={
        "case": Entity(
            _SELECT_CASE,
            lambda row, _urls: present.from_row(row),
            changed_by=_OF_ONE_CASE,
        ),
        "move": Entity(_SELECT_MOVE, lambda row, _urls: dict(row["shown"])),
    },
    commands={
        names.SEND_CASE_STEP: handlers.SEND_CASE_STEP,
        names.SKIP_CASE_STEP: handlers.SKIP_CASE_STEP,
        names.PAUSE_CASE: handlers.PAUSE_CASE,
        names.RESUME_CASE: handlers.RESUME_CASE,
        names.MUTE_CASE: handlers.MUTE_CASE,
        names.UNMUTE_CASE: handlers.UNMUTE_CASE,
        names.SNOOZE_CASE: handlers.SNOOZE_CASE,
        names.FOLLOW_SETTINGS: handlers.FOLLOW_SETTINGS,
        names.MOVE_INVOICES: moves.MOVE_INVOICES,
        names.MOVE_BY_WORKFLOW: moves.MOVE_BY_WORKFLOW,
        names.MOVE_FROM_REMOVED: moves.MOVE_FROM_REMOVED,
    },
)
