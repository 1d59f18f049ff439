"""Read what cases are decided on: clients, their open invoices, what holds reminders back, collectors, settings."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from contracts.resources.collector import CollectorStepIn
from ledger.account import Account
from ledger.collections.cases.models import Case, CollectingAccount, Debtor, OpenInvoice, StepSpec
from ledger.collections.cases.settings import calendar_of, step_spec
from ledger.collections.collectors import store as collectors
from ledger.collections.models import Channel
from ledger.messages import phones
from ledger.unit_of_work.state import Key
from storage.pool import Connection

_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)  # in E.164 form already
INVOICES_MAX: Final = 500  # open ones of a client, the longest due: more than any reminder names

_CLIENTS: Final = """
SELECT c.account_id, c.id, c.name, c.first_name, c.last_name, c.email, c.phone, c.reg_number, c.vat_number, c.locale,
       c.currency, c.collector_id, c.external_id, c.archived_at, c.address->>'country' AS country,
       EXISTS (SELECT FROM ledger.note n WHERE n.account_id = c.account_id AND n.client_id = c.id AND n.needs_response
                  AND n.resolved_at IS NULL)
       OR EXISTS (SELECT FROM ledger.message m WHERE m.account_id = c.account_id AND m.client_id = c.id
                     AND m.needs_response AND m.resolved_at IS NULL) AS needs_response,
       EXISTS (SELECT FROM ledger.unreachable_address u WHERE u.account_id = c.account_id AND u.channel = 'email'
                  AND u.address = lower(c.email)) AS mail_returns,
       (SELECT max(p.date) FROM ledger.promise p WHERE p.account_id = c.account_id AND p.client_id = c.id
           AND p.state = 'open') AS promised_until,
       greatest(
           (SELECT max(m.created_at) FROM ledger.message m WHERE m.account_id = c.account_id AND m.client_id = c.id
               AND m.direction = 'sent' AND m.purpose <> 'notification' AND m.state IN ('requested', 'sent')),
           (SELECT k.created_at FROM ledger.call k WHERE k.account_id = c.account_id AND k.client_id = c.id
             ORDER BY k.id DESC LIMIT 1)) AS last_contact_at,
       (SELECT jsonb_object_agg(b.currency, b.unapplied_minor) FROM ledger.client_balance b
         WHERE b.account_id = c.account_id AND b.client_id = c.id AND b.unapplied_minor > 0) AS credit
  FROM unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
  JOIN ledger.client c ON c.account_id = w.account_id AND c.id = w.id
"""

_INVOICES: Final = """
SELECT w.account_id, w.client_id, t.sale_id AS id, s.number, s.document_date, t.date_due, t.currency, t.total_minor,
       t.open_minor, d.id IS NOT NULL AS disputed, m.collector_id, m.moved_at,
       coalesce(m.starts_manually, false) AS starts_manually
  FROM unnest($1::uuid[], $2::uuid[]) AS w (account_id, client_id)
 CROSS JOIN LATERAL (
    SELECT * FROM ledger.sale_state x
     WHERE x.account_id = w.account_id AND x.client_id = w.client_id AND x.owed
     ORDER BY x.date_due, x.sale_id LIMIT $3
 ) t
  JOIN ledger.sale s ON s.account_id = t.account_id AND s.id = t.sale_id
  LEFT JOIN ledger.dispute d ON d.account_id = t.account_id AND d.sale_id = t.sale_id AND d.state = 'open'
  LEFT JOIN ledger.collected_invoice m ON m.account_id = t.account_id AND m.sale_id = t.sale_id
 ORDER BY t.date_due, t.sale_id
"""

_COLUMNS: Final = """
c.account_id, c.id, c.client_id, c.sale_id, c.collector_id, c.version, c.cycle, c.state, c.reason, c.ends, c.since,
c.ends_at, c.next_step, c.next_channel, c.next_at, c.entered_at, c.moved_in, c.starts_manually, c.last_step,
c.last_step_at, c.last_due, c.contacted, c.forced_step, c.muted_reason, c.paused_reason, c.paused_until, c.thread_id,
c.currency, c.open_minor, c.overdue_minor, c.amounts, c.oldest_due, c.sale_ids, c.invoices, c.created_at, c.updated_at
"""

_CASES_OF_CLIENTS: Final = f"""
SELECT {_COLUMNS} FROM ledger.collection_case c
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, client_id)
    ON c.account_id = w.account_id AND c.client_id = w.client_id
 WHERE c.state <> 'settled' OR c.sale_id IS NULL
"""  # noqa: S608  constants

_CASES: Final = f"""
SELECT {_COLUMNS} FROM ledger.collection_case c
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON c.account_id = w.account_id AND c.id = w.id
"""  # noqa: S608  constants


async def debtors(conn: Connection, *, keys: Collection[Key]) -> dict[Key, Debtor]:
    """Read clients with their open invoices and their cases; settled cases of single invoices are left out."""
    columns = [[key[0] for key in keys], [key[1] for key in keys]]
    clients = await conn.fetch(_CLIENTS, *columns)
    invoices: defaultdict[Key, list[OpenInvoice]] = defaultdict(list)
    for row in await conn.fetch(_INVOICES, *columns, INVOICES_MAX):
        invoices[row[0], row[1]].append(OpenInvoice(*row[2:]))
    cases: defaultdict[Key, dict[UUID, Case]] = defaultdict(dict)
    for row in await conn.fetch(_CASES_OF_CLIENTS, *columns):
        cases[row["account_id"], row["client_id"]][row["id"]] = Case(*row)
    return {
        (row["account_id"], row["id"]): _debtor(dict(row), invoices, cases)
        for row in clients
    }  # fmt: skip


async def cases(conn: Connection, *, keys: Collection[Key]) -> dict[Key, Case]:
    """Read cases by their ids."""
    if not keys:
        return {}
    rows = await conn.fetch(_CASES, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["id"]): Case(*row) for row in rows}


def number_of(row: Mapping[str, Any]) -> str | None:
    """A client's number in E.164 form; None where it has none that can be one."""
    phone: str | None = row["phone"]
    if phone is None or _INTERNATIONAL.fullmatch(phone):
        return phone
    return phones.e164(phone, row["country"])


def _debtor(
    row: Mapping[str, Any], invoices: Mapping[Key, list[OpenInvoice]], found: Mapping[Key, dict[UUID, Case]]
) -> Debtor:
    key = row["account_id"], row["id"]
    promised: date | None = row["promised_until"]
    last: datetime | None = row["last_contact_at"]
    unreachable: set[Channel] = set()
    if row["email"] is None or row["mail_returns"]:
        unreachable.add("email")
    if number_of(row) is None:
        unreachable.add("sms")
    return Debtor(
        account_id=key[0],
        id=key[1],
        row=row,
        invoices=invoices.get(key, []),
        promised_until=promised,
        needs_response=row["needs_response"],
        last_contact_at=last,
        unreachable=frozenset(unreachable),
        credit=row["credit"] or {},
        cases=found.get(key, {}),
    )


_ACCOUNTS: Final = """
SELECT account_id, name, locale, profile, collections FROM ingress_api.account WHERE account_id = ANY($1::uuid[])
"""
_NO_ACCOUNT: Final[Mapping[str, Any]] = {"name": "", "locale": None, "profile": {}, "collections": {}}


async def accounts(conn: Connection, *, accounts: Mapping[UUID, Account]) -> dict[UUID, CollectingAccount]:
    """Read the settings and collectors of accounts."""
    rows: dict[UUID, Mapping[str, Any]] = {
        row["account_id"]: dict(row) for row in await conn.fetch(_ACCOUNTS, sorted(accounts))
    }
    of_accounts = await collectors.of_accounts(conn, account_ids=accounts.keys())
    return {
        account_id: _account(account, rows.get(account_id, _NO_ACCOUNT), of_accounts[account_id])
        for account_id, account in accounts.items()
    }


def _account(account: Account, row: Mapping[str, Any], there: Mapping[UUID, Any]) -> CollectingAccount:
    settings: Mapping[str, Any] = row["collections"] or {}
    return CollectingAccount(account, row, calendar_of(account.zone, settings), settings, there)


_STEPS: Final = """
SELECT v.account_id, v.collector_id, v.version, v.steps FROM ledger.collector_version v
  JOIN unnest($1::uuid[], $2::uuid[], $3::int[]) AS w (account_id, collector_id, version)
    ON v.account_id = w.account_id AND v.collector_id = w.collector_id AND v.version = w.version
"""
VersionKey = tuple[UUID, int]
"""A collector and one of its versions."""


_PAID: Final = """
SELECT t.account_id, t.sale_id FROM ledger.sale_state t
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, sale_id)
    ON t.account_id = w.account_id AND t.sale_id = w.sale_id
 WHERE t.settlement = 'paid'
"""


async def paid(conn: Connection, *, sales: Collection[Key]) -> set[Key]:
    """Of these invoices, those that are paid in full: none that was voided or written off."""
    if not sales:
        return set()
    rows = await conn.fetch(_PAID, [key[0] for key in sales], [key[1] for key in sales])
    return {(row[0], row[1]) for row in rows}


class StepCache:
    """The steps of collectors' versions, which never change, as far as they were needed lately."""

    VERSIONS_MAX: Final = 2_000  # of 20 KB at most, of all accounts of this process

    def __init__(self) -> None:
        self._known: dict[VersionKey, Sequence[StepSpec]] = {}

    async def steps(
        self, conn: Connection, *, wanted: Collection[tuple[UUID, UUID, int]]
    ) -> Mapping[VersionKey, Sequence[StepSpec]]:
        """The steps of these versions: account, collector, version."""
        known = {one[1:]: self._known[one[1:]] for one in wanted if one[1:] in self._known}
        missing = sorted({one for one in wanted if one[1:] not in known})
        if missing:
            rows = await conn.fetch(_STEPS, *[[one[place] for one in missing] for place in range(3)])
            found = {
                (row["collector_id"], row["version"]): [
                    step_spec(CollectorStepIn.model_validate(step)) for step in row["steps"]
                ]
                for row in rows
            }
            if len(self._known) + len(found) > self.VERSIONS_MAX:
                self._known.clear()
            self._known |= found
            known |= found
        return known
