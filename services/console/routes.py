"""All pages there are: one module for each screen."""

from __future__ import annotations

from typing import Final

from console import sign_in
from console.pages import (
    access,
    automation_builder,
    automations,
    calls,
    case_forms,
    cases,
    clients,
    collecting_settings,
    collector_editor,
    collectors,
    home,
    hooks,
    inbox,
    journey,
    messages,
    moves,
    payments,
    preferences,
    products,
    promises,
    replies,
    reports,
    runs,
    sale_editor,
    sales,
    set_up,
    settings,
    suppliers,
    transfer,
)
from console.visit import Route

# A fixed word comes before the routes of one thing.
ROUTES: Final[tuple[Route, ...]] = (
    *sign_in.ROUTES,
    *set_up.ROUTES,
    *preferences.ROUTES,
    *home.ROUTES,
    *sale_editor.ROUTES,
    *sales.ROUTES,
    *payments.ROUTES,
    *clients.ROUTES,
    *products.ROUTES,
    *reports.ROUTES,
    *inbox.ROUTES,
    *suppliers.ROUTES,
    *messages.ROUTES,
    *replies.ROUTES,
    *cases.ROUTES,
    *case_forms.ROUTES,
    *moves.ROUTES,
    *calls.ROUTES,
    *promises.ROUTES,
    *collecting_settings.ROUTES,
    *collector_editor.ROUTES,
    *collectors.ROUTES,
    *automation_builder.ROUTES,
    *automations.ROUTES,
    *runs.ROUTES,
    *hooks.ROUTES,
    *journey.ROUTES,
    *access.ROUTES,
    *transfer.ROUTES,
    *settings.ROUTES,
)
