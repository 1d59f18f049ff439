"""Decide who may hand out credentials: nobody gives what they do not have. Every way to a credential asks here."""

from __future__ import annotations

from collections.abc import Collection

from ingress.errors import Forbidden
from ingress.scopes import SCOPES, Scope


def granted(held: Collection[str], requested: Collection[str]) -> list[Scope]:
    """The scopes that a new credential gets, in their usual order.

    Args:
        held: the scopes of whoever makes it.
        asked: the scopes that it shall have.

    Raises:
        Forbidden: more is asked than is held; the message names what.
    """
    if missing := [scope for scope in SCOPES if scope in requested and scope not in held]:
        raise Forbidden(f"the new credential would have scopes that this one has not: {', '.join(missing)}")
    return [scope for scope in SCOPES if scope in requested]
