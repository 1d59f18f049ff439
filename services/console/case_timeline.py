"""The time line of a case: its steps and states with the client's messages, notes, calls, promises and disputes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from console.i18n import N_

TITLES: Final[Mapping[str, str]] = {
    "step_taken": N_("Step taken"), "step_skipped": N_("Step left out"), "step_released": N_("Step called off"),
    "paused": N_("Paused"), "snoozed": N_("Put off"), "resumed": N_("Resumed"), "muted": N_("Muted"),
    "unmuted": N_("Unmuted"), "state": N_("State changed"), "sent": N_("Message sent"),
    "received": N_("Reply received"), "note": N_("Note"), "call": N_("Call"), "promise": N_("Promise"),
    "dispute": N_("Dispute opened"), "dispute_resolved": N_("Dispute resolved"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Happened:
    """One line: when, what, and the object that says more. `state` is shown as a badge, `link` opens it."""

    at: str
    kind: str
    title: str
    about: Mapping[str, Any]
    state: str = ""
    link: str = ""


def entries(timeline: Sequence[Mapping[str, Any]], **lists: Sequence[Mapping[str, Any]]) -> list[Happened]:
    """All that happened, newest first. A step's own message and a call's own note are shown once."""
    found = [*_of_case(timeline, {one["id"]: one for one in lists["messages"]})]
    taken = {one.about["detail"].get("message_id") for one in found if one.kind.startswith("step_")}
    found += _messages(one for one in lists["messages"] if one["id"] not in taken)
    found += (
        Happened(one["created_at"], "note", TITLES["note"], one) for one in lists["notes"] if one["kind"] == "note"
    )
    found += (Happened(one["created_at"], "call", TITLES["call"], one, one["outcome"]) for one in lists["calls"])
    found += (
        Happened(one["created_at"], "promise", TITLES["promise"], one, one["state"], "/promises")
        for one in lists["promises"]
    )
    found += _disputes(lists["disputes"])
    return sorted(found, key=lambda one: one.at, reverse=True)


def _of_case(timeline: Sequence[Mapping[str, Any]], messages: Mapping[str, Mapping[str, Any]]) -> Iterator[Happened]:
    for one in timeline:
        detail, kind = one["detail"], one["kind"]
        title = TITLES.get(kind, kind)
        if kind == "state":
            if detail.get("state") != detail.get("before"):
                yield Happened(one["at"], kind, title, one, str(detail.get("state") or ""))
        elif kind.startswith("step_"):
            message = messages.get(detail.get("message_id") or "")
            state = detail.get("message_state") or ""
            link = f"/messages/{detail['message_id']}" if detail.get("message_id") else ""
            yield Happened(one["at"], kind, title, {**one, "message": message}, state, link)
        else:
            yield Happened(one["at"], kind, title, one)


def _messages(messages: Iterator[Mapping[str, Any]]) -> Iterator[Happened]:
    for one in messages:
        at = one["occurred_at"] or one["sent_at"] or one["created_at"]
        yield Happened(at, one["direction"], TITLES[one["direction"]], one, one["state"], f"/messages/{one['id']}")


def _disputes(disputes: Sequence[Mapping[str, Any]]) -> Iterator[Happened]:
    for one in disputes:
        yield Happened(one["created_at"], "dispute", TITLES["dispute"], one, link=f"/sales/{one['sale_id']}")
        if one["resolved_at"]:
            yield Happened(
                one["resolved_at"], "dispute_resolved", TITLES["dispute_resolved"], one, link=f"/sales/{one['sale_id']}"
            )
