"""The parts of the benchmark against one running installation: each gives its figures by name."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from tests.bench import console, einvoices, measure, noisy, reading, reminders, runs
from tests.bench.hostile import hostile
from tests.bench.issue import issued
from tests.bench.ledger import Size, fill
from tests.bench.reports import Restart, report_times
from tests.bench.scene import set_scene
from tests.bench.soak import Soak, soaked
from tests.bench.soundness import checked
from tests.bench.tenants import CreateAccount, accounts_of, make_tenants
from tests.bench.usage import Usage, memory
from tests.support.http_load import LoadConnection

PARTS: Final = (
    "way", "issue", "lists", "pdf", "einvoices", "reports", "verify", "hostile", "reminders", "runs", "noisy",
    "console", "soak",
)  # fmt: skip

CONNECTIONS: Final = 32
IN_FLIGHT_MAX: Final = 400
ISSUERS: Final = 100
PDF_CONNECTIONS: Final = 4


def progress(text: str) -> None:
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
    soak: Soak
    accounts: int
    size: Size | None
    clients: int
    console: str  # where browsers find it
    restart_database: Restart | None = None

    def connections(self, many: int) -> list[LoadConnection]:
        """Connections to the API."""
        host, port = self.url.removeprefix("http://").split(":")
        return [LoadConnection(host, int(port)) for _ in range(many)]

    @property
    def own(self) -> list[str]:
        """The processes that are ours."""
        return [name for name in self.pids if name not in {"postgres", "rabbitmq", "load"}]


async def measured(bench: Bench) -> dict[str, Any]:
    """Measure all that was asked for; run `verify` at the end, whatever was measured."""
    report: dict[str, Any] = {"memory_at_rest_mb": memory(bench.pids)}
    async with accounts_of(bench.dsn) as create:
        if "way" in bench.parts:
            report |= await way(bench, create, report["memory_at_rest_mb"])
        if "issue" in bench.parts:
            report |= await issue(bench, create)
        for name, part in _PARTS_ALONE.items():
            if name in bench.parts:
                report |= await part(bench, create)
        if "noisy" in bench.parts:
            progress("  a quiet account beside a noisy one")
            found = await noisy.beside_noise(bench.url, create, seconds=bench.seconds)
            report |= {f"quiet_{name}": figures for name, figures in found.items()}
        if bench.size is not None and bench.parts & {"lists", "reports", "verify"}:
            report |= await lists(bench, create, bench.size)
    report |= await sound(bench)
    report["memory_at_the_end_mb"] = memory(bench.pids)
    return report


async def way(bench: Bench, create: CreateAccount, at_rest: Mapping[str, float]) -> dict[str, Any]:
    """From a supplier's request to the receiver of a hook: latency, rate, cost."""
    report: dict[str, Any] = {}
    progress(f"  making {bench.accounts} accounts, each with a channel and a hook")
    scene, server = await set_scene(bench.url, create, accounts=bench.accounts)
    progress("  latency at 1 event a second")
    report["at_1"] = (await measure.latency(scene, per_second=1, seconds=bench.seconds)).as_dict()
    progress("  latency at 50 events a second")
    report["at_50"] = (await measure.latency(scene, per_second=50, seconds=bench.seconds)).as_dict()
    progress("  the whole way, as fast as it goes")
    async with Usage(bench.pids) as usage:
        rate = await measure.whole_way(scene, events=bench.events, connections=CONNECTIONS, in_flight_max=IN_FLIGHT_MAX)
    report["whole_way_per_second"] = round(rate.per_second, 1)
    report["cpu_seconds_per_1000_events"] = usage.cpu_seconds_per_1000(bench.events)
    progress("  accepted, as fast as answers come")
    rate = await measure.accepted(scene, seconds=bench.seconds, connections=CONNECTIONS)
    report["accepted_per_second"] = round(rate.per_second, 1)
    progress(f"  waiting for all {len(scene.sent)} to arrive")
    await measure.all_arrived(scene)
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
    progress(f"  making {ISSUERS} accounts that issue")
    tenants = await make_tenants(bench.url, create, many=ISSUERS)
    report: dict[str, Any] = {}
    first = 0
    for name, who in (("issue_1_account", tenants[:1]), (f"issue_{ISSUERS}_accounts", tenants)):
        progress(f"  issuing, {name}")
        async with Usage(bench.pids) as usage:
            done = await issued(bench.connections(CONNECTIONS), who, seconds=bench.seconds, first=first)
        first += done.rate.count + CONNECTIONS
        cost = usage.cpu_seconds_per_1000(done.rate.count)
        report[name] = done.as_dict() | {f"cpu_seconds_per_1000 {process}": used for process, used in cost.items()}
    return report


async def pdf(bench: Bench, create: CreateAccount) -> dict[str, Any]:
    """Papers of invoices of five lines, a second."""
    progress("  PDF")
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
    progress("  e-invoices")
    (tenant,) = await make_tenants(bench.url, create, many=1)
    figures = await einvoices.per_second(
        bench.connections, bench.url, tenant, pids=bench.pids, own=bench.own, seconds=bench.seconds / 4
    )
    return {"einvoices_per_second": figures}


async def remind(bench: Bench, create: CreateAccount) -> dict[str, Any]:
    """One day's reminders of very many clients, decided and queued; then pages of their cases."""
    (tenant,) = await make_tenants(bench.url, create, many=1)
    progress(f"  making {bench.clients:,} clients with open invoices, then a reminder to each")
    (connection,) = bench.connections(1)
    await reminders.prepared(connection, bench.dsn, tenant, clients=bench.clients)
    async with Usage(bench.pids) as usage:
        took = await reminders.decided(connection, bench.dsn, tenant, clients=bench.clients)
    connection.close()  # the server closes one that is idle for so long
    (connection,) = bench.connections(1)
    progress(f"  {took}; pages of their cases")
    report = {
        "reminders_seconds": took,
        "reminders_per_second": round(bench.clients / took["queued"], 1),
        "reminders_cpu_seconds_per_1000": usage.cpu_seconds_per_1000(bench.clients),
        "reminders_peak_memory_mb": {name: usage.peak_megabytes[name] for name in bench.own},
        "cases_ms": await reminders.pages(connection, tenant),
    }
    connection.close()
    return report


async def automate(bench: Bench, create: CreateAccount) -> dict[str, Any]:
    """Runs of two steps a second, and events a second among 1, 100 and 10,000 hooks and automations of one account."""
    progress("  two-step runs of automations")
    async with Usage(bench.pids) as usage:
        figures = await runs.two_steps(bench.url, bench.dsn, create)
    cost = usage.cpu_seconds_per_1000(runs.EVENTS)
    progress("  matching among very many subscribers")
    return {
        "two_step_runs": figures,
        "cpu_seconds_per_1000_runs": cost,
        "events_per_second_by_subscribers": await runs.matched(bench.url, bench.dsn, create),
    }


async def pages(bench: Bench, create: CreateAccount) -> dict[str, Any]:
    """Every page of the console before large books."""
    progress(f"  the console's pages with {console.DOCUMENTS:,} documents in the account")
    figures = await console.console_figures(bench.dsn, bench.url, bench.console, create, pid=bench.pids.get("console"))
    return {"console": figures}


async def adverse(_bench: Bench, _create: CreateAccount) -> dict[str, Any]:
    """Hostile bodies, by reader."""
    progress("  hostile bodies of 1 MiB, by reader")
    return {"hostile": await hostile()}


async def soaking(bench: Bench, create: CreateAccount) -> dict[str, Any]:
    """A long time at a part of the full load."""
    progress(f"  {bench.soak.per_second:g} events a second for {bench.soak.minutes} minutes")
    return await soaked(
        bench.url, bench.dsn, bench.pids, create, bench.soak, accounts=bench.accounts, progress=progress
    )


_PARTS_ALONE: Final = {
    "pdf": pdf, "einvoices": einvoice, "hostile": adverse, "reminders": remind, "runs": automate, "console": pages,
    "soak": soaking,
}  # fmt: skip


async def lists(bench: Bench, create: CreateAccount, size: Size) -> dict[str, Any]:
    """Fill an account's books and read its list of documents, page by page, and its reports."""
    (tenant,) = await make_tenants(bench.url, create, many=1)
    progress(f"  making {size.documents:,} documents with {size.postings:,} postings in one account")
    began = time.monotonic()
    await fill(bench.dsn, UUID(tenant.account_id), size)
    report: dict[str, Any] = {"books_made_seconds": round(time.monotonic() - began, 1)}
    if "lists" in bench.parts:
        progress("  pages of their list")
        marks = await reading.landmarks(bench.dsn, tenant.account_id)
        (connection,) = bench.connections(1)
        report["list_ms"] = await reading.page_times(connection, tenant, marks)
        connection.close()
    if "reports" in bench.parts:
        progress("  their reports")
        (connection,) = bench.connections(1)
        report["reports_ms"] = await report_times(connection, tenant, restart=bench.restart_database)
        connection.close()
    return report


async def sound(bench: Bench) -> dict[str, Any]:
    """Run `verify`, once all events have been received."""
    progress("  verifying the ledger")
    found = await checked(bench.dsn, progress=progress)
    return {
        "verify": {
            "seconds": round(found.seconds, 1),
            "postings": found.postings,
            "documents": found.documents,
            "checks": found.checks,
            "broken": len(found.broken),
        }
    }
