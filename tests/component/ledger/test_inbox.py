"""Messages that others push: kept once, with the bytes they came as."""

from __future__ import annotations

from contracts.primitives.ids import new_id
from contracts.resources import inbox_message
from contracts.resources.inbox import message_warning
from contracts.wire.commands import RECEIVE_INBOX_MESSAGE
from tests.support.ledger import URLS, LedgerHarness, a_message

WARNING = message_warning("total_differs", "document.gross_amount", "is not what the lines come to")


async def test_a_message_is_kept_once_with_its_raw_bytes(ledger: LedgerHarness) -> None:
    raw = b'\xef\xbb\xbf<?xml version="1.0"?><Sale>\x00\xff</Sale>'
    command = ledger.command(RECEIVE_INBOX_MESSAGE, a_message(raw))

    await ledger.handle(command, command)
    await ledger.handle(command)

    kept = await ledger.row("inbox_raw", command.data["message_id"])
    assert (bytes(kept["raw"]), kept["content_type"]) == (raw, "application/xml")
    assert await ledger.triggers() == ["inbox.received"]


async def test_another_command_with_the_same_message_changes_nothing(ledger: LedgerHarness) -> None:
    data = a_message()

    await ledger.handle(*(ledger.command(RECEIVE_INBOX_MESSAGE, data) for _ in range(2)))
    await ledger.handle(ledger.command(RECEIVE_INBOX_MESSAGE, data))

    assert await ledger.triggers() == ["inbox.received"]
    assert (await ledger.contents())["inbox_message"] == 1


async def test_the_event_shows_what_the_view_gives(ledger: LedgerHarness) -> None:
    links = {"document": "https://paper.example/A-17", "pdf": "https://paper.example/A-17.pdf"}
    messages = [
        a_message(),
        a_message(channel=None, duplicate_of=str(new_id()), warnings=[WARNING]),
        a_message(links=links, comment="Žēl \x00", received_at="2026-03-02T12:30:00+03:00"),
    ]

    await ledger.handle(*(ledger.command(RECEIVE_INBOX_MESSAGE, data) for data in messages))

    reported = {event.data["subject_id"]: event.data["object"] for event in await ledger.events()}
    shown = {
        data["message_id"]: inbox_message.from_row(dict(await ledger.row("inbox_message", data["message_id"])), URLS)
        for data in messages
    }
    assert reported == shown
    assert shown[messages[2]["message_id"]]["comment"] == "Žēl \ufffd"
    assert shown[messages[2]["message_id"]]["links"] == links


async def test_other_content_under_a_used_reference_is_kept_and_flagged(ledger: LedgerHarness) -> None:
    first, second = a_message(), a_message()
    second["duplicate_of"] = first["message_id"]

    await ledger.handle(*(ledger.command(RECEIVE_INBOX_MESSAGE, data) for data in (first, second)))

    states = [(await ledger.row("inbox_message", data["message_id"]))["state"] for data in (first, second)]
    assert states == ["received", "duplicate"]
    assert await ledger.triggers() == ["inbox.received", "inbox.received"]


async def test_a_caller_who_waits_is_answered_and_a_channels_sender_is_not(ledger: LedgerHarness) -> None:
    pushed = ledger.command(RECEIVE_INBOX_MESSAGE, a_message())
    ctx = ledger.command(RECEIVE_INBOX_MESSAGE, a_message(channel=None))

    effects = await ledger.handle(pushed, ctx)

    assert set(effects.answers) == {ctx.id}
    answer = await ledger.outcome(ctx.id)
    assert (answer.status, answer.id) == (201, ctx.data["message_id"])


async def test_what_is_no_message_is_parked_and_stops_no_other(ledger: LedgerHarness) -> None:
    bad = [
        ledger.command(RECEIVE_INBOX_MESSAGE, a_message(raw=b"x") | {"raw": "not base64!"}),
        ledger.command(RECEIVE_INBOX_MESSAGE, a_message(box="attic")),
    ]
    unknown = ledger.command("fold_the_letter", {})
    good = ledger.command(RECEIVE_INBOX_MESSAGE, a_message())

    effects = await ledger.handle(*bad, unknown, good)

    assert set(effects.refused) == {command.id for command in bad}
    assert set(effects.postponed) == {unknown.id}
    assert await ledger.triggers() == ["inbox.received"]


async def test_a_message_is_part_of_its_journey(ledger: LedgerHarness) -> None:
    command = ledger.command(RECEIVE_INBOX_MESSAGE, a_message())

    await ledger.handle(command)

    (entry,) = await ledger.pool.fetch("SELECT * FROM ledger_api.journey_entry WHERE correlation_id = $1", command.id)
    assert (entry["service"], entry["step"], entry["message_id"]) == ("ledger", "receive_inbox_message", command.id)
    assert str(entry["subject_id"]) == command.data["message_id"]
