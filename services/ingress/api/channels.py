"""`/v1/channels`: secret URLs into an account, made, rotated and disabled.

A channel's `id` is public. Its URL allows posting, so that only callers with the scope `admin` see it.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from chassis.encryption import DecryptionError
from contracts.primitives.ids import new_id
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model, ShortText
from ingress import response_models as models
from ingress.access import channel_store
from ingress.access.channel_store import CHANNELS_MAX, Channel, Kind, LastMessage, State
from ingress.access.credentials import digest, new_channel_secret
from ingress.errors import Conflict, LimitReached, NotFound
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import read_your_writes
from ingress.views.paging import page, read_id_cursor
from storage.pool import Connection

PATH_OF: Final[dict[Kind, str]] = {
    "direct": "/ext/direct/inbox/",
    "orders": "/ext/webhooks/inbox/",
    "replies": "/ext/messages/inbound/",
    "hook": "/ext/hooks/",
}
SECRET_CHARS_MAX: Final = 64  # ours have 32; what is longer need not be looked up


class ChannelIn(Model):
    """What the channel is for: direct (suppliers' documents), orders, replies (of customers), hook (anything)."""

    kind: Kind
    name: ShortText | None = None


class ChannelPage(Page):
    """Which channels to list: active ones by default."""

    kind: Kind | None = None
    state: State = "active"


async def create(api: Api, call: Request) -> Response:
    """Create an active channel; its URL is a secret for one sender."""
    requested, secret = call.body_as(ChannelIn), new_channel_secret()

    async def insert(conn: Connection) -> Response:
        channel = await channel_store.insert(
            conn,
            account_id=call.account_id,
            identifier=new_id(),
            kind=requested.kind,
            name=requested.name,
            secret_hash=digest(secret),
            secret_sealed=api.encryptor.encrypt(secret),
        )
        if channel is None:
            raise LimitReached(f"an account has at most {CHANNELS_MAX} active channels: disable one that is not used")
        return Response(201, show(api, call, channel), {"Location": f"/v1/channels/{channel.id}"})

    return await api.run_idempotent(call, insert)


async def list_all(api: Api, call: Request) -> Response:
    """The account's channels, newest first."""
    requested = call.query_as(ChannelPage)
    rows = await channel_store.list_newest(
        api.pool,
        account_id=call.account_id,
        kind=requested.kind,
        state=requested.state,
        before=read_id_cursor(call),
        limit=requested.limit + 1,
    )
    last = await _last_messages(api, call, [row.id for row in rows])
    return Response(
        200, page(call, rows, show=lambda row: show(api, call, row, last.get(row.id)), key=lambda row: (row.id,))
    )


async def get(api: Api, call: Request) -> Response:
    """One channel, active or not."""
    channel = await channel_store.find(api.pool, account_id=call.account_id, identifier=call.id_of())
    if channel is None:
        raise NotFound
    last = await _last_messages(api, call, [channel.id])
    return Response(200, show(api, call, channel, last.get(channel.id)))


async def _last_messages(api: Api, call: Request, channels: list[UUID]) -> dict[UUID, LastMessage]:
    """What came in last by each channel, with what was accepted before this request."""
    await read_your_writes.wait_until_visible(api, call)
    return await channel_store.last_messages(api.pool, account_id=call.account_id, channels=channels)


async def disable(api: Api, call: Request) -> Response:
    """Disable a channel: its URL is unknown from now on."""
    channel = await channel_store.disable(api.pool, account_id=call.account_id, identifier=call.id_of())
    if channel is None:
        raise NotFound
    return Response(200, show(api, call, channel))


async def rotate(api: Api, call: Request) -> Response:
    """Replace the channel's URL; its id, and with it its history and rules, stays."""
    identifier, secret = call.id_of(), new_channel_secret()

    async def replace(conn: Connection) -> Response:
        encrypted = api.encryptor.encrypt(secret)
        channel = await channel_store.replace_secret(
            conn, account_id=call.account_id, identifier=identifier, secret_hash=digest(secret), secret_sealed=encrypted
        )
        if channel is not None:
            return Response(200, show(api, call, channel))
        if await channel_store.find(conn, account_id=call.account_id, identifier=identifier) is None:
            raise NotFound
        raise Conflict("the channel is disabled: make a new one")

    return await api.run_idempotent(call, replace)


def public(channel: Channel) -> dict[str, Any]:
    """A channel as messages and events name it."""
    return {"id": str(channel.id), "kind": channel.kind, "name": channel.name}


def show(api: Api, call: Request, channel: Channel, last: LastMessage | None = None) -> dict[str, Any]:
    """A channel's response; with `url` for callers with the scope `admin`, with `last_message` where it was read.

    `url` is null when the key of its secret is lost: a rotation makes a new one.
    """
    representation = public(channel) | {
        "state": channel.state,
        "created_at": channel.created_at.isoformat(),
        "disabled_at": channel.disabled_at.isoformat() if channel.disabled_at else None,
    }
    if last is not None:
        representation["last_message"] = {"id": str(last.id), "received_at": last.received_at.isoformat()}
    if call.caller is not None and "admin" in call.caller.scopes:
        representation["url"] = _url(api, channel)
    return representation


def _url(api: Api, channel: Channel) -> str | None:
    try:
        return api.urls.at(PATH_OF[channel.kind] + api.encryptor.open(channel.secret_sealed))
    except DecryptionError:
        return None


_PATH = "/v1/channels"

ROUTES = (
    Route(
        "POST",
        _PATH,
        "createChannel",
        create,
        "admin",
        "Activate a channel",
        body=ChannelIn,
        response_model=models.Channel,
        status=201,
        tag="channels",
    ),
    Route(
        "GET",
        _PATH,
        "listChannels",
        list_all,
        "read",
        "List channels",
        query=ChannelPage,
        response_model=ResourcePage[models.Channel],
        tag="channels",
    ),
    Route(
        "GET",
        _PATH + "/{id}",
        "getChannel",
        get,
        "read",
        "Read a channel",
        response_model=models.Channel,
        tag="channels",
    ),
    Route(
        "DELETE",
        _PATH + "/{id}",
        "deleteChannel",
        disable,
        "admin",
        "Disable a channel",
        response_model=models.Channel,
        tag="channels",
    ),
    Route(
        "POST",
        _PATH + "/{id}/rotate",
        "rotateChannel",
        rotate,
        "admin",
        "Replace a channel's URL",
        response_model=models.Channel,
        tag="channels",
    ),
)
