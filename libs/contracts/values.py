"""Read JSON values as the contract documents them, where pydantic alone is more lenient.

pydantic takes "yes" and 1 for a boolean, "3", 3.0 and true for a whole number, and digits for seconds since 1970 where
a date is expected. `make_strict` makes every field of a model strict at once, so that no model can omit it:

- booleans are `true` and `false`, whole numbers are JSON integers, numbers are JSON numbers;
- dates are text `YYYY-MM-DD`, times are ISO 8601 text with a zone, both within `YEARS`;
- a value of a closed set has that value's own type: 1 is neither `true` nor 1.0.

Query parameters are text: `from_text` turns them into these values first.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

YEARS: Final = range(1900, 2200)
"""Years of dates and times: typing errors such as 0206 stay out, and date arithmetic cannot leave the calendar."""

_YEAR: Final = r"(?:19|20|21)[0-9]{2}"
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})",
    re.ASCII,
)
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)  # within 64 bits
_BOOLEANS: Final = {"true": True, "false": False}
_NOT_SCHEMAS: Final = frozenset({"metadata", "serialization", "default", "expected"})

_DATE_EXPECTED: Final = "must be a date, as 2026-03-02"
_TIME_EXPECTED: Final = "must be a time with its zone, as 2026-03-02T09:30:00Z"
_YEARS_EXPECTED: Final = f"must be within the years {YEARS[0]} to {YEARS[-1]}"


def read_date(given: object) -> dt.date:
    """Read a date from text `YYYY-MM-DD`; a `date` passes.

    Raises:
        PydanticCustomError: it is something else, no day of the calendar, or beyond `YEARS`.
    """
    if isinstance(given, str) and _DATE.fullmatch(given):
        try:
            given = dt.date.fromisoformat(given)
        except ValueError:
            raise PydanticCustomError("date", _DATE_EXPECTED) from None
    if type(given) is not dt.date:
        raise PydanticCustomError("date", _DATE_EXPECTED)
    if given.year not in YEARS:
        raise PydanticCustomError("date_range", _YEARS_EXPECTED)
    return given


def read_time(given: object) -> dt.datetime:
    """Read an aware time from ISO 8601 text; an aware `datetime` passes.

    Raises:
        PydanticCustomError: it is something else, has no zone, or is beyond `YEARS`.
    """
    if isinstance(given, str) and _TIME.fullmatch(given):
        try:
            given = dt.datetime.fromisoformat(given.upper())
        except ValueError:
            raise PydanticCustomError("time", _TIME_EXPECTED) from None
    if not isinstance(given, dt.datetime) or given.tzinfo is None:
        raise PydanticCustomError("time", _TIME_EXPECTED)
    if given.year not in YEARS:
        raise PydanticCustomError("time_range", _YEARS_EXPECTED)
    return given


@dataclass(frozen=True, slots=True)
class Form:
    """Annotation of a text: the pattern it must match, and the error message when it does not."""

    pattern: str
    message: str

    def check(self, given: str) -> str:
        """Give the text back.

        Raises:
            PydanticCustomError: it does not match.
        """
        if re.fullmatch(self.pattern, given, re.ASCII) is None:
            raise PydanticCustomError("form", "{message}", {"message": self.message})
        return given

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"pattern": f"^{self.pattern}$"}


def read_email(given: str) -> str:
    """Check the form of an e-mail address; only its mail server knows whether it exists.

    Raises:
        PydanticCustomError: with what is wrong, in words.
    """
    name, sign, domain = given.rpartition("@")
    if re.search(r"\s", given):
        message = "must be one e-mail address without spaces, such as accounts@example.com"
    elif not sign or "@" in name:
        message = 'must be an e-mail address with one "@", such as accounts@example.com'
    elif not name:
        message = 'must have a name before the "@", such as accounts@example.com'
    elif not all(domain.rpartition(".")[::2]):
        message = 'must have a domain with a dot after the "@", such as accounts@example.com'
    else:
        return given
    raise PydanticCustomError("email", "{message}", {"message": message})


def from_text(fields: Mapping[str, FieldInfo], given: Mapping[str, Any]) -> dict[str, Any]:
    """Turn query parameters into values, by the fields of their model; what cannot be turned stays text.

    Booleans are `true` and `false`, whole numbers are digits.
    """
    by_name = {field.alias or name: field.annotation for name, field in fields.items()}
    return {name: _from_text(by_name.get(name), value) for name, value in given.items()}


def _from_text(annotation: Any, value: Any) -> Any:
    kinds = get_args(annotation) or (annotation,)
    if not isinstance(value, str):
        return value
    if bool in kinds and value in _BOOLEANS:
        return _BOOLEANS[value]
    if int in kinds and _WHOLE.fullmatch(value):
        return int(value)
    return value


def make_strict(schema: CoreSchema, model: type) -> None:
    """Make every field of a model's schema strict, in place; models within it have been made so by themselves."""
    _visit(schema, model)


def _visit(node: Any, model: type) -> None:
    if isinstance(node, list | tuple):
        for part in node:
            _visit(part, model)
    elif isinstance(node, dict) and node.get("cls", model) is model:
        kind = node.get("type")
        is_schema = isinstance(kind, str)  # and no table of fields, one of which may be called "type"
        for name, part in node.items():
            if not (is_schema and name in _NOT_SCHEMAS):
                _visit(part, model)
        change = _CHANGES.get(kind) if isinstance(kind, str) else None
        if change is not None:
            change(node)


def _strict(node: dict[str, Any]) -> None:
    node["strict"] = True


def _strict_number(node: dict[str, Any]) -> None:
    node |= {"strict": True, "allow_inf_nan": False}


def _preceded(node: dict[str, Any], read: Callable[[Any], Any], **json_schema: str) -> None:
    """Let `read` see the value first; the JSON schema stays that of the node, with `json_schema` added."""
    inner = dict(node)
    node.clear()
    metadata = {"pydantic_js_updates": json_schema} if json_schema else None
    node.update(core_schema.no_info_before_validator_function(read, inner, metadata=metadata))


def _one_of(expected: list[Any], given: Any) -> Any:
    if not any(given == value and type(given) is type(value) for value in expected):
        raise PydanticKnownError("literal_error", {"expected": _written(expected)})
    return given


def _written(expected: list[Any]) -> str:
    *others, last = [repr(value) for value in expected]
    return f"{', '.join(others)} or {last}" if others else last


def _strict_literal(node: dict[str, Any]) -> None:
    if not all(isinstance(value, str) for value in node["expected"]):  # text equals text alone
        _preceded(node, partial(_one_of, node["expected"]))


_CHANGES: Final[Mapping[str, Callable[[dict[str, Any]], None]]] = {
    "bool": _strict,
    "int": _strict,
    "float": _strict_number,
    "literal": _strict_literal,
    "date": lambda node: _preceded(node, read_date, pattern=rf"^{_YEAR}-[0-9]{{2}}-[0-9]{{2}}$"),
    "datetime": lambda node: _preceded(node, read_time, pattern=rf"^{_YEAR}-"),
}
