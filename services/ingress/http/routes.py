"""All routes there are: one module for each resource."""

from __future__ import annotations

from typing import Final

from ingress.http import api_credentials, channels, imports, inboxes, me, operations, tokens, webhooks
from ingress.http.route import Route
from ingress.resources import (
    actions,
    automations,
    bills,
    clients,
    connections,
    deliveries,
    docs,
    exports,
    hooks,
    inbox,
    inbox_decisions,
    journey,
    payment_actions,
    payments,
    products,
    reports,
    runs,
    sale_actions,
    sale_pdf,
    sales,
    suppliers,
    triggers,
    usage,
)

ROUTES: Final[tuple[Route, ...]] = (
    *inboxes.ROUTES,
    *webhooks.ROUTES,
    *me.ROUTES,
    *tokens.ROUTES,
    *api_credentials.ROUTES,
    *channels.ROUTES,
    *operations.ROUTES,
    *imports.ROUTES,
    *clients.ROUTES,
    *products.ROUTES,
    *suppliers.ROUTES,
    *usage.ROUTES,
    *sales.ROUTES,
    *sale_actions.ROUTES,
    *sale_pdf.ROUTES,
    *payments.ROUTES,
    *payment_actions.ROUTES,
    *reports.ROUTES,
    *exports.ROUTES,
    *inbox.ROUTES,
    *inbox_decisions.ROUTES,
    *bills.ROUTES,
    *triggers.ROUTES,
    *hooks.ROUTES,
    *deliveries.ROUTES,
    *actions.ROUTES,
    *automations.ROUTES,
    *connections.ROUTES,
    *runs.ROUTES,
    *journey.ROUTES,
    *docs.ROUTES,
)
