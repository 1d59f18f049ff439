"""Settings: the company's profile and logo, the plan's usage; and the person's own sign-in."""

from __future__ import annotations

import base64
from typing import Any, Final

import aiohttp
from aiohttp import web

from console import editing
from console.api_client import Problem
from console.editing import FormPage
from console.forms import Field, Filled, Group, Option, as_texts, names_of
from console.i18n import N_
from console.pages.clients import ADDRESS
from console.visit import Route, Visit

LOGO_BYTES_MAX: Final = 512 * 1024  # more than the API takes, so that its own message says so
PAY_TERMS: Final = (
    Option("", N_("Not set")), Option("1", N_("Days after the date")),
    Option("2", N_("Days after the end of the month")),
    Option("3", N_("On delivery")), Option("4", N_("Open")),
)  # fmt: skip
GROUPS: Final = (
    Group(
        N_("Company"),
        (
            Field("name", N_("Name"), required=True),
            Field("legal_name", N_("Legal name")),
            Field("reg_number", N_("Registration number")),
            Field("vat_number", N_("VAT number")),
            Field("email", N_("E-mail"), "email"),
            Field("phone", N_("Phone")),
            Field("website", N_("Website"), "url"),
            Field("endpoint_id", N_("Electronic address"), help=N_("Of Peppol: scheme and number, such as 0088:123")),
        ),
    ),
    Group(N_("Address"), ADDRESS),
    Group(
        N_("Bank account"),
        (
            Field("bank_accounts[0].iban", N_("IBAN")),
            Field("bank_accounts[0].bic", N_("BIC")),
            Field("bank_accounts[0].name", N_("Name of the bank")),
        ),
    ),
    Group(
        N_("Documents"),
        (
            Field("currency", N_("Currency"), required=True),
            Field("locale", N_("Language"), required=True),
            Field("time_zone", N_("Time zone"), required=True),
            Field(
                "number_format",
                N_("Form of document numbers"),
                required=True,
                help=N_("{prefix}, {year} and {number} once each, such as {prefix}-{year}-{number:6}"),
            ),
            Field("default_pay_term.type", N_("Payment term"), "choice", options=PAY_TERMS),
            Field("default_pay_term.days", N_("Days"), "number"),
            Field("invoice_footer", N_("Text at the foot of every document"), "area"),
        ),
    ),
)
PAGE: Final = FormPage(N_("Settings"), GROUPS, "/settings", N_("Save"), ("/", N_("Home")), template="settings.html")
PASSWORD: Final = FormPage(
    N_("Your sign-in"),
    (
        Group(
            N_("Change the password"),
            (
                Field("current", N_("Current password"), "password", required=True, autocomplete="current-password"),
                Field("password", N_("New password"), "password", required=True, autocomplete="new-password",
                      help=N_("12 characters or more")),
            ),
        ),
    ),
    "/me/password",
    N_("Change the password"),
    ("/", N_("Home")),
    template="me.html",
)  # fmt: skip


async def show(visit: Visit) -> web.StreamResponse:
    """The profile and what of the plan is used."""
    account = await visit.api.get("/v1/account")
    usage = await visit.api.get("/v1/usage")
    return PAGE.show(visit, Filled(as_texts(names_of(GROUPS), account)), usage=usage, account=account)


async def save(visit: Visit) -> web.StreamResponse:
    """Save the profile."""
    usage, account = await visit.api.get("/v1/usage"), await visit.api.get("/v1/account")

    async def send(body: dict[str, Any]) -> Any:
        changed = body | {"bank_accounts": [one for one in body.get("bank_accounts", []) if any(one.values())]}
        if not any((changed.get("address") or {}).values()):
            changed["address"] = None
        return await visit.api.send("PATCH", "/v1/account", body=_with_term(changed))

    saved = await editing.submit(visit, PAGE, send, keep_empty=True, usage=usage, account=account)
    if isinstance(saved, web.Response):
        return saved
    visit.forget_person()
    return visit.go("/settings", visit.text(N_("Saved.")))


def _with_term(body: dict[str, Any]) -> dict[str, Any]:
    """The profile with a number where the payment term has a text, and null for none."""
    term = body.get("default_pay_term") or {}
    kind = str(term.get("type") or "")
    return body | {"default_pay_term": term | {"type": int(kind)} if kind.isdigit() else None}


async def show_logo(visit: Visit) -> web.StreamResponse:
    """The logo as it is printed."""
    return await editing.pass_file(visit, "/v1/account/logo")


async def save_logo(visit: Visit) -> web.StreamResponse:
    """Keep the picture that was sent; it is printed on every document from now on."""
    content = await _picture(visit)
    try:
        logo = {"content": base64.b64encode(content).decode()} if content else None
        await visit.api.send("PATCH", "/v1/account", body={"logo": logo})
    except Problem as problem:
        return editing.failed(visit, "/settings", problem)
    return visit.go("/settings", visit.text(N_("Saved.")))


async def _picture(visit: Visit) -> bytes:
    """The bytes of the form's file; empty: none was chosen, or the logo is to go.

    Raises:
        HTTPRequestEntityTooLarge.
    """
    if visit.request.content_type != "multipart/form-data":
        return b""
    content = bytearray()
    async for part in await visit.request.multipart():
        if isinstance(part, aiohttp.BodyPartReader) and part.name == "file":
            while block := await part.read_chunk():
                content += block
                if len(content) > LOGO_BYTES_MAX:
                    raise web.HTTPRequestEntityTooLarge(LOGO_BYTES_MAX, len(content))
    return bytes(content)


async def show_me(visit: Visit) -> web.StreamResponse:
    """The person's own sign-in."""
    return PASSWORD.show(visit, Filled())


async def change_password(visit: Visit) -> web.StreamResponse:
    """Change the password; the person's other sessions end."""
    done = await editing.submit(visit, PASSWORD, lambda body: visit.api.post("/v1/session/password", body))
    if isinstance(done, web.Response):
        return done
    return visit.go("/me", visit.text(N_("The password is changed. Your other sessions have ended.")))


async def redeem_invitation(visit: Visit) -> web.StreamResponse:
    """Redeem an invitation into another account."""
    form = await visit.read_form()
    try:
        await visit.api.post("/v1/session/join", {"invitation": form.get("invitation", "").strip()})
    except Problem as problem:
        return editing.failed(visit, "/me", problem)
    visit.forget_person()
    return visit.go("/", visit.text(N_("You belong to this account now.")))


async def choose_account(visit: Visit) -> web.StreamResponse:
    """Work in another of the person's accounts."""
    form = await visit.read_form()
    await visit.api.send("PUT", "/v1/session/account", body={"account_id": form.get("account_id", "")})
    visit.forget_person()
    return visit.go("/")


ROUTES: Final = (
    Route("GET", "/settings", show),
    Route("POST", "/settings", save),
    Route("GET", "/settings/logo", show_logo),
    Route("POST", "/settings/logo", save_logo),
    Route("GET", "/me", show_me),
    Route("POST", "/me/password", change_password),
    Route("POST", "/me/join", redeem_invitation),
    Route("POST", "/account", choose_account),
)
