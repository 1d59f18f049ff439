"""Whose a received message is: by its tokens, then its Message-IDs, then its sender; never by a guess."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.reply_tokens import marked, tokens_in
from contracts.resources.received_messages import ReceivedMessage, Undelivered
from ledger.messages.message import Message
from ledger.messages.rules import Match, match
from ledger.messages.state import LoadedMessages

NOW = datetime(2026, 3, 19, tzinfo=UTC)
ACCOUNT, OTHER_ACCOUNT = UUID(int=1), UUID(int=2)
CLIENTS = [UUID(int=100 + number) for number in range(3)]
SENT = [UUID(int=200 + number) for number in range(4)]  # ours, of the clients in turn; the last one of none
ADDRESSES = ["aija@ozola.example", "BOSS@Ozola.example ", "who@else.example"]


def a_message(number: int) -> Message:
    client_id = CLIENTS[number] if number < len(CLIENTS) else None
    return Message(
        account_id=ACCOUNT, id=SENT[number], client_id=client_id, purpose="reminder", channel="email", state="sent",
        sale_ids=[], sender=None, recipient="aija@ozola.example", subject="x", body="x",
        provider_message_id=reference_of(number), detail=None, command_id=SENT[number], created_at=NOW, sent_at=NOW,
        updated_at=NOW,
    )  # fmt: skip


def reference_of(number: int) -> str:
    return f"<{SENT[number]}@books.example>"


def known() -> LoadedMessages:
    messages = [a_message(number) for number in range(len(SENT))]
    return LoadedMessages(
        messages={(ACCOUNT, one.id): one for one in messages},
        by_provider_id={
            (ACCOUNT, reference_of(number)): one.id for number, one in enumerate(messages) if one.client_id is not None
        },
        clients={
            (ACCOUNT, "email", "aija@ozola.example"): CLIENTS[0],
            (ACCOUNT, "email", "boss@ozola.example"): CLIENTS[1],
        },
        latest={(ACCOUNT, "email", "aija@ozola.example"): SENT[2]},
    )


def received(**fields: Any) -> ReceivedMessage:
    usual: dict[str, Any] = {
        "message_id": UUID(int=999), "via": {}, "channel": "email", "sender": None, "recipient": None, "subject": None,
        "body": "x", "quoted": None, "provider_message_id": None, "tokens": [], "references": [], "automatic": None,
        "undelivered": [], "attachments": [], "source": None, "received_at": NOW,
    }  # fmt: skip
    return ReceivedMessage.model_construct(**(usual | fields))


TOKENS = st.lists(st.sampled_from([*SENT, UUID(int=777)]), max_size=4)
REFERENCES = st.lists(st.sampled_from([*map(reference_of, range(4)), "<unknown@else.example>"]), max_size=4)


def expected(tokens: Sequence[UUID], references: Sequence[str], sender: str | None) -> Match:
    """What a person would say, by the rules in their order."""
    of_references = [SENT[number] for one in references for number in range(3) if reference_of(number) == one]
    for message_id in (*tokens, *of_references):
        if message_id in SENT[:3]:
            number = SENT.index(message_id)
            return Match(CLIENTS[number], a_message(number))
    owners = {"aija@ozola.example": CLIENTS[0], "boss@ozola.example": CLIENTS[1]}
    return Match(owners.get((sender or "").strip().lower()))


@given(tokens=TOKENS, references=REFERENCES, sender=st.sampled_from([*ADDRESSES, None]))
def test_a_token_wins_over_a_message_id_and_that_over_the_sender(
    tokens: list[UUID], references: list[str], sender: str | None
) -> None:
    message = received(tokens=tokens, references=references, sender=sender)
    assert match(ACCOUNT, message, known()) == expected(tokens, references, sender)


@given(tokens=TOKENS, references=REFERENCES, sender=st.sampled_from(ADDRESSES))
def test_nothing_of_another_account_is_matched(tokens: list[UUID], references: list[str], sender: str) -> None:
    message = received(tokens=tokens, references=references, sender=sender)
    assert match(OTHER_ACCOUNT, message, known()) == Match()


@given(
    sender=st.sampled_from(ADDRESSES), failed=st.sampled_from(ADDRESSES), kind=st.sampled_from(["bounce", "complaint"])
)
def test_a_report_of_a_mail_server_is_matched_by_whom_it_is_about_and_never_by_its_sender(
    sender: str, failed: str, kind: str
) -> None:
    report = [Undelivered(address=failed, reason="x", permanent=True)]
    message = received(sender=sender, automatic=kind, undelivered=report)
    about = failed == "aija@ozola.example"
    assert match(ACCOUNT, message, known()) == (Match(CLIENTS[2], a_message(2)) if about else Match())


@given(
    ids=st.lists(st.uuids(), min_size=1, max_size=5, unique=True),
    quote=st.sampled_from(["", "> ", ">> ", "| "]),
    text=st.text(st.characters(exclude_characters="-", exclude_categories=["Cs"]), max_size=40),
)
def test_every_token_is_found_again_in_what_a_reply_quotes(ids: list[UUID], quote: str, text: str) -> None:
    bodies = "".join(marked(text, one) for one in ids)
    quoted = "\n".join(f"{quote}{line}" for line in bodies.split("\n"))
    assert tokens_in(quoted) == ids
    assert tokens_in(quoted.lower()) == ids


NUMBERS = ["+371 20 000 000", "0037120000000", "+37120000000", "(+371) 2000-0000"]
"""The same number in several writings, as gateways pass it on."""


@given(tokens=TOKENS, sender=st.sampled_from([*NUMBERS, "+37120000001", "+4920000000", "MyBank", ""]))
def test_an_sms_is_matched_by_its_number_however_it_is_written(tokens: list[UUID], sender: str) -> None:
    books = known()
    books.clients[ACCOUNT, "sms", "+37120000000"] = CLIENTS[2]
    found = match(ACCOUNT, received(channel="sms", tokens=tokens, sender=sender), books)
    named = next((one for one in tokens if one in SENT[:3]), None)
    if named is not None:
        assert found.original == a_message(SENT.index(named))
    else:
        assert found == Match(CLIENTS[2] if sender in NUMBERS else None)
