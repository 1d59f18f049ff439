"""Write the apps into `deploy/` (`make apps`)."""

from __future__ import annotations

import sys
from pathlib import Path

from contracts.catalog import ACTIONS, OFFERED_TRIGGERS
from tools.apps.writing import write_apps

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def main() -> int:
    """Write every file, and remove those that the catalog does not make any more."""
    written = write_apps(DEPLOY, list(OFFERED_TRIGGERS.values()), list(ACTIONS.values()))
    sys.stdout.write(f"{len(written)} files of the apps are written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
