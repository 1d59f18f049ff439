"""Make and check the embedded server's data directory, before a server is started on it."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from embedded_postgres.binaries import MAJOR_VERSION, EmbeddedPostgresError, Runner

USER: Final = "ledgerwire"


def make_data(directory: Path, binaries: Path, runner: Runner) -> None:
    """Make the data directory under another name and rename it when it is whole and on the disk."""
    for left in directory.glob("new-*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    fresh = Path(tempfile.mkdtemp(prefix="new-", dir=directory))
    secret = directory / f"{fresh.name}.password"
    with os.fdopen(open_private(secret), "w") as file:
        file.write(password(directory))
    if runner.uid is not None and runner.gid is not None:
        directory.chmod(0o711)  # the server's user passes through; what it may not read is 0600
        os.chown(fresh, runner.uid, runner.gid)
        os.chown(secret, runner.uid, runner.gid)
    try:
        made = subprocess.run(  # noqa: S603  # our own package's program
            [binaries / "initdb", "-D", "/proc/self/cwd", *_options(secret)],
            cwd=fresh,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=120,
            check=False,
            **runner.rights,
        )
    finally:
        secret.unlink()
    if made.returncode:
        shutil.rmtree(fresh, ignore_errors=True)
        raise EmbeddedPostgresError(f"the embedded PostgreSQL could not be set up: {made.stderr.strip()}")
    fresh.rename(directory / "data")


def _options(secret: Path) -> list[str]:
    return [
        f"--username={USER}",
        f"--pwfile=../{secret.name}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--set=max_connections=100",  # given, so that initdb need not probe for it
        "--set=shared_buffers=64MB",
    ]


def check_version(data: Path) -> None:
    """Refuse a data directory that the bundled server cannot read."""
    try:
        version = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        version = "of no known version"
    if version != MAJOR_VERSION:
        raise EmbeddedPostgresError(
            f"{data} holds data of PostgreSQL {version}, and this release brings {MAJOR_VERSION}: dump them with the"
            " release that wrote them and restore into a new home, or let LEDGERWIRE_POSTGRES_DSN name another server"
        )


def password(directory: Path) -> str:
    """Return the server's password, made at the first call and readable by the owner alone."""
    path = directory / "password"
    if not path.exists():
        fresh = directory / "new-password"
        with os.fdopen(open_private(fresh, os.O_TRUNC), "w") as file:
            file.write(secrets.token_hex(24))
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    return path.read_text()


def open_private(path: Path, flags: int = 0) -> int:
    """Open or make a file that only the directory's owner may read."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)
    if os.geteuid() == 0:  # root working on another user's directory must not lock them out of it
        owner = path.parent.stat()
        os.fchown(fd, owner.st_uid, owner.st_gid)
    return fd
