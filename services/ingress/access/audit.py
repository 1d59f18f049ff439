"""Write the audit log: an entry before each change of access, completed with the response's status."""

from __future__ import annotations

import asyncpg
import structlog

from contracts.primitives.ids import parse_id
from ingress.access import audit_store
from ingress.http.route import Request
from storage.pool import Pool

log = structlog.get_logger(__name__)


async def begin(pool: Pool, call: Request) -> None:
    """Insert the entry of an audited request, before anything changes.

    Raises:
        asyncpg.PostgresError, OSError: it cannot be written; the request must then change nothing.
    """
    if call.route.is_audited and call.account is not None:
        await _insert(pool, call, status=None)
        call.audited = True


async def end(pool: Pool, call: Request, status: int) -> None:
    """Complete the entry; insert it now if the account is known only now, as after a sign-in."""
    if not call.route.is_audited or call.account is None:
        return
    try:
        if call.audited:
            await audit_store.complete(pool, account_id=call.account, identifier=call.id, status=status)
        else:
            await _insert(pool, call, status=status)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        log.warning("audit_entry_incomplete", request_id=str(call.id), status=status, error=repr(error))


async def _insert(pool: Pool, call: Request, *, status: int | None) -> None:
    assert call.account is not None  # noqa: S101  the callers' condition
    await audit_store.insert(
        pool, account_id=call.account, identifier=call.id, action=call.route.operation_id, actor=call.actor,
        address=call.request.remote, subject_id=parse_id(call.params.get("id", "")), status=status,
    )  # fmt: skip
