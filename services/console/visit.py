"""One request being answered: who, in which language, with the API as that person may use it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import aiohttp_jinja2
from aiohttp import web

from chassis.encryption import DecryptionError, Encryptor
from console import i18n, labels
from console.api_client import ApiClient, Problem
from console.forms import Filled, read_form
from console.settings import PREFIX_PATH, ConsoleSettings

SESSION_COOKIE: Final = "ledgerwire_console"
BROWSER_COOKIE: Final = "ledgerwire_console_browser"
LANGUAGE_COOKIE: Final = "ledgerwire_language"
THEME_COOKIE: Final = "ledgerwire_theme"
NOTICE_COOKIE: Final = "ledgerwire_notice"
CSRF_FIELD: Final = "_csrf"
CSRF_HEADER: Final = "X-CSRF-Token"
THEMES: Final = ("auto", "light", "dark")
COOKIE_CHARS_MAX: Final = 4_000  # what browsers keep of one
BROWSER_CHARS_MAX: Final = 100  # ours have 24
PEOPLE_MAX: Final = 1_000  # remembered of this process's sessions, about 2 KiB each
PEOPLE_SECONDS: Final = 15.0  # until a change of a role or an account's name shows in the frame of the pages
NOTICE_CHARS_MAX: Final = 1_500  # encrypted it fits into a cookie
NOTICE_SECONDS: Final = 60  # between two pages
YEAR_SECONDS: Final = 31_536_000  # of what a browser remembers: language, colours
_UNAUTHORIZED: Final = 401


@dataclass(frozen=True, slots=True)
class Person:
    """Who has signed in, and the account that they work in."""

    user: Mapping[str, Any]
    account: Mapping[str, Any]
    accounts: list[Mapping[str, Any]]
    scopes: frozenset[str]
    time_zone: str
    currency: str


@dataclass(slots=True)
class Parts:
    """What all requests share; made once in `app.py`."""

    settings: ConsoleSettings
    encryptor: Encryptor
    http: aiohttp.ClientSession
    key: bytes  # of the CSRF tokens
    people: OrderedDict[str, tuple[float, Person]] = field(default_factory=OrderedDict)
    catalogs: tuple[dict[str, Any], dict[str, Any]] | None = None  # of triggers and of actions
    catalogs_until: float = 0.0  # when they are read anew
    begun: set[str] = field(default_factory=set)  # accounts whose first steps are all done
    watches: int = 0  # open live parts that look at the API
    closing: asyncio.Event = field(default_factory=asyncio.Event)  # the process ends: live parts end first


PARTS: Final = web.AppKey("parts", Parts)


@dataclass(slots=True)
class Visit:
    """A request with its person; handlers get it and answer with a response."""

    request: web.Request
    parts: Parts
    locale: str
    theme: str
    token: str | None
    browser: str
    person: Person | None = None
    form: dict[str, str] = field(default_factory=dict)
    refused: Filled | None = None  # a form of the page, as it was typed, with what the API refused of it
    status: int = 200

    @property
    def api(self) -> ApiClient:
        """The API in the person's name."""
        return ApiClient(self.parts.http, self.parts.settings.api_base, self.token)

    @property
    def time_zone(self) -> str:
        """The account's time zone."""
        return self.person.time_zone if self.person else "UTC"

    @property
    def is_part(self) -> bool:
        """Whether a page that is open asks for a part of itself."""
        return "HX-Request" in self.request.headers

    @property
    def path(self) -> str:
        """This page's path with its query."""
        return self.request.path_qs

    @property
    def at(self) -> str:
        """This page's path."""
        return self.request.path

    @property
    def id(self) -> str:
        """The id in the path."""
        return self.request.match_info["id"]

    def may(self, scope: str) -> bool:
        """Whether the person has a scope."""
        return self.person is not None and scope in self.person.scopes

    def text(self, message: str) -> str:
        """A text in the person's language."""
        return i18n.translations(self.locale).gettext(message) if message else ""

    def action_title(self, key: str) -> str:
        """The title of an action in the person's language, once the catalogs have been read."""
        return self._title(1, key)

    def trigger_title(self, key: str) -> str:
        """The title of a trigger in the person's language, once the catalogs have been read."""
        return self._title(0, key)

    def _title(self, catalog: int, key: str) -> str:
        known = self.parts.catalogs[catalog] if self.parts.catalogs else {}
        titles = known.get(key, {}).get("title", {})
        return str(titles.get(self.locale) or self.text(labels.of(key)))

    def plural(self, one: str, many: str, count: int) -> str:
        """A text for so many of something; `{count}` is filled in."""
        return i18n.translations(self.locale).ngettext(one, many, count).format(count=count)

    @property
    def csrf(self) -> str:
        """The token of this page's forms; masked, so that compression does not give it away."""
        salt = secrets.token_hex(8)
        return f"{salt}.{self._signed(salt)}"

    def _signed(self, salt: str) -> str:
        of = f"{salt}.{self.browser}.{hashlib.sha256((self.token or '').encode()).hexdigest()}"
        return hmac.new(self.parts.key, of.encode(), hashlib.sha256).hexdigest()

    def is_csrf(self, given: str) -> bool:
        """Whether a form was made for this browser and session."""
        salt, _, signed = given.partition(".")
        return hmac.compare_digest(signed.encode("utf-8", "replace"), self._signed(salt).encode())

    async def read_form(self) -> dict[str, str]:
        """Read the posted form once."""
        if not self.form:
            self.form = await read_form(self.request)
        return self.form

    def new_key(self) -> str:
        """A fresh key of a form, so that sending it twice has one effect."""
        return secrets.token_urlsafe(18)

    def render(self, template: str, *, status: int | None = None, **context: Any) -> web.Response:
        """A page, or a part of one."""
        filled = self.refused or Filled()
        given = {"visit": self, "_": self.text, "plural": self.plural, "filled": filled, "notice": None}
        return aiohttp_jinja2.render_template(template, self.request, given | context, status=status or self.status)

    def go(self, path: str, notice: str = "", *, failed: bool = False) -> web.Response:
        """Lead the browser to another page of ours, which shows the notice once, as a fault if something failed."""
        answer = web.Response(status=303, headers={"Location": PREFIX_PATH + path})
        if notice:
            cookie = f"{'!' if failed else ' '}{notice[:NOTICE_CHARS_MAX]}"
            self.set_encrypted_cookie(answer, NOTICE_COOKIE, cookie, seconds=NOTICE_SECONDS)
        return answer

    def take_notice(self) -> str | None:
        """The notice that the page before left."""
        return self.open_cookie(NOTICE_COOKIE)

    def open_cookie(self, name: str) -> str | None:
        """What an encrypted cookie of ours holds; None: there is none that can be read."""
        given = self.request.cookies.get(name, "")
        if not given or len(given) > COOKIE_CHARS_MAX:
            return None
        try:
            kind, _, value = self.parts.encryptor.open(given.encode("ascii", "replace")).partition(" ")
        except DecryptionError:
            return None
        return value if kind == name else None

    def set_encrypted_cookie(
        self, answer: web.StreamResponse, name: str, value: str, *, seconds: int | None = None
    ) -> None:
        """Set a cookie that only this console reads, and only under this name."""
        self.set_cookie(answer, name, self.parts.encryptor.encrypt(f"{name} {value}").decode(), seconds=seconds)

    def set_cookie(self, answer: web.StreamResponse, name: str, value: str, *, seconds: int | None = None) -> None:
        """Set a cookie that scripts and other sites cannot use; outside loopback it needs https."""
        answer.set_cookie(
            name, value, path=PREFIX_PATH, max_age=seconds, httponly=True, samesite="Lax",
            secure=not self.parts.settings.is_local or self.parts.settings.console_base.startswith("https:"),
        )  # fmt: skip

    async def load_person(self) -> Person | None:
        """The user who has signed in; None: no session, or an ended one.

        Raises:
            Problem: the API does not answer.
        """
        if self.token is None:
            return None
        known, key, now = self.parts.people, hashlib.sha256(self.token.encode()).hexdigest(), time.monotonic()
        if key in known and known[key][0] > now:
            self.person = known[key][1]
            return self.person
        try:
            session, account = await self.api.get("/v1/session"), None
            if "read" in session["scopes"]:
                account = await self.api.get("/v1/account")
        except Problem as problem:
            if problem.status == _UNAUTHORIZED:
                return None
            raise
        self.person = person = _person(session, account or {})
        known[key] = (now + PEOPLE_SECONDS, person)
        known.move_to_end(key)
        while len(known) > PEOPLE_MAX:
            known.popitem(last=False)
        return person

    def forget_person(self) -> None:
        """Read the person anew with the next page: something of theirs was changed."""
        self.parts.people.pop(hashlib.sha256((self.token or "").encode()).hexdigest(), None)


def _person(session: Mapping[str, Any], account: Mapping[str, Any]) -> Person:
    return Person(
        session["user"], session["account"], session["accounts"], frozenset(session["scopes"]),
        account.get("time_zone", "UTC"), account.get("currency", "EUR"),
    )  # fmt: skip


VISIT: Final = web.RequestKey("visit", Visit)
Handler = Callable[[Visit], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One verb of one path below the console's prefix; `is_open` needs no session."""

    method: str
    path: str
    handler: Handler
    is_open: bool = False


def open_visit(request: web.Request) -> Visit:
    """The visit of a request, before anything is asked of the API."""
    parts, cookies = request.app[PARTS], request.cookies
    locale = i18n.choose(cookies.get(LANGUAGE_COOKIE), request.headers.get("Accept-Language", ""))
    theme = cookies.get(THEME_COOKIE, "")
    browser = cookies.get(BROWSER_COOKIE, "")[:BROWSER_CHARS_MAX] or secrets.token_urlsafe(18)
    visit = Visit(request, parts, locale, theme if theme in THEMES else THEMES[0], None, browser)
    request[VISIT] = visit
    visit.token = visit.open_cookie(SESSION_COOKIE)
    return visit


def safe_path(given: str) -> str:
    """A path of ours to go on to, the home page where another is given."""
    parts = urlsplit(given)
    inside = not parts.scheme and not parts.netloc and (given == PREFIX_PATH or given.startswith(PREFIX_PATH + "/"))
    return given.removeprefix(PREFIX_PATH) if inside and "\\" not in given and given.isprintable() else "/"
