"""A real Chromium for the browser tests: the one named, the machine's own, or the distribution's package."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Final

from tests.support import distribution
from tests.support.machine import say

GIVEN: Final = "LEDGERWIRE_TEST_CHROMIUM"
NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
INSTALL: Final = (
    "export DEBIAN_FRONTEND=noninteractive; apt-get install -qq -y --no-install-recommends chromium"
    " || (apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium)"
)
MISSING: Final = (
    "The browser tests need a real Chromium, and none was found or could be installed. Do one of these:\n"
    "  - install it:       sudo apt-get install chromium   (or your system's package of that name)\n"
    f"  - or name one:      export {GIVEN}=/path/to/chromium"
)


def find() -> str | None:
    """The program's path; None: there is none."""
    return os.environ.get(GIVEN) or next((path for name in NAMES if (path := shutil.which(name))), None)


async def find_or_install(progress: Callable[[str], None] = say) -> str | None:
    """The program's path, after installing it where it is missing and that is ours to do."""
    if (path := find()) is None and await distribution.install("Chromium", INSTALL, progress):
        path = find()
    return path
