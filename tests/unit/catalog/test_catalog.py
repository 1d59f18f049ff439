"""The catalog is complete, speaks three languages, and its samples are what subscribers really get."""

from __future__ import annotations

from itertools import chain

import orjson
import pytest

from contracts.catalog import ACTIONS, TRIGGERS, Action, Trigger, fields_of, offered_actions

# As contract.md lists them: a name here changes only there.
TRIGGER_KEYS = """client.created client.updated product.created sale.created sale.posted sale.sent sale.paid
    sale.overdue sale.voided payment.posted payment.reversed inbox.received inbox.accepted inbox.rejected
    message.created message.failed note.created invoices.moved dispute.opened dispute.resolved promise.recorded
    promise.broken call.recorded quota.reached webhook.received hook.disabled run.failed"""
# Beyond it: moves that the contract has no key for.
MORE_TRIGGER_KEYS = "sale.updated sale.deleted payment.created payment.updated payment.failed"
ACTION_KEYS = """create_client find_client find_or_create_client update_client create_product find_product
    find_sale create_purchase create_sale create_document issue_document send_document void_document record_payment
    add_note open_dispute resolve_dispute record_promise move_invoices send_message
    http_request send_email send_sms post_chat_message store_file append_row send_direct
    filter delay branch for_each approve"""

ENTRIES: list[Trigger | Action] = [*TRIGGERS.values(), *ACTIONS.values()]

triggers = pytest.mark.parametrize("trigger", TRIGGERS.values(), ids=lambda trigger: trigger.key)
actions = pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.key)


def test_every_key_of_the_contract_is_declared_and_no_other() -> None:
    assert [key for key in TRIGGERS if key not in MORE_TRIGGER_KEYS.split()] == TRIGGER_KEYS.split()
    assert set(TRIGGERS) == {*TRIGGER_KEYS.split(), *MORE_TRIGGER_KEYS.split()}
    assert list(ACTIONS) == ACTION_KEYS.split()


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_no_two_triggers_and_no_two_actions_share_a_title(language: str) -> None:
    for kind in (Trigger, Action):
        titles = [entry.title.public()[language] for entry in ENTRIES if isinstance(entry, kind)]
        assert len(set(titles)) == len(titles)


def test_every_text_is_there_in_three_languages() -> None:
    filters = chain.from_iterable(trigger.filters for trigger in TRIGGERS.values())
    texts = [text for entry in ENTRIES for text in (entry.title, entry.description)] + [one.title for one in filters]
    for text in texts:
        assert all(part.strip() == part and part for part in text.public().values()), text
    assert all(len(set(entry.description.public().values())) == 3 for entry in ENTRIES)


@triggers
def test_a_trigger_offers_only_filters_its_sample_has(trigger: Trigger) -> None:
    paths = {field.path for field in fields_of(trigger.sample)}
    for one in trigger.filters:
        assert one.field in paths, one.field
        assert trigger.has_field(one.field)
        if one.values:
            assert _at(trigger.sample, one.field) in one.values


@triggers
def test_a_sample_event_has_the_hooks_own_shape(trigger: Trigger) -> None:
    event = trigger.sample_event()
    assert list(event) == ["id", "type", "timestamp", "data"]
    assert event["type"] == trigger.key
    assert event["data"] == trigger.sample
    assert orjson.loads(orjson.dumps(trigger.public()))["sample"] == event


@actions
def test_an_action_describes_its_input_and_output(action: Action) -> None:
    shown = orjson.loads(orjson.dumps(action.public()))
    assert set(shown["input_schema"]["properties"]) == action.fields
    assert action.required <= action.fields
    assert shown["output"]


def test_what_stays_on_our_ledger_is_promised_once_and_what_leaves_at_least_once() -> None:
    for action in ACTIONS.values():
        assert action.guarantee == ("at_least_once" if action.group == "outwards" else "exactly_once")


def test_only_what_this_release_carries_out_is_offered() -> None:
    assert [action.key for action in offered_actions()] == ACTION_KEYS.split()


def test_a_filter_field_is_known_by_its_first_name() -> None:
    sale, received = TRIGGERS["sale.posted"], TRIGGERS["webhook.received"]
    for path in ("sale_type", "pay_term.type", "lines.item_code", "client.email", "shipping_type"):
        assert sale.has_field(path), path
    for path in ("saletype", "trigger.data.total", "data.sale_type", ""):
        assert not sale.has_field(path), path
    assert received.has_field("whatever.they.sent")


def _at(value: object, path: str) -> object:
    for step in path.split("."):
        assert isinstance(value, dict)
        value = value[step]
    return value
