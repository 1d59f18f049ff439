"""`/v1/usage`: how much of its plan the account uses, as the ledger and the file store count it."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from contracts.resources.usage import Usage
from ingress.access import account_store
from ingress.errors import NotFound
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from ingress.views import queries


async def get_usage(api: Api, call: Request) -> Response:
    """Show what is used and what the limits are; null is no limit. A period is a calendar month of the account's."""
    account = await account_store.find(api.pool, account_id=call.account_id)
    if account is None:
        raise NotFound
    used = await queries.usage(api.pool, account_id=call.account_id)
    most = api.settings.storage_default if account.storage_max is None else account.storage_max
    stored = await account_store.storage_used(api.pool, account_id=call.account_id)
    return Response(
        body={
            "period": _period(account.time_zone),
            "clients": {"used": used.get("clients", 0), "limit": account.clients_max},
            "products": {"used": used.get("products", 0), "limit": account.products_max},
            "storage": {"used": stored, "limit": None if most < 0 else most},
        }
    )


def _period(time_zone: str) -> dict[str, Any]:
    try:
        today = datetime.now(tz=ZoneInfo(time_zone)).date()
    except (KeyError, ValueError, OSError):  # a zone that this machine does not know: the ledger uses UTC then, too
        today = datetime.now(tz=UTC).date()
    last = monthrange(today.year, today.month)[1]
    return {"start": today.replace(day=1).isoformat(), "end": today.replace(day=last).isoformat()}


ROUTES = (
    Route(
        "GET",
        "/v1/usage",
        "getUsage",
        get_usage,
        "read",
        "What of the plan is used",
        response_model=Usage,
        tag="access",
    ),
)
