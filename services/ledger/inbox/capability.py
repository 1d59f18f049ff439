"""Register the inboxes and their rules with the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from contracts.resources import inbox_message, inbox_rule
from contracts.wire import commands as names
from ledger.inbox import accept_message, handlers, rule_commands, store
from ledger.inbox.state import InboxChanges, InboxPlan, LoadedInbox, take
from ledger.unit_of_work.capability import Capability, Entity
from ledger.unit_of_work.state import LoadedState, Participant, ReadPlan
from storage.pool import Connection

_SELECT_MESSAGE: Final = """
SELECT v.* FROM ledger_api.inbox_message v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""

_SELECT_RULE: Final = """
SELECT v.* FROM ledger_api.inbox_rule v
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON v.account_id = w.account_id AND v.id = w.id
"""


async def _load(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    wanted, known = plan[InboxPlan], state[LoadedInbox]
    known.messages |= await store.held(conn, keys=wanted.messages - known.messages.keys())
    known.rules |= await store.rules(conn, account_ids=wanted.rules - known.rules.keys())


async def _save(conn: Connection, state: LoadedState, _now: datetime) -> None:
    taken = [(ctx.account.id, changes) for ctx, changes in state.changes_of(InboxChanges)]
    await store.handle(conn, rows=[(account_id, one) for account_id, changes in taken for one in changes.verdicts])
    await store.insert_rules(conn, rules=[one for _, changes in taken for one in changes.rules])
    removed = [(account_id, one) for account_id, changes in taken for one in changes.rules_removed]
    await store.delete_rules(conn, keys=removed)


INBOX: Final = Capability(
    name="inbox",
    participant=Participant(load=_load, take=take, save=_save),
    entities={
        "inbox_message": Entity(
            _SELECT_MESSAGE,
            lambda row, urls: inbox_message.from_row(row, urls=urls),
            changed_by=(names.ACCEPT_INBOX_MESSAGE, names.REJECT_INBOX_MESSAGE),
        ),
        "inbox_rule": Entity(
            _SELECT_RULE, lambda row, _urls: inbox_rule.from_row(row), changed_by=(names.DELETE_INBOX_RULE,)
        ),
    },
    commands={
        names.ACCEPT_INBOX_MESSAGE: accept_message.ACCEPT_MESSAGE,
        names.REJECT_INBOX_MESSAGE: accept_message.REJECT_MESSAGE,
        names.APPLY_INBOX_RULES: rule_commands.APPLY_RULES,
        names.CREATE_INBOX_RULE: rule_commands.CREATE_RULE,
        names.DELETE_INBOX_RULE: rule_commands.DELETE_RULE,
    },
    lock_free={names.RECEIVE_INBOX_MESSAGE: handlers.receive},
)
