"""Hooks and their deliveries: with health, tests, attempts, redelivery and recovery."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from console import editing, listing, live
from console.api_client import Problem
from console.editing import FormPage, verb
from console.forms import KEY_FIELD, Field, Filled, Group, Option, as_texts, names_of
from console.i18n import N_
from console.listing import Column, Filter, Listing, choice
from console.pages.automations import catalogs
from console.visit import Route, Visit

_ENDED: Final = ("succeeded", "failed", "cancelled")
SHOWN: Final = 20  # deliveries on a hook's page; a link leads to all
HOOKS: Final = Listing(
    title=N_("Hooks"),
    api_path="/v1/hooks",
    path="/hooks",
    columns=(
        Column("target_url", N_("Address"), "code"),
        Column("name", N_("Name")),
        Column("triggers", N_("Events"), "events"),
        Column("state", N_("Status"), "badge"),
        Column("created_by.name", N_("Made by")),
        Column("created_at", N_("Since"), "moment"),
    ),
    filters=(Filter("target_url", N_("Address")), Filter("trigger", N_("Event"))),
    row="/hooks/{id}",
    new=("/hooks/new", N_("New hook")),
    new_scope="automate",
    intro=N_("A hook sends events to an address of yours, signed, and tries again until they are taken."),
    empty=N_("No hook yet. Create one to be called when something happens."),
)
DELIVERIES: Final = Listing(
    title=N_("Deliveries"),
    api_path="/v1/deliveries",
    path="/deliveries",
    columns=(
        Column("created_at", N_("Time"), "exact"),
        Column("trigger", N_("Event"), "event"),
        Column("state", N_("Status"), "badge"),
        Column("attempt_count", N_("Attempts"), "number"),
        Column("status_code", N_("Answer")),
        Column("error", N_("Fault")),
        Column("next_attempt_at", N_("Next attempt"), "moment"),
    ),
    filters=(
        choice("state", N_("Status"), "pending", "in_flight", "succeeded", "failed", "cancelled"),
        Filter("hook_id", "", kind="hidden"),
        Filter("event_id", "", kind="hidden"),
    ),
    row="/deliveries/{id}",
    empty=N_("No delivery yet. They appear when an event meets a hook."),
    stream="/deliveries/stream",
)


async def show_list(visit: Visit) -> web.StreamResponse:
    """The hooks, newest first."""
    await catalogs(visit)
    return await listing.show(visit, HOOKS)


async def show_deliveries(visit: Visit) -> web.StreamResponse:
    """The deliveries, newest first."""
    return await listing.show(visit, DELIVERIES)


def title_of(entry: Mapping[str, Any], locale: str) -> str:
    """A trigger's or action's title in a language."""
    return str(entry["title"].get(locale) or entry["title"]["en"])


async def _groups(visit: Visit) -> tuple[Group, ...]:
    triggers, _ = await catalogs(visit)
    options = [Option(key, title_of(one, visit.locale)) for key, one in triggers.items()]
    return (
        Group(
            "",
            (
                Field("target_url", N_("Address"), "url", required=True, wide=True),
                Field("name", N_("Name")),
                Field("ordered", N_("In order for each client"), "checkbox"),
                Field("triggers", N_("Events"), "choices", options=options),
            ),
        ),
    )


async def _new(visit: Visit) -> FormPage:
    return FormPage(N_("New hook"), await _groups(visit), "/hooks/new", N_("Create"), ("/hooks", N_("Hooks")))


async def show_new(visit: Visit) -> web.StreamResponse:
    """The form."""
    return (await _new(visit)).show(visit, Filled())


def _body(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"ordered": "client" if body.get("ordered") else None}


async def create(visit: Visit) -> web.StreamResponse:
    """Create a hook; its secret is shown once, with how to verify signatures."""
    key = (await visit.read_form()).get(KEY_FIELD)
    made = await editing.submit(
        visit, await _new(visit), lambda body: visit.api.post("/v1/hooks", _body(body), key=key)
    )
    if isinstance(made, web.Response):
        return made
    return visit.render("hook_secret.html", hook=made, title=N_("Hook created"))


async def rotate(visit: Visit) -> web.StreamResponse:
    """Make a new secret and show it once."""
    form = await visit.read_form()
    made = await visit.api.post(f"/v1/hooks/{visit.id}/rotate-secret", key=form.get(KEY_FIELD))
    return visit.render("hook_secret.html", hook=made, title=N_("New secret"))


async def show(visit: Visit) -> web.StreamResponse:
    """One hook with its newest deliveries."""
    return await _render(visit)


async def _render(visit: Visit, **dry_run: Any) -> web.Response:
    hook, deliveries, _ = await asyncio.gather(
        visit.api.get(f"/v1/hooks/{visit.id}"),
        visit.api.get("/v1/deliveries", {"hook_id": visit.id, "limit": SHOWN}),
        catalogs(visit),
    )
    about = {"count": None, "since": ""} | dry_run
    return visit.render("hook.html", hook=hook, deliveries=deliveries["items"], **about)


async def _edit(visit: Visit) -> FormPage:
    here = f"/hooks/{visit.id}"
    return FormPage(N_("Change hook"), await _groups(visit), f"{here}/edit", N_("Save"), (here, N_("Hook")))


async def show_edit(visit: Visit) -> web.StreamResponse:
    """The form with what the hook is."""
    hook, page = await visit.api.get(f"/v1/hooks/{visit.id}"), await _edit(visit)
    values = as_texts(names_of(page.groups), hook) | {"ordered": "true" if hook["ordered"] else ""}
    return page.show(visit, Filled(values))


async def update(visit: Visit) -> web.StreamResponse:
    """Save the form."""
    path = f"/v1/hooks/{visit.id}"
    saved = await editing.submit(
        visit, await _edit(visit), lambda body: visit.api.send("PATCH", path, body=_body(body)), keep_empty=True
    )
    return saved if isinstance(saved, web.Response) else visit.go(f"/hooks/{visit.id}", visit.text(N_("Saved.")))


async def recover(visit: Visit) -> web.StreamResponse:
    """Count what a recovery would deliver again, then do it."""
    form = await visit.read_form()
    since, is_counted = form.get("since", ""), form.get("counted") == "true"
    body = {"since": since if "T" in since else f"{since}T00:00:00Z", "dry_run": not is_counted}
    try:
        found = await visit.api.post(f"/v1/hooks/{visit.id}/recover", body)
    except Problem as problem:
        return await editing.refuse(visit, show, problem, form, (Field("since", N_("Failed since"), "date"),))
    if is_counted:
        notice = visit.plural(
            "{count} event is delivered again.", "{count} events are delivered again.", found["count"]
        )
        return visit.go(f"/hooks/{visit.id}", notice)
    return await _render(visit, count=found["count"], since=since)


async def show_delivery(visit: Visit) -> web.StreamResponse:
    """One delivery with its attempts, and the event that it carries."""
    delivery = await visit.api.get(f"/v1/deliveries/{visit.id}")
    event = await visit.api.find(f"/v1/events/{delivery['event_id']}")  # events are kept for a time
    return visit.render(
        "delivery_parts.html" if visit.is_part else "delivery.html", delivery=delivery, seen=live.digest(delivery),
        has_ended=_has_ended(delivery), event=event,
    )  # fmt: skip


def _has_ended(delivery: Mapping[str, Any] | None) -> bool:
    return delivery is not None and delivery["state"] in _ENDED


async def watch_deliveries(visit: Visit) -> web.StreamResponse:
    """Deliveries as they begin and end."""
    return await listing.watch(visit, DELIVERIES)


async def watch_delivery(visit: Visit) -> web.StreamResponse:
    """The attempts of one delivery as they happen."""
    return await live.watch(visit, f"/v1/deliveries/{visit.id}", has_ended=_has_ended)


_HERE: Final = "/hooks/{id}"
_STATE: Final = (Field("state", ""),)
ROUTES: Final = (
    Route("GET", "/hooks", show_list),
    Route("GET", "/hooks/new", show_new),
    Route("POST", "/hooks/new", create),
    Route("GET", _HERE, show),
    Route("GET", f"{_HERE}/edit", show_edit),
    Route("POST", f"{_HERE}/edit", update),
    Route("POST", f"{_HERE}/state", verb("/v1/hooks/{id}", _HERE, N_("Saved."), fields=_STATE, method="PATCH")),
    Route("POST", f"{_HERE}/test", verb("/v1/hooks/{id}/test", _HERE, N_("A test event is on its way."))),
    Route("POST", f"{_HERE}/rotate", rotate),
    Route("POST", f"{_HERE}/recover", recover),
    Route("POST", f"{_HERE}/delete", verb("/v1/hooks/{id}", "/hooks", N_("Deleted."), method="DELETE")),
    Route("GET", "/deliveries", show_deliveries),
    Route("GET", "/deliveries/stream", watch_deliveries),
    Route("GET", "/deliveries/{id}", show_delivery),
    Route("GET", "/deliveries/{id}/stream", watch_delivery),
    Route(
        "POST", "/deliveries/{id}/redeliver",
        verb("/v1/deliveries/{id}/redeliver", "/deliveries/{id}", N_("It is delivered again."), takes_body=False),
    ),
)  # fmt: skip
