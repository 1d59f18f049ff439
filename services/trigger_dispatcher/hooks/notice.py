"""Make the jobs that notify a hook's target and the account's owners of its end, in the transaction that ends it."""

from __future__ import annotations

from typing import Any, Final

from asyncpg import Record

from contracts.primitives.ids import derive_id
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import (
    NOTIFY_REMOVAL,
    RECIPIENTS_MAX,
    SEND_MESSAGE,
    SUBJECT_CHARS_MAX,
    NotifyRemovalJob,
    SendMessageJob,
)
from storage.pool import Connection

_ADDRESSEES: Final = """
SELECT locale, profile ->> 'email' AS own,
       ARRAY(SELECT email FROM ingress_api.owner o WHERE o.account_id = a.account_id ORDER BY email LIMIT $2) AS owners
  FROM ingress_api.account a WHERE account_id = $1
"""
_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "en": (
        "The hook to {server} was disabled",
        (
            "The hook {name} was disabled: {reason}.\n\nNothing is sent to it any more. Repair its receiver, enable the"
            " hook (PATCH /v1/hooks/{id} with state active) and recover what it missed (POST /v1/hooks/{id}/recover)."
        ),
    ),
    "fr": (
        "Le webhook vers {server} a été désactivé",
        (
            "Le webhook {name} a été désactivé : {reason}.\n\nPlus rien ne lui est envoyé. Réparez son récepteur,"
            " réactivez le webhook (PATCH /v1/hooks/{id}, state active) et récupérez ce qu'il a manqué"
            " (POST /v1/hooks/{id}/recover)."
        ),
    ),
    "es": (
        "Se desactivó el webhook a {server}",
        (
            "El webhook {name} se desactivó: {reason}.\n\nYa no se le envía nada. Repare su receptor, active el webhook"
            " (PATCH /v1/hooks/{id}, state active) y recupere lo que perdió (POST /v1/hooks/{id}/recover)."
        ),
    ),
}


def removal_notice(command: Envelope, hook: Record) -> Envelope:
    """The job that notifies the target of a hook (`id`, `version`) with a DELETE."""
    job = NotifyRemovalJob(hook_id=hook["id"], version=hook["version"])
    made = command.follow(NOTIFY_REMOVAL, job.model_dump(mode="json"))
    return made.model_copy(update={"id": derive_id(command.id, f"hook-removed-{hook['id']}")})


async def disabled_notice(conn: Connection, command: Envelope, hook: Record) -> list[Envelope]:
    """The job that mails it: to the account's own address, else to its owners'; none where no address is known."""
    found = await conn.fetchrow(_ADDRESSEES, command.account_id, RECIPIENTS_MAX)
    to = ([found["own"]] if found["own"] else list(found["owners"])) if found else []
    if not to or found is None:
        return []
    return [_job(command, hook, to, found["locale"])]


def _job(command: Envelope, hook: Record, to: list[str], locale: str) -> Envelope:
    subject, body = _TEXTS.get(locale[:2], _TEXTS["en"])
    server = hook["target_url"].split("/")[2]  # the rest of a target may be a secret
    facts: dict[str, Any] = {"server": server, "id": hook["id"], "reason": hook["reason"] or "",
                             "name": hook["name"] or f"{hook['id']} ({server})"}  # fmt: skip
    job_id = derive_id(command.id, "hook-disabled-mail")
    job = SendMessageJob(
        message_id=job_id,
        channel="email",
        to=to,
        subject=subject.format(**facts)[:SUBJECT_CHARS_MAX],
        body=body.format(**facts),
        origin="notice",
    )
    made = command.follow(SEND_MESSAGE, job.model_dump(mode="json"))
    return made.model_copy(update={"id": job_id})
