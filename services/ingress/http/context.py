"""The context of handlers: the service's parts, and the two ways in which a request changes something.

`submit` sends a command to the deciding service and waits for its result; `run_idempotent` changes what ingress itself
owns. Both honour `Idempotency-Key`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, assert_never
from uuid import UUID

import orjson

from chassis.encryption import DecryptionError, Encryptor, decrypt_fields, is_sealed, without_sealed
from contracts.etag import entity_tag
from contracts.primitives.problem import problem
from contracts.urls import PublicUrls
from contracts.wire.commands import COMMANDS, queue_of
from contracts.wire.envelope import Envelope
from contracts.wire.trace import current_traceparent
from ingress.acceptance import store
from ingress.acceptance.group_commit import GroupCommit
from ingress.acceptance.outcomes import Outcome, find_operation
from ingress.acceptance.result_waiter import CommandResultWaiter
from ingress.acceptance.store import Acceptance, Accepted, DuplicateMessage, Key, KeyTaken, Replayed
from ingress.access.authenticator import Authenticator
from ingress.access.channel_store import Channel
from ingress.access.sessions import SignIn
from ingress.errors import KeyReused, SecretNotKept
from ingress.http import conditions
from ingress.http.idempotency import REPLAYED, key_of
from ingress.http.problems import RETRY_AFTER_SECONDS, problem_reply, wants_xml
from ingress.http.rate_limiter import Limits
from ingress.http.route import Request, Response
from ingress.http.uploads import Uploads
from ingress.imports.worker import Importer
from ingress.settings import IngressSettings
from ingress.views.batches import BatchReads
from ingress.views.event_feed import EventFeed
from messaging.port import Outgoing
from storage.data_loader import DataLoader
from storage.pool import Connection, Pool
from templates.renderer import Renderer

_CREATED: Final = 201
_BAD: Final = 400
_NOT_YOURS: Final = "this key was used with another credential, whose answer holds a secret: choose another key"


@dataclass(frozen=True, slots=True)
class Api:
    """The parts, each created once in `app.py`."""

    pool: Pool
    settings: IngressSettings
    commits: GroupCommit
    answers: CommandResultWaiter
    authenticator: Authenticator
    sign_in: SignIn
    feed: EventFeed
    channels: DataLoader[bytes, Channel]  # by the hash of the secret in its URL
    encryptor: Encryptor
    limits: Limits
    uploads: Uploads
    importer: Importer
    urls: PublicUrls
    reads: BatchReads
    renderer: Renderer

    async def submit(
        self,
        call: Request,
        command: str,
        data: dict[str, Any],
        *,
        subject_id: UUID | None = None,
        waits: bool = True,
    ) -> Response:
        """Commit a command, publish it and respond with its result: the object's new state, or a problem.

        `data` is serializable as JSON, as `contracts.wire.commands` says. `subject_id` is the command's object, if it
        has one. 202 with an operation, if the caller prefers not to wait, `waits` says that it makes no sense, or the
        result does not arrive in time.

        Raises:
            KeyReused, InvalidInput (the key's form), Unavailable.
        """
        waits = waits and not call.prefers_async
        if COMMANDS[command].authored:
            data = {**data, "author": call.made_by}
        envelope = envelope_of(call, command, data, reply_to=self.answers.channel if waits else None)
        if queue_of(command).consumer == "action_executor":  # its objects only change by a removal
            await conditions.check(self, call)
        one = _acceptance_of(call, envelope, subject_id=subject_id, key=key_of(call))
        with self.answers.expect(call.account_id, call.id, command) as waiter:
            match verdict := await self.commits.accept(one):
                case Accepted():
                    outcome = await self.answers.wait(waiter) if waits else None
                    return self._reply(call, call.id, outcome)
                case Replayed():
                    pass
                case KeyTaken():
                    raise KeyReused
                case DuplicateMessage():
                    raise AssertionError("a command without a document")
                case _:
                    assert_never(verdict)
        with self.answers.expect(call.account_id, verdict.command_id, command) as waiter:
            outcome = await self.answers.wait(waiter, look_now=True) if waits else None
        if outcome is not None and _holds_secret(outcome):
            first = await find_operation(self.pool, account_id=call.account_id, identifier=verdict.command_id)
            if first is None or first.credential_id != call.credential_id:
                raise KeyReused(_NOT_YOURS)
        return self._reply(call, verdict.command_id, outcome, REPLAYED)

    async def submit_with(
        self, call: Request, command: str, data: dict[str, Any], work: Callable[[Connection], Awaitable[None]]
    ) -> Outcome | None:
        """Commit a command together with what `work` writes, and wait for its result; None: not in time.

        An error of `work` rolls both back.
        """
        envelope = envelope_of(call, command, data, reply_to=self.answers.channel)
        with self.answers.expect(call.account_id, call.id, command) as waiter:
            async with self.commits.accept_with(_acceptance_of(call, envelope)) as conn:
                await work(conn)
            return await self.answers.wait(waiter)

    def _reply(
        self, call: Request, command_id: UUID, outcome: Outcome | None, headers: Mapping[str, str] | None = None
    ) -> Response:
        response_headers = dict(headers or {})
        if outcome is None:
            response_headers["Location"] = f"/v1/operations/{command_id}"
            if call.prefers_async:
                response_headers["Preference-Applied"] = "respond-async"
            return Response(
                202,
                {"id": str(command_id), "state": "pending", "location": response_headers["Location"]},
                response_headers,
            )
        if outcome.status >= _BAD:
            return refusal(outcome, headers=response_headers, xml=wants_xml(call.request))
        body = orjson.loads(outcome.body)
        if isinstance(body, dict) and "id" in body and call.route.method != "DELETE":
            response_headers["ETag"] = entity_tag({name: value for name, value in body.items() if not is_sealed(value)})
        if outcome.status != _CREATED and '"encrypted"' not in outcome.body:
            return Response(outcome.status, outcome.body.encode(), response_headers)
        decrypted_body = self.decrypted_body(outcome)
        if (
            outcome.status == _CREATED
            and "{" not in call.route.path
            and isinstance(decrypted_body, dict)
            and "id" in decrypted_body
        ):
            response_headers["Location"] = f"{call.route.path}/{decrypted_body['id']}"
        return Response(outcome.status, decrypted_body, response_headers)

    def decrypted_body(self, outcome: Outcome, *, secrets: bool = True) -> Any:
        """A result's body, with its secrets decrypted for the requesting credential, null for all others."""
        if not secrets:
            return without_sealed(orjson.loads(outcome.body))
        try:
            return decrypt_fields(orjson.loads(outcome.body), self.encryptor)
        except DecryptionError as error:
            raise SecretNotKept(str(error)) from None

    async def run_idempotent(
        self, call: Request, work: Callable[[Connection], Awaitable[Response]], messages: Sequence[Outgoing] = ()
    ) -> Response:
        """Run `work` in one transaction; with a key, store its response encrypted (it may hold a secret) for a replay.

        The response is replayed to the same credential only. An error of `work` rolls everything back, the key too. The
        response's body must be serializable as JSON. What `work` adds to `messages` is committed with it and published.

        Raises:
            KeyReused, SecretNotKept, InvalidInput (the key's form), TimeoutError; what `work` raises.
        """
        key = key_of(call)
        async with self.commits.record_with(messages) as conn:
            if key is None:
                return await work(conn)
            match await store.claim_key(conn, account_id=call.account_id, key=key, command_id=call.id):
                case KeyTaken():
                    raise KeyReused
                case Replayed(answer=answer):
                    return self._opened(call, answer)
                case None:
                    reply = await work(conn)
                    kept = orjson.dumps([call.credential_id, reply.status, reply.body, dict(reply.headers)]).decode()
                    await store.keep_answer(
                        conn, account_id=call.account_id, key=key, answer=self.encryptor.encrypt(kept)
                    )
                    return reply

    async def keep_first(self, call: Request, reply: Response) -> Response:
        """The response to a POST that only reads: with a key, the first one again.

        Raises:
            KeyReused, InvalidInput (the key's form), TimeoutError.
        """

        async def read_before(_: Connection) -> Response:  # the read would take a second connection beside this one
            return reply

        return reply if key_of(call) is None else await self.run_idempotent(call, read_before)

    def _opened(self, call: Request, answer: bytes | None) -> Response:
        try:
            credential_id, status, body, headers = orjson.loads(self.encryptor.open(answer or b""))
        except DecryptionError as error:
            raise SecretNotKept(str(error)) from None
        if credential_id != str(call.credential_id):
            raise KeyReused(_NOT_YOURS)
        return Response(status, body, headers | REPLAYED)


def _acceptance_of(
    call: Request, envelope: Envelope, *, subject_id: UUID | None = None, key: Key | None = None
) -> Acceptance:
    body = envelope.encode()
    return Acceptance(
        id=call.id,
        account_id=call.account_id,
        command=envelope.name,
        method=call.route.method,
        path=call.route.path,
        queue=queue_of(envelope.name).name,
        body=lambda _: body,
        subject_id=subject_id,
        credential_id=call.credential_id,
        key=key,
    )


def _holds_secret(outcome: Outcome) -> bool:
    if '"encrypted"' not in outcome.body:
        return False
    body = orjson.loads(outcome.body)
    return without_sealed(body) is not body


def envelope_of(call: Request, command: str, data: dict[str, Any], *, reply_to: str | None = None) -> Envelope:
    """The command of a request, built without validating it again."""
    return Envelope.model_construct(
        id=call.id,
        name=command,
        account_id=call.account_id,
        at=datetime.now(tz=UTC),
        correlation_id=call.id,
        causation_id=None,
        reply_to=reply_to,
        traceparent=current_traceparent(),
        depth=0,
        if_match=conditions.wanted_tags(call),
        data=data,
    )


def problem_of(outcome: Outcome) -> dict[str, Any]:
    """The problem object of an outcome of 400 or more."""
    details = orjson.loads(outcome.body)
    body = problem(
        outcome.status, details.get("code", "refused"), details.get("title", "Refused"), details.get("detail") or ""
    )
    if details.get("errors"):
        body["errors"] = details["errors"]
    return body


def refusal(outcome: Outcome, *, headers: dict[str, str], xml: bool) -> Response:
    """The response for what the deciding service refused, with its reason."""
    if outcome.status in {429, 503}:
        headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    return problem_reply(problem_of(outcome), headers=headers, xml=xml)
