"""Decide the commands on rules: create, delete, and apply them to a new message.

A message that a rule may match sends `apply_inbox_rules` in the transaction that stores it. That command is handled
once, like any other, under the account's lock: the current rules are tried, oldest first, and the first that matches
accepts the message. A message that cannot be accepted is left to people, with a note that says why.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from contracts.command_errors import CommandError, Conflict, InvalidInput, NotFound
from contracts.primitives.ids import new_id
from contracts.primitives.money import MoneyError, from_minor, to_minor
from contracts.primitives.problem import FieldError
from contracts.resources.document_kinds import KINDS
from contracts.resources.inbox import Actor, MessageWarning, message_warning
from contracts.resources.inbox_message import AcceptMessage, ApplyRules
from contracts.resources.inbox_rule import RULES_MAX, InboxRuleIn, RuleById
from contracts.wire.commands import RECORD_PAYMENT
from ledger.bills.state import BillChanges
from ledger.errors import QuotaExceeded
from ledger.inbox import accept_message
from ledger.inbox.rule_matching import (
    Rule,
    SenderRequest,
    allows,
    candidates,
    not_followed,
    sender_request_of,
)
from ledger.inbox.state import InboxChanges, InboxEntry, InboxPlan, LoadedInbox, Verdict
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, FollowUp, LoadedState, ReadPlan

_TEXT_CHARS_MAX: Final = 500


def _need_rules(ctx: CommandContext[Any], plan: ReadPlan) -> None:
    plan[InboxPlan].rules.add(ctx.account.id)


def _create(ctx: CommandContext[InboxRuleIn], state: LoadedState) -> ChangeSet:
    rules = state[LoadedInbox].rules[ctx.account.id]
    if len(rules) >= RULES_MAX:
        result_body = f"An account has at most {RULES_MAX} rules: remove one that is not needed."
        raise Conflict(result_body, code="limit_reached")
    given, conditions = ctx.input, ctx.input.conditions
    currency = None if conditions.max_amount is None else conditions.currency or ctx.account.currency
    rule = Rule(
        account_id=ctx.account.id,
        id=new_id(),
        box=given.box,
        match=given.match.model_dump(),
        max_amount_minor=_minor(conditions.max_amount, currency),
        currency=currency,
        no_warnings=conditions.no_warnings,
        issue=given.issue,
        auto_processing=given.auto_processing,
        name=given.name,
        created_at=ctx.now,
    )
    changes = ChangeSet(("inbox_rule", rule.id), http_status=201)
    changes[InboxChanges].rules.append(rule)
    return changes


CREATE_RULE = CommandHandler(InboxRuleIn, _need_rules, _create)


def _minor(amount: Decimal | None, currency: str | None) -> int | None:
    if amount is None or currency is None:
        return None
    try:
        return to_minor(amount, currency)
    except MoneyError as error:
        raise InvalidInput(faults=[FieldError("conditions.max_amount", str(error))]) from None


def _delete(ctx: CommandContext[RuleById], state: LoadedState) -> ChangeSet:
    if ctx.input.id not in state[LoadedInbox].rules[ctx.account.id]:
        raise NotFound("There is no rule with this id.")
    changes = ChangeSet(None, result_body={"id": str(ctx.input.id), "deleted": True})
    changes[InboxChanges].rules_removed.append(ctx.input.id)
    return changes


DELETE_RULE = CommandHandler(RuleById, _need_rules, _delete)


def _need_to_apply(ctx: CommandContext[ApplyRules], plan: ReadPlan) -> None:
    accept_message.need_message(ctx, plan)
    _need_rules(ctx, plan)


def _need_what_they_do(ctx: CommandContext[ApplyRules], state: LoadedState, plan: ReadPlan) -> None:
    message = state[LoadedInbox].messages.get(ctx.key(ctx.input.id))
    if message is not None:
        for rule in _candidates(message, state):
            accept_message.need_for(_as_accept(ctx, message, rule), message, state, plan)


def _apply(ctx: CommandContext[ApplyRules], state: LoadedState) -> ChangeSet:
    """Accept the message by the first matching rule; without one, nothing changes.

    Raises:
        NotFound: there is no such message; QuotaExceeded: its client would be one too many.
    """
    message = state[LoadedInbox].messages.get(ctx.key(ctx.input.id))
    if message is None:
        raise NotFound("There is no message with this id.")
    for rule in _candidates(message, state):
        try:
            changes = accept_message.accept(_as_accept(ctx, message, rule), state)
        except QuotaExceeded:
            raise
        except CommandError as refusal:
            result_body = f"the rule {rule.name or rule.id} could not accept this: {refusal.detail}"
            reason = message_warning("not_accepted", "", result_body[:_TEXT_CHARS_MAX])
            return _left(message, reason, *_flags_left(message))
        if allows(rule, **_total(message, changes)):
            _follow_up(changes, message, rule)
            return changes
    return _left(message, *_flags_left(message))


APPLY_RULES = CommandHandler(ApplyRules, _need_to_apply, _apply, _need_what_they_do)


def _candidates(message: InboxEntry, state: LoadedState) -> list[Rule]:
    return candidates(
        state[LoadedInbox].rules.get(message.account_id, {}).values(),
        box=message.box,
        state=message.state,
        channel_id=message.channel_id,
        document=message.document,
        warnings=message.warnings,
        auto_processing=message.auto_processing,
    )


def _as_accept(ctx: CommandContext[ApplyRules], message: InboxEntry, rule: Rule) -> CommandContext[AcceptMessage]:
    """The command of a person who follows the rule."""
    approve = rule.auto_processing and sender_request_of(message.auto_processing).approve
    result_body = AcceptMessage(
        id=message.id,
        box=message.box,
        by=Actor(kind="rule", id=rule.id, name=rule.name),
        issue=message.box == "sales" and (rule.issue or approve),
    )
    return CommandContext(ctx.envelope, result_body, ctx.account, ctx.now)


def _total(message: InboxEntry, changes: ChangeSet) -> dict[str, Any]:
    """The larger of the message's stated total and of the ledger's computed one, in minor units."""
    recorded = changes[BillChanges].recorded
    made = recorded[0] if recorded else accept_message.drafted(changes)
    stated = [message.document.get(name) for name in ("gross_amount", "payable_amount")]
    amounts = [abs(to_minor(str(value), made.currency, rounded=True)) for value in stated if value is not None]
    return {"total_minor": max(abs(made.total_minor), *amounts, 0), "currency": made.currency}


def _flags_left(message: InboxEntry) -> list[MessageWarning]:
    sender_request = sender_request_of(message.auto_processing)
    return (
        [not_followed(sender_request, box=message.box, channel_id=message.channel_id)] if sender_request.words else []
    )


def _left(message: InboxEntry, *notes: MessageWarning) -> ChangeSet:
    changes = ChangeSet(("inbox_message", message.id), http_status=200)
    if notes:
        changes[InboxChanges].verdicts.append(Verdict(message.id, message.state, notes=notes))
    return changes


def _follow_up(changes: ChangeSet, message: InboxEntry, rule: Rule) -> None:
    """Add the follow-ups that PayTraq Connect's flags request, where the rule allows them."""
    sender_request = sender_request_of(message.auto_processing)
    if not rule.auto_processing:
        beyond = SenderRequest(
            approve=sender_request.approve and not rule.issue, send=sender_request.send, payment=sender_request.payment
        )
        if beyond.words:
            _warn(changes, not_followed(beyond, box=message.box, channel_id=message.channel_id))
        return
    if not sender_request.send and sender_request.payment is None:
        return
    sale = accept_message.drafted(changes)
    if sale.number is None:
        _note(changes, "auto_processing", "requests sending or payment, which a draft cannot have")
        return
    if sender_request.send:
        _note(changes, "auto_processing.send", "was not done: no mail can leave this installation")
    if sender_request.payment is not None:
        _follow_up_payment(changes, message, sender_request)


def _follow_up_payment(changes: ChangeSet, message: InboxEntry, sender_request: SenderRequest) -> None:
    sale, ctx = accept_message.drafted(changes), sender_request.payment or {}
    open_minor = sale.total_minor - sale.deposit_minor
    try:
        minor = to_minor(str(ctx["amount"]), sale.currency) if ctx.get("amount") else open_minor
    except MoneyError as error:
        _note(changes, "auto_processing.payment", f"was not recorded: {error}")
        return
    if minor <= 0:
        _note(changes, "auto_processing.payment", "was not recorded: it is of no amount")
        return
    settles = min(minor, open_minor) if KINDS[sale.sale_type].role == "receivable" else 0
    amount = from_minor(settles, sale.currency)
    data = {
        "client_id": str(sale.client_id),
        "amount": from_minor(minor, sale.currency),
        "currency": sale.currency,
        "date": ctx.get("date_paid"),
        "method": "bank",
        "reference": message.document.get("document_ref"),
        "allocations": [{"sale_id": str(sale.id), "amount": amount}] if settles > 0 else [],
    }
    changes.follow_ups.append(FollowUp(RECORD_PAYMENT, data))


def _note(changes: ChangeSet, path: str, result_body: str) -> None:
    _warn(changes, message_warning("auto_processing", path, result_body))


def _warn(changes: ChangeSet, warning: MessageWarning) -> None:
    (verdict,) = changes[InboxChanges].verdicts
    changes[InboxChanges].verdicts[0] = verdict.with_note(warning)
