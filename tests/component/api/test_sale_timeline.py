"""The time line of a sales document: its events, settlements, messages, notes, promises and disputes, newest first."""

from __future__ import annotations

from typing import Any

from contracts.primitives.ids import new_id
from ingress.response_models.reports import SaleTimelineEntry
from tests.support.caller import Caller, an_invoice


async def timeline(caller: Caller, sale: dict[str, Any], query: str = "limit=200") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await caller.read(f"/v1/sales/{sale['id']}/timeline?{query}"))["items"]
    for item in items:
        SaleTimelineEntry.model_validate(item)
    return items


async def test_it_has_all_that_happened_to_a_document_and_about_it(caller: Caller) -> None:
    client = (await caller.client())["id"]
    sale = await caller.made_of("/v1/sales", an_invoice(client, issue=False))
    await caller.made_of(f"/v1/sales/{sale['id']}/issue", {})
    await caller.made_of("/v1/notes", {"client_id": client, "sale_id": sale["id"], "body": "Ask Aija"})
    promise = {"client_id": client, "sale_ids": [sale["id"]], "date": "2030-01-01", "amount": "100.00"}
    await caller.made_of("/v1/promises", promise)
    dispute = await caller.made_of("/v1/disputes", {"sale_id": sale["id"], "reason": "Two hours too many"})
    await caller.made_of(f"/v1/disputes/{dispute['id']}/resolve", {"resolution": "Agreed"})
    said = {"client_id": client, "sale_ids": [sale["id"]], "channel": "email", "body": "We pay", "origin": "external",
            "direction": "received"}  # fmt: skip
    await caller.made_of("/v1/messages", said)
    payment = await caller.payment(client, "165.01", (sale["id"], "165.01"))
    await caller.made_of(f"/v1/payments/{payment['id']}/unallocate", {})
    other = await caller.sale(client)
    await caller.made_of("/v1/notes", {"client_id": client, "body": "Of the client, and of no document"})

    found = await timeline(caller, sale)
    assert [one["at"] for one in found] == sorted((one["at"] for one in found), reverse=True)
    kinds = [one["kind"] for one in reversed(found) if one["kind"] != "event"]
    assert kinds == ["note", "promise", "dispute", "dispute", "message", "settlement", "settlement"]
    events = [one["detail"]["trigger"] for one in reversed(found) if one["kind"] == "event"]
    assert events[:2] == ["sale.created", "sale.posted"]
    assert "sale.paid" in events
    settled = [one["detail"] for one in reversed(found) if one["kind"] == "settlement"]
    assert [(one["amount"], one["payment_id"]) for one in settled] == [
        ("165.01", payment["id"]), ("-165.01", payment["id"]),
    ]  # fmt: skip
    assert [one["detail"]["status"] for one in await timeline(caller, other)] == ["issued", "draft"]


async def test_it_is_read_page_by_page_and_by_its_account_only(caller: Caller, stranger: Caller) -> None:
    sale = await caller.sale((await caller.client())["id"])
    await caller.made_of(f"/v1/sales/{sale['id']}/void", {})
    whole = await timeline(caller, sale)
    assert len(whole) == 3
    first = await caller.read(f"/v1/sales/{sale['id']}/timeline?limit=2")
    second = await caller.read(f"/v1/sales/{sale['id']}/timeline?limit=2&cursor={first['next_cursor']}")
    assert first["items"] + second["items"] == whole
    assert second["next_cursor"] is None
    assert (await stranger.get(f"/v1/sales/{sale['id']}/timeline")).status == 404
    assert (await caller.get(f"/v1/sales/{new_id()}/timeline")).status == 404
