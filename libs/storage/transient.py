"""Classify errors, in this one place: transient (try again later) or a bug (dead-letter and show).

Database errors are recognised by SQLSTATE and by name, so that a process without a database need not import its driver.
"""

from __future__ import annotations

from typing import Final

_SQLSTATE_CLASSES: Final = frozenset({
    "08",  # connection
    "40",  # deadlock, serialization: the transaction was rolled back
    "53",  # out of disk, memory or connections
    "57",  # cancelled by timeout or operator, shutting down, starting
    "58",  # the server's own I/O
})  # fmt: skip
_SQLSTATES: Final = frozenset({
    "25006",  # read only: a failover is under way
    "25P03",  # idle in transaction for too long
    "25P04",  # transaction took too long
    "55P03",  # lock not available
})  # fmt: skip
_BUGS_AMONG_OS_ERRORS: Final = (FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError)


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later without any change."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_transient(part) for part in error.exceptions)
    if isinstance(error, OSError):  # refused, reset, unreachable, timed out (TimeoutError is one), disk full
        return not isinstance(error, _BUGS_AMONG_OS_ERRORS)
    sqlstate = getattr(error, "sqlstate", None)
    if isinstance(sqlstate, str):
        return sqlstate[:2] in _SQLSTATE_CLASSES or sqlstate in _SQLSTATES
    return _is_closed_connection(error)


def _is_closed_connection(error: BaseException) -> bool:
    """Whether it is asyncpg's "connection is closed" or "pool is closing", which carry no SQLSTATE.

    A statement on a connection whose end by the server was read and not yet handled is an internal error of asyncpg.
    """
    names = {kind.__name__ for kind in type(error).__mro__ if kind.__module__.startswith("asyncpg")}
    if "InternalClientError" in names:
        return str(error).startswith("cannot switch to state")
    return "InterfaceError" in names
