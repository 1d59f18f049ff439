"""Steps that call others over HTTP: under the same guard as deliveries, with the step's id as idempotency key.

A connection's secrets are put in last, after all that is kept of a step was written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from action_executor.connections.book import Opened, Shut
from action_executor.connections.rules import REFUSED_HEADERS, target_of
from action_executor.deliveries.rules import retry_after_seconds
from action_executor.outward import Answer, Call, NoAnswer
from action_executor.runs.actions.tools import Tools
from action_executor.runs.records import Done, Failed, StepCall, StepOutcome
from contracts.connections import ConnectionKind
from contracts.strict_json import JsonRefused, read_json

ANSWER_BYTES_MAX: Final = 256 * 1024
SHOWN_HEADERS_MAX: Final = 50
SHOWN_CHARACTERS_MAX: Final = 500
RETRYABLE: Final = frozenset({408, 425, 429})


async def http_request(call: StepCall, tools: Tools) -> StepOutcome:
    """Call a URL: output `{"status", "headers", "body"}`; 2xx is success, what may pass by itself is tried again."""
    given = call.input
    headers = {str(name): str(value) for name, value in (given.get("headers") or {}).items()}
    if refused := sorted(name for name in headers if name.lower() in REFUSED_HEADERS):
        return Failed(f"input.headers.{refused[0]}: is set by us: leave it out")
    way = await _way(call, tools, "http")
    if isinstance(way, Failed):
        return way
    body = _body(given.get("body"), headers)
    headers.setdefault("Idempotency-Key", str(call.command_id))
    ours = {name.lower() for name in way.headers}
    answer = await tools.outward.call(
        Call(
            str(given.get("method", "POST")),
            way.url,
            {name: value for name, value in headers.items() if name.lower() not in ours} | dict(way.headers),
            body,
            read_bytes_max=ANSWER_BYTES_MAX,
            timeout_seconds=float(given.get("timeout_seconds", 15)),
        )
    )
    return _outcome(answer, _shown)


async def post_chat_message(call: StepCall, tools: Tools) -> StepOutcome:
    """Post a text to a chat's incoming webhook, in Slack's form: output `{"status"}`."""
    given = call.input
    way = await _way(call, tools, "chat")
    if isinstance(way, Failed):
        return way
    message = {name: given[name] for name in ("text", "channel", "username") if given.get(name)}
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(call.command_id)}
    answer = await tools.outward.call(Call("POST", way.url, headers, orjson.dumps(message)))
    return _outcome(answer, lambda answer: {"status": answer.status})


async def _way(call: StepCall, tools: Tools, kind: ConnectionKind) -> Opened | Failed:
    """Where the step goes, and what lets it in there."""
    asked = call.input.get("url")
    if call.connection_id is None:
        return Opened(str(asked), {}) if asked else Failed("input.url: is required, or a connection that holds it")
    opened = await tools.connections.open(account_id=call.run.account_id, connection_id=call.connection_id, kind=kind)
    if isinstance(opened, Shut):
        return Failed(opened.reason)
    url = target_of(opened.url, str(asked) if asked else None)
    if url is None:
        return Failed("input.url: leads to another server than the connection does: what lets us in stays at home")
    return Opened(url, opened.headers)


def _body(given: Any, headers: dict[str, str]) -> bytes | None:
    """An object or list goes as JSON, a text as it is."""
    typed = any(name.lower() == "content-type" for name in headers)
    if given is None:
        return None
    if isinstance(given, str):
        if not typed:
            headers["Content-Type"] = "text/plain; charset=utf-8"
        return given.encode()
    if not typed:
        headers["Content-Type"] = "application/json"
    return orjson.dumps(given)


def _outcome(answer: Answer | NoAnswer, show: Any) -> StepOutcome:
    match answer:
        case NoAnswer(reason, refused):
            return Failed(reason, retryable=not refused)
        case Answer(status) if 200 <= status < 300:  # noqa: PLR2004  HTTP's "success"
            return Done(show(answer))
        case Answer(status):
            passing = status >= 500 or status in RETRYABLE  # noqa: PLR2004  HTTP's "server's fault"
            after = retry_after_seconds(answer.headers, datetime.now(tz=UTC)) if passing else 0.0
            said = answer.body[:SHOWN_CHARACTERS_MAX].decode("utf-8", "replace")
            redirected = ": redirects are not followed" if status // 100 == 3 else ""  # noqa: PLR2004
            return Failed(f"answered {status}{redirected}{f': {said}' if said else ''}", passing, after, _shown(answer))


def _shown(answer: Answer) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "status": answer.status,
        "headers": dict(list(_lower(answer.headers).items())[:SHOWN_HEADERS_MAX]),
        "body": _read(answer),
    }
    if not answer.whole:
        shown["truncated"] = True
    return shown


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _read(answer: Answer) -> Any:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if answer.whole and (kind == "application/json" or kind.endswith("+json")):
        try:
            return read_json(answer.body, numbers="text")
        except JsonRefused:
            pass  # kept as the text that it is
    return answer.body.decode("utf-8", "replace")
