"""The template environment: one for all languages, every value escaped, texts translated where they are shown."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
import orjson
from jinja2 import pass_context
from markupsafe import Markup

from console import faults, field_names, i18n, labels
from console.api_client import FieldError
from console.navigation import MENU
from console.settings import PREFIX_PATH

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"
_TEMPLATE: Final = re.compile(r"(\{\{[^{}]*\}\})")
_DIGITS: Final = re.compile(r"\d+")
_PLAIN_FIELD: Final = re.compile(r"\{\{\s*(trigger|steps[\[.]\d+\]?)((?:\.\w+)+)\s*\}\}")
_STEP_OF_PATH: Final = re.compile(r"([A-Za-z_]+)|\[(\d+)\]")


@cache
def asset(name: str) -> str:
    """The URL of a static file with the hash of its content, so that browsers may keep it for good."""
    version = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"{PREFIX_PATH}/static/{name}?v={version}"


def configure(environment: jinja2.Environment) -> None:
    """Add the filters and functions that templates use."""
    environment.filters |= {
        "number": _number, "size": _size, "money": _money, "day": _day, "moment": _moment, "exact": _exact,
        "label": _label, "action": _action, "trigger": _trigger, "with_fields": _with_fields,
        "in_json": lambda value: orjson.dumps(value).decode(),
        "fault": _fault, "field_name": _field_name, "place": _place, "operator": _operator,
        "dig": dig, "fill": fill,
    }  # fmt: skip
    environment.globals |= {
        "asset": asset,
        "prefix": PREFIX_PATH,
        "languages": i18n.LANGUAGE_NAMES,
        "menu": lambda: MENU,
    }
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.undefined = jinja2.ChainableUndefined  # the API leaves what is empty out of documents


def _is_nothing(value: object) -> bool:
    return value is None or isinstance(value, jinja2.Undefined)


@pass_context
def _number(context: Any, value: object) -> str:
    return "" if _is_nothing(value) else i18n.number(value, context["visit"].locale)


@pass_context
def _size(context: Any, value: object) -> str:
    return i18n.size(value, context["visit"].locale) if isinstance(value, int) else ""


@pass_context
def _money(context: Any, value: object, currency: str | None = None) -> str:
    return "" if _is_nothing(value) else i18n.money(value, currency, context["visit"].locale)


@pass_context
def _day(context: Any, value: object) -> str:
    return i18n.day(value, context["visit"].locale) if value else ""


@pass_context
def _moment(context: Any, value: object) -> str:
    visit = context["visit"]
    return i18n.moment(value, visit.locale, visit.time_zone) if value else ""


@pass_context
def _exact(context: Any, value: object) -> str:
    visit = context["visit"]
    return i18n.moment_to_the_second(value, visit.locale, visit.time_zone) if value else ""


@pass_context
def _action(context: Any, key: str) -> str:
    return str(context["visit"].action_title(key))


@pass_context
def _trigger(context: Any, key: str) -> str:
    return str(context["visit"].trigger_title(key))


@pass_context
def _label(context: Any, code: object) -> str:
    return "" if _is_nothing(code) else str(context["visit"].text(labels.of(str(code))))


@pass_context
def _fault(context: Any, fault: FieldError | str) -> str:
    visit = context["visit"]
    given = FieldError("", fault) if isinstance(fault, str) else fault
    return faults.sentence_of(given, visit.text, visit.locale)


@pass_context
def _with_fields(context: Any, value: str) -> Markup:
    """A step's input to be read: each field that is filled in by its name, the rest as it is."""
    shown = Markup('<span class="code-in" title="{}">{}</span>')
    return Markup("").join(
        shown.format(part, _field_in_words(context["visit"].text, part)) if part.startswith("{{") else part
        for part in _TEMPLATE.split(value)
    )


def _field_in_words(text: Callable[[str], str], template: str) -> str:
    """`{{ trigger.data.client.name }}` as Client · Name; what is more than a field stays as it is."""
    found = _PLAIN_FIELD.fullmatch(template)
    if found is None:
        return template
    names = [text(field_names.name_of(one)) for one in found[2].split(".")[1:] if one not in {"data", "output"}]
    number = _DIGITS.search(found[1])
    step = [text(i18n.N_("Step {number}")).format(number=int(number[0]) + 1)] if number else []
    return " · ".join(step + names)


@pass_context
def _field_name(context: Any, name: str) -> str:
    return str(context["visit"].text(field_names.name_of(name)))


@pass_context
def _operator(context: Any, code: str) -> str:
    return str(context["visit"].text(labels.OPERATOR_TEXTS.get(code, code)))


@pass_context
def _place(context: Any, path: str) -> str:
    """Where in an automation's definition a path leads, in words: the step's number, then the names of its fields."""
    text, parts = context["visit"].text, []
    for name, number in _STEP_OF_PATH.findall(path):
        if number:
            parts.append(text(i18n.N_("Step {number}")).format(number=int(number) + 1))
        elif name not in {"steps", "input", "key"}:
            parts.append(text(field_names.name_of(name)))
    return " · ".join(parts) or path


def dig(value: Any, path: str) -> Any:
    """The value at a dotted path of an object, None where it leads nowhere."""
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def fill(template: str, item: dict[str, Any]) -> str:
    """A URL with `{id}` and the like filled in from an object."""
    for step in template.split("{")[1:]:
        name = step.partition("}")[0]
        template = template.replace("{" + name + "}", str(dig(item, name) or ""))
    return template
