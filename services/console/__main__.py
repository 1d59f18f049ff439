"""`python -m console`: the pages as a program of their own, for an API at `LEDGERWIRE_API_URL`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from chassis import service
from chassis.settings import SettingsError
from console.app import open_service
from console.settings import ConsoleSettings

HEALTH_PORT: Final = 9105


def main(argv: Sequence[str] | None = None) -> int:
    """Run until a signal; answer the exit status. Faults go to standard error in a sentence."""
    parser = argparse.ArgumentParser(prog="python -m console")
    parser.add_subparsers(dest="command").add_parser("run", help="run it in the foreground until SIGTERM (the default)")
    parser.parse_args(argv)
    try:
        settings = ConsoleSettings.read()
        return service.run("console", lambda: open_service(settings), settings, health_port=HEALTH_PORT)
    except (SettingsError, OSError) as error:
        print(f"console: {error}", file=sys.stderr)  # noqa: T201  a command line prints
        return 2


if __name__ == "__main__":
    sys.exit(main())
