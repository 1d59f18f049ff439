"""Tell people by mail that a run failed, at most once an hour for each automation."""

from __future__ import annotations

from typing import Final

from action_executor.actions import messages
from action_executor.actions.context import StepContext
from action_executor.messages.store import find_account
from action_executor.runs.records import Done, StepCall, StepOutcome, replace_input
from storage.pool import Pool

OWNER: Final = "owner"
PAUSE_SECONDS: Final = 3600  # an automation that fails with every event is one mail, not thousands

# The run that took the hour keeps it, so that a repetition after a crash sends its mail.
_TAKE_HOUR: Final = """
INSERT INTO execution.failure_notice AS n (account_id, automation_id, run_id, sent_at) VALUES ($1, $2, $3, now())
ON CONFLICT (account_id, automation_id) DO UPDATE SET run_id = excluded.run_id, sent_at = now()
 WHERE n.sent_at < now() - make_interval(secs => $4) OR n.run_id = excluded.run_id
RETURNING true
"""
_OWNERS: Final = "SELECT email FROM ingress_api.owner WHERE account_id = $1 ORDER BY email LIMIT 10"
_NAME: Final = "SELECT name FROM dispatch_api.automation_version WHERE account_id = $1 AND automation_id = $2 LIMIT 1"
_TEXTS: Final = {
    "en": (
        'Automation "{name}" failed',
        (
            'A run of the automation "{name}" failed.\n\n{error}\n\nThe run and its steps:\n{url}\n\n'
            "Further failures of this automation within an hour are not mailed."
        ),
    ),
    "fr": (
        "L'automatisation « {name} » a échoué",
        (
            "Une exécution de l'automatisation « {name} » a échoué.\n\n{error}\n\nSes étapes :\n{url}\n\n"
            "Les échecs suivants de cette automatisation dans l'heure ne sont pas signalés."
        ),
    ),
    "es": (
        "La automatización «{name}» ha fallado",
        (
            "Una ejecución de la automatización «{name}» ha fallado.\n\n{error}\n\nLa ejecución y sus pasos:\n{url}\n\n"
            "Los fallos siguientes de esta automatización en una hora no se avisan."
        ),
    ),
}


async def notify(call: StepCall, context: StepContext) -> StepOutcome:
    """Mail those who are named: output as `send_email`'s, or `{"suppressed": true}` within the hour."""
    run = call.run
    to = await _recipients(call, context.pool)
    if not to:
        return Done({"suppressed": False, "accepted": []})
    if not await context.pool.fetchval(_TAKE_HOUR, run.account_id, run.automation_id, run.id, PAUSE_SECONDS):
        return Done({"suppressed": True})
    name = await context.pool.fetchval(_NAME, run.account_id, run.automation_id) or str(run.automation_id)
    account = await find_account(context.pool, account_id=run.account_id)
    subject, body = _TEXTS.get(account.locale[:2], _TEXTS["en"])
    url = context.urls.at(f"/v1/runs/{run.id}")
    given = {
        "to": to,
        "subject": subject.format(name=name)[:200],
        "body": body.format(name=name, error=run.error or "", url=url),
    }
    return await messages.send_email(replace_input(call, given), context)


async def _recipients(call: StepCall, pool: Pool) -> list[str]:
    """The addresses, each once; the owner is the account's own address, else those of its owners."""
    named = list(call.input["to"])
    if OWNER not in named:
        return named
    account = await find_account(pool, account_id=call.run.account_id)
    own = account.profile.get("email")
    owners = [own] if own else [row["email"] for row in await pool.fetch(_OWNERS, call.run.account_id)]
    return list(dict.fromkeys([*owners, *(one for one in named if one != OWNER)]))
