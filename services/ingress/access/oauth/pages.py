"""The pages of the consent flow: sign-in, consent, error. They run no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final
from urllib.parse import urlsplit

from ingress.access.oauth.rules import AuthorizationRequest
from ingress.access.oauth.texts import SCOPE_TEXTS, TEXTS
from ingress.access.passwords import PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN
from ingress.access.user_store import Membership
from ingress.http.route import Response
from ingress.scopes import Scope

STYLE: Final = """
:root { color-scheme: light; --paper: #f6f7f8; --card: #fff; --line: #8a949e; --edge: #d9dee3; --ink: #17202a;
  --soft: #55606d; --accent: #0f6e67; --on: #fff; --bad: #b3261e; --bad-soft: #fce8e6;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif }
@media (prefers-color-scheme: dark) { :root { color-scheme: dark; --paper: #0f1418; --card: #171d23; --line: #6b7884;
  --edge: #323c46; --ink: #e7ecf0; --soft: #a3b0bc; --accent: #2bb3a5; --on: #06211e; --bad: #ff9d94;
  --bad-soft: #3d1b19 } }
* { box-sizing: border-box }
body { margin: 0; padding: 4rem 1rem; background: var(--paper); color: var(--ink) }
main { max-width: 25rem; margin: 0 auto; padding: 1.75rem 1.75rem 2rem; background: var(--card);
  border: 1px solid var(--edge); border-radius: 14px }
.brand { margin: 0 0 1.25rem; font-weight: 650; font-size: 1.08rem }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .5rem; overflow-wrap: anywhere }
label { display: block; margin: 1rem 0 .25rem; font-weight: 550 }
input, select { width: 100%; min-height: 38px; padding: .4rem .65rem; font: inherit; color: inherit;
  background: var(--card); border: 1px solid var(--line); border-radius: 8px }
button { margin: 1.5rem .5rem 0 0; min-height: 38px; padding: .4rem 1.1rem; font: inherit; font-weight: 550;
  color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 8px; cursor: pointer }
button:first-of-type { background: var(--accent); border-color: var(--accent); color: var(--on) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
.fault { background: var(--bad-soft); color: var(--bad); border-radius: 10px; padding: .7rem 1rem; font-weight: 550 }
.note { color: var(--soft) }
.more { margin: 1.25rem 0 0 }
a { color: var(--accent) }
"""


def page(locale: str, title: str, content: str, *, status: int = 200, form_action: str = "'self'") -> Response:
    """A page whose policy lets it load its style and post its form, and nothing else; no other site may frame it.

    `form_action` also names the target of the form's redirect: browsers apply the policy to redirects too.
    """
    body = (
        f'<!DOCTYPE html><html lang="{locale}"><head><meta charset="utf-8"><title>{escape(title)} · Ledgerwire</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="/oauth/style.css"></head><body><main>'
        f'<p class="brand">Ledgerwire</p><h1>{escape(title)}</h1>{content}</main>'
        "</body></html>"
    )
    policy = f"default-src 'none'; style-src 'self'; form-action {form_action}; frame-ancestors 'none'; base-uri 'none'"
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
    return Response(status, body.encode(), headers, "text/html; charset=utf-8")


def sign_in(
    locale: str, query: str, *, name: str = "", fault: str = "", status: int = 200, leads_to: str | None = None
) -> Response:
    """The page on which a person signs in, before the consent that `query` asks for.

    `leads_to` is the redirect URI of a first-party client: without consent, the form's answer leads there.
    """
    texts = TEXTS[locale]
    warning = f'<p class="fault" role="alert">{escape(texts[fault])}</p>' if fault else ""
    content = (
        f'{warning}<form method="post" action="/oauth/sign-in">'
        f'<input type="hidden" name="query" value="{escape(query)}">'
        f'<label for="name">{texts["name"]}</label>'
        f'<input id="name" name="name" value="{escape(name)}" autocomplete="username" required autofocus>'
        f'<label for="password">{texts["password"]}</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" required>'
        f'<label for="code">{texts["code"]}</label>'
        '<input id="code" name="code" autocomplete="one-time-code">'
        f'<button type="submit">{texts["sign_in"]}</button></form>'
        f'<p class="more"><a href="/oauth/password">{texts["forgot"]}</a></p>'
    )
    form_action = f"'self' {origin_of(leads_to)}" if leads_to else "'self'"
    return page(locale, texts["sign_in"], content, status=status, form_action=form_action)


def consent(
    locale: str, requested: AuthorizationRequest, *, query: str, csrf: str, user: str,
    accounts: Sequence[Membership], current: Membership,
) -> Response:  # fmt: skip
    """The page on which a person grants an application access to one of their accounts, or refuses."""
    texts = TEXTS[locale]
    options = "".join(
        f'<option value="{one.account_id}"{" selected" if one == current else ""}>{escape(one.account_name)}</option>'
        for one in accounts
    )
    content = (
        f"<p>{texts['may']}</p>{_scopes(locale, requested.scopes)}"
        '<form method="post" action="/oauth/authorize">'
        f'<input type="hidden" name="query" value="{escape(query)}"><input type="hidden" name="csrf" value="{csrf}">'
        f'<label for="account">{texts["account"]}</label><select id="account" name="account_id">{options}</select>'
        f'<button type="submit" name="decision" value="allow">{texts["allow"]}</button>'
        f'<button type="submit" name="decision" value="deny">{texts["refuse"]}</button></form>'
        f'<p class="note">{escape(texts["leads"].format(place=place_of(requested.redirect_uri)))}<br>'
        f"{escape(texts['signed_in'].format(name=user))}</p>"
    )
    leads = f"'self' {origin_of(requested.redirect_uri)}"
    return page(locale, texts["asks"].format(client=requested.client.name), content, form_action=leads)


def forgotten(locale: str, *, fault: str = "", status: int = 200) -> Response:
    """The page on which a person asks for a link to choose a new password."""
    texts = TEXTS[locale]
    warning = f'<p class="fault" role="alert">{escape(texts[fault])}</p>' if fault else ""
    content = (
        f'{warning}<form method="post" action="/oauth/password"><label for="name">{texts["name"]}</label>'
        '<input id="name" name="name" autocomplete="username" required autofocus>'
        f'<button type="submit">{texts["send_link"]}</button></form>'
    )
    return page(locale, texts["forgot"], content, status=status)


def link_sent(locale: str) -> Response:
    """The page after a link was asked for; it is the same whether the name is known."""
    return page(locale, TEXTS[locale]["forgot"], f'<p role="status">{TEXTS[locale]["link_sent"]}</p>')


def new_password(locale: str, reset: str, *, fault: str = "", status: int = 200) -> Response:
    """The page on which a person chooses a new password, by the link of a mail."""
    texts = TEXTS[locale]
    warning = f'<p class="fault" role="alert">{escape(texts[fault])}</p>' if fault else ""
    content = (
        f'{warning}<form method="post" action="/oauth/password">'
        f'<input type="hidden" name="reset" value="{escape(reset)}">'
        f'<label for="password">{texts["password"]}</label>'
        f'<input id="password" name="password" type="password" autocomplete="new-password"'
        f' minlength="{PASSWORD_CHARS_MIN}" maxlength="{PASSWORD_CHARS_MAX}" required autofocus>'
        f'<button type="submit">{texts["save"]}</button></form>'
    )
    return page(locale, texts["new_password"], content, status=status)


def password_saved(locale: str) -> Response:
    """The page after a new password was chosen."""
    return page(locale, TEXTS[locale]["new_password"], f"<p>{TEXTS[locale]['saved']}</p>")


def error(locale: str, description: str) -> Response:
    """The page for a request that must not be sent back (RFC 6749, 4.1.2.1): its client or redirect URI is wrong."""
    texts = TEXTS[locale]
    return page(
        locale, texts["error"], f"<p>{texts['advice']}</p><p><code>{escape(description)}</code></p>", status=400
    )


def no_account(locale: str) -> Response:
    """The page for a person who belongs to no account."""
    return page(locale, TEXTS[locale]["error"], f"<p>{TEXTS[locale]['no_account']}</p>", status=403)


def place_of(redirect_uri: str) -> str:
    """The readable target of a redirect URI: its host, or its scheme."""
    parts = urlsplit(redirect_uri)
    return parts.netloc or f"{parts.scheme}:"


def origin_of(redirect_uri: str) -> str:
    """A redirect URI's origin, or scheme, as a Content-Security-Policy names it."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"https", "http"} else f"{parts.scheme}:"


def _scopes(locale: str, scopes: Sequence[Scope]) -> str:
    return "<ul>" + "".join(f"<li>{escape(SCOPE_TEXTS[locale][scope])}</li>" for scope in scopes) + "</ul>"
