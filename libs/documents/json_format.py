"""The JSON form of an inbox message: `{"document": {...}, "links": {...}, "comment": ..., "auto_processing": {...}}`.

The same document as `<Sale>` gives, with contract.md's names. Unknown fields are refused by name. Numbers may be JSON
numbers or strings and are read exactly from their text, never through a float. An empty string and null are absent.
As in the XML of the sales inbox, an order needs a client and is a sales_order by default; a `date_due`
alone implies pay term 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from contracts.primitives.problem import ERRORS_MAX, FieldError, Location, details_of, limited, path_of
from contracts.resources.sale_line import LINES_MAX
from contracts.strict_json import read_json
from documents import document as shapes
from documents.document import BESIDE_DOCUMENT, PAY_TERM_WITH_DATE, InboxDocument, InboxKind
from documents.parsed import Parsed, ReadingWarning, bounded_warnings
from documents.received import AccompanyingFields
from documents.shop_orders import of_shop
from documents.totals import Places, differences
from documents.values import InvalidValue, as_web_address, legal, made_legal, shorten

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


def read_json_form(body: bytes, *, box: InboxKind) -> Parsed | list[FieldError]:
    """Read the bytes of a JSON message: the document with its warnings, or every fault with its path.

    Paths are written as in contract.md: `document.lines[0].quantity`; "" is the message itself.

    Raises:
        JsonRefused: they are no JSON, or JSON beyond a bound.
    """
    return read_message(read_json(body, numbers="exact"), box=box)


def read_message(given: Any, *, box: InboxKind) -> Parsed | list[FieldError]:
    """Read a message that `read_json` made of its bytes, with exact numbers; in the sales inbox a shop's order too."""
    if box == "sales" and (order := of_shop(given)) is not None:
        given = order
    cleaner = _Cleaner()
    try:
        message = cleaner.cleaned(given)
    except InvalidValue as wrong:
        return [FieldError("", str(wrong))]
    if not isinstance(message, dict):
        return [FieldError("", "must be an object with a document")]
    faults = cleaner.faults
    unknown = [name for name in message if name not in _TOP]
    faults += [FieldError(_shown_name(name), _MESSAGES["unexpected_keyword_argument"]) for name in unknown[:ERRORS_MAX]]
    count = cleaner.count + len(unknown) - len(faults)  # those that were not kept
    if not isinstance(message.get("document"), dict):
        return [*faults, FieldError("document", "must be an object" if "document" in message else "is required")]
    fields_given = _flattened(message, faults)
    warnings = _without_bad_links(fields_given)
    faults += _broken_rules(fields_given, box)
    try:
        document = _adapter().validate_python(_with_implied(fields_given, box))
    except ValidationError as error:
        found = [FieldError(_path(fault["loc"]), _message(fault)) for fault in details_of(error)]
        return list(limited([*faults, *found], count + len(faults) + error.error_count()))
    if faults:
        return list(limited(faults, count + len(faults)))
    places = Places(
        [f"document.lines[{index}].total" for index in range(len(document.lines))],
        "document.net_amount",
        "document.gross_amount",
        "document.payable_amount",
    )
    return Parsed(document, bounded_warnings([*warnings, *differences(document, places)]))


def read_beside(given: dict[str, Any]) -> AccompanyingFields | list[FieldError]:
    """Read the fields that accompany a file without a document, or every error with its path."""
    cleaner = _Cleaner()
    try:
        message = cleaner.cleaned(given)
    except InvalidValue as wrong:
        return [FieldError("", str(wrong))]
    try:
        beside = _beside_adapter().validate_python(message)
    except ValidationError as error:
        found = [FieldError(_path(fault["loc"], within=""), _message(fault)) for fault in details_of(error)]
        return list(limited([*cleaner.faults, *found], cleaner.count + error.error_count()))
    return list(limited(cleaner.faults, cleaner.count)) or beside


@cache
def _beside_adapter() -> TypeAdapter[AccompanyingFields]:
    return TypeAdapter(AccompanyingFields)


@cache
def _adapter() -> TypeAdapter[InboxDocument]:
    return TypeAdapter(InboxDocument)  # made on first use: building it takes some 20 ms


@cache
def _known_names() -> frozenset[str]:
    kinds = [
        shapes.InboxDocument, shapes.Supplier, shapes.Client, shapes.ShipTo, shapes.Address, shapes.PayTerm,
        shapes.Line, shapes.Adjustment, shapes.TaxSubtotal, shapes.PaymentMeans, shapes.Links,
        shapes.AutoProcessing, shapes.AutoPayment,
    ]  # fmt: skip
    return frozenset({*_TOP, *(each.name for kind in kinds for each in fields(kind))})


class _Cleaner:
    """Strips texts, leaves out known fields that are null or empty, refuses what cannot be stored.

    Its faults are counted in `count`, and kept up to `FAULTS_MAX`.
    """

    __slots__ = ("count", "faults")

    def __init__(self) -> None:
        self.faults: list[FieldError] = []
        self.count = 0

    def cleaned(self, found: Any, place: Location = None) -> Any:
        if isinstance(found, str):
            return self._text(found, place)
        if isinstance(found, list):
            return self._list(found, place)
        if isinstance(found, dict):
            inner = {name: self.cleaned(each, (place, name)) for name, each in found.items()}
            return {name: each for name, each in inner.items() if each is not None or name not in _known_names()}
        return found

    def _list(self, found: list[Any], place: Location) -> list[Any]:
        if len(found) > LINES_MAX:
            raise InvalidValue(
                f"has {len(found)} entries in {made_legal(path_of(place))}: at most {LINES_MAX} are read"
            )
        return [self.cleaned(each, (place, index)) for index, each in enumerate(found)]

    def _text(self, text: str, place: Location) -> str | None:
        try:
            return legal(text).strip() or None
        except InvalidValue as wrong:
            self.count += 1
            if self.count <= ERRORS_MAX:
                self.faults.append(FieldError(made_legal(path_of(place)), str(wrong)))
            return made_legal(text)


def _flattened(message: dict[str, Any], faults: list[FieldError]) -> dict[str, Any]:
    """Bring the fields beside `document` to its own; a comment may stand in either place, once."""
    flat = dict(message["document"])
    for name in BESIDE_DOCUMENT:
        if name in flat and (name != "comment" or name in message):
            faults.append(FieldError(f"document.{name}", f"is not a field of document: {name} stands beside it"))
            del flat[name]
        if name in message:
            flat[name] = message[name]
    return flat


def _without_bad_links(given: dict[str, Any]) -> list[ReadingWarning]:
    """Leave out links that are no web addresses: no reason to refuse the document. Changes `given`."""
    links, warnings = given.get("links"), []
    if isinstance(links, dict):
        given["links"] = links = dict(links)
        for name in ("document", "pdf"):
            try:
                if isinstance(link := links.get(name), str):
                    as_web_address(link)
            except InvalidValue as wrong:
                del links[name]
                warnings.append(ReadingWarning(f"links.{name}", "value_ignored", f"{wrong}; it was left out"))
    return warnings


def _with_implied(given: dict[str, Any], box: InboxKind) -> dict[str, Any]:
    """Fill in implied values; changes and returns `given`."""
    given.setdefault("sale_type", "sales_order" if box == "sales" else "sales_invoice")
    if "date_due" in given:
        given.setdefault("pay_term", {"type": PAY_TERM_WITH_DATE})
    client = given.get("client")
    if isinstance(client, dict) and "name" not in client:
        parts = [client[part] for part in ("first_name", "last_name") if isinstance(client.get(part), str)]
        given["client"] = {**client, "name": " ".join(parts)} if parts else client
    return given


def _broken_rules(given: dict[str, Any], box: InboxKind) -> list[FieldError]:
    """Check the rules between fields on the raw input, so that an error elsewhere does not hide these."""
    faults = []
    partner = "supplier" if box == "purchases" else "client"
    who = given.get(partner)
    if partner not in given or (isinstance(who, dict) and not {"name", "first_name", "last_name"} & who.keys()):
        faults.append(FieldError(f"document.{partner}.name", "is required"))
    term = given.get("pay_term")
    if "date_due" in given and isinstance(term, dict) and term.get("type") != PAY_TERM_WITH_DATE:
        faults.append(FieldError("document.date_due", "can be used only with pay_term type 0 (other date)"))
    return faults


def _message(fault: Any) -> str:
    match fault["type"]:
        case "value_error":
            return str(fault["ctx"]["error"])
        case "literal_error":
            return f"is {shorten(str(fault['input']))}: use {fault['ctx']['expected']}"
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
