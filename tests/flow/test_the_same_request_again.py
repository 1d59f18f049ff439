"""A request sent again under its key has one effect; who does not wait looks its operation up."""

from __future__ import annotations

import asyncio

from contracts.primitives.ids import new_id
from tests.support.caller import Caller, a_payment, an_invoice
from tests.support.eventually import eventually
from tests.support.listener import Listener


async def test_one_key_has_one_effect_and_one_event(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint()
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["sale.posted", "payment.posted"]})
    client, key = await caller.client(), {"Idempotency-Key": "order-1"}
    body = an_invoice(client["id"])
    answers = await asyncio.gather(*(caller.post("/v1/sales", body, headers=key) for _ in range(6)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.raw for answer in answers}) == 1
    late = await caller.post("/v1/sales", body, headers=key)
    assert late.headers["Idempotency-Replayed"] == "true"
    await caller.payment(client["id"], "1.00")
    await endpoint.receives(2)
    assert sorted(endpoint.triggers) == ["payment.posted", "sale.posted"]
    assert len(await caller.items("/v1/sales")) == 1


async def test_one_key_with_another_body_is_refused_and_changes_nothing(caller: Caller) -> None:
    client, key = await caller.client(), {"Idempotency-Key": "order-2"}
    await caller.post("/v1/sales", an_invoice(client["id"]), headers=key)
    other = await caller.post("/v1/sales", an_invoice(client["id"], comment="changed"), headers=key)
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    assert len(await caller.items("/v1/sales")) == 1


async def test_a_refusal_is_repeated_as_it_was(caller: Caller) -> None:
    body, key = a_payment(str(new_id()), "1.00"), {"Idempotency-Key": "pay-1"}
    first, again = [await caller.post("/v1/payments", body, headers=key) for _ in range(2)]
    assert (again.status, again.json) == (first.status, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_who_does_not_wait_looks_the_operation_up(caller: Caller) -> None:
    answer = await caller.post("/v1/clients", {"name": "Later"}, headers={"Prefer": "respond-async"})
    assert answer.status == 202
    assert answer.headers["Location"] == f"/v1/operations/{answer.json['id']}"

    async def finished() -> bool:
        return bool((await caller.read(answer.headers["Location"]))["state"] == "succeeded")

    await eventually(finished)
    operation = await caller.read(answer.headers["Location"])
    assert await caller.read(f"/v1/clients/{operation['result']['id']}") == operation["result"]


async def test_the_operation_of_a_refused_request_shows_the_problem(caller: Caller) -> None:
    body = a_payment(str(new_id()), "1.00")
    answer = await caller.post("/v1/payments", body, headers={"Prefer": "respond-async"})
    assert answer.status == 202

    async def failed() -> bool:
        return bool((await caller.read(answer.headers["Location"]))["state"] == "failed")

    await eventually(failed)
    refused = await caller.post("/v1/payments", body)
    problem = (await caller.read(answer.headers["Location"]))["problem"]
    assert (problem["status"], problem["code"]) == (refused.status, refused.json["code"])
