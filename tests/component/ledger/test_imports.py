"""Lines of an import on a real Postgres: each by itself or all together, once, in one command."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from contracts.primitives.ids import new_id
from contracts.wire.commands import CREATE_CLIENT, IMPORT_LINES
from tests.support.ledger import LedgerHarness


def some_lines(*given: dict[str, Any], kind: str = "clients", on_error: str = "skip") -> dict[str, Any]:
    lines = [{"line": number, "given": one} for number, one in enumerate(given, start=2)]
    return {"import_id": str(new_id()), "on_error": on_error, kind: lines}


async def test_lines_become_clients_each_reported_once(ledger: LedgerHarness) -> None:
    answer = await ledger.ask(IMPORT_LINES, some_lines({"name": "A"}, {"name": "B"}))

    assert answer.status == 200
    assert answer.body == {
        "created": 2, "updated": 0, "unchanged": 0, "refused": 0, "aborted": False, "faults": [],
    }  # fmt: skip
    assert await ledger.triggers() == ["client.created", "client.created"]
    assert await ledger.used("clients") == 2


async def test_products_come_the_same_way(ledger: LedgerHarness) -> None:
    lines = [{"code": "A", "name": "A", "unit_price": "1.50"}, {"code": "A", "name": "A"}, {"code": "B", "name": "B"}]

    answer = await ledger.ask(IMPORT_LINES, some_lines(*lines, kind="products"))

    assert (answer.body["created"], answer.body["refused"]) == (2, 1)
    (fault,) = answer.body["faults"]
    assert (fault["line"], fault["path"]) == (3, "code")


async def test_a_bad_line_is_named_and_the_rest_taken(ledger: LedgerHarness) -> None:
    await ledger.client(name="There", external_id="x")
    lines = [{"name": "A", "external_id": "y"}, {"name": "B", "external_id": "x"}, {"name": "C", "external_id": "y"}]

    answer = await ledger.ask(IMPORT_LINES, some_lines(*lines, {"name": "D"}))

    assert (answer.body["created"], answer.body["refused"]) == (2, 2)
    assert [(fault["line"], fault["path"]) for fault in answer.body["faults"]] == [
        (3, "external_id"),
        (4, "external_id"),
    ]


async def test_or_nothing_at_all(ledger: LedgerHarness) -> None:
    await ledger.client(name="There", external_id="x")
    before = await ledger.contents()

    answer = await ledger.ask(
        IMPORT_LINES, some_lines({"name": "A"}, {"name": "B", "external_id": "x"}, on_error="abort")
    )

    assert (answer.body["aborted"], answer.body["created"], answer.body["refused"]) == (True, 0, 1)
    assert await ledger.contents() == before
    assert (await ledger.ask(IMPORT_LINES, some_lines({"name": "A"}, on_error="abort"))).body["created"] == 1


async def test_lines_change_what_is_there(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(name="A", external_id="x", phone="1")
    same = {"name": "A2", "external_id": "x", "on_conflict": "update"}

    answer = await ledger.ask(IMPORT_LINES, some_lines(same, same, {"name": "B", "external_id": "y"}))

    assert [answer.body[name] for name in ("created", "updated", "unchanged")] == [1, 1, 1]
    row = await ledger.row("client", client_id)
    assert (row["name"], row["phone"]) == ("A2", "1")


async def test_what_the_plan_has_no_room_for_is_refused_line_by_line(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, clients_max=2)
    lines = [{"name": name} for name in "ABCD"]

    nothing = await ledger.ask(IMPORT_LINES, some_lines(*lines, on_error="abort"))
    some = await ledger.ask(IMPORT_LINES, some_lines(*lines))

    assert (nothing.body["aborted"], nothing.body["refused"]) == (True, 2)
    assert (some.body["created"], some.body["refused"]) == (2, 2)
    assert [fault["line"] for fault in some.body["faults"]] == [4, 5]
    assert await ledger.used("clients") == 2
    assert (await ledger.triggers()).count("quota.reached") == 1


async def test_the_same_lines_again_change_nothing(ledger: LedgerHarness) -> None:
    command = ledger.command(IMPORT_LINES, some_lines({"name": "A"}, {"name": "B"}))

    for _ in range(3):
        await ledger.handle(command)

    assert await ledger.used("clients") == 2


async def test_lines_and_other_commands_see_one_another_in_a_batch(ledger: LedgerHarness) -> None:
    first = ledger.command(CREATE_CLIENT, {"name": "A", "external_id": "x"})
    lines = ledger.command(IMPORT_LINES, some_lines({"name": "B", "external_id": "x"}, {"name": "C"}))
    last = ledger.command(CREATE_CLIENT, {"name": "D", "external_id": "x"})

    await ledger.handle(first, lines, last)

    answers = [await ledger.outcome(command.id) for command in (first, lines, last)]
    assert [answer.status for answer in answers] == [201, 200, 409]
    assert (answers[1].body["created"], answers[1].body["refused"]) == (1, 1)


async def test_a_journey_finds_its_import(ledger: LedgerHarness) -> None:
    data = some_lines({"name": "A"})
    command = ledger.command(IMPORT_LINES, data, correlation_id=UUID(data["import_id"]))

    await ledger.handle(command)

    entry = await ledger.owner.fetchrow("SELECT * FROM ledger_api.journey_entry WHERE message_id = $1", command.id)
    assert entry is not None
    assert (entry["subject_id"], entry["correlation_id"]) == (UUID(data["import_id"]),) * 2
