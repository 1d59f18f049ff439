"""Where a request comes from: the audit log's address and the limit by address, with and without trusted proxies."""

from __future__ import annotations

from tests.support.api_installation import open_house
from tests.support.caller import Caller

CLAIM = {"X-Forwarded-For": "198.51.100.7"}


async def address_of_a_token(caller: Caller, headers: dict[str, str]) -> str:
    made = await caller.post("/v1/tokens", {"application": "x", "scopes": ["read"]}, headers=headers)
    assert made.status == 201, made.text
    return str((await caller.items("/v1/audit"))[0]["address"])


async def test_a_claim_of_a_client_is_not_believed(caller: Caller) -> None:
    assert await address_of_a_token(caller, CLAIM) == "127.0.0.1"


async def test_a_trusted_proxy_names_the_client_for_the_audit_log_and_the_limits(database_dsn: str) -> None:
    async with open_house(
        database_dsn, trusted_proxies="127.0.0.0/8", address_requests_per_second=1, audit_keep_days=500
    ) as house:
        caller = await house.account()
        assert await address_of_a_token(caller, CLAIM) == "198.51.100.7"
        statuses = [(await caller.get("/v1/me", headers={"X-Forwarded-For": "198.51.100.8"})).status for _ in range(6)]
        assert set(statuses) == {200, 429}
        assert (await caller.get("/v1/me", headers={"X-Forwarded-For": "198.51.100.9"})).status == 200
        assert await house.pool.fetchval("SELECT audit_days FROM ingress.retention_setting") == 500
