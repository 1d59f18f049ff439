"""Set a fresh installation up: a link that creates the first account and its owner, once."""

from __future__ import annotations

import hmac
from typing import Final
from uuid import UUID

from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from ingress.access import account_store, user_store
from ingress.access.credentials import digest, new_code
from ingress.errors import Conflict, InvalidInput
from storage.pool import Connection, Pool

_ENDED: Final = (
    "is not the one of the newest link: restart `ledgerwire up`, which prints a new one, or use `account create`"
)


async def is_needed(pool: Pool) -> bool:
    """Whether there is no account yet."""
    return not await pool.fetchval("SELECT EXISTS (SELECT 1 FROM ingress.account)")


async def new_link_secret(pool: Pool) -> str | None:
    """Make the secret of a link in place of the one before; None: there is an account already."""
    if not await is_needed(pool):
        return None
    secret = new_code()
    await pool.execute(
        "INSERT INTO ingress.setup_link (secret_hash) VALUES ($1)"
        " ON CONFLICT (single) DO UPDATE SET secret_hash = $1, created_at = now()",
        digest(secret),
    )
    return secret


async def create_first_account(
    conn: Connection, *, setup: str, account_name: str, time_zone: str, currency: str, locale: str, name: str,
    email: str | None, password_hash: str,
) -> UUID:  # fmt: skip
    """Create the account and its owner, and end the link; answer the account's id.

    Raises:
        InvalidInput: `setup` is not the link's; Conflict: there is an account already.
    """
    kept = await conn.fetchval("SELECT secret_hash FROM ingress.setup_link FOR UPDATE")
    if await conn.fetchval("SELECT EXISTS (SELECT 1 FROM ingress.account)"):
        raise Conflict("the installation is set up: sign in, or ask an owner for an invitation")
    if kept is None or not hmac.compare_digest(kept, digest(setup)):
        raise InvalidInput(faults=[FieldError("setup", _ENDED)])
    account_id, user_id = new_id(), new_id()
    await account_store.insert(
        conn, account_id=account_id, name=account_name, time_zone=time_zone, locale=locale, currency=currency,
        clients_max=None, products_max=None, storage_max=None,
    )  # fmt: skip
    await user_store.insert_login(
        conn, user_id=user_id, name=name, email=email, locale=locale, password_hash=password_hash
    )
    await user_store.insert_membership(conn, account_id=account_id, user_id=user_id, role="owner")
    await conn.execute("DELETE FROM ingress.setup_link")
    return account_id
