"""The ledger as a program: `python -m ledger`, with `migrate`, `parked` or `verify`."""

from __future__ import annotations

import sys
from pathlib import Path

from chassis.command import Program, main
from ledger.app import open_service
from ledger.settings import LedgerSettings
from ledger.verify import command as verify

PROGRAM = Program(
    name="ledger",
    settings=LedgerSettings,
    open_service=open_service,
    migrations=Path(__file__).with_name("migrations"),
    health_port=9102,
    niceness=5,
)

if __name__ == "__main__":
    sys.exit(verify.main(sys.argv[2:]) if sys.argv[1:2] == ["verify"] else main(PROGRAM))
