"""The builder of automations: an event, then steps top-down, each a form made of the catalog's model."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from console import builder_form, filter_rows
from console.api_client import FieldError, Problem
from console.builder_form import (
    StepForm,
    body_of,
    changed,
    fields_in,
    fields_of,
    picks_of,
    rules_in,
    steps_in,
    texts_of,
    touched,
)
from console.forms import KEY_FIELD, Filled
from console.i18n import N_
from console.pages.automations import catalogs
from console.pages.hooks import title_of
from console.visit import Route, Visit

SAMPLES: Final = 3  # events that "test trigger" shows
_SAVED: Final = {
    "save": N_("The draft is kept. What is published runs on unchanged."),
    "publish": N_("Published."),
    "enable": N_("Published. It is on."),
}


async def _render(visit: Visit, filled: Filled, *, status: int = 200, **more: Any) -> web.Response:
    (triggers, actions), connections = await asyncio.gather(
        catalogs(visit), visit.api.get("/v1/connections", {"limit": 200})
    )
    key = filled.values.get("trigger.key", "")
    trigger = triggers.get(key)
    samples = more.get("samples") or (await _samples(visit, key, 1) if trigger and steps_in(filled.values) else [])
    sample = samples[0] if samples else trigger["sample"] if trigger else None
    here = f"/automations/{visit.id}" if "id" in visit.request.match_info else "/automations"
    context = {"samples": None, "trial": None, "tried": None, "here": None} | more
    return visit.render(
        "automation_builder.html", status=status, filled=filled, triggers=triggers, actions=actions, trigger=trigger,
        steps=_steps(filled.values, actions, sample), connections=connections["items"], back=here,
        is_new=here == "/automations", operators=filter_rows.OPERATORS, **context,
    )  # fmt: skip


async def _samples(visit: Visit, key: str, count: int) -> list[dict[str, Any]]:
    """The newest events of a trigger, or its sample where there was none yet."""
    return list(await visit.api.get(f"/v1/triggers/{key}/samples", {"limit": count}))


def _steps(values: Mapping[str, str], actions: Mapping[str, Any], sample: Mapping[str, Any] | None) -> list[StepForm]:
    steps: list[StepForm] = []
    earlier: list[Mapping[str, Any]] = []
    for number, step in enumerate(steps_in(values)):
        action = actions.get(step["action"])
        if action is None:
            continue
        steps.append(StepForm(number, action, fields_of(action, number), rules_in(step), picks_of(sample, earlier)))
        earlier.append(action)
    return steps


async def show_new(visit: Visit) -> web.StreamResponse:
    """An empty builder."""
    return await _render(visit, Filled({"trigger.key": visit.request.query.get("trigger", "")}))


async def show_edit(visit: Visit) -> web.StreamResponse:
    """The builder with an automation: with its draft, if it has one; `test` names a step to be tried at once."""
    automation = await visit.api.get(f"/v1/automations/{visit.id}")
    filled = Filled(texts_of(automation["draft"] or automation))
    step = visit.request.query.get("test", "")
    if step.isdigit() and visit.may("automate"):
        trial = await visit.api.post(f"/v1/automations/{visit.id}/test-action", {"step": int(step)})
        return await _render(visit, filled, trial=trial, tried=int(step))
    return await _render(visit, filled)


async def save(visit: Visit) -> web.StreamResponse:
    """Do what the pressed button says: change the form, test the trigger or a step, or save."""
    form = await visit.read_form()
    what, _, where = form.get("do", "save").partition(":")
    if what == "test-trigger":
        return await _test_trigger(visit, changed(form))
    if what not in {*_SAVED, "test", "really"}:
        return await _render(visit, Filled(changed(form)), here=touched(form))
    triggers, actions = await catalogs(visit)
    if what == "test" and not form.get("name", "").strip():
        form["name"] = _usual_name(visit, form, triggers, actions)
    body = body_of(form, actions)
    try:
        saved = await _send(visit, body, form)
        if what in {"test", "really"}:
            return await _test_step(visit, saved, int(where or "0"), form)
    except Problem as problem:
        return await _again(visit, form, problem)
    text = _SAVED[what]
    if "id" not in visit.request.match_info:
        text = N_("Saved. It is on.") if saved["enabled"] else N_("Saved. It is off until you turn it on.")
    return visit.go(f"/automations/{saved['id']}", visit.text(text))


def _usual_name(visit: Visit, form: Mapping[str, str], triggers: Mapping[str, Any], actions: Mapping[str, Any]) -> str:
    """A name until the person gives one, because a step is tried in an automation that is kept: what it does."""
    names = [triggers.get(form.get("trigger.key", "")), *(actions.get(step["action"]) for step in steps_in(form))]
    return " + ".join(title_of(one, visit.locale) for one in names if one)[:100]


async def _send(visit: Visit, body: dict[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    what = form.get("do", "save")
    if "id" not in visit.request.match_info:
        made = body | {"enabled": what == "enable"}
        return dict(await visit.api.post("/v1/automations", made, key=form.get(KEY_FIELD)))
    is_published = what in {"publish", "enable"}
    given = body | ({"enabled": True} if what == "enable" else {})
    query = {"publish": "true"} if is_published else None
    return dict(await visit.api.send("PUT", f"/v1/automations/{visit.id}", body=given, query=query))


async def _test_step(visit: Visit, saved: Mapping[str, Any], step: int, form: Mapping[str, str]) -> web.Response:
    """Try a step of what was just kept; one that is new is kept first and tried where it is now."""
    if "id" not in visit.request.match_info:
        return visit.go(f"/automations/{saved['id']}/edit?test={step}", visit.text(N_("Kept, and off.")))
    body = {"step": step, "really": form.get("do", "").startswith("really:")}
    trial = await visit.api.post(f"/v1/automations/{visit.id}/test-action", body, key=form.get(KEY_FIELD))
    return await _render(visit, Filled(changed(form)), trial=trial, tried=step)


async def _again(visit: Visit, form: dict[str, str], problem: Problem) -> web.Response:
    if problem.status >= 500 or problem.status in {401, 404}:  # noqa: PLR2004  not what was typed
        raise problem
    kept = changed(form)
    faults = [_placed(kept, fault) for fault in problem.faults]
    filled = Filled(kept).with_faults(faults, fields_in(kept, (await catalogs(visit))[1]), problem)
    return await _render(visit, filled, status=problem.status)


def _placed(form: Mapping[str, str], fault: FieldError) -> FieldError:
    """A fault at the row of a filter where it belongs to one."""
    steps = steps_in(form)
    number = fault.path.removeprefix("steps[").partition("]")[0]
    is_rule = number.isdigit() and int(number) < len(steps) and builder_form.rules_in(steps[int(number)]) is not None
    return replace(fault, path=filter_rows.place_of_fault(fault.path)) if is_rule else fault


async def _test_trigger(visit: Visit, form: dict[str, str]) -> web.Response:
    """Show the newest events of the trigger, or its sample where there was none yet."""
    key = form.get("trigger.key", "")
    if not key:
        return await _render(visit, Filled(form, {"trigger.key": "is required"}, (), {"trigger.key": N_("Event")}))
    return await _render(visit, Filled(form), samples=await _samples(visit, key, SAMPLES))


ROUTES: Final = (
    Route("GET", "/automations/new", show_new),
    Route("POST", "/automations/new", save),
    Route("GET", "/automations/{id}/edit", show_edit),
    Route("POST", "/automations/{id}/edit", save),
)
