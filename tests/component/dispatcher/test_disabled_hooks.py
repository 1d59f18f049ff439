"""A hook that ends by itself fires `hook.disabled` once; its own end is never delivered to it."""

from __future__ import annotations

from uuid import UUID

import pytest

from contracts.catalog import TRIGGERS
from contracts.primitives.ids import new_id
from contracts.resources.hook import from_row as shown
from contracts.wire import commands
from contracts.wire.envelope import Envelope
from tests.support.dispatcher import TARGET, DispatcherHarness, ago, subscribers


async def ended(dispatcher: DispatcherHarness, hook_id: str, state: str = "disabled") -> list[Envelope]:
    """End a hook as the executor does; return the events so far."""
    data = {"id": hook_id, "version": 1, "state": state, "reason": "only failures for 5 days"}
    assert (await dispatcher.ask(commands.END_HOOK, data)).status == 200
    rows = await dispatcher.rows("SELECT body FROM dispatch.outbox WHERE queue = 'dispatcher.events' ORDER BY id")
    return [Envelope.decode(row["body"]) for row in rows]


@pytest.mark.parametrize("state", ["disabled", "removed"])
async def test_a_hook_that_ends_by_itself_fires_one_event_with_what_get_gives(
    dispatcher: DispatcherHarness, state: str
) -> None:
    made = await dispatcher.subscribe("sale.posted")
    (event,) = await ended(dispatcher, made.id, state)
    row = await dispatcher.pool.fetchrow("SELECT * FROM dispatch_api.hook")
    assert row is not None
    reported = event.data["object"]
    assert (event.name, event.data["subject_id"]) == ("hook.disabled", made.id)
    assert reported == shown(row)
    assert (reported["state"], reported["reason"]) == (state, "only failures for 5 days")
    assert list(reported) == list(TRIGGERS["hook.disabled"].sample)
    assert len(await ended(dispatcher, made.id, state)) == 1


async def test_a_hook_that_its_owner_ends_fires_nothing(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.subscribe("sale.posted")
    await dispatcher.ask(commands.UPDATE_HOOK, {"id": made.id, "state": "disabled"})
    await dispatcher.ask(commands.DELETE_HOOK, {"id": made.id})
    assert await ended(dispatcher, made.id, "removed") == []


async def test_the_end_of_a_hook_is_reported_to_the_others_and_never_to_itself(dispatcher: DispatcherHarness) -> None:
    ending = await dispatcher.subscribe("hook.disabled", target_url=f"{TARGET}/ending")
    other = await dispatcher.subscribe("hook.disabled", target_url=f"{TARGET}/other")
    (event,) = await ended(dispatcher, ending.id)
    assert subscribers(await dispatcher.handle_events(event)) == [other.id]
    await dispatcher.subscribe("hook.disabled", target_url=f"{TARGET}/ending")
    later = event.model_copy(update={"id": UUID(int=event.id.int + 1)})
    assert subscribers(await dispatcher.handle_events(later)) == [other.id]
    data = {"id": ending.id, "since": ago(hours=1).isoformat()}
    assert (await dispatcher.ask(commands.RECOVER_HOOK, data)).body == {"count": 0}


async def test_the_targets_of_hooks_that_end_on_our_side_are_notified(dispatcher: DispatcherHarness) -> None:
    token = {"kind": "access_token", "id": str(new_id()), "name": "Zapier"}
    failing = await dispatcher.subscribe("sale.posted", target_url=f"{TARGET}/failing")
    revoked = await dispatcher.subscribe("sale.posted", target_url=f"{TARGET}/revoked", created_by=token)
    gone = await dispatcher.subscribe("sale.posted", target_url=f"{TARGET}/gone")
    await ended(dispatcher, failing.id, "disabled")
    await ended(dispatcher, gone.id, "removed")  # its target answered 410
    answer = await dispatcher.ask(commands.DELETE_HOOKS_OF_CREDENTIAL, {"credential_id": token["id"]})
    assert answer.body == {"hooks": 1}
    rows = await dispatcher.rows("SELECT body FROM dispatch.outbox WHERE queue = 'executor.jobs' ORDER BY id")
    jobs = [Envelope.decode(row["body"]) for row in rows]
    reported = [job.data for job in jobs if job.name == "notify_removal"]
    assert reported == [{"hook_id": failing.id, "version": 1}, {"hook_id": revoked.id, "version": 1}]


async def mails(dispatcher: DispatcherHarness) -> list[dict[str, object]]:
    rows = await dispatcher.rows("SELECT body FROM dispatch.outbox WHERE queue = 'executor.jobs' ORDER BY id")
    jobs = [Envelope.decode(row["body"]) for row in rows]
    return [job.data for job in jobs if job.name == "send_message"]


@pytest.mark.parametrize(("state", "count"), [("disabled", 1), ("removed", 0)])
async def test_a_hook_that_only_failed_is_mailed_to_its_account_once(
    dispatcher: DispatcherHarness, state: str, count: int
) -> None:
    made = await dispatcher.subscribe("sale.posted")
    insert = "INSERT INTO ingress.account (account_id, name, locale, profile) VALUES ($1, 'Baltic', 'fr', $2)"
    await dispatcher.owner.execute(insert, dispatcher.account_id, '{"email": "books@baltic.example"}')
    for _ in range(2):
        await ended(dispatcher, made.id, state)
    sent = await mails(dispatcher)
    assert len(sent) == count
    for mail in sent:
        assert (mail["to"], mail["origin"]) == (["books@baltic.example"], "notice")
        assert str(mail["subject"]).startswith("Le webhook vers")
        assert "only failures for 5 days" in str(mail["body"])
