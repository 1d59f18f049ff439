"""Payments, disputes, promises, calls, notes, pauses and archiving race the schedulers: nothing wrong is queued."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.wire import commands
from contracts.wire.envelope import Envelope
from ledger.collections.cases.scheduler import CaseScheduler
from ledger.collections.promises.handlers import CHECK_COMMAND
from templates.renderer import Renderer
from tests.support.collecting import mail
from tests.support.ledger import URLS, LedgerHarness, a_payment, open_harness, prepare
from tests.support.postgres_server import Postgres

CLIENTS: Final = 3
STEPS: Final = 12
ACTIONS: Final = (
    "pay", "part", "prepay", "dispute", "promise", "call", "note", "pause", "mute", "archive", "void", "confirm",
    "reject",
)  # fmt: skip
FREE: Final = ("resume", "unmute", "back", "settle_dispute", "answer", "take_back", "check_promise")

LISTING: Final = {
    "subject": "{{ count }} open",
    "body": "{% for one in invoices %}{{ one.number }}{% if one.disputed %} (disputed){% endif %}\n{% endfor %}",
}

# What a message that is about to go must not be: the executor reads its state in one snapshot, as this does. It lists
# an invoice as disputed when it is, and where the account wants that; one that is about disputed ones alone is wrong.
WRONG: Final = """
SELECT m.id, m.state, array(SELECT t.settlement FROM ledger.sale_state t WHERE t.sale_id = ANY(m.sale_ids)) AS paid
  FROM ledger.message m
  JOIN ledger.client c ON c.account_id = m.account_id AND c.id = m.client_id
  JOIN ingress_api.account a ON a.account_id = m.account_id
  JOIN ledger.collection_step s ON s.account_id = m.account_id AND s.message_id = m.id
  JOIN ledger.collection_case k ON k.account_id = s.account_id AND k.id = s.case_id
 WHERE m.purpose = 'reminder' AND m.state = 'requested'
   AND (c.archived_at IS NOT NULL OR k.muted_reason IS NOT NULL OR k.paused_reason IS NOT NULL
        OR EXISTS (SELECT FROM ledger.sale_state t WHERE t.account_id = m.account_id AND t.sale_id = ANY(m.sale_ids)
                      AND NOT t.owed)
        OR EXISTS (SELECT FROM unnest(m.sale_ids) AS l (id)
                     JOIN ledger.sale x ON x.account_id = m.account_id AND x.id = l.id
                     LEFT JOIN ledger.dispute d ON d.account_id = x.account_id AND d.sale_id = x.id
                           AND d.state = 'open'
                    WHERE (d.id IS NOT NULL) <> (position(x.number || ' (disputed)' IN m.body) > 0)
                       OR (d.id IS NOT NULL AND coalesce(a.collections->>'disputed_invoices', '') <> 'mark'))
        OR NOT EXISTS (SELECT FROM unnest(m.sale_ids) AS l (id)
                        WHERE NOT EXISTS (SELECT FROM ledger.dispute d WHERE d.account_id = m.account_id
                                             AND d.sale_id = l.id AND d.state = 'open'))
        OR EXISTS (SELECT FROM ledger.promise p WHERE p.account_id = m.account_id AND p.client_id = m.client_id
                      AND p.state = 'open')
        OR EXISTS (SELECT FROM ledger.note n WHERE n.account_id = m.account_id AND n.client_id = m.client_id
                      AND n.needs_response AND n.resolved_at IS NULL)
        OR EXISTS (SELECT FROM ledger.client_balance b
                    WHERE b.account_id = m.account_id AND b.client_id = m.client_id AND b.unapplied_minor > 0
                      AND b.unapplied_minor >= b.receivable_minor))
"""
# Each message that went, with the step that it went for; a step that was released names its later message.
TWICE: Final = """
SELECT s.case_id, s.cycle, s.step, count(*) FROM ledger.collection_step s
  JOIN ledger.message m ON m.account_id = s.account_id AND m.id = s.message_id AND m.state = 'sent'
 GROUP BY 1, 2, 3 HAVING count(*) > 1
"""


@pytest.fixture(scope="module")
async def renderer() -> AsyncIterator[Renderer]:
    one = Renderer()
    yield one
    await one.stop()


@pytest.fixture
async def race(postgres: Postgres) -> AsyncIterator[LedgerHarness]:
    dsn = await postgres.copy_of(prepare)
    async with open_harness(dsn) as harness:
        yield harness
    await postgres.drop_database(dsn)


class Books:
    """Some clients that owe, and what can happen to them."""

    def __init__(self, ledger: LedgerHarness, renderer: Renderer) -> None:
        self.ledger = ledger
        self.schedulers = [CaseScheduler(ledger.pool, ledger.pipeline.relay, URLS, renderer=renderer) for _ in range(2)]
        self.clients: list[tuple[str, list[str]]] = []

    async def open(self, choice: str) -> None:
        """Make an account of its own, whose collector sends one mail after the other."""
        self.ledger.account_id = await self.ledger.add_account()
        await self.choose(choice)
        steps = [mail("PT0S", anchor="after_previous", template=LISTING)] * STEPS
        data = {"name": "Fast", "steps": steps, "default": True}
        assert (await self.ledger.ask(commands.CREATE_COLLECTOR, data)).status == 201
        for number in range(CLIENTS):
            client_id = await self.ledger.client(name=f"Client {number}", email="a@b.example")
            dates: dict[str, Any] = {"document_date": "2025-03-02", "date_due": "2025-03-16"}
            sales = [(await self.ledger.sale(client_id, **dates)).id for _ in range(2)]
            self.clients.append((client_id, sales))

    async def choose(self, choice: str) -> None:
        """Set what becomes of disputed invoices."""
        await self.ledger.owner.execute(
            "UPDATE ingress_api.account SET collections = jsonb_build_object('disputed_invoices', $2::text)"
            " WHERE account_id = $1",
            self.ledger.account_id,
            choice,
        )

    async def happen(self, action: str, client: int, which: int) -> None:
        """Let something happen; a refusal is fine."""
        client_id, sales = self.clients[client]
        data = await self._data(action, client_id, sales[which])
        if data is not None:
            await self.ledger.handle(data)

    async def _data(self, action: str, client_id: str, sale_id: str) -> Envelope | None:
        amount = {"pay": "165.01", "part": "10.00"}.get(action)
        if amount is not None:
            return self.ledger.command(commands.RECORD_PAYMENT, a_payment(client_id, amount, (sale_id, amount)))
        if action == "prepay":
            return self.ledger.command(commands.RECORD_PAYMENT, a_payment(client_id, "400.00"))
        if action in {"confirm", "reject"}:
            return await self._confirmed("sent" if action == "confirm" else "cancelled")
        if action in {"pause", "mute", "resume", "unmute"}:
            return await self._on_case(action, client_id)
        simple: dict[str, tuple[str, dict[str, Any]]] = {
            "dispute": (commands.OPEN_DISPUTE, {"sale_id": sale_id, "reason": "x"}),
            "promise": (commands.RECORD_PROMISE, {"client_id": client_id, "date": "2099-01-01"}),
            "call": (
                commands.RECORD_CALL,
                {"client_id": client_id, "outcome": "promised", "promise": {"date": "2099-01-01", "amount": "20.00"}},
            ),
            "note": (commands.ADD_NOTE, {"client_id": client_id, "body": "x", "needs_response": True}),
            "archive": (commands.UPDATE_CLIENT, {"id": client_id, "archived": True}),
            "back": (commands.UPDATE_CLIENT, {"id": client_id, "archived": False}),
            "void": (commands.VOID_SALE, {"id": sale_id, "reason": "x", "date": None}),
        }
        if action not in simple:
            return await self._freed(action, client_id)
        return self.ledger.command(*simple[action])

    async def _confirmed(self, outcome: str) -> Envelope | None:
        """What the executor reports: a message went, or one that was called off never did."""
        state = "requested" if outcome == "sent" else "cancelled"
        found = await self.ledger.pool.fetchval(
            "SELECT id FROM ledger.message WHERE account_id = $1 AND state = $2 LIMIT 1", self.ledger.account_id, state
        )
        data = {"message_id": str(found), "outcome": outcome}
        return None if found is None else self.ledger.command(commands.CONFIRM_MESSAGE, data)

    async def _on_case(self, action: str, client_id: str) -> Envelope | None:
        names = {
            "pause": commands.PAUSE_CASE, "mute": commands.MUTE_CASE, "resume": commands.RESUME_CASE,
            "unmute": commands.UNMUTE_CASE,
        }  # fmt: skip
        found = await self.ledger.pool.fetchval(
            "SELECT id FROM ledger.collection_case WHERE client_id::text = $1 LIMIT 1", client_id
        )
        reason = {"reason": "x"} if action in {"pause", "mute"} else {}
        return None if found is None else self.ledger.command(names[action], {"id": str(found)} | reason)

    async def _freed(self, action: str, client_id: str) -> Envelope | None:
        table, command = {
            "settle_dispute": ("dispute", commands.RESOLVE_DISPUTE), "answer": ("note", commands.RESOLVE_NOTE),
            "take_back": ("promise", commands.CANCEL_PROMISE), "check_promise": ("promise", CHECK_COMMAND),
        }[action]  # fmt: skip
        found = await self.ledger.pool.fetchval(
            f"SELECT id FROM ledger.{table} WHERE client_id::text = $1 ORDER BY id DESC LIMIT 1",  # noqa: S608
            client_id,
        )
        return None if found is None else self.ledger.command(command, {"id": str(found)})

    async def remind(self, scheduler: int) -> None:
        """Let a scheduler decide on what is due."""
        await self.schedulers[scheduler].decide_due()

    async def check(self) -> None:
        """Hold that nothing is about to go that must not, and that nothing went twice."""
        wrong = await self.ledger.pool.fetch(WRONG)
        assert wrong == [], [dict(one) for one in wrong]
        assert await self.ledger.pool.fetch(TWICE) == []


ROUNDS = st.lists(
    st.lists(
        st.tuples(st.sampled_from(ACTIONS + FREE), st.integers(0, CLIENTS - 1), st.integers(0, 1)),
        min_size=1,
        max_size=4,
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.timeout(120)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(rounds=ROUNDS, choice=st.sampled_from(["leave_out", "mark"]))
async def test_no_client_is_reminded_that_must_not_be_whatever_happens_meanwhile(
    race: LedgerHarness, renderer: Renderer, rounds: Sequence[Sequence[tuple[str, int, int]]], choice: str
) -> None:
    books = Books(race, renderer)
    await books.open(choice)
    await books.remind(0)
    for event_texts in rounds:
        work = [books.happen(*one) for one in event_texts]
        await asyncio.gather(books.remind(0), *work, books.remind(1), books.check())
        await books.check()
    while await books.schedulers[0].decide_due():
        await books.check()
