"""`/v1/channels`: secret URLs into an account, made, rotated and disabled."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from contracts.ids import new_id
from contracts.objects import Model, ShortText
from ingress.credentials import new_channel_id
from ingress.errors import Conflict, LimitReached, NotFound
from ingress.http.api import Api
from ingress.http.paging import page, read_cursor
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import shapes
from ingress.store import channels
from ingress.store.channels import CHANNELS_MAX, Channel, Kind, State
from storage.pool import Connection

URL_OF: Final[dict[Kind, str]] = {
    "direct": "/ext/direct/inbox/",
    "orders": "/ext/webhooks/inbox/",
    "replies": "/ext/messages/inbound/",
    "hook": "/ext/hooks/",
}


class ChannelIn(Model):
    """What the channel is for: direct (suppliers' documents), orders, replies (of customers), hook (anything)."""

    kind: Kind
    name: ShortText | None = None


class ChannelPage(Page):
    """Which channels to list: active ones unless `state` says otherwise."""

    kind: Kind | None = None
    state: State = "active"


async def create(api: Api, call: Call) -> Reply:
    """Activate a channel; its URL is a secret to hand to one sender."""
    asked = call.body_as(ChannelIn)

    async def insert(conn: Connection) -> Reply:
        channel = await channels.insert(
            conn,
            account_id=call.account_id,
            identifier=new_channel_id(),
            stem=new_id(),
            kind=asked.kind,
            name=asked.name,
        )
        if channel is None:
            raise LimitReached(f"an account has at most {CHANNELS_MAX} active channels: disable one that is not used")
        return Reply(201, show(channel), {"Location": f"/v1/channels/{channel.id}"})

    return await api.once(call, insert)


async def list_all(api: Api, call: Call) -> Reply:
    """The account's channels, newest first."""
    asked = call.query_as(ChannelPage)
    key = read_cursor(call, datetime, str)
    rows = await channels.list_newest(
        api.pool,
        account_id=call.account_id,
        kind=asked.kind,
        state=asked.state,
        before=(key[0], key[1]) if key else None,
        limit=asked.limit + 1,
    )
    return Reply(200, page(call, rows, show=show, key=lambda row: (row.created_at, row.id)))


async def get(api: Api, call: Call) -> Reply:
    """One channel, active or not."""
    channel = await channels.find(api.pool, account_id=call.account_id, identifier=_id(call))
    if channel is None:
        raise NotFound
    return Reply(200, show(channel))


async def disable(api: Api, call: Call) -> Reply:
    """Disable a channel: its URL is unknown from now on."""
    channel = await channels.disable(api.pool, account_id=call.account_id, identifier=_id(call))
    if channel is None:
        raise NotFound
    return Reply(200, show(channel))


async def rotate(api: Api, call: Call) -> Reply:
    """Give the channel a new URL and end the old one. What came before is still recognised when it comes again."""
    identifier = _id(call)

    async def replace(conn: Connection) -> Reply:
        old = await channels.lock(conn, account_id=call.account_id, identifier=identifier)
        if old is None:
            raise NotFound
        if old.state != "active":
            raise Conflict("the channel is disabled: make a new one")
        await channels.disable(conn, account_id=call.account_id, identifier=identifier)
        new = await channels.insert(
            conn,
            account_id=call.account_id,
            identifier=new_channel_id(),
            stem=old.stem,
            kind=old.kind,
            name=old.name,
        )
        if new is None:
            raise LimitReached(f"an account has at most {CHANNELS_MAX} active channels")
        return Reply(200, show(new), {"Location": f"/v1/channels/{new.id}"})

    return await api.once(call, replace)


def _id(call: Call) -> str:
    identifier = call.params["id"]
    if not is_channel_id(identifier):
        raise NotFound
    return identifier


def is_channel_id(text: str) -> bool:
    """Whether a text could be a channel's id: what Postgres cannot hold need not be asked for."""
    return len(text) <= 64 and text.isascii() and text.isprintable()  # noqa: PLR2004  ours have 32


def show(channel: Channel) -> dict[str, Any]:
    """A channel as its owner sees it. `url` is where to POST, on this server."""
    return {
        "id": channel.id,
        "kind": channel.kind,
        "name": channel.name,
        "state": channel.state,
        "url": URL_OF[channel.kind] + channel.id,
        "created_at": channel.created_at.isoformat(),
        "disabled_at": channel.disabled_at.isoformat() if channel.disabled_at else None,
    }


_PATH = "/v1/channels"

ROUTES = (
    Route(
        "POST",
        _PATH,
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
        list_all,
        "admin",
        "List channels",
        query=ChannelPage,
        answers=shapes.Listed[shapes.Channel],
        tag="channels",
    ),
    Route("GET", _PATH + "/{id}", get, "admin", "Read a channel", answers=shapes.Channel, tag="channels"),
    Route("DELETE", _PATH + "/{id}", disable, "admin", "Disable a channel", answers=shapes.Channel, tag="channels"),
    Route(
        "POST",
        _PATH + "/{id}/rotate",
        rotate,
        "admin",
        "Give a channel a new URL",
        answers=shapes.Channel,
        tag="channels",
    ),
)
