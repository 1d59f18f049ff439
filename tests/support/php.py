"""A real PHP for the receiver of docs/examples: the machine's own, or the distribution's package."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Final

from tests.support import distribution
from tests.support.machine import say

INSTALL: Final = (
    "export DEBIAN_FRONTEND=noninteractive; apt-get install -qq -y --no-install-recommends php-cli"
    " || (apt-get update -qq && apt-get install -qq -y --no-install-recommends php-cli)"
)
MISSING: Final = (
    "the PHP receiver needs PHP 8, and none was found or could be installed: sudo apt-get install php-cli"
    " (or your system's package of that name)"
)


def find() -> str | None:
    """The program's path; None: there is none."""
    return shutil.which("php")


async def find_or_install(progress: Callable[[str], None] = say) -> str | None:
    """The program's path, after installing it where it is missing and that is ours to do."""
    if (path := find()) is None and await distribution.install("PHP", INSTALL, progress):
        path = find()
    return path
