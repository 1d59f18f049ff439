"""Users: their roles, their sessions, passwords and second factors."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingress.access import totp
from tests.support.ingress import Account, Ingress, prepare, running_ingress
from tests.support.people import sign_in, try_to_sign_in
from tests.support.postgres_server import Postgres

PASSWORD = "four plain words here"


@pytest.fixture(scope="module")
async def ingress(postgres: Postgres) -> AsyncIterator[Ingress]:
    async with running_ingress(await postgres.copy_of(prepare), sign_ins_per_minute=0) as running:
        yield running


async def add(account: Account, name: str, role: str = "member") -> dict[str, Any]:
    made = await account.post("/v1/users", {"name": f"{name}-{account.id[-8:]}", "role": role})
    assert made.status == 201, made.text
    return dict(made.json)


async def test_the_login_of_account_create_signs_the_owner_in(ingress: Ingress) -> None:
    account = await ingress.account("Books Ltd")
    browser = await sign_in(ingress, account.made["login"])
    assert browser.session["account"] == {"id": account.id, "name": "Books Ltd", "role": "owner"}
    assert browser.session["scopes"] == ["read", "write", "automate", "admin"]
    me = (await browser.send("GET", "/v1/me")).json
    assert me["caller"] == {"kind": "user", "id": browser.session["user"]["id"], "name": account.made["login"]["name"]}


async def test_the_cookie_is_kept_from_scripts_and_other_sites(ingress: Ingress) -> None:
    answer = await try_to_sign_in(ingress, (await ingress.account()).made["login"])
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie, "the test's public URL is plain http"


async def test_a_change_without_the_csrf_token_is_refused(ingress: Ingress) -> None:
    browser = await sign_in(ingress, (await ingress.account()).made["login"])
    for token in ("", "wrong", "é"):
        refused = await ingress.send(
            "POST", "/v1/tokens", headers={"Cookie": browser.cookie, "X-CSRF-Token": token}, json={"name": "Forged"}
        )
        assert (refused.status, refused.json["code"]) == (403, "forbidden")
    assert (await browser.send("POST", "/v1/tokens", json={"name": "Mine"})).status == 201


async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(ingress: Ingress) -> None:
    login = (await ingress.account()).made["login"]
    wrong = [{"name": login["name"], "password": "wrong"}, {"name": "no-one-at-all", "password": login["password"]}]
    answers = [await try_to_sign_in(ingress, one) for one in wrong]
    assert [answer.status for answer in answers] == [401, 401]
    assert answers[0].json == answers[1].json


async def test_what_was_signed_out_is_no_session(ingress: Ingress) -> None:
    browser = await sign_in(ingress, (await ingress.account()).made["login"])
    assert (await browser.send("DELETE", "/v1/session")).json["deleted"] is True
    assert (await browser.send("GET", "/v1/me")).status == 401
    assert (await browser.send("GET", "/v1/session")).status == 401


async def test_a_users_role_decides_what_they_may_do_and_changes_at_once(ingress: Ingress) -> None:
    account = await ingress.account()
    anna = await add(account, "anna", "viewer")
    browser = await sign_in(ingress, anna)
    assert browser.session["scopes"] == ["read"]
    assert (await browser.send("POST", "/v1/channels", json={"kind": "direct"})).status == 403
    changed = await account.send("PATCH", f"/v1/users/{anna['id']}", json={"role": "owner"})
    assert changed.json["role"] == "owner"
    assert (await browser.send("POST", "/v1/channels", json={"kind": "direct"})).status == 201


async def test_a_removed_user_is_refused_at_once(ingress: Ingress) -> None:
    account = await ingress.account()
    anna = await add(account, "anna")
    browser = await sign_in(ingress, anna)
    assert (await account.delete(f"/v1/users/{anna['id']}")).json == {"id": anna["id"], "deleted": True}
    assert (await browser.send("GET", "/v1/me")).status == 401
    assert (await try_to_sign_in(ingress, anna)).status == 401
    assert anna["id"] not in {user["id"] for user in (await account.get("/v1/users")).json["items"]}


async def test_an_account_always_has_an_owner(ingress: Ingress) -> None:
    account = await ingress.account()
    owner = (await account.get("/v1/users")).json["items"][0]
    for answer in (
        await account.delete(f"/v1/users/{owner['id']}"),
        await account.send("PATCH", f"/v1/users/{owner['id']}", json={"role": "viewer"}),
    ):
        assert (answer.status, answer.json["code"]) == (409, "conflict")
    await add(account, "second", "owner")
    assert (await account.delete(f"/v1/users/{owner['id']}")).status == 200


async def test_a_name_is_taken_once_whatever_its_capitals(ingress: Ingress) -> None:
    account = await ingress.account()
    assert (await account.post("/v1/users", {"name": "Anna.K", "role": "viewer"})).status == 201
    again = await account.post("/v1/users", {"name": "anna.k", "role": "viewer"})
    assert (again.status, again.json["code"]) == (409, "conflict")


async def test_another_accounts_user_is_not_found(ingress: Ingress) -> None:
    anna = await add(await ingress.account(), "anna")
    other = await ingress.account()
    assert (await other.get(f"/v1/users/{anna['id']}")).status == 404
    assert (await other.delete(f"/v1/users/{anna['id']}")).status == 404


async def test_a_person_belongs_to_several_accounts_by_invitation(ingress: Ingress) -> None:
    first, second = await ingress.account("First"), await ingress.account("Second")
    anna = await add(first, "anna")
    invitation = (await second.post("/v1/invitations", {"role": "viewer"})).json["invitation"]
    browser = await sign_in(ingress, anna)
    joined = await browser.send("POST", "/v1/session/join", json={"invitation": invitation})
    assert joined.json["account"] == {"id": second.id, "name": "Second", "role": "viewer"}
    assert [one["name"] for one in joined.json["accounts"]] == ["First", "Second"]
    assert (await browser.send("GET", "/v1/me")).json["account"]["id"] == second.id
    again = await browser.send("POST", "/v1/session/join", json={"invitation": invitation})
    assert again.paths == ["invitation"]
    back = await browser.send("PUT", "/v1/session/account", json={"account_id": first.id})
    assert back.json["account"]["role"] == "member"
    stranger = await ingress.account()
    refused = await browser.send("PUT", "/v1/session/account", json={"account_id": stranger.id})
    assert refused.status == 404


async def test_a_changed_password_ends_the_other_sessions(ingress: Ingress) -> None:
    login = (await ingress.account()).made["login"]
    other, browser = await sign_in(ingress, login), await sign_in(ingress, login)
    wrong = await browser.send("POST", "/v1/session/password", json={"current": "wrong", "password": PASSWORD})
    assert wrong.paths == ["current"]
    given = {"current": login["password"], "password": PASSWORD}
    assert (await browser.send("POST", "/v1/session/password", json=given)).json == {"changed": True}
    assert (await browser.send("GET", "/v1/me")).status == 200
    assert (await other.send("GET", "/v1/me")).status == 401
    assert (await try_to_sign_in(ingress, login)).status == 401
    await sign_in(ingress, login | {"password": PASSWORD})


async def test_a_second_factor_is_asked_for_and_each_code_counts_once(ingress: Ingress) -> None:
    login = (await ingress.account()).made["login"]
    browser = await sign_in(ingress, login)
    made = (await browser.send("POST", "/v1/session/two-factor")).json
    secret = totp.read_secret(made["secret"]) or b""
    assert made["uri"].startswith("otpauth://totp/Ledgerwire:")
    code = totp.code_of(secret, int(time.time()) // 30)
    given = {"secret": made["secret"], "code": code, "password": login["password"]}
    codes = (await browser.send("PUT", "/v1/session/two-factor", json=given)).json["recovery_codes"]
    needed = await try_to_sign_in(ingress, login)
    assert (needed.status, needed.json["code"]) == (401, "second_factor_required")
    assert (await try_to_sign_in(ingress, login, code=code)).status == 401, "it was used to confirm"
    assert (await try_to_sign_in(ingress, login, code="000000")).status == 401
    await sign_in(ingress, login, code=totp.code_of(secret, int(time.time()) // 30 + 1))
    assert (await sign_in(ingress, login, code=codes[0])).session["user"]["two_factor"] is True
    assert (await try_to_sign_in(ingress, login, code=codes[0])).status == 401
    off = await browser.send(
        "POST", "/v1/session/two-factor/remove", json={"password": login["password"], "code": codes[1]}
    )
    assert off.json == {"two_factor": False}
    await sign_in(ingress, login)


async def test_wrong_passwords_of_one_name_are_limited(postgres: Postgres) -> None:
    async with running_ingress(await postgres.copy_of(prepare), sign_ins_per_minute=3) as ingress:
        login = (await ingress.account()).made["login"]
        wrong = login | {"password": "wrong"}
        statuses = [(await try_to_sign_in(ingress, wrong)).status for _ in range(4)]
        assert statuses == [401, 401, 401, 429]
        late = await try_to_sign_in(ingress, login)
        assert late.status == 429, "the right password too: guessing must not go on"
        assert int(late.headers["Retry-After"]) <= 20
        assert (await try_to_sign_in(ingress, login | {"name": "another"})).status == 401
        statuses = [(await try_to_sign_in(ingress, login | {"name": f"name{n}"})).status for n in range(4)]
        assert statuses == [401, 401, 401, 429], "nine tries of one address in a minute"
