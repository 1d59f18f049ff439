"""Both buses on real servers, each sentence of this folder run on each."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.buses import Harness, postgres_harness, rabbit_harness
from tests.support.postgres_server import Postgres
from tests.support.rabbitmq_server import Rabbitmq


@pytest.fixture(params=["rabbitmq", "postgres"])
async def harness(request: pytest.FixtureRequest, rabbitmq: Rabbitmq, postgres: Postgres) -> AsyncIterator[Harness]:
    if request.param == "rabbitmq":
        url = await rabbitmq.create_vhost()
        async with rabbit_harness(url) as rabbit:
            yield rabbit
        await rabbitmq.delete_vhost(url)
    else:
        dsn = await postgres.create_database()
        async with postgres_harness(dsn) as buses:
            yield buses
        await postgres.drop_database(dsn)
