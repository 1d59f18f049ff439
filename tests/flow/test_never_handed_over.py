"""Payments, disputes, promises, notes and archiving race the hand-over to a real SMTP server, on both buses.

What is committed first wins: after the answer no mail of the client begins.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.flow.conftest import Deployment
from tests.support.caller import Caller
from tests.support.debts import a_mail, collector, debtor, mails_to
from tests.support.eventually import eventually
from tests.support.pace import linger
from tests.support.smtp_server import SmtpServer, TakenMail

UNDER_WAY_SECONDS: Final = 2.0
"""How long a hand-over that had begun before the answer may take to end."""

DEBTORS: Final = st.lists(
    st.tuples(
        st.sampled_from(["pay", "dispute", "promise", "note", "archive"]),
        st.floats(0, 2),  # seconds from the invoice on: the reminder is due after one
        st.booleans(),  # whether the client's server puts mails off until the answer
    ),
    min_size=3,
    max_size=6,
)


async def end_reminders(caller: Caller, action: str, client_id: str, sale_id: str) -> None:
    """Do what no reminder may follow."""
    if action == "archive":
        answer = await caller.patch(f"/v1/clients/{client_id}", {"archived": True})
        assert answer.status == 200
        return
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "pay": ("/v1/payments", {
            "client_id": client_id, "amount": "165.01", "currency": "EUR",
            "allocations": [{"sale_id": sale_id, "amount": "165.01"}],
        }),
        "dispute": ("/v1/disputes", {"sale_id": sale_id, "reason": "Not delivered"}),
        "promise": ("/v1/promises", {"client_id": client_id, "date": "2030-01-01"}),
        "note": ("/v1/notes", {"client_id": client_id, "body": "Ask first", "needs_response": True}),
    }  # fmt: skip
    await caller.made_of(*bodies[action])


@pytest.mark.long
@pytest.mark.timeout(300)
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(debtors=DEBTORS)
async def test_no_reminder_is_handed_over_after_what_ends_it_was_answered(
    deployment: Deployment, mail_server: SmtpServer, debtors: Sequence[tuple[str, float, bool]]
) -> None:
    caller = await deployment.account()
    await collector(caller, a_mail())
    taken: dict[str, float] = {}
    ended: dict[str, float] = {}

    def take(mail: TakenMail) -> None:
        taken[mail.recipients[0]] = time.monotonic()

    async def race(debt: tuple[str, float, bool]) -> str:
        action, seconds, is_put_off = debt
        client, sale = await debtor(caller)
        if is_put_off:
            mail_server.refused[client["email"]] = "451 4.2.0 Later"
        await linger(seconds)
        await end_reminders(caller, action, client["id"], sale["id"])
        ended[client["email"]] = time.monotonic()
        if is_put_off:
            await linger(UNDER_WAY_SECONDS)
            del mail_server.refused[client["email"]]
        return str(client["id"])

    mail_server.when_taken = take
    try:
        raced = await asyncio.gather(*map(race, debtors))
        other, _ = await debtor(caller)
        await mails_to(mail_server, other["email"])
        for client_id in raced:
            for message in await caller.items(f"/v1/messages?client_id={client_id}"):
                await eventually(partial(is_final, caller, f"/v1/messages/{message['id']}"))
    finally:
        mail_server.when_taken = None
    late = {address: moment - ended[address] for address, moment in taken.items() if address in ended}
    assert {address: by for address, by in late.items() if by > UNDER_WAY_SECONDS} == {}


async def is_final(caller: Caller, path: str) -> bool:
    """Whether a message has been sent or called off."""
    return (await caller.read(path))["state"] in {"sent", "cancelled", "failed"}
