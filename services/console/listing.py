"""Lists as data: columns, filters that stand in the URL, pages by cursor, and what an empty list says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlencode

from aiohttp import web

from console import live
from console.api_client import FieldError, Problem
from console.forms import Option
from console.i18n import N_
from console.visit import Visit

ROWS: Final = 50  # of a page
CURSOR_CHARS_MAX: Final = 1_000  # as the API takes
_WRONG_FILTER: Final = (400, 422)

ANY: Final = Option("", N_("All"))


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `key` is a dotted path in the item; `kind` how it is shown, `currency` where its currency stands."""

    key: str
    label: str
    kind: Literal[
        "text", "money", "number", "day", "moment", "badge", "label", "labels", "code", "number_or_draft", "sale_state",
        "number_or_file", "pairs", "delete", "disconnect", "on_off", "events", "steps",
        "extract", "cancel", "event", "answer", "exact", "about", "automation", "open",
        "trigger",
    ] = "text"  # fmt: skip
    currency: str = "currency"
    link: str = ""  # of this cell, where it is another than the row's
    scope: str = "write"  # what a button in this cell needs


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of the API's list; `options` makes it a choice."""

    name: str
    label: str
    options: Sequence[Option] = ()
    kind: Literal["text", "choice", "date", "hidden"] = "text"


@dataclass(frozen=True, slots=True)
class Bulk:
    """What can be done with all rows that are ticked, each by a request of its own: `api` is a path with {id}."""

    name: str
    label: str
    api: str
    method: Literal["POST", "PATCH"] = "POST"
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One screen that is a list."""

    title: str
    api_path: str
    path: str
    columns: Sequence[Column]
    empty: str
    filters: Sequence[Filter] = ()
    row: str = ""  # where a row leads: a URL with {id}
    new: tuple[str, str] | None = None  # path and text of the button
    new_scope: str = "write"
    more: Sequence[tuple[str, str]] = ()  # further buttons: path and text
    more_scopes: Mapping[str, str] = field(default_factory=dict)  # what of them needs more than reading: by path
    bulk: Sequence[Bulk] = ()  # for rows of which no cell is a form
    intro: str = ""
    stream: str = ""  # where the first page reports its changes, if it is live


async def show(
    visit: Visit, listing: Listing, fixed: Mapping[str, Any] | None = None, *, names: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """Show a page of the list as the URL asks for it; `names` are those of what its rows name by id."""
    query = visit.request.query
    given = given_filters(visit, listing)
    cursor = query.get("cursor", "")[:CURSOR_CHARS_MAX]
    sent = {**(fixed or {}), **given, "cursor": cursor, "limit": ROWS}
    errors: list[FieldError] = []
    try:
        page = await visit.api.get(listing.api_path, sent)
    except Problem as problem:
        if problem.status not in _WRONG_FILTER or not given:
            raise
        page, errors, visit.status = {"items": []}, problem.field_errors, problem.status
    following = urlencode(given | {"cursor": page["next_cursor"]}) if page.get("next_cursor") else ""
    context = {
        "listing": listing, "title": listing.title, "items": page["items"], "given": given, "next": following,
        "is_first": not cursor, "first": urlencode(given), "errors": errors, "names": names,
    }  # fmt: skip
    if listing.stream and not cursor and not errors:
        context["stream"] = f"{listing.stream}?{urlencode(given | {'seen': live.digest(page)})}"
    return visit.render("list_items.html" if visit.is_part else "list.html", **context)


async def watch(visit: Visit, listing: Listing) -> web.StreamResponse:
    """Report when the first page of the list, as the URL asks for it, has changed."""
    return await live.watch(visit, listing.api_path, query=given_filters(visit, listing) | {"limit": ROWS})


def given_filters(visit: Visit, listing: Listing) -> dict[str, str]:
    """The list's filters that the URL gives."""
    query = visit.request.query
    return {one.name: query[one.name] for one in listing.filters if query.get(one.name)}


def choice(name: str, label: str, *codes: str, texts: Mapping[str, str] | None = None) -> Filter:
    """A filter of a closed set of codes, each with its usual text."""
    options = [ANY, *(Option(code, (texts or {}).get(code, code)) for code in codes)]
    return Filter(name, label, options, "choice")
