"""Register messages with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from contracts.resources import messages as present
from contracts.wire import commands as names
from ledger.messages import handlers, received, request, store
from ledger.messages.state import LoadedMessages, MessageChanges, MessagePlan, take
from ledger.unit_of_work.capability import Capability, Entity
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection

_SELECT: Final = """
SELECT v.* FROM ledger_api.message v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    wanted, known = plan[MessagePlan], state[LoadedMessages]
    known.by_provider_id |= await store.by_provider_id(conn, wanted=wanted.provider_ids)
    known.latest |= await store.latest(conn, wanted=wanted.recipients)
    known.clients |= await store.clients_of_addresses(conn, wanted=wanted.senders)
    known.clients |= await store.clients_of_numbers(conn, wanted=wanted.senders)
    known.unreachable |= await store.unreachable(conn, wanted=wanted.reachability)
    named = {(account_id, one) for (account_id, _), one in known.by_provider_id.items()}
    named |= {(account_id, one) for (account_id, _, _), one in known.latest.items()}
    known.messages |= await store.find(conn, keys=(wanted.ids | named) - known.messages.keys())


async def _save(conn: Connection, state: LoadedState, now: datetime) -> None:
    taken = [changes for _, changes in state.changes_of(MessageChanges)]
    latest = {(one.account_id, one.id): one for changes in taken for one in changes.messages.values()}
    await store.write(conn, messages=list(latest.values()))
    await store.mark_reachable(conn, addresses={key for changes in taken for key in changes.reachable}, now=now)
    await store.mark_unreachable(conn, addresses=[one for changes in taken for one in changes.unreachable], now=now)


MESSAGES: Final = Capability(
    name="messages",
    participant=Participant(load=_load, take=take, save=_save),
    entities={
        "message": Entity(
            _SELECT,
            lambda row, urls: present.from_row(row, urls.messages),
            changed_by=(names.ASSIGN_MESSAGE, names.RESOLVE_MESSAGE),
        )
    },
    commands={
        names.REQUEST_MESSAGE: request.REQUEST_MESSAGE,
        names.REPORT_MESSAGE: handlers.REPORT_MESSAGE,
        names.RECEIVE_MESSAGE: received.RECEIVE_MESSAGE,
        names.ASSIGN_MESSAGE: handlers.ASSIGN_MESSAGE,
        names.RESOLVE_MESSAGE: handlers.RESOLVE_MESSAGE,
        names.CONFIRM_MESSAGE: handlers.CONFIRM_MESSAGE,
    },
)
