"""Transient errors and bugs."""

from __future__ import annotations

import subprocess
import sys

import asyncpg
import pytest

from storage.transient import is_transient

TRANSIENT = [
    ConnectionRefusedError(),
    ConnectionResetError(),
    TimeoutError(),
    OSError(28, "No space left on device"),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.CannotConnectNowError("starting up"),
    asyncpg.AdminShutdownError("terminating"),
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.SerializationError("could not serialize"),
    asyncpg.LockNotAvailableError("lock"),
    asyncpg.QueryCanceledError("statement timeout"),
    asyncpg.TooManyConnectionsError("too many"),
    asyncpg.DiskFullError("full"),
    asyncpg.ReadOnlySQLTransactionError("read only"),
    asyncpg.IdleInTransactionSessionTimeoutError("idle"),
    asyncpg.InterfaceError("pool is closing"),
    asyncpg.InternalClientError("cannot switch to state 11; another operation (2) is in progress"),
    ExceptionGroup("both", [TimeoutError(), ConnectionResetError()]),
]
BUGS = [
    ValueError("x"),
    KeyError("x"),
    FileNotFoundError("template"),
    asyncpg.UniqueViolationError("duplicate"),
    asyncpg.UndefinedTableError("no table"),
    asyncpg.NumericValueOutOfRangeError("overflow"),
    asyncpg.InternalClientError("protocol"),
    ExceptionGroup("mixed", [TimeoutError(), ValueError()]),
]


@pytest.mark.parametrize("error", TRANSIENT, ids=lambda error: type(error).__name__)
def test_what_may_pass_by_itself_is_transient(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize("error", BUGS, ids=lambda error: type(error).__name__)
def test_what_needs_a_repair_is_not_transient(error: Exception) -> None:
    assert not is_transient(error)


def test_the_classification_needs_no_database_driver() -> None:
    program = "import sys, messaging.port, messaging.delivery_buffer\n"
    program += "sys.exit('asyncpg' in sys.modules or 'aio_pika' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
