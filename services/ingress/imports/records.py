"""Read a file of clients or products line by line, in bounded memory: each line an object, or its errors.

A line has a number as an editor counts it, from 1. A table's first line names its columns; an error in it refuses the
whole file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, BinaryIO, Final, Literal

from pydantic import BaseModel, ValidationError

from contracts.primitives.problem import FieldError, field_errors
from contracts.resources.client import ClientUpsert
from contracts.resources.imports import ImportKind
from contracts.resources.product import ProductUpsert
from contracts.resources.schemas import OnConflict
from contracts.strict_json import JsonRefused, read_json
from ingress.imports.cells import KEPT
from ingress.imports.lines import Lines
from ingress.imports.tables import Given, objects_of

Format = Literal["csv", "jsonl"]

_MODELS: Final[Mapping[ImportKind, type[BaseModel]]] = MappingProxyType(
    {"clients": ClientUpsert, "products": ProductUpsert}
)


@dataclass(frozen=True, slots=True)
class Record:
    """A valid line: its object's fields, as JSON values."""

    line: int
    given: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadRecord:
    """An invalid line, and why."""

    line: int
    faults: list[FieldError]


def records(
    file: BinaryIO, *, kind: ImportKind, form: Format, on_conflict: OnConflict, charset: str | None = None
) -> Iterator[Record | BadRecord | None]:
    """Read records one after another; empty lines are skipped.

    `charset` is one of `ingress.imports.lines.CHARSETS`. None is yielded periodically when there is no record, so that
    a file of empty lines is also read in steps.

    Raises:
        Unreadable: while reading the first line of a table.
    """
    given = objects_of(file, kind, charset) if form == "csv" else _of_json(file, charset)
    for one in given:
        if one is None:
            yield None
        elif isinstance(one[1], list):
            yield BadRecord(one[0], one[1])
        else:
            yield _checked(one[0], one[1], kind, on_conflict)


def _checked(line: int, given: dict[str, Any], kind: ImportKind, on_conflict: OnConflict) -> Record | BadRecord:
    fields = {name: value for name, value in given.items() if name not in KEPT}
    if "on_conflict" in fields:
        return BadRecord(line, [FieldError("on_conflict", "is not a field of this object: leave it out")])
    try:
        read = _MODELS[kind].model_validate(fields | {"on_conflict": on_conflict})
    except ValidationError as error:
        return BadRecord(line, field_errors(error))
    return Record(line, read.model_dump(mode="json", exclude_unset=True))


def _of_json(file: BinaryIO, charset: str | None) -> Iterator[Given | None]:
    lines = Lines(file, charset)
    while True:
        if lines.skip_blank():
            yield None
        line = lines.next()
        if line is None:
            return
        if line.fault is not None:
            yield line.number, [line.fault]
        elif stripped := line.text.strip():
            yield line.number, _parsed(stripped)


def _parsed(text: str) -> dict[str, Any] | list[FieldError]:
    try:
        given = read_json(text.encode())
    except JsonRefused as refused:
        return [FieldError("", str(refused))]
    if not isinstance(given, dict):
        return [FieldError("", "must be one JSON object")]
    # An escaped character is not in the line itself.
    return [FieldError("", "must not hold a NUL character")] if "\\u0000" in text else given
