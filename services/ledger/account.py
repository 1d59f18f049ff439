"""The account's settings that the ledger needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.resources.number_format import DEFAULT_NUMBER_FORMAT

DEFAULT_CURRENCY: Final = "EUR"


@dataclass(frozen=True, slots=True)
class Account:
    """An account: defaults of its clients and documents, and `time_zone`, which determines its dates."""

    id: UUID
    time_zone: str = "UTC"
    currency: str = DEFAULT_CURRENCY
    number_format: str = DEFAULT_NUMBER_FORMAT
    default_pay_term: dict[str, Any] | None = None
    collections: Mapping[str, Any] = field(default_factory=dict)  # the settings of collections that were set

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone; UTC where the name is none."""
        return zone_of(self.time_zone)

    def day(self, moment: datetime) -> date:
        """The date that an aware moment falls on for this account."""
        return moment.astimezone(self.zone).date()


@lru_cache(maxsize=600)
def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name; UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or the name of a folder of zones
        return ZoneInfo("UTC")
