"""The parts of the benchmark against one running installation: each gives its figures by name."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from tests.bench import einvoices, measure, reading, reminders, runs
from tests.bench.hostile import hostile
from tests.bench.issue import issued
from tests.bench.ledger import Size, fill
from tests.bench.scene import set_scene
from tests.bench.soundness import checked
from tests.bench.tenants import CreateAccount, accounts_of, make_tenants
from tests.bench.usage import Usage, memory
from tests.support.http_load import LoadConnection

PARTS: Final = ("way", "issue", "lists", "pdf", "einvoices", "verify", "hostile", "reminders", "runs")

CONNECTIONS: Final = 32
IN_FLIGHT_MAX: Final = 400
ISSUERS: Final = 100
PDF_CONNECTIONS: Final = 4


def tell(text: str) -> None:
    """Progress, with the time of day."""
    print(f"{datetime.now(tz=UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured, how long and how much. Without a `size` no large books are made."""

    url: str
    dsn: str
    pids: Mapping[str, int]
    parts: frozenset[str]
    seconds: float
    events: int
    soak: int
    accounts: int
    size: Size | None
    clients: int

    def connections(self, many: int) -> list[LoadConnection]:
        """Connections to the API."""
        host, port = self.url.removeprefix("http://").split(":")
        return [LoadConnection(host, int(port)) for _ in range(many)]

    @property
    def own(self) -> list[str]:
        """The processes that are ours."""
        return [name for name in self.pids if name not in {"postgres", "rabbitmq", "load"}]


async def measured(bench: Bench) -> dict[str, Any]:
    """All that was asked for; the books are checked at the end, whatever was measured."""
    report: dict[str, Any] = {"memory_at_rest_mb": memory(bench.pids)}
    async with accounts_of(bench.dsn) as create:
        if "way" in bench.parts:
            report |= await way(bench, create, report["memory_at_rest_mb"])
        if "issue" in bench.parts:
            report |= await issue(bench, create)
        if "pdf" in bench.parts:
            report |= await pdf(bench, create)
        if "einvoices" in bench.parts:
            report |= await einvoice(bench, create)
        if "hostile" in bench.parts:
            tell("  hostile bodies of 1 MiB, by reader")
            report["hostile"] = await hostile()
        if "reminders" in bench.parts:
            report |= await remind(bench, create)
        if "runs" in bench.parts:
            report |= await automate(bench, create)
        if bench.size is not None and bench.parts & {"lists", "verify"}:
            report |= await lists(bench, create, bench.size)
    report |= await sound(bench)
    report["memory_at_the_end_mb"] = memory(bench.pids)
    return report


async def way(bench: Bench, create: CreateAccount, at_rest: Mapping[str, float]) -> dict[str, Any]:
    """From a supplier's request to the receiver of a hook: latency, rate, cost."""
    report: dict[str, Any] = {}
    tell(f"  making {bench.accounts} accounts, each with a channel and a hook")
    scene, server = await set_scene(bench.url, create, accounts=bench.accounts)
    tell("  latency at 1 event a second")
    report["at_1"] = (await measure.latency(scene, per_second=1, seconds=bench.seconds)).as_dict()
    tell("  latency at 50 events a second")
    report["at_50"] = (await measure.latency(scene, per_second=50, seconds=bench.seconds)).as_dict()
    tell("  the whole way, as fast as it goes")
    async with Usage(bench.pids) as usage:
        rate = await measure.whole_way(scene, events=bench.events, connections=CONNECTIONS, in_flight_max=IN_FLIGHT_MAX)
    report["whole_way_per_second"] = round(rate.per_second, 1)
    report["cpu_seconds_per_1000_events"] = usage.cpu_seconds_per_1000(bench.events)
    tell("  accepted, as fast as answers come")
    rate = await measure.accepted(scene, seconds=bench.seconds, connections=CONNECTIONS)
    report["accepted_per_second"] = round(rate.per_second, 1)
    tell(f"  waiting for all {len(scene.sent)} to arrive")
    await measure.all_arrived(scene)
    if bench.soak > len(scene.sent):
        tell(f"  on to {bench.soak} events")
        async with Usage(bench.pids) as soaking:
            more = bench.soak - len(scene.sent)
            await measure.whole_way(scene, events=more, connections=CONNECTIONS, in_flight_max=IN_FLIGHT_MAX)
        usage = soaking
    server.close()
    return report | {
        "events": len(scene.sent),
        "doubled_at_the_receiver": scene.doubled,
        "peak_memory_mb": usage.peak_megabytes,
        "own_memory_at_rest_mb": round(sum(at_rest[name] for name in bench.own), 1),
        "own_peak_memory_mb": round(sum(usage.peak_megabytes[name] for name in bench.own), 1),
    }


async def issue(bench: Bench, create: CreateAccount) -> dict[str, Any]:
    """Invoices of five lines, issued over HTTP: on one account, and over a hundred."""
    tell(f"  making {ISSUERS} accounts that issue")
    tenants = await make_tenants(bench.url, create, many=ISSUERS)
    report: dict[str, Any] = {}
    first = 0
    for name, who in (("issue_1_account", tenants[:1]), (f"issue_{ISSUERS}_accounts", tenants)):
        tell(f"  issuing, {name}")
        async with Usage(bench.pids) as usage:
            done = await issued(bench.connections(CONNECTIONS), who, seconds=bench.seconds, first=first)
        first += done.rate.count + CONNECTIONS
        cost = usage.cpu_seconds_per_1000(done.rate.count)
        report[name] = done.as_dict() | {f"cpu_seconds_per_1000 {process}": used for process, used in cost.items()}
    return report


async def pdf(bench: Bench, create: CreateAccount) -> dict[str, Any]:
    """Papers of invoices of five lines, a second."""
    tell("  PDF")
    (tenant,) = await make_tenants(bench.url, create, many=1)
    await issued(bench.connections(PDF_CONNECTIONS), [tenant], seconds=0.5, first=0)
    sale_ids = await reading.newest_sales(bench.connections(1)[0], tenant)
    async with Usage(bench.pids) as usage:
        connections = bench.connections(PDF_CONNECTIONS)
        rate, took = await reading.documents(connections, tenant, sale_ids, seconds=bench.seconds / 2)
    cost = usage.cpu_seconds_per_1000(rate.count)
    cost_ms = round(sum(cost[name] for name in bench.own), 1)
    return {"pdf": {"per_second": round(rate.per_second, 1), **took, "own_cpu_ms_each": cost_ms}}


async def einvoice(bench: Bench, create: CreateAccount) -> dict[str, Any]:
    """E-invoices of five lines, written and read, a second by format."""
    tell("  e-invoices")
    (tenant,) = await make_tenants(bench.url, create, many=1)
    figures = await einvoices.per_second(
        bench.connections, bench.url, tenant, pids=bench.pids, own=bench.own, seconds=bench.seconds / 4
    )
    return {"einvoices_per_second": figures}


async def remind(bench: Bench, create: CreateAccount) -> dict[str, Any]:
    """One day's reminders of very many clients, decided and queued; then pages of their cases."""
    (tenant,) = await make_tenants(bench.url, create, many=1)
    tell(f"  making {bench.clients:,} clients with open invoices, then a reminder to each")
    (connection,) = bench.connections(1)
    await reminders.prepared(connection, bench.dsn, tenant, clients=bench.clients)
    async with Usage(bench.pids) as usage:
        seconds = await reminders.decided(connection, bench.dsn, tenant, clients=bench.clients)
    tell("  pages of their cases")
    report = {
        "reminders_seconds": round(seconds, 1),
        "reminders_per_second": round(bench.clients / seconds, 1),
        "reminders_cpu_seconds_per_1000": usage.cpu_seconds_per_1000(bench.clients),
        "reminders_peak_memory_mb": {name: usage.peak_megabytes[name] for name in bench.own},
        "cases_ms": await reminders.pages(connection, tenant),
    }
    connection.close()
    return report


async def automate(bench: Bench, create: CreateAccount) -> dict[str, Any]:
    """Runs of two steps a second, and events a second among 1, 100 and 10,000 hooks and automations of one account."""
    tell("  two-step runs of automations")
    async with Usage(bench.pids) as usage:
        figures = await runs.two_steps(bench.url, bench.dsn, create)
    cost = usage.cpu_seconds_per_1000(runs.EVENTS)
    tell("  matching among very many subscribers")
    return {
        "two_step_runs": figures,
        "cpu_seconds_per_1000_runs": cost,
        "events_per_second_by_subscribers": await runs.matched(bench.url, bench.dsn, create),
    }


async def lists(bench: Bench, create: CreateAccount, size: Size) -> dict[str, Any]:
    """Fill an account's books and read its list of documents, page by page."""
    (tenant,) = await make_tenants(bench.url, create, many=1)
    tell(f"  making {size.documents:,} documents with {size.postings:,} postings in one account")
    began = time.monotonic()
    await fill(bench.dsn, UUID(tenant.account_id), size)
    report: dict[str, Any] = {"books_made_seconds": round(time.monotonic() - began, 1)}
    if "lists" in bench.parts:
        tell("  pages of their list")
        marks = await reading.landmarks(bench.dsn, tenant.account_id)
        (connection,) = bench.connections(1)
        report["list_ms"] = await reading.page_times(connection, tenant, marks)
        connection.close()
    return report


async def sound(bench: Bench) -> dict[str, Any]:
    """Check the books, once everything that was told has been heard."""
    tell("  checking the books")
    found = await checked(bench.dsn, tell=tell)
    return {
        "verify": {
            "seconds": round(found.seconds, 1),
            "postings": found.postings,
            "documents": found.documents,
            "checks": found.checks,
            "broken": len(found.broken),
        }
    }
