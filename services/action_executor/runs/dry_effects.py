"""Let `find_*` in a dry run find what its earlier steps would have made or changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from action_executor.actions import ACTIONS, StepContext
from action_executor.runs import step_store
from action_executor.runs.records import Done, StepCall, StepOutcome, replace_input

Matches = Callable[[dict[str, Any], str], bool]


def _equal(field: str) -> Matches:
    return lambda found, sought: found[field] == sought


def _email(found: dict[str, Any], sought: str) -> bool:
    return (found["email"] or "").lower() == sought.lower()


def _name(found: dict[str, Any], sought: str) -> bool:
    return sought.lower() in found["name"].lower()


_WAYS: Final[Mapping[str, Mapping[str, Matches]]] = MappingProxyType(
    {
        "client": {
            "external_id": _equal("external_id"),
            "email": _email,
            "reg_number": _equal("reg_number"),
            "query": _name,
        },
        "product": {"code": _equal("code"), "external_id": _equal("external_id"), "query": _name},
        "sale": {"number": _equal("number"), "external_id": _equal("external_id")},
    }
)
"""In the order in which the actions try them, see `actions.internal`."""

FINDS: Final = MappingProxyType({f"find_{kind}": kind for kind in _WAYS})


async def find(action: str, call: StepCall, context: StepContext) -> StepOutcome:
    """Find as the action does, in the ledger as the earlier steps of this dry run would leave it."""
    kind = FINDS[action]
    effects: dict[str, dict[str, Any]] = {}
    for change in await step_store.find_dry_changes(context.pool, call.run):
        if change["type"].startswith(f"{kind}."):
            effects[change["data"]["id"]] = change["data"]
    for way, matches in _WAYS[kind].items():
        if (sought := call.input.get(way)) is None:
            continue
        outcome = await ACTIONS[action].run(replace_input(call, {way: sought}), context)
        if not isinstance(outcome, Done):
            return outcome
        stored = outcome.output[kind]
        changed = [one for one in effects.values() if not one.get("archived") and matches(one, sought)]
        is_current = stored is not None and stored["id"] not in effects
        found = [*([stored] if is_current else []), *changed]
        if found:
            # Of several the newest, by a unique field the oldest, as in the ledger.
            newest_counts = kind == "sale" or way == "query"
            return Done({"found": True, kind: found[-1] if newest_counts else found[0]})
    return Done({"found": False, kind: None})
