"""Decide which scopes a new credential may have: at most those of its creator.

Every creation of a credential calls this.
"""

from __future__ import annotations

from collections.abc import Collection

from ingress.errors import Forbidden
from ingress.scopes import SCOPES, Scope


def granted(held: Collection[str], requested: Collection[str]) -> list[Scope]:
    """Return the scopes of a new credential, in their usual order.

    Args:
        held: the scopes of its creator.
        asked: the requested scopes.

    Raises:
        Forbidden: a requested scope is not held; the message names it.
    """
    if missing := [scope for scope in SCOPES if scope in requested and scope not in held]:
        raise Forbidden(f"the new credential would have scopes that this one lacks: {', '.join(missing)}")
    return [scope for scope in SCOPES if scope in requested]
