"""`/v1/runs`: what automations did, step by step; kept by the executor."""

from __future__ import annotations

from uuid import UUID

from contracts.resources import run
from contracts.resources.output import ResourcePage
from contracts.resources.run import DecisionIn, ReplayedRun, ReplayIn, Run, RunState, RunWithSteps
from contracts.wire import commands
from ingress.api.resource_handlers import changing, listing
from ingress.http.context import Api
from ingress.http.route import Handler, Page, Request, Response, Route
from ingress.views import queries, responses, run_queries


class RunQuery(Page):
    """Which runs: each that is given narrows the list."""

    automation_id: UUID | None = None
    event_id: UUID | None = None
    state: RunState | None = None


async def get_run(api: Api, call: Request) -> Response:
    """Look at one run with its steps."""
    row = await responses.row_of(api, call, queries.RUN)
    steps = await run_queries.steps(api.pool, account_id=call.account_id, run_id=row["id"])
    return Response(body=run.from_row(row, steps))


def _deciding(*, approved: bool) -> Handler:
    async def decide(api: Api, call: Request) -> Response:
        """Decide on the step that waits."""
        decision = call.body_as(DecisionIn)
        data = {
            "id": str(call.id_of()),
            "step": None if decision.step is None else str(decision.step),
            "approved": approved,
            "comment": decision.comment,
            "by": call.made_by,
        }
        return await api.submit(call, commands.DECIDE_APPROVAL, data, subject_id=call.id_of())

    return decide


ROUTES = (
    Route(
        "GET", "/v1/runs", "listRuns", listing(queries.RUNS, run.from_row), "read", "List runs of automations",
        query=RunQuery, response_model=ResourcePage[Run], tag="runs",
    ),
    Route(
        "GET", "/v1/runs/{id}", "getRun", get_run, "read",
        "Get a run with its steps", response_model=RunWithSteps, tag="runs",
    ),
    Route(
        "POST", "/v1/runs/{id}/replay", "replayRun", changing(commands.REPLAY_RUN), "automate",
        "Take a run that has ended up again from one of its steps; with preview, only show the inputs",
        body=ReplayIn, response_model=ReplayedRun, tag="runs",
    ),
    Route(
        "POST", "/v1/runs/{id}/cancel", "cancelRun", changing(commands.CANCEL_RUN), "automate",
        "Cancel a run that has not ended", response_model=Run, tag="runs",
    ),
    Route(
        "POST", "/v1/runs/{id}/approve", "approveRun", _deciding(approved=True), "automate",
        "Approve the step that a run waits at", body=DecisionIn, response_model=Run, tag="runs",
    ),
    Route(
        "POST", "/v1/runs/{id}/refuse", "refuseRun", _deciding(approved=False), "automate",
        "Refuse the step that a run waits at: the run is cancelled", body=DecisionIn, response_model=Run, tag="runs",
    ),
)  # fmt: skip
