"""Render the texts of a message to a client from a template, in the client's language, over its open invoices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.primitives.problem import FieldError
from ingress.errors import InvalidInput, NotFound
from ingress.http.context import Api
from ingress.http.route import Request
from ingress.views import case_queries, queries
from ingress.views.batches import Row
from templates.reminders import SAMPLE_INVOICE, ListedInvoice, one_line, says_disputed, template_names, texts_of
from templates.renderer import Letter, NoWorker


async def client_of(api: Api, call: Request, client_id: UUID | None, sale_id: UUID | None) -> Row:
    """The client, or that of an invoice.

    Raises:
        NotFound: there is none.
    """
    if client_id is None and sale_id is not None:
        client_id = await case_queries.client_of_sale(api.pool, account_id=call.account_id, sale_id=sale_id)
    client = None
    if client_id is not None:
        client = await queries.find(api.pool, queries.CLIENTS, account_id=call.account_id, identifier=client_id)
    if client is None:
        raise NotFound("there is no such client or invoice")
    return client


async def rendered(
    api: Api,
    call: Request,
    template: Mapping[str, Any],
    client: Row,
    *,
    sale_ids: Sequence[UUID] | None,
    step: int,
    with_sample: bool,
    path: str,
    language: str | None = None,
) -> tuple[str, dict[str, str]]:
    """The language and the texts `{subject, body}` of a template, in `language` or the client's.

    `with_sample` makes an invoice up where none is open.

    Raises:
        InvalidInput: it cannot be rendered; the error names `path`.
    """
    account = await case_queries.account(api.pool, account_id=call.account_id)
    rows = await case_queries.open_invoices(
        api.pool,
        account_id=call.account_id,
        client_id=client["id"],
        sale_ids=sale_ids,
        says_disputed=says_disputed(template),
    )
    invoices = [ListedInvoice(**row) for row in rows]
    if with_sample and all(one.disputed for one in invoices):
        invoices.insert(0, SAMPLE_INVOICE)
    names = template_names(
        client=client,
        account={**account["profile"], "name": account["name"]},
        invoices=invoices,
        step=step,
        today=account["today"],
    )
    chosen, texts = texts_of(template, language or client["locale"], client["locale"], account["locale"])
    request = Letter({name: texts[name] for name in ("subject", "body") if texts.get(name)}, names)
    made = await _made(api, call, request, path)
    return chosen, made | ({"subject": one_line(made["subject"])} if "subject" in made else {})


async def _made(api: Api, call: Request, request: Letter, path: str) -> dict[str, str]:
    try:
        (made,) = await api.renderer.render(call.account_id, [request])
    except NoWorker:
        raise InvalidInput(faults=[FieldError(path, "cannot be rendered at the moment: try again")]) from None
    if made.texts is None:
        raise InvalidInput(faults=[FieldError(path, made.fault or "cannot be rendered")])
    return dict(made.texts)
