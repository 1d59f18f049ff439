"""The public names of the models of requests and of their parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from contracts.catalog import flow_inputs, inputs
from contracts.resources import (
    account,
    automation,
    call,
    case,
    collector,
    connection,
    product,
    promise,
    schemas,
    transitions,
)
from contracts.resources import inbox as inboxes
from contracts.resources.automation import (
    AutomationDraft,
    AutomationVersion,
    BacktestDay,
    BacktestDifference,
    BacktestResult,
    Difference,
    TriggerEvents,
)
from contracts.resources.client import ClientIn, ClientPatch, ClientUpdate
from contracts.resources.dispute import DisputeIn, ResolveDispute, ResolveDisputeIn
from contracts.resources.hook import HookHealth, HookIn, HookPatch
from contracts.resources.inbox_message import (
    AcceptPurchaseIn,
    AcceptSaleIn,
    RejectIn,
)
from contracts.resources.inbox_rule import InboxRuleIn, RuleConditions, RuleMatch
from contracts.resources.messages import AssignIn, CollectorTemplate, MessageIn, MessageToSend
from contracts.resources.note import NoteIn, NotePatch
from contracts.resources.payment import PaymentIn
from contracts.resources.run import (
    Change,
    DecisionIn,
    ReplayIn,
    Trial,
    TrialStep,
    TrialStepInside,
)
from contracts.resources.sale import SaleCalculationIn, SaleIn, SalePatch
from contracts.resources.sale_line import AdjustmentIn, LineIn, LineTaxIn
from contracts.resources.settlement import AllocationIn
from ingress.api import (
    automation_trials,
    channels,
    consents,
    hooks,
    outward_actions,
    password_resets,
    session,
    setup,
    tokens,
)
from ingress.api import users as user_routes

REQUEST_SCHEMA_NAMES: Final[Mapping[type[BaseModel], str]] = {
    **outward_actions.RUNNABLE_SCHEMA_NAMES,
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
    AutomationDraft: "AutomationDraft",
    AutomationVersion: "AutomationVersion",
    Difference: "Difference",
    TriggerEvents: "TriggerEvents",
    BacktestDay: "BacktestDay",
    BacktestDifference: "BacktestDifference",
    BacktestResult: "BacktestResult",
    Change: "TrialChange",
    Trial: "Trial",
    TrialStep: "TrialStep",
    TrialStepInside: "TrialStepInside",
    automation_trials.DryRunIn: "DryRunInput",
    automation_trials.TestActionIn: "TestActionInput",
    automation_trials.BacktestIn: "BacktestInput",
    automation.Concurrency: "Concurrency",
    automation.AutomationTrigger: "AutomationTrigger",
    ClientIn: "ClientInput",
    schemas.Contact: "Contact",
    DisputeIn: "DisputeInput",
    NoteIn: "NoteInput",
    NotePatch: "NotePatch",
    ResolveDisputeIn: "ResolveDisputeInput",
    ResolveDispute: "ResolveDisputeByIdInput",
    HookIn: "HookInput",
    HookHealth: "HookHealth",
    schemas.FilterRange: "FilterRange",
    HookPatch: "HookPatch",
    LineIn: "SaleLineInput",
    LineTaxIn: "SaleLineTaxInput",
    PaymentIn: "PaymentInput",
    schemas.PayTerm: "PayTerm",
    DecisionIn: "DecisionInput",
    ReplayIn: "ReplayInput",
    SaleIn: "SaleInput",
    SaleCalculationIn: "SaleCalculationInput",
    SalePatch: "SalePatch",
    ClientPatch: "ClientPatch",
    ClientUpdate: "ClientUpdateInput",
    product.ProductIn: "ProductInput",
    AssignIn: "AssignMessageInput",
    call.CallIn: "CallInput",
    call.PromiseOfCall: "CallPromiseInput",
    CollectorTemplate: "MessageTemplateOfStepInput",
    MessageIn: "MessageInput",
    MessageToSend: "MessageToSendInput",
    account.SendWindow: "SendWindow",
    case.MoveInvoices: "MoveInvoicesInput",
    case.MuteIn: "MuteInput",
    case.PauseIn: "PauseInput",
    case.SnoozeIn: "SnoozeInput",
    collector.CollectorChange: "CollectorChangeInput",
    collector.CollectorIn: "CollectorInput",
    collector.CollectorPreviewIn: "CollectorPreviewInput",
    collector.StepPreviewIn: "CollectorStepPreviewInput",
    collector.CollectorStepIn: "CollectorStepInput",
    collector.MoveNotice: "MoveNoticeInput",
    collector.StepTemplate: "StepTemplateInput",
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
    flow_inputs.Condition: "Condition",
    inputs.AttachedFile: "AttachedFile",
    connection.ServiceAccount: "ServiceAccountInput",
}
