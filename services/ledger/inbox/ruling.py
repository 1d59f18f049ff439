"""Decide about rules: keeping them, and letting one accept a message that has just come.

A message that a rule may be for brings `apply_inbox_rules` about in the transaction that keeps it. That command is
handled once, like any other, and under the lock of the books: rules are taken as they are then, oldest first, and the
first that holds accepts the message. What cannot be accepted stays for people, with a note that says why.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from contracts.commands import RECORD_PAYMENT
from contracts.ids import new_id
from contracts.inboxes import (
    RULES_MAX,
    AcceptMessage,
    ApplyRules,
    By,
    InboxRuleIn,
    MessageWarning,
    OneRule,
    message_warning,
)
from contracts.money import MoneyError, from_minor, to_minor
from ledger.books import Asked, Books, Changes, Needs
from ledger.decision import Decision
from ledger.errors import BadInput, Conflict, Fault, LedgerRefusal, NotFound, QuotaExceeded
from ledger.inbox import accepting
from ledger.inbox.matching import Rule, Wish, allows, candidates, not_followed, wish_of
from ledger.inbox.shelf import FollowUp, Held, Verdict

_TEXT_CHARS_MAX: Final = 500


def _need_rules(asked: Asked[Any], needs: Needs) -> None:
    needs.inbox.rules.add(asked.account.id)


def _create(asked: Asked[InboxRuleIn], books: Books) -> Changes:
    rules = books.inbox.rules[asked.account.id]
    if len(rules) >= RULES_MAX:
        said = f"An account has at most {RULES_MAX} rules: remove one that is not needed."
        raise Conflict(said, code="limit_reached")
    given, conditions = asked.input, asked.input.conditions
    currency = None if conditions.max_amount is None else conditions.currency or asked.account.currency
    rule = Rule(
        account_id=asked.account.id,
        id=new_id(),
        box=given.box,
        match=given.match.model_dump(),
        max_amount_minor=_minor(conditions.max_amount, currency),
        currency=currency,
        no_warnings=conditions.no_warnings,
        issue=given.issue,
        auto_processing=given.auto_processing,
        name=given.name,
        created_at=asked.now,
    )
    changes = Changes(("inbox_rule", rule.id), http_status=201)
    changes.inbox.rules.append(rule)
    return changes


CREATE_RULE = Decision(InboxRuleIn, _need_rules, _create)


def _minor(amount: Decimal | None, currency: str | None) -> int | None:
    if amount is None or currency is None:
        return None
    try:
        return to_minor(amount, currency)
    except MoneyError as error:
        raise BadInput(faults=[Fault("conditions.max_amount", str(error))]) from None


def _delete(asked: Asked[OneRule], books: Books) -> Changes:
    if asked.input.id not in books.inbox.rules[asked.account.id]:
        raise NotFound("There is no rule with this id.")
    changes = Changes(None, said={"id": str(asked.input.id), "deleted": True})
    changes.inbox.rules_removed.append(asked.input.id)
    return changes


DELETE_RULE = Decision(OneRule, _need_rules, _delete)


def _need_to_apply(asked: Asked[ApplyRules], needs: Needs) -> None:
    accepting.need_message(asked, needs)
    _need_rules(asked, needs)


def _need_what_they_do(asked: Asked[ApplyRules], books: Books, needs: Needs) -> None:
    message = books.inbox.messages.get(asked.key(asked.input.id))
    if message is not None:
        for rule in _candidates(message, books):
            accepting.need_for(_as_accept(asked, message, rule), message, books, needs)


def _apply(asked: Asked[ApplyRules], books: Books) -> Changes:
    """Let the first rule that holds accept the message; where none does, nothing changes.

    Raises:
        NotFound: there is no such message; QuotaExceeded: its client would be one too many.
    """
    message = books.inbox.messages.get(asked.key(asked.input.id))
    if message is None:
        raise NotFound("There is no message with this id.")
    for rule in _candidates(message, books):
        try:
            changes = accepting.accept(_as_accept(asked, message, rule), books)
        except QuotaExceeded:
            raise
        except LedgerRefusal as refusal:
            said = f"the rule {rule.name or rule.id} could not accept this: {refusal.detail}"
            reason = message_warning("not_accepted", "", said[:_TEXT_CHARS_MAX])
            return _left(message, reason, *_flags_left(message))
        if allows(rule, **_total(changes)):
            _follow_up(changes, message, rule)
            return changes
    return _left(message, *_flags_left(message))


APPLY_RULES = Decision(ApplyRules, _need_to_apply, _apply, _need_what_they_do)


def _candidates(message: Held, books: Books) -> list[Rule]:
    return candidates(
        books.inbox.rules.get(message.account_id, {}).values(),
        box=message.box,
        state=message.state,
        channel_id=message.channel_id,
        document=message.document,
        warnings=message.warnings,
        auto_processing=message.auto_processing,
    )


def _as_accept(asked: Asked[ApplyRules], message: Held, rule: Rule) -> Asked[AcceptMessage]:
    """What a person would ask who does as the rule says."""
    approve = rule.auto_processing and wish_of(message.auto_processing).approve
    said = AcceptMessage(
        id=message.id,
        box=message.box,
        by=By(kind="rule", id=rule.id, name=rule.name),
        issue=message.box == "sales" and (rule.issue or approve),
    )
    return Asked(asked.envelope, said, asked.account, asked.now)


def _total(changes: Changes) -> dict[str, Any]:
    made = changes.inbox.bills[0] if changes.inbox.bills else accepting.drafted(changes)
    return {"total_minor": made.total_minor, "currency": made.currency}


def _flags_left(message: Held) -> list[MessageWarning]:
    wish = wish_of(message.auto_processing)
    return [not_followed(wish, box=message.box, channel_id=message.channel_id)] if wish.words else []


def _left(message: Held, *notes: MessageWarning) -> Changes:
    changes = Changes(("inbox_message", message.id), http_status=200)
    if notes:
        changes.inbox.verdicts.append(Verdict(message.id, message.state, notes=notes))
    return changes


def _follow_up(changes: Changes, message: Held, rule: Rule) -> None:
    """Let be done what PayTraq Connect's flags ask for beyond the document, where the rule allows it."""
    wish = wish_of(message.auto_processing)
    if not rule.auto_processing:
        beyond = Wish(approve=wish.approve and not rule.issue, send=wish.send, payment=wish.payment)
        if beyond.words:
            _warn(changes, not_followed(beyond, box=message.box, channel_id=message.channel_id))
        return
    if not wish.send and wish.payment is None:
        return
    sale = accepting.drafted(changes)
    if sale.number is None:
        _note(changes, "auto_processing", "asks to be sent or paid, which a draft is not")
        return
    if wish.send:
        _note(changes, "auto_processing.send", "was not done: no mail can leave this installation")
    if wish.payment is not None:
        _follow_up_payment(changes, message, wish)


def _follow_up_payment(changes: Changes, message: Held, wish: Wish) -> None:
    sale, asked = accepting.drafted(changes), wish.payment or {}
    open_minor = sale.total_minor - sale.deposit_minor
    try:
        minor = to_minor(str(asked["amount"]), sale.currency) if asked.get("amount") else open_minor
    except MoneyError as error:
        _note(changes, "auto_processing.payment", f"was not recorded: {error}")
        return
    if minor <= 0:
        _note(changes, "auto_processing.payment", "was not recorded: it is of no amount")
        return
    settles = min(minor, open_minor) if sale.sale_type == "sales_invoice" else 0
    amount = from_minor(settles, sale.currency)
    data = {
        "client_id": str(sale.client_id),
        "amount": from_minor(minor, sale.currency),
        "currency": sale.currency,
        "date": asked.get("date_paid"),
        "method": "bank",
        "reference": message.document.get("document_ref"),
        "allocations": [{"sale_id": str(sale.id), "amount": amount}] if settles > 0 else [],
    }
    changes.inbox.follow_ups.append(FollowUp(RECORD_PAYMENT, data))


def _note(changes: Changes, path: str, said: str) -> None:
    _warn(changes, message_warning("auto_processing", path, said))


def _warn(changes: Changes, warning: MessageWarning) -> None:
    (verdict,) = changes.inbox.verdicts
    changes.inbox.verdicts[0] = verdict.with_note(warning)
