"""Check that this machine's service is ready: the healthcheck of a container (`python -m chassis.healthcheck`)."""

from __future__ import annotations

import os
import sys
from urllib.error import URLError
from urllib.request import urlopen

TIMEOUT_SECONDS = 4


def main() -> int:
    """Exit status 0 when `/readyz` answers 200 on `LEDGERWIRE_HEALTH_PORT`."""
    url = f"http://127.0.0.1:{os.environ.get('LEDGERWIRE_HEALTH_PORT', '9101')}/readyz"
    try:
        with urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
            return 0 if answer.status == 200 else 1  # noqa: PLR2004  HTTP's "OK"
    except (URLError, OSError) as error:
        print(f"{url}: {error}", file=sys.stderr)  # noqa: T201  a healthcheck's output is kept by the engine
        return 1


if __name__ == "__main__":
    sys.exit(main())
