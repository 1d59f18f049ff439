"""The public name of every model in the OpenAPI document: generated clients use them as class names.

They are part of the API: a class may be renamed or moved, its name here stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel

from contracts.catalog import inputs
from contracts.resources import (
    account,
    automation,
    connection,
    product,
    promise,
    received_messages,
    schemas,
    transitions,
)
from contracts.resources import inbox as inboxes
from contracts.resources.account import AccountProfile, Logo, Plan
from contracts.resources.automation import Automation
from contracts.resources.bill import Bill, BillAdjustment, BillLine, BillPaymentMeans, BillTax
from contracts.resources.client import Balance, Client, ClientIn, ClientPatch, ClientReference, ClientUpdate
from contracts.resources.connection import Connection
from contracts.resources.delivery import Attempt, Delivery, DeliveryWithAttempts
from contracts.resources.dispute import Dispute, DisputeIn, ResolveDispute, ResolveDisputeIn
from contracts.resources.event import Event, Events
from contracts.resources.file import File
from contracts.resources.hook import Hook, HookIn, HookPatch, HookTested, RecoveryCount
from contracts.resources.imports import Import, ImportFault
from contracts.resources.inbox import InboxWarning
from contracts.resources.inbox_message import AcceptPurchaseIn, AcceptSaleIn, ChannelReference, InboxMessage, RejectIn
from contracts.resources.inbox_rule import InboxRule, InboxRuleIn, RuleConditions, RuleMatch, RuleRemoved
from contracts.resources.messages import AssignIn, Message, MessageFile, MessageIn, MessageToSend
from contracts.resources.note import Note, NoteIn
from contracts.resources.output import RemovedResource, ResourcePage
from contracts.resources.payment import Payment, PaymentIn
from contracts.resources.product import Product
from contracts.resources.run import (
    DecisionIn,
    ReplayedRun,
    ReplayIn,
    ReplayPreview,
    Run,
    RunWithSteps,
    Step,
    StepInside,
    StepPreview,
    StepWarning,
)
from contracts.resources.sale import Sale, SaleCalculation, SaleIn, SalePatch
from contracts.resources.sale_line import AdjustmentIn, LineIn, LineTax, LineTaxIn, SaleAdjustment, SaleLine, SaleTax
from contracts.resources.settlement import Allocation, AllocationIn, Refund
from contracts.resources.supplier import Supplier
from contracts.resources.usage import Period, QuotaUsage, Usage
from contracts.resources.webhook import WebhookReceipt
from ingress import response_models as models
from ingress.api import (
    channels,
    consents,
    hooks,
    outward_actions,
    password_resets,
    search_actions,
    session,
    setup,
    tokens,
)
from ingress.api import users as user_routes
from ingress.response_models import actions, reports, users

_INPUTS: Final[Mapping[type[BaseModel], str]] = {
    account.AccountPatch: "AccountPatch",
    account.BankAccount: "BankAccount",
    account.LogoIn: "LogoInput",
    schemas.Address: "Address",
    AdjustmentIn: "SaleAdjustmentInput",
    AllocationIn: "AllocationInput",
    automation.AutomationIn: "AutomationInput",
    automation.AutomationStep: "AutomationStep",
    automation.StepRetry: "StepRetry",
    automation.OnFailure: "OnFailure",
    automation.Concurrency: "Concurrency",
    automation.AutomationTrigger: "AutomationTrigger",
    ClientIn: "ClientInput",
    schemas.Contact: "Contact",
    DisputeIn: "DisputeInput",
    NoteIn: "NoteInput",
    ResolveDisputeIn: "ResolveDisputeInput",
    ResolveDispute: "ResolveDisputeByIdInput",
    HookIn: "HookInput",
    HookPatch: "HookPatch",
    LineIn: "SaleLineInput",
    LineTaxIn: "SaleLineTaxInput",
    PaymentIn: "PaymentInput",
    schemas.PayTerm: "PayTerm",
    DecisionIn: "DecisionInput",
    ReplayIn: "ReplayInput",
    SaleIn: "SaleInput",
    SalePatch: "SalePatch",
    ClientPatch: "ClientPatch",
    ClientUpdate: "ClientUpdateInput",
    product.ProductIn: "ProductInput",
    AssignIn: "AssignMessageInput",
    MessageIn: "MessageInput",
    MessageToSend: "MessageToSendInput",
    promise.PromiseIn: "PromiseInput",
    product.ProductPatch: "ProductPatch",
    transitions.AllocateIn: "AllocateInput",
    transitions.ConfirmIn: "ConfirmPaymentInput",
    transitions.ConvertIn: "ConvertInput",
    transitions.DatedReasonIn: "DatedReasonInput",
    transitions.ReasonIn: "ReasonInput",
    transitions.RefundIn: "RefundInput",
    transitions.SendIn: "SendInput",
    transitions.UnallocateIn: "UnallocateInput",
    transitions.UnrefundIn: "UnrefundInput",
    AcceptPurchaseIn: "AcceptPurchaseInput",
    AcceptSaleIn: "AcceptSaleInput",
    inboxes.Actor: "Actor",
    InboxRuleIn: "InboxRuleInput",
    RejectIn: "RejectInput",
    RuleConditions: "RuleConditions",
    RuleMatch: "RuleMatch",
    connection.ConnectionIn: "ConnectionInput",
    channels.ChannelIn: "ChannelInput",
    tokens.TokenIn: "TokenInput",
    user_routes.UserIn: "UserInput",
    user_routes.UserPatch: "UserPatch",
    user_routes.InvitationIn: "InvitationInput",
    session.SignInIn: "SignInInput",
    session.AccountChoice: "AccountChoiceInput",
    session.PasswordIn: "PasswordInput",
    session.JoinIn: "JoinInput",
    consents.ConsentIn: "ConsentInput",
    password_resets.PasswordResetIn: "PasswordResetInput",
    setup.SetupIn: "SetupInput",
    password_resets.NewPasswordIn: "NewPasswordInput",
    session.SecondFactorIn: "SecondFactorInput",
    session.SecondFactorOff: "SecondFactorRemovalInput",
    hooks.HookRecoverIn: "HookRecoveryInput",
    hooks.HookTestIn: "HookTestInput",
    inputs.FindClient: "FindClientInput",
    inputs.FindProduct: "FindProductInput",
    inputs.Condition: "Condition",
    inputs.FilterStep: "FilterInput",
    inputs.Delay: "DelayInput",
    inputs.SendEmail: "SendEmailInput",
    inputs.SendSms: "SendSmsInput",
    outward_actions.HttpRequestRun: "HttpRequestInput",
    outward_actions.ChatMessageRun: "PostChatMessageInput",
    outward_actions.StoreFileRun: "StoreFileInput",
    connection.ServiceAccount: "ServiceAccountInput",
}

_ANSWERS: Final[Mapping[type[BaseModel], str]] = {
    actions.HttpRequestResult: "HttpRequestResult",
    actions.SentEmail: "SendEmailResult",
    actions.SentSms: "SendSmsResult",
    actions.PostedChatMessage: "PostChatMessageResult",
    actions.StoredFile: "StoreFileResult",
    actions.FilterResult: "FilterResult",
    actions.DelayResult: "DelayResult",
    models.PendingOperation: "PendingOperation",
    models.Account: "Account",
    AccountProfile: "AccountProfile",
    Logo: "Logo",
    Plan: "Plan",
    models.Action: "Action",
    Allocation: "Allocation",
    Attempt: "Attempt",
    Automation: "Automation",
    Balance: "Balance",
    Bill: "Bill",
    models.Caller: "Caller",
    models.Channel: "Channel",
    Client: "Client",
    Connection: "Connection",
    models.Deleted: "DeletedCredential",
    models.DeletedToken: "DeletedToken",
    Delivery: "Delivery",
    DeliveryWithAttempts: "DeliveryWithAttempts",
    models.DryRun: "DryRun",
    models.Change: "Change",
    inputs.ByIdInput: "DocumentIdInput",
    inputs.FindSale: "FindSaleInput",
    inputs.SendDocument: "SendDocumentInput",
    inputs.VoidDocument: "VoidDocumentInput",
    search_actions.FoundSale: "FindSaleResult",
    Event: "Event",
    Events: "EventArray",
    Hook: "Hook",
    HookTested: "HookTest",
    models.JourneyEntry: "JourneyEntry",
    Import: "Import",
    InboxMessage: "InboxMessage",
    InboxRule: "InboxRule",
    models.Journey: "Journey",
    models.KeyPair: "KeyPair",
    LineTax: "SaleLineTax",
    models.Me: "Me",
    models.NewKeyPair: "NewKeyPair",
    models.NewToken: "NewToken",
    models.Operation: "Operation",
    models.OutputField: "OutputField",
    Payment: "Payment",
    models.Problem: "Problem",
    models.ProblemFault: "ProblemError",
    Product: "Product",
    models.PushReceipt: "PushReceipt",
    RecoveryCount: "HookRecovery",
    Refund: "Refund",
    RemovedResource: "DeletedRecord",
    RuleRemoved: "DeletedInboxRule",
    ReplayPreview: "ReplayPreview",
    ReplayedRun: "ReplayedRun",
    Run: "Run",
    RunWithSteps: "RunWithSteps",
    SaleCalculation: "SaleCalculation",
    Sale: "Sale",
    SaleAdjustment: "SaleAdjustment",
    SaleLine: "SaleLine",
    SaleTax: "SaleTax",
    Step: "Step",
    StepInside: "StepInside",
    StepPreview: "StepPreview",
    StepWarning: "StepWarning",
    Message: "Message",
    MessageFile: "MessageFile",
    received_messages.MessageReceipt: "MessageReceipt",
    Note: "Note",
    Dispute: "Dispute",
    promise.Promise: "Promise",
    Supplier: "Supplier",
    models.LocalizedTexts: "LocalizedText",
    models.Token: "Token",
    WebhookReceipt: "WebhookReceipt",
    models.Trigger: "Trigger",
    models.TriggerFilter: "TriggerFilter",
    Usage: "Usage",
    users.User: "User",
    users.NewUser: "NewUser",
    users.RemovedUser: "DeletedUser",
    users.NewInvitation: "NewInvitation",
    users.Membership: "Membership",
    users.SessionUser: "SessionUser",
    users.Session: "Session",
    users.EndedSession: "DeletedSession",
    users.SetupState: "SetupState",
    users.FirstAccount: "FirstAccount",
    users.PasswordChanged: "PasswordChange",
    users.Application: "Application",
    users.ApplicationUser: "ApplicationUser",
    users.DisconnectedApplication: "DeletedApplication",
    users.AuditEntry: "AuditEntry",
    users.PasswordResetRequested: "PasswordResetRequest",
    users.AskingApplication: "AskingApplication",
    users.ConsentRequest: "ConsentRequest",
    users.ConsentDecision: "ConsentDecision",
    users.NewSecondFactor: "NewSecondFactor",
    users.RecoveryCodes: "RecoveryCodes",
    users.SecondFactorRemoved: "SecondFactorRemoval",
    InboxWarning: "MessageWarning",
    ClientReference: "ClientReference",
    BillAdjustment: "BillAdjustment",
    BillLine: "BillLine",
    BillPaymentMeans: "BillPaymentMeans",
    BillTax: "BillTax",
    ChannelReference: "ChannelReference",
    File: "File",
    ImportFault: "ImportLineError",
    Period: "Period",
    QuotaUsage: "QuotaUsage",
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
    if generic["origin"] is ResourcePage:
        return f"{SCHEMA_NAMES[generic['args'][0]]}List"
    return SCHEMA_NAMES.get(model)
