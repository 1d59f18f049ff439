"""Somebody of another account, for the tests of the API's resources."""

from __future__ import annotations

import pytest

from tests.support.api_installation import House
from tests.support.caller import Caller


@pytest.fixture
async def stranger(house: House) -> Caller:
    return await house.account("Somebody Else Ltd")
