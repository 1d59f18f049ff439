"""Callers that wait for the ledger: answered with the result, or with the URL of the operation when it is late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chassis.encryption import Encryptor, encrypted_field
from contracts.primitives.ids import new_id
from contracts.wire.commands import CREATE_CLIENT
from contracts.wire.envelope import Envelope
from tests.support.eventually import eventually
from tests.support.ingress import FakeLedger, Ingress, an_invoice, prepare, running_ingress
from tests.support.machine import free_port
from tests.support.postgres_server import Postgres
from tests.support.quiet_proxy import quiet_proxy

ASYNC = {"Prefer": "respond-async"}


@pytest.fixture(scope="module")
async def server(postgres: Postgres) -> AsyncIterator[Ingress]:
    dsn = await postgres.copy_of(prepare)
    async with running_ingress(dsn, answer_seconds=1.5, look_seconds=0.2) as running:
        yield running


@pytest.fixture
def ingress(server: Ingress) -> Ingress:
    server.ledger.decide = made
    return server


def made(command: Envelope) -> tuple[int, Any]:
    """What a ledger says that agrees to everything."""
    return 201, {"id": str(command.id), "name": command.data["name"]}


async def test_a_caller_gets_the_object_as_it_stands_in_the_ledger(ingress: Ingress) -> None:
    account = await ingress.account()
    answer = await account.post("/v1/clients", {"name": "Aya Ozola"})
    assert (answer.status, answer.json["name"]) == (201, "Aya Ozola")
    assert answer.headers["Location"] == f"/v1/clients/{answer.json['id']}"
    (command,) = [one for one in ingress.ledger.taken if str(one.account_id) == account.id]
    assert (command.name, str(command.id)) == (CREATE_CLIENT, answer.headers["X-Request-Id"])
    assert command.data["name"] == "Aya Ozola"
    operation = (await account.get(f"/v1/operations/{command.id}")).json
    assert (operation["state"], operation["status"], operation["result"]) == ("succeeded", 201, answer.json)


async def test_many_callers_are_each_given_their_own(ingress: Ingress) -> None:
    account = await ingress.account()
    answers = await asyncio.gather(*(account.post("/v1/clients", {"name": f"C{n}"}) for n in range(100)))
    assert [answer.json["name"] for answer in answers] == [f"C{n}" for n in range(100)]


async def test_a_refusal_is_a_problem_with_the_ledgers_reasons(ingress: Ingress) -> None:
    errors = [{"path": "name", "message": "is taken"}]
    body = {"code": "quota_exceeded", "title": "The plan is full", "detail": "5 of 5", "errors": errors}
    ingress.ledger.decide = lambda _: (403, body)
    account = await ingress.account()
    answer = await account.post("/v1/clients", {"name": "x"}, headers={"Idempotency-Key": "q"})
    assert (answer.status, answer.headers["Content-Type"]) == (403, "application/problem+json")
    assert answer.json | body == answer.json
    assert answer.json["status"] == 403
    again = await account.post("/v1/clients", {"name": "x"}, headers={"Idempotency-Key": "q"})
    assert (again.status, again.json) == (403, answer.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    operation = (await account.get(f"/v1/operations/{answer.headers['X-Request-Id']}")).json
    assert (operation["state"], operation["problem"]) == ("failed", answer.json)


async def test_who_would_not_wait_gets_an_operation_at_once(ingress: Ingress) -> None:
    account = await ingress.account()
    answer = await account.post("/v1/clients", {"name": "Later"}, headers=ASYNC)
    assert (answer.status, answer.json["state"]) == (202, "pending")
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert answer.headers["Location"] == f"/v1/operations/{answer.json['id']}"

    async def done() -> Any:
        operation = (await account.get(answer.headers["Location"])).json
        return operation if operation["state"] == "succeeded" else None

    assert (await eventually(done))["result"]["name"] == "Later"


async def test_an_answer_that_does_not_come_in_time_becomes_an_operation(ingress: Ingress) -> None:
    ingress.ledger.decide = lambda _: None
    account = await ingress.account()
    answer = await account.post("/v1/clients", {"name": "Silence"})
    assert answer.status == 202
    operation = (await account.get(answer.headers["Location"])).json
    assert (operation["state"], operation["status"], operation["result"]) == ("pending", None, None)


async def test_a_lost_hint_delays_an_answer_and_loses_none(ingress: Ingress) -> None:
    ingress.ledger.decide = lambda _: None
    account = await ingress.account()
    call = asyncio.create_task(account.post("/v1/clients", {"name": "Slow"}))

    def taken() -> list[Envelope]:
        return [one for one in ingress.ledger.taken if str(one.account_id) == account.id]

    (command,) = await eventually(taken)
    # Written past the ledger: no waiter is notified.
    await ingress.owner.execute(
        "INSERT INTO ledger.outcome (account_id, command_id, status, body) VALUES ($1, $2, 201, $3)",
        command.account_id, command.id, {"id": str(command.id), "name": "Slow"},
    )  # fmt: skip
    assert (await call).json["name"] == "Slow"


async def test_the_same_key_at_once_is_one_command_and_one_answer(ingress: Ingress) -> None:
    account = await ingress.account()
    key = {"Idempotency-Key": "one"}
    answers = await asyncio.gather(*(account.post("/v1/clients", {"name": "Once"}, headers=key) for _ in range(20)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 19
    assert len([one for one in ingress.ledger.taken if str(one.account_id) == account.id]) == 1
    other = await account.post("/v1/clients", {"name": "Twice"}, headers=key)
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")


async def test_two_accounts_may_use_the_same_key(ingress: Ingress) -> None:
    key = {"Idempotency-Key": "shared"}
    for _ in range(2):
        answer = await (await ingress.account()).post("/v1/clients", {"name": "x"}, headers=key)
        assert "Idempotency-Replayed" not in answer.headers


async def test_a_sealed_secret_is_opened_for_its_caller(ingress: Ingress) -> None:
    keys = ingress.settings.secret_keys
    assert keys is not None
    encryptor = Encryptor.parse(keys.get_secret_value())
    ingress.ledger.decide = lambda one: (201, {"id": str(one.id), "secret": encrypted_field("whsec_x", encryptor)})
    account = await ingress.account()
    answer = await account.post("/v1/clients", {"name": "Encrypted"})
    assert answer.json["secret"] == "whsec_x"


async def test_a_trace_goes_on_into_the_command(ingress: Ingress) -> None:
    account = await ingress.account()
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await account.post("/v1/clients", {"name": "x"}, headers={"traceparent": parent})
    await account.post("/v1/clients", {"name": "x"}, headers={"traceparent": "nonsense"})
    traced = [one.traceparent for one in ingress.ledger.taken if str(one.account_id) == account.id]
    assert traced == [parent, None]


async def test_a_service_that_is_not_there_yet_is_waited_for(ingress: Ingress) -> None:
    account = await ingress.account()
    hook = {"target_url": "https://receiver.example/x", "triggers": ["sale.posted"]}
    answer = await account.post("/v1/hooks", hook)
    assert answer.status == 202
    looked = await account.get(answer.headers["Location"])
    assert looked.status == 503
    assert int(looked.headers["Retry-After"]) > 0


async def test_stopping_answers_waiting_callers_with_the_operation(postgres: Postgres) -> None:
    dsn = await postgres.copy_of(prepare)
    ledger = FakeLedger(decide=lambda _: None)
    async with running_ingress(dsn, ledger=ledger, answer_seconds=30) as running:
        account = await running.account()
        call = asyncio.create_task(account.post("/v1/clients", {"name": "Waiting"}))
        await eventually(lambda: ledger.taken)
        await running.stop()
        assert (await call).status == 202


async def test_one_account_does_not_take_everybodys_turn(postgres: Postgres) -> None:
    async with running_ingress(await postgres.copy_of(prepare), requests_per_second=0.1) as running:
        busy, calm = await running.account(), await running.account()
        assert (await busy.get("/v1/me")).status == 200
        refused = await busy.get("/v1/me")
        assert (refused.status, refused.json["code"]) == (429, "too_many_requests")
        assert int(refused.headers["Retry-After"]) >= 1
        assert (await calm.get("/v1/me")).status == 200


async def test_without_its_database_ingress_says_so_in_time_and_takes_nothing(postgres: Postgres) -> None:
    async with (
        quiet_proxy(await postgres.copy_of(prepare)) as (proxy, dsn),
        running_ingress(dsn, commit_seconds=0.5) as running,
    ):
        account = await running.account()
        channel = await account.channel()
        proxy.silence()
        async with asyncio.timeout(30):  # the database never answers
            answer = await account.push(channel, b"<Sale/>", Accept="application/json")
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        proxy.speak()

        async def back() -> bool:
            return (await account.get(f"/v1/operations/{new_id()}")).status == 404

        await eventually(back)


@pytest.mark.long
async def test_without_its_broker_ingress_still_takes_what_comes(postgres: Postgres) -> None:
    amqp_url = f"amqp://guest:guest@127.0.0.1:{free_port()}/"
    async with running_ingress(await postgres.copy_of(prepare), amqp_url=amqp_url) as running:
        account = await running.account()
        answer = await account.push(await account.channel(), an_invoice(), Accept="application/json")
        assert answer.status == 200
        waiting = [row["id"] for row in await running.pool.fetch("SELECT id FROM ingress.outbox")]
        assert [str(one) for one in waiting] == [answer.json["message_id"]]
        later = await account.post("/v1/clients", {"name": "Later"}, headers=ASYNC)
        assert later.status == 202
