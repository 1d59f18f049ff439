"""`/v1/channels`: secret URLs into an account, made, rotated and disabled.

A channel's `id` is public. Its URL lets anybody post, so that only callers with the scope `admin` are shown it.
"""

from __future__ import annotations

from typing import Any, Final

from chassis.sealing import CannotOpen
from contracts.ids import new_id
from contracts.objects import Model, ShortText
from ingress.credentials import digest, new_channel_secret
from ingress.errors import Conflict, LimitReached, NotFound
from ingress.http.api import Api
from ingress.http.paging import page, read_id_cursor
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import shapes
from ingress.store import channels
from ingress.store.channels import CHANNELS_MAX, Channel, Kind, State
from storage.pool import Connection

PATH_OF: Final[dict[Kind, str]] = {
    "direct": "/ext/direct/inbox/",
    "orders": "/ext/webhooks/inbox/",
    "hook": "/ext/hooks/",
}
SECRET_CHARS_MAX: Final = 64  # ours have 32; what is longer need not be looked up


class ChannelIn(Model):
    """What the channel is for: direct (suppliers' documents), orders, hook (anything)."""

    kind: Kind
    name: ShortText | None = None


class ChannelPage(Page):
    """Which channels to list: active ones unless `state` says otherwise."""

    kind: Kind | None = None
    state: State = "active"


async def create(api: Api, call: Call) -> Reply:
    """Activate a channel; its URL is a secret to hand to one sender."""
    asked, secret = call.body_as(ChannelIn), new_channel_secret()

    async def insert(conn: Connection) -> Reply:
        channel = await channels.insert(
            conn,
            account_id=call.account_id,
            identifier=new_id(),
            kind=asked.kind,
            name=asked.name,
            secret_hash=digest(secret),
            secret_sealed=api.sealer.seal(secret),
        )
        if channel is None:
            raise LimitReached(f"an account has at most {CHANNELS_MAX} active channels: disable one that is not used")
        return Reply(201, show(api, call, channel), {"Location": f"/v1/channels/{channel.id}"})

    return await api.once(call, insert)


async def list_all(api: Api, call: Call) -> Reply:
    """The account's channels, newest first."""
    asked = call.query_as(ChannelPage)
    rows = await channels.list_newest(
        api.pool,
        account_id=call.account_id,
        kind=asked.kind,
        state=asked.state,
        before=read_id_cursor(call),
        limit=asked.limit + 1,
    )
    return Reply(200, page(call, rows, show=lambda row: show(api, call, row), key=lambda row: (row.id,)))


async def get(api: Api, call: Call) -> Reply:
    """One channel, active or not."""
    channel = await channels.find(api.pool, account_id=call.account_id, identifier=call.id_of())
    if channel is None:
        raise NotFound
    return Reply(200, show(api, call, channel))


async def disable(api: Api, call: Call) -> Reply:
    """Disable a channel: its URL is unknown from now on."""
    channel = await channels.disable(api.pool, account_id=call.account_id, identifier=call.id_of())
    if channel is None:
        raise NotFound
    return Reply(200, show(api, call, channel))


async def rotate(api: Api, call: Call) -> Reply:
    """Give the channel a new URL and end the old one; its id, and with it its history and rules, stays."""
    identifier, secret = call.id_of(), new_channel_secret()

    async def replace(conn: Connection) -> Reply:
        sealed = api.sealer.seal(secret)
        channel = await channels.replace_secret(
            conn, account_id=call.account_id, identifier=identifier, secret_hash=digest(secret), secret_sealed=sealed
        )
        if channel is not None:
            return Reply(200, show(api, call, channel))
        if await channels.find(conn, account_id=call.account_id, identifier=identifier) is None:
            raise NotFound
        raise Conflict("the channel is disabled: make a new one")

    return await api.once(call, replace)


def public(channel: Channel) -> dict[str, Any]:
    """A channel as messages and events name it."""
    return {"id": str(channel.id), "kind": channel.kind, "name": channel.name}


def show(api: Api, call: Call, channel: Channel) -> dict[str, Any]:
    """A channel; with `url`, where to POST, for callers who may administer.

    `url` is null where the key that sealed its secret is lost: a rotation gives a new one.
    """
    shown = public(channel) | {
        "state": channel.state,
        "created_at": channel.created_at.isoformat(),
        "disabled_at": channel.disabled_at.isoformat() if channel.disabled_at else None,
    }
    if call.caller is not None and "admin" in call.caller.scopes:
        shown["url"] = _url(api, channel)
    return shown


def _url(api: Api, channel: Channel) -> str | None:
    try:
        return api.urls.at(PATH_OF[channel.kind] + api.sealer.open(channel.secret_sealed))
    except CannotOpen:
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
        answers=shapes.Channel,
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
        answers=shapes.Listed[shapes.Channel],
        tag="channels",
    ),
    Route("GET", _PATH + "/{id}", "getChannel", get, "read", "Read a channel", answers=shapes.Channel, tag="channels"),
    Route(
        "DELETE",
        _PATH + "/{id}",
        "deleteChannel",
        disable,
        "admin",
        "Disable a channel",
        answers=shapes.Channel,
        tag="channels",
    ),
    Route(
        "POST",
        _PATH + "/{id}/rotate",
        "rotateChannel",
        rotate,
        "admin",
        "Give a channel a new URL",
        answers=shapes.Channel,
        tag="channels",
    ),
)
