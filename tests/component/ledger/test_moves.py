"""Moves of invoices to another collector: by a person, and by the last step of a workflow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from contracts.resources import case as present
from contracts.wire import commands
from ingress.views import case_queries
from templates.renderer import Renderer
from tests.support.collecting import Collecting, mail
from tests.support.ledger import LedgerHarness


@pytest.fixture(scope="module")
async def renderer() -> AsyncIterator[Renderer]:
    one = Renderer()
    yield one
    await one.stop()


@pytest.fixture
def collecting(ledger: LedgerHarness, renderer: Renderer) -> Collecting:
    return Collecting(ledger, renderer)


def move_to(collector_id: str, delay: str = "P5D", **fields: Any) -> dict[str, Any]:
    return {"channel": "move", "delay": delay, "target_collector_id": collector_id} | fields


async def moved(collecting: Collecting) -> list[Any]:
    return [one.data["object"] for one in await collecting.ledger.events() if one.name == "invoices.moved"]


async def test_the_workflow_moves_what_is_open_and_the_target_begins_at_its_first_step(collecting: Collecting) -> None:
    notify = {
        "to": ["boss@baltic.example"],
        "subject": "{{ client.name }}",
        "body": "To {{ target.name }}: {{ amount }}",
    }
    target = await collecting.collector(mail("P1D"), mail("P2D"), name="Last", default=False)
    source = await collecting.collector(mail("P1D"), move_to(target, notify=notify))
    client_id = await collecting.client(name="Ozola")
    sale_id = await collecting.invoice(client_id)
    await collecting.decide()
    await collecting.at(datetime(2026, 3, 17, 1, tzinfo=UTC))
    await collecting.at(datetime(2026, 3, 21, 1, tzinfo=UTC))
    await collecting.moves()
    await collecting.moves()
    (event,) = await moved(collecting)
    assert (event["cause"], event["from_collector"]["id"], event["to_collector"]["id"]) == ("workflow", source, target)
    assert event["notification"] == {"subject": "Ozola", "body": "To Last: 165.01 EUR"}
    assert [one["id"] for one in event["invoices"]] == [sale_id]
    assert event["account_total"] == [{"currency": "EUR", "open": "165.01", "overdue": "165.01"}]
    await collecting.at(datetime(2026, 3, 21, 2, tzinfo=UTC))
    jobs = await collecting.jobs()
    assert [job.to for job in jobs] == [["aija@ozola.example"], ["boss@baltic.example"], ["aija@ozola.example"]]
    case = await collecting.case()
    assert (str(case["collector_id"]), case["last_step"]) == (target, 0)
    before = (await collecting.cases())[0]
    assert (before["state"], before["reason"]) == ("settled", "its invoices were moved to Last")


async def test_a_notification_is_no_message_to_the_client(collecting: Collecting) -> None:
    notify = {"to": ["boss@baltic.example"], "subject": "Look", "body": "Here"}
    target = await collecting.collector(mail("P90D"), name="Last", default=False)
    await collecting.collector(move_to(target, "P1D", notify=notify))
    await collecting.invoice(await collecting.client())
    await collecting.at(datetime(2026, 3, 18, tzinfo=UTC))
    await collecting.moves()
    (job,) = await collecting.jobs()
    await collecting.confirm(job)
    assert (await collecting.ledger.row("message", job.message_id))["state"] == "sent"
    assert "message.created" not in await collecting.ledger.triggers()


async def test_a_target_that_starts_manually_waits_for_a_person(collecting: Collecting) -> None:
    target = await collecting.collector(mail("P1D"), name="Last", default=False)
    await collecting.collector(move_to(target, "P1D", starts_manually=True))
    await collecting.invoice(await collecting.client())
    await collecting.at(datetime(2026, 3, 20, tzinfo=UTC))
    await collecting.moves()
    await collecting.after(hours=1)
    case = await collecting.case()
    assert (str(case["collector_id"]), case["state"]) == (target, "pending")
    await collecting.act(commands.SEND_CASE_STEP)
    await collecting.decide()
    assert len(await collecting.jobs()) == 1


async def test_what_was_paid_meanwhile_is_not_moved(collecting: Collecting) -> None:
    target = await collecting.collector(mail("P1D"), name="Last", default=False)
    await collecting.collector(move_to(target, "P1D"))
    client_id = await collecting.client()
    sale_id = await collecting.invoice(client_id)
    await collecting.at(datetime(2026, 3, 20, tzinfo=UTC))
    await collecting.ledger.pay(client_id, "165.01", (sale_id, "165.01"))
    await collecting.moves()
    assert await moved(collecting) == []


async def test_a_person_moves_one_invoice_and_the_others_stay(collecting: Collecting) -> None:
    source = await collecting.collector(mail("P90D"))
    target = await collecting.collector(mail("P1D"), name="Last", default=False)
    client_id = await collecting.client()
    first, second = await collecting.invoice(client_id), await collecting.invoice(client_id)
    await collecting.decide()
    answer = await collecting.ledger.ask(commands.MOVE_INVOICES, {"invoice_ids": [first], "collector_id": target})
    assert (answer.status, answer.body["cause"]) == (200, "person")
    await collecting.decide()
    cases = {str(one["collector_id"]): [str(sale) for sale in one["sale_ids"]] for one in await collecting.cases()}
    assert cases == {source: [second], target: [first]}
    assert len(await moved(collecting)) == 1


async def test_a_mute_goes_with_what_is_moved(collecting: Collecting) -> None:
    await collecting.collector(mail("P90D"))
    target = await collecting.collector(mail("P1D"), name="Last", default=False)
    client_id = await collecting.client()
    await collecting.invoice(client_id)
    await collecting.decide()
    await collecting.act(commands.MUTE_CASE, reason="With a court")
    await collecting.ledger.ask(commands.MOVE_INVOICES, {"client_id": client_id, "collector_id": target})
    await collecting.at(datetime(2026, 3, 20, tzinfo=UTC))
    case = await collecting.case()
    assert (str(case["collector_id"]), case["state"], case["reason"]) == (target, "muted", "With a court")
    assert await collecting.jobs() == []


async def test_invoices_of_two_clients_are_moved_together_each_with_its_event(collecting: Collecting) -> None:
    target = await collecting.collector(mail("P1D"), default=False)
    clients = [await collecting.client() for _ in range(2)]
    one, other = [await collecting.invoice(client_id) for client_id in clients]
    asked = {"invoice_ids": [one, other], "collector_id": target}
    answer = await collecting.ledger.ask(commands.MOVE_INVOICES, asked)
    assert answer.status == 200
    moves = [answer.body, *answer.body["other_clients"]]
    assert {move["client_id"]: [sale["id"] for sale in move["invoices"]] for move in moves} == {
        clients[0]: [one],
        clients[1]: [other],
    }
    assert len(await moved(collecting)) == 2


async def test_a_removed_collectors_cases_go_on_in_the_one_that_takes_its_place(collecting: Collecting) -> None:
    source = await collecting.collector(mail("P1D"))
    target = await collecting.collector(mail("P2D"), name="Mild", default=False)
    await collecting.invoice(await collecting.client())
    await collecting.decide()
    gone = await collecting.ledger.ask(commands.REMOVE_COLLECTOR, {"id": source, "move_to": target})
    assert gone.status == 200
    await collecting.decide()
    await collecting.moves()
    await collecting.decide()
    case = await collecting.case()
    assert (str(case["collector_id"]), case["next_at"]) == (target, datetime(2026, 3, 18, tzinfo=UTC))


async def test_a_case_is_shown_and_found_in_what_replaces_its_collector_before_it_is_moved(
    collecting: Collecting,
) -> None:
    source = await collecting.collector(mail("P1D"), name="Gone")
    target = await collecting.collector(mail("P2D"), name="Mild", default=False)
    other = await collecting.collector(mail("P2D"), name="Other", default=False)
    await collecting.invoice(await collecting.client())
    await collecting.decide()
    case = await collecting.case()
    await collecting.ledger.ask(commands.REMOVE_COLLECTOR, {"id": source, "move_to": target})
    for collector_id, found in ((target, [case["id"]]), (source, [case["id"]]), (other, [])):
        assert [one["id"] for one in await cases_in(collecting, collector_id)] == found
    shown = present.from_row(await collecting.case())
    assert shown["collector"] == {"id": target, "name": "Mild"}


async def cases_in(collecting: Collecting, collector_id: str) -> list[Any]:
    pool, account_id = collecting.ledger.pool, collecting.ledger.account_id
    filters = await case_queries.collectors_of(pool, account_id=account_id, collector_id=UUID(collector_id))
    return await case_queries.cases(
        pool, account_id=account_id, sort="amount", after=None, limit=9, filters=filters
    )  # fmt: skip


async def test_the_removal_of_a_collector_moves_its_invoices_with_one_event_a_client(collecting: Collecting) -> None:
    source = await collecting.collector(mail("P1D"), name="Gone")
    target = await collecting.collector(mail("P2D"), name="Mild", default=False)
    clients = [await collecting.client() for _ in range(2)]
    sales = [await collecting.invoice(client_id) for client_id in clients]
    await collecting.decide()
    await collecting.ledger.ask(commands.REMOVE_COLLECTOR, {"id": source, "move_to": target})
    await collecting.decide()
    await collecting.decide()
    await collecting.moves()
    events = await moved(collecting)
    assert {one["client_id"]: [sale["id"] for sale in one["invoices"]] for one in events} == {
        client_id: [sale_id] for client_id, sale_id in zip(clients, sales, strict=True)
    }
    assert [(one["cause"], one["from_collector"]["name"], one["to_collector"]["id"]) for one in events] == [
        ("person", "Gone", target)
    ] * 2
    await collecting.at(datetime(2026, 3, 18, 1, tzinfo=UTC))
    assert len(await collecting.jobs()) == 2


async def test_what_was_moved_to_a_collector_just_before_its_removal_is_moved_on_with_an_event(
    collecting: Collecting,
) -> None:
    source = await collecting.collector(mail("P1D"), name="Mild")
    gone = await collecting.collector(mail("P2D"), name="Gone", default=False)
    client_id = await collecting.client()
    sale_id = await collecting.invoice(client_id)
    await collecting.decide()
    await collecting.ledger.ask(commands.MOVE_INVOICES, {"client_id": client_id, "collector_id": gone})
    await collecting.ledger.ask(commands.REMOVE_COLLECTOR, {"id": gone, "move_to": source})
    for _ in range(2):
        await collecting.decide()
        await collecting.moves()
    events = await moved(collecting)
    assert [(one["from_collector"]["name"], one["to_collector"]["name"]) for one in events] == [
        ("Mild", "Gone"), ("Gone", "Mild"),
    ]  # fmt: skip
    case = await collecting.case()
    assert (str(case["collector_id"]), case["state"], case["sale_ids"]) == (source, "scheduled", [UUID(sale_id)])


async def test_an_invoice_that_comes_back_after_its_collectors_removal_follows_the_default(
    collecting: Collecting,
) -> None:
    default = await collecting.collector(mail("P1D"), name="Mild")
    gone = await collecting.collector(mail("P2D"), name="Gone", default=False)
    client_id = await collecting.client()
    sale_id = await collecting.invoice(client_id)
    await collecting.ledger.ask(commands.MOVE_INVOICES, {"client_id": client_id, "collector_id": gone})
    payment = await collecting.ledger.pay(client_id, "165.01", (sale_id, "165.01"))
    await collecting.decide()
    assert (await collecting.ledger.ask(commands.REMOVE_COLLECTOR, {"id": gone})).status == 200
    await collecting.ledger.ask(commands.REVERSE_PAYMENT, {"id": payment.id, "reason": "Bounced"})
    for _ in range(2):
        await collecting.decide()
        await collecting.moves()
    assert len(await moved(collecting)) == 1
    (case,) = [one for one in await collecting.cases() if one["state"] != "settled"]
    assert str(case["collector_id"]) == default


async def test_a_reported_move_fires_its_event_and_moves_and_sends_nothing(collecting: Collecting) -> None:
    source = await collecting.collector(mail("P1D"))
    client_id = await collecting.client()
    sale_id = await collecting.invoice(client_id)
    await collecting.decide()
    report = {
        "invoice_ids": [sale_id], "origin": "external", "from_collector": "Soft", "to_collector": "Court",
        "cause": "workflow", "notification": {"subject": "To court", "body": "Now"},
    }  # fmt: skip
    answer = await collecting.ledger.ask(commands.MOVE_INVOICES, report)
    assert (answer.status, answer.body["origin"]) == (200, "external")
    (event,) = await moved(collecting)
    assert (event["cause"], event["from_collector"], event["to_collector"], event["notification"]) == (
        "workflow", {"id": None, "name": "Soft"}, {"id": None, "name": "Court"}, report["notification"],
    )  # fmt: skip
    await collecting.decide()
    assert str((await collecting.case())["collector_id"]) == source
    assert await collecting.jobs() == []


@pytest.mark.parametrize(
    "given",
    [{"origin": "external"}, {"to_collector": "Court"}, {"cause": "workflow"}, {"occurred_at": "2026-03-01T00:00:00Z"}],
)
async def test_what_only_a_reported_move_says_is_refused_of_another(
    collecting: Collecting, given: dict[str, str]
) -> None:
    target = await collecting.collector(mail("P1D"))
    asked = {"client_id": await collecting.client()} | ({} if "origin" in given else {"collector_id": target})
    refused = await collecting.ledger.ask(commands.MOVE_INVOICES, asked | given)
    assert refused.status == 422
