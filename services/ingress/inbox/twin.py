"""The JSON twin of an inbox message: `{"document": {...}, "links": {...}, "comment": ..., "auto_processing": {...}}`.

The same document as `<Sale>` gives, with contract.md's names. Unknown fields are refused by name. Numbers may be JSON
numbers or strings and are read exactly from their text, never through a float. An empty string and null are absent.
As in the XML of the sales inbox, an order needs a client and is a sales_order when it does not say; a `date_due`
alone implies pay term 0.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from contracts.objects import LINES_MAX
from contracts.problem import FAULTS_MAX, Fault
from ingress.inbox import document as shapes
from ingress.inbox.document import (
    BESIDE_DOCUMENT,
    PAY_TERM_WITH_DATE,
    WARNINGS_MAX,
    Box,
    InboxDocument,
    Parsed,
    bounded,
)
from ingress.inbox.pushed import Beside
from ingress.inbox.totals import Places, differences
from ingress.inbox.values import Wrong, legal, made_legal, shown

DEPTH_MAX: Final = 32
VALUES_MAX: Final = 100_000

_WHOLE_CHARS_MAX: Final = 40  # a longer number is out of every bound; as an int it would cost time
_TOP: Final = ("document", *BESIDE_DOCUMENT)
_MESSAGES: Final = {
    "missing": "is required",
    "unexpected_keyword_argument": "is not a field of this object: leave it out",
    "dataclass_type": "must be an object",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "tuple_type": "must be a list",
}


def read_twin(body: bytes, *, box: Box) -> Parsed | list[Fault]:
    """Read the bytes of a JSON message: the document with its warnings, or every fault with its path.

    Paths are written as in contract.md: `document.lines[0].quantity`; "" is the message itself.
    """
    try:
        return read_message(loaded(body), box=box)
    except Wrong as wrong:
        return [Fault("", str(wrong))]


def read_message(given: Any, *, box: Box) -> Parsed | list[Fault]:
    """Read a message that `loaded` has made of its bytes."""
    cleaner = _Cleaner()
    try:
        message = cleaner.cleaned(given)
    except Wrong as wrong:
        return [Fault("", str(wrong))]
    if not isinstance(message, dict):
        return [Fault("", "must be an object with a document")]
    faults = cleaner.faults
    unknown = [name for name in message if name not in _TOP]
    faults += [Fault(_shown_name(name), _MESSAGES["unexpected_keyword_argument"]) for name in unknown]
    if not isinstance(message.get("document"), dict):
        return [*faults, Fault("document", "must be an object" if "document" in message else "is required")]
    fields_given = _flattened(message, faults)
    faults += _broken_rules(fields_given, box)
    try:
        document = _adapter().validate_python(_with_implied(fields_given, box))
    except ValidationError as error:
        return bounded([*faults, *_faults_of(error)], FAULTS_MAX, "faults")
    if faults:
        return bounded(faults, FAULTS_MAX, "faults")
    places = Places(
        [f"document.lines[{index}].total" for index in range(len(document.lines))],
        "document.net_amount",
        "document.gross_amount",
    )
    warnings = [Fault(path, message) for path, message in differences(document, places)]
    return Parsed(document, tuple(bounded(warnings, WARNINGS_MAX, "warnings")))


def read_beside(given: dict[str, Any]) -> Beside | list[Fault]:
    """Read what may stand beside a file that comes without a document, or every fault with its path."""
    cleaner = _Cleaner()
    try:
        message = cleaner.cleaned(given)
    except Wrong as wrong:
        return [Fault("", str(wrong))]
    try:
        beside = _beside_adapter().validate_python(message)
    except ValidationError as error:
        faults = [Fault(_path(fault["loc"], within=""), _message(fault)) for fault in error.errors(include_url=False)]
        return bounded([*cleaner.faults, *faults], FAULTS_MAX, "faults")
    return cleaner.faults or beside


@cache
def _beside_adapter() -> TypeAdapter[Beside]:
    return TypeAdapter(Beside)


@cache
def _adapter() -> TypeAdapter[InboxDocument]:
    return TypeAdapter(InboxDocument)  # made on first use: building it takes some 20 ms


@cache
def _known_names() -> frozenset[str]:
    kinds = [
        shapes.InboxDocument, shapes.Supplier, shapes.Client, shapes.ShipTo, shapes.Address, shapes.PayTerm,
        shapes.Line, shapes.Adjustment, shapes.Links, shapes.AutoProcessing, shapes.AutoPayment,
    ]  # fmt: skip
    return frozenset({*_TOP, *(each.name for kind in kinds for each in fields(kind))})


def loaded(body: bytes) -> Any:
    """Make values of JSON bytes, exactly: a fraction is a Decimal of the digits that were sent.

    Raises:
        Wrong: they are no JSON that we read.
    """
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_int=_whole,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError:
        raise Wrong("is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise Wrong(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise Wrong(f"is nested more than {DEPTH_MAX} levels deep") from None


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= _WHOLE_CHARS_MAX else Decimal(text)


def _refuse_constant(name: str) -> Any:
    raise Wrong(f"has {name}, which is not a number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise Wrong(f"has the field {shown(name)} twice in one object")
        made[name] = value
    return made


class _Cleaner:
    """Strips texts, leaves out known fields that are null or empty, refuses what cannot be kept; all within bounds."""

    __slots__ = ("_values", "faults")

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._values = 0

    def cleaned(self, found: Any, path: str = "", depth: int = 1) -> Any:
        self._values += 1
        if self._values > VALUES_MAX:
            raise Wrong(f"has more than {VALUES_MAX} values")
        if depth > DEPTH_MAX:
            raise Wrong(f"is nested more than {DEPTH_MAX} levels deep")
        if isinstance(found, str):
            return self._text(found, path)
        if isinstance(found, list):
            return self._list(found, path, depth)
        if isinstance(found, dict):
            inner = {name: self.cleaned(each, _joined(path, name), depth + 1) for name, each in found.items()}
            return {name: each for name, each in inner.items() if each is not None or name not in _known_names()}
        return found

    def _list(self, found: list[Any], path: str, depth: int) -> list[Any]:
        if len(found) > LINES_MAX:
            raise Wrong(f"has {len(found)} entries in {path}: at most {LINES_MAX} are read")
        return [self.cleaned(each, f"{path}[{index}]", depth + 1) for index, each in enumerate(found)]

    def _text(self, text: str, path: str) -> str | None:
        try:
            return legal(text).strip() or None
        except Wrong as wrong:
            self.faults.append(Fault(path, str(wrong)))
            return made_legal(text)


def _flattened(message: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """Bring the fields beside `document` to its own; a comment may stand in either place, once."""
    flat = dict(message["document"])
    for name in BESIDE_DOCUMENT:
        if name in flat and (name != "comment" or name in message):
            faults.append(Fault(f"document.{name}", f"is not a field of document: {name} stands beside it"))
            del flat[name]
        if name in message:
            flat[name] = message[name]
    return flat


def _with_implied(given: dict[str, Any], box: Box) -> dict[str, Any]:
    """Fill in what goes without saying; changes and answers `given`."""
    if box == "sales":
        given.setdefault("sale_type", "sales_order")
    if "date_due" in given:
        given.setdefault("pay_term", {"type": PAY_TERM_WITH_DATE})
    client = given.get("client")
    if isinstance(client, dict) and "name" not in client:
        parts = [client[part] for part in ("first_name", "last_name") if isinstance(client.get(part), str)]
        given["client"] = {**client, "name": " ".join(parts)} if parts else client
    return given


def _broken_rules(given: dict[str, Any], box: Box) -> list[Fault]:
    """The rules between fields, asked of what was given, so that a fault elsewhere does not hide these."""
    faults = []
    partner = "supplier" if box == "purchases" else "client"
    if partner not in given:
        faults.append(Fault(f"document.{partner}.name", "is required"))
    term = given.get("pay_term")
    if "date_due" in given and isinstance(term, dict) and term.get("type") != PAY_TERM_WITH_DATE:
        faults.append(Fault("document.date_due", "can be used only with pay_term type 0 (other date)"))
    return faults


def _faults_of(error: ValidationError) -> list[Fault]:
    return [Fault(_path(fault["loc"]), _message(fault)) for fault in error.errors(include_url=False)]


def _message(fault: Any) -> str:
    match fault["type"]:
        case "value_error":
            return str(fault["ctx"]["error"])
        case "literal_error":
            return f"is {shown(str(fault['input']))}: use {fault['ctx']['expected']}"
        case kind:
            return _MESSAGES.get(kind, str(fault["msg"]))


def _path(steps: Sequence[int | str], *, within: str = "document") -> str:
    path = "" if steps[0] in BESIDE_DOCUMENT else within
    for step in steps:
        path = f"{path}[{step}]" if isinstance(step, int) else _joined(path, step)
    return path


def _joined(path: str, name: str) -> str:
    return f"{path}.{_shown_name(name)}" if path else _shown_name(name)


def _shown_name(name: str) -> str:
    return made_legal(name[: shapes.REFERENCE_CHARS_MAX])
