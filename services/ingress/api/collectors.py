"""`/v1/collectors`: the steps that receivables go through, and what a step would say to a client."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from contracts.primitives.problem import FieldError
from contracts.resources import collector
from contracts.resources.collector import (
    Collector,
    CollectorChange,
    CollectorIn,
    CollectorPreview,
    CollectorPreviewIn,
    CollectorRemoval,
    CollectorStepIn,
    CollectorVersion,
    RemovedCollector,
    StepPreviewIn,
    templates_of,
)
from contracts.resources.output import ResourcePage
from contracts.wire import commands
from ingress.api import message_texts
from ingress.api.resource_handlers import getting
from ingress.errors import InvalidInput
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import case_queries, paging, queries, responses
from ingress.views.batches import Row
from templates.reminders import sample_names
from templates.renderer import Letter, NoWorker


async def create_collector(api: Api, call: Request) -> Response:
    """Make a collector whose templates can be rendered."""
    requested = call.body_as(CollectorIn)
    await _check_templates(api, call, requested.steps)
    return await api.submit(call, commands.CREATE_COLLECTOR, requested.model_dump(mode="json"))


async def update_collector(api: Api, call: Request) -> Response:
    """Make a new version of a collector."""
    requested = call.body_as(CollectorChange)
    await _check_templates(api, call, requested.steps)
    data = {"id": str(call.id_of()), **requested.model_dump(mode="json")}
    return await api.submit(call, commands.UPDATE_COLLECTOR, data, subject_id=call.id_of())


async def remove_collector(api: Api, call: Request) -> Response:
    """Remove a collector; what uses it goes on in another."""
    move_to = call.query_as(CollectorRemoval).move_to
    data = {"id": str(call.id_of()), "move_to": str(move_to) if move_to else None}
    return await api.submit(call, commands.REMOVE_COLLECTOR, data, subject_id=call.id_of())


async def list_collectors(api: Api, call: Request) -> Response:
    """List collectors, newest first; an account always has some."""
    await _open(api, call)
    return await responses.many(api, call, queries.COLLECTORS, collector.from_row)


async def list_versions(api: Api, call: Request) -> Response:
    """List its versions, newest first."""
    key, limit = paging.read_cursor(call, int), call.query_as(Page).limit
    await responses.row_of(api, call, queries.COLLECTORS)
    rows = await case_queries.collector_versions(
        api.pool,
        account_id=call.account_id,
        collector_id=call.id_of(),
        before=key[0] if key else None,
        limit=limit + 1,
    )
    return Response(body=paging.page(call, rows, show=collector.version_from_row, key=lambda row: (row["version"],)))


async def preview_step(api: Api, call: Request) -> Response:
    """Show the message that a step would send now to a client."""
    row = await responses.row_of(api, call, queries.COLLECTORS)
    requested = call.body_as(CollectorPreviewIn)
    if requested.step >= len(row["steps"]):
        raise InvalidInput(faults=[FieldError("step", f"the collector has {len(row['steps'])} steps, counted from 0")])
    whom = _Whom(requested.client_id, requested.sale_id, requested.step + 1)
    reply = await _preview(api, call, whom, row["steps"][requested.step], f"steps[{requested.step}].template")
    return await api.keep_first(call, reply)


async def preview_unsaved(api: Api, call: Request) -> Response:
    """Show the message of a step that no collector has yet."""
    requested = call.body_as(StepPreviewIn)
    whom = _Whom(requested.client_id, requested.sale_id, requested.number, requested.language)
    reply = await _preview(api, call, whom, requested.step.model_dump(mode="json"), "step.template")
    return await api.keep_first(call, reply)


@dataclass(frozen=True, slots=True)
class _Whom:
    """For whom a message is shown: a client or an invoice; `number` is the step's place, counted from 1."""

    client_id: UUID | None
    sale_id: UUID | None
    number: int
    language: str | None = None


async def _preview(api: Api, call: Request, whom: _Whom, step: Row, path: str) -> Response:
    if step["template"] is None:
        raise InvalidInput(faults=[FieldError("step", f"says nothing: its channel is {step['channel']}")])
    client = await message_texts.client_of(api, call, whom.client_id, whom.sale_id)
    only = None if whom.sale_id is None else [whom.sale_id]
    language, rendered = await message_texts.rendered(
        api, call, step["template"], client, sale_ids=only, step=whom.number, with_sample=True, path=path,
        language=whom.language,
    )  # fmt: skip
    is_mail = step["channel"] == "email"
    return Response(
        body={
            "subject": rendered.get("subject"),
            "body": rendered["body"],
            "to": client["email"] if is_mail else client["phone"],
            "language": language,
        }
    )


async def _check_templates(api: Api, call: Request, steps: list[CollectorStepIn]) -> None:
    """Render every template once with made-up values.

    Raises:
        InvalidInput: one is invalid; each error has its path.
    """
    names, letters, paths = sample_names(), [], []
    for number, step in enumerate(steps):
        for one in templates_of(step.template):
            letters.append(Letter({"subject": one.subject or "-", "body": one.body}, names))
            paths.append(f"steps[{number}].template")
        if step.notify is not None:
            letters.append(Letter({"subject": step.notify.subject, "body": step.notify.body}, names))
            paths.append(f"steps[{number}].notify")
    try:
        made = await api.renderer.render(call.account_id, letters)
    except NoWorker:
        return  # what cannot be rendered later waits for a person, with the fault
    faults = [FieldError(path, one.fault) for path, one in zip(paths, made, strict=True) if one.fault]
    if faults:
        raise InvalidInput(faults=faults)


async def _open(api: Api, call: Request) -> None:
    """Let an account that never did anything have its collectors."""
    if not await case_queries.has_collectors(api.pool, account_id=call.account_id):
        await api.submit(call, commands.OPEN_COLLECTORS, {})


ROUTES = (
    Route(
        "POST", "/v1/collectors", "createCollector", create_collector, "write", "Make a collector",
        body=CollectorIn, response_model=Collector, status=201, tag="collections",
    ),
    Route(
        "GET", "/v1/collectors", "listCollectors", list_collectors, "read", "List collectors",
        query=Page, response_model=ResourcePage[Collector], tag="collections",
    ),
    Route(
        "POST", "/v1/collectors/preview", "previewCollectorStep", preview_unsaved, "read",
        "Show the message of a step that is not saved yet", body=StepPreviewIn, response_model=CollectorPreview,
        tag="collections",
    ),
    Route(
        "GET", "/v1/collectors/{id}/versions", "listCollectorVersions", list_versions, "read",
        "List the versions of a collector", query=Page, response_model=ResourcePage[CollectorVersion],
        tag="collections",
    ),
    Route(
        "GET", "/v1/collectors/{id}", "getCollector", getting(queries.COLLECTORS, collector.from_row),
        "read", "Get a collector",
        response_model=Collector, tag="collections",
    ),
    Route(
        "PUT", "/v1/collectors/{id}", "replaceCollector", update_collector, "write",
        "Make a new version of a collector; cases under way keep theirs unless apply_to_active",
        body=CollectorChange, response_model=Collector, tag="collections",
    ),
    Route(
        "DELETE", "/v1/collectors/{id}", "deleteCollector", remove_collector, "write",
        "Remove a collector: 409 while it is in use, unless move_to names another",
        query=CollectorRemoval, response_model=RemovedCollector, tag="collections",
    ),
    Route(
        "POST", "/v1/collectors/{id}/preview", "previewCollector", preview_step, "read",
        "Show the message that a step would send", body=CollectorPreviewIn, response_model=CollectorPreview,
        tag="collections",
    ),
)  # fmt: skip
