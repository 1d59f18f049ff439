"""Texts for what happened: events, the ledger's commands, the steps of a journey, and what the audit log keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from console.i18n import N_

EVENTS: Final[Mapping[str, str]] = {
    "client.created": N_("New client"), "client.updated": N_("Client changed"), "product.created": N_("New product"),
    "sale.created": N_("New draft"), "sale.updated": N_("Document changed"), "sale.deleted": N_("Draft deleted"),
    "sale.posted": N_("Document issued"), "sale.sent": N_("Document sent"), "sale.paid": N_("Invoice paid"),
    "sale.overdue": N_("Invoice overdue"), "sale.voided": N_("Document voided"),
    "payment.created": N_("Payment announced"), "payment.posted": N_("Payment received"),
    "payment.reversed": N_("Payment reversed"), "payment.updated": N_("Payment applied otherwise"),
    "payment.failed": N_("Payment failed"), "inbox.received": N_("Inbox message received"),
    "inbox.accepted": N_("Inbox message accepted"), "inbox.rejected": N_("Inbox message rejected"),
    "message.created": N_("New message"), "message.failed": N_("Message failed"), "note.created": N_("New note"),
    "invoices.moved": N_("Invoices moved"), "dispute.opened": N_("Dispute opened"),
    "dispute.resolved": N_("Dispute resolved"), "promise.recorded": N_("Promise to pay"),
    "promise.broken": N_("Promise broken"), "call.recorded": N_("Call recorded"),
    "quota.reached": N_("Plan limit reached"), "webhook.received": N_("Webhook received"),
    "hook.disabled": N_("Hook switched off"), "run.failed": N_("Run failed"),
}  # fmt: skip
"""What the triggers' codes say."""

COMMANDS: Final[Mapping[str, str]] = {
    "accept_inbox_message": N_("Accept an inbox message"), "accept_sale": N_("Accept a document"),
    "add_note": N_("Add a note"), "allocate_credit": N_("Allocate a credit"),
    "allocate_payment": N_("Allocate a payment"), "apply_inbox_rules": N_("Apply the inbox rules"),
    "assign_message": N_("Assign a reply"), "cancel_promise": N_("Cancel a promise"),
    "cancel_sale": N_("Cancel a document"), "check_promise": N_("Check a promise"),
    "close_sale": N_("Close a document"), "confirm_message": N_("Confirm a message"),
    "confirm_payment": N_("Confirm a payment"), "convert_sale": N_("Convert a document"),
    "create_client": N_("Create a client"), "create_collector": N_("Create a collector"),
    "create_inbox_rule": N_("Create an inbox rule"), "create_product": N_("Create a product"),
    "create_sale": N_("Create a document"), "decline_sale": N_("Decline a document"),
    "delete_inbox_rule": N_("Delete an inbox rule"), "delete_sale": N_("Delete a draft"),
    "erase_client": N_("Erase a client's personal data"), "expire_sale": N_("Let a document expire"),
    "fail_payment": N_("Record that a payment failed"), "follow_settings": N_("Apply changed settings"),
    "import_lines": N_("Import lines of a file"), "issue_sale": N_("Issue a document"),
    "mark_overdue": N_("Mark as overdue"),
    "move_by_workflow": N_("Move invoices by a collector's step"),
    "move_from_removed": N_("Move invoices out of a deleted collector"), "move_invoices": N_("Move invoices"),
    "mute_case": N_("Mute a case"), "open_collectors": N_("Create the first collectors"),
    "open_dispute": N_("Open a dispute"), "pause_case": N_("Pause a case"),
    "receive_inbox_message": N_("Receive an inbox message"), "receive_message": N_("Receive a reply"),
    "record_call": N_("Record a call"), "record_payment": N_("Record a payment"),
    "record_promise": N_("Record a promise"), "refund_credit": N_("Refund a credit"),
    "refund_payment": N_("Refund a payment"), "reject_inbox_message": N_("Reject an inbox message"),
    "remove_client": N_("Remove a client"), "remove_collector": N_("Delete a collector"),
    "remove_product": N_("Remove a product"), "report_message": N_("Report what became of a message"),
    "request_message": N_("Write a message"), "resolve_dispute": N_("Resolve a dispute"),
    "resolve_message": N_("Mark a reply as answered"), "resolve_note": N_("Mark a note as answered"),
    "resume_case": N_("Resume a case"), "reverse_payment": N_("Reverse a payment"),
    "send_case_step": N_("Send a reminder"), "send_sale": N_("Send a document"),
    "skip_case_step": N_("Skip a reminder"), "snooze_case": N_("Let a case wait"),
    "unallocate_credit": N_("Take back a credit's allocation"),
    "unallocate_payment": N_("Take back a payment's allocation"), "unmute_case": N_("Unmute a case"),
    "unrefund_credit": N_("Take back a credit's refund"), "unrefund_payment": N_("Take back a payment's refund"),
    "update_client": N_("Change a client"), "update_collector": N_("Change a collector"),
    "update_note": N_("Change a note"), "update_product": N_("Change a product"),
    "update_sale": N_("Change a document"), "upsert_client": N_("Create or change a client"),
    "upsert_product": N_("Create or change a product"), "void_bill": N_("Void a bill"),
    "void_sale": N_("Void a document"), "write_back_sale": N_("Take back a write-off"),
    "write_off_sale": N_("Write a document off"),
}  # fmt: skip
"""What the ledger is asked for."""

JOURNEY_STEPS: Final[Mapping[str, str]] = {
    "dispatched": N_("Passed on"), "delivery_accepted": N_("Delivery begins"),
    "delivery_attempt_failed": N_("An attempt failed"), "delivery_cancelled": N_("Delivery cancelled"),
    "run_accepted": N_("Run begins"), "run_succeeded": N_("Run succeeded"), "run_failed": N_("Run failed"),
    "run_filtered": N_("Run filtered out"), "run_cancelled": N_("Run cancelled"), "step_running": N_("Step begins"),
    "step_succeeded": N_("Step succeeded"), "step_failed": N_("Step failed"), "step_waiting": N_("Step waits"),
    "step_filtered": N_("Step filtered out"), "step_skipped": N_("Step skipped"),
    "message_sent": N_("Message sent"), "message_failed": N_("Message failed"),
    "message_delivered": N_("Message delivered"), "automation": N_("Automation"),
}  # fmt: skip
"""What the other services note of a journey."""

OPERATIONS: Final[Mapping[str, str]] = {
    "approveRun": N_("Approved a run"), "backtestAutomation": N_("Backtested an automation"),
    "cancelRun": N_("Cancelled a run"), "changePassword": N_("Changed the password"),
    "chooseAccount": N_("Went to another account"), "confirmSecondFactor": N_("Turned a second factor on"),
    "createAutomation": N_("Created an automation"), "createChannel": N_("Activated a channel"),
    "createConnection": N_("Created a connection"), "createConsent": N_("Let an application in"),
    "createHook": N_("Created a hook"), "createInvitation": N_("Invited a person"),
    "createSecondFactor": N_("Began with a second factor"), "createSession": N_("Signed in with a password"),
    "createToken": N_("Created an access token"), "createUser": N_("Created a user"),
    "deleteAutomation": N_("Deleted an automation"), "deleteChannel": N_("Deleted a channel"),
    "deleteConnection": N_("Deleted a connection"), "deleteCurrentKeyPair": N_("Deleted the key pair"),
    "deleteHook": N_("Deleted a hook"), "deleteKeyPair": N_("Deleted a key pair"),
    "deleteSession": N_("Signed out"), "deleteToken": N_("Deleted an access token"),
    "deleteUser": N_("Removed a user"), "disableAutomation": N_("Turned an automation off"),
    "disconnectApplication": N_("Disconnected an application"), "dryRunAutomation": N_("Tried an automation"),
    "enableAutomation": N_("Turned an automation on"), "eraseClient": N_("Erased a client's personal data"),
    "exportClients": N_("Exported the clients"), "exportPayments": N_("Exported the payments"),
    "exportProducts": N_("Exported the products"), "exportSales": N_("Exported the sales"),
    "exportSuppliers": N_("Exported the suppliers"), "joinAccount": N_("Joined by an invitation"),
    "publishAutomation": N_("Published an automation"), "recoverHook": N_("Recovered missed deliveries"),
    "redeemPasswordReset": N_("Set a new password by a link"), "redeliverEvent": N_("Delivered an event again"),
    "refuseRun": N_("Refused a run"), "regenerateKeyPair": N_("Made a new key pair"),
    "removeSecondFactor": N_("Turned a second factor off"), "replayRun": N_("Replayed a run"),
    "requestPasswordReset": N_("Asked for a new password"), "rotateChannel": N_("Gave a channel a new address"),
    "rotateHookSecret": N_("Gave a hook a new secret"), "signIn": N_("Signed in"),
    "testAutomationAction": N_("Tested an action"), "testAutomationTrigger": N_("Tested a trigger"),
    "testHook": N_("Sent a test to a hook"), "updateAccount": N_("Changed the settings"),
    "updateAutomation": N_("Changed an automation"), "updateHook": N_("Changed a hook"),
    "updateUser": N_("Changed a user"),
}  # fmt: skip
"""What the audit log calls the operations of the API that it keeps."""
