"""Reports as of a day, over HTTP: trial balance, ageing, statements and the journal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from contracts.primitives.ids import new_id
from ingress.response_models import reports as shapes
from tests.support.caller import Caller


async def a_story(caller: Caller) -> dict[str, Any]:
    """A client charged in January and February, who paid in February, and another one in another currency."""
    client = await caller.client(name="One")
    january = await caller.sale(client["id"], document_date="2026-01-10", date_due="2026-01-31")
    february = await caller.sale(client["id"], document_date="2026-02-10", date_due="2026-02-28")
    payment = await caller.payment(client["id"], "200.00", (january["id"], "165.01"), date="2026-02-15")
    other = await caller.client(name="Other", currency="JPY")
    lines = [{"description": "A", "quantity": "1", "unit_price": "500"}]
    await caller.sale(other["id"], currency="JPY", lines=lines, document_date="2026-02-01", pay_term={"type": 4})
    return {"client": client, "other": other, "january": january, "february": february, "payment": payment}


async def test_the_trial_balance_is_as_of_a_day_and_balances(caller: Caller) -> None:
    await a_story(caller)

    async def balances(as_of: str) -> dict[tuple[str, str], str]:
        report = await caller.read(f"/v1/reports/trial-balance?as_of={as_of}")
        shapes.TrialBalance.model_validate(report)
        for total in report["totals"]:
            assert total["debit"] == total["credit"]
        return {(row["currency"], row["account"]): row["balance"] for row in report["items"]}

    assert await balances("2026-01-09") == {}
    assert await balances("2026-01-31") == {
        ("EUR", "receivable"): "165.01",
        ("EUR", "revenue"): "-138.66",
        ("EUR", "tax"): "-26.35",
    }
    assert await balances("2026-02-28") == {
        ("EUR", "cash"): "200.00",
        ("EUR", "receivable"): "165.01",
        ("EUR", "revenue"): "-277.32",
        ("EUR", "tax"): "-52.70",
        ("EUR", "unapplied"): "-34.99",
        ("JPY", "receivable"): "500",
        ("JPY", "revenue"): "-500",
    }


async def test_ageing_shows_how_long_it_has_been_due(caller: Caller) -> None:
    story = await a_story(caller)

    async def of_the_client(as_of: str) -> dict[str, Any]:
        report = await caller.read(f"/v1/reports/ageing?as_of={as_of}")
        shapes.Ageing.model_validate(report)
        return next(row for row in report["items"] if row["client_id"] == story["client"]["id"])

    early, middle, late = [await of_the_client(day) for day in ("2026-01-31", "2026-02-14", "2026-05-30")]
    assert (early["not_due"], early["receivable"], early["unapplied"]) == ("165.01", "165.01", "0.00")
    assert (middle["not_due"], middle["days_1_30"], middle["receivable"]) == ("165.01", "165.01", "330.02")
    assert (late["over_90"], late["receivable"], late["unapplied"]) == ("165.01", "165.01", "34.99")
    whole = await caller.read("/v1/reports/ageing?as_of=2026-05-30&limit=1")
    assert [(total["currency"], total["receivable"]) for total in whole["totals"]] == [
        ("EUR", "165.01"),
        ("JPY", "500"),
    ]
    assert whole["items"][0]["name"] == "Other"
    rest = await caller.read(f"/v1/reports/ageing?as_of=2026-05-30&limit=1&cursor={whole['next_cursor']}")
    assert ([row["name"] for row in rest["items"]], rest["next_cursor"]) == (["One"], None)


async def test_ageing_is_the_same_from_what_stands_and_from_the_journal(caller: Caller) -> None:
    story = await a_story(caller)
    late = await caller.sale(story["client"]["id"], document_date="2026-01-12", date_due="2026-01-12")
    await caller.payment(story["client"]["id"], "65.01", (late["id"], "65.01"), date="2026-02-16")
    await caller.made_of(f"/v1/sales/{late['id']}/write-off", {"date": "2026-03-01"})

    standing = await caller.read("/v1/reports/ageing?as_of=2026-03-10")
    lines = [{"description": "Later", "quantity": "1", "unit_price": "1"}]
    await caller.sale(story["client"]["id"], lines=lines, document_date="2027-01-01")  # booked after that day

    assert await caller.read("/v1/reports/ageing?as_of=2026-03-10") == standing
    assert standing["totals"][0]["receivable"] == "165.01"


async def test_a_statement_runs_from_its_opening_to_its_closing(caller: Caller) -> None:
    story = await a_story(caller)
    path = f"/v1/clients/{story['client']['id']}/statement"

    whole = await caller.read(f"{path}?to=2026-12-31")
    shapes.Statement.model_validate(whole)
    assert [(row["date"], row["kind"], row["debit"], row["credit"], row["balance"]) for row in whole["items"]] == [
        ("2026-01-10", "issue", "165.01", "0.00", "165.01"),
        ("2026-02-10", "issue", "165.01", "0.00", "330.02"),
        ("2026-02-15", "payment", "0.00", "200.00", "130.02"),
    ]
    assert (whole["opening"], whole["closing"], whole["currency"]) == ("0.00", "130.02", "EUR")
    assert whole["items"][0]["number"] == story["january"]["number"]
    part = await caller.read(f"{path}?from=2026-02-01&to=2026-02-14")
    assert (part["opening"], part["closing"], len(part["items"])) == ("165.01", "330.02", 1)
    first = await caller.read(f"{path}?to=2026-12-31&limit=2")
    second = await caller.read(f"{path}?to=2026-12-31&limit=2&cursor={first['next_cursor']}")
    assert [*first["items"], *second["items"]] == whole["items"]
    assert (await caller.read(f"{path}?currency=JPY&to=2026-12-31"))["items"] == []


async def test_the_journal_is_listed_by_day_with_its_postings(caller: Caller) -> None:
    story = await a_story(caller)

    whole = await caller.items("/v1/journal")
    for entry in whole:
        shapes.JournalEntry.model_validate(entry)
        assert sum(Decimal(one["debit"]) - Decimal(one["credit"]) for one in entry["postings"]) == 0
    assert [entry["date"] for entry in whole] == sorted((entry["date"] for entry in whole), reverse=True)
    assert sorted(entry["kind"] for entry in whole) == ["issue", "issue", "issue", "payment", "settle"]
    pages: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await caller.read(f"/v1/journal?limit=2{cursor and '&cursor=' + cursor}")
        pages += page["items"]
        cursor = page["next_cursor"]
    assert pages == whole
    assert [one["date"] for one in await caller.items("/v1/journal?as_of=2026-01-31")] == ["2026-01-10"]
    assert len(await caller.items("/v1/journal?from=2026-02-01&to=2026-02-10")) == 2
    of_payment = await caller.items(f"/v1/journal?document_id={story['payment']['id']}")
    assert {entry["kind"] for entry in of_payment} == {"payment", "settle"}


async def test_what_is_undone_stands_in_the_journal_beside_its_mirror(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    await caller.made_of(f"/v1/sales/{sale['id']}/void", {})

    void, issue = await caller.items(f"/v1/journal?document_id={sale['id']}")

    assert (void["kind"], void["reversal_of"], issue["kind"]) == ("void", issue["id"], "issue")
    assert [(one["debit"], one["credit"]) for one in void["postings"]] == [
        (one["credit"], one["debit"]) for one in issue["postings"]
    ]


async def test_another_accounts_books_are_not_shown(caller: Caller, stranger: Caller) -> None:
    story = await a_story(caller)
    for path in ("/v1/reports/trial-balance", "/v1/reports/ageing", "/v1/journal"):
        assert await stranger.items(path) == []
    assert (await stranger.get(f"/v1/clients/{story['client']['id']}/statement")).status == 404
    assert (await stranger.get(f"/v1/clients/{new_id()}/statement")).status == 404


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/v1/reports/trial-balance?as_of=yesterday", "as_of"),
        ("/v1/reports/trial-balance?on=2026-01-01", "on"),
        ("/v1/reports/ageing?cursor=x", "cursor"),
        ("/v1/journal?from=2026-02-01&to=2026-01-01", "to"),
        ("/v1/journal?as_of=2026-02-01&to=2026-02-01", "as_of"),
        ("/v1/journal?limit=0", "limit"),
        ("/v1/clients/{id}/statement?currency=XXX", "currency"),
        ("/v1/clients/{id}/statement?from=2026-02-30", "from"),
        ("/v1/clients/{id}/statement?from=2026-02-02&to=2026-02-01", "to"),
    ],
)
async def test_a_question_that_means_nothing_is_refused_by_name(caller: Caller, asked: str, path: str) -> None:
    client = await caller.client()
    answer = await caller.get(asked.replace("{id}", client["id"]))
    assert (answer.status, list(answer.faults)) == (422, [path])
