"""`/v1/audit`: who changed access, channels, hooks, automations or the account, or took an export, and from where."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from contracts.moments import PastMoment
from contracts.resources.output import ResourcePage
from ingress.access import audit_store
from ingress.access.audit_store import AuditEntry
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.response_models import users as shapes
from ingress.views.event_queries import first_id_at
from ingress.views.paging import page, read_id_cursor


class AuditQuery(Page):
    """Which entries: of one action (an operation's name), since a time."""

    action: str | None = Field(default=None, max_length=100, pattern="^[A-Za-z]+$")
    since: PastMoment | None = None


async def list_entries(api: Api, call: Request) -> Response:
    """The account's entries, newest first."""
    query = call.query_as(AuditQuery)
    rows = await audit_store.list_newest(
        api.pool, account_id=call.account_id, action=query.action, since=first_id_at(query.since),
        before=read_id_cursor(call), limit=query.limit + 1,
    )  # fmt: skip
    return Response(200, page(call, rows, show=show, key=lambda entry: (entry.id,)))


def show(entry: AuditEntry) -> dict[str, Any]:
    """An entry's response; its id is the request's."""
    return {
        "id": str(entry.id),
        "at": entry.at.isoformat(),
        "action": entry.action,
        "actor": entry.actor,
        "address": entry.address,
        "subject_id": str(entry.subject_id) if entry.subject_id else None,
        "status": entry.status,
    }


ROUTES = (
    Route(
        "GET", "/v1/audit", "listAuditEntries", list_entries, "admin", "The audit log, newest first",
        query=AuditQuery, response_model=ResourcePage[shapes.AuditEntry], tag="access",
    ),
)  # fmt: skip
