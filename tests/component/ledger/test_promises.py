"""Promises to pay: kept by what comes in, broken once when their day is over where the account is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contracts.primitives.ids import new_id
from contracts.wire import commands
from ledger.collections.promises.scheduler import LEASE, PromiseScheduler
from tests.support.ledger import Answer, LedgerHarness, handle

TODAY = datetime.now(tz=UTC).date()
IN_A_WEEK = TODAY + timedelta(days=7)
OVER = datetime.combine(IN_A_WEEK + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
IN_TIME = OVER - timedelta(seconds=1)


async def check_due(ledger: LedgerHarness, at: datetime) -> None:
    await PromiseScheduler(ledger.pool, ledger.pipeline, handle, now=lambda: at).check_due()


async def promise(ledger: LedgerHarness, client_id: str, **fields: Any) -> Answer:
    return await ledger.ask(commands.RECORD_PROMISE, {"client_id": client_id, "date": IN_A_WEEK.isoformat()} | fields)


async def state_of(ledger: LedgerHarness, made: Answer) -> str:
    return str((await ledger.row("promise", made.id))["state"])


async def test_a_promise_is_for_all_that_is_open_unless_an_amount_is_named(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    await ledger.sale(client_id)
    await ledger.sale(client_id)
    made = await promise(ledger, client_id)
    assert (made.status, made.body["amount"], made.body["currency"]) == (201, "330.02", "EUR")
    assert (made.body["state"], made.body["date"], made.body["sale_ids"]) == ("open", IN_A_WEEK.isoformat(), [])
    reported = (await ledger.events())[-1]
    assert (reported.name, reported.data["client_id"], reported.data["object"]) == (
        "promise.recorded",
        client_id,
        made.body,
    )


async def test_it_is_broken_once_after_the_last_second_of_its_day(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    await ledger.sale(client_id)
    made = await promise(ledger, client_id)
    await check_due(ledger, IN_TIME)
    assert await state_of(ledger, made) == "open"
    await check_due(ledger, OVER)
    await check_due(ledger, OVER + 2 * LEASE)
    assert await state_of(ledger, made) == "broken"
    broken = [event for event in await ledger.events() if event.name == "promise.broken"]
    assert [(event.data["subject_id"], event.data["object"]["state"]) for event in broken] == [(made.id, "broken")]


async def test_its_day_ends_where_the_account_is(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, time_zone="Pacific/Kiritimati")  # 14 hours ahead all year
    client_id = await ledger.client()
    await ledger.sale(client_id)
    made = await promise(ledger, client_id)
    await check_due(ledger, IN_TIME - timedelta(hours=14))
    assert await state_of(ledger, made) == "open"
    await check_due(ledger, OVER - timedelta(hours=14))
    assert await state_of(ledger, made) == "broken"


async def test_an_account_that_moves_west_has_its_promises_end_later(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    await ledger.sale(client_id)
    made = await promise(ledger, client_id)
    await ledger.add_account(ledger.account_id, time_zone="Pacific/Honolulu")  # 10 hours behind all year
    await check_due(ledger, OVER)
    assert await state_of(ledger, made) == "open"
    await check_due(ledger, OVER + timedelta(hours=10))
    assert await state_of(ledger, made) == "broken"


async def test_an_account_that_moves_east_has_its_promises_end_at_once(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, time_zone="Etc/GMT+12")
    client_id = await ledger.client()
    sale = await ledger.sale(client_id)
    today = datetime.now(tz=ZoneInfo("Etc/GMT+12")).date()
    made = await promise(ledger, client_id, date=today.isoformat())
    await ledger.add_account(ledger.account_id, time_zone="Pacific/Kiritimati")  # 26 hours ahead of that
    await ledger.pay(client_id, "1.00", (sale.id, "1.00"))
    await check_due(ledger, datetime.now(tz=UTC))
    assert await state_of(ledger, made) == "broken"


async def test_a_changed_time_zone_counts_at_once_and_wakes_every_scheduler(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, time_zone="Etc/GMT+12")
    client_id = await ledger.client()
    await ledger.sale(client_id)
    today = datetime.now(tz=ZoneInfo("Etc/GMT+12")).date()
    made = await promise(ledger, client_id, date=today.isoformat())
    await ledger.owner.execute("UPDATE ledger.collected_client SET due_at = NULL")
    await ledger.add_account(ledger.account_id, time_zone="Pacific/Kiritimati")
    woken: list[datetime] = []
    effects = await ledger.pipeline.commit(
        [ledger.command(commands.FOLLOW_SETTINGS, {})], partial(handle, expect={"cases": woken.append})
    )
    for callback in effects.after_commit:
        callback()
    (moment,) = woken
    assert await ledger.owner.fetchval("SELECT due_at FROM ledger.collected_client") == moment
    await check_due(ledger, moment)
    assert await state_of(ledger, made) == "broken"


async def test_settings_that_are_counted_already_make_no_client_due(ledger: LedgerHarness) -> None:
    await ledger.sale(await ledger.client())
    await ledger.ask(commands.FOLLOW_SETTINGS, {})
    await ledger.owner.execute("UPDATE ledger.collected_client SET due_at = NULL")
    assert (await ledger.ask(commands.FOLLOW_SETTINGS, {})).body == {}
    assert await ledger.owner.fetchval("SELECT due_at FROM ledger.collected_client") is None


async def test_it_is_kept_as_soon_as_that_much_came_in(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id)
    made = await promise(ledger, client_id, amount="100.00")
    await ledger.pay(client_id, "99.99", (sale.id, "99.99"))
    await check_due(ledger, datetime.now(tz=UTC))
    assert await state_of(ledger, made) == "open"
    await ledger.pay(client_id, "0.01")
    await check_due(ledger, datetime.now(tz=UTC))
    assert await state_of(ledger, made) == "kept"
    await check_due(ledger, OVER)
    assert "promise.broken" not in await ledger.triggers()


async def test_a_promise_about_invoices_counts_what_is_paid_of_them(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    promised, other = await ledger.sale(client_id), await ledger.sale(client_id)
    made = await promise(ledger, client_id, sale_ids=[promised.id])
    assert made.body["amount"] == "165.01"
    await ledger.pay(client_id, "165.01", (other.id, "165.01"))
    await check_due(ledger, datetime.now(tz=UTC))
    assert await state_of(ledger, made) == "open"
    await ledger.pay(client_id, "165.01", (promised.id, "165.01"))
    await check_due(ledger, datetime.now(tz=UTC))
    assert await state_of(ledger, made) == "kept"


async def test_what_was_paid_before_does_not_count(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id)
    await ledger.pay(client_id, "100", (sale.id, "100"))
    made = await promise(ledger, client_id)
    assert made.body["amount"] == "65.01"
    await check_due(ledger, OVER)
    assert await state_of(ledger, made) == "broken"


async def test_a_reversed_payment_opens_it_again_until_its_day_is_over(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id)
    made = await promise(ledger, client_id)
    payment = await ledger.pay(client_id, "165.01", (sale.id, "165.01"))
    await check_due(ledger, datetime.now(tz=UTC))
    assert await state_of(ledger, made) == "kept"
    await ledger.ask(commands.REVERSE_PAYMENT, {"id": payment.id})
    await check_due(ledger, datetime.now(tz=UTC))
    assert await state_of(ledger, made) == "open"
    await check_due(ledger, OVER)
    assert await state_of(ledger, made) == "broken"


async def test_a_plan_of_two_promises_needs_both_amounts(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    await ledger.sale(client_id)
    first = await promise(ledger, client_id, amount="80")
    later = await promise(ledger, client_id, amount="85.01", date=(IN_A_WEEK + timedelta(days=7)).isoformat())
    await ledger.pay(client_id, "80")
    await check_due(ledger, datetime.now(tz=UTC))
    assert (await state_of(ledger, first), await state_of(ledger, later)) == ("kept", "open")
    await check_due(ledger, OVER + timedelta(days=7))
    assert await state_of(ledger, later) == "broken"


async def test_a_cancelled_promise_is_never_broken(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    await ledger.sale(client_id)
    made = await promise(ledger, client_id)
    first = await ledger.ask(commands.CANCEL_PROMISE, {"id": made.id})
    again = await ledger.ask(commands.CANCEL_PROMISE, {"id": made.id})
    assert (first.body["state"], again.body) == ("cancelled", first.body)
    await check_due(ledger, OVER)
    assert "promise.broken" not in await ledger.triggers()


async def test_a_broken_promise_cannot_be_cancelled(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    await ledger.sale(client_id)
    made = await promise(ledger, client_id)
    await check_due(ledger, OVER)
    refused = await ledger.ask(commands.CANCEL_PROMISE, {"id": made.id})
    assert (refused.status, refused.body["code"]) == (409, "state_forbids")


@pytest.mark.parametrize(
    ("fields", "status", "path"),
    [
        ({"date": (TODAY - timedelta(days=2)).isoformat()}, 422, "date"),
        ({"date": date(9999, 12, 31).isoformat()}, 422, "date"),
        ({"sale_ids": [str(new_id())]}, 404, "sale_ids[0]"),
        ({"amount": "1.001"}, 422, "amount"),
    ],
)
async def test_a_promise_names_what_is_wrong_with_it(
    ledger: LedgerHarness, fields: dict[str, Any], status: int, path: str
) -> None:
    client_id = await ledger.client()
    await ledger.sale(client_id)
    refused = await promise(ledger, client_id, **fields)
    assert (refused.status, [fault["path"] for fault in refused.body["errors"]]) == (status, [path])


async def test_nothing_can_be_promised_where_nothing_is_open(ledger: LedgerHarness) -> None:
    client_id, other = await ledger.client(), await ledger.client(name="Other")
    unknown = await promise(ledger, str(new_id()))
    paid, anothers = await ledger.sale(client_id), await ledger.sale(other)
    await ledger.pay(client_id, "165.01", (paid.id, "165.01"))
    nothing = await promise(ledger, client_id)
    named = await promise(ledger, client_id, sale_ids=[paid.id, anothers.id])
    assert [fault["path"] for fault in unknown.body["errors"]] == ["client_id"]
    assert (nothing.status, nothing.body["code"]) == (409, "state_forbids")
    assert [fault["path"] for fault in named.body["errors"]] == ["sale_ids[0]", "sale_ids[1]"]


async def test_a_client_with_a_promise_is_archived_and_not_deleted(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    await ledger.sale(client_id)
    await promise(ledger, client_id)
    removed = await ledger.ask(commands.REMOVE_CLIENT, {"id": client_id})
    assert removed.body == {"id": client_id, "deleted": False, "archived": True}
