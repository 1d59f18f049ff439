"""Clients who owe, with their collection cases in a wanted state, made over the API for the stories of the console."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from tests.support.caller import Caller
from tests.support.eventually import eventually

WORDS: Final = {"subject": "{{ invoice.number }} is open", "body": "Dear {{ client.contact }}, pay {{ amount }}."}
BY_HAND: Final = {"channel": "email", "anchor": "after_due", "delay": "P1D", "automatic": False, "template": WORDS}
CALL: Final = {"channel": "call", "anchor": "after_due", "delay": "P1D", "automatic": False}


@dataclass(frozen=True, slots=True)
class Debtor:
    """A client, an overdue invoice of theirs, and the case about it."""

    client: dict[str, Any]
    sale: dict[str, Any]
    case: dict[str, Any]

    @property
    def page(self) -> str:
        """The case's page."""
        return f"/cases/{self.case['id']}"


async def collects(
    caller: Caller, *steps: dict[str, Any], name: str = "Strict", default: bool = True
) -> dict[str, Any]:
    """A collector; the default one unless it is said otherwise."""
    return await caller.made_of("/v1/collectors", {"name": name, "default": default, "steps": list(steps)})


async def owes(caller: Caller, name: str, *, days: int = 30, state: str = "pending", **fields: Any) -> Debtor:
    """A client with one invoice over 165.01 EUR that is due so many days ago."""
    due = dt.datetime.now(tz=dt.UTC).date() - dt.timedelta(days=days)
    client = await caller.client(name=name, **{"email": "aija@ozola.example", "phone": "+37126123456"} | fields)
    dates = {"document_date": str(due - dt.timedelta(days=14)), "date_due": str(due)}
    sale = await caller.sale(client["id"], **dates)
    return Debtor(client, sale, await case_of(caller, client["id"], state))


async def case_of(caller: Caller, client_id: str, state: str) -> dict[str, Any]:
    """The client's case once it is in a state."""

    async def there() -> dict[str, Any] | None:
        found = await caller.items(f"/v1/cases?client_id={client_id}&state={state}")
        return dict(found[0]) if found else None

    found: dict[str, Any] | None = await eventually(there, deadline_seconds=30)
    assert found is not None
    return found
