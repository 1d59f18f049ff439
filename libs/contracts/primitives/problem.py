"""Error responses: RFC 9457 problem details with a stable code and every error found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pydantic import ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

ERRORS_MAX: Final = 50
"""Errors in one response: more are of no use at a time, and each repeats a path that the sender chose."""

PATH_CHARS_MAX: Final = 200
MESSAGE_CHARS_MAX: Final = 1_000

LISTED_MAX: Final = 10_000
"""Beyond so many, pydantic's faults are only counted: it can list all or none, and each takes about 1 KiB."""

Location: TypeAlias = "tuple[Location, str | int] | None"
"""Where a value stands: its parent's place and its name or index; None is the whole. `path_of` writes it."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with the input: where, and what to do about it. Long texts are cut."""

    path: str
    message: str

    def __post_init__(self) -> None:
        """Cut long texts of the sender."""
        if len(self.path) > PATH_CHARS_MAX:
            object.__setattr__(self, "path", _cut(self.path, PATH_CHARS_MAX))
        if len(self.message) > MESSAGE_CHARS_MAX:
            object.__setattr__(self, "message", _cut(self.message, MESSAGE_CHARS_MAX))


def problem(status: int, code: str, title: str, detail: str = "", faults: Sequence[FieldError] = ()) -> dict[str, Any]:
    """The problem object: `type, title, status, detail, code` and, for bad input, `errors`."""
    body: dict[str, Any] = {
        "type": f"https://ledgerwire.example/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "code": code,
    }
    if faults:
        body["errors"] = [{"path": fault.path, "message": fault.message} for fault in limited(faults)]
    return body


def detail_of(faults: Sequence[FieldError]) -> str:
    """Say the first fault in a sentence, for who shows the detail alone; "" where there is none."""
    return f"{faults[0].path} {faults[0].message}".strip() if faults else ""


def limited(found: Sequence[FieldError], count: int | None = None) -> Sequence[FieldError]:
    """Return at most `FAULTS_MAX`, the last of them saying how many more there are.

    `count` is how many there are when not all were collected.
    """
    count = len(found) if count is None else count
    if count <= ERRORS_MAX:
        return found
    kept = found[: ERRORS_MAX - 1]
    return [*kept, FieldError("", f"has {count - len(kept)} {'more ' if kept else ''}faults")]


HIDDEN: Final = "\0"
"""Begins the tag of a union's form, which callers do not write and no path shows."""

NAME_OF_KEY: Final = "[key]"
"""Pydantic's step to the name itself; the step before is that name."""


def field_errors(error: ValidationError) -> list[FieldError]:
    """Return what pydantic found, each path written as callers write it: `lines[0].quantity`."""
    found = [FieldError(_path(fault["loc"]), _message(fault)) for fault in details_of(error)]
    return list(limited(found, error.error_count()))


def details_of(error: ValidationError) -> list[ErrorDetails]:
    """Return pydantic's own records of the first `FAULTS_MAX` faults, none if there are more than `LISTED_MAX`."""
    return error.errors(include_url=False)[:ERRORS_MAX] if error.error_count() <= LISTED_MAX else []


def texts_in(value: object, place: Location = None) -> Iterator[tuple[str, Location]]:
    """Yield every text inside a JSON value of bounded depth, names included, each with its place."""
    match value:
        case str():
            yield value, place
        case dict():
            for name, inner in value.items():
                yield name, (place, name)
                yield from texts_in(inner, (place, name))
        case list():
            for position, inner in enumerate(value):
                yield from texts_in(inner, (place, position))
        case _:
            pass


def path_of(place: Location) -> str:
    """Write a place as callers do, cut at `PATH_CHARS_MAX` characters, U+0000 replaced."""
    steps: list[str | int] = []
    while place is not None:
        place, step = place
        steps.append(_cut(step.replace("\0", "\ufffd"), PATH_CHARS_MAX) if isinstance(step, str) else step)
    return _cut(_path(steps[::-1]), PATH_CHARS_MAX)


def _path(parts: Sequence[int | str]) -> str:
    path = ""
    for part in parts:
        if isinstance(part, str) and (part.startswith(HIDDEN) or part == NAME_OF_KEY):
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 3]}..."


# What pydantic finds, in our words; `{name}` is of the fault's context.
_MESSAGES: Final[dict[str, str]] = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this object: leave it out",
    "value_error": "{error}",
    "literal_error": "must be {expected}",
    "too_short": "must have {min_length} or more of them, here are {actual_length}",
    "too_long": "must have at most {max_length} of them",
    "string_too_short": "must have {min_length} characters or more",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "is not of the form that is expected here: see the field's description",
    "finite_number": "must be a finite number",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "uuid_type": "must be an id",
    "uuid_parsing": "must be an id",
    "timezone_aware": "must be a time with its zone, as 2026-03-02T09:30:00Z",
}


def _message(fault: Any) -> str:
    template = _MESSAGES.get(fault["type"])
    return str(fault["msg"]) if template is None else template.format(**fault.get("ctx", {}))
