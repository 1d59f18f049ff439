"""Settings of collections: when reminders go, how far apart, from whom, and what becomes of replies."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from console import collecting, editing
from console.editing import FormPage
from console.forms import Field, Filled, Group, Option, as_texts, names_of
from console.i18n import N_
from console.visit import Route, Visit

WEEKDAYS: Final = (
    Option("1", N_("Monday")), Option("2", N_("Tuesday")), Option("3", N_("Wednesday")), Option("4", N_("Thursday")),
    Option("5", N_("Friday")), Option("6", N_("Saturday")), Option("7", N_("Sunday")),
)  # fmt: skip
DISPUTED: Final = (
    Option("leave_out", N_("Left out")), Option("mark", N_("Listed, marked as disputed, and not demanded")),
)  # fmt: skip
GROUPS: Final = (
    Group(
        N_("When reminders go"),
        (
            Field("send_window.opens", N_("From"), help=N_("A time of day, such as 09:00; empty: from midnight")),
            Field("send_window.closes", N_("Until"), help=N_("Such as 17:00; empty: until midnight")),
            Field("send_window.weekdays", N_("On these days"), "choices", options=WEEKDAYS,
                  help=N_("None ticked: on every day")),
            Field("send_window.holidays", N_("Not on these days"), "list",
                  help=N_("Holidays, a line each, such as 2026-12-25")),
            Field("min_contact_days", N_("Days between two messages at least"), "number",
                  help=N_("Wins over the steps; counts what people send too")),
        ),
        N_("In the account's time zone."),
    ),
    Group(
        N_("Who writes"),
        (
            Field("sender_name", N_("Sender's name")),
            Field("reply_to", N_("Replies go to"), "email"),
            Field("sms_sender", N_("Sender of SMS"), help=N_("Up to 11 letters, or a number")),
        ),
    ),
    Group(
        N_("What reminders list"),
        (
            Field("disputed_invoices", N_("Disputed invoices"), "choice", options=DISPUTED, wide=True,
                  help=N_("Texts that do not use invoice.disputed leave them out all the same")),
        ),
    ),
    Group(
        N_("Afterwards"),
        (
            Field("await_replies", N_("A reply holds the reminders back until it is answered"), "checkbox",
                  wide=True),
            Field("thank_you", N_("Thank clients for payments"), "checkbox", wide=True),
        ),
    ),
)  # fmt: skip
PAGE: Final = FormPage(
    N_("Settings of reminders"), GROUPS, "/collectors/settings", N_("Save"), ("/collectors", N_("Collectors"))
)


async def show(visit: Visit) -> web.StreamResponse:
    """The form with what is set."""
    account = await visit.api.get("/v1/account")
    texts = as_texts(names_of(GROUPS), account)
    amount, unit = collecting.delay_of(account["min_contact_interval"] or "")
    if account["min_contact_interval"]:
        texts["min_contact_days"] = amount if unit == "D" else account["min_contact_interval"]
    return PAGE.show(visit, Filled(texts))


async def save(visit: Visit) -> web.StreamResponse:
    """Save the form; an interval may be a whole number of days, or a duration as the API has it."""

    async def send(body: dict[str, Any]) -> Any:
        return await visit.api.send("PATCH", "/v1/account", body=_changed(body))

    saved = await editing.submit(visit, PAGE, send, keep_empty=True)
    if isinstance(saved, web.Response):
        return saved
    return visit.go("/collectors/settings", visit.text(N_("Saved.")))


def _changed(body: dict[str, Any]) -> dict[str, Any]:
    window = body.pop("send_window")
    window["weekdays"] = [int(one) for one in window["weekdays"] if one.isdigit()] or None
    days = body.pop("min_contact_days")
    body["min_contact_interval"] = None if days is None else f"P{days}D" if isinstance(days, int) else days
    return body | {"send_window": window if any(window.values()) else None}


ROUTES: Final = (
    Route("GET", "/collectors/settings", show),
    Route("POST", "/collectors/settings", save),
)
