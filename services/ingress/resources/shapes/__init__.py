"""The shapes of answers, for OpenAPI: what `contracts.present` and its neighbours make, field by field.

Nothing is checked against these when answering: tests hold every answer to its shape instead.
"""

from __future__ import annotations

from contracts.inboxes import Box
from ingress.resources.shapes.base import Accepted, Answer, Listed, Problem, ProblemFault
from ingress.resources.shapes.books import (
    Allocation,
    Balance,
    Client,
    LineTax,
    Payment,
    PaymentStatus,
    Refund,
    Sale,
    SaleAdjustment,
    SaleLine,
    SaleStatus,
    SaleTax,
    Settlement,
)
from ingress.resources.shapes.catalog import Action, Event, Events, OutputField, Texts, Trigger, TriggerFilter
from ingress.resources.shapes.execution import (
    Attempt,
    Connection,
    Delivery,
    DeliveryState,
    DeliveryWithAttempts,
    Run,
    RunState,
    RunWithSteps,
    Step,
    StepState,
)
from ingress.resources.shapes.inbox import Bill, InboxMessage, InboxRule, InboxState, RuleRemoved
from ingress.resources.shapes.journey import Hop, Journey
from ingress.resources.shapes.parties import FileFormat, Import, ImportState, Product, Removed, Supplier, Usage
from ingress.resources.shapes.subscriptions import Automation, Hook, HookTested, Recovered

__all__ = [
    "Accepted",
    "Action",
    "Allocation",
    "Answer",
    "Attempt",
    "Automation",
    "Balance",
    "Bill",
    "Box",
    "Client",
    "Connection",
    "Delivery",
    "DeliveryState",
    "DeliveryWithAttempts",
    "Event",
    "Events",
    "FileFormat",
    "Hook",
    "HookTested",
    "Hop",
    "Import",
    "ImportState",
    "InboxMessage",
    "InboxRule",
    "InboxState",
    "Journey",
    "LineTax",
    "Listed",
    "OutputField",
    "Payment",
    "PaymentStatus",
    "Problem",
    "ProblemFault",
    "Product",
    "Recovered",
    "Refund",
    "Removed",
    "RuleRemoved",
    "Run",
    "RunState",
    "RunWithSteps",
    "Sale",
    "SaleAdjustment",
    "SaleLine",
    "SaleStatus",
    "SaleTax",
    "Settlement",
    "Step",
    "StepState",
    "Supplier",
    "Texts",
    "Trigger",
    "TriggerFilter",
    "Usage",
]
