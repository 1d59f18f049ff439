"""Replies of clients: the list with those of unknown senders, assigning them, and answering in the thread."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from console import editing, listing
from console.editing import FormPage, verb
from console.forms import KEY_FIELD, Field, Filled, Group
from console.i18n import N_
from console.listing import Column, Filter, Listing, choice
from console.visit import Route, Visit

CLIENTS: Final = 20  # offered for a reply; a search finds the others
THREAD: Final = 50  # messages of a client that are read for a thread
LISTING: Final = Listing(
    title=N_("Replies"),
    api_path="/v1/messages",
    path="/replies",
    columns=(
        Column("created_at", N_("Time"), "moment"),
        Column("from", N_("From")),
        Column("client.name", N_("Client")),
        Column("subject", N_("Subject")),
        Column("body", N_("Text"), "extract"),
        Column("automatic", N_("By a program"), "badge"),
        Column("resolved_at", N_("Answered"), "moment"),
    ),
    filters=(
        choice("needs_response", N_("Needs an answer"), "true", "false"),
        choice("unmatched", N_("Without a client"), "true", "false"),
        choice("channel", N_("Channel"), "email", "sms"),
        Filter("client_id", "", kind="hidden"),
    ),
    row="/messages/{id}",
    intro=N_("What clients write back. A reply that belongs to no client can be assigned to one."),
    more=(("/channels", N_("Channels")),),
    empty=N_(
        "No reply yet. Activate a channel for replies and give its address to your mail provider;"
        " then they appear here."
    ),
)


async def show_list(visit: Visit) -> web.StreamResponse:
    """The replies, newest first."""
    return await listing.show(visit, LISTING, {"direction": "received"})


async def show_assign(visit: Visit) -> web.StreamResponse:
    """Clients that the reply may be of, by its sender's address or what is searched."""
    message = await visit.api.get(f"/v1/messages/{visit.id}")
    query = visit.request.query.get("query")
    wanted = (query if query is not None else (message["from"] or "").partition("@")[2]).strip()[:200]
    clients = (await visit.api.get("/v1/clients", {"query": wanted, "limit": CLIENTS}))["items"]
    return visit.render("assign.html", message=message, clients=clients, query=query or "")


async def _answer_page(visit: Visit) -> tuple[FormPage, dict[str, Any]]:
    message = dict(await visit.api.get(f"/v1/messages/{visit.id}"))
    here = f"/messages/{visit.id}"
    fields = [
        Field("channel", "", "hidden"),
        *((Field("subject", N_("Subject"), required=True, wide=True),) if message["channel"] == "email" else ()),
        Field("body", N_("Text"), "area", required=True, rows=10),
        Field("resolve", N_("Mark the reply as answered"), "checkbox"),
    ]
    return FormPage(N_("Answer"), (Group("", fields),), f"{here}/answer", N_("Send"), (here, N_("Message"))), message


async def show_answer(visit: Visit) -> web.StreamResponse:
    """The form of an answer."""
    page, message = await _answer_page(visit)
    subject = message["subject"] or ""
    proposed = subject if subject.lower().startswith("re:") else f"Re: {subject}".strip()
    return page.show(visit, Filled({"channel": message["channel"], "subject": proposed, "resolve": "true"}))


async def answer(visit: Visit) -> web.StreamResponse:
    """Send the answer into the reply's thread, and mark the reply as answered."""
    (page, message), form = await _answer_page(visit), await visit.read_form()

    async def send(body: dict[str, Any]) -> Any:
        sent = {name: value for name, value in body.items() if name != "resolve"}
        sent |= {"client_id": message["client_id"], "in_reply_to": message["id"], "channel": message["channel"]}
        return await visit.api.post("/v1/messages", sent, key=form.get(KEY_FIELD))

    sent = await editing.submit(visit, page, send)
    if isinstance(sent, web.Response):
        return sent
    if form.get("resolve") == "true" and message["needs_response"] and not message["resolved_at"]:
        await visit.api.post(f"/v1/messages/{visit.id}/resolve")
    return visit.go(f"/messages/{visit.id}", visit.text(N_("The message is being sent.")))


async def thread_of(visit: Visit, message: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages that belong together by their answers, oldest first, without the message itself alone."""
    if not message["client_id"]:
        return []
    found = (await visit.api.get("/v1/messages", {"client_id": message["client_id"], "limit": THREAD}))["items"]
    known = {one["id"]: one for one in found} | {message["id"]: message}
    inside = {message["id"]}
    for _ in range(THREAD):
        more = {one["id"] for one in known.values() if one["in_reply_to"] in inside}
        more |= {known[one]["in_reply_to"] for one in inside if known[one]["in_reply_to"] in known}
        if more <= inside:
            break
        inside |= more
    chain = sorted((known[one] for one in inside), key=lambda one: str(one["created_at"]))
    return chain if len(chain) > 1 else []


_ASSIGN: Final = (Field("client_id", N_("Client")),)
ROUTES: Final = (
    Route("GET", "/replies", show_list),
    Route("GET", "/messages/{id}/assign", show_assign),
    Route(
        "POST", "/messages/{id}/assign",
        verb("/v1/messages/{id}/assign", "/messages/{id}", N_("The reply is this client's now."), fields=_ASSIGN),
    ),
    Route("GET", "/messages/{id}/answer", show_answer),
    Route("POST", "/messages/{id}/answer", answer),
)  # fmt: skip
