"""Make the valid requests of schemathesis valid where a schema cannot say how: formats, keys, cursors, digits, days.

A module of its own, which schemathesis imports into its process (`SCHEMATHESIS_HOOKS`). `LEDGERWIRE_TEST_IDS` has the
ids of things that exist, by the names of the fields that refer to them.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
import requests
import schemathesis
from hypothesis import strategies as st

from tests.support.caller import a_document

_DIGITS: Final = 6
_DECIMALS: Final = 2
_IDS: Final[Mapping[str, str]] = orjson.loads(os.environ["LEDGERWIRE_TEST_IDS"])

_INTEGER_MAX: Final = 2**63 - 1
_AMOUNTS: Final = frozenset(
    {"amount", "max_amount", "min_amount", "unit_price", "discount_amount", "shipping_charge", "deposit", "quantity"}
)
"""How many decimals these may have says a currency, which may be the client's; the ledger holds 19 digits."""

schemathesis.openapi.format("iso-4217", st.sampled_from(["EUR", "USD", "JPY"]))
schemathesis.openapi.format("iana-time-zone", st.sampled_from(["UTC", "Europe/Riga", "America/New_York"]))
schemathesis.openapi.format("iban", st.sampled_from(["DE89 3704 0044 0532 0130 00", "LV80BANK0000435195001"]))
schemathesis.openapi.format("iso-8601-duration", st.sampled_from(["P3D", "P1M", "PT12H", "P1W2DT3M"]))
schemathesis.openapi.format("uri", st.sampled_from([f"{_IDS['url']}/a", f"{_IDS['url']}/a?b=c"]))


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Make a valid request one of its own: a key used once, the first page, numbers that a double carries."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if case.query:
        case.query = _exact({name: value for name, value in case.query.items() if name != "cursor"})
    if isinstance(case.body, dict | list):
        case.body = _real(_exact(case.body))
    if (adapt := _OPERATIONS.get(case.operation.definition.raw["operationId"])) is not None:
        adapt(case)


def _exact(value: Any) -> Any:
    """Numbers with few digits: JSON schema cannot bound them, and calls 7.0 a whole number."""
    match value:
        case dict():
            return {name: _exact(one) for name, one in value.items()}
        case list():
            return [_exact(one) for one in value]
        case float():
            few = round(float(f"{value:.{_DIGITS}g}"), _DECIMALS) or (value > 0) / 100
            return _within_64_bits(int(few)) if few.is_integer() else few
        case int():
            return value if isinstance(value, bool) else _within_64_bits(value)
        case _:
            return value


def _within_64_bits(value: int) -> int:
    return max(-_INTEGER_MAX, min(_INTEGER_MAX, value))


def _real(value: Any, name: str = "") -> Any:
    """Ids of what exists in place of any ids, and amounts of few digits."""
    match value:
        case dict():
            return {key: _real(one, key) for key, one in value.items()}
        case list() if name in _LISTS:
            return [_IDS[_LISTS[name]]] if value else value
        case list():
            return [_real(one) for one in value]
        case str() | int() | float() if name in _AMOUNTS and not isinstance(value, bool):
            return sum(map(int, re.findall("[0-9]", str(value)))) % 9 + 1
        case str() if name in _IDS:
            return _IDS[name]
        case _:
            return value


_LISTS: Final = {"invoice_ids": "invoice_id", "sale_ids": "sale_id"}


def _days_from_now(name: str, days: int, *, moment: bool = False) -> Callable[[Any], None]:
    def adapt(case: Any) -> None:
        if isinstance(case.body, dict) and case.body.get(name) is not None:
            at = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
            case.body[name] = at.isoformat() if moment else at.date().isoformat()

    return adapt


def _with(**values: Any) -> Callable[[Any], None]:
    """The body has these values where it has the fields; None leaves the field out."""

    def adapt(case: Any) -> None:
        for name in values.keys() & case.body.keys() if isinstance(case.body, dict) else ():
            if values[name] is None:
                del case.body[name]
            elif case.body[name] is not None:
                case.body[name] = values[name]

    return adapt


def _each(*adapts: Callable[[Any], None]) -> Callable[[Any], None]:
    def adapt(case: Any) -> None:
        for one in adapts:
            one(case)

    return adapt


def _without(name: str) -> Callable[[Any], None]:
    def adapt(case: Any) -> None:
        case.query.pop(name, None)

    return adapt


def _limit_in_any_currency(case: Any) -> None:
    if isinstance(case.body, dict) and isinstance(conditions := case.body.get("conditions"), dict):
        conditions.pop("currency", None)  # whose decimals the amount would have to fit


def _of(**path: str) -> Callable[[Any], None]:
    """The request is about this thing."""

    def adapt(case: Any) -> None:
        case.path_parameters |= path

    return adapt


def _server_of_its_kind(case: Any) -> None:
    if isinstance(case.body, dict) and case.body.get("url") is not None:
        case.body["url"] = _SERVERS.get(case.body["kind"], _IDS["url"])


_SERVERS: Final = {"sftp": "sftp://127.0.0.1:22/files", "s3": f"{_IDS['url']}/bucket"}


def _with_subject(case: Any) -> None:
    """A mail has a subject, unless what it answers or its template has one; the channel says what an address is."""
    if isinstance(case.body, dict):
        is_mail = case.body["channel"] == "email"
        case.body.pop("in_reply_to", None)
        if case.body.get("to") is not None and case.body.get("origin") != "external":
            case.body["to"] = _ADDRESS if is_mail else "+37120000000"
        if is_mail and case.body.get("template") is None:
            case.body["subject"] = "Reminder"
        elif is_mail:
            case.body["template"] = {"subject": "Reminder", "body": "Please pay"}


_ADDRESS: Final = "aija@ozola.example"


def _file_by_url(case: Any) -> None:
    """A file of an earlier step has none here."""
    for given in (case.body, *case.body.get("attachments", ())) if isinstance(case.body, dict) else ():
        if given.get("file") is not None:
            given["file"] = _IDS["url"]
        if given.get("content_base64") is not None:
            given["content_base64"] = "UGFwZXI="


def _document(case: Any) -> None:
    """A document of the content type's own format."""
    ref = uuid.uuid4().hex
    match case.media_type:
        case "application/json":
            case.body = case.body | a_document(ref)
            for name in ("links", "file", "auto_processing"):
                case.body.pop(name, None)
        case "multipart/form-data":
            case.body = {"document": orjson.dumps(a_document(ref)["document"]).decode()}
        case "application/pdf":
            case.body = b"%PDF-1.4\n" + ref.encode()
        case _:
            case.body = _a_sale(ref)  # made into XML


def _a_sale(ref: str) -> dict[str, Any]:
    """PayTraq's Sale; a part that repeats is there once."""
    document = {"DocumentDate": "2026-02-01", "DocumentRef": ref, "SupplierData": {"SupplierName": "One Man Shop"}}
    client = {"ClientData": {"ClientName": "Ozola SIA"}}
    line = {"Item": {"ItemName": "Work"}, "Qty": "1", "Price": "100", "LineTotal": "100"}
    return {
        "Header": {"Document": document | client, "SaleType": "sales_invoice", "Currency": "EUR"},
        "LineItems": {"LineItem": line},
        "Totals": {"GrossAmount": "100", "NetAmount": "100"},
    }


def _table(case: Any) -> None:
    case.query["format"] = "jsonl" if case.media_type == "application/x-ndjson" else "csv"
    about = {"name": "Paper"} if case.query["kind"] == "clients" else {"name": "Paper", "code": uuid.uuid4().hex}
    as_csv = f"{','.join(about)}\n{','.join(about.values())}\n"
    case.body = orjson.dumps(about).decode() if case.query["format"] == "jsonl" else as_csv
    if case.media_type == "application/octet-stream":
        case.body = case.body.encode()


def _priced(case: Any) -> None:
    """Each line has its price: a product has one in its own currency alone. Nothing takes off more than there is."""
    if isinstance(case.body, dict) and case.body.get("client_id") is None:
        _with(invoice_id=None, payment_id=None)(case)  # which are another client's
    _with(currency=None)(case)  # an invoice that is credited has its own
    for line in case.body.get("lines", ()) if isinstance(case.body, dict) else ():
        line |= {"quantity": 10, "unit_price": line.get("unit_price") or 1}
        line["taxes"] = (line.get("taxes") or [])[:1]  # 8 and "8" are one rate, which is there once
    for adjustment in (case.body.get("adjustments") or ()) if isinstance(case.body, dict) else ():
        adjustment["type"] = "charge"
    _with(deposit=None)(case)


def _automation(case: Any) -> None:
    """Keys of the catalog, and the input that the action describes."""
    if isinstance(case.body, dict):
        case.body["trigger"] = {"key": "sale.posted"}
        failing = case.body.get("on_failure") or {}
        _fill_in([*case.body["steps"], *(failing.get("steps") or [])], "{{ trigger.data.number }}")


def _steps_inside(case: Any) -> None:
    if isinstance(case.body, dict):
        arms = case.body.get("branches") or [case.body]
        arms[1:], arms[0]["steps"][19:] = [], []  # each may have as many steps as all may have together
        _fill_in(arms[0]["steps"], "{{ trigger.id }}")


def _fill_in(steps: list[dict[str, Any]], name: str) -> None:
    for step in steps:
        step |= {"action": "create_client", "input": {"name": name}}
        step.pop("connection_id", None)
        if step.get("retry"):
            step["retry"].pop("schedule", None)  # pauses of any unit, each of at most a week


def _of_a_seller(case: Any) -> None:
    """What an e-invoice needs of the seller is in the account, which another request may just have changed."""
    case.path_parameters["id"] = _IDS["sale_id"]
    headers = {"Authorization": f"Bearer {_IDS['token']}", "Content-Type": "application/json"}
    requests.patch(_IDS["account"], _IDS["seller"], headers=headers, timeout=30).raise_for_status()


def _reset(case: Any) -> None:
    case.body["reset"] = _RESETS.pop()


_RESETS: Final[list[str]] = _IDS["resets"].split()


def _to_an_address(case: Any) -> None:
    """A client may have none."""
    case.body = (case.body if isinstance(case.body, dict) else {}) | {"to": _ADDRESS}


def _unknown_key(case: Any) -> None:
    case.path_parameters["key"] = f"no_{uuid.uuid4().hex}"


_OPERATIONS: Final[Mapping[str, Callable[[Any], None]]] = {
    "listCalls": _without("due"),
    "getClientStatement": _without("to"),
    "getCollectionsReport": _without("to"),
    "recoverHook": _days_from_now("since", -1, moment=True),
    "recordPromise": _each(_days_from_now("date", 1), _with(currency=None, amount=1)),
    "runRecordPromise": _each(_days_from_now("date", 1), _with(currency=None, amount=1)),
    "runDelay": _each(_days_from_now("until", 1, moment=True), _with(duration="PT2H")),
    "createHook": _with(target_url=_IDS["url"], triggers=["sale.posted"], filters=None),
    "updateHook": _with(target_url=_IDS["url"], triggers=["sale.posted"], filters=None),
    "runAction": _unknown_key,
    "createInboxRule": _limit_in_any_currency,
    "refundPayment": _with(date=None),
    "createConnection": _server_of_its_kind,
    "testAutomationAction": _with(step=0),
    "sendSale": _to_an_address,
    "runSendDocument": _to_an_address,
    "createMessage": _with_subject,
    "runSendMessage": _with_subject,
    "deleteToken": _of(id=_IDS["token_id"]),
    "previewCollector": _each(_of(id=_IDS["collector_id"]), _with(step=0)),
    "replaceCollector": _with(default=None),
    "createSale": _priced,
    "calculateSale": _priced,
    "runCreateDocument": _priced,
    "updateSale": _each(_priced, _with(invoice_id=None, payment_id=None, date_due=None, pay_term=None)),
    "getSaleUbl": _of_a_seller,
    "getSaleCii": _of_a_seller,
    "getSalePdf": _of_a_seller,
    "getSalePaytraq": _of_a_seller,
    "createImport": _table,
    "runBranch": _steps_inside,
    "runForEach": _steps_inside,
    "runApprove": _with(to=[_ADDRESS], expires_in="P2D"),
    "runHttpRequest": _with(url=_IDS["url"], connection_id=_IDS["http"]),
    "runPostChatMessage": _with(url=_IDS["url"], connection_id=_IDS["chat"]),
    "runSendDirect": _with(url=_IDS["url"], connection_id=_IDS["http"]),
    "runStoreFile": _each(_file_by_url, _with(connection_id=_IDS["folder"], name="stored/paper")),
    "runAppendRow": _with(connection_id=_IDS["folder"]),
    "runSendEmail": _each(_file_by_url, _with(to=_ADDRESS, reply_to=_ADDRESS)),
    "runCreatePurchase": _document,
    "runCreateSale": _document,
    "pushPurchaseDocument": _document,
    "pushSaleDocument": _document,
    "createAutomation": _automation,
    "updateAutomation": _automation,
    "redeemPasswordReset": _reset,
}
"""What a valid request of an operation has that depends on the day, or on another parameter."""
