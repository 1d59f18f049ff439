"""`/v1/waiting`: how much waits for a person, without reading any of it."""

from __future__ import annotations

from typing import Any, Final

from contracts.resources.waiting import Waiting
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from ingress.views import queries, read_your_writes
from ingress.views.queries import View

COUNTED_UP_TO: Final = 100  # more is not done at a sitting, and counting so few takes a millisecond
# As the lists with these filters have them.
KINDS: Final[dict[str, tuple[View, dict[str, Any]]]] = {
    "purchases": (queries.INBOX_MESSAGES, {"box": "purchases", "state": "received"}),
    "orders": (queries.INBOX_MESSAGES, {"box": "sales", "state": "received"}),
    "overdue_invoices": (queries.SALES, {"late": True}),
    "drafts": (queries.SALES, {"status": "draft"}),
    "calls": (queries.CASES, {"state": "pending", "next_channel": "call"}),
    "reminders": (queries.CASES, {"state": "pending"}),
    "replies": (queries.MESSAGES, {"needs_response": True}),
    "unmatched_replies": (queries.MESSAGES, {"unmatched": True}),
    "idle_debtors": (queries.CASES, {"state": "idle"}),
    "failed_runs": (queries.RUNS, {"state": "failed"}),
    "failed_deliveries": (queries.DELIVERIES, {"state": "failed"}),
}


def _statement() -> tuple[str, list[Any]]:
    """One statement for all counts, and the values after the account and the bound."""
    counts, values = [], list[Any]()
    for view, given in KINDS.values():
        conditions = []
        for name, value in given.items():
            values.append(value)
            conditions.append(view.filters[name].replace("?", f"${len(values) + 2}"))
        counts.append(f"(SELECT count(*) FROM ({view.select(*conditions, columns='id')} LIMIT $2) AS found)")  # noqa: S608  constants
    return f"SELECT {', '.join(counts)}", values


_COUNT, _VALUES = _statement()


async def get_waiting(api: Api, call: Request) -> Response:
    """Count what waits, of each kind up to `COUNTED_UP_TO`."""
    await read_your_writes.wait_until_visible(api, call)
    row = await api.pool.fetchrow(_COUNT, call.account_id, COUNTED_UP_TO, *_VALUES)
    found = dict(zip(KINDS, row or (), strict=True))
    # The ledger's scheduler has not marked these yet; the list of overdue invoices has them too.
    unmarked = await queries.overdue_unmarked(api.pool, account_id=call.account_id)
    found["overdue_invoices"] = min(found["overdue_invoices"] + len(unmarked or ()), COUNTED_UP_TO)
    return Response(body={"counted_up_to": COUNTED_UP_TO, **found})


ROUTES = (
    Route(
        "GET", "/v1/waiting", "getWaiting", get_waiting, "read",
        "What waits for a person: how much of each kind, counted up to a bound", response_model=Waiting, tag="access",
    ),
)  # fmt: skip
