"""Every operation of every app succeeds once: by Zapier's core, in n8n's node, by an assistant's client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

import pytest

from contracts.catalog import ACTIONS
from tests.support.api_installation import open_house
from tests.support.apps.n8n import N8n, n8n_nodes
from tests.support.apps.operations import SEARCHES, acting_arguments, node_parameters, zapier_inputs
from tests.support.apps.zapier import Zapier, zapier_core
from tests.support.assistant import Assistant, held_assistant
from tests.support.postgres_server import Postgres
from tests.support.receiver import open_receiver
from tools.apps.selection import action_is_in_apps

OFFERED: Final = sorted(key for key, action in ACTIONS.items() if action_is_in_apps(action))
OPERATIONS: Final = [
    *(("zapier", key) for key in OFFERED if key != "find_or_create_client"),  # there a search with its create
    *(("n8n", key) for key in OFFERED),
    *(("mcp", key) for key in OFFERED),
]


@dataclass(frozen=True, slots=True)
class App:
    """An app connected to an account of its own."""

    arguments: dict[str, dict[str, Any]]
    perform: Callable[[str, dict[str, Any]], Awaitable[Any]]


@pytest.fixture(scope="module")
async def apps(postgres: Postgres) -> AsyncIterator[dict[str, App]]:
    dsn = await postgres.create_database()
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(open_receiver())
        house = await stack.enter_async_context(open_house(dsn, sms_url=receiver.url("/sms")))
        core = await stack.enter_async_context(zapier_core())
        nodes = await stack.enter_async_context(n8n_nodes())
        callers = {name: await house.account() for name in ("zapier", "n8n", "mcp")}
        tokens = {name: caller.made["access_token"] for name, caller in callers.items()}
        zap = Zapier(core, {"instance_url": f"{house.url}/", "access_token": tokens["zapier"]}, {})
        node = N8n(nodes, {"baseUrl": f"{house.url}/", "accessToken": tokens["n8n"]})
        assistant = await stack.enter_async_context(held_assistant(callers["mcp"]))
        performers = {"zapier": _by_zapier(zap), "n8n": _by_n8n(node), "mcp": _by_assistant(assistant)}
        yield {
            name: App(await acting_arguments(callers[name], receiver) | SEARCHES, perform)
            for name, perform in performers.items()
        }
    await postgres.drop_database(dsn)


def _by_zapier(zap: Zapier) -> Callable[[str, dict[str, Any]], Awaitable[Any]]:
    async def perform(key: str, arguments: dict[str, Any]) -> Any:
        inputs = zapier_inputs(key, arguments)
        if key not in SEARCHES:
            return await zap.create(key, **inputs)
        found = await zap.search(key, **inputs)
        return {"found": bool(found)}

    return perform


def _by_n8n(node: N8n) -> Callable[[str, dict[str, Any]], Awaitable[Any]]:
    async def perform(key: str, arguments: dict[str, Any]) -> Any:
        return (await node.act(key, **node_parameters(key, arguments)))["json"]

    return perform


def _by_assistant(assistant: Assistant) -> Callable[[str, dict[str, Any]], Awaitable[Any]]:
    async def perform(key: str, arguments: dict[str, Any]) -> Any:
        return await assistant.done(key, **arguments, **({} if key in SEARCHES else {"confirm": True}))

    return perform


@pytest.mark.parametrize(("app", "key"), OPERATIONS)
async def test_an_operation_succeeds(apps: dict[str, App], app: str, key: str) -> None:
    result = await apps[app].perform(key, apps[app].arguments[key])
    if key in SEARCHES:
        assert result["found"] is (key == "find_client")
    else:
        assert result.keys() >= ACTIONS[key].output.keys()
