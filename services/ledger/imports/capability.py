"""Register imports with the ledger: each line is a command of another capability."""

from __future__ import annotations

from typing import Final

from contracts.wire import commands as names
from ledger.imports.handlers import IMPORT_LINES
from ledger.unit_of_work.capability import Capability

IMPORTS: Final = Capability(name="imports", commands={names.IMPORT_LINES: IMPORT_LINES})
