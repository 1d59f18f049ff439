"""Who and what gets in: key pair, access tokens, applications, connections, users, the audit log."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from console import editing, listing
from console.editing import FormPage, verb
from console.event_texts import OPERATIONS
from console.forms import KEY_FIELD, Field, Filled, Group, Option
from console.i18n import N_
from console.listing import Column, Filter, Listing, choice
from console.visit import Route, Visit

SCOPES: Final = ("read", "write", "automate", "admin")
SCOPE_OPTIONS: Final = tuple(Option(scope, scope) for scope in SCOPES)
ROLES: Final = tuple(Option(role, role) for role in ("owner", "member", "viewer"))
ZAPIER: Final = "zapier"  # in the name under which it registers
ZAPIER_URL: Final = "https://zapier.com/app/connections"

TOKENS: Final = Listing(
    title=N_("Access tokens"),
    api_path="/v1/tokens",
    path="/tokens",
    columns=(
        Column("name", N_("Application name")),
        Column("scopes", N_("May"), "labels"),
        Column("created_at", N_("Created"), "moment"),
        Column("last_used_at", N_("Last used"), "moment"),
        Column("id", N_("Delete"), "delete", link="/tokens/{id}/delete", scope="admin"),
    ),
    new=("/tokens/new", N_("Create access token")),
    new_scope="admin",
    intro=N_("An access token lets one application work with this account. It is shown once, when you create it."),
    empty=N_("No access token yet. Create one for each application, so that each can be deleted by itself."),
)
APPLICATIONS: Final = Listing(
    title=N_("Connected applications"),
    api_path="/v1/applications",
    path="/applications",
    columns=(
        Column("name", N_("Application")),
        Column("user.name", N_("Let in by")),
        Column("scopes", N_("May"), "labels"),
        Column("connected_at", N_("Connected"), "moment"),
        Column("last_used_at", N_("Last used"), "moment"),
        Column("id", N_("Disconnect"), "disconnect", link="/applications/{id}/disconnect"),
    ),
    more=(("/applications/zapier", N_("Connect to Zapier")),),
    intro=N_(
        "Applications that people of this account let in. Disconnecting ends their access and deletes their hooks."
    ),
    empty=N_("No application is connected. Connect one from its own side, or begin with Zapier."),
)
CONNECTIONS: Final = Listing(
    title=N_("Connections"),
    api_path="/v1/connections",
    path="/connections",
    columns=(
        Column("name", N_("Name")),
        Column("kind", N_("Kind"), "label"),
        Column("origin", N_("Address"), "code"),
        Column("created_at", N_("Created"), "moment"),
        Column("id", N_("Delete"), "delete", link="/connections/{id}/delete", scope="automate"),
    ),
    new=("/connections/new", N_("New connection")),
    new_scope="automate",
    intro=N_("Addresses and credentials that your automations use towards others. They are kept encrypted."),
    empty=N_("No connection yet. Automations need one to post to a chat or to call another service."),
)
USERS: Final = Listing(
    title=N_("Users"),
    api_path="/v1/users",
    path="/users",
    columns=(
        Column("name", N_("Name")),
        Column("role", N_("Role"), "label"),
        Column("email", N_("E-mail")),
        Column("two_factor", N_("Second factor"), "label"),
        Column("signed_in_at", N_("Last sign-in"), "moment"),
    ),
    row="/users/{id}",
    new=("/users/new", N_("Add a person")),
    new_scope="admin",
    more=(("/users/invite", N_("Invite a person with a login")),),
    empty=N_("No user yet."),
)
AUDIT: Final = Listing(
    title=N_("Audit log"),
    api_path="/v1/audit",
    path="/audit",
    columns=(
        Column("at", N_("Time"), "exact"),
        Column("actor.name", N_("Who")),
        Column("action", N_("What"), "label"),
        Column("status", N_("Outcome"), "answer"),
        Column("address", N_("From"), "code"),
    ),
    filters=(choice("action", N_("What"), *OPERATIONS), Filter("since", N_("Since"), kind="date")),
    empty=N_("Nothing was changed yet that is kept here: credentials, users, hooks, automations and the account."),
)


def _list(listed: Listing) -> Any:
    async def show(visit: Visit) -> web.StreamResponse:
        return await listing.show(visit, listed)

    return show


async def show_api_access(visit: Visit, made: dict[str, Any] | None = None) -> web.StreamResponse:
    """The key pair; its token is shown once, when it is made."""
    pairs = (await visit.api.get("/v1/api-credentials"))["items"]
    return visit.render("api_access.html", pair=pairs[0] if pairs else None, made=made)


async def make_key_pair(visit: Visit) -> web.StreamResponse:
    """Make a new pair; the one before ends at once."""
    form = await visit.read_form()
    return await show_api_access(visit, await visit.api.post("/v1/api-credentials", {}, key=form.get(KEY_FIELD)))


TOKEN_PAGE: Final = FormPage(
    N_("Create access token"),
    (
        Group(
            "",
            (
                Field("name", N_("Application name"), required=True, help=N_("Such as Zapier")),
                Field("scopes", N_("What it may do"), "choices", options=SCOPE_OPTIONS),
            ),
        ),
    ),
    "/tokens/new",
    N_("Create access token"),
    ("/tokens", N_("Access tokens")),
)
CONNECTION_PAGE: Final = FormPage(
    N_("New connection"),
    (
        Group(
            "",
            (
                Field("name", N_("Name"), required=True),
                Field("kind", N_("Kind"), "choice", options=(Option("chat", "chat"), Option("http", "http"))),
                Field("url", N_("Address"), "url", required=True, wide=True,
                      help=N_("A chat's incoming webhook, or where the other service is")),
                Field("header_name", N_("Header"), help=N_("Such as Authorization, if the service asks for one")),
                Field("header_value", N_("Value of the header"), "password", autocomplete="off"),
            ),
        ),
    ),
    "/connections/new",
    N_("Create"),
    ("/connections", N_("Connections")),
)  # fmt: skip
USER_PAGE: Final = FormPage(
    N_("Add a person"),
    (
        Group(
            "",
            (
                Field(
                    "name", N_("Sign-in name"), required=True, help=N_("An e-mail address, or a word without spaces")
                ),
                Field("role", N_("Role"), "choice", options=ROLES),
                Field("email", N_("E-mail"), "email"),
            ),
        ),
    ),
    "/users/new",
    N_("Add"),
    ("/users", N_("Users")),
)


async def show_new_token(visit: Visit) -> web.StreamResponse:
    """The form."""
    return TOKEN_PAGE.show(visit, Filled({"scopes": "read\nwrite\nautomate"}))


async def create_token(visit: Visit) -> web.StreamResponse:
    """Create a token and show it once."""
    key = (await visit.read_form()).get(KEY_FIELD)
    made = await editing.submit(visit, TOKEN_PAGE, lambda body: visit.api.post("/v1/tokens", body, key=key))
    if isinstance(made, web.Response):
        return made
    return visit.render(
        "secret.html", title=N_("Access token created"), back=("/tokens", N_("Access tokens")),
        secrets=((N_("Access token"), made["access_token"]),),
    )  # fmt: skip


async def show_new_connection(visit: Visit) -> web.StreamResponse:
    """The form."""
    return CONNECTION_PAGE.show(visit, Filled({"kind": "chat"}))


async def create_connection(visit: Visit) -> web.StreamResponse:
    """Keep the connection; its credential is not shown again."""
    key = (await visit.read_form()).get(KEY_FIELD)

    async def send(body: dict[str, Any]) -> Any:
        name, value = body.pop("header_name", None), body.pop("header_value", None)
        return await visit.api.post(
            "/v1/connections", body | ({"headers": {name: value or ""}} if name else {}), key=key
        )

    made = await editing.submit(visit, CONNECTION_PAGE, send)
    return made if isinstance(made, web.Response) else visit.go("/connections", visit.text(N_("Created.")))


async def show_new_user(visit: Visit) -> web.StreamResponse:
    """The form."""
    return USER_PAGE.show(visit, Filled({"role": "member"}))


async def create_user(visit: Visit) -> web.StreamResponse:
    """Add a person; the password that was made is shown once."""
    key = (await visit.read_form()).get(KEY_FIELD)
    made = await editing.submit(visit, USER_PAGE, lambda body: visit.api.post("/v1/users", body, key=key))
    if isinstance(made, web.Response):
        return made
    return visit.render(
        "secret.html", title=N_("The person can sign in"), back=("/users", N_("Users")),
        secrets=((N_("Sign-in name"), made["name"]), (N_("Password"), made["password"])),
    )  # fmt: skip


async def show_user(visit: Visit) -> web.StreamResponse:
    """One person: their role, and out."""
    return visit.render("user.html", user=await visit.api.get(f"/v1/users/{visit.id}"), roles=ROLES)


async def show_invite(visit: Visit) -> web.StreamResponse:
    """The form of an invitation."""
    return visit.render("invite.html", roles=ROLES)


async def invite(visit: Visit) -> web.StreamResponse:
    """Make an invitation and show it once."""
    form = await visit.read_form()
    made = await visit.api.post("/v1/invitations", {"role": form.get("role", "")}, key=form.get(KEY_FIELD))
    return visit.render(
        "secret.html", title=N_("Invitation"), back=("/users", N_("Users")),
        secrets=((N_("Invitation"), made["invitation"]),),
    )  # fmt: skip


async def show_zapier(visit: Visit) -> web.StreamResponse:
    """How Zapier is connected, the link to it, and the end of a connection."""
    found = (await visit.api.get("/v1/applications", {"limit": 200}))["items"]
    connected = [one for one in found if ZAPIER in one["name"].lower()]
    return visit.render("zapier.html", zapier=ZAPIER_URL, connected=connected)


_ROLE: Final = (Field("role", N_("Role")),)
ROUTES: Final = (
    Route("GET", "/api-access", show_api_access),
    Route("POST", "/api-access", make_key_pair),
    Route("POST", "/api-access/delete", verb("/v1/api-credentials", "/api-access", N_("Deleted."), method="DELETE")),
    Route("GET", "/tokens", _list(TOKENS)),
    Route("GET", "/tokens/new", show_new_token),
    Route("POST", "/tokens/new", create_token),
    Route("POST", "/tokens/{id}/delete", verb("/v1/tokens/{id}", "/tokens", N_("Deleted."), method="DELETE")),
    Route("GET", "/applications", _list(APPLICATIONS)),
    Route("GET", "/applications/zapier", show_zapier),
    Route(
        "POST", "/applications/{id}/disconnect",
        verb("/v1/applications/{id}", "/applications", N_("Disconnected."), method="DELETE"),
    ),
    Route("GET", "/connections", _list(CONNECTIONS)),
    Route("GET", "/connections/new", show_new_connection),
    Route("POST", "/connections/new", create_connection),
    Route(
        "POST", "/connections/{id}/delete",
        verb("/v1/connections/{id}", "/connections", N_("Deleted."), method="DELETE"),
    ),
    Route("GET", "/users", _list(USERS)),
    Route("GET", "/users/new", show_new_user),
    Route("POST", "/users/new", create_user),
    Route("GET", "/users/invite", show_invite),
    Route("POST", "/users/invite", invite),
    Route("GET", "/users/{id}", show_user),
    Route("POST", "/users/{id}/role", verb("/v1/users/{id}", "/users", N_("Saved."), fields=_ROLE, method="PATCH")),
    Route("POST", "/users/{id}/remove", verb("/v1/users/{id}", "/users", N_("Removed."), method="DELETE")),
    Route("GET", "/audit", _list(AUDIT)),
)  # fmt: skip
