"""The second factor of a person's sign-in: enrol an app with a code, recovery codes shown once, and switch it off."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from console import editing
from console.editing import FormPage
from console.forms import Field, Filled, Group
from console.i18n import N_
from console.visit import Route, Visit

_BACK: Final = ("/me", N_("Your sign-in"))
_PASSWORD: Final = Field(
    "password", N_("Password"), "password", required=True, autocomplete="current-password",
)  # fmt: skip
_CODE: Final = Field("code", N_("Code"), required=True, autocomplete="one-time-code")
ON: Final = FormPage(
    N_("Turn the second factor on"), (Group("", (Field("secret", "", "hidden"), _CODE, _PASSWORD)),), "/me/two-factor",
    N_("Turn on"), _BACK, template="two_factor.html",
)  # fmt: skip
OFF: Final = FormPage(
    N_("Turn the second factor off"),
    (Group("", (_CODE, _PASSWORD)),),
    "/me/two-factor/off",
    N_("Turn off"),
    _BACK,
    intro=N_("Enter a code of your app, or a recovery code. From then on the password alone lets you in."),
    scope="read",
)


async def show(visit: Visit) -> web.StreamResponse:
    """The secret for the app and the form that confirms it; the way to switch it off where it is on."""
    if visit.person is not None and visit.person.user["two_factor"]:
        return OFF.show(visit, Filled())
    made = await visit.api.post("/v1/session/two-factor")
    return ON.show(visit, Filled({"secret": made["secret"]}), uri=made["uri"], qr=made["qr"])


async def turn_on(visit: Visit) -> web.StreamResponse:
    """Confirm the secret with a code; the recovery codes are shown once."""
    form = await visit.read_form()

    async def send(body: dict[str, Any]) -> Any:
        return await visit.api.send("PUT", "/v1/session/two-factor", body=body)

    made = await editing.submit(visit, ON, send, uri=form.get("uri", ""))
    if isinstance(made, web.Response):
        return made
    visit.forget_person()
    return visit.render(
        "secret.html", title=N_("Recovery codes"), back=_BACK,
        secrets=((N_("Each of these replaces a code once. Keep them where your phone is not."),
                  " ".join(made["recovery_codes"])),),
    )  # fmt: skip


async def turn_off(visit: Visit) -> web.StreamResponse:
    """Require no codes any more."""

    async def send(body: dict[str, Any]) -> Any:
        return await visit.api.post("/v1/session/two-factor/remove", body)

    done = await editing.submit(visit, OFF, send)
    if isinstance(done, web.Response):
        return done
    visit.forget_person()
    return visit.go("/me", visit.text(N_("The second factor is off.")))


ROUTES: Final = (
    Route("GET", "/me/two-factor", show),
    Route("POST", "/me/two-factor", turn_on),
    Route("POST", "/me/two-factor/off", turn_off),
)
