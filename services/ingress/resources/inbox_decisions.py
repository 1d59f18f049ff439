"""What becomes of inbox messages: accepting, rejecting, and rules that accept by themselves."""

from __future__ import annotations

from typing import Any

from contracts import commands, present_inboxes
from contracts.ids import parse_id
from contracts.inboxes import AcceptPurchaseIn, AcceptSaleIn, Box, InboxRuleIn, RejectIn
from contracts.objects import Model
from ingress.errors import NotFound
from ingress.http.api import Api
from ingress.http.route import Call, Handler, Page, Reply, Route
from ingress.resources import answering, reads, shapes
from ingress.store import channels

_RULES = "/v1/inbox/rules"


class RuleQuery(Page):
    """Which rules: those of one box."""

    box: Box | None = None


def _deciding(command: str, box: Box) -> Handler:
    async def decide(api: Api, call: Call) -> Reply:
        message_id = call.id_of()
        sent = {} if call.body is None else call.body.model_dump(mode="json", exclude_unset=True)
        data = {**sent, "id": str(message_id), "box": box, "by": _by(call)}
        return await api.submit(call, command, data, subject_id=message_id)

    decide.__doc__ = f"Ask for `{command}` of the message in the path."
    decide.__name__ = command
    return decide


def _by(call: Call) -> dict[str, Any] | None:
    """Who asks: their credentials, by the name that was given to them."""
    caller = call.caller
    return None if caller is None else {"kind": caller.kind, "id": str(caller.id), "name": caller.name}


async def create_rule(api: Api, call: Call) -> Reply:
    """Let messages of a sender be accepted as they come, from now on."""
    asked = call.body_as(InboxRuleIn)
    await _check_channel(api, call, asked.match.channel_id)
    return await api.submit(call, commands.CREATE_INBOX_RULE, asked.model_dump(mode="json"))


async def _check_channel(api: Api, call: Call, text: str | None) -> None:
    """Refuse a rule for a channel that this account does not have: it could never match.

    Raises:
        NotFound.
    """
    if text is None:
        return
    identifier = parse_id(text)
    if identifier is None or await channels.find(api.pool, account_id=call.account_id, identifier=identifier) is None:
        raise NotFound("match.channel_id: there is no such channel; GET /v1/channels lists them")


async def list_rules(api: Api, call: Call) -> Reply:
    """List the rules, newest first."""
    return await answering.many(api, call, reads.INBOX_RULES, present_inboxes.rule, box=call.query_as(RuleQuery).box)


async def get_rule(api: Api, call: Call) -> Reply:
    """Look at one rule."""
    return await answering.one(api, call, reads.INBOX_RULES, present_inboxes.rule)


async def delete_rule(api: Api, call: Call) -> Reply:
    """Remove a rule: what it accepted stays accepted."""
    rule_id = call.id_of()
    return await api.submit(call, commands.DELETE_INBOX_RULE, {"id": str(rule_id)}, subject_id=rule_id)


def _verbs(box: Box, accepting: type[Model], becomes: str) -> tuple[Route, ...]:
    path, noun = f"/v1/inbox/{box}/{{id}}", "Purchase" if box == "purchases" else "Sale"
    return (
        Route(
            "POST", f"{path}/accept", f"accept{noun}Message", _deciding(commands.ACCEPT_INBOX_MESSAGE, box), "write",
            f"Accept a message: it becomes {becomes}", body=accepting, answers=shapes.InboxMessage, tag="inbox",
        ),
        Route(
            "POST", f"{path}/reject", f"reject{noun}Message", _deciding(commands.REJECT_INBOX_MESSAGE, box), "write",
            "Reject a message: it stays out of the books", body=RejectIn, answers=shapes.InboxMessage, tag="inbox",
        ),
    )  # fmt: skip


ROUTES = (
    *_verbs("purchases", AcceptPurchaseIn, "its supplier's bill"),
    *_verbs("sales", AcceptSaleIn, "a client's draft"),
    Route(
        "POST", _RULES, "createInboxRule", create_rule, "write", "Let messages of a sender be accepted as they come",
        body=InboxRuleIn, answers=shapes.InboxRule, status=201, tag="inbox",
    ),
    Route(
        "GET", _RULES, "listInboxRules", list_rules, "read", "List the rules that accept messages",
        query=RuleQuery, answers=shapes.Listed[shapes.InboxRule], tag="inbox",
    ),
    Route(
        "GET", _RULES + "/{id}", "getInboxRule", get_rule, "read",
        "Get a rule", answers=shapes.InboxRule, tag="inbox",
    ),
    Route(
        "DELETE", _RULES + "/{id}", "deleteInboxRule", delete_rule, "write",
        "Remove a rule", answers=shapes.RuleRemoved, tag="inbox",
    ),
)  # fmt: skip
