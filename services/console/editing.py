"""What pages do with forms: show them, send them to the API, and show them again with every fault at its field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from console import faults
from console.api_client import Problem
from console.forms import KEY_FIELD, Field, Filled, Group, as_object, names_of
from console.settings import PREFIX_PATH
from console.templating import fill
from console.visit import Handler, Visit, safe_path

_SERVER_FAULT: Final = 500
_UNAUTHORIZED: Final = 401
_NOT_FOUND: Final = 404
FILE_TYPES_SHOWN: Final = ("application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif")
"""What browsers show without running any of it; everything else is saved as a file."""


@dataclass(frozen=True, slots=True)
class FormPage:
    """A page that is one form; `back` is where it was opened from, and what that is called."""

    title: str
    groups: Sequence[Group]
    action: str
    submit: str
    back: tuple[str, str]
    intro: str = ""
    template: str = "form.html"
    scope: str = "write"  # what its button needs

    def show(self, visit: Visit, filled: Filled, *, status: int = 200, **context: Any) -> web.Response:
        """The page."""
        return visit.render(self.template, status=status, form=self, title=self.title, filled=filled, **context)


async def submit(
    visit: Visit, page: FormPage, send: Callable[[dict[str, Any]], Awaitable[Any]], *, keep_empty: bool = False,
    **context: Any,
) -> Any:  # fmt: skip
    """Send the posted form; the API's answer, or the page again with the faults as a response."""
    form, fields = await visit.read_form(), names_of(page.groups)
    try:
        return await send(as_object(fields, form, keep_empty=keep_empty))
    except Problem as problem:
        return again(visit, page, problem, form, fields, **context)


def again(
    visit: Visit, page: FormPage, problem: Problem, form: Mapping[str, str], fields: Sequence[Field], **context: Any
) -> web.Response:
    """The page with what was typed and what is wrong with it.

    Raises:
        Problem: it has nothing to do with what was typed.
    """
    if problem.status >= _SERVER_FAULT or problem.status in {_UNAUTHORIZED, _NOT_FOUND}:
        raise problem
    filled = Filled(form).with_faults(problem.faults, fields, problem)
    return page.show(visit, filled, status=problem.status, **context)


def verb(
    api: str, back: str, notice: str, *, fields: Sequence[Field] = (), method: str = "POST", takes_body: bool = True,
    page: Handler | None = None,
) -> Handler:  # fmt: skip
    """A handler that asks the API for a change of one object and leads back; paths are filled from the route.

    A form's own `back` goes before. `page` shows the form's page: where the API refuses, it shows it again with what
    was typed, the faults at the fields.
    """

    async def handle(visit: Visit) -> web.StreamResponse:
        form, place = await visit.read_form(), dict(visit.request.match_info)
        after = safe_path(PREFIX_PATH + form["back"]) if form.get("back") else fill(back, place)
        body = as_object(fields, form) if takes_body and method != "DELETE" else None
        headers = {"Idempotency-Key": form[KEY_FIELD]} if method == "POST" and form.get(KEY_FIELD) else {}
        try:
            await visit.api.send(method, fill(api, place), body=body, headers=headers)
        except Problem as problem:
            if page is not None:
                return await refuse(visit, page, problem, form, fields)
            return failed(visit, after, problem)
        return visit.go(after, visit.text(notice))

    return handle


async def refuse(
    visit: Visit, page: Handler, problem: Problem, form: Mapping[str, str], fields: Sequence[Field]
) -> web.StreamResponse:
    """The page that a form is a part of, with what was typed into it and what is wrong with that.

    Raises:
        Problem: it has nothing to do with what was typed.
    """
    if problem.status >= _SERVER_FAULT or problem.status in {_UNAUTHORIZED, _NOT_FOUND}:
        raise problem
    visit.refused, visit.status = Filled(form).with_faults(problem.faults, fields, problem), problem.status
    return await page(visit)


def failed(visit: Visit, back: str, problem: Problem) -> web.Response:
    """Back to a page with what the API refused.

    Raises:
        Problem: the session has ended, or the API does not answer.
    """
    if problem.status >= _SERVER_FAULT or problem.status in {_UNAUTHORIZED, _NOT_FOUND}:
        raise problem
    message = "; ".join(faults.sentence_of(one, visit.text, visit.locale) for one in problem.field_errors)
    return visit.go(back, message, failed=True)


async def pass_file(
    visit: Visit, path: str, query: Mapping[str, str] | None = None, *, saved: bool = False
) -> web.StreamResponse:
    """A file of the API as the browser may show it: pictures and PDFs inside the page, the rest or `saved` to keep."""
    async with visit.api.open("GET", path, query=query) as reply:
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
        is_known = reply.content_type in FILE_TYPES_SHOWN
        is_shown = is_known and not saved
        headers["Content-Type"] = reply.content_type if is_known else "application/octet-stream"
        given = reply.headers.get("Content-Disposition", "attachment")
        name = given.partition(";")[2]
        headers["Content-Disposition"] = f"inline;{name}" if is_shown else f"attachment;{name}"
        answer = web.StreamResponse(headers=headers)
        await answer.prepare(visit.request)
        async for part in reply.content.iter_chunked(64 * 1024):
            await answer.write(part)
        await answer.write_eof()
    return answer
