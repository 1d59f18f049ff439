"""The tracing seam: spans go nowhere unless the `tracing` extra is installed and an OTLP endpoint is named."""

from __future__ import annotations

import importlib
import os

import structlog

log = structlog.get_logger(__name__)

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def start_tracing(service: str) -> None:
    """Export spans by OTLP over HTTP where `OTEL_EXPORTER_OTLP_ENDPOINT` is set (OpenTelemetry's own variable)."""
    if ENDPOINT not in os.environ:
        return
    try:
        # By name: the SDK is an extra, and no other module may import it.
        sdk = importlib.import_module("opentelemetry.sdk.trace")
        exporting = importlib.import_module("opentelemetry.sdk.trace.export")
        resources = importlib.import_module("opentelemetry.sdk.resources")
        otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        trace = importlib.import_module("opentelemetry.trace")
    except ImportError:
        log.warning("tracing_not_installed", remedy="install ledgerwire[tracing]")
        return
    provider = sdk.TracerProvider(resource=resources.Resource.create({"service.name": f"ledgerwire-{service}"}))
    provider.add_span_processor(exporting.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
