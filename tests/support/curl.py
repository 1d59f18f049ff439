"""Stand in for `curl` on a machine without it: the options that README and examples use, and no others."""

from __future__ import annotations

import argparse
import sys
import urllib.error
import urllib.request
from pathlib import Path


def main() -> int:
    """Send one request and print or keep the answer's body, whatever its status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-sS", action="store_true")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data", action="append", default=[])
    parser.add_argument("-X", dest="method")
    parser.add_argument("-o", dest="file")
    parser.add_argument("--fail-with-body", action="store_true")
    given = parser.parse_args()
    headers = dict(header.split(": ", 1) for header in given.headers)
    data = "&".join(given.data).encode() if given.data else None
    request = urllib.request.Request(given.url, data, headers, method=given.method)  # noqa: S310  the test's own server
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            if given.file:
                Path(given.file).write_bytes(answer.read())
            else:
                sys.stdout.write(answer.read().decode())
    except urllib.error.HTTPError as error:
        sys.stdout.write(error.read().decode())
        return 22 if given.fail_with_body else 0  # curl's status for it
    return 0


if __name__ == "__main__":
    sys.exit(main())
