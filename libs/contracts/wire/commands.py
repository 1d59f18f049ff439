"""The commands there are: their names, which queue takes each, and what they carry in `Envelope.data`.

`data` is the model's JSON form (`model_dump(mode="json")`), plus what the table says.
"""

from __future__ import annotations

from typing import Final

from contracts.wire.topology import DISPATCHER_COMMANDS, EXECUTOR_COMMANDS, LEDGER_COMMANDS, Queue

RECEIVE_INBOX_MESSAGE: Final = "receive_inbox_message"
"""data: message_id, box (purchases|sales), channel {id, kind, name} or null, content_type, raw (base64), received_at,
raw_file {name, content_type, size, sha256} where large bytes are in the file store and raw is empty, document
(the parsed form; {} for a file alone), file {name, content_type, size, sha256} if it has one, warnings [],
duplicate_of or null. Only who pushed it over the API waits for it."""

ACCEPT_INBOX_MESSAGE: Final = "accept_inbox_message"
"""data: AcceptMessage, what of it was sent. 200 with the message; its `result` names what was made of it."""

REJECT_INBOX_MESSAGE: Final = "reject_inbox_message"
"""data: RejectMessage, what of it was sent. 200 with the message."""

DRY_RUN: Final = "dry_run"
"""data: command, data of another command. 200 {dry_run: true, would: its result, changes: [{type, data}]}, the events
that it would fire; or its refusal. Nothing is changed."""

APPLY_INBOX_RULES: Final = "apply_inbox_rules"
"""data: id of a message. 200 with the message, accepted if a rule holds. Nobody waits for it."""

CREATE_INBOX_RULE: Final = "create_inbox_rule"
"""data: InboxRuleIn. 201 with the rule."""

DELETE_INBOX_RULE: Final = "delete_inbox_rule"
"""data: id. 200 {id, deleted}."""

CREATE_CLIENT: Final = "create_client"
"""data: ClientIn. 201 with the client."""

UPSERT_CLIENT: Final = "upsert_client"
"""data: the fields of ClientUpsert that were sent. 201 with the client; 200 when it was there, changed or as it is."""

UPDATE_CLIENT: Final = "update_client"
"""data: id, and the fields of ClientPatch that were sent. 200 with the client."""

REMOVE_CLIENT: Final = "remove_client"
"""data: id. 200 {id, deleted, archived}: archived where documents refer to it, else gone."""

CREATE_PRODUCT: Final = "create_product"
"""data: ProductIn. 201 with the product."""

UPSERT_PRODUCT: Final = "upsert_product"
"""data: the fields of ProductUpsert that were sent. 201 with the product; 200 when it was there."""

UPDATE_PRODUCT: Final = "update_product"
"""data: id, and the fields of ProductPatch that were sent. 200 with the product."""

REMOVE_PRODUCT: Final = "remove_product"
"""data: id. 200 {id, deleted, archived}: archived where documents refer to it, else gone."""

IMPORT_LINES: Final = "import_lines"
"""data: ImportLines. 200 with LinesTaken."""

CREATE_SALE: Final = "create_sale"
"""data: SaleIn. 201 with the sale."""

RECORD_PAYMENT: Final = "record_payment"
"""data: PaymentIn. 201 with the payment."""

UPDATE_SALE: Final = "update_sale"
"""data: id, and the fields of SalePatch that were sent. 200 with the draft."""

DELETE_SALE: Final = "delete_sale"
"""data: id. 200 with the draft as it was last, its status `deleted`; 404 when it is gone already."""

ISSUE_SALE: Final = "issue_sale"
"""data: id. 200 with the sale, numbered and in the books."""

SEND_SALE: Final = "send_sale"
"""data: id, and SendIn. 200 with the sale: its message is kept and goes out; `sale.sent` is fired once it is handed
over."""

CONFIRM_MESSAGE: Final = "confirm_message"
"""data: ConfirmMessage: what became of a hand-over.
Nobody waits for it. 200 {id, state}; it changes nothing on a message that has an outcome already."""

REQUEST_MESSAGE: Final = "request_message"
"""data: MessageToSend. 201 with the message: it is kept and goes out; `message.created` is fired once it is sent."""

REPORT_MESSAGE: Final = "report_message"
"""data: ReportedMessage. 201 with the message; nothing is sent."""

RECEIVE_MESSAGE: Final = "receive_message"
"""data: ReceivedMessage. 201 with the message, matched to a client or not. Nobody waits for it."""

ASSIGN_MESSAGE: Final = "assign_message"
"""data: AssignMessage. 200 with the message, which is the client's now."""

RESOLVE_MESSAGE: Final = "resolve_message"
"""data: id. 200 with the message, which needs no response any more."""

ADD_NOTE: Final = "add_note"
"""data: NoteIn. 201 with the note."""

RESOLVE_NOTE: Final = "resolve_note"
"""data: id. 200 with the note, which needs no response any more."""

OPEN_DISPUTE: Final = "open_dispute"
"""data: DisputeIn. 201 with the dispute; a note of kind dispute gives its reason."""

RESOLVE_DISPUTE: Final = "resolve_dispute"
"""data: ResolveDispute. 200 with the dispute."""

RECORD_PROMISE: Final = "record_promise"
"""data: PromiseIn. 201 with the promise."""

CANCEL_PROMISE: Final = "cancel_promise"
"""data: id. 200 with the promise, also when it is cancelled already."""

CONVERT_SALE: Final = "convert_sale"
"""data: id, and ConvertIn. 201 with the new document; both name each other."""

VOID_SALE: Final = "void_sale"
WRITE_OFF_SALE: Final = "write_off_sale"
WRITE_BACK_SALE: Final = "write_back_sale"
"""data: id, reason, date or null. 200 with the sale."""

VOID_BILL: Final = "void_bill"
"""data: id, reason, date or null. 200 with the bill."""

ACCEPT_SALE: Final = "accept_sale"
DECLINE_SALE: Final = "decline_sale"
EXPIRE_SALE: Final = "expire_sale"
CLOSE_SALE: Final = "close_sale"
CANCEL_SALE: Final = "cancel_sale"
"""data: id, reason or null. 200 with the sale."""

ALLOCATE_CREDIT: Final = "allocate_credit"
UNALLOCATE_CREDIT: Final = "unallocate_credit"
REFUND_CREDIT: Final = "refund_credit"
UNREFUND_CREDIT: Final = "unrefund_credit"
"""data: id of a credit note, and AllocateIn, UnallocateIn, RefundIn, UnrefundIn. 200 with the credit note."""

CONFIRM_PAYMENT: Final = "confirm_payment"
"""data: id of a pending payment, and ConfirmIn. 200 with the payment."""

FAIL_PAYMENT: Final = "fail_payment"
"""data: id of a pending payment, reason or null. 200 with the payment."""

ALLOCATE_PAYMENT: Final = "allocate_payment"
UNALLOCATE_PAYMENT: Final = "unallocate_payment"
REFUND_PAYMENT: Final = "refund_payment"
UNREFUND_PAYMENT: Final = "unrefund_payment"
"""data: id, and AllocateIn, UnallocateIn, RefundIn, UnrefundIn. 200 with the payment."""

REVERSE_PAYMENT: Final = "reverse_payment"
"""data: id, reason, date or null. 200 with the payment; what it settled is open again, its receipt is void."""

CREATE_HOOK: Final = "create_hook"
"""data: HookIn, and created_by {kind, id, name}. 201 with the hook and its secret; 200 with the same hook when it is
there already."""

UPDATE_HOOK: Final = "update_hook"
"""data: id, and the fields of HookPatch that were sent. 200 with the hook."""

DELETE_HOOK: Final = "delete_hook"
"""data: id. 200, also when it is gone already."""

DELETE_HOOKS_OF_CREDENTIAL: Final = "delete_hooks_of_credential"
"""data: credential_id. 200 {hooks}: how many hooks that this credential made were deleted."""

ROTATE_HOOK_SECRET: Final = "rotate_hook_secret"  # noqa: S105  a command's name
"""data: id. 200 with the hook and its new secret; the old one signs too for 24 h."""

TEST_HOOK: Final = "test_hook"
"""data: id, trigger or null. 200 {delivery_id}: the newest event of that trigger, or its sample, goes to this hook."""

RECOVER_HOOK: Final = "recover_hook"
"""data: id, since (ISO time), dry_run. 200 {count}: events since then that this hook never got are dispatched to it."""

END_HOOK: Final = "end_hook"
"""data: id, state (removed|disabled), reason: the executor tells that a receiver answered 410, or failed for days.
Nobody waits for it. 200 {id, state}; it changes nothing on a hook that was taken up again since."""

CREATE_AUTOMATION: Final = "create_automation"
"""data: AutomationIn, and created_by {kind, id, name}. 201 with the automation."""

UPDATE_AUTOMATION: Final = "update_automation"
"""data: id, and AutomationIn; without `enabled` it stays as it is. 200 with the automation; other steps or another
trigger are a new version, from the next event on."""

SET_AUTOMATION_STATE: Final = "set_automation_state"
"""data: id, enabled. 200 with the automation."""

DELETE_AUTOMATION: Final = "delete_automation"
"""data: id. 200, also when it is gone already."""

REDELIVER: Final = "redeliver"
"""data: id of a delivery. 200 with the delivery, due now."""

REPLAY_RUN: Final = "replay_run"
"""data: id of a run, and ReplayIn. 200 with the run, due now; with `preview` as it is, and what its steps would get."""

CANCEL_RUN: Final = "cancel_run"
"""data: id of a run. 200 with the run, cancelled."""

RUN_ACTION: Final = "run_action"
"""data: action, input, connection_id or null, dry_run. 200 with the action's output once its run of one step has
ended; with dry_run {dry_run: true, would, changes: []}, and nothing leaves."""

CREATE_CONNECTION: Final = "create_connection"
"""data: encrypted (the JSON of ConnectionIn). 201 with the connection, without its secrets."""

DELETE_CONNECTION: Final = "delete_connection"
"""data: id. 200, also when it is gone already; its secrets are."""

QUEUE_OF: Final[dict[str, Queue]] = {
    RECEIVE_INBOX_MESSAGE: LEDGER_COMMANDS,
    ACCEPT_INBOX_MESSAGE: LEDGER_COMMANDS,
    REJECT_INBOX_MESSAGE: LEDGER_COMMANDS,
    DRY_RUN: LEDGER_COMMANDS,
    APPLY_INBOX_RULES: LEDGER_COMMANDS,
    VOID_BILL: LEDGER_COMMANDS,
    CREATE_INBOX_RULE: LEDGER_COMMANDS,
    DELETE_INBOX_RULE: LEDGER_COMMANDS,
    CREATE_CLIENT: LEDGER_COMMANDS,
    UPSERT_CLIENT: LEDGER_COMMANDS,
    UPDATE_CLIENT: LEDGER_COMMANDS,
    REMOVE_CLIENT: LEDGER_COMMANDS,
    CREATE_PRODUCT: LEDGER_COMMANDS,
    UPSERT_PRODUCT: LEDGER_COMMANDS,
    UPDATE_PRODUCT: LEDGER_COMMANDS,
    REMOVE_PRODUCT: LEDGER_COMMANDS,
    IMPORT_LINES: LEDGER_COMMANDS,
    CREATE_SALE: LEDGER_COMMANDS,
    RECORD_PAYMENT: LEDGER_COMMANDS,
    UPDATE_SALE: LEDGER_COMMANDS,
    DELETE_SALE: LEDGER_COMMANDS,
    ISSUE_SALE: LEDGER_COMMANDS,
    SEND_SALE: LEDGER_COMMANDS,
    CONFIRM_MESSAGE: LEDGER_COMMANDS,
    REQUEST_MESSAGE: LEDGER_COMMANDS,
    REPORT_MESSAGE: LEDGER_COMMANDS,
    RECEIVE_MESSAGE: LEDGER_COMMANDS,
    ASSIGN_MESSAGE: LEDGER_COMMANDS,
    RESOLVE_MESSAGE: LEDGER_COMMANDS,
    ADD_NOTE: LEDGER_COMMANDS,
    RESOLVE_NOTE: LEDGER_COMMANDS,
    OPEN_DISPUTE: LEDGER_COMMANDS,
    RESOLVE_DISPUTE: LEDGER_COMMANDS,
    RECORD_PROMISE: LEDGER_COMMANDS,
    CANCEL_PROMISE: LEDGER_COMMANDS,
    CONVERT_SALE: LEDGER_COMMANDS,
    VOID_SALE: LEDGER_COMMANDS,
    WRITE_OFF_SALE: LEDGER_COMMANDS,
    WRITE_BACK_SALE: LEDGER_COMMANDS,
    ACCEPT_SALE: LEDGER_COMMANDS,
    DECLINE_SALE: LEDGER_COMMANDS,
    EXPIRE_SALE: LEDGER_COMMANDS,
    CLOSE_SALE: LEDGER_COMMANDS,
    CANCEL_SALE: LEDGER_COMMANDS,
    ALLOCATE_CREDIT: LEDGER_COMMANDS,
    UNALLOCATE_CREDIT: LEDGER_COMMANDS,
    REFUND_CREDIT: LEDGER_COMMANDS,
    UNREFUND_CREDIT: LEDGER_COMMANDS,
    CONFIRM_PAYMENT: LEDGER_COMMANDS,
    FAIL_PAYMENT: LEDGER_COMMANDS,
    ALLOCATE_PAYMENT: LEDGER_COMMANDS,
    UNALLOCATE_PAYMENT: LEDGER_COMMANDS,
    REFUND_PAYMENT: LEDGER_COMMANDS,
    UNREFUND_PAYMENT: LEDGER_COMMANDS,
    REVERSE_PAYMENT: LEDGER_COMMANDS,
    CREATE_HOOK: DISPATCHER_COMMANDS,
    UPDATE_HOOK: DISPATCHER_COMMANDS,
    DELETE_HOOK: DISPATCHER_COMMANDS,
    DELETE_HOOKS_OF_CREDENTIAL: DISPATCHER_COMMANDS,
    ROTATE_HOOK_SECRET: DISPATCHER_COMMANDS,
    TEST_HOOK: DISPATCHER_COMMANDS,
    RECOVER_HOOK: DISPATCHER_COMMANDS,
    END_HOOK: DISPATCHER_COMMANDS,
    CREATE_AUTOMATION: DISPATCHER_COMMANDS,
    UPDATE_AUTOMATION: DISPATCHER_COMMANDS,
    SET_AUTOMATION_STATE: DISPATCHER_COMMANDS,
    DELETE_AUTOMATION: DISPATCHER_COMMANDS,
    REDELIVER: EXECUTOR_COMMANDS,
    REPLAY_RUN: EXECUTOR_COMMANDS,
    CANCEL_RUN: EXECUTOR_COMMANDS,
    RUN_ACTION: EXECUTOR_COMMANDS,
    CREATE_CONNECTION: EXECUTOR_COMMANDS,
    DELETE_CONNECTION: EXECUTOR_COMMANDS,
}
