"""Make the valid requests of schemathesis valid where a schema cannot say how: formats, keys, cursors, digits.

A module of its own, which schemathesis imports into its process (`SCHEMATHESIS_HOOKS`).
"""

from __future__ import annotations

import uuid
from typing import Any, Final

import schemathesis
from hypothesis import strategies as st

_DIGITS: Final = 6
_DECIMALS: Final = 2

schemathesis.openapi.format("iso-4217", st.sampled_from(["EUR", "USD", "JPY"]))
schemathesis.openapi.format("iana-time-zone", st.sampled_from(["UTC", "Europe/Riga", "America/New_York"]))
schemathesis.openapi.format("uri", st.sampled_from(["https://example.com", "https://example.com/a?b=c"]))


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
        case.body = _exact(case.body)


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
