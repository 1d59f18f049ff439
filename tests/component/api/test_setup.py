"""The first account of an installation: by the newest link, once."""

from __future__ import annotations

import asyncio
from typing import Any

from ingress.access import setup
from standalone.all_in_one import prepare_all
from tests.support.api_installation import House, open_house
from tests.support.caller import Caller
from tests.support.postgres_server import Postgres

FIRST = {"account_name": "Baltic Trading OÜ", "name": "anna", "password": "four plain words here"}


async def create(house: House, secret: str | None, **fields: Any) -> Any:
    stranger = Caller(house.session, house.url, {})
    return await stranger.anonymous("POST", "/v1/setup", json=FIRST | {"setup": secret} | fields)


async def test_the_newest_link_makes_an_account_with_an_owner_once(postgres: Postgres) -> None:
    dsn = await postgres.copy_of(prepare_all)
    async with open_house(dsn) as house:
        first, newest = await setup.new_link_secret(house.pool), await setup.new_link_secret(house.pool)
        refused = await create(house, first)
        assert (refused.status, set(refused.faults)) == (422, {"setup"})
        wrong = await create(house, newest, currency="EURO", time_zone="Mars/Base", password="anna has a password")
        assert set(wrong.faults) == {"currency", "time_zone"}
        assert set((await create(house, newest, password="anna has a password")).faults) == {"password"}
        made, late = await asyncio.gather(create(house, newest), create(house, newest))
        assert sorted((made.status, late.status)) == [201, 409]
        login = {"name": FIRST["name"], "password": FIRST["password"]}
        signed_in = await Caller(house.session, house.url, {}).anonymous("POST", "/v1/session", json=login)
        assert signed_in.json["account"]["role"] == "owner"
        assert await setup.new_link_secret(house.pool) is None
        assert (await Caller(house.session, house.url, {}).anonymous("GET", "/v1/setup")).json == {"needed": False}
    await postgres.drop_database(dsn)
