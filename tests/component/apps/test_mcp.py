"""The Model Context Protocol at `/mcp`, spoken to by the client of the official SDK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import orjson
import pytest
from mcp import MCPError

from contracts.catalog import offered_actions
from ingress.mcp.endpoint import REQUESTS_MAX
from ingress.mcp.tool_specs import ROWS_DEFAULT
from tests.support.apps.operations import acting_arguments
from tests.support.assistant import Assistant, assistant_of, held_assistant, hints_of, text_of
from tests.support.caller import Caller, a_document
from tests.support.receiver import Receiver, open_receiver

LISTS = {
    "get_client": "list_clients", "get_client_statement": "list_clients", "get_product": "list_products",
    "get_sale": "list_sales", "get_journey": "list_sales", "get_payment": "list_payments",
    "get_purchase_message": "list_purchase_messages", "get_sale_message": "list_sale_messages",
    "get_bill": "list_bills", "get_case": "list_cases", "get_collector": "list_collectors",
    "get_message": "list_messages", "get_automation": "list_automations", "get_run": "list_runs",
}  # fmt: skip
"""Where the ids come from that a tool for one object takes."""

STEPS: list[dict[str, Any]] = [{"action": "create_client", "input": {"name": "Bob"}}]
WITH_STEPS: dict[str, dict[str, Any]] = {
    "branch": {"branches": [{"steps": STEPS}]},
    "for_each": {"items": ["a"], "steps": STEPS},
    "approve": {"message": "Pay?"},
}
UNCONNECTED: dict[str, dict[str, Any]] = {
    "store_file": {"name": "a.txt", "connection_id": str(uuid4()), "content": "x"},
    "append_row": {"file": "a.csv", "values": {"a": "1"}, "connection_id": str(uuid4())},
}
CONDITION = {"where": "1", "op": "eq", "value": "1"}


@pytest.fixture
async def assistant(caller: Caller) -> AsyncIterator[Assistant]:
    async with held_assistant(caller) as connected:
        yield connected


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


async def _lived_in(caller: Caller) -> None:
    """An account in which there is one of everything that can be read."""
    client = await caller.client(email="aija@ozola.example")
    await caller.made_of("/v1/products", {"code": "PEN", "name": "Pen"})
    sale = await caller.sale(client["id"])
    await caller.payment(client["id"], "10.00", (sale["id"], "10.00"))
    bought = await caller.made_of("/v1/inbox/purchases", a_document())
    await caller.made_of(f"/v1/inbox/purchases/{bought['id']}/accept", {})
    await caller.made_of("/v1/inbox/sales", a_document("O-1", sale_type="sales_order"))
    message = {"client_id": client["id"], "channel": "email", "subject": "Hello", "body": "Text"}
    await caller.made_of("/v1/messages", message | {"direction": "sent"})
    steps = [{"action": "filter", "input": CONDITION}]
    await caller.made_of("/v1/automations", {"name": "A", "trigger": {"key": "sale.posted"}, "steps": steps})


async def test_every_reading_tool_answers(caller: Caller, assistant: Assistant) -> None:
    await _lived_in(caller)
    tools, unknown = await assistant.tools(), 0
    for name, tool in tools.items():
        if not name.startswith(("get_", "list_")):
            continue
        if not tool.input_schema.get("required"):
            assert isinstance(await assistant.done(name), dict)
            continue
        listed = (await assistant.done(LISTS[name]))["items"] if name in LISTS else []
        if listed:
            assert await assistant.done(name, id=listed[0]["id"])
            continue
        result = await assistant.call(name, id=str(uuid4()))
        unknown += 1
        assert result.is_error, name
        assert "Look the id up" in text_of(result), name
    assert unknown <= 4, "the account has too little to read"


async def _books(caller: Caller, action: str) -> list[tuple[Any, ...]]:
    """All that an action may change, as it stands after the answer to the last one.

    Cases are compared for the action that moves them: the ledger's scheduler opens them a moment after other ones.
    """
    kinds = ["clients", "products", "sales", "payments", "notes", "disputes", "promises", "messages"]
    kinds += ["cases"] if action == "move_invoices" else []
    found = [one for kind in kinds for one in await caller.items(f"/v1/{kind}")]
    found += [one for box in ("purchases", "sales") for one in await caller.items(f"/v1/inbox/{box}")]
    return [(one["id"], one.get("status"), one.get("phone"), one.get("collector")) for one in found]


async def test_every_action_shows_first_and_acts_when_confirmed(
    caller: Caller, assistant: Assistant, receiver: Receiver
) -> None:
    acts, tools = await acting_arguments(caller, receiver) | UNCONNECTED | WITH_STEPS, await assistant.tools()
    searches = {"find_client": {"query": "Ozola"}, "find_product": {"code": "PEN"}, "find_sale": {"number": "X"}}
    steps = {"filter": CONDITION, "delay": {"duration": "PT1H"}}
    assert {action.key for action in offered_actions()} == {*acts, *searches, *steps}
    for name, given in {**searches, **steps}.items():
        assert hints_of(tools[name])[0]
        assert await assistant.done(name, **given)
    unserved = {"send_email": "LEDGERWIRE_SMTP_URL", "send_sms": "LEDGERWIRE_SMS_URL"}
    unserved |= {"store_file": "connection_id", "append_row": "connection_id"}
    for name, arguments in acts.items():
        assert not hints_of(tools[name])[0]
        before = await _books(caller, name)
        shown = await assistant.call(name, **arguments)
        assert shown.is_error or shown.structured_content["dry_run"] is True, text_of(shown)
        assert shown.is_error or "Nothing has changed" in text_of(shown)
        assert (receiver.received, await _books(caller, name)) == ([], before), name
        result = await assistant.call(name, **arguments, confirm=True)
        assert result.is_error == (name in unserved), (name, text_of(result))
        assert unserved.get(name, "") in text_of(result), name
        receiver.received.clear()


async def test_hints_say_what_a_tool_does(assistant: Assistant) -> None:
    tools = await assistant.tools()

    assert hints_of(tools["list_sales"]) == (True, False, False)
    assert hints_of(tools["create_client"]) == (False, False, False)
    assert hints_of(tools["void_document"]) == (False, True, False)
    assert hints_of(tools["send_message"]) == (False, False, True)
    assert hints_of(tools["http_request"]) == (False, True, True)


async def test_a_token_that_may_only_read_sees_and_calls_no_writing_tool(caller: Caller) -> None:
    made = await caller.made_of("/v1/tokens", {"name": "Reader", "scopes": ["read"]})
    reader = Caller(caller.session, caller.url, caller.made | {"access_token": made["token"]})
    async with assistant_of(reader) as assistant:
        tools = await assistant.tools()
        assert all(hints_of(tool)[0] for tool in tools.values())
        assert tools.keys().isdisjoint(action.key for action in offered_actions())
        with pytest.raises(MCPError, match="no tool 'create_client'"):
            await assistant.call("create_client", name="x", confirm=True)
    assert await caller.items("/v1/clients") == []


async def test_an_error_names_the_field_and_what_to_do(assistant: Assistant) -> None:
    result = await assistant.call("record_payment", client_id="x", amount="1,00", currency="EUR", who="me")
    text = text_of(result)
    assert result.is_error
    assert {fault["path"] for fault in result.structured_content["errors"]} == {"client_id", "amount", "who"}
    assert all(part in text for part in ("client_id: ", "amount: ", "who: ", "Correct the named arguments"))
    assert text_of(await assistant.call("get_sale")).startswith("id: is missing")
    key = "two\nlines"
    assert "idempotency_key" in text_of(await assistant.call("add_note", confirm=True, idempotency_key=key))
    assert "limit" in text_of(await assistant.call("list_sales", limit=1000))
    unclear = await assistant.call("add_note", client_id=str(uuid4()), body="x", confirm="yes")
    assert text_of(unclear) == "confirm: must be true or false; without it nothing changes"


async def test_the_same_key_has_one_effect(caller: Caller, assistant: Assistant) -> None:
    made = {"name": "Ozola", "confirm": True, "idempotency_key": "k-1"}
    first, again = [await assistant.done("create_client", **made) for _ in range(2)]
    assert first == again
    assert len(await caller.items("/v1/clients")) == 1
    other = await assistant.call("create_client", **made | {"name": "Kalnina"})
    assert other.is_error


async def test_the_header_is_the_key_of_a_call_without_one(caller: Caller) -> None:
    headers = {"Accept": "application/json", "Idempotency-Key": "k-2", "MCP-Protocol-Version": "2025-06-18"}
    params = {"name": "create_client", "arguments": {"name": "Ozola", "confirm": True}}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    first, again = [await caller.post("/mcp", call, headers=headers) for _ in range(2)]
    assert first.json["result"]["structuredContent"] == again.json["result"]["structuredContent"]
    assert len(await caller.items("/v1/clients")) == 1


async def test_a_list_is_short_unless_asked_and_goes_on_by_its_cursor(caller: Caller, assistant: Assistant) -> None:
    for number in range(ROWS_DEFAULT + 1):
        await caller.client(name=f"Client {number}")
    first = await assistant.done("list_clients")
    assert len(first["items"]) == ROWS_DEFAULT
    rest = await assistant.done("list_clients", cursor=first["next_cursor"])
    assert [one["name"] for one in rest["items"]] == ["Client 0"]
    found = await assistant.done("list_clients", query="Client 7", archived=False)
    assert [one["name"] for one in found["items"]] == ["Client 7"]


async def test_an_answer_that_is_too_long_is_an_error_with_a_remedy(caller: Caller, assistant: Assistant) -> None:
    for _ in range(2):
        await caller.client(comment="x" * 4000)
    for number in range(40):
        await caller.client(name=f"Client {number}", comment="x" * 4000)
    result = await assistant.call("list_clients", limit=42)
    assert result.is_error
    assert "ask for fewer with `limit`" in text_of(result)


@pytest.mark.parametrize("version", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
async def test_a_request_stands_for_itself_in_every_version_before_2026(caller: Caller, version: str) -> None:
    headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": version}
    listed = await caller.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=headers)
    assert (listed.status, listed.headers["Content-Type"]) == (200, "application/json")
    assert "create_client" in {tool["name"] for tool in listed.json["result"]["tools"]}
    reported = await caller.post("/mcp", {"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=headers)
    assert (reported.status, reported.raw) == (202, b"")


async def test_the_handshake_of_older_clients_is_served(caller: Caller) -> None:
    async with assistant_of(caller, mode="legacy") as assistant:
        assert (about := assistant.client.server_info) is not None
        assert about.name == "ledgerwire"
        assert "confirm: true" in (assistant.client.instructions or "")
        assert (await assistant.done("get_me"))["account"]["id"] == str(caller.account_id)


async def test_a_key_pair_is_a_credential_here_too(caller: Caller) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_me", "arguments": {}}}
    pair = {"APIKey": caller.made["api_key"], "APIToken": caller.made["api_token"]}
    headers = {"Accept": "application/json"}
    for options in ({"headers": headers | pair}, {"headers": headers, "params": pair}):
        answer = await caller.anonymous("POST", "/mcp", json=call, **options)
        assert answer.json["result"]["structuredContent"]["caller"]["kind"] == "key_pair", answer.text


async def test_without_a_credential_it_gets_the_url_that_asks_for_consent(caller: Caller) -> None:
    answer = await caller.anonymous("POST", "/mcp", json={})
    metadata = f"{caller.url}/.well-known/oauth-protected-resource/mcp"
    assert (answer.status, f'resource_metadata="{metadata}"' in answer.headers["WWW-Authenticate"]) == (401, True)
    described = (await caller.anonymous("GET", metadata)).json
    assert (described["resource"], described["scopes_supported"]) == (f"{caller.url}/mcp", ["read", "write"])


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Origin": "https://evil.example"}, b"{}", 403),
        ({}, b"not json", 400),
        ({}, b"[" * 5000, 400),
        ({}, b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "x"}}' + b" " * 1_100_000, 413),
        ({"Content-Type": "text/plain"}, b"{}", 400),
        ({"MCP-Protocol-Version": "2026-07-28"}, b"[" * 5000, 400),
        ({"MCP-Protocol-Version": "1999-01-01"}, b"{}", 400),
    ],
)
async def test_what_is_no_request_of_the_protocol_is_refused(
    caller: Caller, headers: dict[str, str], body: bytes, status: int
) -> None:
    usual = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    answer = await caller.send("POST", "/mcp", data=body, headers=usual | headers)
    assert answer.status == status, answer.text


async def test_there_is_no_stream_to_open(caller: Caller) -> None:
    assert [(await caller.send(method, "/mcp")).status for method in ("GET", "DELETE")] == [405, 405]


async def test_many_assistants_at_once_get_their_answers_or_are_asked_to_wait(caller: Caller) -> None:
    headers = {"Accept": "application/json", "MCP-Protocol-Version": "2025-06-18"}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_me", "arguments": {}}}
    answers = await asyncio.gather(*(caller.post("/mcp", call, headers=headers) for _ in range(2 * REQUESTS_MAX)))
    assert {answer.status for answer in answers} <= {200, 503}
    served = [answer for answer in answers if answer.status == 200]
    assert len(served) >= REQUESTS_MAX
    assert all(not orjson.loads(answer.raw)["result"]["isError"] for answer in served)
    assert all("Retry-After" in answer.headers for answer in answers if answer.status == 503)
