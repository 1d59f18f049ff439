"""A forgotten password: a link by real SMTP, of use once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from standalone.all_in_one import prepare_all
from tests.support.api_installation import House, open_house
from tests.support.caller import Answer, Caller
from tests.support.eventually import eventually
from tests.support.postgres_server import Postgres
from tests.support.smtp_server import SmtpServer, smtp_server

PASSWORD = "four plain words here"


@pytest.fixture(scope="module")
def smtp() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


@pytest.fixture(scope="module")
async def house(postgres: Postgres, smtp: SmtpServer) -> AsyncIterator[House]:
    url = smtp.url + "&from=books@ledgerwire.example"
    async with open_house(await postgres.copy_of(prepare_all), smtp_url=url, sign_ins_per_minute=0) as running:
        yield running


@pytest.fixture
async def owner(house: House) -> Caller:
    return await house.account()


async def person(owner: Caller, locale: str = "en") -> dict[str, str]:
    name = f"anna-{owner.account_id}"
    return dict(
        await owner.made_of(
            "/v1/users", {"name": name, "role": "member", "email": f"{name}@example.com", "locale": locale}
        )
    )


async def link_to(owner: Caller, smtp: SmtpServer, name: str) -> tuple[str, str]:
    asked = await owner.anonymous("POST", "/v1/password-resets", json={"name": name})
    assert (asked.status, asked.json) == (200, {"requested": True})
    mail = await eventually(
        lambda: next((one for one in smtp.mails if one.recipients == [f"{name}@example.com"]), None)
    )
    assert mail is not None
    smtp.mails.remove(mail)
    found = re.search(r"http\S+", mail.text)
    assert found is not None
    return found[0], mail.text


async def sign_in(owner: Caller, name: str, password: str) -> Answer:
    return await owner.anonymous("POST", "/v1/session", json={"name": name, "password": password})


async def test_a_new_password_is_chosen_by_the_link_once(owner: Caller, smtp: SmtpServer) -> None:
    anna = await person(owner)
    session = await sign_in(owner, anna["name"], anna["password"])
    link, _ = await link_to(owner, smtp, anna["name"])
    reset = link.partition("reset=")[2]
    given = {"reset": reset, "password": PASSWORD}
    assert (await owner.anonymous("POST", "/v1/password-resets/redeem", json=given)).json == {"changed": True}
    assert (await sign_in(owner, anna["name"], PASSWORD)).status == 201
    assert (await sign_in(owner, anna["name"], anna["password"])).status == 401
    cookie = {"Cookie": session.headers["Set-Cookie"].partition(";")[0]}
    assert (await owner.anonymous("GET", "/v1/session", headers=cookie)).status == 401, "other sessions have ended"
    again = await owner.anonymous("POST", "/v1/password-resets/redeem", json=given)
    assert (again.status, set(again.faults)) == (422, {"reset"})


async def test_the_link_leads_to_a_page_in_the_persons_language(owner: Caller, smtp: SmtpServer) -> None:
    anna = await person(owner, "fr")
    link, text = await link_to(owner, smtp, anna["name"])
    assert "Choisissez un nouveau mot de passe" in text
    french = {"Accept-Language": "fr"}
    assert "Enregistrer" in (await owner.anonymous("GET", link, headers=french)).text
    reset = link.partition("reset=")[2]
    short = await owner.anonymous("POST", "/oauth/password", data={"reset": reset, "password": "short"})
    assert (short.status, 'role="alert"' in short.text) == (422, True)
    saved = await owner.anonymous("POST", "/oauth/password", data={"reset": reset, "password": PASSWORD})
    assert saved.status == 200
    assert (await sign_in(owner, anna["name"], PASSWORD)).status == 201
    ended = await owner.anonymous("POST", "/oauth/password", data={"reset": reset, "password": PASSWORD})
    assert ended.status == 422


async def test_an_unknown_name_gets_the_same_answer_and_no_mail(owner: Caller, smtp: SmtpServer) -> None:
    asked = await owner.anonymous("POST", "/v1/password-resets", json={"name": "no-one"})
    assert (asked.status, asked.json) == (200, {"requested": True})
    assert not smtp.mails


async def test_the_secret_of_the_link_is_stored_nowhere(house: House, owner: Caller, smtp: SmtpServer) -> None:
    anna = await person(owner)
    link, _ = await link_to(owner, smtp, anna["name"])
    reset = link.partition("reset=")[2]
    conn = await asyncpg.connect(house.dsn)
    try:
        for table in ("ingress.password_reset", "ingress.outbox", "execution.hand_over", "bus.message"):
            if await conn.fetchval("SELECT to_regclass($1)", table):
                rows = await conn.fetch(f"SELECT t::text AS row FROM {table} t")  # noqa: S608
                assert not any(reset in row["row"] for row in rows), table
    finally:
        await conn.close()
