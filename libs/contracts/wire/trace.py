"""Carry a W3C trace context through our envelopes: the caller's `traceparent`, and links to it in every service."""

from __future__ import annotations

import re
from collections.abc import Iterable

from opentelemetry.trace import Link, SpanContext, TraceFlags, get_current_span

_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")
LINKS_MAX = 100


def read_traceparent(text: str | None) -> SpanContext | None:
    """Read a `traceparent` header (W3C Trace Context, version 00); None when it is none or all zeros."""
    match = _TRACEPARENT.match(text or "")
    if match is None:
        return None
    context = SpanContext(
        int(match[1], 16), int(match[2], 16), is_remote=True, trace_flags=TraceFlags(int(match[3], 16))
    )
    return context if context.is_valid else None


def current_traceparent() -> str | None:
    """Return the current span's `traceparent` for outgoing messages; None without tracing."""
    context = get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def links(traceparents: Iterable[str | None]) -> list[Link]:
    """Links from a batch to what caused it, at most `LINKS_MAX`."""
    contexts = (read_traceparent(text) for text in set(traceparents))
    return [Link(context) for context in contexts if context is not None][:LINKS_MAX]
