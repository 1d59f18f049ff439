"""The commands: their names, queues and input models, and their results.

`Envelope.data` is the JSON form of the input model (`model_dump(mode="json")`), of the fields that were sent where the
row says so. A row without a model describes its data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel

from contracts.resources.account import FollowSettings
from contracts.resources.automation import AutomationIn
from contracts.resources.call import RecordCall
from contracts.resources.case import (
    CaseById,
    MoveByWorkflow,
    MoveFromRemoved,
    MoveInvoices,
    MuteCase,
    PauseCase,
    SnoozeCase,
)
from contracts.resources.client import ClientIn, ClientUpdate, ClientUpsert
from contracts.resources.collector import CollectorIn, CollectorUpdate, OpenCollectors, RemoveCollector
from contracts.resources.dispute import EndDispute, OpenDispute
from contracts.resources.hook import HookIn, HookPatch
from contracts.resources.imports import ImportLines
from contracts.resources.inbox_message import AcceptMessage, ApplyRules, RejectMessage
from contracts.resources.inbox_rule import InboxRuleIn, RuleById
from contracts.resources.messages import AssignMessage, ConfirmMessage, MessageToSend, ReportedMessage
from contracts.resources.note import AddNote, ResolveNote, UpdateNote
from contracts.resources.payment import PaymentIn
from contracts.resources.product import ProductIn, ProductUpdate, ProductUpsert
from contracts.resources.promise import PromiseIn
from contracts.resources.received_messages import ReceivedMessage
from contracts.resources.run import ReplayIn
from contracts.resources.sale import SaleIn
from contracts.resources.schemas import ByIdInput
from contracts.resources.transitions import (
    Allocate,
    ConfirmPayment,
    ConvertSale,
    DatedTransitionInput,
    Refund,
    SendSale,
    TransitionInput,
    Unallocate,
    Unrefund,
    UpdateSale,
)
from contracts.wire.topology import DISPATCHER_COMMANDS, EXECUTOR_COMMANDS, LEDGER_COMMANDS, Queue

RECEIVE_INBOX_MESSAGE: Final = "receive_inbox_message"
ACCEPT_INBOX_MESSAGE: Final = "accept_inbox_message"
REJECT_INBOX_MESSAGE: Final = "reject_inbox_message"
DRY_RUN: Final = "dry_run"
APPLY_INBOX_RULES: Final = "apply_inbox_rules"
CREATE_INBOX_RULE: Final = "create_inbox_rule"
DELETE_INBOX_RULE: Final = "delete_inbox_rule"
CREATE_CLIENT: Final = "create_client"
UPSERT_CLIENT: Final = "upsert_client"
UPDATE_CLIENT: Final = "update_client"
REMOVE_CLIENT: Final = "remove_client"
ERASE_CLIENT: Final = "erase_client"
CREATE_PRODUCT: Final = "create_product"
UPSERT_PRODUCT: Final = "upsert_product"
UPDATE_PRODUCT: Final = "update_product"
REMOVE_PRODUCT: Final = "remove_product"
IMPORT_LINES: Final = "import_lines"
CREATE_SALE: Final = "create_sale"
RECORD_PAYMENT: Final = "record_payment"
UPDATE_SALE: Final = "update_sale"
DELETE_SALE: Final = "delete_sale"
ISSUE_SALE: Final = "issue_sale"
SEND_SALE: Final = "send_sale"
CONFIRM_MESSAGE: Final = "confirm_message"
REQUEST_MESSAGE: Final = "request_message"
REPORT_MESSAGE: Final = "report_message"
RECEIVE_MESSAGE: Final = "receive_message"
ASSIGN_MESSAGE: Final = "assign_message"
RESOLVE_MESSAGE: Final = "resolve_message"
ADD_NOTE: Final = "add_note"
UPDATE_NOTE: Final = "update_note"
RESOLVE_NOTE: Final = "resolve_note"
OPEN_DISPUTE: Final = "open_dispute"
RESOLVE_DISPUTE: Final = "resolve_dispute"
RECORD_PROMISE: Final = "record_promise"
CANCEL_PROMISE: Final = "cancel_promise"
FOLLOW_SETTINGS: Final = "follow_settings"
OPEN_COLLECTORS: Final = "open_collectors"
CREATE_COLLECTOR: Final = "create_collector"
UPDATE_COLLECTOR: Final = "update_collector"
REMOVE_COLLECTOR: Final = "remove_collector"
SEND_CASE_STEP: Final = "send_case_step"
SKIP_CASE_STEP: Final = "skip_case_step"
RESUME_CASE: Final = "resume_case"
UNMUTE_CASE: Final = "unmute_case"
PAUSE_CASE: Final = "pause_case"
MUTE_CASE: Final = "mute_case"
SNOOZE_CASE: Final = "snooze_case"
MOVE_INVOICES: Final = "move_invoices"
MOVE_BY_WORKFLOW: Final = "move_by_workflow"
MOVE_FROM_REMOVED: Final = "move_from_removed"
RECORD_CALL: Final = "record_call"
CONVERT_SALE: Final = "convert_sale"
VOID_SALE: Final = "void_sale"
WRITE_OFF_SALE: Final = "write_off_sale"
WRITE_BACK_SALE: Final = "write_back_sale"
VOID_BILL: Final = "void_bill"
ACCEPT_SALE: Final = "accept_sale"
DECLINE_SALE: Final = "decline_sale"
EXPIRE_SALE: Final = "expire_sale"
CLOSE_SALE: Final = "close_sale"
CANCEL_SALE: Final = "cancel_sale"
ALLOCATE_CREDIT: Final = "allocate_credit"
UNALLOCATE_CREDIT: Final = "unallocate_credit"
REFUND_CREDIT: Final = "refund_credit"
UNREFUND_CREDIT: Final = "unrefund_credit"
CONFIRM_PAYMENT: Final = "confirm_payment"
FAIL_PAYMENT: Final = "fail_payment"
ALLOCATE_PAYMENT: Final = "allocate_payment"
UNALLOCATE_PAYMENT: Final = "unallocate_payment"
REFUND_PAYMENT: Final = "refund_payment"
UNREFUND_PAYMENT: Final = "unrefund_payment"
REVERSE_PAYMENT: Final = "reverse_payment"
CREATE_HOOK: Final = "create_hook"
UPDATE_HOOK: Final = "update_hook"
DELETE_HOOK: Final = "delete_hook"
DELETE_HOOKS_OF_CREDENTIAL: Final = "delete_hooks_of_credential"
ROTATE_HOOK_SECRET: Final = "rotate_hook_secret"  # noqa: S105  a command's name
TEST_HOOK: Final = "test_hook"
RECOVER_HOOK: Final = "recover_hook"
END_HOOK: Final = "end_hook"
CREATE_AUTOMATION: Final = "create_automation"
UPDATE_AUTOMATION: Final = "update_automation"
PUBLISH_AUTOMATION: Final = "publish_automation"
SET_AUTOMATION_STATE: Final = "set_automation_state"
DELETE_AUTOMATION: Final = "delete_automation"
REDELIVER: Final = "redeliver"
REPLAY_RUN: Final = "replay_run"
CANCEL_RUN: Final = "cancel_run"
RUN_ACTION: Final = "run_action"
DECIDE_APPROVAL: Final = "decide_approval"
TRY_AUTOMATION: Final = "try_automation"
BACKTEST: Final = "backtest"
CREATE_CONNECTION: Final = "create_connection"
DELETE_CONNECTION: Final = "delete_connection"


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command. `result` is what its outcome has: an HTTP status and a body."""

    name: str
    queue: Queue
    input: type[BaseModel] | None
    result: str
    authored: bool = False  # its data has an author: the caller or the automation that sends it


_SPECS: Final = (
    CommandSpec(RECEIVE_INBOX_MESSAGE, LEDGER_COMMANDS, None,
        "data: message_id, box (purchases|sales), channel {id, kind, name} or null, content_type, raw (base64), "
        "received_at, raw_file {name, content_type, size, sha256} where large bytes are in the file store and raw is "
        "empty, document (the parsed form; {} for a file alone), file {name, content_type, size, sha256} if it has "
        "one, warnings [], duplicate_of or null, from_step true for a step's: the ledger compares it with earlier "
        "ones, and its result has `duplicate`. Only a push over the API or of a step waits for it."),
    CommandSpec(ACCEPT_INBOX_MESSAGE, LEDGER_COMMANDS, AcceptMessage,
        "data has the fields that were sent. 200 with the message; its `result` names what was created."),
    CommandSpec(REJECT_INBOX_MESSAGE, LEDGER_COMMANDS, RejectMessage,
        "data has the fields that were sent. 200 with the message."),
    CommandSpec(DRY_RUN, LEDGER_COMMANDS, None,
        "data: command, data of another command, uncounted (then no quota applies), or commands [{id, name, data}], of "
        "which the last one is answered and sees the effects of those before it. 200 {dry_run: true, would: its "
        "result, changes: [{type, data}]}, the events that it would fire; or its refusal. Nothing is changed."),
    CommandSpec(APPLY_INBOX_RULES, LEDGER_COMMANDS, ApplyRules,
        "200 with the message, accepted if a rule holds. No caller waits."),
    CommandSpec(CREATE_INBOX_RULE, LEDGER_COMMANDS, InboxRuleIn, "201 with the rule."),
    CommandSpec(DELETE_INBOX_RULE, LEDGER_COMMANDS, RuleById, "200 {id, deleted}."),
    CommandSpec(CREATE_CLIENT, LEDGER_COMMANDS, ClientIn, "201 with the client."),
    CommandSpec(UPSERT_CLIENT, LEDGER_COMMANDS, ClientUpsert,
        "data has the fields that were sent. 201 with the client; 200 when it exists, changed or unchanged."),
    CommandSpec(UPDATE_CLIENT, LEDGER_COMMANDS, ClientUpdate,
        "data has the fields that were sent. 200 with the client."),
    CommandSpec(REMOVE_CLIENT, LEDGER_COMMANDS, ByIdInput,
        "200 {id, deleted, archived}: archived where documents refer to it, else deleted."),
    CommandSpec(ERASE_CLIENT, LEDGER_COMMANDS, ByIdInput,
        "200 with the client, archived and without its personal data; 409 while something is owed or unfinished."),
    CommandSpec(CREATE_PRODUCT, LEDGER_COMMANDS, ProductIn, "201 with the product."),
    CommandSpec(UPSERT_PRODUCT, LEDGER_COMMANDS, ProductUpsert,
        "data has the fields that were sent. 201 with the product; 200 when it exists."),
    CommandSpec(UPDATE_PRODUCT, LEDGER_COMMANDS, ProductUpdate,
        "data has the fields that were sent. 200 with the product."),
    CommandSpec(REMOVE_PRODUCT, LEDGER_COMMANDS, ByIdInput,
        "200 {id, deleted, archived}: archived where documents refer to it, else deleted."),
    CommandSpec(IMPORT_LINES, LEDGER_COMMANDS, ImportLines, "200 with ImportBatchResult."),
    CommandSpec(CREATE_SALE, LEDGER_COMMANDS, SaleIn, "201 with the sale."),
    CommandSpec(RECORD_PAYMENT, LEDGER_COMMANDS, PaymentIn, "201 with the payment."),
    CommandSpec(UPDATE_SALE, LEDGER_COMMANDS, UpdateSale, "data has the fields that were sent. 200 with the draft."),
    CommandSpec(DELETE_SALE, LEDGER_COMMANDS, ByIdInput,
        "200 with the draft in its last state, its status `deleted`; 404 when it is already deleted."),
    CommandSpec(ISSUE_SALE, LEDGER_COMMANDS, ByIdInput, "200 with the sale, numbered and posted."),
    CommandSpec(SEND_SALE, LEDGER_COMMANDS, SendSale,
        "200 with the sale: its message is stored and sent; `sale.sent` is fired once it is handed over."),
    CommandSpec(CONFIRM_MESSAGE, LEDGER_COMMANDS, ConfirmMessage,
        "No caller waits. 200 {id, state}; it changes nothing on a message that has an outcome already."),
    CommandSpec(REQUEST_MESSAGE, LEDGER_COMMANDS, MessageToSend,
        "201 with the message, stored and sent; `message.created` is fired once it is sent."),
    CommandSpec(REPORT_MESSAGE, LEDGER_COMMANDS, ReportedMessage, "201 with the message; nothing is sent."),
    CommandSpec(RECEIVE_MESSAGE, LEDGER_COMMANDS, ReceivedMessage,
        "201 with the message, matched to a client or not. No caller waits."),
    CommandSpec(ASSIGN_MESSAGE, LEDGER_COMMANDS, AssignMessage, "200 with the message, now assigned to the client."),
    CommandSpec(RESOLVE_MESSAGE, LEDGER_COMMANDS, ByIdInput, "200 with the message, which needs no response any more."),
    CommandSpec(ADD_NOTE, LEDGER_COMMANDS, AddNote, "201 with the note.", authored=True),
    CommandSpec(UPDATE_NOTE, LEDGER_COMMANDS, UpdateNote, "200 with the note."),
    CommandSpec(RESOLVE_NOTE, LEDGER_COMMANDS, ResolveNote, "200 with the note, which needs no response any more."),
    CommandSpec(OPEN_DISPUTE, LEDGER_COMMANDS, OpenDispute,
        "201 with the dispute; a note of kind dispute gives its reason.", authored=True),
    CommandSpec(RESOLVE_DISPUTE, LEDGER_COMMANDS, EndDispute, "200 with the dispute.", authored=True),
    CommandSpec(RECORD_PROMISE, LEDGER_COMMANDS, PromiseIn, "201 with the promise."),
    CommandSpec(CANCEL_PROMISE, LEDGER_COMMANDS, ByIdInput, "200 with the promise, also when it is cancelled already."),
    CommandSpec(FOLLOW_SETTINGS, LEDGER_COMMANDS, FollowSettings,
        "No caller waits. 200 {}: the account's promises and cases are decided on by its settings as they are now."),
    CommandSpec(OPEN_COLLECTORS, LEDGER_COMMANDS, OpenCollectors, "200 {collectors}: the account has its first ones."),
    CommandSpec(CREATE_COLLECTOR, LEDGER_COMMANDS, CollectorIn, "201 with the collector."),
    CommandSpec(UPDATE_COLLECTOR, LEDGER_COMMANDS, CollectorUpdate, "200 with the collector's new version."),
    CommandSpec(REMOVE_COLLECTOR, LEDGER_COMMANDS, RemoveCollector,
        "200 {id, deleted, moved_to}; 409 while it is in use and `move_to` is absent."),
    CommandSpec(SEND_CASE_STEP, LEDGER_COMMANDS, CaseById, "200 with the case; its step is taken next."),
    CommandSpec(SKIP_CASE_STEP, LEDGER_COMMANDS, CaseById, "200 with the case."),
    CommandSpec(RESUME_CASE, LEDGER_COMMANDS, CaseById, "200 with the case."),
    CommandSpec(UNMUTE_CASE, LEDGER_COMMANDS, CaseById, "200 with the case."),
    CommandSpec(PAUSE_CASE, LEDGER_COMMANDS, PauseCase, "200 with the case."),
    CommandSpec(MUTE_CASE, LEDGER_COMMANDS, MuteCase, "200 with the case."),
    CommandSpec(SNOOZE_CASE, LEDGER_COMMANDS, SnoozeCase, "200 with the case."),
    CommandSpec(MOVE_INVOICES, LEDGER_COMMANDS, MoveInvoices, "200 with the moves; `invoices.moved` once a client."),
    CommandSpec(MOVE_BY_WORKFLOW, LEDGER_COMMANDS, MoveByWorkflow, "200 with the move. No caller waits."),
    CommandSpec(MOVE_FROM_REMOVED, LEDGER_COMMANDS, MoveFromRemoved, "200 with the move. No caller waits."),
    CommandSpec(RECORD_CALL, LEDGER_COMMANDS, RecordCall,
        "201 with the call; a note of kind call, and the promise or disputes that it brings.", authored=True),
    CommandSpec(CONVERT_SALE, LEDGER_COMMANDS, ConvertSale, "201 with the new document; both name each other."),
    CommandSpec(VOID_SALE, LEDGER_COMMANDS, DatedTransitionInput, "200 with the sale."),
    CommandSpec(WRITE_OFF_SALE, LEDGER_COMMANDS, DatedTransitionInput, "200 with the sale."),
    CommandSpec(WRITE_BACK_SALE, LEDGER_COMMANDS, DatedTransitionInput, "200 with the sale."),
    CommandSpec(VOID_BILL, LEDGER_COMMANDS, DatedTransitionInput, "200 with the bill."),
    CommandSpec(ACCEPT_SALE, LEDGER_COMMANDS, TransitionInput, "200 with the sale."),
    CommandSpec(DECLINE_SALE, LEDGER_COMMANDS, TransitionInput, "200 with the sale."),
    CommandSpec(EXPIRE_SALE, LEDGER_COMMANDS, TransitionInput, "200 with the sale."),
    CommandSpec(CLOSE_SALE, LEDGER_COMMANDS, TransitionInput, "200 with the sale."),
    CommandSpec(CANCEL_SALE, LEDGER_COMMANDS, TransitionInput, "200 with the sale."),
    CommandSpec(ALLOCATE_CREDIT, LEDGER_COMMANDS, Allocate, "200 with the credit note."),
    CommandSpec(UNALLOCATE_CREDIT, LEDGER_COMMANDS, Unallocate, "200 with the credit note."),
    CommandSpec(REFUND_CREDIT, LEDGER_COMMANDS, Refund, "200 with the credit note."),
    CommandSpec(UNREFUND_CREDIT, LEDGER_COMMANDS, Unrefund, "200 with the credit note."),
    CommandSpec(CONFIRM_PAYMENT, LEDGER_COMMANDS, ConfirmPayment, "200 with the payment."),
    CommandSpec(FAIL_PAYMENT, LEDGER_COMMANDS, TransitionInput, "200 with the payment."),
    CommandSpec(ALLOCATE_PAYMENT, LEDGER_COMMANDS, Allocate, "200 with the payment."),
    CommandSpec(UNALLOCATE_PAYMENT, LEDGER_COMMANDS, Unallocate, "200 with the payment."),
    CommandSpec(REFUND_PAYMENT, LEDGER_COMMANDS, Refund, "200 with the payment."),
    CommandSpec(UNREFUND_PAYMENT, LEDGER_COMMANDS, Unrefund, "200 with the payment."),
    CommandSpec(REVERSE_PAYMENT, LEDGER_COMMANDS, DatedTransitionInput,
        "200 with the payment; what it settled is open again, its receipt is void."),
    CommandSpec(CREATE_HOOK, DISPATCHER_COMMANDS, HookIn,
        "data adds created_by {kind, id, name}. 201 with the hook and its secret; 200 with the same hook when it is "
        "there already."),
    CommandSpec(UPDATE_HOOK, DISPATCHER_COMMANDS, HookPatch, "data adds id. 200 with the hook."),
    CommandSpec(DELETE_HOOK, DISPATCHER_COMMANDS, ByIdInput, "200, also when it is already deleted."),
    CommandSpec(DELETE_HOOKS_OF_CREDENTIAL, DISPATCHER_COMMANDS, None,
        "data: credential_id. 200 {hooks}: how many hooks that this credential made were deleted."),
    CommandSpec(ROTATE_HOOK_SECRET, DISPATCHER_COMMANDS, ByIdInput,
        "200 with the hook and its new secret; the old one also signs for 24 h."),
    CommandSpec(TEST_HOOK, DISPATCHER_COMMANDS, None,
        "data: id, trigger or null. 200 {delivery_id}: the newest event of that trigger, or its sample, goes to this "
        "hook."),
    CommandSpec(RECOVER_HOOK, DISPATCHER_COMMANDS, None,
        "data: id, since (ISO time), dry_run. 200 {count}: events since then that this hook never got are dispatched "
        "to it."),
    CommandSpec(END_HOOK, DISPATCHER_COMMANDS, None,
        "data: id, state (removed|disabled), reason: the executor reports that a receiver answered 410, or failed for "
        "days. No caller waits. 200 {id, state}; it changes nothing on a hook that was re-enabled since."),
    CommandSpec(CREATE_AUTOMATION, DISPATCHER_COMMANDS, AutomationIn,
        "data adds created_by {kind, id, name}. 201 with the automation."),
    CommandSpec(UPDATE_AUTOMATION, DISPATCHER_COMMANDS, AutomationIn,
        "data adds id, publish; without `enabled` its state stays. 200 with the automation and its draft; published, "
        "other steps or another trigger are a new version, from the next event on."),
    CommandSpec(PUBLISH_AUTOMATION, DISPATCHER_COMMANDS, ByIdInput,
        "200 with the automation. Without a draft one that is off is turned on; for one that is on it is a 409."),
    CommandSpec(SET_AUTOMATION_STATE, DISPATCHER_COMMANDS, None, "data: id, enabled. 200 with the automation."),
    CommandSpec(DELETE_AUTOMATION, DISPATCHER_COMMANDS, ByIdInput, "200, also when it is already deleted."),
    CommandSpec(REDELIVER, EXECUTOR_COMMANDS, ByIdInput, "200 with the delivery, due now."),
    CommandSpec(REPLAY_RUN, EXECUTOR_COMMANDS, ReplayIn,
        "data adds id. 200 with the run, due now; with `preview` unchanged, and the inputs of its steps."),
    CommandSpec(CANCEL_RUN, EXECUTOR_COMMANDS, ByIdInput, "200 with the run, cancelled."),
    CommandSpec(TRY_AUTOMATION, EXECUTOR_COMMANDS, None,
        "data: automation_id, version or null, definition, event, step or null, really. 200 with what the steps did: "
        "{dry_run, run_id, version, event_id, state, error, steps, changes}."),
    CommandSpec(BACKTEST, EXECUTOR_COMMANDS, None,
        "data: automation_id, days, version or null, definition, published or null. 200 {days, events, would_run, "
        "would_filter, would_fail, per_day, truncated, differs_from_published}; a long one goes on in further ones."),
    CommandSpec(DECIDE_APPROVAL, EXECUTOR_COMMANDS, None,
        "data: id of a run, step (path) or null, approved, comment or null, by {kind, id, name}. 200 with the run."),
    CommandSpec(RUN_ACTION, EXECUTOR_COMMANDS, None,
        "data: action, input, connection_id or null, dry_run. 200 with the action's output once its run of one step "
        "has ended; with dry_run {dry_run: true, would, changes: []}, and nothing is sent."),
    CommandSpec(CREATE_CONNECTION, EXECUTOR_COMMANDS, None,
        "data: encrypted (the JSON of ConnectionIn). 201 with the connection, without its secrets."),
    CommandSpec(DELETE_CONNECTION, EXECUTOR_COMMANDS, ByIdInput,
        "200, also when it is already deleted, its secrets too."),
)  # fmt: skip

COMMANDS: Final[Mapping[str, CommandSpec]] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Every command by its name."""


def queue_of(command: str) -> Queue:
    """The queue of a command."""
    return COMMANDS[command].queue
