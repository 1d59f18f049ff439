"""What steps can do: one function for each action, found by its key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from action_executor.actions import approve, direct, external, flow, internal, messages, notify, push, rows, stores
from action_executor.actions.context import StepContext
from action_executor.http_client import OutboundHttpClient
from action_executor.runs.records import StepCall, StepOutcome
from contracts.catalog import ACTIONS as CATALOG

__all__ = ["ACTIONS", "Action", "OutboundHttpClient", "StepContext"]


@dataclass(frozen=True, slots=True)
class Action:
    """How an action is carried out.

    `calls_out`: its beginning is committed before it runs, as it may act and crash. `changes_ledger`: once it has
    succeeded it is never repeated, not by a replay of its run either. `preview` outputs what would leave, or what a
    step that steers the run would decide, and makes no call; without one it only decides or looks up, or is shown by
    the ledger.
    """

    run: Callable[[StepCall, StepContext], Awaitable[StepOutcome]]
    calls_out: bool = False
    changes_ledger: bool = False
    preview: Callable[[StepCall, StepContext], Awaitable[StepOutcome]] | None = None


ACTIONS: Final[dict[str, Action]] = {
    "filter": Action(flow.filter_run, preview=flow.filter_run),
    "delay": Action(flow.delay, preview=flow.delay_end),
    "branch": Action(flow.branch),
    "for_each": Action(flow.for_each),
    "approve": Action(approve.approve, calls_out=True, preview=approve.preview),
    "notify": Action(notify.notify, calls_out=True),
    "http_request": Action(external.http_request, calls_out=True, preview=external.show_http_request),
    "post_chat_message": Action(external.post_chat_message, calls_out=True, preview=external.show_chat_message),
    "send_email": Action(messages.send_email, calls_out=True, preview=messages.show_email),
    "send_sms": Action(messages.send_sms, calls_out=True, preview=messages.show_sms),
    "append_row": Action(rows.append_row, calls_out=True, preview=rows.show_row),
    "send_direct": Action(direct.send_direct, calls_out=True, preview=direct.show_direct),
    "store_file": Action(stores.store_file, calls_out=True, preview=stores.show_file),
    "find_client": Action(internal.find_client),
    "find_or_create_client": Action(internal.find_or_create_client, changes_ledger=True),
    "find_product": Action(internal.find_product),
    "find_sale": Action(internal.find_sale),
    "create_purchase": Action(push.push_step("purchases"), changes_ledger=True),
    "create_sale": Action(push.push_step("sales"), changes_ledger=True),
    **{
        key: Action(internal.command_step(action.command), changes_ledger=True)
        for key, action in CATALOG.items()
        if action.command is not None
    },
}
