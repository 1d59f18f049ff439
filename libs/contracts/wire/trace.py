"""Carry a W3C trace context through our envelopes: a span in every service, each below the one that caused it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    get_current_span,
    get_tracer,
    set_span_in_context,
)

from contracts.wire.envelope import Envelope

_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")
_TRACER = get_tracer("ledgerwire")


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
    return _spelled(get_current_span().get_span_context())


def _spelled(context: SpanContext) -> str | None:
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


@contextmanager
def request_span(name: str, traceparent: str | None) -> Iterator[None]:
    """Make a request's span the current one, below the caller's. Without tracing the caller's stays the current one."""
    with _TRACER.start_as_current_span(name, context=_parent(traceparent), kind=SpanKind.SERVER):
        yield


@contextmanager
def message_spans(service: str, envelopes: Sequence[Envelope]) -> Iterator[Sequence[Envelope]]:
    """Give each message that belongs to a trace a span of its own, and the messages that it causes that span as parent.

    A batch is handled as one: its spans last as long. Without tracing the messages are given as they are.
    """
    spans = {
        envelope.id: _TRACER.start_span(
            f"{service} {envelope.name}",
            context=_parent(envelope.traceparent),
            kind=SpanKind.CONSUMER,
            attributes={
                "messaging.batch.message_count": len(envelopes),
                "ledgerwire.account_id": str(envelope.account_id),
            },
        )
        for envelope in envelopes
        if envelope.traceparent is not None
    }
    if not any(span.is_recording() for span in spans.values()):
        yield envelopes
        return
    try:
        yield [
            envelope.model_copy(update={"traceparent": _spelled(spans[envelope.id].get_span_context())})
            if envelope.id in spans
            else envelope
            for envelope in envelopes
        ]
    finally:
        for span in spans.values():
            span.end()


def _parent(traceparent: str | None) -> Context | None:
    given = read_traceparent(traceparent)
    return None if given is None else set_span_in_context(NonRecordingSpan(given))
