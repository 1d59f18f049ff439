"""The nine things that must always hold (ledger.md), under any commands in any order, concurrent and repeated.

A state machine drives the real ledger on a real Postgres beside `tests.support.reference_ledger`. `INVARIANTS=long`
in the environment makes it run for minutes instead of seconds.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from contracts.wire.commands import ALLOCATE_CREDIT, ALLOCATE_PAYMENT, CREATE_SALE, RECORD_PAYMENT
from contracts.wire.envelope import Envelope
from ledger.sales.overdue_scheduler import OverdueScheduler
from tests.support.cents import euros
from tests.support.ledger import LedgerHarness, handle, open_harness
from tests.support.ledger_comparison import an_opening, by_client, expected_balances, facts_of, sensible
from tests.support.ledger_contents import Seen, look
from tests.support.reference_ledger import Command, Expected, Reference

T = TypeVar("T")

SHORT = settings(max_examples=16, stateful_step_count=25, phases=[Phase.generate])
LONG = settings(max_examples=400, stateful_step_count=60)
PROFILE = LONG if os.environ.get("INVARIANTS") == "long" else SHORT

# Small numbers meet each other more often.
RATES = st.sampled_from(["0", "19"])
CENTS = st.integers(min_value=0, max_value=300)
SOME_CENTS = st.integers(min_value=1, max_value=300)
KINDS = st.sampled_from(["sales_invoice", "sales_invoice", "sales_estimate", "sales_order", "sales_proforma"])
OPENING = ("sales_estimate", "sales_order", "sales_proforma", "sales_invoice", "credit_note", "payment")
VERBS = "issue send accept decline expire convert close cancel void void write_off write_back update delete"
ON_SALES = st.sampled_from(VERBS.split())
ON_PAYMENTS = st.sampled_from(["confirm", "fail", "reverse"])
A_YEAR = timedelta(days=400)


class Books(RuleBasedStateMachine):
    """Two accounts' books, what they must be, and what they were at the last look."""

    runner: asyncio.Runner
    ledger: LedgerHarness

    def __init__(self) -> None:
        super().__init__()
        self.references: dict[UUID, Reference] = {}
        self.seen: dict[UUID, Seen] = {}
        self.fired: list[UUID] = []
        self.last: list[tuple[Envelope, Expected]] = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize()
    def two_accounts_with_two_clients_each(self) -> None:
        for _ in range(2):
            account_id = self.run(self.ledger.add_account())
            clients = [self.run(self.ledger.client(account_id=account_id)) for _ in range(2)]
            self.references[account_id] = Reference(clients)
            self.seen[account_id] = self.look(account_id)
            self.do(account_id, *(an_opening(kind, client) for client in clients for kind in OPENING))

    def look(self, account_id: UUID) -> Seen:
        return self.run(look(self.ledger.owner, account_id))

    def draw_account(self, data: st.DataObject) -> UUID:
        return data.draw(st.sampled_from(sorted(self.references)), "account")

    def do(self, account_id: UUID, *commands: Command) -> None:
        """Handle commands in one batch and compare each with what it must come to."""
        reference = self.references[account_id]
        envelopes = [self.ledger.command(name, data, account_id=account_id) for name, data in commands]
        effects = self.run(self.ledger.handle(*envelopes))
        triggers: list[str] = []
        self.last = []
        for envelope in envelopes:
            expected = reference.expect(envelope.name, envelope.data)
            answer = self.run(self.ledger.outcome(envelope.id))
            assert answer.status == expected.status, (envelope.name, envelope.data, answer)
            expected.done(answer.body)
            triggers += expected.triggers
            self.last.append((envelope, expected))
        reported = [Envelope.decode(message.body) for message in effects.messages]
        assert [event.name for event in reported] == triggers
        self.fired += [event.id for event in reported]
        self.compare(account_id, changed=bool(triggers))

    def compare(self, account_id: UUID, *, changed: bool) -> None:
        """Look at both accounts: only what was meant to change has changed."""
        for one, before in list(self.seen.items()):
            now = self.look(one)
            assert before.stays.items() <= now.stays.items()  # 4, 5: the journal only grows, what is issued stays
            if one != account_id or not changed:
                assert (now.stays, now.moves) == (before.stays, before.moves)  # 6, 9
            self.seen[one] = now

    def sale(self, data: st.DataObject, account_id: UUID, *kinds: str, verb: str = "") -> str | None:
        """A document; half the time one that an invoice's payer would choose, or to which the verb can be done."""
        reference = self.references[account_id]
        ids = sorted(key for key, one in reference.docs.items() if not kinds or one.kind in kinds)
        if data.draw(st.booleans(), "sensibly"):
            ids = [key for key in ids if sensible(reference, key, verb)] or ids
        return data.draw(st.sampled_from(ids), "sale") if ids else None

    def source(self, data: st.DataObject, account_id: UUID) -> tuple[str, str] | None:
        """A payment or credit note, and how commands call it."""
        reference = self.references[account_id]
        ids = [(key, "payment") for key in reference.pays]
        ids += [(key, "credit") for key, one in reference.docs.items() if one.kind == "credit_note"]
        if data.draw(st.booleans(), "one that has something"):
            things: dict[str, Any] = {**reference.docs, **reference.pays}
            ids = [one for one in ids if things[one[0]].spare or things[one[0]].settled] or ids
        return data.draw(st.sampled_from(sorted(ids)), "source") if ids else None

    @rule(data=st.data(), kind=KINDS, cents=CENTS, rate=RATES, issue=st.booleans())
    def someone_sells(self, data: st.DataObject, kind: str, cents: int, rate: str, issue: bool) -> None:  # noqa: FBT001
        account_id = self.draw_account(data)
        deposit = data.draw(st.sampled_from([0, 0, 0, cents // 2, cents]), "deposit")
        ctx = self.a_sale(data, account_id, kind, cents, rate, issue=issue, deposit=euros(deposit))
        if returned := data.draw(st.sampled_from([0, 0, 0, cents // 3, cents, cents + 1]), "returned"):
            ctx["lines"].append(ctx["lines"][0] | {"quantity": "-1", "unit_price": euros(returned)})
        self.do(account_id, (CREATE_SALE, ctx))

    def a_sale(
        self, data: st.DataObject, account_id: UUID, kind: str, cents: int, rate: str = "0", **fields: Any
    ) -> dict[str, Any]:
        client_id = data.draw(st.sampled_from(self.references[account_id].clients), "client")
        line = {"description": "A", "quantity": "1", "unit_price": euros(cents), "tax_rate": rate}
        ctx = {"sale_type": kind, "client_id": client_id, "currency": "EUR", "lines": [line], "issue": True}
        return ctx | fields

    @rule(data=st.data(), cents=SOME_CENTS, issue=st.booleans(), alone=st.booleans())
    def someone_credits(self, data: st.DataObject, cents: int, issue: bool, alone: bool) -> None:  # noqa: FBT001
        account_id = self.draw_account(data)
        ctx = self.a_sale(data, account_id, "credit_note", cents, data.draw(RATES), issue=issue)
        invoice_id = None if alone else self.sale(data, account_id)
        ctx |= {"invoice_id": invoice_id} if invoice_id else {}
        if invoice_id and data.draw(st.booleans(), "the right client"):
            ctx["client_id"] = self.references[account_id].docs[invoice_id].client
        self.do(account_id, (CREATE_SALE, ctx))

    @rule(data=st.data(), cents=SOME_CENTS, issue=st.booleans())
    def someone_gives_a_receipt(self, data: st.DataObject, cents: int, issue: bool) -> None:  # noqa: FBT001
        account_id = self.draw_account(data)
        pays = self.references[account_id].pays
        if pays:
            payment_id = data.draw(st.sampled_from(sorted(pays)), "payment")
            ctx = self.a_sale(data, account_id, "sales_receipt", cents, issue=issue, payment_id=payment_id)
            ctx["client_id"] = pays[payment_id].client
            self.do(account_id, (CREATE_SALE, ctx))

    @rule(data=st.data(), cents=SOME_CENTS, pending=st.booleans())
    def someone_pays(self, data: st.DataObject, cents: int, pending: bool) -> None:  # noqa: FBT001
        account_id = self.draw_account(data)
        client_id = data.draw(st.sampled_from(self.references[account_id].clients), "client")
        ctx: dict[str, Any] = {"client_id": client_id, "amount": euros(cents), "currency": "EUR", "allocations": []}
        ctx |= {"status": "pending"} if pending else {"allocations": self.allocations(data, account_id)}
        self.do(account_id, (RECORD_PAYMENT, ctx))

    def allocations(self, data: st.DataObject, account_id: UUID, source_id: str = "") -> list[dict[str, Any]]:
        reference, wanted = self.references[account_id], list[dict[str, Any]]()
        things: dict[str, Any] = {**reference.docs, **reference.pays}
        for _ in range(data.draw(st.integers(min_value=0, max_value=2), "allocations")):
            invoice_id = self.sale(data, account_id, "sales_invoice")
            if invoice_id is not None and invoice_id not in {one["sale_id"] for one in wanted}:
                left = max(reference.docs[invoice_id].open, 1)
                spare = max(things[source_id].spare, 1) if source_id else left
                amount = data.draw(st.sampled_from([min(left, spare), left, 1, 400]), "amount")
                wanted.append({"sale_id": invoice_id, "amount": euros(amount)})
        return wanted

    @rule(data=st.data())
    def someone_allocates(self, data: st.DataObject) -> None:
        account_id = self.draw_account(data)
        source = self.source(data, account_id)
        wanted = self.allocations(data, account_id, source[0] if source else "")
        if source and wanted:
            self.do(account_id, (f"allocate_{source[1]}", {"id": source[0], "allocations": wanted}))

    @rule(data=st.data(), everything=st.booleans())
    def someone_takes_off(self, data: st.DataObject, everything: bool) -> None:  # noqa: FBT001
        account_id = self.draw_account(data)
        source, invoice_id = self.source(data, account_id), self.sale(data, account_id, "sales_invoice")
        live = sorted(self.references[account_id].settled)
        if data.draw(st.booleans(), "something applied") and live:
            source_id, invoice_id = data.draw(st.sampled_from(live), "settlement")
            source = (source_id, self.references[account_id].word_for(source_id))
        if source and (everything or invoice_id):
            chosen = {} if everything else {"sale_ids": [invoice_id]}
            self.do(account_id, (f"unallocate_{source[1]}", {"id": source[0], **chosen}))

    @rule(data=st.data(), cents=st.none() | SOME_CENTS)
    def someone_refunds(self, data: st.DataObject, cents: int | None) -> None:
        account_id = self.draw_account(data)
        if source := self.source(data, account_id):
            amount = {} if cents is None else {"amount": euros(cents)}
            self.do(account_id, (f"refund_{source[1]}", {"id": source[0], **amount}))

    @rule(data=st.data())
    def someone_takes_a_refund_back(self, data: st.DataObject) -> None:
        account_id = self.draw_account(data)
        refunds = self.references[account_id].refunds
        if refunds and (source := self.source(data, account_id)):
            refund_id = data.draw(st.sampled_from(sorted(refunds)), "refund")
            if data.draw(st.booleans(), "from where it came"):
                source_id = refunds[refund_id][0]
                source = (source_id, self.references[account_id].word_for(source_id))
            self.do(account_id, (f"unrefund_{source[1]}", {"id": source[0], "refund_id": refund_id}))

    @rule(data=st.data(), verb=ON_SALES)
    def someone_moves_a_document(self, data: st.DataObject, verb: str) -> None:
        account_id = self.draw_account(data)
        if sale_id := self.sale(data, account_id, verb=verb):
            self.do(account_id, self.a_move(data, verb, sale_id))

    def a_move(self, data: st.DataObject, verb: str, sale_id: str) -> Command:
        ctx: dict[str, Any] = {"id": sale_id}
        if verb == "update":
            price = euros(data.draw(CENTS, "price"))
            ctx["lines"] = [{"description": "B", "quantity": "1", "unit_price": price, "tax_rate": "19"}]
        return f"{verb}_sale", ctx

    @rule(data=st.data(), verb=ON_PAYMENTS)
    def someone_moves_a_payment(self, data: st.DataObject, verb: str) -> None:
        account_id = self.draw_account(data)
        if pays := self.references[account_id].pays:
            self.do(account_id, (f"{verb}_payment", {"id": data.draw(st.sampled_from(sorted(pays)), "payment")}))

    @rule(data=st.data(), verbs=st.lists(ON_SALES, min_size=2, max_size=4))
    def several_moves_come_in_one_batch(self, data: st.DataObject, verbs: list[str]) -> None:
        account_id = self.draw_account(data)
        moves = [
            self.a_move(data, verb, sale_id) for verb in verbs if (sale_id := self.sale(data, account_id, verb=verb))
        ]
        if moves:
            self.do(account_id, *moves)

    @rule(data=st.data(), cents=st.sampled_from([10, 50]))
    def sixteen_allocate_at_once(self, data: st.DataObject, cents: int) -> None:
        """3: never more than the invoice, and never more than the source."""
        account_id = self.draw_account(data)
        source, invoice_id = self.source(data, account_id), self.sale(data, account_id, "sales_invoice")
        if source is None or invoice_id is None:
            return
        name = ALLOCATE_PAYMENT if source[1] == "payment" else ALLOCATE_CREDIT
        ctx = {"id": source[0], "allocations": [{"sale_id": invoice_id, "amount": euros(cents)}]}
        commands = [self.ledger.command(name, ctx, account_id=account_id) for _ in range(16)]
        self.run(self.at_once(commands))
        statuses = [self.run(self.ledger.outcome(command.id)).status for command in commands]
        for _ in range(statuses.count(200)):
            expected = self.references[account_id].expect(name, ctx)
            assert expected.status == 200
            expected.done({})
        assert statuses.count(200) == 16 or self.references[account_id].expect(name, ctx).status >= 400
        self.fired += self.run(self.noted_since(account_id))
        self.compare(account_id, changed=200 in statuses)

    async def at_once(self, commands: list[Envelope]) -> None:
        await asyncio.gather(*(self.ledger.handle(command) for command in commands))

    async def noted_since(self, account_id: UUID) -> list[UUID]:
        noted = (await look(self.ledger.owner, account_id)).noted
        return noted[len(self.seen[account_id].noted) :]

    @precondition(lambda self: self.last)
    @rule()
    def the_last_batch_comes_again_three_times_at_once(self) -> None:
        """6: one command, one effect."""
        envelopes = [envelope for envelope, _ in self.last]
        before = [self.run(self.ledger.outcome(envelope.id)) for envelope in envelopes]
        self.run(self.at_once(envelopes * 3))
        assert [self.run(self.ledger.outcome(envelope.id)) for envelope in envelopes] == before
        self.compare(envelopes[0].account_id, changed=False)

    @rule(data=st.data(), cents=SOME_CENTS)
    def what_is_done_and_undone_leaves_every_balance(self, data: st.DataObject, cents: int) -> None:
        """4."""
        account_id = self.draw_account(data)
        reference, before = self.references[account_id], self.seen[account_id].by_account()
        ctx = self.a_sale(data, account_id, "sales_invoice", cents, "19")
        self.do(account_id, (CREATE_SALE, ctx))
        sale_id = list(reference.docs)[-1]
        pay = {"client_id": ctx["client_id"], "amount": "5.00", "currency": "EUR", "allocations": []}
        self.do(account_id, (RECORD_PAYMENT, pay))
        payment_id = list(reference.pays)[-1]
        self.do(account_id, ("write_off_sale", {"id": sale_id}))
        self.do(account_id, ("write_back_sale", {"id": sale_id}))
        part = [{"sale_id": sale_id, "amount": "0.01"}]
        self.do(account_id, ("allocate_payment", {"id": payment_id, "allocations": part}))
        self.do(account_id, ("refund_payment", {"id": payment_id}))
        self.do(account_id, ("unrefund_payment", {"id": payment_id, "refund_id": list(reference.refunds)[-1]}))
        self.do(account_id, ("reverse_payment", {"id": payment_id}))
        self.do(account_id, ("void_sale", {"id": sale_id}))
        assert self.seen[account_id].by_account() == before

    @rule()
    def a_year_passes(self) -> None:
        """7: every invoice that is owed is reported as overdue, once."""
        clock = OverdueScheduler(
            self.ledger.pool, self.ledger.pipeline, handle, now=lambda: datetime.now(tz=UTC) + A_YEAR
        )
        self.run(clock.fire_due())
        for account_id, reference in self.references.items():
            owed = {key for key, one in reference.docs.items() if one.owed and not one.late}
            fired = self.run(self.noted_since(account_id))
            assert len(fired) == len(owed)
            self.fired += fired
            for key in owed:
                reference.docs[key].late = True
            self.seen[account_id] = self.look(account_id)

    @invariant()
    def every_entry_account_and_currency_sums_to_zero(self) -> None:
        """1."""
        for seen in self.seen.values():
            assert seen.unbalanced == 0
            assert sum(seen.posted.values()) == 0

    @invariant()
    def what_is_owed_and_to_spare_is_what_documents_and_payments_say(self) -> None:
        """2."""
        for account_id, seen in self.seen.items():
            reference = self.references[account_id]
            owed, spare = expected_balances(reference)
            posted = {"receivable": {}, "unapplied": {}}  # type: dict[str, dict[str, int]]
            for (account, _, document), minor in seen.posted.items():
                if account in posted:
                    posted[account][document] = abs(minor)
            assert (posted["receivable"], posted["unapplied"]) == (owed, spare)
            assert {key: both for key, both in seen.balances.items() if any(both)} == by_client(reference, owed, spare)

    @invariant()
    def documents_and_payments_stand_as_they_must(self) -> None:
        """2, 3, 8."""
        for account_id, seen in self.seen.items():
            reference = self.references[account_id]
            sales = {key: facts_of(row) for key, row in seen.sales.items()}
            assert sales == {
                key: (one.status, one.total, one.settled, one.credited, one.child, one.late and one.owed)
                for key, one in reference.docs.items()
            }
            payments = {
                key: (row["status"], row["unapplied_minor"], row["refunded_minor"])
                for key, row in seen.payments.items()
            }
            assert payments == {
                key: (one.status, one.spare if one.status == "confirmed" else 0, one.refunded)
                for key, one in reference.pays.items()
            }
            assert all(0 <= one.settled <= one.total for one in reference.docs.values())
            assert all(0 <= one.settled <= one.amount for one in reference.pays.values())

    @invariant()
    def numbers_have_no_gaps_and_no_mirror_is_made_twice(self) -> None:
        """4, and ledger.md, Numbers."""
        for account_id, seen in self.seen.items():
            assert (seen.gaps, seen.mirrored_twice) == (0, 0)
            assert seen.numbers == +self.references[account_id].numbers

    @invariant()
    def each_transition_is_reported_once_and_the_events_rebuild_the_statuses(self) -> None:
        """7."""
        noted = sorted(event_id for seen in self.seen.values() for event_id in seen.noted)
        assert noted == sorted(self.fired)
        for account_id, seen in self.seen.items():
            reference = self.references[account_id]
            things: dict[str, Any] = {**reference.docs, **reference.pays}
            assert seen.breaks == 0
            assert seen.history == {key: one.status for key, one in things.items()}


def test_the_nine_invariants_hold(ledger_dsn: str) -> None:
    with asyncio.Runner() as runner:
        opened = open_harness(ledger_dsn, sessions=17)
        Books.runner, Books.ledger = runner, runner.run(opened.__aenter__())
        try:
            run_state_machine_as_test(
                Books,
                settings=settings(
                    PROFILE, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, database=None
                ),
            )
        finally:
            runner.run(opened.__aexit__(None, None, None))
