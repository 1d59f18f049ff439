"""Set-up: the printed link leads here, to create the first account and its owner."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from console.api_client import Problem
from console.forms import Field, Filled, Group, Option, as_object, names_of
from console.i18n import LANGUAGE_NAMES, N_
from console.visit import Route, Visit

LANGUAGES: Final = tuple(Option(code, name) for code, name in LANGUAGE_NAMES.items())
GROUPS: Final = (
    Group(
        N_("Your company"),
        (
            Field("account_name", N_("Company name"), required=True, autocomplete="organization", wide=True),
            Field("currency", N_("Currency"), required=True, help=N_("The three letters of its code, such as EUR")),
            Field("time_zone", N_("Time zone"), required=True, help=N_("Such as Europe/Paris")),
            Field("locale", N_("Language of your documents"), "choice", options=LANGUAGES),
        ),
    ),
    Group(
        N_("You"),
        (
            Field(
                "name", N_("Sign-in name"), required=True, autocomplete="username",
                help=N_("Your e-mail address, or a word without spaces"),
            ),
            Field("email", N_("E-mail"), "email", autocomplete="email", help=N_("Where a new password is sent")),
            Field(
                "password", N_("Password"), "password", required=True, autocomplete="new-password",
                help=N_("12 characters or more"), wide=True,
            ),
        ),
    ),
)  # fmt: skip
_DEFAULTS: Final = {"currency": "EUR", "time_zone": "Europe/Paris"}
_INVALID: Final = 422


async def show(visit: Visit) -> web.StreamResponse:
    """The form, as long as there is no account."""
    if not (await visit.api.get("/v1/setup"))["needed"]:
        return visit.go("/")
    filled = Filled(_DEFAULTS | {"locale": visit.locale, "setup": visit.request.query.get("token", "")})
    return visit.render("set_up.html", groups=GROUPS, filled=filled)


async def create(visit: Visit) -> web.StreamResponse:
    """Create the account; then its owner signs in."""
    form = await visit.read_form()
    fields = names_of(GROUPS)
    try:
        await visit.api.post("/v1/setup", as_object(fields, form) | {"setup": form.get("setup", "")})
    except Problem as problem:
        filled = Filled(form).with_faults(problem.faults, fields, problem)
        return visit.render("set_up.html", status=_INVALID, groups=GROUPS, filled=filled)
    return visit.go("/", visit.text(N_("Your account is ready. Sign in with the name and password you chose.")))


ROUTES: Final = (
    Route("GET", "/set-up", show, is_open=True),
    Route("POST", "/set-up", create, is_open=True),
)
