"""Decisions on inbox messages: accepting, rejecting, and rules that accept automatically."""

from __future__ import annotations

from typing import Any

from contracts.primitives.ids import parse_id
from contracts.resources import inbox_rule
from contracts.resources.inbox import InboxKind
from contracts.resources.inbox_message import AcceptPurchaseIn, AcceptSaleIn, InboxMessage, RejectIn
from contracts.resources.inbox_rule import InboxRule, InboxRuleIn, RuleRemoved
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model
from contracts.wire import commands
from ingress.access import channel_store
from ingress.api.resource_handlers import getting, listing
from ingress.errors import NotFound
from ingress.http.context import Api
from ingress.http.route import Handler, Page, Request, Response, Route
from ingress.views import queries

_RULES = "/v1/inbox/rules"


class RuleQuery(Page):
    """Which rules: those of one box."""

    box: InboxKind | None = None


def _deciding(command: str, box: InboxKind) -> Handler:
    async def decide(api: Api, call: Request) -> Response:
        message_id = call.id_of()
        sent = {} if call.body is None else call.body.model_dump(mode="json", exclude_unset=True)
        data = {**sent, "id": str(message_id), "box": box, "by": _by(call)}
        return await api.submit(call, command, data, subject_id=message_id)

    decide.__doc__ = f"Ask for `{command}` of the message in the path."
    decide.__name__ = command
    return decide


def _by(call: Request) -> dict[str, Any] | None:
    """The caller's credential, with its name."""
    caller = call.caller
    return None if caller is None else {"kind": caller.kind, "id": str(caller.id), "name": caller.name}


async def create_rule(api: Api, call: Request) -> Response:
    """Accept messages of a sender on arrival, from now on."""
    requested = call.body_as(InboxRuleIn)
    await _check_channel(api, call, requested.match.channel_id)
    return await api.submit(call, commands.CREATE_INBOX_RULE, requested.model_dump(mode="json"))


async def _check_channel(api: Api, call: Request, text: str | None) -> None:
    """Refuse a rule for a channel that this account does not have: it could never match.

    Raises:
        NotFound.
    """
    if text is None:
        return
    identifier = parse_id(text)
    if (
        identifier is None
        or await channel_store.find(api.pool, account_id=call.account_id, identifier=identifier) is None
    ):
        raise NotFound("match.channel_id: there is no such channel; GET /v1/channels lists them")


async def delete_rule(api: Api, call: Request) -> Response:
    """Remove a rule: what it accepted stays accepted."""
    rule_id = call.id_of()
    return await api.submit(call, commands.DELETE_INBOX_RULE, {"id": str(rule_id)}, subject_id=rule_id)


def _verbs(box: InboxKind, accepting: type[Model], becomes: str) -> tuple[Route, ...]:
    path, noun = f"/v1/inbox/{box}/{{id}}", "Purchase" if box == "purchases" else "Sale"
    return (
        Route(
            "POST", f"{path}/accept", f"accept{noun}Message", _deciding(commands.ACCEPT_INBOX_MESSAGE, box), "write",
            f"Accept a message: it becomes {becomes}", body=accepting, response_model=InboxMessage, tag="inbox",
        ),
        Route(
            "POST", f"{path}/reject", f"reject{noun}Message", _deciding(commands.REJECT_INBOX_MESSAGE, box), "write",
            "Reject a message: it is not posted", body=RejectIn, response_model=InboxMessage, tag="inbox",
        ),
    )  # fmt: skip


ROUTES = (
    *_verbs("purchases", AcceptPurchaseIn, "its supplier's bill"),
    *_verbs("sales", AcceptSaleIn, "a client's draft"),
    Route(
        "POST", _RULES, "createInboxRule", create_rule, "write", "Accept messages of a sender on arrival",
        body=InboxRuleIn, response_model=InboxRule, status=201, tag="inbox",
    ),
    Route(
        "GET", _RULES, "listInboxRules", listing(queries.INBOX_RULES, inbox_rule.from_row),
        "read", "List the rules that accept messages",
        query=RuleQuery, response_model=ResourcePage[InboxRule], tag="inbox",
    ),
    Route(
        "GET", _RULES + "/{id}", "getInboxRule", getting(queries.INBOX_RULES, inbox_rule.from_row), "read",
        "Get a rule", response_model=InboxRule, tag="inbox",
    ),
    Route(
        "DELETE", _RULES + "/{id}", "deleteInboxRule", delete_rule, "write",
        "Remove a rule", response_model=RuleRemoved, tag="inbox",
    ),
)  # fmt: skip
