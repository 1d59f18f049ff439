"""`/ext/approvals/{secret}`: the page behind the link by which a person approves or refuses a step of a run.

The link's secret is encrypted by the executor with the installation's keys: it names the step, its reader and its end.
GET changes nothing, so that a mail scanner that follows the link decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Final
from uuid import UUID

import orjson

from chassis.encryption import DecryptionError
from contracts.primitives.ids import parse_id
from contracts.wire.commands import DECIDE_APPROVAL
from ingress.access.oauth.authorize import read_form
from ingress.access.oauth.pages import page
from ingress.access.oauth.texts import locale_of
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from ingress.views import run_queries

SECRET_CHARACTERS_MAX: Final = 4096  # a link is about 600
BODY_BYTES_MAX: Final = 4096  # one field and a short comment
COMMENT_CHARACTERS_MAX: Final = 1000  # a sentence or two
REFUSED_FROM: Final = 400

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "asks": "Your approval is asked for",
        "approve": "Approve",
        "refuse": "Refuse",
        "comment": "Comment",
        "ended": "This link has ended",
        "gone": "It was decided already, or its time is over.",
        "thanks": "Thank you",
        "kept": "Your decision is kept. You can close this page.",
    },
    "fr": {
        "asks": "Votre approbation est demandée",
        "approve": "Approuver",
        "refuse": "Refuser",
        "comment": "Commentaire",
        "ended": "Ce lien n'est plus valable",
        "gone": "La décision a déjà été prise, ou le délai est écoulé.",
        "thanks": "Merci",
        "kept": "Votre décision est enregistrée. Vous pouvez fermer cette page.",
    },
    "es": {
        "asks": "Se pide su aprobación",
        "approve": "Aprobar",
        "refuse": "Rechazar",
        "comment": "Comentario",
        "ended": "Este enlace ya no es válido",
        "gone": "Ya se decidió, o el plazo ha terminado.",
        "thanks": "Gracias",
        "kept": "Su decisión está guardada. Puede cerrar esta página.",
    },
}


@dataclass(frozen=True, slots=True)
class _Link:
    """What a link stands for."""

    account_id: UUID
    run_id: UUID
    step: str
    address: str


async def show_approval(api: Api, call: Request) -> Response:
    """GET: what is asked, with two buttons."""
    link = _read(api, call.params["secret"])
    step = None if link is None else await _waiting_step(api, link)
    if step is None:
        return _ended(call)
    texts, message = TEXTS[_locale(call)], str((step["input"] or {}).get("message", ""))
    content = (
        f'<p>{escape(message)}</p><form method="post">'
        f'<label for="comment">{texts["comment"]}</label>'
        f'<input id="comment" name="comment" maxlength="{COMMENT_CHARACTERS_MAX}">'
        f'<button type="submit" name="decision" value="approve">{texts["approve"]}</button>'
        f'<button type="submit" name="decision" value="refuse">{texts["refuse"]}</button></form>'
    )
    return page(_locale(call), texts["asks"], content)


async def decide_approval(api: Api, call: Request) -> Response:
    """POST of the form: keep the decision."""
    link, form = _read(api, call.params["secret"]), await read_form(call)
    decision = form.get("decision")
    if link is None or decision not in {"approve", "refuse"}:
        return _ended(call)
    call.account = link.account_id
    data = {
        "id": str(link.run_id),
        "step": link.step,
        "approved": decision == "approve",
        "comment": form.get("comment", "").strip()[:COMMENT_CHARACTERS_MAX] or None,
        "by": {"kind": "link", "id": None, "name": link.address},
    }
    reply = await api.submit(call, DECIDE_APPROVAL, data, subject_id=link.run_id)
    if reply.status >= REFUSED_FROM:
        return _ended(call)
    texts = TEXTS[_locale(call)]
    return page(_locale(call), texts["thanks"], f"<p>{texts['kept']}</p>")


def _read(api: Api, secret: str) -> _Link | None:
    """The link, if it was made here and has not ended."""
    if len(secret) > SECRET_CHARACTERS_MAX:
        return None
    try:
        claims: dict[str, Any] = orjson.loads(api.encryptor.open(secret.encode()))
        if claims["use"] != "approval" or datetime.fromisoformat(claims["until"]) <= datetime.now(tz=UTC):
            return None
    except (DecryptionError, ValueError, KeyError, TypeError):
        return None
    account_id, run_id = parse_id(claims["account"]), parse_id(claims["run"])
    return None if account_id is None or run_id is None else _Link(account_id, run_id, claims["step"], claims["to"])


async def _waiting_step(api: Api, link: _Link) -> Mapping[str, Any] | None:
    steps = await run_queries.steps(api.pool, account_id=link.account_id, run_id=link.run_id)
    return next((one for one in steps if one["path"] == link.step and one["state"] == "waiting"), None)


def _ended(call: Request) -> Response:
    texts = TEXTS[_locale(call)]
    return page(_locale(call), texts["ended"], f"<p>{texts['gone']}</p>", status=404)


def _locale(call: Request) -> str:
    return locale_of(None, call.headers.get("Accept-Language", ""))


ROUTES = (
    Route(
        "GET", "/ext/approvals/{secret}", "showApproval", show_approval, None,
        "The page on which a person approves or refuses a step of a run", response_types=("text/html",), tag="runs",
    ),
    Route(
        "POST", "/ext/approvals/{secret}", "decideApproval", decide_approval, None,
        "Approve or refuse by the link of a mail", request_type="decision", body_bytes_max=BODY_BYTES_MAX,
        response_types=("text/html",), tag="runs",
    ),
)  # fmt: skip
