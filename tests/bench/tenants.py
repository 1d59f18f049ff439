"""Accounts for the measurements, made beside the running services, and what their programs present."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp

from contracts.wire.topology import ROLES
from ingress.access.accounts import create_account
from storage.pool import open_pool

CreateAccount = Callable[[str], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Tenant:
    """One account as its programs know it, and the client that it bills."""

    account_id: str
    token: str
    client_id: str

    @property
    def headers(self) -> dict[str, str]:
        """What its requests present."""
        return {"Authorization": f"Bearer {self.token}"}


@asynccontextmanager
async def accounts_of(dsn: str) -> AsyncIterator[CreateAccount]:
    """Make accounts as `account create` does, without a process for each."""
    pool = await open_pool(dsn, role=ROLES["ingress"], name="bench", size_max=2)
    try:
        yield partial(create_account, pool)
    finally:
        await pool.close()


async def make_tenants(url: str, create: CreateAccount, *, many: int) -> list[Tenant]:
    """Make accounts, each with a client."""
    tenants = []
    async with aiohttp.ClientSession() as session:
        for number in range(many):
            made = await create(f"Issuer {number}")
            headers = {"Authorization": f"Bearer {made['access_token']}"}
            async with session.post(f"{url}/v1/clients", json={"name": "Ozola Design SIA"}, headers=headers) as reply:
                reported = await reply.json()
                assert reply.status == 201, reported
            tenants.append(Tenant(made["account_id"], made["access_token"], reported["id"]))
    return tenants
