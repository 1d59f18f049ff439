"""The public names of the models of responses and of their parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from contracts.catalog import flow_actions, inputs
from contracts.resources import (
    activity,
    call,
    case,
    collecting_report,
    collector,
    promise,
    received_messages,
)
from contracts.resources.account import AccountProfile, Logo, Plan
from contracts.resources.automation import (
    Automation,
)
from contracts.resources.bill import Bill, BillAdjustment, BillLine, BillPaymentMeans, BillTax
from contracts.resources.client import Balance, Client, ClientReference
from contracts.resources.connection import Connection
from contracts.resources.delivery import Attempt, Delivery, DeliveryWithAttempts
from contracts.resources.dispute import Dispute
from contracts.resources.event import Event, Events
from contracts.resources.file import File
from contracts.resources.hook import Hook, HookTested, RecoveryCount
from contracts.resources.imports import Import, ImportFault
from contracts.resources.inbox import InboxWarning
from contracts.resources.inbox_message import (
    ChannelReference,
    InboxMessage,
    PushedMessage,
)
from contracts.resources.inbox_rule import InboxRule, RuleRemoved
from contracts.resources.messages import Message, MessageFile
from contracts.resources.note import Note
from contracts.resources.output import RemovedResource
from contracts.resources.payment import Payment
from contracts.resources.personal_data import PersonalData
from contracts.resources.product import Product
from contracts.resources.run import (
    ReplayedRun,
    ReplayPreview,
    Run,
    RunWithSteps,
    Step,
    StepInside,
    StepPreview,
    StepWarning,
)
from contracts.resources.sale import Sale, SaleCalculation
from contracts.resources.sale_line import LineTax, SaleAdjustment, SaleLine, SaleTax
from contracts.resources.settlement import Allocation, Refund
from contracts.resources.supplier import Supplier
from contracts.resources.usage import Period, QuotaUsage, Usage
from contracts.resources.waiting import Waiting
from contracts.resources.webhook import WebhookReceipt
from ingress import response_models as models
from ingress.api import (
    search_actions,
)
from ingress.response_models import reports, users

RESPONSE_SCHEMA_NAMES: Final[Mapping[type[BaseModel], str]] = {
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
    models.LastMessage: "LastMessage",
    Client: "Client",
    Connection: "Connection",
    models.Deleted: "DeletedCredential",
    models.DeletedToken: "DeletedToken",
    Delivery: "Delivery",
    DeliveryWithAttempts: "DeliveryWithAttempts",
    models.DryRun: "DryRun",
    models.Change: "Change",
    flow_actions.Decider: "Decider",
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
    PersonalData: "PersonalData",
    PushedMessage: "PushedMessage",
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
    collecting_report.CasesInState: "CasesReportState",
    collecting_report.CasesReport: "CasesReport",
    collecting_report.CollectionsReport: "CollectionsReport",
    collecting_report.DebtorDays: "DebtorDays",
    collecting_report.MonthOfDebtors: "DebtorDaysMonth",
    collecting_report.StepResult: "CollectionsReportStep",
    call.Call: "Call",
    call.CallPage: "CallPage",
    call.DueCall: "DueCall",
    received_messages.MessageReceipt: "MessageReceipt",
    Note: "Note",
    Dispute: "Dispute",
    promise.Promise: "Promise",
    case.Case: "CollectionCase",
    case.CaseWithTimeline: "CollectionCaseWithTimeline",
    activity.Activity: "Activity",
    case.CollectorNamed: "CollectorReference",
    case.CurrencyAmounts: "CurrencyAmounts",
    case.Move: "InvoiceMove",
    case.MoveByPerson: "InvoiceMoveByPerson",
    case.MovedInvoice: "MovedInvoice",
    case.NextStep: "NextStep",
    case.MoveCollector: "MoveCollector",
    case.Notification: "MoveNotificationInput",
    case.NotificationSent: "MoveNotification",
    case.TimelineEntry: "TimelineEntry",
    collector.Collector: "Collector",
    collector.CollectorPreview: "CollectorPreview",
    collector.CollectorStep: "CollectorStep",
    collector.CollectorVersion: "CollectorVersion",
    collector.Notice: "MoveNotice",
    collector.RemovedCollector: "RemovedCollector",
    collector.Template: "StepTemplate",
    Supplier: "Supplier",
    models.LocalizedTexts: "LocalizedText",
    models.Token: "Token",
    WebhookReceipt: "WebhookReceipt",
    models.Trigger: "Trigger",
    models.TriggerFilter: "TriggerFilter",
    Usage: "Usage",
    Waiting: "Waiting",
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
    users.QrCode: "QrCode",
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
    reports.MoneyIn: "MoneyIn",
    reports.MoneyInSum: "MoneyInSum",
    reports.SaleTimelineEntry: "SaleTimelineEntry",
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
