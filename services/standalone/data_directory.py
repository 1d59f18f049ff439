"""The data directory of the embedded default: where it is, who uses it, and the secrets that are made there once."""

from __future__ import annotations

import fcntl
import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

KEYS_FILE = "secret_keys"
LOCK_FILE = "up.lock"
LOCK_CHARS_MAX = 300


class HomeError(Exception):
    """The data directory cannot be used; the message says why and what to do."""


def open_home(path: Path) -> Path:
    """Make the data directory if it is not there, for its owner alone.

    Raises:
        HomeError: it cannot be made or written to.
    """
    path = path.expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise HomeError(
            f"cannot make {path}: {error.strerror}; choose another with --home or LEDGERWIRE_HOME"
        ) from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise HomeError(f"cannot write to {path}; choose another with --home or LEDGERWIRE_HOME")
    return path


@contextmanager
def sole_use(home: Path) -> Iterator[Callable[[str], None]]:
    """Hold the lock of this data directory while the block runs.

    Call the yielded function with the URL, which a second `up` reports.

    Raises:
        HomeError: another one runs; the message says which.
    """
    # The kernel releases the lock with the process; the file stays.
    with os.fdopen(os.open(home / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = file.read(LOCK_CHARS_MAX).strip() or "another process"
            raise HomeError(
                f"{home} is in use already, by {who}: stop that one, or give this one a home of its own with --home"
                " or LEDGERWIRE_HOME"
            ) from None

        def tell_others(url: str = "") -> None:
            file.seek(0)
            file.truncate()
            file.write(f"process {os.getpid()} {url}")
            file.flush()

        tell_others()
        yield tell_others


def secret_keys(home: Path) -> str:
    """The keys that encrypt stored credentials, newest first, comma between; made once, for the owner alone."""
    path = home / KEYS_FILE
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    # Written whole and then linked, so that two processes starting at once agree on one key.
    fresh = path.with_name(f".{KEYS_FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(urlsafe_b64encode(secrets.token_bytes(32)).decode())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text(encoding="ascii").strip()
