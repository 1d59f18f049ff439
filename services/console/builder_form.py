"""An automation as the fields of the builder's form, and the form as an automation; both are pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from console import field_names, filter_rows
from console.forms import Field, Option, as_object, value_of
from console.i18n import N_

STEPS_MAX: Final = 50  # more than the API takes, so that its own message says so
PICKS_MAX: Final = 60  # fields that are offered for a step; the usual ones come first
FILTER: Final = "filter"
SCHEDULE: Final = "schedule"
KEPT: Final = ("retry",)  # of a step, as JSON: the builder shows no field for it and must not lose it
_STEP: Final = re.compile(r"steps\[(\d{1,2})\]\.(.+)")
_LONG: Final = frozenset({"body", "text", "comment", "note", "message"})


@dataclass(frozen=True, slots=True)
class Pick:
    """A value of the event or of an earlier step that a field can be filled with."""

    text: str
    expression: str
    sample: str


@dataclass(frozen=True, slots=True)
class StepForm:
    """One step as it is shown; `rules` are the groups of a filter, None where it has a form like the others."""

    number: int
    action: Mapping[str, Any]
    fields: list[Field]
    rules: list[list[dict[str, str]]] | None
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
    label = field_names.name_of(name)
    variants = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    choices = [value for one in variants for value in one.get("enum", ())]
    types = {kind for one in variants for kind in _types(one)}
    about = str(schema.get("description", ""))
    if choices and all(isinstance(value, str) for value in choices):
        options = [Option("", "–"), *(Option(value, value) for value in choices)]
        return Field(path, label, "choice", is_required, about, options)
    if types - {"null"} == {"boolean"}:
        options = [Option("", "–"), Option("true", N_("Yes")), Option("false", N_("No"))]
        return Field(path, label, "yes_no", is_required, about, options)
    if types & {"object", "array"} or any("$ref" in one for one in variants):
        return Field(path, label, "json", is_required, about or N_("As JSON"))
    is_long = name in _LONG
    return Field(path, label, "area" if is_long else "text", is_required, about, wide=is_long or name == "url")


def _types(schema: Mapping[str, Any]) -> list[str]:
    kind = schema.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def picks_of(sample: Mapping[str, Any] | None, earlier: list[Mapping[str, Any]]) -> list[Pick]:
    """What a step's fields can be filled with: of the event's sample, then of the steps before it."""
    picks = []
    for path, value in _leaves((sample or {}).get("data", {})):
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
    """The texts with which an automation, or its draft, fills the builder."""
    trigger = automation["trigger"]
    texts = {"name": automation["name"], "trigger.key": trigger["key"]}
    texts |= {f"trigger.{name}": trigger[name] for name in ("cron", "time_zone") if trigger.get(name)}
    for name, values in (trigger.get("filters") or {}).items():
        texts[f"filter:{name}"] = "\n".join(map(str, values)) if isinstance(values, list) else _json(values)
    for number, step in enumerate(automation["steps"]):
        texts |= {f"steps[{number}].{name}": text for name, text in _texts_of_step(step).items()}
    failure, concurrency = automation.get("on_failure") or {}, automation.get("concurrency") or {}
    texts["on_failure.notify"] = "\n".join(failure.get("notify") or ())
    texts["on_failure.steps"] = _json(failure["steps"]) if failure.get("steps") else ""
    texts["concurrency.key"] = concurrency.get("key") or ""
    texts["concurrency.limit"] = str(concurrency.get("limit") or "")
    return texts


def _texts_of_step(step: Mapping[str, Any]) -> dict[str, str]:
    given = step.get("input") or {}
    texts = {
        "action": step["action"], "connection_id": step.get("connection_id") or "",
        "continue_on_error": "true" if step.get("continue_on_error") else "",
        "retry": _json(step["retry"]) if step.get("retry") else "",
    }  # fmt: skip
    groups = filter_rows.groups_of(given) if step["action"] == FILTER and given else None
    if groups is not None:
        return texts | filter_rows.write(groups)
    return texts | {f"input.{name}": value if isinstance(value, str) else _json(value) for name, value in given.items()}


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def steps_in(form: Mapping[str, str]) -> list[dict[str, str]]:
    """The steps of a form, in order, each with its fields by their names inside it."""
    found: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        if match := _STEP.fullmatch(name):
            found.setdefault(int(match[1]), {})[match[2]] = value
    return [found[number] for number in sorted(found) if found[number].get("action")][:STEPS_MAX]


def rules_in(step: Mapping[str, str]) -> list[list[dict[str, str]]] | None:
    """The groups of a filter step; None: it is another action, or a condition that only JSON can hold."""
    if step["action"] != FILTER or any(step.get(f"input.{name}") for name in ("all", "any", "not")):
        return None
    return filter_rows.read(step) or filter_rows.changed([], "group", [])


def changed(form: Mapping[str, str]) -> dict[str, str]:
    """The form after a button of the builder: an event chosen, a step or a filter's row added, moved or taken out."""
    steps = steps_in(form)
    verb, _, where = form.get("do", "").partition(":")
    kept = {name: value for name, value in form.items() if not _STEP.fullmatch(name) and name not in {"do", "_key"}}
    if verb == "trigger":
        kept["trigger.key"] = where
    elif verb == "add":
        steps.append({"action": where})
    else:
        _change_steps(steps, verb, [int(one) for one in where.split(":") if one.isdigit()])
    for place, step in enumerate(steps):
        kept |= {f"steps[{place}].{name}": value for name, value in step.items()}
    return kept


def touched(form: Mapping[str, str]) -> int | None:
    """The step that the pressed button was about, where it stands afterwards."""
    verb, _, where = form.get("do", "").partition(":")
    number = where.partition(":")[0]
    if verb == "add":
        return len(steps_in(form))
    if verb == "remove" or not number.isdigit():
        return None
    return max(int(number) - (verb == "up"), 0)


def _change_steps(steps: list[dict[str, str]], verb: str, place: list[int]) -> None:
    number = place[0] if place else -1
    if not 0 <= number < len(steps):
        return
    if verb == "remove":
        steps.pop(number)
    elif verb == "up" and number > 0:
        steps[number - 1], steps[number] = steps[number], steps[number - 1]
    elif verb in {"row", "group", "unrow"}:
        groups = filter_rows.changed(rules_in(steps[number]) or [], verb, place[1:])
        kept = {name: text for name, text in steps[number].items() if not name.startswith("rule[")}
        steps[number] = kept | filter_rows.write(groups)


def body_of(form: Mapping[str, str], actions: Mapping[str, Any]) -> dict[str, Any]:
    """The API's input of a form."""
    trigger: dict[str, Any] = {"key": form.get("trigger.key", ""), "filters": _filters(form)}
    if trigger["key"] == SCHEDULE:
        trigger |= {name: form.get(f"trigger.{name}") or None for name in ("cron", "time_zone")}
    notify = [one.strip() for one in form.get("on_failure.notify", "").splitlines() if one.strip()]
    steps = value_of(Field("", "", "json"), form.get("on_failure.steps", ""))
    key, limit = form.get("concurrency.key", "").strip(), form.get("concurrency.limit", "").strip()
    made: dict[str, Any] = {
        "name": form.get("name", ""), "trigger": trigger,
        "steps": [_step_of(step, number, form, actions) for number, step in enumerate(steps_in(form))],
    }  # fmt: skip
    if notify or steps:
        made["on_failure"] = {"notify": notify} | ({"steps": steps} if steps else {})
    if key or limit:
        made["concurrency"] = {"key": key, "limit": int(limit) if limit.isdigit() else limit or 1}
    return made


def _filters(form: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in form.items():
        if not name.startswith("filter:") or not value.strip():
            continue
        given = value_of(Field("", "", "json"), value.strip())
        is_range = isinstance(given, dict)
        found[name.removeprefix("filter:")] = given if is_range else [one.strip() for one in value.split("\n") if one]
    return found


def _step_of(step: dict[str, str], number: int, form: Mapping[str, str], actions: Mapping[str, Any]) -> dict[str, Any]:
    action, rules = actions.get(step["action"]), rules_in(step)
    if rules is not None:
        given = filter_rows.condition_of(rules)
    else:
        fields = fields_of(action, number) if action else []
        given = as_object(fields, form).get("steps", [{}] * (number + 1))[number].get("input", {})
    made: dict[str, Any] = {"action": step["action"], "input": given}
    if step.get("connection_id"):
        made["connection_id"] = step["connection_id"]
    if step.get("continue_on_error") == "true":
        made["continue_on_error"] = True
    if step.get("retry"):
        made["retry"] = value_of(Field("", "", "json"), step["retry"])
    return made


def fields_in(form: Mapping[str, str], actions: Mapping[str, Any]) -> list[Field]:
    """Every field of the builder that a fault can belong to."""
    fields = [
        Field("name", N_("Name")), Field("trigger.key", N_("Event")), Field("trigger.cron", N_("Times")),
        Field("trigger.time_zone", N_("Time zone")), Field("trigger", N_("Event")),
        Field("on_failure.notify", N_("Mail these when it fails")),
        Field("concurrency.key", N_("One at a time for each")), Field("concurrency.limit", N_("At most")),
    ]  # fmt: skip
    for number, step in enumerate(steps_in(form)):
        rules = rules_in(step)
        if rules is not None:
            fields += [Field(f"steps[{number}].{name}", N_("Condition")) for name in filter_rows.write(rules)]
        elif step["action"] in actions:
            fields += fields_of(actions[step["action"]], number)
        fields += [Field(f"steps[{number}].connection_id", N_("Connection")), Field(f"steps[{number}]", N_("Step"))]
    return fields
