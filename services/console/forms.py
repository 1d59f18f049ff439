"""Forms as data: fields named by the API's own paths, so that what the API refuses appears where it was typed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from console.api_client import FieldError, Problem

FORM_BYTES_MAX: Final = 1024 * 1024  # as the API takes of JSON
FIELDS_MAX: Final = 6_000  # a document of 500 lines with all that a line has
INDEX_MAX: Final = 1_000  # of a list in a form; the API takes fewer lines
DEPTH_MAX: Final = 8  # of a path; the deepest of the API's inputs has four steps
KEY_FIELD: Final = "_key"  # names a form's one request, so that sending it twice does it once
REUSED: Final = "idempotency_key_reused"
_STEP: Final = re.compile(r"[^.\[\]]+|\[\d{1,4}\]")

Kind = Literal[
    "text", "email", "password", "number", "decimal", "date", "choice", "checkbox", "area", "url", "hidden", "list",
    "choices", "json", "yes_no",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Option:
    """One value to choose, and the text that says what it is; the text is translated where it is shown."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `name` is its path in the API's input, `label` and `help` are texts to translate."""

    name: str
    label: str
    kind: Kind = "text"
    required: bool = False
    help: str = ""
    options: Sequence[Option] = ()
    autocomplete: str = ""
    rows: int = 3
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Fields below one heading."""

    heading: str
    fields: Sequence[Field]
    help: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it is shown: what is in its fields, and what is wrong with them."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    general: Sequence[FieldError] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def with_faults(self, faults: Iterable[FieldError], fields: Sequence[Field], problem: Problem) -> Filled:
        """The form with the API's faults: each at its field, the rest above all."""
        known, general = {one.name for one in fields}, []
        errors: dict[str, str] = {}
        for fault in faults:
            place = _place(fault.path, known)
            if place is None:
                general.append(fault)
            else:
                errors.setdefault(place, fault.message)
        if not errors and not general:
            general = problem.field_errors
        labels = {one.name: one.label for one in fields}
        return replace(self, values=self._sent_anew(problem), errors=errors, general=general, labels=labels)

    def _sent_anew(self, problem: Problem) -> Mapping[str, str]:
        """The values without the key of a refused request, which would refuse what was corrected.

        A form that was carried out before keeps its key, so that sending it once more does nothing twice.
        """
        if problem.code == REUSED:
            return self.values
        return {name: value for name, value in self.values.items() if name != KEY_FIELD}


def _place(path: str, known: set[str]) -> str | None:
    """The field that a fault belongs to: its own, or the nearest that holds it."""
    while path:
        if path in known:
            return path
        path = path[: max(path.rfind("."), path.rfind("["), 0)]  # shorter each time, whatever is in it
    return None


async def read_form(request: web.Request) -> dict[str, str]:
    """The fields of a posted form; of a name that is there twice the values, a line each.

    Raises:
        HTTPRequestEntityTooLarge, HTTPBadRequest, HTTPUnsupportedMediaType.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    raw = bytearray()
    async for part in request.content.iter_chunked(64 * 1024):
        raw += part
        if len(raw) > FORM_BYTES_MAX:
            raise web.HTTPRequestEntityTooLarge(FORM_BYTES_MAX, len(raw))
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        raise web.HTTPBadRequest from None
    found: dict[str, str] = {}
    for name, value in pairs:
        given = value.replace("\r\n", "\n")
        found[name] = f"{found[name]}\n{given}" if name in found else given
    return found


def value_of(given: Field, text: str) -> Any:
    """What a field's text means for the API; an empty one is None, and a wrong number stays text to be refused."""
    if given.kind == "checkbox":
        return text == "true"
    if given.kind in {"list", "choices"}:
        return [line.strip() for line in text.splitlines() if line.strip()]
    stripped = text if given.kind == "password" else text.strip()
    if not stripped:
        return None
    if given.kind in {"json", "yes_no"}:
        return _json_or_text(stripped)
    if given.kind == "number" and re.fullmatch(r"-?\d{1,15}", stripped):
        return int(stripped)
    return _without_spaces(stripped).replace(",", ".") if given.kind == "decimal" else stripped


def _without_spaces(number: str) -> str:
    """A number without the spaces that part its thousands: French has two kinds of them."""
    return number.replace("\u00a0", "").replace("\u202f", "").replace(" ", "")


def _json_or_text(text: str) -> Any:
    """JSON as it is meant; a template or a word stays text, for the API to judge."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def as_object(fields: Iterable[Field], form: Mapping[str, str], *, keep_empty: bool = False) -> dict[str, Any]:
    """The API's input: nested as the names say; empty fields are left out, or null with `keep_empty`."""
    result: dict[str, Any] = {}
    for one in fields:
        if one.name not in form and one.kind not in {"checkbox", "choices"}:
            continue
        value = value_of(one, form.get(one.name, ""))
        if value is None and not keep_empty:
            continue
        put(result, steps_of(one.name), value)
    return without_empty(result) if not keep_empty else result


def steps_of(name: str) -> list[str | int]:
    """`lines[0].quantity` as its steps."""
    found = _STEP.findall(name)[:DEPTH_MAX]
    return [int(step[1:-1]) if step.startswith("[") else step for step in found]


def put(into: dict[str, Any], steps: Sequence[str | int], value: Any) -> None:
    """Put a value at a place, making what is missing on the way; an index beyond the bound is left out."""
    here: Any = into
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        fresh: Any = value if following is None else [] if isinstance(following, int) else {}
        if isinstance(step, int):
            if step > INDEX_MAX or not isinstance(here, list):
                return
            here.extend({} for _ in range(step + 1 - len(here)))
            if following is None or not here[step]:
                here[step] = fresh
        elif following is None or step not in here:
            here[step] = fresh
        here = here[step]


def without_empty(value: Any) -> Any:
    """The same without objects that hold nothing."""
    if isinstance(value, dict):
        inner = {name: without_empty(one) for name, one in value.items()}
        return {name: one for name, one in inner.items() if one != {}}
    return value


def as_texts(fields: Iterable[Field], given: Mapping[str, Any]) -> dict[str, str]:
    """The texts with which an object of the API fills a form."""
    texts = {}
    for one in fields:
        value: Any = given
        for step in steps_of(one.name):
            if isinstance(value, list) and isinstance(step, int):
                value = value[step] if step < len(value) else None
            else:
                value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None:
            texts[one.name] = _text(value)
    return texts


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return str(value)


def names_of(groups: Iterable[Group]) -> list[Field]:
    """All fields of a form."""
    return [one for group in groups for one in group.fields]
