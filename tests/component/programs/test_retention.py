"""Retention: what has its time is dropped by partition or by row; documents and the journal never are."""

from __future__ import annotations

import re
from typing import Final

import asyncpg
import pytest

from contracts.wire.topology import SCHEMAS
from ingress import erased_files
from standalone.all_in_one import prepare_all
from storage.blobs import DirectoryBlobs
from storage.partitions import maintain
from storage.pool import open_pool
from tests.support.api_installation import House, open_house
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.mails import a_mail
from tests.support.postgres_server import Postgres
from tests.support.receiver import open_receiver

GONE_IN_DAYS: Final = (
    "ingress.operation", "ingress.outcome", "ledger.outcome", "ledger.processed_message", "ledger.processed_command",
    "dispatch.event", "dispatch.dispatch", "dispatch.processed_message", "execution.delivery", "execution.attempt",
    "execution.processed_message", "execution.run", "execution.step",
)  # fmt: skip
KEPT_FOR_EVER: Final = (
    "ledger.client", "ledger.sale", "ledger.sale_state", "ledger.entry", "ledger.posting", "ledger.document_event",
    "ledger.payment", "ledger.inbox_message", "ingress.account",
)  # fmt: skip


async def counts(owner: asyncpg.Connection[asyncpg.Record], tables: tuple[str, ...]) -> dict[str, int]:
    return {table: await owner.fetchval(f"SELECT count(*) FROM {table}") for table in tables}  # noqa: S608


async def move_clock(owner: asyncpg.Connection[asyncpg.Record], *, days: int) -> None:
    """Let maintenance, which runs in the database, see a day so much later: in its functions alone, as they stand."""
    definitions = await owner.fetch(
        "SELECT pg_get_functiondef(p.oid) AS text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname = ANY($1::text[]) AND p.proname LIKE 'maintain%'",
        ["storage", *SCHEMAS.values()],
    )
    assert len(definitions) >= len(SCHEMAS)
    await owner.execute(
        "CREATE OR REPLACE FUNCTION storage.moved_now() RETURNS timestamptz LANGUAGE sql STABLE"
        f" AS $$ SELECT pg_catalog.now() + interval '{days} days' $$;"
        "GRANT EXECUTE ON FUNCTION storage.moved_now() TO PUBLIC"
    )
    for row in definitions:
        text = re.sub(r"(?<![.\w])now\(\)", "storage.moved_now()", row["text"])
        await owner.execute(re.sub(r"\bcurrent_date\b", "storage.moved_now()::date", text, flags=re.IGNORECASE))


async def maintain_all(dsn: str) -> None:
    for schema in SCHEMAS.values():
        async with await open_pool(dsn, role=f"ledgerwire_{schema}", name="retention", size_max=1) as pool:
            assert await maintain(pool, schema=schema)


async def live_a_day(caller: Caller, target: str) -> None:
    """An invoice that is issued, paid, delivered to a hook, and run through an automation."""
    await caller.post("/v1/hooks", {"target_url": target, "triggers": ["sale.posted"]})
    step = {"action": "add_note", "input": {"client_id": "{{ trigger.data.client.id }}", "body": "Thank you"}}
    automation = {"name": "Note", "trigger": {"key": "sale.posted"}, "steps": [step], "enabled": True}
    assert (await caller.post("/v1/automations", automation)).status == 201
    sale = {
        "sale_type": "sales_invoice", "client": {"name": "Aya"}, "currency": "EUR", "issue": True,
        "lines": [{"description": "Work", "quantity": "1", "unit_price": "10", "tax_rate": "0"}],
    }  # fmt: skip
    assert (await caller.post("/v1/sales", sale)).status == 201


async def _has_happened(owner: asyncpg.Connection[asyncpg.Record]) -> bool:
    return bool(
        await owner.fetchval(
            "SELECT (SELECT count(*) FROM execution.run WHERE state = 'succeeded') = 1"
            " AND (SELECT count(*) FROM execution.delivery WHERE state = 'succeeded') = 1"
        )
    )


@pytest.mark.timeout(300)
async def test_events_deliveries_runs_and_keys_expire_and_the_ledger_stays(postgres: Postgres) -> None:
    dsn = await postgres.copy_of(prepare_all)
    async with open_receiver() as receiver, open_house(dsn) as house:
        caller = await house.account()
        await live_a_day(caller, receiver.url())
        owner = await asyncpg.connect(dsn)
        await eventually(lambda: _has_happened(owner), deadline_seconds=60)
        await _stay_and_go(house, owner)
        await owner.close()
    await postgres.drop_database(dsn)


async def _stay_and_go(house: House, owner: asyncpg.Connection[asyncpg.Record]) -> None:
    books = await counts(owner, KEPT_FOR_EVER)
    lived = await counts(owner, GONE_IN_DAYS)
    assert all(rows for table, rows in lived.items() if table != "ingress.outcome"), lived
    await maintain_all(house.dsn)
    assert await counts(owner, GONE_IN_DAYS) == lived, "nothing goes before its time"
    await move_clock(owner, days=120)
    await maintain_all(house.dsn)
    assert not any((await counts(owner, GONE_IN_DAYS)).values())
    assert await counts(owner, KEPT_FOR_EVER) == books
    assert await owner.fetchval("SELECT count(*) FROM ingress.audit_entry") > 0, "kept 400 days"
    await move_clock(owner, days=500)
    await maintain_all(house.dsn)
    assert await owner.fetchval("SELECT count(*) FROM ingress.audit_entry") == 0
    assert await counts(owner, KEPT_FOR_EVER) == books


@pytest.mark.timeout(300)
async def test_the_settings_say_how_long(postgres: Postgres) -> None:
    dsn = await postgres.copy_of(prepare_all)
    given = {
        "delivery_keep_days": 90, "run_keep_days": 7, "mail_keep_days": 800,
        "event_keep_days": 45, "audit_keep_days": 500
    }  # fmt: skip
    async with open_house(dsn, **given):
        owner = await asyncpg.connect(dsn)
        kept = await owner.fetchrow("SELECT delivery_days, run_days, mail_days FROM execution.retention_setting")
        assert kept is not None
        assert tuple(kept) == (90, 7, 800)
        assert await owner.fetchval("SELECT event_days FROM dispatch.retention_setting") == 45
        assert await owner.fetchval("SELECT audit_days FROM ingress.retention_setting") == 500
        await owner.close()
    await postgres.drop_database(dsn)


@pytest.mark.timeout(300)
async def test_a_received_mail_goes_as_it_came_with_its_time_and_what_was_read_of_it_stays(postgres: Postgres) -> None:
    dsn = await postgres.create_database()
    async with open_house(dsn, mail_keep_days=800) as house:
        caller = await house.account()
        channel = await caller.channel("replies")
        message_id = await _received(caller, channel["url"], bytes(a_mail()))
        message = (await caller.get(f"/v1/messages/{message_id}")).json
        owner = await asyncpg.connect(dsn)
        await move_clock(owner, days=790)
        await _keep_house(house)
        assert (await caller.get(message["source_url"])).raw == bytes(a_mail())
        await move_clock(owner, days=810)
        await _keep_house(house)
        gone = await caller.get(f"/v1/messages/{message_id}/source")
        assert (gone.status, gone.json["code"]) == (404, "not_found")
        left = (await caller.get(f"/v1/messages/{message_id}")).json
        assert left == message | {"source_url": None}
        assert [path for path in house.files.rglob("*") if path.is_file()] == []
        await owner.close()
    await postgres.drop_database(dsn)


async def _received(caller: Caller, url: str, mail: bytes) -> str:
    posted = await caller.anonymous("POST", url, data=mail, headers={"Content-Type": "message/rfc822"})
    message_id = str(posted.json["message_id"])

    async def is_there() -> bool:
        return (await caller.get(f"/v1/messages/{message_id}")).status == 200

    await eventually(is_there, deadline_seconds=60)
    return message_id


async def _keep_house(house: House) -> None:
    await maintain_all(house.dsn)
    await erased_files.remove(house.pool, DirectoryBlobs(house.files))
