"""Make the valid requests of schemathesis valid where a schema cannot say how: formats, keys, cursors, digits, days.

A module of its own, which schemathesis imports into its process (`SCHEMATHESIS_HOOKS`). `LEDGERWIRE_TEST_IDS` has the
ids of things that exist, by the names of the fields that refer to them.
"""

from __future__ import annotations

import datetime as dt
import os
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
import schemathesis
from hypothesis import strategies as st

_DIGITS: Final = 6
_DECIMALS: Final = 2
_IDS: Final[Mapping[str, str]] = orjson.loads(os.environ["LEDGERWIRE_TEST_IDS"])

schemathesis.openapi.format("iso-4217", st.sampled_from(["EUR", "USD", "JPY"]))
schemathesis.openapi.format("iana-time-zone", st.sampled_from(["UTC", "Europe/Riga", "America/New_York"]))
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
            return int(few) if few.is_integer() else few
        case _:
            return value


def _real(value: Any, name: str = "") -> Any:
    """Ids of what exists in place of any ids."""
    match value:
        case dict():
            return {key: _real(one, key) for key, one in value.items()}
        case list() if name in _LISTS:
            return [_IDS[_LISTS[name]]] if value else value
        case list():
            return [_real(one) for one in value]
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
}
"""What a valid request of an operation has that depends on the day, or on another parameter."""
