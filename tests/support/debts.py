"""Collections over HTTP in tests: accounts that collect, invoices that are late, the mails and cases that follow."""

from __future__ import annotations

from typing import Any

from contracts.primitives.ids import new_id
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.smtp_server import SmtpServer, TakenMail

LATE = {"document_date": "2025-03-02", "date_due": "2025-03-16"}
"""The dates of an invoice whose every step after its due date is due at once."""

SECONDS = 30.0  # until what follows from a change is there, on a busy machine


def a_mail(delay: str = "PT1S", **fields: Any) -> dict[str, Any]:
    """A step that sends a mail."""
    template = {"subject": "Open: {{ amount }}", "body": "Dear {{ client.contact }}, {{ amount }} is open."}
    return {"channel": "email", "anchor": "after_due", "delay": delay, "template": template} | fields


def a_next_mail(delay: str = "PT1S", **fields: Any) -> dict[str, Any]:
    """A step that sends a mail so long after the step before it."""
    return a_mail(delay, anchor="after_previous", **fields)


async def collector(caller: Caller, *steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Make a collector the default of an account that has an address to send from."""
    await caller.patch("/v1/account", {"email": "books@baltic.example"})
    return await caller.made_of("/v1/collectors", {"name": "All", "default": True, "steps": list(steps)} | fields)


async def debtor(caller: Caller, **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make a client with an address of its own, and a late invoice of it over 165.01 EUR."""
    client = await caller.client(**{"email": f"{new_id()}@ozola.example", "first_name": "Aija"} | fields)
    return client, await caller.sale(client["id"], **LATE)


async def mails_to(mail_server: SmtpServer, address: str, many: int = 1) -> list[TakenMail]:
    """Wait until so many mails went to an address; give all."""

    def there() -> list[TakenMail] | None:
        found = [one for one in mail_server.mails if address in one.recipients]
        return found if len(found) >= many else None

    return await eventually(there, deadline_seconds=SECONDS) or []


def mails_so_far(mail_server: SmtpServer, address: str) -> list[TakenMail]:
    """The mails that went to an address by now."""
    return [one for one in mail_server.mails if address in one.recipients]


async def case_is(caller: Caller, client_id: str, state: str) -> dict[str, Any]:
    """Wait until a client has a case in a state; give it."""

    async def there() -> dict[str, Any] | None:
        found = await caller.items(f"/v1/cases?client_id={client_id}&state={state}")
        return found[0] if found else None

    return dict(await eventually(there, deadline_seconds=SECONDS) or {})


async def shown(caller: Caller, path: str, state: str) -> dict[str, Any]:
    """Wait until an object is in a state; give it."""

    async def there() -> dict[str, Any] | None:
        answer = await caller.get(path)
        return dict(answer.json) if answer.status == 200 and answer.json["state"] == state else None

    return dict(await eventually(there, deadline_seconds=SECONDS) or {})
