"""The commands that create accounts and change their plans, for `ledgerwire` and `python -m ingress`."""

from __future__ import annotations

import argparse
from typing import Any, Final
from uuid import UUID

from ingress.access.accounts import (
    COUNT_MAX,
    DEFAULT_SETTINGS,
    AccountSettings,
    create_account,
    limit,
    set_quota,
    storage,
)
from ingress.access.oauth.clients import create_client
from ingress.access.oauth.rules import OAuthError
from storage.pool import Pool

_PRINTED: Final = (
    "Prints one JSON object: account_id, api_key, api_token, access_token, login {name, password}."
    " `login` is that of the account's owner, for the console and for consent to applications"
)


def add_verbs(account: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Add `create` and `quota` to `account`; return both parsers, so that the caller can add options."""
    verbs = account.add_subparsers(dest="verb", required=True)
    create = verbs.add_parser(
        "create", help="create an account and print its credentials, shown only once", epilog=_PRINTED
    )
    create.add_argument("name", help="the company's name, 1 to 200 characters")
    create.add_argument("--time-zone", default=DEFAULT_SETTINGS.time_zone, help="such as Europe/Riga (%(default)s)")
    create.add_argument("--currency", default=DEFAULT_SETTINGS.currency, help="ISO 4217, such as EUR (%(default)s)")
    create.add_argument("--locale", default=DEFAULT_SETTINGS.locale, help="such as en or fr-CA (%(default)s)")
    quota = verbs.add_parser(
        "quota",
        help="change an account's plan",
        epilog="`unlimited` lifts a limit, `default` takes the installation's for the storage",
    )
    quota.add_argument("account_id", type=UUID)
    for verb, read in ((create, _count), (quota, limit)):
        verb.add_argument("--clients", type=read, metavar="N", help="at most N clients")
        verb.add_argument("--products", type=read, metavar="N", help="at most N products")
    quota.add_argument("--storage", type=storage, metavar="SIZE", help="at most SIZE of files, such as 500MB")
    return [create, quota]


async def run(pool: Pool, requested: argparse.Namespace) -> dict[str, Any]:
    """Run the command; return the JSON object to print.

    Raises:
        ValueError: a value is wrong; LookupError: there is no such account.
    """
    if requested.verb == "quota":
        return await set_quota(pool, requested.account_id, requested.clients, requested.products, requested.storage)
    settings = AccountSettings(requested.time_zone, requested.currency, requested.locale)
    return await create_account(pool, requested.name, requested.clients, requested.products, settings)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > COUNT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {COUNT_MAX}")
    return int(text)


def add_client_verbs(command: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Add `create` to `oauth-client`; return its parser, so that the caller can add options."""
    verbs = command.add_subparsers(dest="verb", required=True)
    create = verbs.add_parser(
        "create", help="create an OAuth client and print it",
        epilog="Prints one JSON object: client_id, and client_secret with --confidential, shown only once",
    )  # fmt: skip
    create.add_argument("name", help="the application's name, shown where people consent")
    create.add_argument(
        "--redirect-uri",
        action="append",
        required=True,
        metavar="URI",
        help="where the browser is sent after consent; repeatable",
    )
    create.add_argument("--confidential", action="store_true", help="a confidential client, with a secret")
    create.add_argument(
        "--first-party", action="store_true", help="a first-party client, such as the console: no consent page"
    )
    return [create]


async def run_client(pool: Pool, requested: argparse.Namespace) -> dict[str, Any]:
    """Make an OAuth client; return the JSON object to print.

    Raises:
        ValueError: the name or a URI is wrong.
    """
    try:
        return await create_client(
            pool, requested.name, requested.redirect_uri, confidential=requested.confidential,
            first_party=requested.first_party,
        )  # fmt: skip
    except OAuthError as fault:
        raise ValueError(fault.description) from None
