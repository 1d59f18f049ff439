"""The builder of automations: an event, then steps top-down, each a form made of the catalog's model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiohttp import web

from console.api_client import Problem
from console.forms import Field, Filled, Option, as_object, value_of
from console.i18n import N_
from console.pages.automations import catalogs
from console.visit import KEY_FIELD, Route, Visit

STEPS_MAX: Final = 50  # more than the API takes, so that its own message says so
PICKS_MAX: Final = 60  # fields that are offered for a step; the usual ones come first
SAMPLES: Final = 3  # events that "test trigger" shows
_STEP: Final = re.compile(r"steps\[(\d{1,2})\]\.(.+)")
_TITLE_WORDS: Final = re.compile(r"[_.]+")


@dataclass(frozen=True, slots=True)
class Pick:
    """A value of the event or of an earlier step that a field can be filled with."""

    text: str
    expression: str
    sample: str


@dataclass(frozen=True, slots=True)
class StepForm:
    """One step as it is shown."""

    number: int
    action: Mapping[str, Any]
    fields: list[Field]
    picks: list[Pick]


def fields_of(action: Mapping[str, Any], number: int) -> list[Field]:
    """The fields of an action's input, of its JSON schema; a choice may be left empty, and all may be templates."""
    schema = action["input_schema"]
    required = set(schema.get("required", ()))
    return [
        _field(f"steps[{number}].input.{name}", name, part, is_required=name in required)
        for name, part in schema.get("properties", {}).items()
    ]


def _field(path: str, name: str, schema: Mapping[str, Any], *, is_required: bool) -> Field:
    label = _TITLE_WORDS.sub(" ", name).capitalize()
    variants = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    choices = [value for one in variants for value in one.get("enum", ())]
    types = {kind for one in variants for kind in _types(one)}
    about = str(schema.get("description", ""))
    if choices and all(isinstance(value, str) for value in choices):
        options = [Option("", "–"), *(Option(value, value) for value in choices)]
        return Field(path, label, "choice", is_required, about, options)
    if types & {"object", "array"} or any("$ref" in one for one in variants):
        return Field(path, label, "json", is_required, about or N_("As JSON"))
    is_long = name in {"body", "text", "comment", "note"}
    return Field(path, label, "area" if is_long else "text", is_required, about, wide=is_long)


def _types(schema: Mapping[str, Any]) -> list[str]:
    kind = schema.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def picks_of(trigger: Mapping[str, Any] | None, earlier: list[Mapping[str, Any]]) -> list[Pick]:
    """What a step's fields can be filled with: of the event's sample, then of the steps before it."""
    picks = []
    if trigger is not None:
        for path, value in _leaves(trigger["sample"].get("data", {})):
            picks.append(Pick(path, f"{{{{ trigger.data.{path} }}}}", value))
    for number, action in enumerate(earlier):
        for one in action.get("output", ()):
            if one["type"] not in {"object", "array"}:
                path = f"steps[{number}].output.{one['path']}"
                picks.append(Pick(f"{number + 1}. {one['path']}", f"{{{{ {path} }}}}", ""))
    return picks[:PICKS_MAX]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif not isinstance(value, list) and value is not None:
        yield path, str(value)[:60]


def texts_of(automation: Mapping[str, Any]) -> dict[str, str]:
    """The texts with which an automation fills the builder."""
    texts = {"name": automation["name"], "trigger.key": automation["trigger"]["key"]}
    for name, values in (automation["trigger"].get("filters") or {}).items():
        texts[f"filter:{name}"] = "\n".join(map(str, values))
    for number, step in enumerate(automation["steps"]):
        texts[f"steps[{number}].action"] = step["action"]
        texts[f"steps[{number}].connection_id"] = step.get("connection_id") or ""
        texts[f"steps[{number}].continue_on_error"] = "true" if step.get("continue_on_error") else ""
        texts[f"steps[{number}].retry"] = orjson.dumps(step["retry"]).decode() if step.get("retry") else ""
        for name, value in (step.get("input") or {}).items():
            texts[f"steps[{number}].input.{name}"] = value if isinstance(value, str) else orjson.dumps(value).decode()
    return texts


def steps_in(form: Mapping[str, str]) -> list[dict[str, str]]:
    """The steps of a form, in order, each with its fields by their names inside it."""
    found: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        if match := _STEP.fullmatch(name):
            found.setdefault(int(match[1]), {})[match[2]] = value
    return [found[number] for number in sorted(found) if found[number].get("action")][:STEPS_MAX]


def changed(form: Mapping[str, str]) -> dict[str, str]:
    """The form after a button of the builder: a step added, moved or taken out."""
    steps, what = steps_in(form), form.get("do", "")
    verb, _, where = what.partition(":")
    number = int(where) if where.isdigit() else -1
    if verb == "add" and form.get("add_action"):
        steps.append({"action": form["add_action"]})
    elif verb == "remove" and 0 <= number < len(steps):
        steps.pop(number)
    elif verb == "up" and 0 < number < len(steps):
        steps[number - 1], steps[number] = steps[number], steps[number - 1]
    kept = {name: value for name, value in form.items() if not _STEP.fullmatch(name) and name not in {"do", "_key"}}
    for place, step in enumerate(steps):
        kept |= {f"steps[{place}].{name}": value for name, value in step.items()}
    return kept


def body_of(form: Mapping[str, str], actions: Mapping[str, Any]) -> dict[str, Any]:
    """The API's input of a form."""
    filters = {
        name.removeprefix("filter:"): [one.strip() for one in value.splitlines() if one.strip()]
        for name, value in form.items()
        if name.startswith("filter:") and value.strip()
    }
    steps = []
    for number, step in enumerate(steps_in(form)):
        action = actions.get(step["action"])
        fields = fields_of(action, number) if action else []
        given = as_object(fields, form).get("steps", [{}] * (number + 1))[number].get("input", {})
        made: dict[str, Any] = {"action": step["action"], "input": given}
        if step.get("connection_id"):
            made["connection_id"] = step["connection_id"]
        if step.get("continue_on_error") == "true":
            made["continue_on_error"] = True
        if step.get("retry"):
            made["retry"] = value_of(Field("", "", "json"), step["retry"])
        steps.append(made)
    return {
        "name": form.get("name", ""), "trigger": {"key": form.get("trigger.key", ""), "filters": filters},
        "steps": steps,
    }  # fmt: skip


async def _render(visit: Visit, filled: Filled, *, status: int = 200, **more: Any) -> web.Response:
    (triggers, actions), connections = await catalogs(visit), await visit.api.get("/v1/connections", {"limit": 200})
    trigger = triggers.get(filled.values.get("trigger.key", ""))
    steps: list[StepForm] = []
    earlier: list[Mapping[str, Any]] = []
    for number, step in enumerate(steps_in(filled.values)):
        action = actions.get(step["action"])
        if action is None:
            continue
        steps.append(StepForm(number, action, fields_of(action, number), picks_of(trigger, earlier)))
        earlier.append(action)
    here = f"/automations/{visit.id}" if "id" in visit.request.match_info else "/automations"
    context = {"samples": None, "result": None} | more
    return visit.render(
        "automation_builder.html", status=status, filled=filled, triggers=triggers, actions=actions, trigger=trigger,
        steps=steps, connections=connections["items"], back=here, is_new=here == "/automations", **context,
    )  # fmt: skip


async def show_new(visit: Visit) -> web.StreamResponse:
    """An empty builder."""
    return await _render(visit, Filled({"trigger.key": visit.request.query.get("trigger", "")}))


async def show_edit(visit: Visit) -> web.StreamResponse:
    """The builder with an automation."""
    return await _render(visit, Filled(texts_of(await visit.api.get(f"/v1/automations/{visit.id}"))))


async def save(visit: Visit) -> web.StreamResponse:
    """Do what the pressed button says: change the form, test the trigger, or save."""
    form = await visit.read_form()
    what = form.get("do", "save")
    if what == "test-trigger":
        return await _test_trigger(visit, changed(form))
    if what not in {"save", "enable"}:
        return await _render(visit, Filled(changed(form)))
    body = body_of(form, (await catalogs(visit))[1])
    try:
        saved = await _send(visit, body, form)
    except Problem as problem:
        return await _again(visit, form, problem)
    text = N_("Saved. It is on.") if saved["enabled"] else N_("Saved. It is off until you turn it on.")
    return visit.go(f"/automations/{saved['id']}", visit.text(text))


async def _send(visit: Visit, body: dict[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    if "id" not in visit.request.match_info:
        made = body | {"enabled": form.get("do") == "enable"}
        return dict(await visit.api.post("/v1/automations", made, key=form.get(KEY_FIELD)))
    saved = await visit.api.send("PUT", f"/v1/automations/{visit.id}", body=body)
    if form.get("do") == "enable":
        saved = await visit.api.post(f"/v1/automations/{visit.id}/enable")
    return dict(saved)


async def _again(visit: Visit, form: dict[str, str], problem: Problem) -> web.Response:
    if problem.status >= 500 or problem.status in {401, 404}:  # noqa: PLR2004  not what was typed
        raise problem
    kept = changed(form)
    actions = (await catalogs(visit))[1]
    fields = [Field("name", N_("Name")), Field("trigger.key", N_("Event")), Field("trigger", N_("Event"))]
    for number, step in enumerate(steps_in(kept)):
        fields += fields_of(actions[step["action"]], number) if step["action"] in actions else []
        fields += [Field(f"steps[{number}].connection_id", N_("Connection")), Field(f"steps[{number}]", N_("Step"))]
    filled = Filled(kept).with_faults(problem.faults, fields, problem.detail)
    return await _render(visit, filled, status=problem.status)


async def _test_trigger(visit: Visit, form: dict[str, str]) -> web.Response:
    """Show the newest events of the trigger, or its sample where there was none yet."""
    key = form.get("trigger.key", "")
    if not key:
        return await _render(visit, Filled(form, {"trigger.key": "is required"}, (), {"trigger.key": N_("Event")}))
    samples = await visit.api.get(f"/v1/triggers/{key}/samples", {"limit": SAMPLES})
    return await _render(visit, Filled(form), samples=samples)


ROUTES: Final = (
    Route("GET", "/automations/new", show_new),
    Route("POST", "/automations/new", save),
    Route("GET", "/automations/{id}/edit", show_edit),
    Route("POST", "/automations/{id}/edit", save),
)
