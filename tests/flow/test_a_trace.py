"""One trace over the four services, as a collector of OpenTelemetry receives it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.eventually import eventually
from tests.support.installation import installation
from tests.support.postgres_server import Postgres
from tests.support.receiver import open_receiver

TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER: Final = "00f067aa0ba902b7"

Spans = defaultdict[str, dict[str, tuple[str, str]]]
"""By trace: by span its parent and its service."""


@asynccontextmanager
async def collector() -> AsyncIterator[tuple[Spans, str]]:
    """Keep the spans that arrive by OTLP over HTTP; give them and the endpoint."""
    spans: Spans = defaultdict(dict)

    async def take(request: web.Request) -> web.Response:
        sent = ExportTraceServiceRequest.FromString(await request.read())
        for resource in sent.resource_spans:
            names = {one.key: one.value.string_value for one in resource.resource.attributes}
            for span in [span for scope in resource.scope_spans for span in scope.spans]:
                parent = span.parent_span_id.hex()
                spans[span.trace_id.hex()][span.span_id.hex()] = parent, names["service.name"]
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield spans, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.long
async def test_a_request_is_one_trace_over_four_services_each_span_below_the_one_that_caused_it(
    postgres: Postgres, tmp_path: Path
) -> None:
    dsn = await postgres.create_database()
    async with collector() as (spans, endpoint), open_receiver() as receiver:
        traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        async with installation(dsn=dsn, amqp_url=None, folder=tmp_path, replicas=1, **traced) as running:
            made = await running.create_account("Traced")
            headers = {"Authorization": f"Bearer {made['access_token']}"}
            async with aiohttp.ClientSession(headers=headers) as http:
                hook = {"target_url": receiver.url(), "triggers": ["client.created"]}
                async with http.post(f"{running.url}/v1/hooks", json=hook) as reply:
                    assert reply.status == 201
                parent = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
                async with http.post(f"{running.url}/v1/clients", json={"name": "Aya"}, headers=parent) as reply:
                    assert reply.status == 201
            await eventually(lambda: len(spans[TRACE]) >= 4)
    await postgres.drop_database(dsn)
    ours = spans[TRACE]
    by_service = {service: (span, parent) for span, (parent, service) in ours.items()}
    assert by_service["ledgerwire-ingress"][1] == CALLER
    for cause, effect in (
        ("ledgerwire-ingress", "ledgerwire-ledger"),
        ("ledgerwire-ledger", "ledgerwire-trigger_dispatcher"),
        ("ledgerwire-trigger_dispatcher", "ledgerwire-action_executor"),
    ):
        assert by_service[effect][1] == by_service[cause][0], f"{effect} is not below {cause}"
