"""The nodes of the n8n package, compiled, with the interfaces that n8n gives them."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.support import node
from tests.support.apps.program import Program, program

DRIVER: Final = Path(__file__).with_name("n8n.js")


async def build() -> None:
    """Install what the package needs and compile it."""
    modules = await node.packages_of(node.N8N)
    await node.run(modules / "typescript" / "bin" / "tsc", cwd=node.N8N)
    await node.run("copy-icons.mjs", cwd=node.N8N)


@asynccontextmanager
async def n8n_nodes() -> AsyncIterator[Program]:
    """The compiled nodes in a running program."""
    await build()
    async with program(DRIVER, str(node.N8N)) as running:
        yield running


@dataclass(slots=True)
class N8n:
    """A workflow with one set of credentials; `kept` is its static data."""

    program: Program
    credentials: dict[str, Any]
    kept: dict[str, Any] = field(default_factory=dict)

    async def ask(self, node_name: str, method: str, parameters: Mapping[str, Any], **given: Any) -> Any:
        """Call a method of a node; what it keeps is kept for the next call."""
        asked = {"authentication": "accessToken"} | dict(parameters)
        given = {"parameters": asked, "credentials": self.credentials, "kept": self.kept} | given
        answer = await self.program.ask(node=node_name, method=method, given=given)
        self.kept = answer["kept"]
        return answer

    async def act(self, operation: str, *, binary: Any = None, on_fail: bool = False, **parameters: Any) -> Any:
        """Run the action node over one item, and give the item that it makes."""
        asked = {"operation": operation, "additionalFields": {}} | parameters
        answer = await self.ask("action", "execute", asked, binary=binary, continueOnFail=on_fail)
        [[item]] = answer["returned"]
        return item

    async def hook(self, method: str, event: str, url: str, **parameters: Any) -> bool:
        """Run a method of the trigger's life: checkExists, create, delete."""
        asked = {"event": event} | parameters
        answer = await self.ask("trigger", f"webhookMethods.default.{method}", asked, webhookUrl=url)
        return bool(answer["returned"])

    async def deliver(self, headers: Mapping[str, str], body: bytes, **parameters: Any) -> Any:
        """Hand a delivery to the trigger node; give what it returned and answered."""
        named = {name.lower(): value for name, value in headers.items()}
        asked = {"downloadPdf": False} | parameters
        return await self.ask("trigger", "webhook", asked, headers=named, body=base64.b64encode(body).decode())
