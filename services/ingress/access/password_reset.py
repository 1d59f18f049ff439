"""Reset a forgotten password by a link that is sent to the person's mail address.

The response is the same whether the name is known or not. The link's secret is in the outbox only inside an encrypted
body, and is stored as a hash.
"""

from __future__ import annotations

from typing import Final

from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import SEND_MESSAGE, SendMessageJob
from contracts.wire.topology import EXECUTOR_JOBS
from ingress.access import session_store, user_store
from ingress.access.credentials import digest, new_code
from ingress.access.user_store import Login
from ingress.errors import InvalidInput
from ingress.http.context import Api
from ingress.http.route import Request
from messaging.port import Outgoing

RESET_MINUTES: Final = 60  # a greylisted mail has arrived by then

_SUBJECTS: Final = {
    "en": "Your new password for Ledgerwire",
    "fr": "Votre nouveau mot de passe pour Ledgerwire",
    "es": "Su nueva contraseña de Ledgerwire",
}
_BODIES: Final = {
    "en": "Choose a new password for {name} within an hour:\n\n{url}\n\nIf you did not ask for this, do nothing.\n",
    "fr": "Choisissez un nouveau mot de passe pour {name} dans l'heure :\n\n{url}\n\n"
    "Si vous n'avez rien demandé, ne faites rien.\n",
    "es": "Elija una nueva contraseña para {name} en una hora:\n\n{url}\n\nSi no lo ha solicitado, no haga nada.\n",
}


async def request(api: Api, call: Request, name: str) -> None:
    """Send a link if the name is known and has a mail address.

    Raises:
        TooManyRequests: requested too often, for this name or from this address.
    """
    api.limits.sign_in_address.admit(call.request.remote)
    api.limits.sign_in_name.admit(f"reset {name.lower()}")
    login = await user_store.find_login(api.pool, name=name)
    accounts = await user_store.memberships_of(api.pool, user_id=login.id) if login else []
    if login is None or login.email is None or not accounts:
        return
    call.account, call.user = accounts[0].account_id, (login.id, login.name)
    secret = new_code()
    async with api.commits.record_with([_mail(api, call, login, login.email, secret)]) as conn:
        await user_store.replace_reset(conn, user_id=login.id, secret_hash=digest(secret), minutes=RESET_MINUTES)


def _mail(api: Api, call: Request, login: Login, address: str, secret: str) -> Outgoing:
    language = login.locale.partition("-")[0].lower()
    language = language if language in _BODIES else "en"
    body = _BODIES[language].format(name=login.name, url=api.urls.at(f"/oauth/password?reset={secret}"))
    job = SendMessageJob(
        message_id=call.id, origin="access", channel="email", to=[address], subject=_SUBJECTS[language],
        sealed_body=api.encryptor.encrypt(body).decode(), sender_name="Ledgerwire",
    )  # fmt: skip
    envelope = Envelope(
        id=new_id(), name=SEND_MESSAGE, account_id=call.account_id, correlation_id=call.id, causation_id=None,
        data=job.model_dump(mode="json"),
    )  # fmt: skip
    return Outgoing(envelope.id, EXECUTOR_JOBS.name, envelope.encode())


async def redeem(api: Api, call: Request, *, secret: str, password: str) -> None:
    """Change the password, once; all sessions of the person end. A second factor stays.

    Raises:
        InvalidInput: the link was used, has expired, or is unknown.
    """
    api.limits.sign_in_address.admit(call.request.remote)
    password_hash = await api.sign_in.hasher.hash(password)
    async with api.pool.acquire() as conn, conn.transaction():
        user_id = await user_store.take_reset(conn, secret_hash=digest(secret))
        if user_id is None:
            raise InvalidInput(faults=[FieldError("reset", "is not valid, or has expired: ask for a new one")])
        await user_store.change_password(conn, user_id=user_id, password_hash=password_hash)
        await session_store.delete_of_user(conn, user_id=user_id, keep=None)
        login = await user_store.find_login_by_id(conn, user_id=user_id)
        accounts = await user_store.memberships_of(conn, user_id=user_id)
    if login and accounts:
        call.account, call.user = accounts[0].account_id, (login.id, login.name)
