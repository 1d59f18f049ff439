"""Steps that call others over HTTP: under the same guard as deliveries, with the step's id as idempotency key.

A connection's secrets are put in last, after all that is kept of a step was written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from action_executor.actions.context import StepContext
from action_executor.actions.received import output
from action_executor.connections.repository import UnusableConnection
from action_executor.connections.rules import REFUSED_HEADERS, origin_of, target_of
from action_executor.connections.secrets import NO_SECRETS, Secrets
from action_executor.deliveries.rules import retry_after_seconds
from action_executor.http_client import OutboundRequest, OutboundResponse, TransportError
from action_executor.runs.files import FILE_BYTES_MAX, find, is_file
from action_executor.runs.records import Done, Failed, StepCall, StepOutcome, wrong_input
from contracts.resources.connection import ConnectionKind

SHOWN_CHARACTERS_MAX: Final = 500
RETRYABLE: Final = frozenset({408, 425, 429})


async def http_request(call: StepCall, context: StepContext) -> StepOutcome:
    """Call a URL: output `{"status", "headers", "body"}`; 2xx is success, what may pass by itself is tried again."""
    prepared = await _request(call, context)
    if isinstance(prepared, Failed):
        return prepared
    way, request = prepared
    return await outcome_of(call, context, way, await context.http_client.call(request))


async def show_http_request(call: StepCall, context: StepContext) -> StepOutcome:
    """Show the request that would be sent: `{"method", "url", "headers", "body"}`, without a connection's secrets."""
    prepared = await _request(call, context)
    if isinstance(prepared, Failed):
        return prepared
    way, request = prepared
    if refusal := context.http_client.refusal(request.url):
        return wrong_input("url", refusal.reason)
    server = origin_of(request.url)
    return Done(
        {
            "method": request.method,
            "url": server + way.secrets.redact(request.url[len(server) :]),
            "headers": way.secrets.redact(dict(request.headers)),
            "body": call.input.get("body"),
        }
    )


async def _request(call: StepCall, context: StepContext) -> tuple[Way, OutboundRequest] | Failed:
    given = call.input
    headers = {str(name): str(value) for name, value in (given.get("headers") or {}).items()}
    if refused := sorted(name for name in headers if name.lower() in REFUSED_HEADERS):
        return wrong_input(f"headers.{refused[0]}", "is set by us: leave it out")
    way = await way_of(call, context, "http")
    if isinstance(way, Failed):
        return way
    body = await _body(call, context, headers)
    if isinstance(body, Failed):
        return body
    headers.setdefault("Idempotency-Key", str(call.command_id))
    ours = {name.lower() for name in way.headers}
    return way, OutboundRequest(
        str(given.get("method", "POST")),
        way.url,
        {name: value for name, value in headers.items() if name.lower() not in ours} | dict(way.headers),
        body,
        read_bytes_max=FILE_BYTES_MAX,
        timeout_seconds=float(given.get("timeout_seconds", 15)),
    )


async def post_chat_message(call: StepCall, context: StepContext) -> StepOutcome:
    """Post a text to a chat's incoming webhook, in Slack's form: output `{"status"}`."""
    way = await way_of(call, context, "chat")
    if isinstance(way, Failed):
        return way
    message = _message(call)
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(call.command_id)}
    answer = await context.http_client.call(OutboundRequest("POST", way.url, headers, orjson.dumps(message)))
    if isinstance(answer, OutboundResponse) and _is_success(answer):
        return Done({"status": answer.status})
    return await outcome_of(call, context, way, answer)


async def show_chat_message(call: StepCall, context: StepContext) -> StepOutcome:
    """Show the message that would be posted, and the server that would get it."""
    way = await way_of(call, context, "chat")
    if isinstance(way, Failed):
        return way
    if refusal := context.http_client.refusal(way.url):
        return wrong_input("url", refusal.reason)
    return Done({"server": origin_of(way.url), "message": _message(call)})


def _message(call: StepCall) -> dict[str, Any]:
    return {name: call.input[name] for name in ("text", "channel", "username") if call.input.get(name)}


@dataclass(frozen=True, slots=True)
class Way:
    """Where a step goes, what lets it in there, and what of that must not be result."""

    url: str
    headers: Mapping[str, str]
    secrets: Secrets


async def way_of(call: StepCall, context: StepContext, kind: ConnectionKind) -> Way | Failed:
    """Where a step goes: its URL, or its connection of this kind, which may hold credentials."""
    requested = call.input.get("url")
    if call.connection_id is None:
        if not requested:
            return wrong_input("url", "is required, or a connection that holds it")
        return Way(str(requested), {}, NO_SECRETS)
    opened = await context.connections.open(
        account_id=call.run.account_id, connection_id=call.connection_id, kinds=(kind,)
    )
    if isinstance(opened, UnusableConnection):
        return wrong_input("connection_id", opened.reason)
    url = target_of(opened.url, str(requested) if requested else None)
    if url is None:
        return wrong_input("url", "must be on the connection's host, because its credentials are sent there")
    return Way(url, opened.headers, Secrets(opened.url, opened.headers))


async def _body(call: StepCall, context: StepContext, headers: dict[str, str]) -> bytes | Failed | None:
    """What is sent: an object or list as JSON, a text as it is, a file of an earlier step as its bytes."""
    given = call.input.get("body")
    if given is None:
        return None
    if is_file(given):
        file = await find(context.pool, call.run.account_id, given)
        if file is None:
            return wrong_input("body", "this file is not kept any more: fetch it again in a step before this one")
        content_type, content = file.content_type, file.content
    elif isinstance(given, str):
        content_type, content = "text/plain; charset=utf-8", given.encode()
    else:
        content_type, content = "application/json", orjson.dumps(given)
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = content_type
    return content


def _is_success(answer: OutboundResponse) -> bool:
    return 200 <= answer.status < 300  # noqa: PLR2004  HTTP's "success"


async def outcome_of(
    call: StepCall, context: StepContext, way: Way, answer: OutboundResponse | TransportError
) -> StepOutcome:
    """What an answer means for the step: 2xx is success, what may pass by itself is tried again."""
    if isinstance(answer, TransportError):
        reason = way.secrets.redact(answer.reason)
        if answer.refused and call.connection_id is None:
            return wrong_input("url", reason)
        return Failed(reason, retryable=not (answer.refused or answer.answered))
    result = await output(context.pool, call.run, answer, way.secrets, way.url)
    if _is_success(answer):
        return Done(result)
    passing = answer.status >= 500 or answer.status in RETRYABLE  # noqa: PLR2004  HTTP's "server's fault"
    after = retry_after_seconds(answer.headers, datetime.now(tz=UTC)) if passing else 0.0
    excerpt = _excerpt(result["body"])
    redirected = ": redirects are not followed" if answer.status // 100 == 3 else ""  # noqa: PLR2004
    return Failed(f"answered {answer.status}{redirected}{f': {excerpt}' if excerpt else ''}", passing, after, result)


def _excerpt(body: Any) -> str:
    """The beginning of what a server says of a failure."""
    if is_file(body) or body is None:
        return ""
    return (body if isinstance(body, str) else orjson.dumps(body).decode())[:SHOWN_CHARACTERS_MAX]
