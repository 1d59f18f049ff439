"""Collectors in the ledger: every account has one default, versions, and what names one that is removed."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.wire import commands
from ledger.consumer import handle
from tests.support.ledger import URLS, Answer, LedgerHarness

MAIL = {"channel": "email", "delay": "P3D", "template": {"subject": "Open", "body": "Please pay"}}


async def create(ledger: LedgerHarness, **fields: Any) -> Answer:
    return await ledger.ask(commands.CREATE_COLLECTOR, {"name": "Strict", "steps": [MAIL]} | fields)


async def collectors(ledger: LedgerHarness) -> dict[str, Any]:
    rows = await ledger.pool.fetch(
        "SELECT * FROM ledger_api.collector WHERE account_id = $1 AND deleted_at IS NULL", ledger.account_id
    )
    return {row["name"]: row for row in rows}


async def test_an_account_starts_with_reminders_that_end_in_a_final_notice(ledger: LedgerHarness) -> None:
    await ledger.ask(commands.OPEN_COLLECTORS, {})
    await ledger.ask(commands.OPEN_COLLECTORS, {})
    there = await collectors(ledger)
    assert {name: row["is_default"] for name, row in there.items()} == {"Reminders": True, "Final notice": False}
    steps = there["Reminders"]["steps"]
    assert [(one["channel"], one["delay"]) for one in steps] == [
        ("email", "P3D"), ("email", "P3D"), ("email", "P10D"), ("email", "P20D"), ("call", "P25D"), ("move", "P35D"),
    ]  # fmt: skip
    assert set(steps[1]["template"]) == {"en", "fr", "es"}
    assert steps[-1]["target_collector_id"] == str(there["Final notice"]["id"])


async def test_another_default_takes_the_place_of_the_one_before(ledger: LedgerHarness) -> None:
    made = await create(ledger, default=True)
    assert (made.status, made.body["default"], made.body["version"]) == (201, True, 1)
    assert {name: row["is_default"] for name, row in (await collectors(ledger)).items()} == {
        "Reminders": False, "Final notice": False, "Strict": True,
    }  # fmt: skip
    refused = await ledger.ask(
        commands.UPDATE_COLLECTOR, {"id": made.id, "name": "Strict", "steps": [MAIL], "default": False}
    )
    assert (refused.status, refused.body["errors"][0]["path"]) == (422, "default")


async def test_a_change_makes_a_version(ledger: LedgerHarness) -> None:
    made = await create(ledger)
    after = await ledger.ask(
        commands.UPDATE_COLLECTOR, {"id": made.id, "name": "Stricter", "steps": [MAIL, MAIL | {"delay": "P9D"}]}
    )
    assert (after.body["version"], after.body["name"], len(after.body["steps"])) == (2, "Stricter", 2)
    kept = await ledger.owner.fetchval(
        "SELECT jsonb_array_length(steps) FROM ledger.collector_version WHERE collector_id::text = $1 AND version = 1",
        made.id,
    )
    assert kept == 1


async def test_one_that_is_in_use_is_removed_only_in_favour_of_another(ledger: LedgerHarness) -> None:
    strict, mild = await create(ledger), await create(ledger, name="Mild")
    client_id = await ledger.client(collector_id=strict.id)
    refused = await ledger.ask(commands.REMOVE_COLLECTOR, {"id": strict.id})
    assert (refused.status, refused.body["code"]) == (409, "in_use")
    gone = await ledger.ask(commands.REMOVE_COLLECTOR, {"id": strict.id, "move_to": mild.id})
    assert gone.body == {"id": strict.id, "deleted": True, "moved_to": mild.id}
    assert "Strict" not in await collectors(ledger)
    renamed = await ledger.ask(commands.UPDATE_CLIENT, {"id": client_id, "collector_id": strict.id})
    assert renamed.status == 404


async def test_steps_that_moved_to_a_removed_one_move_to_what_replaces_it_in_a_new_version(
    ledger: LedgerHarness,
) -> None:
    last, mild = await create(ledger, name="Last"), await create(ledger, name="Mild")
    move = {"channel": "move", "delay": "P9D", "target_collector_id": last.id}
    strict = await create(ledger, steps=[MAIL, move], default=True)
    await ledger.ask(commands.REMOVE_COLLECTOR, {"id": last.id, "move_to": mild.id})
    row = (await collectors(ledger))["Strict"]
    assert (row["version"], [one["target_collector_id"] for one in row["steps"]]) == (2, [None, mild.id])
    assert (await collectors(ledger))["Mild"]["version"] == 1
    again = {"id": strict.id, "name": "Strict", "steps": row["steps"]}
    assert (await ledger.ask(commands.UPDATE_COLLECTOR, again)).status == 200


async def test_one_that_an_open_invoice_was_moved_to_is_in_use_before_its_case_is_there(ledger: LedgerHarness) -> None:
    strict = await create(ledger)
    sale = await ledger.sale(await ledger.client())
    await ledger.ask(commands.MOVE_INVOICES, {"invoice_ids": [sale.id], "collector_id": strict.id})
    refused = await ledger.ask(commands.REMOVE_COLLECTOR, {"id": strict.id})
    assert (refused.status, refused.body["code"]) == (409, "in_use")


async def test_a_removal_and_a_version_for_cases_under_way_wake_the_scheduler_at_once(ledger: LedgerHarness) -> None:
    strict, mild = await create(ledger), await create(ledger, name="Mild")
    assert await wakes(ledger, commands.UPDATE_COLLECTOR, {"id": mild.id, "name": "Milder", "steps": [MAIL]}) == 0
    version = {"id": mild.id, "name": "Mildest", "steps": [MAIL], "apply_to_active": True}
    assert await wakes(ledger, commands.UPDATE_COLLECTOR, version) == 1
    assert await wakes(ledger, commands.REMOVE_COLLECTOR, {"id": strict.id, "move_to": mild.id}) == 1


async def wakes(ledger: LedgerHarness, name: str, data: dict[str, Any]) -> int:
    """How often a command wakes the scheduler of cases after its commit."""
    moments: list[datetime] = []
    effects = await ledger.pipeline.commit(
        [ledger.command(name, data)], partial(handle, urls=URLS, expect={"due_clients": moments.append})
    )
    for callback in effects.after_commit:
        callback()
    return len(moments)


async def test_the_default_is_in_use(ledger: LedgerHarness) -> None:
    await ledger.ask(commands.OPEN_COLLECTORS, {})
    default = (await collectors(ledger))["Reminders"]
    assert (await ledger.ask(commands.REMOVE_COLLECTOR, {"id": str(default["id"])})).status == 409


async def test_a_client_names_a_collector_of_its_account(ledger: LedgerHarness) -> None:
    strict = await create(ledger)
    assert (await ledger.row("client", await ledger.client(collector_id=strict.id)))["collector_id"] is not None
    for wrong in (str(new_id()), strict.id):
        account_id = await ledger.add_account() if wrong == strict.id else ledger.account_id
        refused = await ledger.ask(commands.CREATE_CLIENT, {"name": "A", "collector_id": wrong}, account_id=account_id)
        assert (refused.status, refused.body["errors"][0]["path"]) == (404, "collector_id")


@pytest.mark.parametrize(
    "step",
    [
        {"channel": "email", "delay": "3 days", "template": {"subject": "a", "body": "b"}},
        {"channel": "email", "delay": "P3D", "template": {"body": "b"}},
        {"channel": "email", "delay": "P3D"},
        {"channel": "move", "delay": "P3D"},
        {"channel": "call", "delay": "P3D", "starts_manually": True},
    ],
)
async def test_a_step_that_cannot_be_done_is_refused(ledger: LedgerHarness, step: dict[str, Any]) -> None:
    refused = await create(ledger, steps=[step])
    assert refused.status == 422
    assert refused.body["errors"][0]["path"].startswith("steps[0]")


async def test_a_move_names_a_collector_that_is_there(ledger: LedgerHarness) -> None:
    refused = await create(ledger, steps=[{"channel": "move", "delay": "P3D", "target_collector_id": str(new_id())}])
    assert (refused.status, refused.body["errors"][0]["path"]) == (404, "steps[0].target_collector_id")
