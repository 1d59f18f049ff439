"""The editor of collectors: steps on a time line, a form by kind of step, and messages as a real client gets them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from console import collecting, collector_form
from console.api_client import FieldError, Problem
from console.collecting import CHANNELS, LANGUAGES
from console.forms import KEY_FIELD, Filled
from console.i18n import N_
from console.pages.cases import collectors_of
from console.visit import Route, Visit

CLIENTS: Final = 50  # offered for a preview: those that owe most, else the newest
_SERVER_FAULT: Final = 500
_NOT_TYPED: Final = (401, 404)


async def show_new(visit: Visit) -> web.StreamResponse:
    """The editor with one step, so that there is something to look at."""
    values = collector_form.changed({"kind": "client", "do": "add:email"})
    return await _render(visit, Filled(values), touched=0)


async def show_edit(visit: Visit) -> web.StreamResponse:
    """The editor with a collector."""
    collector = await visit.api.get(f"/v1/collectors/{visit.id}")
    return await _render(visit, Filled(collector_form.texts_of(collector)))


async def save(visit: Visit) -> web.StreamResponse:
    """Do what the pressed button says: change the form, preview a step, or save."""
    form = await visit.read_form()
    what, _, where = form.get("do", "save").partition(":")
    if what == "preview":
        return await _preview(visit, form, int(where) if where.isdigit() else 0)
    if what != "save":
        return await _render(visit, Filled(collector_form.changed(form)), touched=collector_form.touched(form))
    try:
        saved = await _send(visit, form)
    except Problem as problem:
        if problem.status >= _SERVER_FAULT or problem.status in _NOT_TYPED:
            raise
        return await _again(visit, form, problem)
    return visit.go(f"/collectors/{saved['id']}", visit.text(N_("Saved.")))


async def _send(visit: Visit, form: Mapping[str, str]) -> dict[str, Any]:
    body = collector_form.body_of(form)
    if "id" not in visit.request.match_info:
        return dict(await visit.api.post("/v1/collectors", body, key=form.get(KEY_FIELD)))
    if form.get("apply_to_active") == "true":
        body["apply_to_active"] = True
    return dict(await visit.api.send("PUT", f"/v1/collectors/{visit.id}", body=body))


async def _again(visit: Visit, form: dict[str, str], problem: Problem) -> web.Response:
    kept = collector_form.changed(form)
    faults = [FieldError(one.path.replace(".delay", ".amount"), one.message) for one in problem.faults]
    filled = Filled(kept).with_faults(faults, collector_form.fields_of(kept), problem)
    return await _render(visit, filled, status=problem.status)


async def _preview(visit: Visit, form: dict[str, str], number: int) -> web.Response:
    """The message of one step in each of its languages, for the client that is chosen."""
    kept = collector_form.changed(form)
    steps, client_id = collector_form.steps_in(kept), kept.get("preview_client", "")
    if not 0 <= number < len(steps) or not client_id:
        labels = {"preview_client": N_("Client")}
        return await _render(visit, Filled(kept, {"preview_client": "is required"}, (), labels))
    step = collector_form.step_body(number, steps[number])
    spoken = [one for one in collector_form.languages_of(steps[number]) if one != collector_form.ALL] or [""]

    async def preview_in(language: str) -> dict[str, Any]:
        body = {"client_id": client_id, "step": step, "number": number + 1}
        try:
            return dict(
                await visit.api.post("/v1/collectors/preview", body | ({"language": language} if language else {}))
            )
        except Problem as problem:
            if problem.status >= _SERVER_FAULT or problem.status in _NOT_TYPED:
                raise
            faults = [f"{one.path.removeprefix('step.')}: {one.message}" for one in problem.faults]
            return {"language": language, "fault": "; ".join(faults) or problem.detail}

    previews = await asyncio.gather(*(preview_in(one) for one in spoken))
    return await _render(visit, Filled(kept), touched=number, previews={number: previews})


async def _render(visit: Visit, filled: Filled, *, status: int = 200, touched: int = -1, **more: Any) -> web.Response:
    own_id = visit.request.match_info.get("id", "")
    collectors, clients = await asyncio.gather(collectors_of(visit), _clients(visit))
    steps = collector_form.steps_in(filled.values)
    forms = [
        collector_form.step_form(number, step, collectors, own_id, visit.locale) for number, step in enumerate(steps)
    ]
    opened = {
        number for number in range(len(steps)) if any(name.startswith(f"steps[{number}]") for name in filled.errors)
    }
    return visit.render(
        "collector_editor.html", status=status, filled=filled, steps=forms, clients=clients,
        back=f"/collectors/{own_id}" if own_id else "/collectors", is_new=not own_id, channels=CHANNELS,
        picks=collector_form.PICKS, languages_named=LANGUAGES, **_picture(visit, steps),
        **{"previews": {}, "opened": opened | {touched}} | more,
    )  # fmt: skip


def _picture(visit: Visit, steps: list[dict[str, str]]) -> dict[str, Any]:
    drawn = [
        {
            "channel": step["channel"], "anchor": step.get("anchor", "after_due"),
            "automatic": step.get("automatic") == "true",
            "delay": collecting.duration_of(step.get("amount", ""), step.get("unit", "")),
        }
        for step in steps
    ]  # fmt: skip
    stops, due = collecting.time_line(drawn)
    waits = [collecting.wait_text(step, visit.text) for step in drawn]
    return {"stops": stops, "due": due, "waits": waits, "drawn": drawn}


async def _clients(visit: Visit) -> list[dict[str, str]]:
    """Clients to preview for, those with most open first."""
    cases = (await visit.api.get("/v1/cases", {"limit": CLIENTS}))["items"]
    found = {one["client_id"]: one["client"]["name"] for one in cases}
    if not found:
        newest = (await visit.api.get("/v1/clients", {"limit": CLIENTS}))["items"]
        found = {one["id"]: one["name"] for one in newest}
    return [{"id": client_id, "name": name} for client_id, name in found.items()]


async def draw(visit: Visit) -> web.StreamResponse:
    """The time line of what is in the form, for a page on which it is being changed."""
    form = await visit.read_form()
    return visit.render("collector_picture.html", **_picture(visit, collector_form.steps_in(form)))


ROUTES: Final = (
    Route("POST", "/collectors/picture", draw),
    Route("GET", "/collectors/new", show_new),
    Route("POST", "/collectors/new", save),
    Route("GET", "/collectors/{id}/edit", show_edit),
    Route("POST", "/collectors/{id}/edit", save),
)
