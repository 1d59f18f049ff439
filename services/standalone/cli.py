"""The entry point of `ledgerwire`: handles signals while the modules are loaded, then calls `commands`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    given = list(sys.argv[1:] if argv is None else argv)
    _end_at_a_signal(0 if given[:1] == ["up"] else INTERRUPTED)
    from standalone import commands  # noqa: PLC0415  what takes a while to load

    if given[:1] != ["up"]:  # which keeps this handler until it has work in progress
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return commands.main(given)


def _end_at_a_signal(status: int) -> None:
    """Exit at once, as no work is in progress: the default exception may be lost while a library is being loaded."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(status))


if __name__ == "__main__":
    sys.exit(main())
