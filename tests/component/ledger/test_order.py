"""The ledger's order is published with the events: each names the one before it about the same client."""

from __future__ import annotations

import asyncio

from contracts.primitives.ids import new_id
from contracts.wire.commands import CREATE_SALE
from contracts.wire.envelope import Envelope
from tests.support.ledger import LedgerHarness, an_invoice


def _chain(events: list[Envelope], client_id: str) -> list[Envelope]:
    """A client's events, from the one that has none before it, each after the other."""
    follower = {event.data.get("after"): event for event in events if event.data["client_id"] == client_id}
    chain: list[Envelope] = []
    while (following := follower.get(str(chain[-1].id) if chain else None)) is not None:
        chain.append(following)
    return chain


async def test_a_clients_events_form_one_chain_in_the_order_of_the_ledger(ledger: LedgerHarness) -> None:
    clients = [await ledger.client() for _ in range(2)]
    orders = [ledger.command(CREATE_SALE, an_invoice(clients[number % 2])) for number in range(24)]
    await asyncio.gather(*(ledger.handle(*orders[start : start + 3]) for start in range(0, 24, 3)))
    events = await ledger.events()
    for client_id in clients:
        chain = _chain(events, client_id)
        assert len(chain) == 1 + 2 * 12
        assert [event.id for event in chain] == sorted(event.id for event in chain)
        posted = [event.data["object"]["number"] for event in chain if event.name == "sale.posted"]
        assert posted == sorted(posted)


async def test_an_event_sorts_behind_the_one_before_it_also_where_a_clock_is_behind(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    ahead = f"{(new_id().int >> 80) + 60_000:012x}-7000-8000-000000000000"
    await ledger.owner.execute("UPDATE ledger.last_event SET event_id = $1", f"{ahead[:8]}-{ahead[8:]}")
    await ledger.sale(client_id)
    before, *events = [event.id for event in await ledger.events()]
    assert before < events[0] < events[1]
    assert (await ledger.events())[-1].data["after"] == str(events[0])
    assert str(events[0]) > f"{ahead[:8]}-{ahead[8:]}"
