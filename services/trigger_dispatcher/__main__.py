"""The dispatcher as a program: `python -m trigger_dispatcher [run|migrate|parked]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from chassis.command import Program, main
from trigger_dispatcher.app import open_service
from trigger_dispatcher.settings import DispatcherSettings

PROGRAM: Final = Program(
    name="trigger_dispatcher",
    settings=DispatcherSettings,
    open_service=open_service,
    migrations=Path(__file__).with_name("migrations"),
    health_port=9103,
    niceness=5,
)

if __name__ == "__main__":
    sys.exit(main(PROGRAM))
