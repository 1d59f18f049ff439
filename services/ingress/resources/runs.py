"""`/v1/runs`: what automations did, step by step; kept by the executor."""

from __future__ import annotations

from uuid import UUID

from contracts import present_execution as present
from ingress.http.api import Api
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import answering, reads, shapes


class RunQuery(Page):
    """Which runs: each that is given narrows the list."""

    automation_id: UUID | None = None
    event_id: UUID | None = None
    state: shapes.RunState | None = None


async def list_runs(api: Api, call: Call) -> Reply:
    """List runs, newest first."""
    query = call.query_as(RunQuery)
    return await answering.many(
        api,
        call,
        reads.RUNS,
        present.run,
        automation_id=query.automation_id,
        event_id=query.event_id,
        state=query.state,
    )


async def get_run(api: Api, call: Call) -> Reply:
    """Look at one run with its steps."""
    row = await answering.row_of(api, call, reads.RUN)
    steps = await reads.steps(api.pool, account_id=call.account_id, run_id=row["id"])
    return Reply(body=present.run(row, steps))


ROUTES = (
    Route(
        "GET", "/v1/runs", "listRuns", list_runs, "read", "List runs of automations",
        query=RunQuery, answers=shapes.Listed[shapes.Run], tag="runs",
    ),
    Route(
        "GET", "/v1/runs/{id}", "getRun", get_run, "read",
        "Get a run with its steps", answers=shapes.RunWithSteps, tag="runs",
    ),
)  # fmt: skip
