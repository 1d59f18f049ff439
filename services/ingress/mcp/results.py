"""Turn an answer of the API into the result of a tool: the object as JSON, or what is wrong and what to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from ingress.mcp.api_client import ANSWER_BYTES_MAX, ApiAnswer
from ingress.mcp.tool_specs import ApiRequest, ToolSpec

FAULTS_SHOWN_MAX: Final = 20  # more are corrected after these

_REFUSED: Final = 400
_PENDING: Final = 202
_UNPROCESSABLE: Final = 422  # without named faults its detail says what to do
_UNCHANGED: Final = (
    "Nothing has changed. This shows what would; `changes` are the events that would be fired. Show it to the person,"
    " and after they agreed call the tool again with the same arguments and confirm: true."
)
_ACCEPTED: Final = "Accepted, not decided yet: get_operation with this id gives the result."
_SHOWN_LATER: Final = "Nothing has changed. What would is not known yet: get_operation with this id shows it."
_BY_API: Final = "read it over the API"
_REMEDIES: Final = {
    401: "The credential is missing, wrong or has ended: connect again.",
    403: "This connection may not do it: connect with a credential that has the scope, or ask the account's owner.",
    404: "Look the id up with one of the list tools.",
    409: "The state of the object forbids it: read the object to see its state.",
    422: "Correct the named arguments and call again.",
    429: "Wait some seconds, then call again.",
    503: "Wait some seconds, then call again; with the same idempotency_key it has one effect.",
}


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gives back: texts for reading, the object for programs."""

    texts: tuple[str, ...]
    structured: dict[str, Any] | None = None
    is_error: bool = False


def result_of(tool: ToolSpec, request: ApiRequest, answer: ApiAnswer) -> ToolResult:
    """Turn the API's answer into the tool's."""
    if answer.status >= _REFUSED:
        return _problem(answer)
    if answer.is_too_long:
        return _too_long(tool, request)
    structured = answer.body if isinstance(answer.body, dict) else {"items": answer.body}
    serialized = orjson.dumps(structured).decode()
    if answer.status == _PENDING:
        return ToolResult((_SHOWN_LATER if request.is_dry_run else _ACCEPTED, serialized), structured)
    if request.is_dry_run:
        return ToolResult((_UNCHANGED, serialized), structured)
    return ToolResult((serialized,), structured)


def _too_long(tool: ToolSpec, request: ApiRequest) -> ToolResult:
    over = f"{tool.name}: the answer is longer than {ANSWER_BYTES_MAX} bytes"
    if request.is_dry_run:
        return failure(f"{over}: nothing has changed; show less at once")
    if request.method == "POST":
        return ToolResult((f"{over}. It was carried out: do not repeat it; the list tools show what it made.",), {})
    return failure(f"{over}: {'ask for fewer with `limit` and the filters' if request.query else _BY_API}")


def failure(text: str) -> ToolResult:
    """An error of which this is all that can be said."""
    return ToolResult((text,), None, is_error=True)


def _problem(answer: ApiAnswer) -> ToolResult:
    problem = answer.body if isinstance(answer.body, dict) else {}
    faults = [f"{one['path']}: {one['message']}".removeprefix(": ") for one in problem.get("errors") or ()]
    summary = problem.get("detail") or problem.get("title") or f"the API answered {answer.status}"
    more = [f"and {len(faults) - FAULTS_SHOWN_MAX} more"] if len(faults) > FAULTS_SHOWN_MAX else []
    lines = [summary, *(fault for fault in faults[:FAULTS_SHOWN_MAX] if fault not in summary), *more]
    if answer.status in _REMEDIES and (faults or answer.status != _UNPROCESSABLE):
        lines.append(_REMEDIES[answer.status])
    return ToolResult(("\n".join(lines),), problem or None, is_error=True)
