"""Response models of users and their sessions."""

from __future__ import annotations

import datetime as dt
from typing import Literal
from uuid import UUID

from contracts.resources.output import ResponseModel
from ingress.response_models.access import Caller, NewCredential
from ingress.scopes import Role, Scope


class User(ResponseModel):
    """A person who belongs to the account."""

    id: UUID
    name: str
    email: str | None
    locale: str
    role: Role
    two_factor: bool
    created_at: dt.datetime
    signed_in_at: dt.datetime | None


class NewUser(User, NewCredential):
    """A new person; without a given password, only this response has the generated one."""

    password: str | None


class RemovedUser(ResponseModel):
    """The person no longer belongs to the account."""

    id: UUID
    deleted: bool


class NewInvitation(NewCredential):
    """An invitation into the account, shown once: a person who has a login redeems it at `/v1/session/join`."""

    id: UUID
    role: Role
    invitation: str
    expires_at: dt.datetime


class Membership(ResponseModel):
    """An account that the person belongs to."""

    id: UUID
    name: str
    role: Role


class SessionUser(ResponseModel):
    """The person who has signed in."""

    id: UUID
    name: str
    email: str | None
    locale: str
    two_factor: bool


class Session(ResponseModel):
    """A person's session in one of their accounts; whatever changes something sends `csrf_token` in `X-CSRF-Token`.

    `csrf_token` is null where the session is presented by an access token instead of its cookie.
    """

    id: UUID
    user: SessionUser
    account: Membership
    accounts: list[Membership]
    scopes: list[Scope]
    csrf_token: str | None
    expires_at: dt.datetime


class SetupState(ResponseModel):
    """Whether the installation waits for its first account."""

    needed: bool


class FirstAccount(ResponseModel):
    """The first account, and the name under which its owner signs in."""

    account_id: UUID
    name: str


class EndedSession(ResponseModel):
    """The session has ended."""

    id: UUID
    deleted: Literal[True]


class PasswordChanged(ResponseModel):
    """The password is changed; the person's other sessions have ended."""

    changed: Literal[True]


class QrCode(ResponseModel):
    """A QR code to be drawn: the modules of a side, and the dark ones as the data of an SVG path."""

    modules: int
    path: str


class NewSecondFactor(ResponseModel):
    """A secret for an app that makes codes; it counts once it is confirmed with a code."""

    secret: str
    uri: str
    qr: QrCode


class RecoveryCodes(ResponseModel):
    """The second factor is in use; each of these replaces a code once, and only this response has them."""

    recovery_codes: list[str]


class SecondFactorRemoved(ResponseModel):
    """The second factor is no longer required."""

    two_factor: Literal[False]


class ApplicationUser(ResponseModel):
    """The user who authorized an application: it never has more scopes than the user."""

    id: UUID
    name: str


class Application(ResponseModel):
    """An application that a user has authorized by OAuth."""

    id: UUID
    client_id: str
    name: str
    user: ApplicationUser
    scopes: list[Scope]
    connected_at: dt.datetime
    last_used_at: dt.datetime | None


class DisconnectedApplication(ResponseModel):
    """The application's tokens have ended, and its hooks are deleted."""

    id: UUID
    deleted: Literal[True]


class AuditEntry(ResponseModel):
    """A change: its action is the operation's name; `status` is that of the response, null if it is unknown."""

    id: UUID
    at: dt.datetime
    action: str
    actor: Caller | None
    address: str | None
    subject_id: UUID | None
    status: int | None


class PasswordResetRequested(ResponseModel):
    """If the name is known and has a mail address, a link was sent there."""

    requested: Literal[True]


class AskingApplication(ResponseModel):
    """The requesting application; its name is unverified, `leads_to` is the host that gets the result."""

    client_id: str
    name: str
    leads_to: str
    scopes: list[Scope]


class ConsentRequest(ResponseModel):
    """The request of an application; or `redirect_to`, where to send the browser without a consent page."""

    application: AskingApplication | None
    redirect_to: str | None


class ConsentDecision(ResponseModel):
    """Where to send the browser back to."""

    redirect_to: str
