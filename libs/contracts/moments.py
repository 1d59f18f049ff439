"""Times in requests: ISO 8601 with a zone, within a range that every service can compute with."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD_MAX: Final = timedelta(days=1)  # a caller's clock may be ahead of ours, or in another zone
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)


def _as_written(given: object) -> object:
    written = isinstance(given, datetime) or (isinstance(given, str) and _ISO.fullmatch(given) is not None)
    if not written:
        raise ValueError("must be a time with its zone as text, such as 2026-03-02T09:30:00Z")
    return given


def _in_the_past(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= datetime.now(tz=UTC) + AHEAD_MAX:
        raise ValueError("must be between 1970-01-01T00:00:00Z and now")
    return moment


PastMoment = Annotated[AwareDatetime, BeforeValidator(_as_written), AfterValidator(_in_the_past)]
"""A time since which something is asked for."""
