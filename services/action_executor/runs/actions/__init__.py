"""What steps can do: one function for each action, found by its key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from action_executor.outward import Outward
from action_executor.runs.actions import flow, ours, outwards
from action_executor.runs.actions.tools import Tools
from action_executor.runs.records import StepCall, StepOutcome

__all__ = ["ACTIONS", "Action", "Outward", "Tools"]


@dataclass(frozen=True, slots=True)
class Action:
    """How an action is carried out. `calls_out`: its beginning is committed before it runs, as it may act and crash."""

    run: Callable[[StepCall, Tools], Awaitable[StepOutcome]]
    calls_out: bool = False


ACTIONS: Final[dict[str, Action]] = {
    "filter": Action(flow.filter_run),
    "delay": Action(flow.delay),
    "http_request": Action(outwards.http_request, calls_out=True),
    "post_chat_message": Action(outwards.post_chat_message, calls_out=True),
    "create_client": Action(ours.create_client),
    "find_client": Action(ours.find_client),
    "find_or_create_client": Action(ours.find_or_create_client),
    "update_client": Action(ours.update_client),
    "create_product": Action(ours.create_product),
    "find_product": Action(ours.find_product),
    "create_document": Action(ours.create_document),
    "record_payment": Action(ours.record_payment),
}
