"""All routes there are: one module for each resource."""

from __future__ import annotations

from typing import Final

from ingress.http import api_credentials, channels, inboxes, me, operations, tokens
from ingress.http.route import Route

ROUTES: Final[tuple[Route, ...]] = (
    *inboxes.ROUTES,
    *me.ROUTES,
    *tokens.ROUTES,
    *api_credentials.ROUTES,
    *channels.ROUTES,
    *operations.ROUTES,
)
