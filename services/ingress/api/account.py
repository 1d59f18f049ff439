"""`/v1/account`: the company's profile and settings. The ledger reads its own copy of what it computes with."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from contracts.etag import entity_tag
from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from contracts.resources.account import (
    COLLECTION_FIELDS,
    PROFILE_FIELDS,
    AccountPatch,
    AccountProfile,
    LogoIn,
    collections_of,
    profile_of,
)
from contracts.resources.number_format import DEFAULT_NUMBER_FORMAT
from contracts.urls import PublicUrls
from contracts.wire.commands import FOLLOW_SETTINGS
from contracts.wire.envelope import Envelope
from contracts.wire.topology import LEDGER_COMMANDS
from documents.pdf.logo import LogoError, check_logo
from ingress.access import account_store
from ingress.access.account_store import Account
from ingress.errors import InvalidInput, NotFound
from ingress.http import conditions
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from messaging.port import Outgoing
from storage.pool import Connection

_SETTINGS: Final = ("name", "time_zone", "locale", "currency", "number_format", "default_pay_term")
_LOGO_PATH: Final = "/v1/account/logo"


async def get_account(api: Api, call: Request) -> Response:
    """Show the account."""
    return Response(200, show(_there(await account_store.find(api.pool, account_id=call.account_id)), api.urls))


async def update_account(api: Api, call: Request) -> Response:
    """Change what was sent of the account."""
    requested = call.body_as(AccountPatch)
    logo = await _checked(requested.logo) if requested.logo else None

    outgoing: list[Outgoing] = []

    async def work(conn: Connection) -> Response:
        before = _there(await account_store.lock(conn, account_id=call.account_id))
        conditions.require_match(call, show(before, api.urls))
        after = _changed(before, requested, logo)
        await account_store.change(conn, after)
        if _collected_by(after) != _collected_by(before):
            outgoing.append(_follow_settings(call))
        if logo is not None:
            await account_store.put_logo(conn, account_id=call.account_id, content=logo[1])
        elif "logo" in requested.model_fields_set:
            await account_store.delete_logo(conn, account_id=call.account_id)
        body = show(after, api.urls)
        return Response(200, body, {"ETag": entity_tag(body)})

    return await api.run_idempotent(call, work, outgoing)


def _collected_by(account: Account) -> tuple[str, str, dict[str, Any]]:
    """What promises and cases depend on."""
    return account.time_zone, account.locale, account.collections


def _follow_settings(call: Request) -> Outgoing:
    command = Envelope(id=new_id(), name=FOLLOW_SETTINGS, account_id=call.account_id, correlation_id=call.id, data={})
    return Outgoing(command.id, LEDGER_COMMANDS.name, command.encode())


async def get_logo(api: Api, call: Request) -> Response:
    """Return the bytes of the logo."""
    found = await account_store.find_logo(api.pool, account_id=call.account_id)
    if found is None:
        raise NotFound("the account has no logo")
    kept, content = found
    return Response(200, content, {"ETag": f'"{kept["sha256"]}"'}, kept["content_type"])


def show(account: Account, urls: PublicUrls) -> dict[str, Any]:
    """An account's response."""
    return {
        "id": str(account.account_id),
        "name": account.name,
        **profile_of(account.profile),
        "locale": account.locale,
        "time_zone": account.time_zone,
        "currency": account.currency,
        "number_format": account.number_format or DEFAULT_NUMBER_FORMAT,
        "default_pay_term": account.default_pay_term,
        **collections_of(account.collections),
        "logo": account.logo and {**account.logo, "url": urls.at(_LOGO_PATH)},
        "plan": {"clients_max": account.clients_max, "products_max": account.products_max},
        "created_at": account.created_at.isoformat(),
        "updated_at": account.updated_at.isoformat(),
    }


async def _checked(given: LogoIn) -> tuple[dict[str, Any], bytes]:
    """The stored metadata of a logo, and its bytes."""
    content = base64.b64decode(given.content)
    try:
        media_type = await asyncio.to_thread(check_logo, content)
    except LogoError as error:
        raise InvalidInput(faults=[FieldError("logo.content", str(error))]) from None
    return {"content_type": media_type, "size": len(content), "sha256": sha256(content).hexdigest()}, content


def _changed(before: Account, requested: AccountPatch, logo: tuple[dict[str, Any], bytes] | None) -> Account:
    sent = requested.model_dump(mode="json", include=requested.model_fields_set)
    given = {name: value for name, value in sent.items() if name in PROFILE_FIELDS}
    settings: dict[str, Any] = {name: sent[name] for name in _SETTINGS if name in sent}
    collections = {name: value for name, value in sent.items() if name in COLLECTION_FIELDS}
    if "logo" in sent:
        settings["logo"] = logo[0] if logo else None
    return replace(
        before,
        profile=before.profile | given,
        collections=before.collections | collections,
        updated_at=datetime.now(tz=UTC),
        **settings,
    )


def _there(account: Account | None) -> Account:
    if account is None:
        raise NotFound
    return account


ROUTES = (
    Route(
        "GET", "/v1/account", "getAccount", get_account, "read", "Get the account's profile and settings",
        response_model=AccountProfile, tag="access",
    ),
    Route(
        "PATCH", "/v1/account", "updateAccount", update_account, "admin",
        "Change the account: only the fields that are sent, null removes a value",
        body=AccountPatch, response_model=AccountProfile, tag="access",
    ),
    Route(
        "GET", _LOGO_PATH, "getAccountLogo", get_logo, "read", "Get the account's logo",
        response_types=("image/png", "image/jpeg"), may_be_absent=True, tag="access",
    ),
)  # fmt: skip
