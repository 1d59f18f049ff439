"""The public name of every model in the OpenAPI document: generated clients use them as class names.

They are part of the API: a class may be renamed or moved, its name here stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel

from contracts import connections, inboxes, objects, parties, transitions
from contracts.catalog import inputs
from ingress.http import channels, tokens
from ingress.resources import finding, hooks, shapes
from ingress.resources.shapes import base, books, inbox, reports
from ingress.resources.shapes import parties as party_shapes

_INPUTS: Final[Mapping[type[BaseModel], str]] = {
    objects.Address: "Address",
    objects.AdjustmentIn: "SaleAdjustmentInput",
    objects.AllocationIn: "AllocationInput",
    objects.AutomationIn: "AutomationInput",
    objects.AutomationStep: "AutomationStep",
    objects.AutomationTrigger: "AutomationTrigger",
    objects.ClientIn: "ClientInput",
    objects.Contact: "Contact",
    objects.HookIn: "HookInput",
    objects.HookPatch: "HookPatch",
    objects.LineIn: "SaleLineInput",
    objects.LineTaxIn: "SaleLineTaxInput",
    objects.PaymentIn: "PaymentInput",
    objects.PayTerm: "PayTerm",
    objects.SaleIn: "SaleInput",
    objects.SalePatch: "SalePatch",
    parties.ClientPatch: "ClientPatch",
    parties.ClientUpdate: "ClientUpdateInput",
    parties.ProductIn: "ProductInput",
    parties.ProductPatch: "ProductPatch",
    transitions.AllocateIn: "AllocateInput",
    transitions.ConfirmIn: "ConfirmPaymentInput",
    transitions.ConvertIn: "ConvertInput",
    transitions.DatedReasonIn: "DatedReasonInput",
    transitions.ReasonIn: "ReasonInput",
    transitions.RefundIn: "RefundInput",
    transitions.SendIn: "SendInput",
    transitions.UnallocateIn: "UnallocateInput",
    transitions.UnrefundIn: "UnrefundInput",
    inboxes.AcceptPurchaseIn: "AcceptPurchaseInput",
    inboxes.AcceptSaleIn: "AcceptSaleInput",
    inboxes.By: "Actor",
    inboxes.InboxRuleIn: "InboxRuleInput",
    inboxes.RejectIn: "RejectInput",
    inboxes.RuleConditions: "RuleConditions",
    inboxes.RuleMatch: "RuleMatch",
    connections.ConnectionIn: "ConnectionInput",
    channels.ChannelIn: "ChannelInput",
    tokens.TokenIn: "TokenInput",
    hooks.HookRecoverIn: "HookRecoveryInput",
    hooks.HookTestIn: "HookTestInput",
    inputs.FindClient: "FindClientInput",
    inputs.FindProduct: "FindProductInput",
}

_ANSWERS: Final[Mapping[type[BaseModel], str]] = {
    shapes.Accepted: "PendingOperation",
    shapes.Account: "Account",
    shapes.Action: "Action",
    shapes.Allocation: "Allocation",
    shapes.Attempt: "Attempt",
    shapes.Automation: "Automation",
    shapes.Balance: "Balance",
    shapes.Bill: "Bill",
    shapes.Caller: "Caller",
    shapes.Channel: "Channel",
    shapes.Client: "Client",
    shapes.Connection: "Connection",
    shapes.Deleted: "DeletedCredential",
    shapes.Delivery: "Delivery",
    shapes.DeliveryWithAttempts: "DeliveryWithAttempts",
    shapes.Event: "Event",
    shapes.Events: "EventArray",
    shapes.Hook: "Hook",
    shapes.HookTested: "HookTest",
    shapes.Hop: "JourneyStep",
    shapes.Import: "Import",
    shapes.InboxMessage: "InboxMessage",
    shapes.InboxRule: "InboxRule",
    shapes.Journey: "Journey",
    shapes.KeyPair: "KeyPair",
    shapes.LineTax: "SaleLineTax",
    shapes.Me: "Me",
    shapes.NewKeyPair: "NewKeyPair",
    shapes.NewToken: "NewToken",
    shapes.Operation: "Operation",
    shapes.OutputField: "OutputField",
    shapes.Payment: "Payment",
    shapes.Problem: "Problem",
    shapes.ProblemFault: "ProblemError",
    shapes.Product: "Product",
    shapes.Pushed: "PushReceipt",
    shapes.Recovered: "HookRecovery",
    shapes.Refund: "Refund",
    shapes.Removed: "DeletedRecord",
    shapes.RuleRemoved: "DeletedInboxRule",
    shapes.Run: "Run",
    shapes.RunWithSteps: "RunWithSteps",
    shapes.Sale: "Sale",
    shapes.SaleAdjustment: "SaleAdjustment",
    shapes.SaleLine: "SaleLine",
    shapes.SaleTax: "SaleTax",
    shapes.Step: "Step",
    shapes.StepWarning: "StepWarning",
    shapes.Supplier: "Supplier",
    shapes.Texts: "LocalizedText",
    shapes.Token: "Token",
    shapes.Told: "WebhookReceipt",
    shapes.Trigger: "Trigger",
    shapes.TriggerFilter: "TriggerFilter",
    shapes.Usage: "Usage",
    base.MessageWarning: "MessageWarning",
    books.ClientNamed: "ClientReference",
    inbox.BillAdjustment: "BillAdjustment",
    inbox.BillLine: "BillLine",
    inbox.ChannelNamed: "ChannelReference",
    inbox.File: "File",
    party_shapes.ImportFault: "ImportLineError",
    party_shapes.Period: "Period",
    party_shapes.Used: "QuotaUsage",
    reports.Ageing: "Ageing",
    reports.AgeingRow: "AgeingRow",
    reports.AgeingTotal: "AgeingTotal",
    reports.JournalEntry: "JournalEntry",
    reports.JournalPosting: "JournalPosting",
    reports.Statement: "Statement",
    reports.StatementLine: "StatementLine",
    reports.TrialBalance: "TrialBalance",
    reports.TrialBalanceRow: "TrialBalanceRow",
    reports.TrialBalanceTotal: "TrialBalanceTotal",
    finding.FoundClient: "FindClientResult",
    finding.FoundProduct: "FindProductResult",
    finding.MadeClient: "FindOrCreateClientResult",
}

SCHEMA_NAMES: Final[Mapping[type[BaseModel], str]] = MappingProxyType({**_INPUTS, **_ANSWERS})


def schema_name(model: type[BaseModel]) -> str | None:
    """Return a model's public name; a page of clients is a `ClientList`. None for a model without one."""
    generic = model.__pydantic_generic_metadata__
    if generic["origin"] is shapes.Listed:
        return f"{SCHEMA_NAMES[generic['args'][0]]}List"
    return SCHEMA_NAMES.get(model)
