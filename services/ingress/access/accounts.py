"""Create an account with its owner's login and credentials, and change its plan."""

from __future__ import annotations

import asyncio
import re
import secrets
import unicodedata
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from contracts.primitives.ids import new_id
from contracts.primitives.problem import field_errors
from contracts.resources.account import AccountPatch
from ingress.access import account_store, credential_store, user_store
from ingress.access.account_store import DEFAULT_STORAGE
from ingress.access.credentials import PASSWORDS, digest, new_access_token, new_key_pair, new_password
from ingress.scopes import SCOPES
from storage.pool import Pool

NAME_CHARS_MAX: Final = 200
COUNT_MAX: Final = 2**31 - 1
STORAGE_MAX: Final = 2**53  # bytes
UNLIMITED: Final = -1
_WORDS: Final = {"unlimited": UNLIMITED, "default": DEFAULT_STORAGE}
_UNITS: Final = {None: 1, "MB": 10**6, "GB": 10**9, "TB": 10**12}
FIRST_TOKEN_NAME: Final = "ledgerwire account create"  # noqa: S105  names what made it


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """Initial settings of an account; `PATCH /v1/account` changes them later."""

    time_zone: str = "UTC"
    currency: str = "EUR"
    locale: str = "en"

    def check(self) -> None:
        """Check every value.

        Raises:
            ValueError: with all faults, each with the option's name.
        """
        try:
            AccountPatch.model_validate(asdict(self))
        except ValidationError as error:
            faults = (f"--{fault.path.replace('_', '-')} {fault.message}" for fault in field_errors(error))
            raise ValueError("; ".join(faults)) from None


DEFAULT_SETTINGS: Final = AccountSettings()


async def create_account(
    pool: Pool,
    name: str,
    clients_max: int | None = None,
    products_max: int | None = None,
    settings: AccountSettings = DEFAULT_SETTINGS,
    storage_max: int | None = None,
) -> dict[str, Any]:
    """Create an account; return `account_id, api_key, api_token, access_token, login {name, password}`.

    The secrets are returned only here. A limit of None means unlimited; a storage of None, the installation's default.

    Raises:
        ValueError: no name, one of over 200 characters, a limit out of range, or an invalid setting.
    """
    name = name.strip()
    if not 1 <= len(name) <= NAME_CHARS_MAX or "\0" in name:
        raise ValueError(f"an account's name has 1 to {NAME_CHARS_MAX} characters")
    _check_limits(clients_max, products_max)
    _check_limits(storage_max, most=STORAGE_MAX)
    settings.check()
    account_id, token = new_id(), new_access_token()
    api_key, api_token = new_key_pair()
    login = {"name": f"{_slug(name)}-{secrets.token_hex(3)}", "password": new_password()}
    password_hash = await asyncio.to_thread(PASSWORDS.hash, login["password"])
    async with pool.acquire() as conn, conn.transaction():
        await account_store.insert(
            conn, account_id=account_id, name=name, clients_max=clients_max, products_max=products_max,
            storage_max=storage_max, **asdict(settings),
        )  # fmt: skip
        user_id = new_id()
        await user_store.insert_login(
            conn, user_id=user_id, name=login["name"], email=None, locale=settings.locale, password_hash=password_hash
        )
        await user_store.insert_membership(conn, account_id=account_id, user_id=user_id, role="owner")
        await credential_store.replace_key_pair(
            conn, account_id=account_id, identifier=new_id(), api_key=api_key, secret_hash=digest(api_token)
        )
        await credential_store.insert_token(
            conn, account_id=account_id, identifier=new_id(), name=FIRST_TOKEN_NAME, secret_hash=digest(token),
            scopes=SCOPES,
        )  # fmt: skip
    return {
        "account_id": str(account_id),
        "api_key": api_key,
        "api_token": api_token,
        "access_token": token,
        "login": login,
    }


def limit(text: str) -> int:
    """Read a limit from a command line: a number, or `unlimited`.

    Raises:
        ValueError: it is neither.
    """
    if text == "unlimited":
        return UNLIMITED
    if not (text.isascii() and text.isdigit()) or int(text) > COUNT_MAX:
        raise ValueError(f"{text!r} is neither a number from 0 to {COUNT_MAX} nor unlimited")
    return int(text)


def storage(text: str) -> int:
    """Read a storage limit from a command line: bytes, such as `500MB`, `unlimited` or `default`.

    Raises:
        ValueError: it is none of these.
    """
    if text in _WORDS:
        return _WORDS[text]
    found = re.fullmatch(r"([0-9]{1,16})(MB|GB|TB)?", text, re.ASCII)
    size = int(found[1]) * _UNITS[found[2]] if found else -1
    if not 0 <= size <= STORAGE_MAX:
        raise ValueError(f"{text!r} is neither a size such as 500MB or 20GB, nor unlimited, nor default")
    return size


async def set_quota(
    pool: Pool,
    account_id: UUID,
    clients_max: int | None = None,
    products_max: int | None = None,
    storage_max: int | None = None,
) -> dict[str, Any]:
    """Change the given limits, `UNLIMITED` to lift one; return `account_id, name` and all of them.

    Raises:
        LookupError: there is no such account; ValueError: a limit is out of range.
    """
    _check_limits(*(most for most in (clients_max, products_max) if most != UNLIMITED))
    if storage_max not in _WORDS.values():
        _check_limits(storage_max, most=STORAGE_MAX)
    account = await account_store.change_quota(
        pool, account_id=account_id, clients_max=clients_max, products_max=products_max, storage_max=storage_max
    )
    if account is None:
        raise LookupError(f"there is no account {account_id}")
    return {
        "account_id": str(account.account_id),
        "name": account.name,
        "clients_max": account.clients_max,
        "products_max": account.products_max,
        "storage_max": account.storage_max,
    }


def _check_limits(*limits: int | None, most: int = COUNT_MAX) -> None:
    for one in limits:
        if one is not None and not 0 <= one <= most:
            raise ValueError(f"a limit is a number from 0 to {most}")


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:24].strip("-") or "account"
