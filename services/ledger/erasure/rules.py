"""What of a client remains after its erasure: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from ledger.clients.rules import Client

ERASED_NAME: Final = "Erased client"


def erased(client: Client, *, now: datetime) -> Client:
    """The client without what says who it is, archived; the very same where it was erased before."""
    after = replace(
        client, name=ERASED_NAME, first_name=None, last_name=None, email=None, phone=None, reg_number=None,
        vat_number=None, address=None, shipping_address=None, contacts=[], locale=None, external_id=None, comment=None,
        archived_at=client.archived_at or now,
    )  # fmt: skip
    return client if after == client else replace(after, updated_at=now)


def addresses_of(client: Client) -> list[str]:
    """The mail addresses and phone numbers of a client and its contacts, in small letters."""
    persons = [{"email": client.email, "phone": client.phone}, *client.contacts]
    return sorted({str(one[name]).lower() for one in persons for name in ("email", "phone") if one.get(name)})
