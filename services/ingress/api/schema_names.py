"""The public name of every model in the OpenAPI document: generated clients use them as class names.

They are part of the API: a class may be renamed or moved, its name here stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel

from contracts.catalog import inputs
from contracts.resources import account, clients, connections, runs, schemas, transitions
from contracts.resources import inbox as inboxes
from ingress import response_models as models
from ingress.api import channels, hooks, search_actions, session, tokens
from ingress.api import users as user_routes
from ingress.response_models import access, base, inbox, ledger, reports, users
from ingress.response_models import reference as party_shapes

_INPUTS: Final[Mapping[type[BaseModel], str]] = {
    account.AccountPatch: "AccountPatch",
    account.BankAccount: "BankAccount",
    account.LogoIn: "LogoInput",
    schemas.Address: "Address",
    schemas.AdjustmentIn: "SaleAdjustmentInput",
    schemas.AllocationIn: "AllocationInput",
    schemas.AutomationIn: "AutomationInput",
    schemas.AutomationStep: "AutomationStep",
    schemas.AutomationTrigger: "AutomationTrigger",
    schemas.ClientIn: "ClientInput",
    schemas.Contact: "Contact",
    schemas.HookIn: "HookInput",
    schemas.HookPatch: "HookPatch",
    schemas.LineIn: "SaleLineInput",
    schemas.LineTaxIn: "SaleLineTaxInput",
    schemas.PaymentIn: "PaymentInput",
    schemas.PayTerm: "PayTerm",
    runs.ReplayIn: "ReplayInput",
    schemas.SaleIn: "SaleInput",
    schemas.SalePatch: "SalePatch",
    clients.ClientPatch: "ClientPatch",
    clients.ClientUpdate: "ClientUpdateInput",
    clients.ProductIn: "ProductInput",
    clients.ProductPatch: "ProductPatch",
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
    inboxes.Actor: "Actor",
    inboxes.InboxRuleIn: "InboxRuleInput",
    inboxes.RejectIn: "RejectInput",
    inboxes.RuleConditions: "RuleConditions",
    inboxes.RuleMatch: "RuleMatch",
    connections.ConnectionIn: "ConnectionInput",
    channels.ChannelIn: "ChannelInput",
    tokens.TokenIn: "TokenInput",
    user_routes.UserIn: "UserInput",
    user_routes.UserPatch: "UserPatch",
    user_routes.InvitationIn: "InvitationInput",
    session.SignInIn: "SignInInput",
    session.AccountChoice: "AccountChoiceInput",
    session.PasswordIn: "PasswordInput",
    session.JoinIn: "JoinInput",
    session.SecondFactorIn: "SecondFactorInput",
    session.SecondFactorOff: "SecondFactorRemovalInput",
    hooks.HookRecoverIn: "HookRecoveryInput",
    hooks.HookTestIn: "HookTestInput",
    inputs.FindClient: "FindClientInput",
    inputs.FindProduct: "FindProductInput",
}

_ANSWERS: Final[Mapping[type[BaseModel], str]] = {
    models.PendingOperation: "PendingOperation",
    models.Account: "Account",
    models.AccountProfile: "AccountProfile",
    access.Logo: "Logo",
    access.Plan: "Plan",
    models.Action: "Action",
    models.Allocation: "Allocation",
    models.Attempt: "Attempt",
    models.Automation: "Automation",
    models.Balance: "Balance",
    models.Bill: "Bill",
    models.Caller: "Caller",
    models.Channel: "Channel",
    models.Client: "Client",
    models.Connection: "Connection",
    models.Deleted: "DeletedCredential",
    models.DeletedToken: "DeletedToken",
    models.Delivery: "Delivery",
    models.DeliveryWithAttempts: "DeliveryWithAttempts",
    models.Event: "Event",
    models.Events: "EventArray",
    models.Hook: "Hook",
    models.HookTested: "HookTest",
    models.JourneyStep: "JourneyStep",
    models.Import: "Import",
    models.InboxMessage: "InboxMessage",
    models.InboxRule: "InboxRule",
    models.Journey: "Journey",
    models.KeyPair: "KeyPair",
    models.LineTax: "SaleLineTax",
    models.Me: "Me",
    models.NewKeyPair: "NewKeyPair",
    models.NewToken: "NewToken",
    models.Operation: "Operation",
    models.OutputField: "OutputField",
    models.Payment: "Payment",
    models.Problem: "Problem",
    models.ProblemFault: "ProblemError",
    models.Product: "Product",
    models.PushReceipt: "PushReceipt",
    models.RecoveryCount: "HookRecovery",
    models.Refund: "Refund",
    models.RemovedResource: "DeletedRecord",
    models.RuleRemoved: "DeletedInboxRule",
    models.ReplayPreview: "ReplayPreview",
    models.ReplayedRun: "ReplayedRun",
    models.Run: "Run",
    models.RunWithSteps: "RunWithSteps",
    models.Sale: "Sale",
    models.SaleAdjustment: "SaleAdjustment",
    models.SaleLine: "SaleLine",
    models.SaleTax: "SaleTax",
    models.Step: "Step",
    models.StepPreview: "StepPreview",
    models.StepWarning: "StepWarning",
    models.Supplier: "Supplier",
    models.LocalizedTexts: "LocalizedText",
    models.Token: "Token",
    models.WebhookReceipt: "WebhookReceipt",
    models.Trigger: "Trigger",
    models.TriggerFilter: "TriggerFilter",
    models.Usage: "Usage",
    users.User: "User",
    users.NewUser: "NewUser",
    users.RemovedUser: "DeletedUser",
    users.NewInvitation: "NewInvitation",
    users.Membership: "Membership",
    users.SessionUser: "SessionUser",
    users.Session: "Session",
    users.EndedSession: "DeletedSession",
    users.PasswordChanged: "PasswordChange",
    users.NewSecondFactor: "NewSecondFactor",
    users.RecoveryCodes: "RecoveryCodes",
    users.SecondFactorRemoved: "SecondFactorRemoval",
    base.MessageWarning: "MessageWarning",
    ledger.ClientNamed: "ClientReference",
    inbox.BillAdjustment: "BillAdjustment",
    inbox.BillLine: "BillLine",
    inbox.ChannelNamed: "ChannelReference",
    inbox.File: "File",
    party_shapes.ImportFault: "ImportLineError",
    party_shapes.Period: "Period",
    party_shapes.QuotaUsage: "QuotaUsage",
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
    search_actions.FoundClient: "FindClientResult",
    search_actions.FoundProduct: "FindProductResult",
    search_actions.CreatedClient: "FindOrCreateClientResult",
}

SCHEMA_NAMES: Final[Mapping[type[BaseModel], str]] = MappingProxyType({**_INPUTS, **_ANSWERS})


def schema_name(model: type[BaseModel]) -> str | None:
    """Return a model's public name; a page of clients is a `ClientList`. None for a model without one."""
    generic = model.__pydantic_generic_metadata__
    if generic["origin"] is models.ResourcePage:
        return f"{SCHEMA_NAMES[generic['args'][0]]}List"
    return SCHEMA_NAMES.get(model)
