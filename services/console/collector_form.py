"""The form of a collector: its fields by kind of step, what its buttons change, and the API's input of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from console import i18n
from console.collecting import LANGUAGES, delay_of, duration_of
from console.forms import Field, Option, as_object
from console.i18n import N_

STEPS_MAX: Final = 60  # more than the API takes, so that its own message says so
ALL: Final = "all"  # the language of a text that is written for all clients
_STEP: Final = re.compile(r"steps\[(\d{1,2})\]\.(.+)")
_TEXT: Final = re.compile(r"template\.([A-Za-z-]{2,20})\.(subject|body)")

ANCHORS: Final = tuple(Option(one, one) for one in ("before_due", "after_due", "after_previous"))
UNITS: Final = (
    Option("D", N_("days")), Option("W", N_("weeks")), Option("M", N_("months")), Option("TH", N_("hours")),
    Option("TM", N_("minutes")), Option("TS", N_("seconds")), Option("", N_("as written")),
)  # fmt: skip
SUBJECT: Final = N_("Reminder: {{ amount }} is open")
BODY: Final = N_(
    "Dear {{ client.contact }},\n\nthe following is still open. Please pay it within a week.\n\n"
    "{% for invoice in invoices %}{{ invoice.number }}: {{ invoice.open }} {{ invoice.currency }}"
    "{% if invoice.disputed %} (disputed){% endif %}, due on {{ invoice.date_due }}\n{% endfor %}\n"
    "Kind regards\n{{ account.name }}\n"
)
SMS_BODY: Final = N_("{{ account.name }}: {{ amount }} is open, due since {{ invoice.date_due }}. Please pay it soon.")
MOVE_SUBJECT: Final = N_("{{ client.name }} is moved to {{ target.name }}")
MOVE_BODY: Final = N_("All reminders to {{ client.name }} were sent and {{ amount }} is still open.\n")
PICKS: Final = (
    (N_("Contact's name"), "{{ client.contact }}"), (N_("Client's name"), "{{ client.name }}"),
    (N_("First name, or the client's name"), "{{ client.first_name | default: client.name }}"),
    (N_("Open amount"), "{{ amount }}"), (N_("Overdue amount"), "{{ overdue }}"),
    (N_("Number of invoices"), "{{ count }}"), (N_("Number of the oldest invoice"), "{{ invoice.number }}"),
    (N_("Its due date"), "{{ invoice.date_due }}"),
    (N_("Its open amount"), "{{ invoice.open }} {{ invoice.currency }}"),
    (N_("Days it is overdue"), "{{ invoice.days_overdue }}"),
    (
        N_("List of invoices"),
        "{% for invoice in invoices %}{{ invoice.number }}: {{ invoice.open }} {{ invoice.currency }}\n{% endfor %}",
    ),
    (N_("Your company's name"), "{{ account.name }}"), (N_("Your IBAN"), "{{ account.iban | default: '' }}"),
    (N_("Today"), "{{ today }}"), (N_("Number of the step"), "{{ step }}"),
)  # fmt: skip
"""What can be inserted into a text, by what it is called."""


@dataclass(frozen=True, slots=True)
class StepForm:
    """One step as it is shown: `texts` are its languages, each with the fields of its message."""

    number: int
    channel: str
    fields: list[Field]
    texts: list[tuple[str, list[Field]]]
    missing: list[str]  # languages that could be added


def steps_in(form: Mapping[str, str]) -> list[dict[str, str]]:
    """The steps of a form, in order, each with its fields by their names inside it."""
    found: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        if match := _STEP.fullmatch(name):
            found.setdefault(int(match[1]), {})[match[2]] = value
    return [found[number] for number in sorted(found) if found[number].get("channel")][:STEPS_MAX]


def languages_of(step: Mapping[str, str]) -> list[str]:
    """The languages that a step's texts are in, as the form has them."""
    return list(dict.fromkeys(match[1] for name in step if (match := _TEXT.fullmatch(name))))


def new_step(channel: str, *, is_first: bool) -> dict[str, str]:
    """A step as it begins: with texts in each of our languages, so that nothing has to be written to see one."""
    step = {
        "channel": channel, "anchor": "after_due", "amount": "7" if is_first else "14", "unit": "D",
        "automatic": "" if channel in {"call", "move"} else "true",
    }  # fmt: skip
    if channel == "move":
        return step | {"notify.to": "", "notify.subject": MOVE_SUBJECT, "notify.body": MOVE_BODY}
    for language in LANGUAGES if channel != "call" else ():
        step |= _first_text(channel, language)
    return step


def _first_text(channel: str, language: str) -> dict[str, str]:
    text = i18n.translations(language).gettext
    at = f"template.{language}"
    match channel:
        case "email":
            return {f"{at}.subject": text(SUBJECT), f"{at}.body": text(BODY)}
        case "sms":
            return {f"{at}.body": text(SMS_BODY)}
        case _:
            return {f"{at}.body": ""}


def changed(form: Mapping[str, str]) -> dict[str, str]:
    """The form after a button: a step added, moved or taken out, a language added or taken out."""
    steps, (verb, _, where) = steps_in(form), form.get("do", "").partition(":")
    place, _, language = where.partition(":")
    number = int(place) if place.isdigit() else -1
    inside = 0 <= number < len(steps)
    if verb == "add" and where in {"email", "sms", "call", "move"}:
        steps.append(new_step(where, is_first=not steps))
    elif verb == "remove" and inside:
        steps.pop(number)
    elif verb == "up" and inside and number:
        steps[number - 1], steps[number] = steps[number], steps[number - 1]
    elif verb == "down" and inside and number + 1 < len(steps):
        steps[number + 1], steps[number] = steps[number], steps[number + 1]
    elif verb == "speak" and inside and language in {*LANGUAGES, ALL}:
        steps[number] |= _first_text(steps[number]["channel"], language)
    elif verb == "silence" and inside:
        steps[number] = {
            name: value for name, value in steps[number].items() if not name.startswith(f"template.{language}.")
        }
    kept = {name: value for name, value in form.items() if not _STEP.fullmatch(name) and name not in {"do", "_key"}}
    for at, step in enumerate(steps):
        kept |= {f"steps[{at}].{name}": value for name, value in step.items()}
    return kept


def touched(form: Mapping[str, str]) -> int:
    """The step that the pressed button was about: where it stands afterwards; -1 for none."""
    verb, _, where = form.get("do", "").partition(":")
    place = where.partition(":")[0]
    if verb == "add":
        return len(steps_in(form))
    number = int(place) if place.isdigit() else -1
    return number + {"up": -1, "down": 1}.get(verb, 0) if verb != "remove" else -1


def step_form(
    number: int, step: Mapping[str, str], collectors: Sequence[Mapping[str, Any]] = (), own_id: str = "",
    first: str = "",
) -> StepForm:  # fmt: skip
    """A step's fields by its kind; the language `first` comes first."""
    at, channel = f"steps[{number}]", step["channel"]
    fields = [
        Field(f"{at}.anchor", N_("When"), "choice", options=ANCHORS),
        Field(f"{at}.amount", N_("How long"), "text"),
        Field(f"{at}.unit", N_("Unit"), "choice", options=UNITS),
        Field(f"{at}.automatic", N_("By itself, without a person"), "checkbox"),
    ]
    if channel == "move":
        targets = [Option("", "–"), *(Option(one["id"], one["name"]) for one in collectors if one["id"] != own_id)]
        fields += [
            Field(f"{at}.target_collector_id", N_("To which collector"), "choice", options=targets),
            Field(f"{at}.starts_manually", N_("Its first step waits for a person"), "checkbox"),
            Field(f"{at}.notify.to", N_("Notify by mail"), "list", help=N_("Addresses, a line each; may be empty")),
            Field(f"{at}.notify.subject", N_("Subject")),
            Field(f"{at}.notify.body", N_("Text"), "area", rows=4),
        ]
    else:
        fields.append(Field(f"{at}.min_amount", N_("Only from this open amount"), "decimal"))
    if channel == "email":
        fields += [
            Field(f"{at}.cc", N_("Copy to"), "list", rows=2, help=N_("Addresses, a line each; may be empty")),
            Field(f"{at}.attach_pdf", N_("Attach the invoices as PDF"), "checkbox"),
        ]
    spoken = languages_of(step) if channel != "move" else []
    texts = [
        (one, _text_fields(f"{at}.template.{one}", channel)) for one in sorted(spoken, key=lambda one: one != first)
    ]
    missing = [] if channel == "move" or ALL in spoken else [one for one in LANGUAGES if one not in spoken]
    return StepForm(number, channel, fields, texts, missing)


def _text_fields(at: str, channel: str) -> list[Field]:
    body = Field(
        f"{at}.body", N_("Script") if channel == "call" else N_("Text"), "area", rows=3 if channel == "sms" else 8
    )
    return [Field(f"{at}.subject", N_("Subject"), wide=True), body] if channel == "email" else [body]


def body_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The API's input of a form."""
    made: dict[str, Any] = {"name": form.get("name", ""), "kind": form.get("kind") or "client"}
    if form.get("default") == "true":
        made["default"] = True
    return made | {"steps": [step_body(number, step) for number, step in enumerate(steps_in(form))]}


def step_body(number: int, step: Mapping[str, str]) -> dict[str, Any]:
    """The API's input of one step."""
    rendered = step_form(number, step)
    fields = [one for one in rendered.fields if not one.name.endswith((".amount", ".unit"))]
    named = {f"steps[{number}].{name}": value for name, value in step.items()}
    given = as_object(fields, named).get("steps", [])
    made: dict[str, Any] = dict(given[number]) if number < len(given) else {}
    made |= {"channel": step["channel"], "delay": duration_of(step.get("amount", ""), step.get("unit", ""))}
    notify = made.get("notify")
    if notify is not None and not (notify.get("subject") or notify.get("body") or notify.get("to")):
        del made["notify"]
    texts = {
        language: {
            name: step[place]
            for name in ("subject", "body")
            if step.get(place := f"template.{language}.{name}")
        }
        for language in languages_of(step)
    }  # fmt: skip
    if step["channel"] == "call":
        texts = {language: text for language, text in texts.items() if text}
    if texts:
        made["template"] = texts.get(ALL, texts)
    return made


def texts_of(collector: Mapping[str, Any]) -> dict[str, str]:
    """The texts with which a collector fills the form."""
    texts = {
        "name": collector["name"], "kind": collector["kind"], "default": "true" if collector["default"] else "",
    }  # fmt: skip
    for number, step in enumerate(collector["steps"]):
        texts |= {f"steps[{number}].{name}": value for name, value in _step_texts(step).items()}
    return texts


def _step_texts(step: Mapping[str, Any]) -> dict[str, str]:
    amount, unit = delay_of(step["delay"])
    texts = {
        "channel": step["channel"], "anchor": step["anchor"], "amount": amount, "unit": unit,
        "automatic": "true" if step["automatic"] else "", "attach_pdf": "true" if step["attach_pdf"] else "",
        "starts_manually": "true" if step["starts_manually"] else "", "cc": "\n".join(step["cc"]),
        "min_amount": step["min_amount"] or "", "target_collector_id": step["target_collector_id"] or "",
    }  # fmt: skip
    if step["notify"]:
        texts |= {
            "notify.to": "\n".join(step["notify"]["to"]), "notify.subject": step["notify"]["subject"],
            "notify.body": step["notify"]["body"],
        }  # fmt: skip
    template = step["template"] or {}
    for language, text in ({ALL: template} if "body" in template else template).items():
        texts[f"template.{language}.body"] = text["body"]
        if step["channel"] == "email":
            texts[f"template.{language}.subject"] = text.get("subject") or ""
    return texts


def fields_of(form: Mapping[str, str]) -> list[Field]:
    """All fields, so that what the API refuses appears at its own."""
    fields = [Field("name", N_("Name")), Field("kind", N_("Kind")), Field("steps", N_("Steps"))]
    for number, step in enumerate(steps_in(form)):
        rendered = step_form(number, step)
        fields += rendered.fields + [one for _, texts in rendered.texts for one in texts]
        fields += [Field(f"steps[{number}].template", N_("Text")), Field(f"steps[{number}].notify", N_("Notification"))]
        fields.append(Field(f"steps[{number}]", N_("Step")))
    return fields
