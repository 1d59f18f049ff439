"""A real Chromium for the browser tests: the one named, the machine's own, or the distribution's package.

The one without windows comes first: the whole browser spends three times as much on a page, for windows no one sees.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Final

from tests.support import distribution
from tests.support.machine import say

GIVEN: Final = "LEDGERWIRE_TEST_CHROMIUM"
SHELL: Final = "chromium-headless-shell"
NAMES: Final = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
GET: Final = "apt-get install -qq -y --no-install-recommends"
# Where the lists of packages do not know it, no list is fetched for what is only quicker.
INSTALL_SHELL: Final = (
    f"export DEBIAN_FRONTEND=noninteractive; apt-cache show {SHELL} >/dev/null && ({GET} {SHELL} "
    f" || (apt-get update -qq && {GET} {SHELL}))"
)
INSTALL: Final = f"export DEBIAN_FRONTEND=noninteractive; {GET} chromium || (apt-get update -qq && {GET} chromium)"
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


async def prefer_shell(progress: Callable[[str], None] = say) -> None:
    """Install the one without windows where that is ours to do and the distribution has it."""
    if GIVEN not in os.environ and shutil.which(SHELL) is None:
        await distribution.install("Chromium without windows", INSTALL_SHELL, progress)
