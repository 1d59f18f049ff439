"""What steps can do: one function for each action, found by its key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from action_executor.actions import external, flow, internal
from action_executor.actions.context import StepContext
from action_executor.http_client import OutboundHttpClient
from action_executor.runs.records import StepCall, StepOutcome

__all__ = ["ACTIONS", "Action", "OutboundHttpClient", "StepContext"]


@dataclass(frozen=True, slots=True)
class Action:
    """How an action is carried out.

    `calls_out`: its beginning is committed before it runs, as it may act and crash. `changes_ledger`: once it has
    succeeded it is never repeated, not by a replay of its run either.
    """

    run: Callable[[StepCall, StepContext], Awaitable[StepOutcome]]
    calls_out: bool = False
    changes_ledger: bool = False


ACTIONS: Final[dict[str, Action]] = {
    "filter": Action(flow.filter_run),
    "delay": Action(flow.delay),
    "http_request": Action(external.http_request, calls_out=True),
    "post_chat_message": Action(external.post_chat_message, calls_out=True),
    "create_client": Action(internal.create_client, changes_ledger=True),
    "find_client": Action(internal.find_client),
    "find_or_create_client": Action(internal.find_or_create_client, changes_ledger=True),
    "update_client": Action(internal.update_client, changes_ledger=True),
    "create_product": Action(internal.create_product, changes_ledger=True),
    "find_product": Action(internal.find_product),
    "create_document": Action(internal.create_document, changes_ledger=True),
    "record_payment": Action(internal.record_payment, changes_ledger=True),
}
