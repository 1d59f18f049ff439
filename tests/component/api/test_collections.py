"""`/v1/collectors`, `/v1/cases` and `/v1/invoices/move` over HTTP."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from contracts.primitives.ids import new_id
from tests.support.caller import Answer, Caller
from tests.support.eventually import eventually

MAIL = {"channel": "email", "anchor": "after_due", "delay": "PT1S", "automatic": False}
WORDS = {"subject": "{{ invoice.number }} is open", "body": "Dear {{ client.contact }}, pay {{ amount }}."}
LISTING = {
    "subject": "x",
    "body": "{% for one in invoices %}{{ one.number }}{% if one.disputed %} (disputed){% endif %}{% endfor %}"
    ": {{ amount }}",
}
LATE = {"document_date": "2025-03-02", "date_due": "2025-03-16"}


async def collector(caller: Caller, **fields: Any) -> dict[str, Any]:
    data = {"name": "Strict", "default": True, "steps": [MAIL | {"template": WORDS}]} | fields
    made = await caller.post("/v1/collectors", data)
    assert made.status == 201, made.json
    return dict(made.json)


async def case_of(caller: Caller, client_id: str, state: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        found = await caller.items(f"/v1/cases?client_id={client_id}&state={state}")
        return dict(found[0]) if found else None

    found: dict[str, Any] | None = await eventually(there)
    assert found is not None
    return found


async def test_an_account_that_did_nothing_yet_has_its_collectors(caller: Caller) -> None:
    there = await caller.items("/v1/collectors")
    assert {one["name"]: one["default"] for one in there} == {"Reminders": True, "Final notice": False}
    (default,) = [one for one in there if one["default"]]
    assert (await caller.get(f"/v1/collectors/{default['id']}")).json == default


async def test_a_preview_is_what_would_be_sent(caller: Caller) -> None:
    strict = await collector(caller)
    client = await caller.client(first_name="Aija", last_name=None)
    sale = await caller.sale(client["id"], **LATE)
    path = f"/v1/collectors/{strict['id']}/preview"
    expected = {
        "subject": f"{sale['number']} is open", "body": "Dear Aija, pay 165.01 EUR.", "to": client["email"],
        "language": "en",
    }  # fmt: skip
    for whom in ({"client_id": client["id"]}, {"sale_id": sale["id"]}):
        assert (await caller.post(path, whom)).json == expected
    assert (await caller.post(path, {"client_id": str(new_id())})).status == 404
    assert (await caller.post(path, {"client_id": client["id"], "step": 7})).status == 422


async def test_a_preview_marks_disputed_invoices_where_the_account_wants_that(caller: Caller) -> None:
    strict = await collector(caller, steps=[MAIL | {"template": LISTING}, MAIL | {"template": WORDS}])
    client = await caller.client()
    disputed, owed = [await caller.sale(client["id"], **LATE) for _ in range(2)]
    await caller.made_of("/v1/disputes", {"sale_id": disputed["id"], "reason": "Too much"})

    async def body(step: int = 0) -> str:
        shown = await caller.post(f"/v1/collectors/{strict['id']}/preview", {"client_id": client["id"], "step": step})
        assert shown.status == 200, shown.json
        return str(shown.json["body"])

    assert await body() == f"{owed['number']}: 165.01 EUR"
    await caller.patch("/v1/account", {"disputed_invoices": "mark"})
    assert await body() == f"{owed['number']}{disputed['number']} (disputed): 165.01 EUR"
    assert await body(step=1) == f"Dear {client['name']}, pay 165.01 EUR."
    await caller.made_of("/v1/disputes", {"sale_id": owed["id"], "reason": "Too much"})
    assert (await body()).endswith(f"{disputed['number']} (disputed){owed['number']} (disputed): 165.01 EUR")


async def test_a_template_that_cannot_be_rendered_is_refused_where_it_stands(caller: Caller) -> None:
    def bad(body: str) -> dict[str, Any]:
        return {"name": "Bad", "steps": [MAIL | {"template": {"subject": "x", "body": body}}]}

    for body in ("Dear {{ client.nickname }},", "{% if %}", "{% for a in (1..99999999) %}{{ a }}{% endfor %}"):
        refused: Answer = await caller.post("/v1/collectors", bad(body))
        assert (refused.status, refused.json["errors"][0]["path"]) == (422, "steps[0].template")


async def test_a_case_is_listed_sent_and_read_with_its_timeline(caller: Caller) -> None:
    strict = await collector(caller)
    client = await caller.client(email="aija@ozola.example")
    sale = await caller.sale(client["id"], **LATE)
    case = await case_of(caller, client["id"], "pending")
    assert (case["open_amount"], case["overdue_amount"], case["sale_ids"]) == ("165.01", "165.01", [sale["id"]])
    assert (case["reason"], case["next_step"]["channel"]) == ("a manual step is due", "email")
    assert case["collector"] == {"id": strict["id"], "name": "Strict"}
    assert (await caller.post(f"/v1/cases/{case['id']}/send")).status == 200
    await case_of(caller, client["id"], "idle")
    whole = (await caller.get(f"/v1/cases/{case['id']}")).json
    steps = [one for one in whole["timeline"] if one["kind"] == "step_taken"]
    assert [(one["detail"]["step"], one["detail"]["by_person"]) for one in steps] == [(0, True)]
    (message,) = await caller.items(f"/v1/messages?client_id={client['id']}")
    assert message["id"] == steps[0]["detail"]["message_id"]
    assert message["subject"] == f"{sale['number']} is open"


async def test_cases_are_paged_by_amount_and_by_age(caller: Caller) -> None:
    await collector(caller)
    clients = [await caller.client(name=f"Client {number}") for number in range(3)]
    for number, client in enumerate(clients):
        dates = LATE | {"date_due": f"2025-03-{20 - number}"}
        lines = [{"description": "Work", "quantity": "1", "unit_price": str(100 + number)}]
        await caller.sale(client["id"], lines=lines, **dates)
    for client in clients:
        await case_of(caller, client["id"], "pending")
    newest_first = [one["id"] for one in reversed(clients)]
    for sort in ("amount", "age"):
        first = (await caller.get(f"/v1/cases?sort={sort}&limit=2")).json
        rest = (await caller.get(f"/v1/cases?sort={sort}&limit=2&cursor={first['next_cursor']}")).json
        assert [one["client_id"] for one in first["items"] + rest["items"]] == newest_first
        assert rest["next_cursor"] is None
    assert len(await caller.items("/v1/cases?min_amount=101&next_channel=email")) == 2
    assert await caller.items("/v1/cases?min_amount=6903840000000000000") == []  # more minor units than a BIGINT holds


async def test_a_person_moves_invoices_and_the_case_follows(caller: Caller) -> None:
    await collector(caller)
    other = await collector(caller, name="Lawyers", default=False)
    client = await caller.client()
    sale = await caller.sale(client["id"], **LATE)
    case = await case_of(caller, client["id"], "pending")
    asked = {"client_id": client["id"], "collector_id": other["id"], "note": "They know him"}
    tried = await caller.post("/v1/actions/move_invoices?dry_run=true", {k: asked[k] for k in list(asked)[:2]})
    assert [one["type"] for one in tried.json["changes"]] == ["invoices.moved"]
    moved = await caller.post("/v1/invoices/move", asked)
    assert (moved.status, moved.json["cause"], moved.json["to_collector"]["name"]) == (200, "person", "Lawyers")
    assert [one["id"] for one in moved.json["invoices"]] == [sale["id"]]
    assert moved.json["account_total"] == [{"currency": "EUR", "open": "165.01", "overdue": "165.01"}]

    async def follows() -> bool:
        there = await caller.items(f"/v1/cases?client_id={client['id']}")
        return [one["collector"]["name"] for one in there] == ["Lawyers"]

    await eventually(follows)
    before = (await caller.get(f"/v1/cases/{case['id']}")).json
    assert (before["state"], before["reason"]) == ("settled", "its invoices were moved to Lawyers")
    assert (await caller.post("/v1/invoices/move", asked)).status == 409


async def test_what_named_a_removed_collector_names_the_one_that_replaces_it_wherever_it_is_shown(
    caller: Caller,
) -> None:
    gone, stays = await collector(caller), await collector(caller, name="Mild", default=False)
    client = await caller.client(collector_id=gone["id"])
    await caller.sale(client["id"], **LATE)
    await case_of(caller, client["id"], "pending")
    removed = await caller.delete(f"/v1/collectors/{gone['id']}?move_to={stays['id']}")
    assert removed.status == 200
    path = f"/v1/clients/{client['id']}"
    shown = [await caller.read(path), *await caller.items("/v1/clients")]
    shown.append((await caller.read(f"{path}/personal-data"))["client"])
    shown.append((await caller.made_of("/v1/actions/find_client", {"query": client["name"]}))["client"])
    shown.append(json.loads((await caller.get("/v1/clients/export?format=jsonl")).text))
    assert [one["collector_id"] for one in shown] == [stays["id"]] * 5
    for collector_id in (gone["id"], stays["id"]):
        cases = partial(caller.items, f"/v1/cases?collector_id={collector_id}")
        (case,) = await eventually(cases)  # the scheduler moves it a moment later
        assert case["collector"] == {"id": stays["id"], "name": "Mild"}
    changed = await caller.patch(path, {"collector_id": shown[0]["collector_id"]})
    assert (changed.status, changed.json["collector_id"]) == (200, stays["id"])


async def test_settings_of_collections_are_the_accounts(caller: Caller) -> None:
    window = {"opens": "09:00", "closes": "17:30", "weekdays": [1, 2, 3, 4, 5], "holidays": ["2026-12-25"]}
    sent = {
        "send_window": window, "min_contact_interval": "P3D", "reply_to": "books@baltic.example",
        "sender_name": "Baltic books", "sms_sender": "BALTIC", "thank_you": True, "disputed_invoices": "mark",
    }  # fmt: skip
    changed = await caller.patch("/v1/account", sent)
    assert changed.status == 200, changed.json
    shown = (await caller.get("/v1/account")).json
    assert {name: shown[name] for name in sent} == sent
    wrong = await caller.patch("/v1/account", {"send_window": {"opens": "9", "closes": "17:30"}})
    assert wrong.json["errors"][0]["path"] == "send_window.opens"
    wrong = await caller.patch("/v1/account", {"disputed_invoices": "hide"})
    assert wrong.json["errors"][0]["path"] == "disputed_invoices"
    assert (await caller.patch("/v1/account", {"disputed_invoices": None})).json["disputed_invoices"] == "leave_out"


async def test_another_accounts_cases_and_collectors_are_unknown(caller: Caller, stranger: Caller) -> None:
    strict = await collector(caller)
    client = await caller.client()
    await caller.sale(client["id"], **LATE)
    case = await case_of(caller, client["id"], "pending")
    for path in (f"/v1/collectors/{strict['id']}", f"/v1/cases/{case['id']}"):
        assert (await stranger.get(path)).status == 404
    assert (await stranger.post(f"/v1/cases/{case['id']}/send")).status == 404
    moved = await stranger.post("/v1/invoices/move", {"client_id": client["id"], "collector_id": strict["id"]})
    assert moved.status == 404


async def test_cases_are_found_by_a_part_of_the_clients_name_or_address(caller: Caller) -> None:
    await collector(caller)
    ozola = await caller.client(name="Ozola Design SIA", email="aija@ozola.example")
    other = await caller.client(name="Kalns", email="pay@kalns.example")
    for client in (ozola, other):
        await caller.sale(client["id"], **LATE)
        await case_of(caller, client["id"], "pending")
    for query, found in (("OZOLA des", ozola), ("pay@", other)):
        assert [one["client_id"] for one in await caller.items(f"/v1/cases?query={query}")] == [found["id"]]
    assert await caller.items("/v1/cases?query=nobody") == []


async def test_the_report_of_cases_counts_each_state_with_its_amounts(caller: Caller) -> None:
    assert (await caller.get("/v1/reports/cases")).json == {"items": []}
    await collector(caller)
    for _ in range(2):
        client = await caller.client()
        await caller.sale(client["id"], **LATE)
        await case_of(caller, client["id"], "pending")
    (pending,) = (await caller.get("/v1/reports/cases")).json["items"]
    assert pending == {
        "state": "pending", "currency": "EUR", "cases": 2, "open_amount": "330.02", "overdue_amount": "330.02",
    }  # fmt: skip


async def test_a_step_that_is_not_saved_is_previewed_in_each_of_its_languages(caller: Caller) -> None:
    client = await caller.client(first_name="Aija", last_name=None, locale="fr")
    words = {
        "en": {"subject": "Reminder {{ step }}", "body": "Dear {{ client.contact }}, {{ amount }}"},
        "fr": {"subject": "Rappel {{ step }}", "body": "Bonjour {{ client.contact }}, {{ amount }}"},
    }
    await caller.sale(client["id"], **LATE)
    asked = {"client_id": client["id"], "step": MAIL | {"template": words}, "number": 2}
    shown = await caller.post("/v1/collectors/preview", asked)
    assert (shown.json["subject"], shown.json["language"]) == ("Rappel 2", "fr")
    shown = await caller.post("/v1/collectors/preview", asked | {"language": "en"})
    assert (shown.json["subject"], shown.json["body"]) == ("Reminder 2", "Dear Aija, 165.01 EUR")
    empty = asked | {"step": MAIL | {"template": {"subject": "x", "body": "{{ client.phone }}"}}}
    refused = await caller.post("/v1/collectors/preview", empty)
    assert (refused.status, list(refused.faults)) == (422, ["step.template"])


async def test_the_versions_of_a_collector_are_listed_newest_first(caller: Caller) -> None:
    strict = await collector(caller)
    changed = {"name": "Strict", "steps": [MAIL | {"template": WORDS, "delay": "P5D"}]}
    await caller.put(f"/v1/collectors/{strict['id']}", changed)
    versions = await caller.items(f"/v1/collectors/{strict['id']}/versions")
    assert [(one["version"], one["steps"][0]["delay"]) for one in versions] == [(2, "P5D"), (1, "PT1S")]
    assert (await caller.get(f"/v1/collectors/{new_id()}/versions")).status == 404
