"""Steps that find, make and change clients and products, by the executor over the ledger's views."""

from __future__ import annotations

import pytest

from contracts.primitives.ids import new_id
from tests.component.executor.test_runs import step
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness


async def test_a_step_finds_a_client_and_the_next_uses_it(executor: ExecutorHarness) -> None:
    client_id, product_id = new_id(), new_id()
    await executor.owner.execute("INSERT INTO ledger.book (account_id) VALUES ($1)", executor.account_id)
    await executor.owner.execute(
        "INSERT INTO ledger.client (account_id, id, name, type, email, currency, created_at, updated_at)"
        " VALUES ($1, $2, 'Ozola', 'company', 'aija@ozola.example', 'EUR', now(), now())",
        executor.account_id, client_id,
    )  # fmt: skip
    await executor.owner.execute(
        "INSERT INTO ledger.product (account_id, id, code, name, type, currency, referred, created_at, updated_at)"
        " VALUES ($1, $2, 'PEN', 'Blue pen', 'product', 'EUR', false, now(), now())",
        executor.account_id, product_id,
    )  # fmt: skip
    automation = await executor.make_automation(
        step("find_client", external_id="nobody's", email="AIJA@ozola.example"),
        step("find_product", query="blue"),
        step("find_client", query="nobody"),
        step("update_client", id="{{ steps[0].output.client.id }}", comment="{{ steps[1].output.product.name }}"),
    )
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        (command,) = await eventually(lambda: executor.outbox("ledger.commands"))
        assert command.name == "update_client"
        assert command.data == {"id": str(client_id), "comment": "Blue pen"}
        await executor.answer_as_ledger(command, 200, {"id": str(client_id)})
        await executor.run_becomes(job.id, "succeeded")
    outputs = [one["output"] for one in await executor.steps(job.id)]
    assert (outputs[0]["found"], outputs[0]["client"]["name"]) == (True, "Ozola")
    assert outputs[2] == {"found": False, "client": None}


@pytest.mark.parametrize(("status", "created"), [(201, True), (200, False)])
async def test_a_step_finds_or_makes_a_client(executor: ExecutorHarness, status: int, created: object) -> None:
    automation = await executor.make_automation(step("find_or_create_client", name="A", email="a@a.example"))
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        (command,) = await eventually(lambda: executor.outbox("ledger.commands"))
        assert command.name == "upsert_client"
        assert command.data == {"name": "A", "email": "a@a.example", "on_conflict": "return"}
        await executor.answer_as_ledger(command, status, {"id": "c"})
        await executor.run_becomes(job.id, "succeeded")
    (one,) = await executor.steps(job.id)
    assert one["output"] == {"found": not created, "created": created, "client": {"id": "c"}}
