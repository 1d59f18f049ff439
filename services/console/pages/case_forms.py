"""What a person does about a case that needs words or a date: one form each, with what is wrong at its field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from console import editing
from console.editing import FormPage
from console.forms import KEY_FIELD, Field, Filled, Group, Option
from console.i18n import N_
from console.pages.cases import collectors_of, invoices_of
from console.visit import Route, Visit

Case = Mapping[str, Any]
OUTCOMES: Final = ("no_answer", "left_message", "spoke", "promised", "wrong_number", "disputed", "other")


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing to do: its form, where it is sent, and what is said when it is done."""

    title: str
    submit: str
    notice: str
    path: str  # of the API, with {id} the case's
    fields: Callable[[Visit, Case], Awaitable[Sequence[Field]]]
    body: Callable[[Case, dict[str, Any]], dict[str, Any]] = lambda _case, body: body
    values: Callable[[Case], dict[str, str]] = lambda _case: {}
    intro: str = ""


def _of_client(case: Case, body: dict[str, Any]) -> dict[str, Any]:
    return {"client_id": case["client_id"]} | body


def _fixed(*fields: Field) -> Callable[[Visit, Case], Awaitable[Sequence[Field]]]:
    async def given(_visit: Visit, _case: Case) -> Sequence[Field]:
        return fields

    return given


async def _dispute_fields(visit: Visit, case: Case) -> Sequence[Field]:
    invoices = await invoices_of(visit, case)
    options = [Option(one["id"], f"{one['number']} · {one['amount_due']} {one['currency']}") for one in invoices]
    return (
        Field("sale_id", N_("Invoice"), "choice", required=True, options=options),
        Field("reason", N_("Reason"), required=True, wide=True),
        Field("note", N_("Details"), "area", help=N_("Kept as a note on the client")),
    )


async def _promise_fields(_visit: Visit, _case: Case) -> Sequence[Field]:
    return (
        Field("date", N_("Will pay until"), "date", required=True),
        Field("amount", N_("Amount"), "decimal", help=N_("Empty: all that is open"), wide=False),
        Field("currency", "", "hidden"),
    )  # fmt: skip


async def _message_fields(_visit: Visit, _case: Case) -> Sequence[Field]:
    return (
        Field("channel", N_("Channel"), "choice", options=(Option("email", "email"), Option("sms", "sms"))),
        Field("subject", N_("Subject"), help=N_("An SMS has none")),
        Field("body", N_("Text"), "area", required=True, rows=10),
        Field("attach_pdf", N_("Attach the open invoices as PDF"), "checkbox", wide=True),
    )  # fmt: skip


def _message_body(case: Case, body: dict[str, Any]) -> dict[str, Any]:
    """An SMS has neither subject nor files; files are those of the case's invoices."""
    sent = _of_client(case, body)
    if sent.get("channel") == "sms":
        sent.pop("attach_pdf", None)
    return sent | {"sale_ids": case["sale_ids"][:50]}


async def _move_fields(visit: Visit, case: Case) -> Sequence[Field]:
    collectors = [one for one in await collectors_of(visit) if one["id"] != case["collector"]["id"]]
    return (
        Field(
            "collector_id", N_("To"), "choice", required=True, options=[Option(o["id"], o["name"]) for o in collectors]
        ),
        Field("note", N_("Note"), "area", help=N_("Why; it is kept with the move")),
    )


def _move_body(case: Case, body: dict[str, Any]) -> dict[str, Any]:
    return {"invoice_ids": case["sale_ids"]} | body


_UNTIL: Final = Field("until", N_("Until"), "date", required=True)
DEEDS: Final[Mapping[str, Deed]] = {
    "snooze": Deed(
        N_("Put the next step off"), N_("Put off"), N_("The next step waits."), "/v1/cases/{id}/snooze",
        _fixed(_UNTIL), intro=N_("Nothing is sent before that day. Then it goes on by itself."),
    ),
    "pause": Deed(
        N_("Pause"), N_("Pause"), N_("Paused."), "/v1/cases/{id}/pause",
        _fixed(
            Field("until", N_("Until"), "date", help=N_("Empty: until a user resumes it")),
            Field("reason", N_("Reason"), wide=True),
        ),
        intro=N_("Nothing is sent meanwhile. Give an end or a reason, so that no client is forgotten in silence."),
    ),
    "mute": Deed(
        N_("Mute"), N_("Mute"), N_("Muted."), "/v1/cases/{id}/mute",
        _fixed(Field("reason", N_("Reason"), required=True, wide=True)),
        intro=N_("Nothing is ever sent about this case until a user unmutes it."),
    ),
    "note": Deed(
        N_("New note"), N_("Add note"), N_("Note added."), "/v1/notes",
        _fixed(
            Field("body", N_("Note"), "area", required=True, rows=5),
            Field("pinned", N_("Pinned"), "checkbox"),
            Field("needs_response", N_("Needs an answer: no reminder goes out before"), "checkbox"),
        ),
        _of_client,
    ),
    "promise": Deed(
        N_("Record a promise to pay"), N_("Record the promise"),
        N_("The promise is recorded. No reminder goes out before it is over."),
        "/v1/promises", _promise_fields, _of_client, lambda case: {"currency": case["currency"] or ""},
    ),
    "dispute": Deed(
        N_("Mark an invoice as disputed"), N_("Mark as disputed"),
        N_("No reminder asks for the invoice until the dispute is resolved."),
        "/v1/disputes", _dispute_fields,
    ),
    "message": Deed(
        N_("Write to the client"), N_("Send"), N_("The message is being sent."), "/v1/messages", _message_fields,
        _message_body, lambda _case: {"channel": "email"},
    ),
    "move": Deed(
        N_("Change collector"), N_("Change collector"), N_("The invoices were moved."), "/v1/invoices/move",
        _move_fields, _move_body,
        intro=N_("The open invoices of this case go on in another collector, from its first step."),
    ),
}  # fmt: skip


def _page(visit: Visit, case: Case, deed: Deed, fields: Sequence[Field]) -> FormPage:
    here = f"/cases/{visit.id}"
    action = f"{here}/{visit.request.match_info['deed']}"
    return FormPage(deed.title, (Group("", fields),), action, deed.submit, (here, case["client"]["name"]), deed.intro)


def _deed(visit: Visit) -> Deed:
    found = DEEDS.get(visit.request.match_info["deed"])
    if found is None:
        raise web.HTTPNotFound
    return found


async def show(visit: Visit) -> web.StreamResponse:
    """The form."""
    deed, case = _deed(visit), await visit.api.get(f"/v1/cases/{visit.id}")
    page = _page(visit, case, deed, await deed.fields(visit, case))
    return page.show(visit, Filled(deed.values(case)))


async def do(visit: Visit) -> web.StreamResponse:
    """Send the form."""
    deed, case = _deed(visit), await visit.api.get(f"/v1/cases/{visit.id}")
    page, form = _page(visit, case, deed, await deed.fields(visit, case)), await visit.read_form()
    path = deed.path.replace("{id}", visit.id)
    done = await editing.submit(
        visit, page, lambda body: visit.api.post(path, deed.body(case, body), key=form.get(KEY_FIELD))
    )
    if isinstance(done, web.Response):
        return done
    if isinstance(done, dict) and done.get("to_collector"):
        found = urlencode({"view": "list", "query": done["client"]["name"][:60]})
        return visit.go(f"/cases?{found}", visit.text(deed.notice))
    return visit.go(f"/cases/{visit.id}", visit.text(deed.notice))


ROUTES: Final = (
    Route("GET", "/cases/{id}/{deed}", show),
    Route("POST", "/cases/{id}/{deed}", do),
)
