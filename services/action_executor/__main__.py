"""The executor as a program: `python -m action_executor [run|migrate|parked]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from action_executor.app import open_service
from action_executor.settings import ExecutorSettings
from chassis.command import Program, main

PROGRAM: Final = Program(
    name="action_executor",
    settings=ExecutorSettings,
    open_service=open_service,
    migrations=Path(__file__).with_name("migrations"),
    health_port=9104,
    niceness=5,
)

if __name__ == "__main__":
    sys.exit(main(PROGRAM))
