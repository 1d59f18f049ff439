"""The template environment: one for all languages, every value escaped, texts translated where they are shown."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
from jinja2 import pass_context

from console import faults, field_names, i18n, labels
from console.api_client import Fault
from console.navigation import MENU
from console.settings import PREFIX_PATH

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"


@cache
def asset(name: str) -> str:
    """The URL of a static file with the hash of its content, so that browsers may keep it for good."""
    version = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"{PREFIX_PATH}/static/{name}?v={version}"


def configure(environment: jinja2.Environment) -> None:
    """Add the filters and functions that templates use."""
    environment.filters |= {
        "number": _number, "money": _money, "day": _day, "moment": _moment, "label": _label,
        "fault": _fault, "field_name": _field_name,
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
def _label(context: Any, code: object) -> str:
    return "" if _is_nothing(code) else str(context["visit"].text(labels.of(str(code))))


@pass_context
def _fault(context: Any, fault: Fault | str) -> str:
    visit = context["visit"]
    given = Fault("", fault) if isinstance(fault, str) else fault
    return faults.said(given, visit.text, visit.locale)


@pass_context
def _field_name(context: Any, name: str) -> str:
    return str(context["visit"].text(field_names.name_of(name)))


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
