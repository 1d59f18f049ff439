"""What a plan counts, on a real Postgres: exactly so many, however they are made and however many ask at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from contracts.primitives.ids import new_id
from contracts.wire.commands import (
    CREATE_CLIENT,
    CREATE_PRODUCT,
    CREATE_SALE,
    REMOVE_CLIENT,
    UPDATE_CLIENT,
    UPDATE_PRODUCT,
    UPSERT_CLIENT,
)
from tests.support.ledger import LedgerHarness, an_invoice


async def test_over_the_limit_nothing_is_made_and_it_is_reported_once(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, clients_max=2)
    for name in "AB":
        await ledger.client(name=name)
    before = await ledger.contents()

    refused = [await ledger.ask(CREATE_CLIENT, {"name": "C"}) for _ in range(3)]

    assert {(answer.status, answer.body["code"]) for answer in refused} == {(403, "quota_exceeded")}
    assert await ledger.contents() == before | {"outbox": before["outbox"] + 1}
    assert await ledger.used("clients") == 2
    today = datetime.now(tz=UTC).date()
    reported = (await ledger.events())[-1]
    assert (reported.name, reported.data["client_id"]) == ("quota.reached", None)
    assert reported.data["object"] == {
        "quota": "clients",
        "limit": 2,
        "used": 2,
        "refused": "create_client",
        "period_start": today.replace(day=1).isoformat(),
        "period_end": reported.data["object"]["period_end"],
    }
    assert reported.data["object"]["period_end"] >= today.isoformat()


async def test_each_limit_is_reported_by_itself(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, clients_max=0, products_max=0)

    answers = [
        await ledger.ask(CREATE_CLIENT, {"name": "A"}),
        await ledger.ask(CREATE_PRODUCT, {"code": "A", "name": "A"}),
    ]

    assert [answer.status for answer in answers] == [403, 403]
    assert [event.data["object"]["quota"] for event in await ledger.events()] == ["clients", "products"]


async def test_it_is_reported_again_in_the_next_period(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, clients_max=0)
    await ledger.ask(CREATE_CLIENT, {"name": "A"})
    await ledger.owner.execute("UPDATE ledger.usage_counter SET told_for = told_for - interval '1 month'")

    for _ in range(2):
        await ledger.ask(CREATE_CLIENT, {"name": "A"})

    assert await ledger.triggers() == ["quota.reached", "quota.reached"]


async def test_a_sale_whose_client_would_be_one_too_many_is_refused(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, clients_max=1)
    await ledger.client(name="There")
    before = await ledger.contents()

    refused = await ledger.ask(CREATE_SALE, an_invoice(client={"name": "New"}))
    found = await ledger.ask(CREATE_SALE, an_invoice(client={"name": "There"}))

    assert (refused.status, refused.body["code"], found.status) == (403, "quota_exceeded", 201)
    reported = next(event for event in await ledger.events() if event.name == "quota.reached")
    assert reported.data["object"]["refused"] == "create_sale"
    assert (await ledger.contents())["client"] == before["client"]


async def test_what_was_refused_or_came_again_does_not_count(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, clients_max=2)
    await ledger.client(external_id="x")

    await ledger.ask(CREATE_CLIENT, {"name": "B", "external_id": "x"})
    await ledger.ask(CREATE_CLIENT, {"name": "B", "collector_id": str(new_id())})
    await ledger.ask(CREATE_CLIENT, {"name": ""})
    await ledger.ask(UPSERT_CLIENT, {"name": "B", "external_id": "x", "on_conflict": "update"})
    await ledger.ask(CREATE_SALE, an_invoice(client={"name": "New"}, currency="EUR", deposit="1000000"))
    again = ledger.command(CREATE_CLIENT, {"name": "B"})
    for _ in range(3):
        await ledger.handle(again)

    assert await ledger.used("clients") == 2
    assert "quota.reached" not in await ledger.triggers()


async def test_in_one_batch_exactly_as_many_are_made_as_there_is_room_for(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, clients_max=5)
    batch = [ledger.command(CREATE_CLIENT, {"name": f"C{number}"}) for number in range(8)]

    await ledger.handle(*batch)

    assert [(await ledger.outcome(command.id)).status for command in batch] == [201] * 5 + [403] * 3
    assert (await ledger.triggers()).count("quota.reached") == 1


async def test_sixteen_at_once_make_exactly_as_many_as_there_is_room_for(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, clients_max=25)

    async def make(worker: int) -> None:
        for number in range(4):
            name = f"{worker}-{number}"
            command, data = (
                (CREATE_CLIENT, {"name": name}) if number % 2 else (CREATE_SALE, an_invoice(client={"name": name}))
            )
            await ledger.handle(ledger.command(command, data))

    await asyncio.gather(*(make(worker) for worker in range(16)))

    assert await ledger.used("clients") == 25
    assert (await ledger.triggers()).count("client.created") == 25
    assert (await ledger.triggers()).count("quota.reached") == 1


async def test_archiving_makes_room_and_bringing_back_needs_it(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, clients_max=1, products_max=1)
    client_id, product_id = await ledger.client(name="A"), await ledger.product(code="A")
    await ledger.sale(client_id)

    await ledger.ask(REMOVE_CLIENT, {"id": client_id})
    await ledger.ask(UPDATE_PRODUCT, {"id": product_id, "archived": True})
    await ledger.client(name="B")
    await ledger.product(code="B")
    back = [
        await ledger.ask(UPDATE_CLIENT, {"id": client_id, "archived": False}),
        await ledger.ask(UPDATE_PRODUCT, {"id": product_id, "archived": False}),
    ]

    assert [(answer.status, answer.body["code"]) for answer in back] == [(403, "quota_exceeded")] * 2
    assert (await ledger.used("clients"), await ledger.used("products")) == (1, 1)


async def test_a_plan_can_grow_and_shrink(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, clients_max=1)
    first = await ledger.client(name="A")
    assert (await ledger.ask(CREATE_CLIENT, {"name": "B"})).status == 403

    await ledger.add_account(ledger.account_id, clients_max=3)
    second = await ledger.client(name="B")
    await ledger.client(name="C")

    await ledger.add_account(ledger.account_id, clients_max=1)
    assert (await ledger.ask(CREATE_CLIENT, {"name": "D"})).status == 403
    assert (await ledger.ask(UPDATE_CLIENT, {"id": first, "name": "A2"})).status == 200
    for client_id in (first, second):
        assert (await ledger.ask(REMOVE_CLIENT, {"id": client_id})).status == 200
    assert (await ledger.ask(CREATE_CLIENT, {"name": "E"})).status == 403

    await ledger.add_account(ledger.account_id, clients_max=None)
    await ledger.client(name="F")
    assert await ledger.used("clients") == 2
