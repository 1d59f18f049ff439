"""All pages there are: one module for each screen."""

from __future__ import annotations

from typing import Final

from console import sign_in
from console.pages import home, preferences, sales, set_up
from console.visit import Route

ROUTES: Final[tuple[Route, ...]] = (
    *sign_in.ROUTES,
    *set_up.ROUTES,
    *preferences.ROUTES,
    *home.ROUTES,
    *sales.ROUTES,
)
