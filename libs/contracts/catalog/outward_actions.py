"""Outward actions: each carries the step's id as its idempotency key, at least once."""

from __future__ import annotations

from typing import Final

from contracts.catalog.outward_files import FILES
from contracts.catalog.outward_messages import MESSAGES

OUTWARDS: Final = (*MESSAGES, *FILES)
